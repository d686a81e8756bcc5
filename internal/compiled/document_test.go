package compiled

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"

	gql "kabinet/graph/generated"
)

func operation(t *testing.T, s *Reads, query string, variables map[string]any) *graphql.OperationContext {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(s.Schema(), query, nil)
	if errs != nil {
		t.Fatal(errs)
	}
	return &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: variables, RawQuery: query}
}

func newReads(t *testing.T) *Reads {
	t.Helper()
	s, ok := Wrap(gql.NewExecutableSchema(gql.Config{}), Options{}).(interface{ reads() *Reads })
	if !ok {
		t.Fatal("Wrap gave something else")
	}
	return s.reads()
}

func (s *Reads) reads() *Reads { return s }

// A plan is made once for an operation, and for each combination of the
// variables of @skip and @include.
func TestPlansAreKept(t *testing.T) {
	s := newReads(t)
	ctx := context.Background()
	query := `query($a: Boolean!, $b: Boolean!) { me { displayName @include(if: $a) orders { nodes { id total @skip(if: $b) { amount } } } } }`
	op := operation(t, s, query, map[string]any{"a": true, "b": false})
	ctx = graphql.WithOperationContext(ctx, op)
	first := s.plan(ctx, op)
	if first == nil || s.plan(ctx, op) != first {
		t.Fatalf("%p, then %p", first, s.plan(ctx, op))
	}
	op.Variables = map[string]any{"a": false, "b": false}
	if other := s.plan(ctx, op); other == nil || other == first {
		t.Error("another combination has the same plan")
	}
	for name, odd := range map[string]string{
		"another directive":   `{ me { id @defer } }`,
		"a root not known":    `{ bonusPrograms { id } }`,
		"a field not known":   `{ me { sessions { id } } }`,
		"a bad page":          `{ me { orders(first: 500) { nodes { id } } } }`,
		"a mutation's reader": `mutation { signOut { endedSessions } }`,
	} {
		doc, err := gqlparser.LoadQueryWithRules(s.Schema(), odd, nil)
		if err != nil && name != "another directive" {
			t.Fatal(err)
		}
		if doc == nil || err != nil {
			continue
		}
		op := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], RawQuery: odd}
		if s.plan(graphql.WithOperationContext(ctx, op), op) != nil {
			t.Errorf("%s has a plan", name)
		}
	}
}

// A plan goes with the document it was made of: nobody can fill the memory
// with documents. security G15
func TestPlansAreForgotten(t *testing.T) {
	s := newReads(t)
	for range 20 {
		op := operation(t, s, `{ me { displayName orders { edges { cursor node { id lines { title } } } } } }`, nil)
		if s.plan(graphql.WithOperationContext(context.Background(), op), op) == nil {
			t.Fatal("no plan")
		}
	}
	kept := func() int {
		s.plans.mu.RLock()
		defer s.plans.mu.RUnlock()
		return len(s.plans.kept)
	}
	for range 100 {
		runtime.GC()
		if kept() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d plans are kept of documents that are gone", kept())
}
