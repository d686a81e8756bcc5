package gather_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"kabinet/internal/gather"
)

func TestFieldsOfOneOperationAreReadTogether(t *testing.T) {
	t.Parallel()
	var reads, keys atomic.Int64
	var l gather.Loader[int, int]
	read := func(_ context.Context, asked []int) (map[int]int, error) {
		reads.Add(1)
		keys.Add(int64(len(asked)))
		all := map[int]int{}
		for _, k := range asked {
			if k != 7 {
				all[k] = k * k
			}
		}
		return all, nil
	}
	ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{})
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range 200 {
		wg.Go(func() {
			<-start
			k, want := i%100, (i%100)*(i%100)
			if k == 7 {
				want = 0
			}
			if got, err := l.Load(ctx, k, read); got != want || err != nil {
				t.Errorf("%d: %d, %v", k, got, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if reads.Load() > 10 || keys.Load() < 100 {
		t.Errorf("%d readings of %d keys for 100 keys", reads.Load(), keys.Load())
	}
	n := reads.Load()
	if got, err := l.Load(t.Context(), 3, read); got != 9 || err != nil || reads.Load() != n+1 {
		t.Errorf("outside of an operation: %d, %v, %d readings", got, err, reads.Load()-n)
	}
}

func TestOperationsDoNotMix(t *testing.T) {
	t.Parallel()
	type who struct{}
	bad := errors.New("bad")
	var l gather.Loader[int, string]
	read := func(ctx context.Context, asked []int) (map[int]string, error) {
		me, _ := ctx.Value(who{}).(string)
		if me == "mallory" {
			return nil, bad
		}
		all := map[int]string{}
		for _, k := range asked {
			all[k] = me
		}
		return all, nil
	}
	var wg sync.WaitGroup
	for _, me := range []string{"alice", "bob", "mallory"} {
		ctx := graphql.WithOperationContext(context.WithValue(t.Context(), who{}, me), &graphql.OperationContext{})
		for range 20 {
			wg.Go(func() {
				got, err := l.Load(ctx, 1, read)
				if me == "mallory" && !errors.Is(err, bad) || me != "mallory" && (got != me || err != nil) {
					t.Errorf("%s: %q, %v", me, got, err)
				}
			})
		}
	}
	wg.Wait()
	ended, cancel := context.WithCancel(graphql.WithOperationContext(t.Context(), &graphql.OperationContext{}))
	cancel()
	var slow gather.Loader[int, int]
	release := make(chan struct{})
	defer close(release)
	if _, err := slow.Load(ended, 1, func(context.Context, []int) (map[int]int, error) { <-release; return nil, nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Where it is known how many will ask, nobody waits for more: the last one reads.
func TestTheLastOneReads(t *testing.T) {
	t.Parallel()
	op := graphql.WithOperationContext(context.Background(), &graphql.OperationContext{})
	field := &ast.Field{Name: "thing"}
	within := graphql.WithFieldContext
	of := func(ctx context.Context) context.Context {
		return within(ctx, &graphql.FieldContext{Field: graphql.CollectedField{Field: field}})
	}
	at := func(list context.Context, i int) context.Context {
		return of(within(list, &graphql.FieldContext{Index: &i}))
	}
	list := within(op, &graphql.FieldContext{Result: []string{"a", "b", "c"}})
	outer := 0
	inner := within(within(list, &graphql.FieldContext{Index: &outer}), &graphql.FieldContext{Result: []string{"d"}})
	for _, tt := range []struct {
		name  string
		asks  []context.Context
		waits bool
	}{
		{"one object", []context.Context{of(op)}, false},
		{"a list", []context.Context{at(list, 0), at(list, 1), at(list, 2)}, false},
		{"some of a list", []context.Context{at(list, 0), at(list, 2)}, true},
		{"a list in a list", []context.Context{at(inner, 0), at(inner, 0)}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			var l gather.Loader[int, int]
			reads, began := 0, time.Now()
			var wg sync.WaitGroup
			for i, ctx := range tt.asks {
				wg.Go(func() {
					got, err := l.Load(ctx, i, func(_ context.Context, keys []int) (map[int]int, error) {
						reads++
						all := map[int]int{}
						for _, k := range keys {
							all[k] = k + 1
						}
						return all, nil
					})
					if got != i+1 || err != nil {
						t.Errorf("%s: %d: %d, %v", tt.name, i, got, err)
					}
				})
			}
			wg.Wait()
			if waited := time.Since(began) > 0; reads != 1 || waited != tt.waits {
				t.Errorf("%s: %d readings, waited: %t", tt.name, reads, waited)
			}
		})
	}
}
