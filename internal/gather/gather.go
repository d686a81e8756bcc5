// Package gather loads for many fields of one answer at once what each of them
// would load by itself: the fields of a list are resolved side by side, so what
// they ask for within a moment is read together. It holds no table and no rule.
package gather

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// How long is waited for others who ask: until nobody did for a moment, and no
// longer than that.
const (
	moment  = time.Millisecond
	longest = 10 * time.Millisecond
)

// Read reads what belongs to keys, each of which it is given once.
type Read[K comparable, V any] func(ctx context.Context, keys []K) (map[K]V, error)

// Loader reads by keys, together for one field of one operation, however many
// objects it is asked of; read may collect what is selected of it. The zero
// value is ready; it may be used by many at once.
type Loader[K comparable, V any] struct {
	mu      sync.Mutex
	waiting map[place]*asked[K, V]
}

// place is one field of one operation: an alias of it may select something else.
type place struct {
	operation *graphql.OperationContext
	field     *ast.Field
}

func placeOf(ctx context.Context) place {
	p := place{operation: graphql.GetOperationContext(ctx)}
	if f := graphql.GetFieldContext(ctx); f != nil {
		p.field = f.Field.Field
	}
	return p
}

// asked is one reading for everybody who waits for it.
type asked[K comparable, V any] struct {
	keys []K
	has  map[K]bool
	last time.Time // when a key came
	done chan struct{}
	all  map[K]V
	err  error
}

// Load gives what belongs to a key, the zero value where there is nothing.
// Outside of an operation nobody else asks, so it is read at once. Faults are
// those of read, which is the same whoever asks.
func (l *Loader[K, V]) Load(ctx context.Context, key K, read Read[K, V]) (v V, err error) {
	if !graphql.HasOperationContext(ctx) {
		all, err := read(ctx, []K{key})
		return all[key], err
	}
	a := l.ask(ctx, placeOf(ctx), key, read)
	select {
	case <-a.done:
		return a.all[key], a.err
	case <-ctx.Done():
		return v, ctx.Err()
	}
}

func (l *Loader[K, V]) ask(ctx context.Context, at place, key K, read Read[K, V]) *asked[K, V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.waiting[at]
	if a == nil {
		if l.waiting == nil {
			l.waiting = map[place]*asked[K, V]{}
		}
		a = &asked[K, V]{has: map[K]bool{}, done: make(chan struct{})}
		l.waiting[at] = a
		end := time.Now().Add(longest)
		time.AfterFunc(moment, func() { l.wait(at, a, end, func() { a.all, a.err = read(ctx, a.keys) }) })
	}
	if !a.has[key] {
		a.has[key], a.keys, a.last = true, append(a.keys, key), time.Now()
	}
	return a
}

// wait reads once no more keys come; who comes later is read for anew.
func (l *Loader[K, V]) wait(at place, a *asked[K, V], end time.Time, read func()) {
	l.mu.Lock()
	if now := time.Now(); now.Sub(a.last) < moment && now.Before(end) {
		l.mu.Unlock()
		time.AfterFunc(moment, func() { l.wait(at, a, end, read) })
		return
	}
	delete(l.waiting, at)
	l.mu.Unlock()
	defer close(a.done)
	read()
}
