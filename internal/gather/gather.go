// Package gather loads for many fields of one answer at once what each of them
// would load by itself: the fields of a list are resolved side by side, so what
// they ask for within a moment is read together. It holds no table and no rule.
package gather

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// How long is waited for others who ask, where it is not known how many will:
// until nobody did for a moment, and no longer than that.
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

// siblings is how many objects there are whose same field may ask: one, or as
// many as the list holds in which the object stands. It is 0, not known, for
// lists in lists and outside of a field.
func siblings(ctx context.Context) int {
	f := graphql.GetFieldContext(ctx)
	if f == nil {
		return 0
	}
	var list *graphql.FieldContext
	for ; f != nil; f = f.Parent {
		if f.Index == nil {
			continue
		}
		if list != nil || f.Parent == nil {
			return 0
		}
		list = f.Parent
	}
	if list == nil {
		return 1
	}
	if v := reflect.ValueOf(list.Result); v.Kind() == reflect.Slice {
		return v.Len()
	}
	return 0
}

// asked is one reading for everybody who waits for it.
type asked[K comparable, V any] struct {
	keys  []K
	has   map[K]bool
	times int       // that somebody asked
	last  time.Time // when
	read  func()
	done  chan struct{}
	all   map[K]V
	err   error
}

// Load gives what belongs to a key, the zero value where there is nothing.
// Outside of an operation nobody else asks, so it is read at once. Faults are
// those of read, which is the same whoever asks.
func (l *Loader[K, V]) Load(ctx context.Context, key K, read Read[K, V]) (v V, err error) {
	if !graphql.HasOperationContext(ctx) {
		all, err := read(ctx, []K{key})
		return all[key], err
	}
	at, of := placeOf(ctx), siblings(ctx)
	a, whole := l.ask(ctx, at, key, of, read)
	if whole { // nobody else will ask
		l.end(at, a)
	}
	select {
	case <-a.done:
		return a.all[key], a.err
	case <-ctx.Done():
		return v, ctx.Err()
	}
}

// ask notes a key; whole says that all of so many have asked.
func (l *Loader[K, V]) ask(ctx context.Context, at place, key K, of int, read Read[K, V]) (a *asked[K, V], whole bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a = l.waiting[at]
	if a == nil {
		if l.waiting == nil {
			l.waiting = map[place]*asked[K, V]{}
		}
		a = &asked[K, V]{has: map[K]bool{}, done: make(chan struct{})}
		a.read = func() { a.all, a.err = read(ctx, a.keys) }
		l.waiting[at] = a
		if of != 1 {
			end := time.Now().Add(longest)
			time.AfterFunc(moment, func() { l.wait(at, a, end) })
		}
	}
	if !a.has[key] {
		a.has[key], a.keys, a.last = true, append(a.keys, key), time.Now()
	}
	a.times++
	return a, a.times == of
}

// wait reads once no more keys come; who comes later is read for anew.
func (l *Loader[K, V]) wait(at place, a *asked[K, V], end time.Time) {
	l.mu.Lock()
	now := time.Now()
	more := l.waiting[at] == a && now.Sub(a.last) < moment && now.Before(end)
	l.mu.Unlock()
	if more {
		time.AfterFunc(moment, func() { l.wait(at, a, end) })
		return
	}
	l.end(at, a)
}

// end reads, once.
func (l *Loader[K, V]) end(at place, a *asked[K, V]) {
	l.mu.Lock()
	mine := l.waiting[at] == a
	if mine {
		delete(l.waiting, at)
	}
	l.mu.Unlock()
	if mine {
		defer close(a.done)
		a.read()
	}
}
