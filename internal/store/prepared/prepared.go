// Package prepared keeps the statements that a connection prepared, so that a
// text which comes again is neither sent, parsed nor planned anew. It sits
// below database/sql, on each connection by itself: whatever uses the pool
// profits, a transaction too, and nobody closes what somebody else runs. It
// owns no table and knows no statement of ours.
package prepared

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/lib/pq"
)

// Size is how many statements a connection keeps. All of Kabinet's hot ones
// are about half as many.
const Size = 256

// Longer texts and longer lists of arguments are inserts of many rows: each
// has a length of its own, and the server would hold its whole plan.
const (
	maxText = 32 << 10 // bytes
	maxArgs = 400
)

// errReading is lib/pq's own refusal, which only statements it did not prepare get.
var errReading = errors.New("prepared: a statement while the rows of another one on the same connection are open")

// Connector makes connections that keep up to size statements each; 0 is Size,
// less than 0 none. Of a serial connection one statement is at work at a time
// (PostgreSQL); of others many may be (SQLite).
func Connector(inner driver.Connector, size int, serial bool) driver.Connector {
	switch {
	case size < 0:
		return inner
	case size == 0:
		size = Size
	}
	return connector{inner, size, serial}
}

type connector struct {
	driver.Connector
	size   int
	serial bool
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := opened.(innerConn)
	if !ok {
		_ = opened.Close()
		return nil, fmt.Errorf("prepared: connections of %T cannot be used", c.Driver())
	}
	made := &conn{innerConn: inner, serial: c.serial, size: c.size, seed: maphash.MakeSeed()}
	made.checker, _ = opened.(driver.NamedValueChecker)
	if made.kept, err = simplelru.NewLRU(c.size, func(_ string, s *statement) { s.drop() }); err != nil {
		return nil, err
	}
	made.seen, err = simplelru.NewLRU[uint64, struct{}](4*c.size, nil)
	return made, err
}

// innerConn is what both drivers' connections can do.
type innerConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is one connection. database/sql lets one goroutine at a time near it,
// but rows that were not closed may stand open meanwhile.
type conn struct {
	innerConn
	checker driver.NamedValueChecker // nil: the rules of database/sql
	serial  bool
	size    int
	kept    *simplelru.LRU[string, *statement]
	seed    maphash.Seed
	seen    *simplelru.LRU[uint64, struct{}] // texts that came while all places were taken
	open    int                              // rows
	broken  bool
	txDone  <-chan struct{} // of the context that the driver watches through a transaction
}

// statement is one that is kept.
type statement struct {
	run interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	reading, dropped bool
}

// drop closes a statement, if rows of it are open after them.
func (s *statement) drop() {
	if s.dropped = true; !s.reading {
		_ = s.run.Close() // a connection that broke says so the next time
	}
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	var found driver.Rows
	s, err := c.with(ctx, text, len(args), func(s *statement) (err error) {
		if s == nil {
			found, err = c.innerConn.QueryContext(ctx, text, args)
		} else {
			found, err = s.run.QueryContext(c.watched(ctx), args)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	c.open++
	if s != nil {
		s.reading = true
	}
	return &rows{Rows: found, conn: c, of: s, ctx: ctx}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	var result driver.Result
	_, err := c.with(ctx, text, len(args), func(s *statement) (err error) {
		if s == nil {
			result, err = c.innerConn.ExecContext(ctx, text, args)
		} else {
			result, err = s.run.ExecContext(c.watched(ctx), args)
		}
		return err
	})
	return result, err
}

// with runs do with the kept statement of a text; with nil where there is none.
func (c *conn) with(ctx context.Context, text string, args int, do func(*statement) error) (*statement, error) {
	if c.serial && c.open > 0 {
		return nil, errReading
	}
	s, err := c.statement(ctx, text, args)
	if err == nil {
		err = do(s)
	}
	if s != nil && isStale(err) {
		c.kept.Remove(text)
		again, err2 := c.statement(ctx, text, args)
		if err2 == nil {
			err2 = do(again)
		}
		if !isAborted(err2) { // else we are in a transaction, which failed by the first error
			s, err = again, err2
		}
	}
	return s, c.ended(ctx, err)
}

// statement gives the statement of a text, prepared now or before; nil where
// the text is run without one.
func (c *conn) statement(ctx context.Context, text string, args int) (*statement, error) {
	if s, ok := c.kept.Get(text); ok {
		if s.reading { // a second time while the first one is being read
			return nil, nil
		}
		return s, nil
	}
	if len(text) > maxText || args > maxArgs || !isPlain(text) || !c.mayTakePlace(text) {
		return nil, nil
	}
	made, err := c.innerConn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s := &statement{}
	var ok bool
	if s.run, ok = made.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}); !ok {
		_ = made.Close()
		return nil, nil
	}
	c.kept.Add(text, s)
	return s, nil
}

// mayTakePlace lets a text take another one's place when it comes again: lists
// of every length come once, and must not drive out what is used all the time.
func (c *conn) mayTakePlace(text string) bool {
	if c.kept.Len() < c.size {
		return true
	}
	key := maphash.String(c.seed, text)
	if c.seen.Remove(key) {
		return true
	}
	c.seen.Add(key, struct{}{})
	return false
}

// watched is the context for a statement of a serial connection: within a
// transaction of the same context the driver watches that one already.
func (c *conn) watched(ctx context.Context) context.Context {
	if c.txDone != nil && ctx.Done() == c.txDone {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// ended looks at how a statement ended. Where its context ended first, the
// driver asked the server to cancel it; that may arrive late and hit the next
// statement, so the connection is used no more.
func (c *conn) ended(ctx context.Context, err error) error {
	if !c.serial || ctx.Err() == nil {
		return err
	}
	c.broken = true
	var pe *pq.Error
	if errors.Is(err, driver.ErrBadConn) || errors.As(err, &pe) && pe.Code == "57014" { // cancelled as we asked
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// PrepareContext implements driver.ConnPrepareContext; what a caller prepares
// himself is his, COPY too.
func (c *conn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	if c.serial && c.open > 0 {
		return nil, errReading
	}
	return c.innerConn.PrepareContext(ctx, text)
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.innerConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	if c.serial {
		c.txDone = ctx.Done()
	}
	return transaction{tx, c}, nil
}

type transaction struct {
	driver.Tx
	conn *conn
}

// Commit implements driver.Tx.
func (t transaction) Commit() error {
	t.conn.txDone = nil
	return t.Tx.Commit()
}

// Rollback implements driver.Tx.
func (t transaction) Rollback() error {
	t.conn.txDone = nil
	return t.Tx.Rollback()
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if c.checker == nil {
		return driver.ErrSkip
	}
	return c.checker.CheckNamedValue(v)
}

// ResetSession implements driver.SessionResetter.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	return c.innerConn.ResetSession(ctx)
}

// IsValid implements driver.Validator.
func (c *conn) IsValid() bool { return !c.broken && c.innerConn.IsValid() }

// Close implements driver.Conn. A server forgets a session's statements by
// itself; SQLite keeps a database open as long as one of them lives.
func (c *conn) Close() error {
	if !c.serial {
		c.kept.Purge()
	}
	return c.innerConn.Close()
}

// isStale says that a kept statement may be good for nothing since the tables
// changed under it (the plan's columns, a name) or the server forgot it.
func isStale(err error) bool {
	var pe *pq.Error
	if !errors.As(err, &pe) {
		return false
	}
	return pe.Code == "0A000" || pe.Code == "26000" || pe.Code.Class() == "42"
}

// isAborted says that the transaction failed before.
func isAborted(err error) bool {
	var pe *pq.Error
	return errors.As(err, &pe) && pe.Code == "25P02"
}
