package live

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// headsTimeout ends a hanging Heads, so that a database that comes back finds
// the safety net stretched again.
const headsTimeout = 10 * time.Second

// Watch is the safety net: every ResyncEvery, and at once after Resync, it asks
// Heads about all streams listened to here, in one call, and wakes those who
// are behind. It bounds the delay when the bus is dead. It returns when ctx
// ends; a hub needs exactly one.
func (h *Hub) Watch(ctx context.Context) {
	if h.opts.Heads == nil {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(h.opts.ResyncEvery)
	defer tick.Stop()
	var buf snapshot
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-h.now:
		}
		err := h.compare(ctx, &buf)
		if ctx.Err() != nil {
			return
		}
		// One line an outage, not one every tick.
		if err != nil && !failing {
			h.opts.Log.WarnContext(ctx, "live: heads cannot be read, listeners rely on bells alone", "error", err)
		}
		failing = err != nil
	}
}

// snapshot is kept from tick to tick, so that a tick makes no garbage of its own.
type snapshot struct {
	streams []uuid.UUID
	lasts   []int64 // the furthest leg of each, before Heads was asked
}

func (h *Hub) take(buf *snapshot) {
	buf.streams, buf.lasts = buf.streams[:0], buf.lasts[:0]
	h.mu.RLock()
	defer h.mu.RUnlock()
	for stream, first := range h.streams {
		var last int64
		for l := first; l != nil; l = l.next {
			last = max(last, l.last.Load())
		}
		buf.streams = append(buf.streams, stream)
		buf.lasts = append(buf.lasts, last)
	}
}

func (h *Hub) compare(ctx context.Context, buf *snapshot) error {
	if h.take(buf); len(buf.streams) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, headsTimeout)
	defer cancel()
	heads, err := h.opts.Heads(ctx, buf.streams)
	if err != nil {
		return err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	for i, stream := range buf.streams {
		head, known := heads[stream]
		if !known {
			continue
		}
		// Somebody had more than there is: the log was restored to before it.
		restored := head < buf.lasts[i]
		for l := h.streams[stream]; l != nil; l = l.next {
			switch last := l.last.Load(); {
			case last < head:
				h.resyncs.Add(1)
				l.ring(head)
			case last > head && restored:
				l.sub.lost.Store(true)
				l.sub.wakeUp()
			}
		}
	}
	return nil
}
