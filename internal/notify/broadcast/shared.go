package broadcast

import (
	"context"
	"sync"
	"time"
)

// How long what was read once is shown to those who come with the same
// question, and how long it may take to read it.
const (
	sharing = time.Second
	reading = 10 * time.Second
)

// once reads what many ask for in the same moment one time for all of them. The
// zero value is ready.
type once[K comparable, V any] struct {
	mu      sync.Mutex
	answers map[K]*answer[V]
}

type answer[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// of gives what read gives, to the first who asks and to those who ask within a
// second of him. What failed is not kept.
func (o *once[K, V]) of(ctx context.Context, key K, read func(context.Context) (V, error)) (value V, err error) {
	one, first := o.at(key)
	if first {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), reading)
		defer cancel()
		one.value, one.err = read(within)
		close(one.done)
		if one.err != nil {
			o.forget(key, one)
		} else {
			time.AfterFunc(sharing, func() { o.forget(key, one) })
		}
	}
	select {
	case <-one.done:
		return one.value, one.err
	case <-ctx.Done():
		return value, ctx.Err()
	}
}

func (o *once[K, V]) at(key K) (one *answer[V], first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if one = o.answers[key]; one != nil {
		return one, false
	}
	if o.answers == nil {
		o.answers = map[K]*answer[V]{}
	}
	one = &answer[V]{done: make(chan struct{})}
	o.answers[key] = one
	return one, true
}

func (o *once[K, V]) forget(key K, one *answer[V]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.answers[key] == one {
		delete(o.answers, key)
	}
}
