package live

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/fault"
)

// Streams gives GraphQL subscriptions their events: one cursor over the
// streams that the caller may listen to.
type Streams struct {
	Hub   *Hub
	Read  Reader
	Heads Heads
	Epoch func(ctx context.Context) (string, error) // of the log; renewed after a restore
	// Signal tells the listeners of a stream, in every instance, what holds for
	// a moment: Bus.Signal. nil: those of Hub alone.
	Signal func(Signal) error
}

// Say tells the listeners of a stream what holds for a moment.
func (s *Streams) Say(one Signal) error {
	if s.Signal != nil {
		return s.Signal(one)
	}
	s.Hub.Signal(one)
	return nil
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
	c := Cursor{Epoch: epoch, Seqs: make(map[uuid.UUID]int64, len(streams))}
	return c, s.heads(ctx, c, streams)
}

// heads puts the present end of the streams into c.
func (s *Streams) heads(ctx context.Context, c Cursor, streams []uuid.UUID) error {
	heads, err := s.Heads(ctx, streams)
	if err != nil {
		return err
	}
	for _, id := range streams {
		c.Seqs[id] = heads[id]
	}
	return nil
}

// resume is the place after a cursor in the streams: their present end where
// there is none. A stream that the cursor does not name (a company joined
// since) begins at its present end; a cursor that names none of them is of
// another list, and going on from now would lose events without a word. A
// cursor that names all of them costs no statement: after a restart everybody
// comes back with one.
func (s *Streams) resume(ctx context.Context, after *string, streams []uuid.UUID) (Cursor, error) {
	if after == nil {
		return s.now(ctx, streams)
	}
	epoch, err := s.Epoch(ctx)
	if err != nil {
		return Cursor{}, err
	}
	given, err := DecodeCursor(*after)
	if err != nil {
		return Cursor{}, err
	}
	if given.Epoch != epoch {
		return Cursor{}, ErrExpired
	}
	c := Cursor{Epoch: epoch, Seqs: make(map[uuid.UUID]int64, len(streams))}
	var unnamed []uuid.UUID
	for _, id := range streams {
		if seq, ok := given.Seqs[id]; ok {
			c.Seqs[id] = seq
		} else {
			unnamed = append(unnamed, id)
		}
	}
	switch len(unnamed) {
	case 0:
		return c, nil
	case len(streams):
		return Cursor{}, ErrBadCursor
	}
	return c, s.heads(ctx, c, unnamed)
}

// Follow sends what each makes of every event after the cursor, in order,
// exactly once; nil is skipped. The channel closes when ctx ends or when the
// streams cannot go on; then ended hears why, so that the transport can tell
// the client. each changes nothing: while the database is away it is called
// again, for a minute. Errors at the start: ErrBadCursor, ErrExpired, and after
// a few seconds that the database is away.
func Follow[T any](ctx context.Context, s *Streams, after *string, streams []uuid.UUID, ended func(error), each func(ctx context.Context, e event.Stored, cursor string) (*T, error)) (<-chan *T, error) {
	return FollowSignals(ctx, s, after, streams, ended, each, nil)
}

// FollowSignals is Follow with the signals of the streams between the events,
// each with the cursor as it stands: a signal moves none. One that cannot be
// looked at, for the database is away, is skipped.
func FollowSignals[T any](ctx context.Context, s *Streams, after *string, streams []uuid.UUID, ended func(error), each func(ctx context.Context, e event.Stored, cursor string) (*T, error), signal func(ctx context.Context, one Signal, cursor string) (*T, error)) (<-chan *T, error) {
	c, err := patiently(ctx, atStart, func() (Cursor, error) { return s.resume(ctx, after, streams) })
	if err != nil {
		return nil, err
	}
	at, out := c.trail(), make(chan *T)
	send := func(ctx context.Context, item *T, err error) error {
		if err != nil || item == nil {
			return err
		}
		select {
		case out <- item:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err = s.Hub.Feed(ctx, Request{Positions: c.Seqs, Read: s.Read, Early: true, Signals: signal != nil}, Sink{
		Deliver: func(ctx context.Context, rows []event.Stored) error {
			for _, e := range rows {
				at.advance(e)
				item, err := patiently(ctx, patience, func() (*T, error) { return each(ctx, e, at.encode()) })
				if err := send(ctx, item, err); err != nil {
					return err
				}
			}
			return nil
		},
		Signal: func(ctx context.Context, all []Signal) error {
			for _, one := range all {
				item, err := signal(ctx, one, at.encode())
				if fault.KindOf(err) == fault.Unavailable { // a signal promises nothing
					continue
				}
				if err := send(ctx, item, err); err != nil {
					return err
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
