package live_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// broker starts an outside NATS on the port, or on any when it is -1.
func broker(t *testing.T, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(5 * time.Second) {
		t.Fatal("the broker does not get ready")
	}
	return s
}

func kill(s *server.Server) { s.Shutdown(); s.WaitForShutdown() }

func startBus(t *testing.T, opts live.Options) *live.Bus {
	t.Helper()
	opts.Log = silent
	b, err := live.StartBus(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestEmbeddedBus(t *testing.T) {
	t.Parallel()
	ctx, log, a := within(t, 10*time.Second), newLog(), newID(t)
	bus := startBus(t, live.Options{})
	if err := bus.Ready(); err != nil {
		t.Error(err)
	}
	s := subscribe(t, ctx, bus.Hub(), log, map[uuid.UUID]int64{a: 0})
	for want := int64(1); want <= 100; want++ {
		if err := bus.Ring([]event.Bell{log.add(a, 1)}); err != nil {
			t.Fatal(err)
		}
		if rows, err := s.Next(ctx); err != nil || len(rows) != 1 || rows[0].Seq != want {
			t.Fatal(rows, err)
		}
	}
	bus.Close()
	bus.Close()
	if _, err := s.Next(ctx); !errors.Is(err, live.ErrClosed) {
		t.Errorf("Next on a closed bus: %v", err)
	}
	if err := bus.Ring(nil); !errors.Is(err, live.ErrClosed) {
		t.Errorf("Ring on a closed bus: %v", err)
	}
	if err := bus.Ready(); !errors.Is(err, live.ErrClosed) {
		t.Errorf("Ready on a closed bus: %v", err)
	}
}

// TestThreeInstancesOneBroker rings only (no safety net), so what arrives came
// over the bus; one batch is longer than a message.
func TestThreeInstancesOneBroker(t *testing.T) {
	t.Parallel()
	ctx, log := within(t, 20*time.Second), newLog()
	nc := broker(t, -1)
	defer kill(nc)
	var buses []*live.Bus
	for range 3 {
		b := startBus(t, live.Options{NATSURL: nc.ClientURL()})
		defer b.Close()
		buses = append(buses, b)
	}
	for _, b := range buses { // RetryOnFailedConnect connects in its own time
		eventually(t, "connected", func() bool { return b.Ready() == nil })
	}
	streams, at := make([]uuid.UUID, 3000), map[int]*live.Subscription{}
	for i := range streams {
		streams[i] = newID(t)
	}
	for i, b := range buses {
		at[i] = subscribe(t, ctx, b.Hub(), log, map[uuid.UUID]int64{streams[0]: 0, streams[2999]: 0})
		nothing(t, at[i]) // the first read is over: from here only bells wake
	}
	var bells []event.Bell
	for _, s := range streams {
		bells = append(bells, log.add(s, 1))
	}
	if err := buses[1].Ring(bells); err != nil {
		t.Fatal(err)
	}
	want := map[uuid.UUID]int64{streams[0]: 1, streams[2999]: 1}
	for i, s := range at {
		check := newChecker(nil)
		if err := check.until(ctx, s, want); err != nil {
			t.Fatalf("instance %d: %v", i, err)
		}
		check.verify(t, want)
	}
}

// TestBrokerKilledAndRestarted: nothing is lost, and the log goes on meanwhile.
// security L5
func TestBrokerKilledAndRestarted(t *testing.T) {
	t.Parallel()
	ctx, log, a := within(t, 30*time.Second), newLog(), newID(t)
	nc := broker(t, -1)
	_, port, _ := strings.Cut(strings.TrimPrefix(nc.ClientURL(), "nats://"), ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	opts := live.Options{NATSURL: nc.ClientURL(), Heads: log.heads, ResyncEvery: 100 * time.Millisecond}
	writer, reader := startBus(t, opts), startBus(t, opts)
	defer writer.Close()
	defer reader.Close()
	s := subscribe(t, ctx, reader.Hub(), log, map[uuid.UUID]int64{a: 0})
	const n = 3000
	check, want := newChecker(nil), map[uuid.UUID]int64{a: n}
	var running sync.WaitGroup
	running.Go(func() {
		if err := check.until(ctx, s, want); err != nil {
			t.Error(err)
		}
	})
	for i := range n {
		switch i {
		case n / 3:
			kill(nc)
			eventually(t, "not ready while the broker is dead", func() bool { return writer.Ready() != nil })
		case 2 * n / 3:
			nc = broker(t, number)
		}
		if err := writer.Ring([]event.Bell{log.add(a, 1)}); err != nil {
			t.Fatalf("event %d: a dead broker must not stop the log: %v", i, err)
		}
	}
	defer kill(nc)
	running.Wait()
	check.verify(t, want)
	for _, b := range []*live.Bus{writer, reader} {
		eventually(t, "ready again", func() bool { return b.Ready() == nil })
	}
}

// TestReconnectResyncs: the reconnect itself asks Heads, before any tick.
func TestReconnectResyncs(t *testing.T) {
	t.Parallel()
	ctx, log, a := within(t, 30*time.Second), newLog(), newID(t)
	nc := broker(t, -1)
	bus := startBus(t, live.Options{NATSURL: nc.ClientURL(), Heads: log.heads, ResyncEvery: time.Hour})
	defer bus.Close()
	eventually(t, "connected", func() bool { return bus.Ready() == nil })
	s := subscribe(t, ctx, bus.Hub(), log, map[uuid.UUID]int64{a: 0})
	nothing(t, s)
	kill(nc)
	eventually(t, "disconnected", func() bool { return bus.Ready() != nil })
	log.add(a, 7) // told while nobody could ring us
	number, _ := strconv.Atoi(nc.ClientURL()[strings.LastIndex(nc.ClientURL(), ":")+1:])
	nc = broker(t, number)
	defer kill(nc)
	if rows, err := s.Next(ctx); err != nil || len(rows) != 7 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestOutsideBrokerNeedNotBeThereYet(t *testing.T) {
	t.Parallel()
	ctx, log, a := within(t, 10*time.Second), newLog(), newID(t)
	bus := startBus(t, live.Options{NATSURL: "nats://127.0.0.1:1", Heads: log.heads, ResyncEvery: 20 * time.Millisecond})
	defer bus.Close()
	if err := bus.Ready(); err == nil {
		t.Error("ready without a broker")
	}
	s := subscribe(t, ctx, bus.Hub(), log, map[uuid.UUID]int64{a: 0})
	nothing(t, s)
	log.add(a, 1)
	if rows, err := s.Next(ctx); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if _, err := live.StartBus(ctx, live.Options{NATSURL: "nats://127.0.0.1:notaport", Log: silent}); err == nil {
		t.Error("a broken address is accepted")
	}
}

// Anybody on an outside bus can publish: garbage does no harm, a forged bell
// costs a read, a bell of a later version resyncs.
func TestForeignMessages(t *testing.T) {
	t.Parallel()
	ctx, log, a := within(t, 20*time.Second), newLog(), newID(t)
	nc := broker(t, -1)
	defer kill(nc)
	bus := startBus(t, live.Options{NATSURL: nc.ClientURL(), Heads: log.heads, ResyncEvery: time.Hour})
	defer bus.Close()
	eventually(t, "connected", func() bool { return bus.Ready() == nil })
	s := subscribe(t, ctx, bus.Hub(), log, map[uuid.UUID]int64{a: 0})
	stranger, err := nats.Connect(nc.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	publish := func(subject string, data []byte) {
		t.Helper()
		if err := errors.Join(stranger.Publish(subject, data), stranger.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	publish("kabinet.bell.v1", []byte("garbage"))
	publish("kabinet.bell.v1", nil)
	publish("kabinet.bell.v1", append(a[:], 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	publish("kabinet.bell.v1", append(a[:], 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	nothing(t, s)
	log.add(a, 2)
	publish("kabinet.bell.v2", []byte("in words of tomorrow"))
	if rows, err := s.Next(ctx); err != nil || len(rows) != 2 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
