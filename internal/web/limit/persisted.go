package limit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

var errPersistedQueryNotFound = fault.New(fault.NotFound, "PERSISTED_QUERY_NOT_FOUND")

// Persisted is automatic persisted queries: the client sends the SHA-256 of a
// query it believes known. gqlgen's own keeps whatever it is given before
// anything looked at it, and counts entries; this one keeps a query only once
// it passed all checks, and counts bytes (security G15). So it comes in two
// parts: Fill before the checks, Keep after them.
type Persisted struct{ Cache *TextCache[string] }

// Fill is the part that runs before all that looks at the query.
type Fill struct{ Persisted }

// Keep is the part that runs after all checks.
type Keep struct{ Persisted }

// ExtensionName is gqlgen's.
func (Persisted) ExtensionName() string { return "KabinetPersisted" }

// Validate is gqlgen's.
func (Persisted) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters fills in the query; PERSISTED_QUERY_NOT_FOUND asks
// the client to send it in full.
func (a Fill) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	raw, ok := p.Extensions["persistedQuery"]
	if !ok || raw == nil {
		return nil
	}
	hash, ok := persistedHash(raw)
	if !ok {
		return wire.Refusal(fault.ErrInvalidRequest, "extensions.persistedQuery must be {version: 1, sha256Hash: …}")
	}
	if p.Query == "" {
		if p.Query, ok = a.Cache.Get(ctx, hash); !ok {
			// The text is what Apollo's clients look for.
			return wire.Refusal(errPersistedQueryNotFound, "PersistedQueryNotFound")
		}
		return nil
	}
	if hashOf(p.Query) != hash {
		return wire.Refusal(fault.ErrInvalidRequest, "the hash of extensions.persistedQuery is not that of the query")
	}
	return nil
}

// MutateOperationContext keeps what passed.
func (a Keep) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if hash, ok := persistedHash(op.Extensions["persistedQuery"]); ok {
		a.Cache.Add(ctx, hash, op.RawQuery)
	}
	return nil
}

func persistedHash(raw any) (string, bool) {
	m, ok := raw.(map[string]any)
	if !ok {
		return "", false
	}
	hash, _ := m["sha256Hash"].(string)
	version, _ := m["version"].(interface{ String() string }) // json.Number
	return hash, len(hash) == 2*sha256.Size && version != nil && version.String() == "1"
}

func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}
