package live

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"

	"kabinet/internal/event"
	"kabinet/internal/fault"
)

// Sink takes what a feed delivers. Its funcs are never called concurrently.
type Sink struct {
	// Deliver takes 1 to 64 events of one stream. It may wait as long as its
	// context lives; an error ends the feed.
	Deliver func(ctx context.Context, rows []event.Stored) error
	// Signal takes the signals that came since, where the request asked for
	// them; as Deliver.
	Signal func(ctx context.Context, all []Signal) error
	// Done is called exactly once, last, with the reason: ctx's error,
	// ErrExpired, ErrClosed, an error of the Reader or of Deliver, or
	// fault.ErrInternal for a panic of theirs. Nothing
	// that was not delivered counts as delivered: the cursor stands.
	Done func(err error)
}

// Feed is Subscribe with the pulling done by the hub: it holds a goroutine only
// while there is something to deliver, so ten thousand idle feeds hold none.
// This is what fills a channel of a GraphQL subscription. After an error of
// its own it calls nothing of the sink.
func (h *Hub) Feed(ctx context.Context, req Request, sink Sink) error {
	s, err := h.prepare(req)
	if err != nil {
		return err
	}
	if sink.Deliver == nil || sink.Done == nil {
		return errors.New("live: a feed needs Deliver and Done")
	}
	if req.Signals && sink.Signal == nil {
		return errors.New("live: a feed that asks for signals needs Signal")
	}
	// Running from the start: whoever rings before the first run only asks
	// for another round.
	s.feed = &feed{sub: s, ctx: ctx, sink: sink}
	s.feed.state.Store(feedRunning)
	if err := h.begin(ctx, s); err != nil {
		return err
	}
	if req.Early {
		// What cannot be read now, the feed reads again, patiently.
		if err := s.readEarly(ctx); err != nil && fault.KindOf(err) != fault.Unavailable {
			s.feed.state.Store(feedDone)
			s.Close()
			return err
		}
	}
	go s.feed.run()
	return nil
}

const (
	feedIdle    int32 = iota // no goroutine
	feedRunning              // a goroutine runs
	feedAgain                // it runs, and must look once more before it leaves
	feedDone                 // Done was called
)

type feed struct {
	sub   *Subscription
	ctx   context.Context // the listener's own life
	sink  Sink
	state atomic.Int32
}

func (f *feed) kick() {
	for {
		switch state := f.state.Load(); state {
		case feedIdle:
			if f.state.CompareAndSwap(feedIdle, feedRunning) {
				go f.run()
				return
			}
		case feedRunning:
			if f.state.CompareAndSwap(feedRunning, feedAgain) {
				return
			}
		default:
			return
		}
	}
}

func (f *feed) run() {
	if err := f.rounds(); err != nil {
		f.finish(err)
	}
}

// rounds delivers what there is, and leaves when nothing is left. A panic ends
// this feed alone: one poisoned row must not take the process down, whose
// client would come back with the cursor before it and take the next one too.
func (f *feed) rounds() (err error) {
	defer func() {
		if p := recover(); p != nil {
			f.sub.hub.opts.Log.ErrorContext(f.ctx, "live: panic in a feed", "panic", p, "stack", string(debug.Stack()))
			err = fault.ErrInternal
		}
	}()
	for {
		rows, err := patiently(f.ctx, patience, func() ([]event.Stored, error) { return f.sub.poll(f.ctx) })
		if err == nil && len(rows) > 0 {
			err = f.sink.Deliver(f.ctx, rows)
		}
		// What is for good comes first: a reply, and then that it is typed.
		all := []Signal(nil)
		if err == nil && len(rows) == 0 {
			if all = f.sub.signals.take(); len(all) > 0 {
				err = f.sink.Signal(f.ctx, all)
			}
		}
		if err != nil {
			return err
		}
		if len(rows) > 0 || len(all) > 0 {
			continue
		}
		if f.state.CompareAndSwap(feedRunning, feedIdle) {
			return nil
		}
		f.state.Store(feedRunning) // it was feedAgain
	}
}

func (f *feed) finish(err error) {
	f.state.Store(feedDone)
	f.sub.Close()
	if ctxErr := f.ctx.Err(); ctxErr != nil {
		err = ctxErr
	}
	f.sink.Done(err)
}
