package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
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

// Claim publishes the doorbells of unrelayed events and marks them. It reads
// them without a lock, for a hearer at work holds one of them, and its bell
// must not wait for that. A crash between the two, a second instance and a row
// that is held meanwhile publish again: bells are hints. The rows it read are
// counted, none when it could mark none.
func (s *Store) Claim(ctx context.Context, limit int, publish func([]event.Bell) error) (n int, err error) {
	rows, err := s.Query(ctx, `SELECT stream_id, seq FROM account_events WHERE NOT relayed ORDER BY event_id LIMIT ?`, limit)
	if err != nil {
		return 0, err
	}
	rung, err := scanBells(rows)
	if err != nil || len(rung) == 0 {
		return 0, translate(err) // on SQLite an empty poll must not take the writer
	}
	heads := map[uuid.UUID]int64{}
	for b := range rung {
		heads[b.StreamID] = max(heads[b.StreamID], b.Seq)
	}
	bells := make([]event.Bell, 0, len(heads))
	for id, seq := range heads {
		bells = append(bells, event.Bell{StreamID: id, Seq: seq})
	}
	if err := publish(bells); err != nil {
		return 0, fmt.Errorf("relay: publish: %w", err)
	}
	err = s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		n = 0
		rows, err := tx.Query(ctx, `SELECT stream_id, seq FROM account_events WHERE NOT relayed ORDER BY event_id LIMIT ?`+s.forUpdate(` SKIP LOCKED`), limit)
		if err != nil {
			return err
		}
		free, err := scanBells(rows)
		if err != nil {
			return err
		}
		for b := range free {
			if !rung[b] { // told since
				continue
			}
			if _, err := tx.Exec(ctx, `UPDATE account_events SET relayed = ? WHERE stream_id = ? AND seq = ?`, true, b.StreamID, b.Seq); err != nil {
				return err
			}
			n = len(rung)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func scanBells(rows *sql.Rows) (map[event.Bell]bool, error) {
	defer rows.Close()
	bells := map[event.Bell]bool{}
	for rows.Next() {
		var b event.Bell
		if err := rows.Scan(&b.StreamID, &b.Seq); err != nil {
			return nil, err
		}
		bells[b] = true
	}
	return bells, rows.Err()
}

func (s *Store) any(ctx context.Context, query string, args ...any) (bool, error) {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), translate(rows.Err())
}

// Hearer reacts to facts of the kinds it names, inside the transaction that
// marks the fact as heard: it happens once.
type Hearer struct {
	Name  string
	Kinds []string
	On    func(ctx context.Context, tx *Tx, e event.Stored) error
}

// Hear takes unheard facts one by one and runs each hearer in a savepoint; one
// that fails is handed to failed (which enqueues a job in the transaction) and
// the fact counts as heard. A fact that is held is waited for, by Claim for a
// moment, by another instance while it hears: skipped, it would be heard after
// later ones, or not before the next poll.
func (s *Store) Hear(ctx context.Context, limit int, hearers []Hearer, failed func(ctx context.Context, tx *Tx, hearer string, e event.Stored, err error) error) (n int, err error) {
	for n < limit {
		if waiting, err := s.any(ctx, `SELECT 1 FROM account_events WHERE NOT heard LIMIT 1`); err != nil || !waiting {
			return n, err
		}
		found := false
		err := s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
			rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM account_events WHERE NOT heard ORDER BY event_id LIMIT 1`+s.forUpdate(``))
			if err != nil {
				return err
			}
			events, err := scanEvents(rows)
			if found = len(events) > 0; err != nil || !found {
				return err
			}
			e := events[0]
			for _, h := range hearers {
				if err := tx.hearOne(ctx, h, e, failed); err != nil {
					return err
				}
			}
			_, err = tx.Exec(ctx, `UPDATE account_events SET heard = ? WHERE stream_id = ? AND seq = ?`, true, e.StreamID, e.Seq)
			return err
		})
		if err != nil || !found {
			return n, err
		}
		n++
	}
	return n, nil
}

func (tx *Tx) hearOne(ctx context.Context, h Hearer, e event.Stored, failed func(context.Context, *Tx, string, event.Stored, error) error) error {
	for _, k := range h.Kinds {
		if k != e.Kind {
			continue
		}
		if _, err := tx.Exec(ctx, `SAVEPOINT hearer`); err != nil {
			return err
		}
		told := len(tx.tales)
		err := h.On(ctx, tx, e)
		if retryable(err) || lost(err) {
			return err
		}
		if err != nil {
			tx.tales = tx.tales[:told]
			if _, rerr := tx.Exec(ctx, `ROLLBACK TO SAVEPOINT hearer`); rerr != nil {
				return rerr
			}
			if err := failed(ctx, tx, h.Name, e, err); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `RELEASE SAVEPOINT hearer`)
		return err
	}
	return nil
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
