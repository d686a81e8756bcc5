package compiled

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"weak"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// plans are kept as long as the operations they were made of, which the cache
// of documents in internal/web keeps while it has room.
type plans struct {
	mu   sync.RWMutex
	kept map[weak.Pointer[ast.OperationDefinition]]*variants
}

// variants are the plans of one operation. @skip and @include leave fields out
// by variables: each combination has a plan of its own.
type variants struct {
	odd       bool     // always the ordinary way
	variables []string // that fields depend on
	plans     map[string]*plan
}

// A front end sends an operation in few combinations.
const mostVariants = 16

// plan is that of the operation; nil where it has none.
func (s *Reads) plan(ctx context.Context, op *graphql.OperationContext) *plan {
	id := weak.Make(op.Operation)
	s.plans.mu.RLock()
	v := s.plans.kept[id]
	var p *plan
	var known bool
	if v != nil {
		p, known = v.plans[v.combination(op)]
	}
	s.plans.mu.RUnlock()
	if known || v != nil && (v.odd || len(v.plans) >= mostVariants) {
		return p
	}
	if v == nil {
		v = newVariants(op.Doc)
	}
	if !v.odd {
		p, _ = s.compile(ctx, op) // an error is nil: the ordinary way
	}
	s.plans.mu.Lock()
	defer s.plans.mu.Unlock()
	if s.plans.kept == nil {
		s.plans.kept = map[weak.Pointer[ast.OperationDefinition]]*variants{}
	}
	if first := s.plans.kept[id]; first != nil {
		v = first
	} else {
		s.plans.kept[id] = v
		runtime.AddCleanup(op.Operation, s.forget, id)
	}
	v.plans[v.combination(op)] = p
	return p
}

func (s *Reads) forget(id weak.Pointer[ast.OperationDefinition]) {
	s.plans.mu.Lock()
	defer s.plans.mu.Unlock()
	delete(s.plans.kept, id)
}

// combination is the values of the variables that fields depend on.
func (v *variants) combination(op *graphql.OperationContext) string {
	if len(v.variables) == 0 {
		return ""
	}
	b := make([]byte, len(v.variables))
	for i, name := range v.variables {
		b[i] = '0'
		if op.Variables[name] == true {
			b[i] = '1'
		}
	}
	return string(b)
}

// newVariants looks for what the plans of a document depend on. A directive
// other than @skip and @include is for the ordinary way.
func newVariants(doc *ast.QueryDocument) *variants {
	v := &variants{plans: map[string]*plan{}}
	for _, f := range doc.Fragments {
		v.directives(f.Directives)
		v.set(f.SelectionSet)
	}
	for _, op := range doc.Operations {
		v.directives(op.Directives)
		v.set(op.SelectionSet)
	}
	return v
}

func (v *variants) set(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			v.directives(sel.Directives)
			v.set(sel.SelectionSet)
		case *ast.InlineFragment:
			v.directives(sel.Directives)
			v.set(sel.SelectionSet)
		case *ast.FragmentSpread:
			v.directives(sel.Directives)
		}
	}
}

func (v *variants) directives(list ast.DirectiveList) {
	for _, d := range list {
		on := d.Arguments.ForName("if")
		switch {
		case d.Name != "skip" && d.Name != "include" || on == nil:
			v.odd = true
		case on.Value.Kind == ast.Variable && !slices.Contains(v.variables, on.Value.Raw):
			v.variables = append(v.variables, on.Value.Raw)
		}
	}
}
