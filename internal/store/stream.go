package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/fault"
)

const eventColumns = `stream_id, seq, event_id, kind, subject_kind, subject_id, actor_id, visibility, payload, created_at`

// ReadStream gives the events of a stream after a number, in order. When some
// of them are trimmed already it is CURSOR_EXPIRED, never a part of them.
func (s *Store) ReadStream(ctx context.Context, stream uuid.UUID, after int64, limit int) ([]event.Stored, error) {
	// One statement, so that a trim between two reads cannot hide rows.
	rows, err := s.Query(ctx, `SELECT `+eventColumns+`, coalesce((SELECT stream_oldest FROM users WHERE id = ?), (SELECT stream_oldest FROM streams WHERE id = ?), 0)
		FROM account_events WHERE stream_id = ? AND seq > ? ORDER BY seq LIMIT ?`, stream, stream, stream, after, limit)
	if err != nil {
		return nil, err
	}
	var oldest int64
	events, err := scanEvents(rows, &oldest)
	if err != nil {
		return nil, translate(err)
	}
	if len(events) == 0 {
		heads, err := s.heads(ctx, `stream_oldest`, []uuid.UUID{stream})
		if err != nil {
			return nil, err
		}
		oldest = heads[stream]
	}
	if oldest > after {
		return nil, fault.ErrCursorExpired
	}
	return events, nil
}

// Heads gives the last number of each stream; a stream that was never told
// anything is absent.
func (s *Store) Heads(ctx context.Context, streams []uuid.UUID) (map[uuid.UUID]int64, error) {
	return s.heads(ctx, `stream_seq`, streams)
}

func (s *Store) heads(ctx context.Context, column string, streams []uuid.UUID) (map[uuid.UUID]int64, error) {
	heads := make(map[uuid.UUID]int64, len(streams))
	const batch = 500
	for len(streams) > 0 {
		n := min(batch, len(streams))
		marks, args := "", make([]any, 0, 2*n)
		for i, id := range streams[:n] {
			if i > 0 {
				marks += ","
			}
			marks += "?"
			args = append(args, id)
		}
		args = append(args, args...)
		rows, err := s.Query(ctx, `SELECT id, `+column+` FROM users WHERE id IN (`+marks+`) UNION ALL SELECT id, `+column+` FROM streams WHERE id IN (`+marks+`)`, args...)
		if err != nil {
			return nil, err
		}
		if err := scanHeads(rows, heads); err != nil {
			return nil, translate(err)
		}
		streams = streams[n:]
	}
	return heads, nil
}

func scanHeads(rows *sql.Rows, heads map[uuid.UUID]int64) error {
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var seq int64
		if err := rows.Scan(&id, &seq); err != nil {
			return err
		}
		heads[id] = seq
	}
	return rows.Err()
}

func scanEvents(rows *sql.Rows, more ...any) ([]event.Stored, error) {
	defer rows.Close()
	var events []event.Stored
	for rows.Next() {
		var e event.Stored
		var payload []byte
		var actor uuid.NullUUID
		into := append([]any{&e.StreamID, &e.Seq, &e.EventID, &e.Kind, &e.SubjectKind, &e.SubjectID, &actor, &e.Visibility, &payload, &e.CreatedAt}, more...)
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		if actor.Valid {
			e.ActorID = &actor.UUID
		}
		e.Payload, e.CreatedAt = json.RawMessage(payload), e.CreatedAt.UTC()
		events = append(events, e)
	}
	return events, rows.Err()
}

// forUpdate holds the rows of a select on PostgreSQL; SQLite has one writer.
func (s *Store) forUpdate(more string) string {
	if s.Dialect() == dialect.Postgres {
		return ` FOR UPDATE` + more
	}
	return ""
}

// keepPerStream is how many events a stream keeps whatever their age.
const keepPerStream = 10_000

// Trim deletes events older than the given age, and all but the last 10,000 of
// a stream, raising the stream's oldest number in the same transaction. What is
// not yet relayed or heard stays, and all after it.
func (s *Store) Trim(ctx context.Context, age time.Duration) error {
	cut := s.Now().Add(-age)
	rows, err := s.Query(ctx, `SELECT stream_id, max(seq) FROM account_events WHERE created_at < ? AND relayed AND heard GROUP BY stream_id
		UNION ALL SELECT id, stream_seq - ? FROM users WHERE stream_seq - stream_oldest > ?
		UNION ALL SELECT id, stream_seq - ? FROM streams WHERE stream_seq - stream_oldest > ?`, cut, keepPerStream, keepPerStream, keepPerStream, keepPerStream)
	if err != nil {
		return err
	}
	ends := map[uuid.UUID]int64{}
	if err := scanHeads(rows, ends); err != nil {
		return translate(err)
	}
	for id, upTo := range ends {
		err := s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
			var seq int64
			err := tx.QueryRow(ctx, `SELECT coalesce(min(seq) - 1, CAST(? AS bigint)) FROM account_events WHERE stream_id = ? AND seq <= ? AND NOT (relayed AND heard)`, upTo, id, upTo).Scan(&seq)
			if err != nil {
				return err
			}
			for _, table := range []string{"users", "streams"} {
				if _, err := tx.Exec(ctx, `UPDATE `+table+` SET stream_oldest = ? WHERE id = ? AND stream_oldest < ?`, seq, id, seq); err != nil {
					return err
				}
			}
			_, err = tx.Exec(ctx, `DELETE FROM account_events WHERE stream_id = ? AND seq <= ?`, id, seq)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
