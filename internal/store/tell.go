package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"
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

// Announcements is the stream of what is announced to all.
var Announcements = uuid.MustParse("00000000-0000-7000-8000-000000000003")

// ToUser is the person's own stream.
func ToUser(id uuid.UUID) Stream { return Stream{id, "user", event.ToAll} }

// ToCompany is the stream that a company's members merge into theirs.
func ToCompany(id uuid.UUID) Stream { return Stream{id, "company", event.ToAll} }

// ToTicket is the stream of a ticket; its customer's side sees events ToAll.
func ToTicket(id uuid.UUID, v event.Visibility) Stream { return Stream{id, "ticket", v} }

// ToQueue is the staff's ticket queue.
func ToQueue() Stream { return Stream{StaffQueue, "queue", event.ToStaff} }

// ToAnnouncements is the one stream that everybody may follow.
func ToAnnouncements() Stream { return Stream{Announcements, "announcements", event.ToAll} }

// ToHouse is for facts that only hearers need.
func ToHouse() Stream { return Stream{viewer.House, "house", event.ToStaff} }

// Counted is a fact that carries the unread count of its user after it, as
// unreadCount in its JSON.
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

// telling is what is told to one stream.
type telling struct {
	to     Stream
	tales  []tale
	delta  int64 // by which the unread count rises
	last   int64 // the stream's number after it
	unread int64 // the count after it
}

// tellAll is the event tail: users, then other streams, each by ascending id,
// and then the rows.
func (tx *Tx) tellAll(ctx context.Context) (told bool, err error) {
	if err := tx.nameOwners(ctx); err != nil {
		return false, err
	}
	all := byStream(tx.tales)
	if len(all) == 1 && tx.store.Dialect() == dialect.Postgres && len(all[0].tales) <= tellAtOnce {
		err = tx.tellOne(ctx, all[0])
	} else {
		if err := tx.lastAlone(ctx); err != nil {
			return false, err
		}
		if len(all) == 0 {
			return false, nil
		}
		err = tx.tellMany(ctx, all)
	}
	if err == nil {
		tx.tales = nil
	}
	return err == nil, err
}

func byStream(tales []tale) (all []*telling) {
	slices.SortStableFunc(tales, func(a, b tale) int {
		if ua, ub := a.to.kind == "user", b.to.kind == "user"; ua != ub {
			if ua {
				return -1
			}
			return 1
		}
		return bytes.Compare(a.to.id[:], b.to.id[:])
	})
	for _, t := range tales {
		if n := len(all); n == 0 || all[n-1].to.id != t.to.id || all[n-1].to.kind != t.to.kind {
			all = append(all, &telling{to: t.to})
		}
		g := all[len(all)-1]
		g.tales, g.delta = append(g.tales, t), g.delta+t.unread
	}
	return all
}

func (tx *Tx) tellMany(ctx context.Context, all []*telling) error {
	people := 0
	for people < len(all) && all[people].to.kind == "user" {
		people++
	}
	if people > 2 && tx.store.Dialect() == dialect.Postgres {
		if err := tx.raisePeople(ctx, all[:people]); err != nil {
			return err
		}
	}
	for _, g := range all {
		var err error
		switch {
		case g.last > 0: // raised with the others
		case g.to.kind == "user":
			err = tx.QueryRow(ctx, raiseUser, len(g.tales), g.delta, g.to.id).Scan(&g.last, &g.unread)
		default:
			err = tx.QueryRow(ctx, raiseStream, g.to.id, g.to.kind, len(g.tales)).Scan(&g.last)
		}
		if err != nil {
			return fmt.Errorf("tell stream %s %s: %w", g.to.kind, g.to.id, err)
		}
	}
	rows, err := tx.eventRows(ctx, all)
	if err != nil {
		return err
	}
	if len(rows) > 1 && tx.store.Dialect() == dialect.Postgres {
		return tx.insertEvents(ctx, rows)
	}
	for _, r := range rows {
		if _, err := tx.Exec(ctx, insertEvent+` VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.StreamID, r.Seq, r.EventID, r.Kind, r.SubjectKind, r.SubjectID,
			r.ActorID, string(r.Visibility), string(r.Payload), r.CreatedAt, false, r.heard); err != nil {
			return fmt.Errorf("tell %s: %w", r.Kind, err)
		}
	}
	return nil
}

const (
	raiseUser = `UPDATE users SET stream_seq = stream_seq + ?, unread_count = unread_count + ? WHERE id = ? RETURNING stream_seq, unread_count`
	// The stream's row is made at its first event.
	raiseStream = `INSERT INTO streams (id, kind, stream_seq, stream_oldest) VALUES (?, ?, ?, 0)
		ON CONFLICT (id) DO UPDATE SET stream_seq = streams.stream_seq + excluded.stream_seq RETURNING stream_seq`
	insertEvent = `INSERT INTO account_events (stream_id, seq, event_id, kind, subject_kind, subject_id, actor_id, visibility, payload, created_at, relayed, heard)`
)

// eventRow is a row of account_events.
type eventRow struct {
	event.Stored
	heard  bool
	unread *int64 // of a Counted fact: what it counts
}

// eventRows are the rows of what is told, numbered by each stream's last.
func (tx *Tx) eventRows(ctx context.Context, all []*telling) (rows []eventRow, err error) {
	v := viewer.From(ctx)
	actor := v.Actor()
	if v.ActingStaff != uuid.Nil { // not the customer he acts for, as in Audit
		actor = &v.ActingStaff
	}
	for _, g := range all {
		unread := g.unread - g.delta
		for i, t := range g.tales {
			unread += t.unread
			r := eventRow{Stored: event.Stored{
				StreamID: g.to.id, Seq: g.last - int64(len(g.tales)) + int64(i) + 1, EventID: t.eventID, Kind: t.fact.Kind(), ActorID: actor,
				Visibility: g.to.visibility, CreatedAt: tx.Now,
			}, heard: !t.first || tx.store.deaf(t.fact.Kind())}
			r.SubjectKind, r.SubjectID = t.fact.Subject()
			fact := t.fact
			if c, ok := fact.(Counted); ok {
				count := unread
				r.unread, fact = &count, c.WithUnread(count)
			}
			if r.Payload, err = json.Marshal(fact); err != nil {
				return nil, fmt.Errorf("tell %s: %w", r.Kind, err)
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}
