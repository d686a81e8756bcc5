package batch

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kabinet/internal/store"
)

// Sheet gathers whole rows of one table that are written many at a time: new
// ones are inserted, those whose key is there are replaced but for their fixed
// columns. Whoever adds a row that is there has locked and read it; a new row
// that meets somebody else's unique value fails, and the batch is tried again.
type Sheet struct {
	Table   string
	Key     string   // the column by which a row is found; empty: all are new
	Columns []string // of every row
	Fixed   []string // of them, those that never change

	args []any
	rows int
}

// sheetArgs is how many values a statement takes at most; SQLite allows
// 32,766, but parsing is quickest in moderation.
const sheetArgs = 3_000

// Add takes a row: its values in the order of the columns. Times are cut to
// microseconds, as store does with all others.
func (s *Sheet) Add(values ...any) {
	if len(values) != len(s.Columns) {
		panic("batch: a row of " + s.Table + " does not fit its columns")
	}
	for i, v := range values {
		switch t := v.(type) {
		case time.Time:
			values[i] = t.UTC().Truncate(time.Microsecond)
		case *time.Time:
			if t != nil {
				values[i] = t.UTC().Truncate(time.Microsecond)
			}
		}
	}
	s.args = append(s.args, values...)
	s.rows++
}

// Len is how many rows were added.
func (s *Sheet) Len() int { return s.rows }

// Write writes the rows, a few hundred with each statement.
func (s *Sheet) Write(ctx context.Context, tx *store.Tx) error {
	head := "INSERT INTO " + s.Table + " (" + strings.Join(s.Columns, ", ") + ") VALUES "
	end := ""
	if s.Key != "" {
		var sets []string
		for _, c := range s.Columns {
			if !slices.Contains(s.Fixed, c) {
				sets = append(sets, c+" = excluded."+c)
			}
		}
		end = " ON CONFLICT (" + s.Key + ") DO UPDATE SET " + strings.Join(sets, ", ")
	}
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(s.Columns)), ",") + ")"
	for part := range slices.Chunk(s.args, max(1, sheetArgs/len(s.Columns))*len(s.Columns)) {
		rows := strings.TrimSuffix(strings.Repeat(row+",", len(part)/len(s.Columns)), ",")
		if _, err := tx.Exec(ctx, head+rows+end, part...); err != nil {
			return err
		}
	}
	return nil
}

// JSON is a value as a JSON column takes it; a nil map or pointer is NULL.
func JSON[T any](v T) any {
	b, err := json.Marshal(v)
	if err != nil || string(b) == "null" {
		return nil
	}
	return string(b)
}
