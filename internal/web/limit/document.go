package limit

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Document is one parsed and validated document, with what the checks learned
// of it that no variable changes. It is shared by all requests: nothing in it
// but the plans' memory is written again.
type Document struct {
	Text    string
	AST     *ast.QueryDocument
	Trusted bool // of a manifest: never forgotten, free of the limits of shape
	plans   []plan
}

// plan is what the checks remember of one operation.
type plan struct {
	operation *ast.OperationDefinition
	nodes     atomic.Int64              // plus one; 0: not known, or another with each variable
	watched   atomic.Pointer[[]watched] // nil: not looked for yet
}

func newDocument(text string, doc *ast.QueryDocument) *Document {
	d := &Document{Text: text, AST: doc}
	if doc != nil {
		d.plans = make([]plan, len(doc.Operations))
		for i, op := range doc.Operations {
			d.plans[i].operation = op
		}
	}
	return d
}

// Documents is gqlgen's cache of parsed documents by their text. What was
// found once for an operation is handed out again without another look, and so
// is a document of the manifest.
type Documents struct{ texts *TextCache[*Document] }

// NewDocuments keeps documents until they weigh more than bytes. A parsed
// document is up to about forty times as big as its text.
func NewDocuments(bytes int) *Documents {
	return &Documents{newTextCache(bytes, func(key string, _ *Document) int { return 40*len(key) + entryWeight })}
}

// Get is graphql.Cache's.
func (c *Documents) Get(ctx context.Context, text string) (*ast.QueryDocument, bool) {
	p := passing(ctx)
	if p != nil && p.document != nil && p.document.Text == text {
		return p.document.AST, true
	}
	d, ok := c.texts.Get(ctx, text)
	if !ok {
		return nil, false
	}
	if p != nil {
		p.document = d
	}
	return d.AST, true
}

// Add is graphql.Cache's: gqlgen calls it for what passed validation.
func (c *Documents) Add(ctx context.Context, text string, doc *ast.QueryDocument) {
	d := newDocument(text, doc)
	c.texts.Add(ctx, text, d)
	if p := passing(ctx); p != nil {
		p.document = d
	}
}

// passage is what the checks learn of one operation on its way in, from the
// first to the last.
type passage struct {
	document  *Document // nil: not known yet
	keep      string    // the hash that automatic persisted queries know the text by
	nodes     int64
	allowance Allowance
	counted   bool // the allowance is known
}

const passageStat = "kabinet.passage"

// passageOf finds the passage of op, or begins it.
func passageOf(op *graphql.OperationContext) *passage {
	p, ok := op.Stats.GetExtension(passageStat).(*passage)
	if !ok {
		p = &passage{}
		op.Stats.SetExtension(passageStat, p)
	}
	return p
}

// passing is the passage under way in ctx, nil outside of an operation.
func passing(ctx context.Context) *passage {
	if !graphql.HasOperationContext(ctx) {
		return nil
	}
	return passageOf(graphql.GetOperationContext(ctx))
}

// plan is where to remember things of op; nil when its document is not shared.
func (p *passage) plan(op *graphql.OperationContext) *plan {
	if p.document == nil || p.document.AST != op.Doc {
		return nil
	}
	for i := range p.document.plans {
		if known := &p.document.plans[i]; known.operation == op.Operation {
			return known
		}
	}
	return nil
}
