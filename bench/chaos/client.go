package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/live"
	"kabinet/internal/scalar"
)

// line is one connection on which a subscription runs.
type line interface {
	next() (message, error) // waits; the error ends the line
	wire() net.Conn
}

// dialer opens a line that resumes after a cursor.
type dialer func(ctx context.Context, c *client, address, after string) (line, error)

// message is one of accountEvents.
type message struct {
	Cursor     string
	Kind       *string // nil: the cursor alone
	SubjectID  *string
	OccurredAt *time.Time
}

const subscription = `subscription($after: StreamCursor) { accountEvents(after: $after, progress: true) { cursor kind subjectId occurredAt } }`

// entry is a message as the journal keeps it.
type entry struct {
	seq      int64
	occurred int64 // microseconds of the epoch
	received int64 // nanoseconds of the epoch
	subject  uuid.UUID
	kind     string // empty: the cursor alone
	stream   int    // which of the client's
	line     int    // the how manieth connection of the client
}

// client follows the events of one person from the very first, whatever
// becomes of its connections. Its journal outlives them all.
type client struct {
	index   int
	person  person
	streams []uuid.UUID
	dial    dialer
	over    string // the transport, by name
	fleet   *fleet
	rand    *rand.Rand

	mu      sync.Mutex
	wire    net.Conn      // open now; nil: none
	nap     time.Duration // it reads nothing for so long
	journal []entry
	at      []int64 // the last number of each stream
	cursor  string
	lines   int
	still   int            // messages whose cursor moved nothing
	faults  []string       // what no server may do
	ends    map[string]int // of lines
}

// patienceOfDial is how long a client waits for a server that may be frozen.
const patienceOfDial = 5 * time.Second

// run comes back again and again, to any instance, with jitter and the cursor.
func (c *client) run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		addresses := c.fleet.world.addresses
		received, err := c.follow(ctx, addresses[c.rand.IntN(len(addresses))])
		if ctx.Err() != nil {
			return
		}
		c.ended(err)
		if failures++; received > 0 {
			failures = 0
		}
		wait := 100 * time.Millisecond << min(failures, 4)
		_ = sleep(ctx, wait/4+time.Duration(c.rand.Int64N(int64(wait))))
	}
}

// follow is one connection; it gives how many messages came over it.
func (c *client) follow(ctx context.Context, address string) (received int, err error) {
	c.mu.Lock()
	after := c.cursor
	c.lines++
	c.mu.Unlock()
	dialing, cancel := context.WithTimeout(ctx, patienceOfDial)
	l, err := c.dial(dialing, c, address, after)
	cancel()
	if err != nil {
		return 0, fmt.Errorf("dial: %w", err)
	}
	defer l.wire().Close()
	c.mu.Lock()
	c.wire = l.wire()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.wire = nil
		c.mu.Unlock()
	}()
	for ctx.Err() == nil {
		c.mu.Lock()
		nap := c.nap
		c.nap = 0
		c.mu.Unlock()
		if nap > 0 {
			_ = sleep(ctx, nap)
		}
		m, err := l.next()
		if err != nil {
			return received, err
		}
		if err := c.take(m, time.Now()); err != nil {
			c.blame("%v", err)
			return received, err
		}
		received++
		c.fleet.received.Add(1)
	}
	return received, nil
}

// take notes a message, and which stream it moves.
func (c *client) take(m message, now time.Time) error {
	at, err := live.DecodeCursor(m.Cursor)
	if err != nil {
		return fmt.Errorf("a cursor that is none: %q", m.Cursor)
	}
	e := entry{received: now.UnixNano(), stream: -1}
	if m.Kind != nil {
		if m.SubjectID == nil || m.OccurredAt == nil {
			return fmt.Errorf("an event without its subject or time at %s", m.Cursor)
		}
		id, err := scalar.ParseID(*m.SubjectID)
		if err != nil {
			return err
		}
		e.kind, e.subject, e.occurred = c.fleet.same(*m.Kind), id.UUID, m.OccurredAt.UnixMicro()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, id := range c.streams {
		seq, named := at.Seqs[id]
		switch {
		case !named || len(at.Seqs) != len(c.streams):
			return fmt.Errorf("a cursor over %d streams in place of %d", len(at.Seqs), len(c.streams))
		case seq == c.at[i]:
		case e.stream >= 0:
			return errors.New("one message moves two streams")
		default:
			e.stream, e.seq = i, seq
		}
	}
	c.cursor, e.line = m.Cursor, c.lines
	if e.stream < 0 {
		c.still++
		return nil
	}
	c.at[e.stream] = e.seq
	c.journal = append(c.journal, e)
	return nil
}

// blame notes what no server may do.
func (c *client) blame(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, fmt.Sprintf("client %d over %s, line %d: ", c.index, c.over, c.lines)+fmt.Sprintf(format, args...))
}

// errWrong is what no server may say, whatever befell it.
var errWrong = errors.New("wrong")

// ended notes how a line ended.
func (c *client) ended(err error) {
	if errors.Is(err, errWrong) {
		c.blame("%v", err)
	}
	why := reason(err)
	c.mu.Lock()
	c.ends[why]++
	c.mu.Unlock()
}

// reason is an error in a word.
func reason(err error) string {
	var said refusal
	var timeout net.Error
	switch {
	case errors.As(err, &said):
		return string(said)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case err == nil:
		return "our own end"
	}
	return "connection lost"
}

// refusal is how a server says no: a code of errors, of closing or of HTTP.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

// cut tears the connection, without a word to the other side.
func (c *client) cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wire == nil {
		return false
	}
	if tcp, ok := c.wire.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset
	}
	_ = c.wire.Close()
	return true
}

// stall lets the client read nothing for a while.
func (c *client) stall(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nap = max(c.nap, d)
}

// reached says whether it has everything up to the heads.
func (c *client) reached(heads map[uuid.UUID]int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, id := range c.streams {
		if c.at[i] < heads[id] {
			return false
		}
	}
	return true
}

// fleet is all clients.
type fleet struct {
	world    *world
	clients  []*client
	received atomic.Int64
	stop     context.CancelFunc
	running  sync.WaitGroup
	kinds    sync.Map // one string for all who receive a kind
}

func newFleet(w *world) *fleet {
	f := &fleet{world: w, stop: func() {}}
	for i := range w.clients {
		p := w.house.people[i%len(w.house.people)]
		c := &client{index: i, person: p, streams: p.streams(), dial: dialSocket, over: "WebSocket", fleet: f, ends: map[string]int{},
			rand: rand.New(rand.NewPCG(w.seed, uint64(1000+i)))}
		// By turns within each person's clients, so that both transports have everybody.
		if turn := i / len(w.house.people); float64(turn+1)*w.sse >= float64(int(float64(turn)*w.sse)+1) {
			c.dial, c.over = dialSSE, "SSE"
		}
		begin := live.Cursor{Epoch: w.epoch, Seqs: map[uuid.UUID]int64{}}
		for _, id := range c.streams {
			begin.Seqs[id] = 0
		}
		c.at, c.cursor = make([]int64, len(c.streams)), live.EncodeCursor(begin)
		f.clients = append(f.clients, c)
	}
	return f
}

func (f *fleet) same(kind string) string {
	one, _ := f.kinds.LoadOrStore(kind, kind)
	return one.(string)
}

func (f *fleet) deliveries() int { return int(f.received.Load()) }

// listen lets all clients begin.
func (f *fleet) listen() {
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	for _, c := range f.clients {
		f.running.Go(func() { c.run(ctx) })
	}
}

// hangUp ends all clients and waits for them.
func (f *fleet) hangUp() {
	f.stop()
	done := make(chan struct{})
	go func() {
		f.running.Wait()
		close(done)
	}()
	for {
		for _, c := range f.clients {
			c.cut() // one that was dialling has a connection only now
		}
		select {
		case <-done:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// until waits for so many deliveries.
func (f *fleet) until(ctx context.Context, n int, atMost time.Duration, pens *writers) error {
	began := time.Now()
	said := began
	for f.deliveries() < n && time.Since(began) < atMost {
		if err := pens.failed(); err != nil {
			return err
		}
		if time.Since(said) > 15*time.Second {
			said = time.Now()
			f.world.say("%d deliveries, %d writes, %d a second", f.deliveries(), pens.total(), int(float64(f.deliveries())/time.Since(began).Seconds()))
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return pens.failed()
}
