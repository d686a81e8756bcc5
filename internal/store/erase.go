package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/internal/scalar"
)

// Erasure is one row of the table of what is left of a person (ADR 0032).
//
// Conditions and values are SQL in which :me is his id, :like a pattern of it
// inside texts, :typed the same of his edge id, :name the word that stands for
// him afterwards and :now the time.
type Erasure struct {
	Table string
	Key   string // the columns of a row; id when empty
	Mine  string // which rows concern him; empty: none ever does

	Delete bool    // they go …
	Blank  []Blank // … or these of their columns do; neither: they are kept

	// Texts are the columns of text, JSON or bytes that stay although they may
	// hold anything, and why nothing personal is among it.
	Texts map[string]string

	// Own are the rows that an export gives him: his alone, nobody else's. Empty:
	// none. Hidden are the columns left out: secrets, hashes, words of staff.
	Own    string
	Hidden []string
}

// Blank is what becomes of a column.
type Blank struct {
	Column   string
	To       string // an expression; NULL when empty
	Postgres string // the same in PostgreSQL, where it differs
	When     string // only where; anywhere it is something else when empty
}

// erasing is who is erased, for the statements.
type erasing struct {
	me      uuid.UUID
	name    string
	now     any
	dialect string
}

// ErasureBatch is how many rows one transaction of an erasure touches.
const ErasureBatch = 500

// EraseRows deletes or blanks rows of one table that concern a person, a batch
// at most, and says how many: fewer than a batch are the last. It passes the
// fence. name is what he is called from then on.
func (tx *Tx) EraseRows(ctx context.Context, e Erasure, me uuid.UUID, name string) (int64, error) {
	if e.Mine == "" || !e.Delete && len(e.Blank) == 0 {
		return 0, nil
	}
	w := erasing{me: me, name: name, now: tx.Now, dialect: tx.store.Dialect()}
	if e.Delete {
		query, args := w.bind(`DELETE FROM ` + e.Table + ` WHERE ` + e.batch(e.Mine))
		return tx.Exec(ctx, query, args...)
	}
	var sets, wrong []string
	for _, b := range e.Blank {
		to := b.To
		if b.Postgres != "" && w.dialect == dialect.Postgres {
			to = b.Postgres
		}
		if to == "" {
			to = "NULL"
		}
		when := b.When
		if when == "" {
			when = differs(b.Column, to)
		}
		wrong = append(wrong, when)
		if b.When != "" {
			to = `CASE WHEN ` + when + ` THEN ` + to + ` ELSE ` + b.Column + ` END`
		}
		sets = append(sets, b.Column+` = `+to)
	}
	query, args := w.bind(`UPDATE ` + e.Table + ` SET ` + strings.Join(sets, ", ") +
		` WHERE ` + e.batch(`(`+e.Mine+`) AND (`+strings.Join(wrong, " OR ")+`)`))
	return tx.Exec(ctx, query, args...)
}

// differs is true where a column is not yet what it becomes.
func differs(column, to string) string {
	if to == "NULL" {
		return column + ` IS NOT NULL`
	}
	return `(` + column + ` IS NULL OR CAST(` + column + ` AS text) <> CAST(` + to + ` AS text))`
}

func (e Erasure) key() string {
	if e.Key == "" {
		return "id"
	}
	return e.Key
}

// batch is a condition for the first rows that fulfil another.
func (e Erasure) batch(where string) string {
	return fmt.Sprintf(`(%[1]s) IN (SELECT %[1]s FROM %[2]s WHERE %[3]s LIMIT %[4]d)`, e.key(), e.Table, where, ErasureBatch)
}

// named are the values that conditions and expressions name.
var named = regexp.MustCompile(`:(me|like|typed|name|now)\b`)

// bind puts the values of a person into a statement.
func (w erasing) bind(query string) (string, []any) {
	var args []any
	text := named.ReplaceAllStringFunc(query, func(m string) string {
		v := w.value(m[1:])
		args = append(args, v.value)
		if w.dialect == dialect.Postgres {
			return `CAST(? AS ` + v.typ + `)`
		}
		return `?`
	})
	return text, args
}

type bound struct {
	value any
	typ   string // in PostgreSQL, which otherwise guesses
}

func (w erasing) value(name string) bound {
	switch name {
	case "me":
		return bound{w.me, "uuid"}
	case "like":
		return bound{"%" + w.me.String() + "%", "text"}
	case "typed":
		return bound{"%" + scalar.ID{Prefix: "usr", UUID: w.me}.String() + "%", "text"}
	case "name":
		return bound{w.name, "text"}
	}
	return bound{w.now, "timestamptz"}
}

// OwnRows reads the columns of the rows of a table that are a person's own, by
// the table of erasure; the caller closes them.
func (snap *Snapshot) OwnRows(ctx context.Context, e Erasure, columns []string, me uuid.UUID) (*sql.Rows, error) {
	w := erasing{me: me, dialect: snap.store.Dialect()}
	query, args := w.bind(`SELECT ` + strings.Join(columns, ", ") + ` FROM ` + e.Table + ` WHERE ` + e.Own + ` ORDER BY ` + e.key())
	return snap.Query(ctx, query, args...)
}
