package gather_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"

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
