package live_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

// listened is a feed of one stream that keeps what comes.
type listened struct {
	events  chan event.Stored
	signals chan live.Signal
}

func listenTo(t *testing.T, h *live.Hub, stream uuid.UUID, read live.Reader, signals bool) *listened {
	t.Helper()
	l := &listened{events: make(chan event.Stored, 64), signals: make(chan live.Signal, 64)}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	err := h.Feed(ctx, live.Request{Positions: map[uuid.UUID]int64{stream: 0}, Read: read, Signals: signals}, live.Sink{
		Deliver: func(_ context.Context, rows []event.Stored) error {
			for _, e := range rows {
				l.events <- e
			}
			return nil
		},
		Signal: func(_ context.Context, all []live.Signal) error {
			for _, one := range all {
				l.signals <- one
			}
			return nil
		},
		Done: func(error) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *listened) signal(t *testing.T) string {
	t.Helper()
	select {
	case one := <-l.signals:
		return string(one.Payload)
	case <-time.After(5 * time.Second):
		t.Fatal("no signal came")
		return ""
	}
}

func (l *listened) silent(t *testing.T) {
	t.Helper()
	select {
	case one := <-l.signals:
		t.Fatalf("%q came", one.Payload)
	case <-time.After(100 * time.Millisecond):
	}
}

func emptyLog(context.Context, uuid.UUID, int64, int) ([]event.Stored, error) { return nil, nil }

// A signal reaches those who listen to its stream and asked for signals, and
// nobody else; it takes no number, and what comes later hears nothing of it.
func TestSignal(t *testing.T) {
	h := live.NewHub(live.HubOptions{})
	defer h.Close()
	stream, other := uuid.New(), uuid.New()
	asked, deaf, elsewhere := listenTo(t, h, stream, emptyLog, true), listenTo(t, h, stream, emptyLog, false), listenTo(t, h, other, emptyLog, true)
	h.Signal(live.Signal{Stream: stream, Payload: []byte("one")})
	if got := asked.signal(t); got != "one" {
		t.Errorf("%q", got)
	}
	deaf.silent(t)
	elsewhere.silent(t)
	listenTo(t, h, stream, emptyLog, true).silent(t)
	asked.silent(t)
}

// Who does not read keeps the last few, and nobody waits for him.
func TestSignalsGiveWay(t *testing.T) {
	h := live.NewHub(live.HubOptions{})
	defer h.Close()
	stream, free, heard := uuid.New(), make(chan struct{}), make(chan live.Signal, 100)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := h.Feed(ctx, live.Request{Positions: map[uuid.UUID]int64{stream: 0}, Read: emptyLog, Signals: true}, live.Sink{
		Deliver: func(context.Context, []event.Stored) error { return nil },
		Signal: func(_ context.Context, all []live.Signal) error {
			<-free
			for _, one := range all {
				heard <- one
			}
			return nil
		},
		Done: func(error) { close(heard) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		h.Signal(live.Signal{Stream: stream, Payload: []byte(fmt.Sprint(i))})
	}
	close(free)
	last, n := "", 0
	for last != "49" {
		select {
		case one := <-heard:
			last = string(one.Payload)
			n++
		case <-time.After(5 * time.Second):
			t.Fatalf("the last that came is %s", last)
		}
	}
	if n > 40 {
		t.Errorf("%d were kept for who does not read", n)
	}
}

// Signals go over the bus to the other instances, once, and not back.
func TestSignalOverTheBus(t *testing.T) {
	s := broker(t, -1)
	defer kill(s)
	url := s.ClientURL()
	one, two := startBus(t, live.Options{NATSURL: url}), startBus(t, live.Options{NATSURL: url})
	eventually(t, "both are connected", func() bool { return one.Ready() == nil && two.Ready() == nil })
	c, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	stream := uuid.New()
	here, there := listenTo(t, one.Hub(), stream, emptyLog, true), listenTo(t, two.Hub(), stream, emptyLog, true)
	if err := one.Signal(live.Signal{Stream: stream, Payload: []byte("typing")}); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*listened{here, there} {
		if got := l.signal(t); got != "typing" {
			t.Errorf("%q", got)
		}
		l.silent(t)
	}
	for _, bad := range []live.Signal{{Payload: []byte("x")}, {Stream: stream, Payload: make([]byte, live.MaxSignal+1)}} {
		if err := one.Signal(bad); !errors.Is(err, live.ErrBadSignal) {
			t.Errorf("%d bytes: %v", len(bad.Payload), err)
		}
	}
	for _, data := range [][]byte{nil, make([]byte, 15), make([]byte, 16+live.MaxSignal+1)} { // of a stranger on the bus
		if err := c.Publish("kabinet.signal.v1", data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(c.Publish("kabinet.signal.v2", append(stream[:], "later"...)), c.Flush()); err != nil {
		t.Fatal(err)
	}
	there.silent(t)
	one.Close()
	if err := one.Signal(live.Signal{Stream: stream}); !errors.Is(err, live.ErrClosed) {
		t.Error(err)
	}
}
