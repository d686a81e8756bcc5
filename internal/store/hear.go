package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"kabinet/internal/event"
)

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
	for _, b := range rung {
		heads[b.StreamID] = max(heads[b.StreamID], b.Seq)
	}
	bells := make([]event.Bell, 0, len(heads))
	for id, seq := range heads {
		bells = append(bells, event.Bell{StreamID: id, Seq: seq})
	}
	if err := publish(bells); err != nil {
		return 0, fmt.Errorf("relay: publish: %w", err)
	}
	marked, err := s.markRelayed(ctx, rung)
	if err != nil || marked == 0 {
		return 0, err
	}
	return len(rung), nil
}

// markRelayed marks the events that nobody holds, and says how many.
func (s *Store) markRelayed(ctx context.Context, rung []event.Bell) (marked int64, err error) {
	if s.Dialect() == dialect.Postgres {
		// One statement is its own transaction.
		const query = `UPDATE account_events SET relayed = true WHERE (stream_id, seq) IN (SELECT e.stream_id, e.seq
			FROM account_events e JOIN unnest(CAST($1 AS uuid[]), CAST($2 AS bigint[])) AS r(stream_id, seq) ON e.stream_id = r.stream_id AND e.seq = r.seq
			WHERE NOT e.relayed FOR UPDATE OF e SKIP LOCKED)`
		s.drv.saw(ctx, query)
		streams, seqs := places(rung)
		res, err := s.drv.write.ExecContext(ctx, query, streams, seqs)
		if err != nil {
			return 0, translate(err)
		}
		return res.RowsAffected()
	}
	err = s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		marked = 0
		for _, b := range rung {
			n, err := tx.Exec(ctx, `UPDATE account_events SET relayed = ? WHERE stream_id = ? AND seq = ?`, true, b.StreamID, b.Seq)
			if err != nil {
				return err
			}
			marked += n
		}
		return nil
	})
	return marked, err
}

// places are the keys of events as two arrays.
func places(bells []event.Bell) (streams, seqs any) {
	ids, numbers := make([]string, len(bells)), make([]int64, len(bells))
	for i, b := range bells {
		ids[i], numbers[i] = b.StreamID.String(), b.Seq
	}
	return pq.Array(ids), pq.Array(numbers)
}

func scanBells(rows *sql.Rows) (bells []event.Bell, err error) {
	defer rows.Close()
	for rows.Next() {
		var b event.Bell
		if err := rows.Scan(&b.StreamID, &b.Seq); err != nil {
			return nil, err
		}
		bells = append(bells, b)
	}
	return bells, rows.Err()
}

// Hearer reacts to facts of the kinds it names, inside the transaction that
// marks the fact as heard: it happens once.
type Hearer struct {
	Name  string
	Kinds []string
	// Own says that it locks nothing but the person on whose own stream the
	// fact stands. Facts whose hearers all do are heard many in a transaction.
	Own bool
	On  func(ctx context.Context, tx *Tx, e event.Stored) error
}

// Failed takes over an event that a hearer failed on, in the transaction.
type Failed = func(ctx context.Context, tx *Tx, hearer string, e event.Stored, err error) error

// hearAtOnce bounds what is heard in one transaction.
const hearAtOnce = 16

// Hearing names all who hear in this process, before anything is told: facts
// of other kinds count as heard from the start.
func (s *Store) Hearing(hearers []Hearer) {
	s.heard = map[string]bool{}
	for _, h := range hearers {
		for _, k := range h.Kinds {
			s.heard[k] = true
		}
	}
}

// deaf says that nobody hears facts of a kind.
func (s *Store) deaf(kind string) bool { return s.heard != nil && !s.heard[kind] }

// Hear takes unheard facts in their order, one by one or many in a
// transaction, and runs their hearers. Where one fails the transaction is
// rolled back and done again with care: each hearer in a savepoint, and one
// that fails is handed to failed (which enqueues a job in the transaction) and
// the fact counts as heard. A fact that is held is waited for, by Claim for a
// moment, by another instance while it hears: skipped, it would be heard after
// later ones, or not before the next poll.
func (s *Store) Hear(ctx context.Context, limit int, hearers []Hearer, failed Failed) (n int, err error) {
	for n < limit {
		waiting, err := s.unheard(ctx, limit-n)
		if err != nil || waiting == 0 {
			return n, err
		}
		last := waiting < limit-n
		for waiting > 0 {
			took, more, err := s.hearSome(ctx, min(waiting, hearAtOnce), hearers, failed)
			n, waiting = n+took, waiting-took
			if err != nil || took == 0 {
				return n, err
			}
			last = last && !more
		}
		if last { // what others tell meanwhile wakes us
			return n, nil
		}
	}
	return n, nil
}

// unheard counts the facts that wait, at most limit of them.
func (s *Store) unheard(ctx context.Context, limit int) (n int, err error) {
	rows, err := s.Query(ctx, `SELECT count(*) FROM (SELECT 1 FROM account_events WHERE NOT heard ORDER BY event_id LIMIT ?) AS waiting`, limit)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, translate(err)
		}
	}
	return n, translate(rows.Err())
}

// errHearer is the failure of a hearer, not of the database.
type errHearer struct{ error }

// Unwrap gives the hearer's error.
func (e errHearer) Unwrap() error { return e.error }

// hearSome hears at most so many facts, and says whether it told others that
// want to be heard.
func (s *Store) hearSome(ctx context.Context, most int, hearers []Hearer, failed Failed) (n int, more bool, err error) {
	n, more, err = s.hearNext(ctx, most, hearers, nil)
	var bad errHearer
	if !errors.As(err, &bad) {
		return n, more, err
	}
	for range most {
		one, told, err := s.hearNext(ctx, 1, hearers, failed)
		n, more = n+one, more || told
		if err != nil || one == 0 {
			return n, more, err
		}
	}
	return n, more, nil
}

// hearNext is one transaction; careful when failed is there.
func (s *Store) hearNext(ctx context.Context, most int, hearers []Hearer, failed Failed) (n int, more bool, err error) {
	limit := `1`
	if most > 1 {
		limit = `16`
	}
	err = s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		n, more = 0, false
		rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM account_events WHERE NOT heard ORDER BY event_id LIMIT `+limit+s.forUpdate(``))
		if err != nil {
			return err
		}
		events, err := scanEvents(rows)
		if err != nil || len(events) == 0 {
			return err
		}
		if events, err = tx.together(ctx, events[:min(most, len(events))], hearers); err != nil {
			return err
		}
		for _, e := range events {
			if err := tx.hear(ctx, e, hearers, failed); err != nil {
				return err
			}
		}
		n = len(events)
		more = slices.ContainsFunc(tx.tales, func(t tale) bool { return !s.deaf(t.fact.Kind()) })
		tx.markHeard(events)
		return nil
	})
	if err != nil {
		n, more = 0, false
	}
	return n, more, err
}

// together is how many of the facts, from the first one, are heard at once:
// those on people's own streams, who are then locked by ascending id as every
// transaction does.
func (tx *Tx) together(ctx context.Context, events []event.Stored, hearers []Hearer) ([]event.Stored, error) {
	n := 0
	for n < len(events) && ownOnly(events[n].Kind, hearers) {
		n++
	}
	if n < 2 || tx.store.Dialect() != dialect.Postgres {
		return events[:max(n, 1)], nil
	}
	ids := make([]string, n)
	for i, e := range events[:n] {
		ids[i] = e.StreamID.String()
	}
	people, err := tx.lockPeople(ctx, ids)
	if err != nil {
		return nil, err
	}
	own := 0
	for own < n && people[events[own].StreamID] {
		own++
	}
	return events[:max(own, 1)], nil
}

func ownOnly(kind string, hearers []Hearer) bool {
	return !slices.ContainsFunc(hearers, func(h Hearer) bool { return !h.Own && slices.Contains(h.Kinds, kind) })
}

// hear runs the hearers of a fact.
func (tx *Tx) hear(ctx context.Context, e event.Stored, hearers []Hearer, failed Failed) error {
	for _, h := range hearers {
		if !slices.Contains(h.Kinds, e.Kind) {
			continue
		}
		var err error
		if failed != nil {
			err = tx.hearCarefully(ctx, h, e, failed)
		} else if err = h.On(ctx, tx, e); err != nil && !retryable(err) && !lost(err) {
			err = errHearer{err}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) hearCarefully(ctx context.Context, h Hearer, e event.Stored, failed Failed) error {
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

// markHeard marks facts at the end of the transaction.
func (tx *Tx) markHeard(events []event.Stored) {
	if len(events) == 1 || tx.store.Dialect() != dialect.Postgres {
		for _, e := range events {
			tx.lastly = append(tx.lastly, write{text: `UPDATE account_events SET heard = ? WHERE stream_id = ? AND seq = ?`, args: []any{true, e.StreamID, e.Seq}})
		}
		return
	}
	bells := make([]event.Bell, len(events))
	for i, e := range events {
		bells[i] = event.Bell{StreamID: e.StreamID, Seq: e.Seq}
	}
	streams, seqs := places(bells)
	tx.lastly = append(tx.lastly, write{text: `UPDATE account_events SET heard = true FROM unnest(CAST(? AS uuid[]), CAST(? AS bigint[])) AS r(stream_id, seq)
		WHERE account_events.stream_id = r.stream_id AND account_events.seq = r.seq`, args: []any{streams, seqs}})
}
