package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// counter counts statements by their text.
type counter struct {
	mu sync.Mutex
	by map[string]int64
}

func (c *counter) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[text]++
}

func (c *counter) read() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.by)
}

// since is what was run since before was read.
func (c *counter) since(before map[string]int64) (all int64, by map[string]int64) {
	by = c.read()
	for text := range by {
		by[text] -= before[text]
		all += by[text]
	}
	return all, by
}

// often is how many times a client a statement runs at least that belongs to
// his return, and not to what goes on beside it.
const often = 0.02

// perClient are the statements of the clients' return, the most frequent first.
func (r *resumption) perClient() []string {
	all := slices.Collect(maps.Keys(r.by))
	all = slices.DeleteFunc(all, func(text string) bool { return float64(r.by[text]) < often*float64(r.n) })
	slices.SortFunc(all, func(a, b string) int { return int(r.by[b] - r.by[a]) })
	return all
}

// lists are those that read a list again: many rows in an order, of anything
// but the log.
func (r *resumption) lists() (found []string) {
	for _, text := range r.perClient() {
		if strings.Contains(text, "ORDER BY") && !strings.Contains(text, "account_events") {
			found = append(found, text)
		}
	}
	return found
}

func (r *resumption) statementTable(b *strings.Builder) {
	if r.statements == 0 {
		return
	}
	fmt.Fprintf(b, "What the database was asked meanwhile, %g times a client and more:\n\n| a client | statement |\n|---|---|\n", often)
	for _, text := range r.perClient() {
		if len(text) > 200 {
			text = text[:200] + " …"
		}
		fmt.Fprintf(b, "| %.2f | `%s` |\n", float64(r.by[text])/float64(r.n), strings.ReplaceAll(text, "|", "\\|"))
	}
	b.WriteString("\n")
}

// countStatements puts a counter between a server and its PostgreSQL and gives
// the URL through it. SQLite has no wire to count on: then it counts nothing.
func countStatements(database string) (through string, count *counter, err error) {
	count = &counter{by: map[string]int64{}}
	u, err := url.Parse(database)
	if err != nil || u.Scheme == "sqlite" {
		return database, count, err
	}
	network, addr := "tcp", u.Host
	q := u.Query()
	if dir := q.Get("host"); strings.HasPrefix(dir, "/") {
		port := q.Get("port")
		if port == "" {
			port = "5432"
		}
		network, addr = "unix", filepath.Join(dir, ".s.PGSQL."+port)
	} else if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), "5432")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	q.Del("host")
	q.Del("port")
	q.Set("sslmode", "disable") // what is encrypted cannot be counted
	u.Host, u.RawQuery = ln.Addr().String(), q.Encode()
	go func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial(network, addr) //nolint:noctx // ends with its peers
			if err != nil {
				_ = in.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(in, out)
				_ = in.Close()
			}()
			go func() {
				_ = forward(out, in, count)
				_ = out.Close()
			}()
		}
	}()
	return u.String(), count, nil
}

// forward copies what a client says to the server and counts Query and
// Execute, the two messages that run a statement. Parse names one and Bind takes
// it up.
func forward(to io.Writer, from io.Reader, count *counter) error {
	r, w := bufio.NewReaderSize(from, 64<<10), bufio.NewWriterSize(to, 64<<10)
	head, body := make([]byte, 5), make([]byte, 0, 4<<10)
	parsed, bound := map[string]string{}, ""
	for startup := true; ; startup = false {
		h := head
		if startup {
			h = head[1:] // it has no type
		}
		if _, err := io.ReadFull(r, h); err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint32(head[1:])) - 4
		body = slices.Grow(body[:0], n)[:n]
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		if !startup {
			switch h[0] {
			case 'Q':
				count.add(plain(body))
			case 'P':
				name, rest, _ := bytes.Cut(body, []byte{0})
				parsed[string(name)] = plain(rest)
			case 'B':
				_, rest, _ := bytes.Cut(body, []byte{0})
				name, _, _ := bytes.Cut(rest, []byte{0})
				bound = parsed[string(name)]
			case 'E':
				count.add(bound)
			}
		}
		if _, err := w.Write(h); err != nil {
			return err
		}
		if _, err := w.Write(body); err != nil {
			return err
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}

// plain is the text of a statement in one line, up to its end.
func plain(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return strings.Join(strings.Fields(string(text)), " ")
}
