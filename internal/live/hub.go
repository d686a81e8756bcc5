package live

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
)

// HubOptions are the settings of a hub.
type HubOptions struct {
	Heads       Heads         // the safety net; nil: bells alone are relied on (tests)
	ResyncEvery time.Duration // how often Heads is asked; 0: every 2 s
	Log         *slog.Logger  // nil: slog.Default()
}

// Hub wakes the subscriptions of this process. All methods are safe for
// concurrent use, and none of them waits for a listener.
type Hub struct {
	opts HubOptions

	mu      sync.RWMutex
	streams map[uuid.UUID]*leg // first of the list of those who listen to it
	subs    int
	closed  bool

	now     chan struct{} // capacity 1: ask Heads at once
	resyncs atomic.Int64
}

// leg is the part of a subscription that listens to one stream. The legs of a
// stream are a linked list through the legs themselves: no allocation of its
// own, and leaving costs the same however many others listen.
type leg struct {
	sub        *Subscription
	next, prev *leg // guarded by Hub.mu
	stream     uuid.UUID
	last       atomic.Int64 // delivered so far; written by the reading goroutine only
	rung       atomic.Int64 // the highest seq a bell has told
	dirty      atomic.Bool  // rung since the last read
	more       bool         // read again without a bell; the reading goroutine's own
}

// Stats are gauges and counters for /metrics.
type Stats struct {
	Subscriptions int   // open now
	Streams       int   // listened to now
	Resyncs       int64 // legs that the safety net found behind, since the start
}

// NewHub makes a hub. Its safety net works only while Watch runs; StartBus
// makes a hub and runs Watch.
func NewHub(opts HubOptions) *Hub {
	if opts.ResyncEvery <= 0 {
		opts.ResyncEvery = 2 * time.Second
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Hub{opts: opts, streams: map[uuid.UUID]*leg{}, now: make(chan struct{}, 1)}
}

// Ring wakes those who listen to the streams and have not yet got so far.
func (h *Hub) Ring(bells []event.Bell) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, b := range bells {
		for l := h.streams[b.StreamID]; l != nil; l = l.next {
			l.ring(b.Seq)
		}
	}
}

// ring marks first and wakes after, so that whoever is woken finds the mark.
func (l *leg) ring(seq int64) {
	if seq <= l.last.Load() {
		return
	}
	for {
		old := l.rung.Load()
		if seq <= old || l.rung.CompareAndSwap(old, seq) {
			break
		}
	}
	l.dirty.Store(true)
	l.sub.wakeUp()
}

// Resync asks Heads at once rather than at the next tick. It does not wait.
// The bus calls it whenever bells may have been lost.
func (h *Hub) Resync() {
	select {
	case h.now <- struct{}{}:
	default:
	}
}

// Stats counts what the hub holds.
func (h *Hub) Stats() Stats {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return Stats{Subscriptions: h.subs, Streams: len(h.streams), Resyncs: h.resyncs.Load()}
}

// Close ends every subscription with ErrClosed and refuses new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	open := make(map[*Subscription]struct{}, h.subs)
	for _, first := range h.streams {
		for l := first; l != nil; l = l.next {
			open[l.sub] = struct{}{}
		}
	}
	h.mu.Unlock()
	for s := range open {
		s.end()
	}
}

func (h *Hub) add(s *Subscription) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	for i := range s.legs {
		l := &s.legs[i]
		if first := h.streams[l.stream]; first != nil {
			l.next, first.prev = first, l
		}
		h.streams[l.stream] = l
	}
	h.subs++
	return nil
}

func (h *Hub) remove(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range s.legs {
		l := &s.legs[i]
		switch {
		case l.prev != nil:
			l.prev.next = l.next
		case l.next != nil:
			h.streams[l.stream] = l.next
		default:
			delete(h.streams, l.stream)
		}
		if l.next != nil {
			l.next.prev = l.prev
		}
		l.next, l.prev = nil, nil
	}
	h.subs--
}
