package live

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"

	"kabinet/internal/event"
)

// Streams gives GraphQL subscriptions their events: one cursor over the
// streams that the caller may listen to.
type Streams struct {
	Hub   *Hub
	Read  Reader
	Heads Heads
	Epoch func(ctx context.Context) (string, error) // of the log; renewed after a restore
}

// Position is a cursor at the present end of the streams.
func (s *Streams) Position(ctx context.Context, streams ...uuid.UUID) (string, error) {
	c, err := s.now(ctx, streams)
	return EncodeCursor(c), err
}

// At is the cursor of a place that was read together with other state: the
// last seq of each stream. Faults: as the log's epoch has.
func (s *Streams) At(ctx context.Context, seqs map[uuid.UUID]int64) (string, error) {
	epoch, err := s.Epoch(ctx)
	return EncodeCursor(Cursor{Epoch: epoch, Seqs: seqs}), err
}

func (s *Streams) now(ctx context.Context, streams []uuid.UUID) (Cursor, error) {
	epoch, err := s.Epoch(ctx)
	if err != nil {
		return Cursor{}, err
	}
	heads, err := s.Heads(ctx, streams)
	if err != nil {
		return Cursor{}, err
	}
	c := Cursor{Epoch: epoch, Seqs: map[uuid.UUID]int64{}}
	for _, id := range streams {
		c.Seqs[id] = heads[id]
	}
	return c, nil
}

// resume is the place after a cursor in the streams: their present end where
// there is none. A stream that the cursor does not name (a company joined
// since) begins at its present end; a cursor that names none of them is of
// another list, and going on from now would lose events without a word.
func (s *Streams) resume(ctx context.Context, after *string, streams []uuid.UUID) (Cursor, error) {
	c, err := s.now(ctx, streams)
	if err != nil || after == nil {
		return c, err
	}
	given, err := DecodeCursor(*after)
	if err != nil {
		return c, err
	}
	if given.Epoch != c.Epoch {
		return c, ErrExpired
	}
	named := false
	for _, id := range streams {
		if seq, ok := given.Seqs[id]; ok {
			c.Seqs[id], named = seq, true
		}
	}
	if !named {
		return c, ErrBadCursor
	}
	return c, nil
}

// Follow sends what each makes of every event after the cursor, in order,
// exactly once; nil is skipped. The channel closes when ctx ends or when the
// streams cannot go on; then ended hears why, so that the transport can tell
// the client. Errors at the start: ErrBadCursor, ErrExpired.
func Follow[T any](ctx context.Context, s *Streams, after *string, streams []uuid.UUID, ended func(error), each func(ctx context.Context, e event.Stored, cursor string) (*T, error)) (<-chan *T, error) {
	c, err := s.resume(ctx, after, streams)
	if err != nil {
		return nil, err
	}
	if err := s.reachable(ctx, c); err != nil {
		return nil, err
	}
	out := make(chan *T)
	err = s.Hub.Feed(ctx, Request{Positions: maps.Clone(c.Seqs), Read: s.Read}, Sink{
		Deliver: func(ctx context.Context, rows []event.Stored) error {
			for _, e := range rows {
				c.Advance(e)
				item, err := each(ctx, e, EncodeCursor(c))
				if err != nil {
					return err
				}
				if item == nil {
					continue
				}
				select {
				case out <- item:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		},
		Done: func(err error) {
			if !errors.Is(err, context.Canceled) {
				ended(err)
			}
			close(out)
		},
	})
	return out, err
}

// reachable reads one event of each stream, so that an expired cursor is
// refused at once and not in the stream.
func (s *Streams) reachable(ctx context.Context, c Cursor) error {
	for _, id := range slices.Collect(maps.Keys(c.Seqs)) {
		if _, err := s.Read(ctx, id, c.Seqs[id], 1); err != nil {
			return err
		}
	}
	return nil
}
