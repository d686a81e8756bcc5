package live

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"kabinet/internal/event"
)

// Options are the settings of the bus.
type Options struct {
	NATSURL     string        // an outside NATS, several addresses with commas; empty: an embedded server without a port
	Log         *slog.Logger  // nil: slog.Default()
	Heads       Heads         // the safety net of the hub, see HubOptions
	ResyncEvery time.Duration // 0: every 2 s
}

const (
	subjectAll  = "kabinet.bell.>"
	subjectBell = "kabinet.bell.v1"

	bellSize     = 16 + 8 // stream id, then seq, big endian
	bellsInOne   = 1024   // 24 kB, far below the 1 MB a message may have
	flushTimeout = 500 * time.Millisecond
	startTimeout = 5 * time.Second
)

// Bus carries doorbells and signals between the instances, and holds the hub of
// this one.
type Bus struct {
	hub      *Hub
	log      *slog.Logger
	embedded *server.Server
	conn     *nats.Conn
	closed   atomic.Bool
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// StartBus connects the hub of this process with those of the others. An
// outside NATS need not be there yet: Ready tells, and the safety net delivers
// meanwhile. The bus works until Close, or until ctx ends, but needs Close
// even then.
func StartBus(ctx context.Context, opts Options) (*Bus, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	b := &Bus{
		log: opts.Log,
		hub: NewHub(HubOptions{Heads: opts.Heads, ResyncEvery: opts.ResyncEvery, Log: opts.Log}),
	}
	if err := b.connect(opts.NATSURL); err != nil {
		b.disconnect()
		return nil, err
	}
	ctx, b.stop = context.WithCancel(ctx)
	b.running.Go(func() { b.hub.Watch(ctx) })
	return b, nil
}

// Hub is where subscriptions are made.
func (b *Bus) Hub() *Hub { return b.hub }

// Ring tells every instance that the streams have grown: the own hub directly,
// the others through NATS. A bus that is down is no error: a bell is a hint,
// the instances resync when they reconnect and every 2 s anyway, and the log
// must not wait for the broker. The only error is ErrClosed.
func (b *Bus) Ring(bells []event.Bell) error {
	if b.closed.Load() {
		return ErrClosed
	}
	b.hub.Ring(bells)
	if len(bells) == 0 || !b.conn.IsConnected() {
		return nil
	}
	if err := b.publish(bells); err != nil && !b.closed.Load() {
		b.log.Warn("live: doorbells may be lost, the safety net delivers", "bells", len(bells), "error", err)
		if b.conn.IsConnected() { // a connection that hangs: better a new one
			_ = b.conn.ForceReconnect()
		}
	}
	return nil
}

func (b *Bus) publish(bells []event.Bell) error {
	for len(bells) > 0 {
		n := min(len(bells), bellsInOne)
		if err := b.conn.Publish(subjectBell, encodeBells(bells[:n])); err != nil {
			return err
		}
		bells = bells[n:]
	}
	return b.conn.FlushTimeout(flushTimeout)
}

// Ready is nil when bells reach the other instances; for /readyz.
func (b *Bus) Ready() error {
	switch {
	case b.closed.Load():
		return ErrClosed
	case !b.conn.IsConnected():
		return fmt.Errorf("live: bus is %s", b.conn.Status())
	}
	return nil
}

// Close ends every subscription with ErrClosed and leaves no goroutine.
func (b *Bus) Close() {
	if !b.closed.CompareAndSwap(false, true) {
		return
	}
	b.hub.Close()
	b.stop()
	b.running.Wait()
	b.disconnect()
}

func (b *Bus) disconnect() {
	if b.conn != nil {
		b.conn.Close()
	}
	if b.embedded != nil {
		b.embedded.Shutdown()
		b.embedded.WaitForShutdown()
	}
}

// connect goes one way for both: the embedded server is a connection too.
func (b *Bus) connect(url string) error {
	opts := b.connOptions()
	if url == "" {
		if err := b.embed(); err != nil {
			return err
		}
		opts = append(opts, nats.InProcessServer(b.embedded))
	} else {
		opts = append(opts, nats.RetryOnFailedConnect(true))
	}
	conn, err := nats.Connect(url, opts...)
	if err != nil {
		return fmt.Errorf("live: cannot connect the bus: %w", err)
	}
	b.conn = conn
	if _, err := conn.Subscribe(subjectAll, b.heard); err != nil {
		return fmt.Errorf("live: cannot listen to the bus: %w", err)
	}
	if _, err := conn.Subscribe(subjectSigns, func(m *nats.Msg) { b.heardSignal(m.Subject, m.Data) }); err != nil {
		return fmt.Errorf("live: cannot listen to the bus: %w", err)
	}
	if conn.IsConnected() { // so that nothing rung from now on misses us
		_ = conn.FlushTimeout(flushTimeout)
	}
	return nil
}

func (b *Bus) embed() error {
	s, err := server.NewServer(&server.Options{ServerName: "kabinet", DontListen: true, NoLog: true, NoSigs: true})
	if err != nil {
		return fmt.Errorf("live: cannot make the embedded bus: %w", err)
	}
	b.embedded = s
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		return errors.New("live: the embedded bus does not get ready")
	}
	return nil
}

func (b *Bus) connOptions() []nats.Option {
	// Flushed first: what is rung before the broker knows that we listen is
	// found by the resync, what is rung after it is heard.
	resync := func(c *nats.Conn) {
		_ = c.FlushTimeout(flushTimeout)
		b.hub.Resync()
	}
	return []nats.Option{
		nats.Name("kabinet"),
		nats.NoEcho(), // the own hub is rung directly
		nats.Timeout(2 * time.Second),
		nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // old bells are worth nothing: reconnecting resyncs
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, 500*time.Millisecond),
		nats.PingInterval(5 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.ConnectHandler(resync),
		nats.ReconnectHandler(func(c *nats.Conn) {
			b.log.Info("live: bus is back", "server", c.ConnectedUrlRedacted())
			resync(c)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if !b.closed.Load() {
				b.log.Warn("live: bus is gone, the safety net delivers", "error", err)
			}
		}),
		// Among others: messages dropped because we were slow.
		nats.ErrorHandler(func(c *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Warn("live: bus", "error", err)
			resync(c)
		}),
	}
}

func (b *Bus) heard(m *nats.Msg) {
	if m.Subject != subjectBell { // a later version of ours: it means something has grown
		b.hub.Resync()
		return
	}
	bells, ok := decodeBells(m.Data)
	if !ok {
		b.log.Warn("live: a message on the bus is not a doorbell", "bytes", len(m.Data))
		return
	}
	b.hub.Ring(bells)
}

func encodeBells(bells []event.Bell) []byte {
	data := make([]byte, 0, len(bells)*bellSize)
	for _, bell := range bells {
		data = append(data, bell.StreamID[:]...)
		data = binary.BigEndian.AppendUint64(data, uint64(bell.Seq))
	}
	return data
}

func decodeBells(data []byte) ([]event.Bell, bool) {
	if len(data)%bellSize != 0 {
		return nil, false
	}
	bells := make([]event.Bell, len(data)/bellSize)
	for i := range bells {
		one := data[i*bellSize:]
		bells[i].StreamID = [16]byte(one)
		bells[i].Seq = int64(binary.BigEndian.Uint64(one[16:]))
	}
	return bells, true
}
