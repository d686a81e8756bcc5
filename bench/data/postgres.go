package data

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"

	"github.com/lib/pq"
)

// Postgres fills a database that kabinet has migrated and started on once.
func Postgres(ctx context.Context, url string, p Plan, out io.Writer) error {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return generate(ctx, p, &postgres{db: db, plan: p}, out)
}

type postgres struct {
	db      *sql.DB
	plan    Plan
	indexes []string // dropped, to be made again
}

func (s *postgres) house(ctx context.Context) (House, error) { return foundHouse(ctx, s.db) }

// begin drops the indexes that hold no promise other indexes lean on: filling
// first and indexing afterwards takes half the time.
func (s *postgres) begin(ctx context.Context) error {
	var names []string
	for _, t := range tables {
		names = append(names, t.name)
	}
	found, err := s.db.QueryContext(ctx, `SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = ANY($1) AND NOT i.indisprimary
		AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY 1`, pq.Array(names))
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	var drop []string
	for found.Next() {
		var name, def string
		if err := found.Scan(&name, &def); err != nil {
			return err
		}
		drop, s.indexes = append(drop, pq.QuoteIdentifier(name)), append(s.indexes, def)
	}
	if err := found.Err(); err != nil || len(drop) == 0 {
		return err
	}
	_, err = s.db.ExecContext(ctx, `DROP INDEX `+strings.Join(drop, ", "))
	return err
}

func (s *postgres) write(ctx context.Context, r *rows) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, `SET LOCAL session_replication_role = replica`); err != nil {
		return err // foreign keys are not asked row by row
	}
	for i, t := range tables {
		if len(r[i]) == 0 {
			continue
		}
		if err := copyRows(ctx, tx, t, r[i]); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return tx.Commit()
}

func copyRows(ctx context.Context, tx *sql.Tx, t table, rows [][]any) error {
	in, err := tx.PrepareContext(ctx, `COPY `+t.name+` (`+strings.Join(t.columns, ", ")+`) FROM STDIN`)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // the last ExecContext has told of any error
	for _, row := range rows {
		for i, v := range row {
			if j, ok := v.(jsonText); ok {
				row[i] = string(j)
			}
		}
		if _, err := in.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	_, err = in.ExecContext(ctx)
	return err
}

func (s *postgres) end(ctx context.Context, say func(string)) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, `SET maintenance_work_mem = '512MB'`); err != nil {
		return err
	}
	for _, def := range s.indexes {
		if _, err := conn.ExecContext(ctx, def); err != nil {
			return fmt.Errorf("%s: %w", def, err)
		}
	}
	say(fmt.Sprintf("%d indexes made", len(s.indexes)))
	if _, err := conn.ExecContext(ctx, `VACUUM (FREEZE, ANALYZE)`); err != nil {
		return err
	}
	say("vacuumed and analysed")
	return nil
}
