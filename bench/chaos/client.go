package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
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

// dialer opens a line that resumes after a cursor. A narrow one holds little
// that is not read, and asks for much.
type dialer func(ctx context.Context, c *client, address, after string, narrow bool) (line, error)

// message is one of accountEvents.
type message struct {
	Cursor     string
	Kind       *string // nil: the cursor alone
	SubjectID  *string
	OccurredAt *time.Time
}

const (
	subscription = `subscription($after: StreamCursor) { accountEvents(after: $after, progress: true) { cursor kind subjectId occurredAt } }`
	// wide says everything many times over: as much as a document may.
	wide = `subscription($after: StreamCursor) { accountEvents(after: $after, progress: true) { cursor kind subjectId occurredAt
		a: cursor b: cursor c: cursor d: cursor e: cursor f: cursor g: cursor h: cursor i: cursor j: cursor k: cursor l: cursor m: cursor n: cursor } }`
)

// document is what is asked for on a line.
func document(narrow bool) string {
	if narrow {
		return wide
	}
	return subscription
}

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
	wire    net.Conn        // open now; nil: none
	nap     <-chan struct{} // until it is closed nothing is read of what comes; nil: all is
	journal []entry
	at      []int64 // the last number of each stream
	cursor  string
	lines   int
	still   int            // messages whose cursor moved nothing
	faults  []string       // what no server may do
	ends    map[string]int // of lines
	naps    int            // lines on which it read nothing for a while
	cutOff  int            // those that the server had ended when it read again
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
	after, nap := c.cursor, c.nap
	c.lines++
	c.mu.Unlock()
	asleep := nap != nil && !over(nap)
	life := c.fleet.world.life(address)
	dialing, cancel := context.WithTimeout(ctx, patienceOfDial)
	l, err := c.dial(dialing, c, address, after, asleep)
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
	if !asleep {
		return c.read(ctx, l)
	}
	select {
	case <-nap:
	case <-ctx.Done():
	}
	woke := time.Now()
	received, err = c.read(ctx, l)
	c.mu.Lock()
	c.naps++
	// What had been sent is there at once, and then the end.
	if lost(err) && time.Since(woke) < time.Second && life > 0 && c.fleet.world.life(address) == life {
		c.cutOff++
	}
	c.mu.Unlock()
	return received, err
}

// over says whether a channel is closed.
func over(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// read takes what comes, until the line ends.
func (c *client) read(ctx context.Context, l line) (received int, err error) {
	for ctx.Err() == nil {
		m, err := l.next()
		if err != nil {
			return received, err
		}
		if err := c.take(m, time.Now()); err != nil {
			c.blame("%v", err)
			return received, err
		}
		if received++; m.Kind != nil {
			c.fleet.received.Add(1)
		}
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

// connectionLost is the reason of a line that ended without a word.
const connectionLost = "connection lost"

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
	return connectionLost
}

// lost says whether the other side ended a line without a word.
func lost(err error) bool {
	return err != nil && reason(err) == connectionLost && !errors.Is(err, net.ErrClosed)
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

// stall has the client come back and read nothing until nap is closed. It takes
// a new line for it, which holds little: the kernel would keep the events of
// minutes for one that was read before.
func (c *client) stall(nap <-chan struct{}) {
	c.mu.Lock()
	c.nap = nap
	c.mu.Unlock()
	c.cut()
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
