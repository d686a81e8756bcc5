package live

import (
	"errors"
	"sync"

	"github.com/google/uuid"
)

// Signal is what holds for a moment and what nobody needs to know later: that
// somebody types. It has no row, no number and no place in a cursor. It
// reaches those who listen to the stream at that moment, in every instance,
// at most once; whoever is slow, away or behind a bus that is down never hears
// of it. So a signal says until when it holds, and nobody tells its end.
type Signal struct {
	Stream  uuid.UUID
	Payload []byte // at most MaxSignal bytes; read by whoever asked for signals
}

// MaxSignal bounds the payload of a signal, in bytes.
const MaxSignal = 1024

const (
	subjectSignal = "kabinet.signal.v1"
	subjectSigns  = "kabinet.signal.>"

	// waitingSignals is how many signals wait for one listener; the oldest give way.
	waitingSignals = 16
)

// ErrBadSignal says that a signal is longer than MaxSignal, or of no stream.
var ErrBadSignal = errors.New("live: not a signal")

// signals are those that wait for one listener.
type signals struct {
	mu      sync.Mutex
	waiting []Signal
}

func (s *signals) put(one Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == waitingSignals {
		s.waiting = append(s.waiting[:0], s.waiting[1:]...)
	}
	s.waiting = append(s.waiting, one)
}

func (s *signals) take() []Signal {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.waiting
	s.waiting = nil
	return all
}

// Signal wakes those feeds on the stream that asked for signals. It waits for
// none of them.
func (h *Hub) Signal(one Signal) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for l := h.streams[one.Stream]; l != nil; l = l.next {
		if l.sub.signals != nil {
			l.sub.signals.put(one)
			l.sub.wakeUp()
		}
	}
}

// Signal tells the listeners of every instance. A bus that is down is no
// error: the own listeners hear it all the same. Errors: ErrClosed, ErrBadSignal.
func (b *Bus) Signal(one Signal) error {
	if b.closed.Load() {
		return ErrClosed
	}
	if one.Stream == uuid.Nil || len(one.Payload) > MaxSignal {
		return ErrBadSignal
	}
	b.hub.Signal(one)
	if !b.conn.IsConnected() {
		return nil
	}
	data := append(make([]byte, 0, 16+len(one.Payload)), one.Stream[:]...)
	if err := b.conn.Publish(subjectSignal, append(data, one.Payload...)); err != nil && !b.closed.Load() {
		b.log.Warn("live: a signal is lost", "error", err)
	}
	return nil
}

// heardSignal takes a signal of another instance; of a later version of ours
// none is understood, and none is missed.
func (b *Bus) heardSignal(subject string, data []byte) {
	if subject != subjectSignal {
		return
	}
	if len(data) < 16 || len(data) > 16+MaxSignal {
		b.log.Warn("live: a message on the bus is not a signal", "bytes", len(data))
		return
	}
	b.hub.Signal(Signal{Stream: uuid.UUID(data[:16]), Payload: data[16:]})
}
