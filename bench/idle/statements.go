package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// countStatements puts a counter between a server and its PostgreSQL and gives
// the URL through it. SQLite has no wire to count on: then it counts nothing.
func countStatements(database string) (through string, count func() int64, err error) {
	u, err := url.Parse(database)
	if err != nil || u.Scheme == "sqlite" {
		return database, func() int64 { return 0 }, err
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
	var statements atomic.Int64
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
				_ = forward(out, in, &statements)
				_ = out.Close()
			}()
		}
	}()
	return u.String(), statements.Load, nil
}

// forward copies what a client says to the server and counts Query and
// Execute: the two messages that run a statement.
func forward(to io.Writer, from io.Reader, statements *atomic.Int64) error {
	r, w := bufio.NewReaderSize(from, 64<<10), bufio.NewWriterSize(to, 64<<10)
	head := make([]byte, 5)
	for startup := true; ; startup = false {
		h := head
		if startup {
			h = head[1:] // it has no type
		}
		if _, err := io.ReadFull(r, h); err != nil {
			return err
		}
		if !startup && (h[0] == 'Q' || h[0] == 'E') {
			statements.Add(1)
		}
		if _, err := w.Write(h); err != nil {
			return err
		}
		if _, err := io.CopyN(w, r, int64(binary.BigEndian.Uint32(head[1:]))-4); err != nil {
			return err
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}
