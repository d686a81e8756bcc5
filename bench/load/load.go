// Package load is the closed-loop load generator: clients that each send a
// request over one kept connection, read the whole answer and send the next.
// It is kept cheap (bytes made beforehand, no net/http), since it shares the
// machine with what it measures. It knows no GraphQL.
package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Source gives whole HTTP/1.1 requests. Next may be called by many at once; n
// is another number each time, also from run to run.
type Source interface {
	Next(r *rand.Rand, n uint64) []byte
}

// Rules tell a good answer from a bad one without parsing it.
type Rules struct {
	Must []string // each stands in a good answer
	Not  []string // none of them does
}

// Result is what a run came to.
type Result struct {
	Requests int
	Bytes    int64 // of bodies
	Wall     time.Duration
	Latency  []time.Duration // sorted
}

// Quantile of the latencies, q from 0 to 1.
func (r Result) Quantile(q float64) time.Duration {
	if len(r.Latency) == 0 {
		return 0
	}
	return r.Latency[min(len(r.Latency)-1, int(q*float64(len(r.Latency))))]
}

var serial atomic.Uint64

func init() { serial.Store(uint64(time.Now().UnixNano())) }

// Serial is a number that no other call gives.
func Serial() uint64 { return serial.Add(1) }

// Run loads an address with clients for a time. The first bad answer ends it.
func Run(ctx context.Context, address string, source Source, rules Rules, clients int, d time.Duration, seed uint64) (Result, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var sum Result
	var failed error
	began := time.Now()
	stop := began.Add(d)
	for c := range clients {
		wg.Go(func() {
			one, err := client(ctx, address, source, rules, stop, rand.New(rand.NewPCG(seed, uint64(c))))
			mu.Lock()
			defer mu.Unlock()
			sum.Requests += one.Requests
			sum.Bytes += one.Bytes
			sum.Latency = append(sum.Latency, one.Latency...)
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	sum.Wall = time.Since(began)
	slices.Sort(sum.Latency)
	return sum, failed
}

func client(ctx context.Context, address string, source Source, rules Rules, stop time.Time, r *rand.Rand) (Result, error) {
	var sum Result
	c, err := Dial(address)
	if err != nil {
		return sum, err
	}
	defer c.Close()
	must, not := patterns(rules.Must), patterns(rules.Not)
	for now := time.Now(); now.Before(stop) && ctx.Err() == nil; {
		body, err := c.Do(source.Next(r, Serial()))
		if err == nil {
			err = judge(body, must, not)
		}
		if err != nil {
			return sum, err
		}
		then := time.Now()
		sum.Latency = append(sum.Latency, then.Sub(now))
		sum.Requests++
		sum.Bytes += int64(len(body))
		now = then
	}
	return sum, ctx.Err()
}

func patterns(texts []string) (all [][]byte) {
	for _, t := range texts {
		all = append(all, []byte(t))
	}
	return all
}

func judge(body []byte, must, not [][]byte) error {
	for _, m := range must {
		if !bytes.Contains(body, m) {
			return fmt.Errorf("an answer without %s: %.600s", m, body)
		}
	}
	for _, m := range not {
		if bytes.Contains(body, m) {
			return fmt.Errorf("an answer with %s: %.600s", m, body)
		}
	}
	return nil
}

// Conn is one kept connection.
type Conn struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

// Dial opens one.
func Dial(address string) (*Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// Close closes it.
func (c *Conn) Close() { _ = c.conn.Close() }

// Do sends a request and reads the answer's body, good until the next Do.
func (c *Conn) Do(request []byte) ([]byte, error) {
	if err := c.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	length, chunked, status, err := c.head()
	if err != nil {
		return nil, err
	}
	if chunked {
		err = c.chunks()
	} else {
		err = c.fill(length)
	}
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d: %.600s", status, c.body)
	}
	return c.body, err
}

func (c *Conn) head() (length int, chunked bool, status int, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, false, 0, err
	}
	if len(line) < 12 {
		return 0, false, 0, fmt.Errorf("no status line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, false, 0, err
	}
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return 0, false, 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return length, chunked, status, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(name) == 14 && strings.EqualFold(string(name), "Content-Length"):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, false, 0, err
			}
		case len(name) == 17 && strings.EqualFold(string(name), "Transfer-Encoding"):
			chunked = true
		}
	}
}

func (c *Conn) fill(n int) error {
	c.body = slices.Grow(c.body[:0], n)[:n]
	_, err := io.ReadFull(c.in, c.body)
	return err
}

func (c *Conn) chunks() error {
	c.body = c.body[:0]
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil {
			return err
		}
		at := len(c.body)
		c.body = slices.Grow(c.body, int(n)+2)[:at+int(n)+2]
		if _, err := io.ReadFull(c.in, c.body[at:]); err != nil {
			return err
		}
		c.body = c.body[:at+int(n)]
		if n == 0 {
			return nil
		}
	}
}
