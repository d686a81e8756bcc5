package store

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// AtOnce sends the writes that fn makes, by ent and raw, to PostgreSQL as one
// statement: one journey, one plan. They happen when fn has returned, see
// nothing of each other and must not touch the same row; ent's inserts bring
// their ids, as all of ours do. Reads of fn run at once. It says how many rows
// the last write changed. On SQLite each write runs by itself: there is no
// journey to save.
func (tx *Tx) AtOnce(ctx context.Context, fn func(ctx context.Context) error) (changed int64, err error) {
	if tx.gathered != nil {
		return 0, errors.New("store: writes at once inside writes at once")
	}
	g := &gathering{}
	if tx.store.Dialect() != dialect.Postgres {
		tx.gathered = g
		defer func() { tx.gathered = nil }()
		err := fn(ctx)
		return g.last, err
	}
	tx.gathered, tx.inner.gathered = g, g
	err = fn(ctx)
	tx.gathered, tx.inner.gathered = nil, nil
	if err != nil || len(g.writes) == 0 {
		return 0, err
	}
	text, args := g.one()
	tx.store.drv.saw(ctx, text)
	res, err := tx.sql.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Last makes the raw writes of fn go to PostgreSQL with the events, at the end
// of the transaction: journeys less while rows are locked. Nothing reads them
// before, a dry run never makes them, and what is wrong with them is said by
// InTx. The write that begins with "taken:" must touch a row, and others may
// read what it returns by that name: where it touches none, the transaction is
// begun again, and FirstTry says no. It is for PostgreSQL alone.
func (tx *Tx) Last(ctx context.Context, fn func(ctx context.Context) error) error {
	if tx.gathered != nil {
		return errors.New("store: writes at the end inside writes at once")
	}
	g := &gathering{}
	tx.gathered = g
	err := fn(ctx)
	tx.gathered = nil
	for _, w := range g.writes {
		w.text = unbound.ReplaceAllString(w.text, "?")
		w.text, w.must = strings.CutPrefix(w.text, "taken:")
		tx.lastly = append(tx.lastly, w)
	}
	return err
}

// FirstTry says whether the transaction runs for the first time.
func (tx *Tx) FirstTry() bool { return tx.attempt == 1 }

// errAgain begins a transaction again, once: what Last had to touch was not there.
var errAgain = errors.New("store: nothing was touched at the end")

// last writes what goes with the events.
func last(b *strings.Builder, writes []write) (args []any, must bool) {
	for i, w := range writes {
		name := "also" + strconv.Itoa(i)
		if w.must {
			name, must = "taken", true
		}
		b.WriteString(`, ` + name + ` AS (` + w.text + `)`)
		args = append(args, w.args...)
	}
	return args, must
}

// lastAlone makes the last writes where no event goes with them.
func (tx *Tx) lastAlone(ctx context.Context) error {
	if !slices.ContainsFunc(tx.lastly, func(w write) bool { return w.must }) {
		for _, w := range tx.lastly {
			if _, err := tx.Exec(ctx, w.text, w.args...); err != nil {
				return err
			}
		}
		return nil
	}
	var b strings.Builder
	args, _ := last(&b, tx.lastly)
	var n int
	err := tx.QueryRow(ctx, `WITH `+strings.TrimPrefix(b.String(), ", ")+` SELECT count(*) FROM taken`, args...).Scan(&n)
	if err == nil && n == 0 {
		err = errAgain
	}
	return err
}

// unbound finds the placeholders of one statement, which stand in their order.
var unbound = regexp.MustCompile(`\$[0-9]+`)

// gathering is what AtOnce holds back; on SQLite only what the last one changed.
type gathering struct {
	writes []write
	last   int64
}

// write is a statement; its placeholders are those of whoever keeps it.
type write struct {
	text string
	args []any
	must bool // it must touch a row: see Last
}

// one makes a statement of all: the last write is its body, so that the server
// says how many rows that one changed.
func (g *gathering) one() (text string, args []any) {
	var b strings.Builder
	for i, w := range g.writes {
		switch {
		case i == len(g.writes)-1:
			if i > 0 {
				b.WriteByte(' ')
			}
			renumber(&b, w.text, len(args))
		default:
			b.WriteString([]string{"WITH w", ", w"}[min(i, 1)])
			b.WriteString(strconv.Itoa(i))
			b.WriteString(" AS (")
			renumber(&b, w.text, len(args))
			b.WriteString(")")
		}
		args = append(args, w.args...)
	}
	return b.String(), args
}

// renumber moves the placeholders up. Statements hold no $ in text.
func renumber(b *strings.Builder, text string, by int) {
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return
		}
		n := 0
		for n < len(after) && after[n] >= '0' && after[n] <= '9' {
			n++
		}
		number, _ := strconv.Atoi(after[:n])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(number + by))
		text = after[n:]
	}
}

// hold keeps a write of ent's back; false for what is to run now.
func (g *gathering) hold(query string, args any) bool {
	list, ok := args.([]any)
	if g == nil || !ok || strings.HasPrefix(query, "SELECT") {
		return false
	}
	query, _, _ = strings.Cut(query, ` RETURNING "id"`) // it is in the arguments
	g.writes = append(g.writes, write{text: query, args: list})
	return true
}

// noRows is what an insert that is held back returns: ent keeps the ids it has.
type noRows struct{}

func (noRows) Close() error                            { return nil }
func (noRows) ColumnTypes() ([]*sql.ColumnType, error) { return nil, nil }
func (noRows) Columns() ([]string, error)              { return nil, nil }
func (noRows) Err() error                              { return nil }
func (noRows) Next() bool                              { return false }
func (noRows) NextResultSet() bool                     { return false }
func (noRows) Scan(...any) error                       { return sql.ErrNoRows }

var _ entsql.ColumnScanner = noRows{}

// Gathering says whether a write is only kept for the end of AtOnce: then how
// many rows it touched is not known yet.
func (tx *Tx) Gathering() bool { return tx.gathered != nil && tx.store.Dialect() == dialect.Postgres }
