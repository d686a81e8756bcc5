package compiled

import (
	"context"
	"runtime"
	"sync"
	"weak"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// plans are kept as long as the operations they were made of, which the cache
// of documents in internal/web keeps while it has room.
type plans struct {
	mu   sync.RWMutex
	kept map[weak.Pointer[ast.OperationDefinition]]*plan // nil: the ordinary way
}

// plan is that of the operation; nil where it has none.
func (s *Reads) plan(ctx context.Context, op *graphql.OperationContext) *plan {
	key := weak.Make(op.Operation)
	s.plans.mu.RLock()
	p, known := s.plans.kept[key]
	s.plans.mu.RUnlock()
	if known {
		return p
	}
	if !directed(op.Doc) {

		p, _ = s.compile(ctx, op) // an error is nil: the ordinary way

	}
	s.plans.mu.Lock()
	defer s.plans.mu.Unlock()
	if _, known := s.plans.kept[key]; !known {
		if s.plans.kept == nil {
			s.plans.kept = map[weak.Pointer[ast.OperationDefinition]]*plan{}
		}
		s.plans.kept[key] = p
		runtime.AddCleanup(op.Operation, s.forget, key)
	}
	return p
}

func (s *Reads) forget(key weak.Pointer[ast.OperationDefinition]) {
	s.plans.mu.Lock()
	defer s.plans.mu.Unlock()
	delete(s.plans.kept, key)
}

// directed says whether a document has directives: @skip and @include depend
// on variables, and a plan does not.
func directed(doc *ast.QueryDocument) bool {
	for _, f := range doc.Fragments {
		if len(f.Directives) > 0 || inSet(f.SelectionSet) {
			return true
		}
	}
	for _, op := range doc.Operations {
		if len(op.Directives) > 0 || inSet(op.SelectionSet) {
			return true
		}
	}
	return false
}

func inSet(set ast.SelectionSet) bool {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			if len(sel.Directives) > 0 || inSet(sel.SelectionSet) {
				return true
			}
		case *ast.InlineFragment:
			if len(sel.Directives) > 0 || inSet(sel.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if len(sel.Directives) > 0 {
				return true
			}
		}
	}
	return false
}
