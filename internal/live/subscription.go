package live

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"

	"kabinet/internal/event"
)

// batch is how many events one read takes: enough to catch up quickly, few
// enough (at 2 kB each) that ten thousand who catch up at once do not fill the
// memory.
const batch = 64

// Request says what to listen to.
type Request struct {
	// Positions are the streams, each with the seq after which to go on: of a
	// cursor, or the stream's head to hear only what comes. 1 to MaxStreams.
	Positions map[uuid.UUID]int64
	Read      Reader
	// Early makes Feed read each stream once before it returns, so that a
	// position that has expired is its own error and not the end of a feed that
	// seemed to have begun. What was read is delivered first.
	Early bool
	// Signals makes Feed hand over the signals of the streams too; Subscribe
	// knows none.
	Signals bool
}

// Subscription listens to several streams. It holds no goroutine. Events of
// one stream come exactly once and in order; between streams there is no order.
type Subscription struct {
	hub     *Hub
	read    Reader
	legs    []leg
	turn    int           // whose turn it is, so that no stream starves another
	wake    chan struct{} // capacity 1; nil when a feed is served
	feed    *feed
	signals *signals         // nil: none were asked for
	early   [][]event.Stored // read and not yet delivered, see Request.Early
	stop    func() bool      // of the context.AfterFunc
	closed  atomic.Bool
	lost    atomic.Bool // the log was restored to before our position
	err     error       // final; the reading goroutine's own
}

// Subscribe begins to listen. It is registered before it returns and reads
// nothing itself: the first Next does. It ends with ctx or by Close. The error
// is ErrTooManyStreams, ErrClosed, or a request that makes no sense.
func (h *Hub) Subscribe(ctx context.Context, req Request) (*Subscription, error) {
	s, err := h.prepare(req)
	if err != nil {
		return nil, err
	}
	s.wake = make(chan struct{}, 1)
	if err := h.begin(ctx, s); err != nil {
		return nil, err
	}
	return s, nil
}

func (h *Hub) prepare(req Request) (*Subscription, error) {
	if req.Read == nil || len(req.Positions) == 0 {
		return nil, errors.New("live: a subscription needs a reader and a stream")
	}
	if len(req.Positions) > MaxStreams {
		return nil, ErrTooManyStreams
	}
	s := &Subscription{hub: h, read: req.Read, legs: make([]leg, len(req.Positions))}
	if req.Signals {
		s.signals = &signals{}
	}
	i := 0
	for stream, after := range req.Positions {
		if after < 0 {
			return nil, fmt.Errorf("live: negative position %d", after)
		}
		l := &s.legs[i]
		l.sub, l.stream, l.more = s, stream, true
		l.last.Store(after)
		i++
	}
	return s, nil
}

// begin registers before anything is read: what is committed after the first
// read rings a bell that finds us.
func (h *Hub) begin(ctx context.Context, s *Subscription) error {
	if err := h.add(s); err != nil {
		return err
	}
	s.stop = context.AfterFunc(ctx, s.end)
	return nil
}

// Next waits for the next events: at least one, at most 64, all of one stream.
// One goroutine at a time may call it. The error is ctx's, ErrExpired and
// ErrClosed (both final), or the Reader's: then nothing is lost and Next may be
// called again.
func (s *Subscription) Next(ctx context.Context) ([]event.Stored, error) {
	for {
		rows, err := s.poll(ctx)
		if len(rows) > 0 {
			return rows, nil
		}
		if ctxErr := ctx.Err(); ctxErr != nil {
			return nil, ctxErr // more telling than that ctx closed us
		}
		if err != nil {
			return nil, err
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close ends the subscription; a waiting Next returns ErrClosed. It may be
// called more than once and from any goroutine.
func (s *Subscription) Close() {
	s.stop()
	s.end()
}

func (s *Subscription) end() {
	if s.closed.CompareAndSwap(false, true) {
		s.hub.remove(s)
		s.wakeUp()
	}
}

// wakeUp never waits: a wake-up that finds another one pending is the same one.
func (s *Subscription) wakeUp() {
	if s.feed != nil {
		s.feed.kick()
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// poll reads once from the first stream in turn that may have news, and answers
// nothing when none has.
func (s *Subscription) poll(ctx context.Context) ([]event.Stored, error) {
	for range s.legs {
		switch {
		case s.err != nil:
		case s.closed.Load():
			s.err = ErrClosed
		case s.lost.Load():
			s.err = fmt.Errorf("%w: the log ends before it", ErrExpired)
		}
		if s.err != nil {
			return nil, s.err
		}
		if len(s.early) > 0 {
			rows := s.early[0]
			s.early = s.early[1:]
			return rows, nil
		}
		s.early = nil
		l := &s.legs[s.turn]
		s.turn = (s.turn + 1) % len(s.legs)
		rows, err := s.readLeg(ctx, l)
		if errors.Is(err, ErrExpired) {
			s.err = err
		}
		if err != nil || len(rows) > 0 {
			return rows, err
		}
	}
	return nil, nil
}

// readEarly reads each stream once.
func (s *Subscription) readEarly(ctx context.Context) error {
	for i := range s.legs {
		rows, err := s.readLeg(ctx, &s.legs[i])
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			s.early = append(s.early, rows)
		}
	}
	return nil
}

func (s *Subscription) readLeg(ctx context.Context, l *leg) ([]event.Stored, error) {
	// The mark goes before the read: a bell during the read marks anew.
	rung := l.dirty.Swap(false)
	if !l.more && (!rung || l.rung.Load() <= l.last.Load()) {
		return nil, nil
	}
	last := l.from()
	l.more = true // holds when the read fails
	rows, err := s.read(ctx, l.stream, last, batch)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if want := last + 1; rows[i].Seq != want {
			return nil, fmt.Errorf("%w: stream %s has %d where %d was due", ErrExpired, l.stream, rows[i].Seq, want)
		}
		last++
	}
	l.last.Store(last)
	// A reader that answered less than was rung may have more; one that
	// answered nothing is left to the safety net, or a false bell would spin.
	l.more = len(rows) >= batch || len(rows) > 0 && last < l.rung.Load()
	return rows, nil
}
