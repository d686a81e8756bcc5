package live_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

// TestMain proves for every test here that no goroutine is left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memLog is an event log as the store keeps one: dense, in commit order.
type memLog struct {
	mu      sync.Mutex
	streams map[uuid.UUID][]event.Stored // index = seq - 1
	oldest  map[uuid.UUID]int64          // trimmed up to here
	relayed map[uuid.UUID]int64
	reads   int
}

func newLog() *memLog {
	return &memLog{
		streams: map[uuid.UUID][]event.Stored{},
		oldest:  map[uuid.UUID]int64{},
		relayed: map[uuid.UUID]int64{},
	}
}

func (m *memLog) add(stream uuid.UUID, n int) event.Bell {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range n {
		seq := int64(len(m.streams[stream]) + 1)
		m.streams[stream] = append(m.streams[stream], event.Stored{StreamID: stream, Seq: seq, Kind: "test.told"})
	}
	return event.Bell{StreamID: stream, Seq: int64(len(m.streams[stream]))}
}

func (m *memLog) trim(stream uuid.UUID, upTo int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.oldest[stream] = upTo
}

func (m *memLog) read(_ context.Context, stream uuid.UUID, after int64, limit int) ([]event.Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if after < m.oldest[stream] {
		return nil, fmt.Errorf("trimmed up to %d: %w", m.oldest[stream], live.ErrExpired)
	}
	rows := m.streams[stream]
	if after >= int64(len(rows)) {
		return nil, nil
	}
	rows = rows[after:]
	return append([]event.Stored(nil), rows[:min(limit, len(rows))]...), nil
}

func (m *memLog) heads(_ context.Context, streams []uuid.UUID) (map[uuid.UUID]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	heads := make(map[uuid.UUID]int64, len(streams))
	for _, s := range streams {
		heads[s] = int64(len(m.streams[s]))
	}
	return heads, nil
}

func (m *memLog) readCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads
}

// claim relays as the store does: publish, then mark.
func (m *memLog) claim(_ context.Context, limit int, publish func([]event.Bell) error) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var bells []event.Bell
	marks := map[uuid.UUID]int64{}
	for stream, rows := range m.streams {
		for seq := m.relayed[stream] + 1; seq <= int64(len(rows)) && len(bells) < limit; seq++ {
			bells = append(bells, event.Bell{StreamID: stream, Seq: seq})
			marks[stream] = seq
		}
	}
	if len(bells) == 0 {
		return 0, nil
	}
	if err := publish(bells); err != nil {
		return 0, err
	}
	for stream, seq := range marks {
		m.relayed[stream] = seq
	}
	return len(bells), nil
}

// checker notes what one listener got, and finds every loss and repeat.
type checker struct {
	got    map[uuid.UUID]int64
	faults []string
	total  int
}

func newChecker(positions map[uuid.UUID]int64) *checker {
	c := &checker{got: map[uuid.UUID]int64{}}
	for s, seq := range positions {
		c.got[s] = seq
	}
	return c
}

func (c *checker) take(rows []event.Stored) {
	for _, r := range rows {
		if want := c.got[r.StreamID] + 1; r.Seq != want && len(c.faults) < 10 {
			c.faults = append(c.faults, fmt.Sprintf("stream %s: got %d, want %d", r.StreamID, r.Seq, want))
		}
		c.got[r.StreamID] = r.Seq
		c.total++
	}
}

// until reads until the positions are reached.
func (c *checker) until(ctx context.Context, s *live.Subscription, want map[uuid.UUID]int64) error {
	for !c.reached(want) {
		rows, err := s.Next(ctx)
		if err != nil {
			return fmt.Errorf("at %v: %w", c.got, err)
		}
		c.take(rows)
	}
	return nil
}

func (c *checker) reached(want map[uuid.UUID]int64) bool {
	for s, seq := range want {
		if c.got[s] < seq {
			return false
		}
	}
	return true
}

func (c *checker) verify(t *testing.T, want map[uuid.UUID]int64) {
	t.Helper()
	for _, f := range c.faults {
		t.Error(f)
	}
	for s, seq := range want {
		if c.got[s] != seq {
			t.Errorf("stream %s: ended at %d, want %d", s, c.got[s], seq)
		}
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func newID(t testing.TB) uuid.UUID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func subscribe(t *testing.T, ctx context.Context, h *live.Hub, log *memLog, positions map[uuid.UUID]int64) *live.Subscription {
	t.Helper()
	s, err := h.Subscribe(ctx, live.Request{Positions: positions, Read: log.read})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}
