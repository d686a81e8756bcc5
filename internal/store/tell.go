package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/viewer"
)

// Stream says where an event is told.
type Stream struct {
	id         uuid.UUID
	kind       string // user, or the kind of a row of streams
	visibility event.Visibility
}

// StaffQueue is the stream of the staff's ticket queue.
var StaffQueue = uuid.MustParse("00000000-0000-7000-8000-000000000002")

// ToUser is the person's own stream.
func ToUser(id uuid.UUID) Stream { return Stream{id, "user", event.ToAll} }

// ToCompany is the stream that a company's members merge into theirs.
func ToCompany(id uuid.UUID) Stream { return Stream{id, "company", event.ToAll} }

// ToTicket is the stream of a ticket; its customer's side sees events ToAll.
func ToTicket(id uuid.UUID, v event.Visibility) Stream { return Stream{id, "ticket", v} }

// ToQueue is the staff's ticket queue.
func ToQueue() Stream { return Stream{StaffQueue, "queue", event.ToStaff} }

// ToHouse is for facts that only hearers need.
func ToHouse() Stream { return Stream{viewer.House, "house", event.ToStaff} }

// Counted is a fact that carries the unread count of its user after it.
type Counted interface {
	event.Fact
	WithUnread(n int64) event.Fact
}

// tale is one fact told to one stream.
type tale struct {
	fact    event.Fact
	eventID uuid.UUID
	first   bool // hearers hear it once, by this row
	to      Stream
	unread  int64
}

// Tell records a fact for streams; the rows are written last in the
// transaction, so that each stream is dense in commit order.
func (tx *Tx) Tell(fact event.Fact, to ...Stream) {
	id := uuid.Must(uuid.NewV7())
	for i, s := range to {
		tx.tales = append(tx.tales, tale{fact: fact, eventID: id, first: i == 0, to: s})
	}
}

// TellUnread is Tell to one person's stream, raising (or lowering) his count
// of unread notifications by delta in the same statement.
func (tx *Tx) TellUnread(fact event.Fact, user uuid.UUID, delta int64) {
	tx.tales = append(tx.tales, tale{fact: fact, eventID: uuid.Must(uuid.NewV7()), first: true, to: ToUser(user), unread: delta})
}

// tellAll is the event tail: users, then other streams, each by ascending id.
func (tx *Tx) tellAll(ctx context.Context) (told bool, err error) {
	if len(tx.tales) == 0 {
		return false, nil
	}
	slices.SortStableFunc(tx.tales, func(a, b tale) int {
		if ua, ub := a.to.kind == "user", b.to.kind == "user"; ua != ub {
			if ua {
				return -1
			}
			return 1
		}
		return bytes.Compare(a.to.id[:], b.to.id[:])
	})
	for rest := tx.tales; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].to.id == rest[0].to.id && rest[n].to.kind == rest[0].to.kind {
			n++
		}
		if err := tx.tellStream(ctx, rest[:n]); err != nil {
			return false, err
		}
		rest = rest[n:]
	}
	tx.tales = nil
	return true, nil
}

func (tx *Tx) tellStream(ctx context.Context, tales []tale) error {
	var delta, last, unread int64
	for _, t := range tales {
		delta += t.unread
	}
	to, n := tales[0].to, int64(len(tales))
	var err error
	if to.kind == "user" {
		err = tx.QueryRow(ctx, `UPDATE users SET stream_seq = stream_seq + ?, unread_count = unread_count + ?
			WHERE id = ? RETURNING stream_seq, unread_count`, n, delta, to.id).Scan(&last, &unread)
	} else {
		last, err = tx.raiseStream(ctx, to, n)
	}
	if err != nil {
		return fmt.Errorf("tell stream %s %s: %w", to.kind, to.id, err)
	}
	actor := viewer.From(ctx).Actor()
	unread -= delta
	for i, t := range tales {
		unread += t.unread
		fact := t.fact
		if c, ok := fact.(Counted); ok {
			fact = c.WithUnread(unread)
		}
		payload, err := json.Marshal(fact)
		if err != nil {
			return fmt.Errorf("tell %s: %w", fact.Kind(), err)
		}
		kind, id := fact.Subject()
		_, err = tx.Exec(ctx, `INSERT INTO account_events (stream_id, seq, event_id, kind, subject_kind, subject_id, actor_id, visibility, payload, created_at, relayed, heard)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			to.id, last-n+int64(i)+1, t.eventID, fact.Kind(), kind, id, actor, string(to.visibility), string(payload), tx.Now, false, !t.first)
		if err != nil {
			return fmt.Errorf("tell %s: %w", fact.Kind(), err)
		}
	}
	return nil
}

// raiseStream makes the stream's row at its first event.
func (tx *Tx) raiseStream(ctx context.Context, to Stream, n int64) (last int64, err error) {
	const raise = `UPDATE streams SET stream_seq = stream_seq + ? WHERE id = ? RETURNING stream_seq`
	err = tx.QueryRow(ctx, raise, n, to.id).Scan(&last)
	if !errors.Is(err, sql.ErrNoRows) {
		return last, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO streams (id, kind, stream_seq, stream_oldest) VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING`, to.id, to.kind); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, raise, n, to.id).Scan(&last)
	return last, err
}
