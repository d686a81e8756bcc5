package data

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"strings"

	_ "modernc.org/sqlite" // the driver that kabinet uses
)

// SQLite fills a file that kabinet has migrated and started on once.
func SQLite(ctx context.Context, path string, p Plan, out io.Writer) error {
	db, err := OpenSQLite(path, "&_pragma=synchronous(OFF)&_pragma=cache_size(-400000)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	return generate(ctx, p, &sqlite{db: db}, out)
}

// OpenSQLite writes times as kabinet's store does.
func OpenSQLite(path, more string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+
		"?_time_format=sqlite&_timezone=UTC&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"+more)
}

type sqlite struct {
	db      *sql.DB
	indexes []string
}

func (s *sqlite) house(ctx context.Context) (House, error) { return foundHouse(ctx, s.db) }

func (s *sqlite) begin(ctx context.Context) error {
	for _, t := range tables {
		names, defs, err := s.indexesOf(ctx, t.name)
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, err := s.db.ExecContext(ctx, `DROP INDEX "`+name+`"`); err != nil {
				return err
			}
		}
		s.indexes = append(s.indexes, defs...)
	}
	return nil
}

func (s *sqlite) indexesOf(ctx context.Context, table string) (names, defs []string, err error) {
	found, err := s.db.QueryContext(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`, table)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = found.Close() }()
	for found.Next() {
		var name, def string
		if err := found.Scan(&name, &def); err != nil {
			return nil, nil, err
		}
		names, defs = append(names, name), append(defs, def)
	}
	return names, defs, found.Err()
}

func (s *sqlite) write(ctx context.Context, r *rows) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for i, t := range tables {
		if err := insertRows(ctx, tx, t, r[i]); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return tx.Commit()
}

// together is how many rows one INSERT holds.
const together = 50

func insertRows(ctx context.Context, tx *sql.Tx, t table, rows [][]any) error {
	one := "(" + strings.Repeat(", ?", len(t.columns))[2:] + ")"
	head := `INSERT INTO ` + t.name + ` (` + strings.Join(t.columns, ", ") + `) VALUES `
	full, err := tx.PrepareContext(ctx, head+strings.Repeat(", "+one, together)[2:])
	if err != nil {
		return err
	}
	defer func() { _ = full.Close() }()
	args := make([]any, 0, together*len(t.columns))
	for len(rows) > 0 {
		n := min(together, len(rows))
		args = args[:0]
		for _, row := range rows[:n] {
			for _, v := range row {
				if j, ok := v.(jsonText); ok {
					v = []byte(j) // as ent does
				}
				args = append(args, v)
			}
		}
		if n == together {
			_, err = full.ExecContext(ctx, args...)
		} else {
			_, err = tx.ExecContext(ctx, head+strings.Repeat(", "+one, n)[2:], args...)
		}
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (s *sqlite) end(ctx context.Context, say func(string)) error {
	for _, def := range s.indexes {
		if _, err := s.db.ExecContext(ctx, def); err != nil {
			return fmt.Errorf("%s: %w", def, err)
		}
	}
	say(fmt.Sprintf("%d indexes made", len(s.indexes)))
	if _, err := s.db.ExecContext(ctx, `ANALYZE`); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	say("analysed")
	return err
}
