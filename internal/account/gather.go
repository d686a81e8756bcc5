package account

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/viewer"
)

// gather answers the same question about many people in one read: a list of
// people asks it for each of them at nearly the same moment. It keeps nothing:
// a later question is a new read.
type gather[T any] struct {
	fetch func(ctx context.Context, of []uuid.UUID) (map[uuid.UUID][]T, error)

	mu   sync.Mutex
	open map[asker]*batch[T]
}

// asker is one request of one viewer; what he may see differs from what others may.
type asker struct {
	request     string
	user, owner uuid.UUID
}

type batch[T any] struct {
	of   []uuid.UUID
	done chan struct{}
	rows map[uuid.UUID][]T
	err  error
}

// together is how long the first question waits for the others.
const together = 2 * time.Millisecond

func (g *gather[T]) load(ctx context.Context, of uuid.UUID) ([]T, error) {
	v := viewer.From(ctx)
	who := asker{v.RequestID, v.UserID, v.OwnerID}
	g.mu.Lock()
	b := g.open[who]
	if b == nil {
		b = &batch[T]{done: make(chan struct{})}
		if g.open == nil {
			g.open = map[asker]*batch[T]{}
		}
		g.open[who] = b
		go g.run(ctx, who, b)
	}
	b.of = append(b.of, of)
	g.mu.Unlock()
	select {
	case <-b.done:
		return b.rows[of], b.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *gather[T]) run(ctx context.Context, who asker, b *batch[T]) {
	time.Sleep(together)
	g.mu.Lock()
	delete(g.open, who)
	g.mu.Unlock()
	defer close(b.done)
	b.rows, b.err = g.fetch(ctx, b.of)
}
