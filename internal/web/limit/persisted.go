package limit

import (
	"context"
	"crypto/sha256"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

var errPersistedQueryNotFound = fault.New(fault.NotFound, "PERSISTED_QUERY_NOT_FOUND")

// Persisted finds the document a client names instead of sending it: a trusted
// one first, then automatic persisted queries, where the client sends the
// SHA-256 of a query it believes known. gqlgen's own keeps whatever it is
// given before anything looked at it, and counts entries; this one keeps a
// query only once it passed all checks, and counts bytes (security G15). So it
// comes in two parts: Fill before the checks, Keep after them.
type Persisted struct {
	Cache   *TextCache[string]
	Trusted *Trusted // nil: no manifest
}

// Fill is the part that runs before all that looks at the query.
type Fill struct{ Persisted }

// Keep is the part that runs after all checks.
type Keep struct{ Persisted }

// ExtensionName is gqlgen's.
func (Persisted) ExtensionName() string { return "KabinetPersisted" }

// Validate is gqlgen's.
func (Persisted) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters fills in the query; PERSISTED_QUERY_NOT_FOUND asks
// the client to send it in full, INVALID_REQUEST is for what will never pass.
func (a Fill) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	id, err := nameOf(p)
	if err != nil {
		return err
	}
	byName, byText := a.Trusted.named(id), a.Trusted.text(p.Query)
	switch {
	case byName != nil && p.Query == "", byName != nil && byName == byText, id == "" && byText != nil:
		d := byName
		if d == nil {
			d = byText
		}
		p.Query = d.Text
		passing(ctx).document = d
		return nil
	case byName != nil, byText != nil:
		return wrongName()

	case a.Trusted != nil && a.Trusted.Only && p.Query == "":
		return wire.Refusal(errPersistedQueryNotFound, "the manifest of this server has no such document")
	case a.Trusted != nil && a.Trusted.Only:
		return a.Trusted.refuse()
	case id == "":
		return nil
	}
	return a.automatic(ctx, p, strings.TrimPrefix(id, sha256Prefix))
}

// automatic is the part of automatic persisted queries.
func (a Fill) automatic(ctx context.Context, p *graphql.RawParams, hash string) *gqlerror.Error {
	if _, ok := wire.DocumentIDOf(p); !ok && len(hash) != 2*sha256.Size {
		return malformedName()
	}
	if p.Query == "" {
		var ok bool
		if p.Query, ok = a.Cache.Get(ctx, hash); !ok {
			// The text is what Apollo's clients look for.
			return wire.Refusal(errPersistedQueryNotFound, "PersistedQueryNotFound")
		}
		return nil
	}
	if hashOf(p.Query) != hash {
		return wrongName()
	}
	passing(ctx).keep = hash
	return nil
}

func wrongName() *gqlerror.Error {
	return wire.Refusal(fault.ErrInvalidRequest, "the document is named by a hash that is not that of the query")
}

func malformedName() *gqlerror.Error {
	return wire.Refusal(fault.ErrInvalidRequest, "extensions.persistedQuery must be {version: 1, sha256Hash: …}")
}

// MutateOperationContext keeps what passed.
func (a Keep) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if hash := passageOf(op).keep; hash != "" {
		a.Cache.Add(ctx, hash, op.RawQuery)
	}
	return nil
}

// nameOf is what the client calls its document: documentId, as GraphQL over
// HTTP has it, or the hash of Apollo's extension; "" when it names none.
func nameOf(p *graphql.RawParams) (string, *gqlerror.Error) {
	if id, ok := wire.DocumentIDOf(p); ok {
		return id, nil
	}
	raw, ok := p.Extensions["persistedQuery"]
	if !ok || raw == nil {
		return "", nil
	}
	m, _ := raw.(map[string]any)
	hash, _ := m["sha256Hash"].(string)
	version, _ := m["version"].(interface{ String() string }) // json.Number
	if hash == "" || version == nil || version.String() != "1" {
		return "", malformedName()
	}
	return hash, nil
}
