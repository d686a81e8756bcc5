package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// What is told is told in fewer statements where each is a journey: SQLite has
// none to save.

// tellAtOnce is how many events of one stream share a statement with its number.
const tellAtOnce = 4

// tellOne raises a stream's number and writes its events in one statement. The
// numbers in the rows count from the one that the statement gives.
func (tx *Tx) tellOne(ctx context.Context, g *telling) error {
	rows, err := tx.eventRows(ctx, []*telling{g})
	if err != nil {
		return err
	}
	var b strings.Builder
	var args []any
	if g.to.kind == "user" {
		b.WriteString(`WITH raised AS (` + raiseUser + `)`)
		args = append(args, len(rows), g.delta, g.to.id)
	} else {
		b.WriteString(`WITH raised AS (` + raiseStream + `)`)
		args = append(args, g.to.id, g.to.kind, len(rows))
	}
	more, must := last(&b, tx.lastly)
	args = append(args, more...)
	b.WriteByte(' ')
	b.WriteString(insertEvent)
	for i, r := range rows {
		if i > 0 {
			b.WriteString(` UNION ALL`)
		}
		b.WriteString(` SELECT CAST(? AS uuid), stream_seq + CAST(? AS bigint), CAST(? AS uuid), CAST(? AS text), CAST(? AS text), CAST(? AS uuid), CAST(? AS uuid), CAST(? AS text), CAST(? AS jsonb)`)
		args = append(args, r.StreamID, r.Seq, r.EventID, r.Kind, r.SubjectKind, r.SubjectID, r.ActorID, string(r.Visibility), string(r.Payload))
		if r.unread != nil && g.to.kind == "user" {
			b.WriteString(` || jsonb_build_object('unreadCount', unread_count + CAST(? AS bigint))`)
			args = append(args, *r.unread)
		}
		b.WriteString(`, CAST(? AS timestamptz), false, CAST(? AS boolean) FROM raised`)
		if must {
			b.WriteString(` WHERE EXISTS (SELECT 1 FROM taken)`)
		}
		args = append(args, r.CreatedAt, r.heard)
	}
	n, err := tx.Exec(ctx, b.String(), args...)
	if err == nil && n == 0 {
		if err = sql.ErrNoRows; must {
			return errAgain
		}
	}
	if err != nil {
		return fmt.Errorf("tell stream %s %s: %w", g.to.kind, g.to.id, err)
	}
	return nil
}

// raisePeople raises the numbers of many people at once; their rows are locked
// by ascending id first, as everybody does.
func (tx *Tx) raisePeople(ctx context.Context, all []*telling) error {
	ids, events, deltas := make([]string, len(all)), make([]int64, len(all)), make([]int64, len(all))
	for i, g := range all {
		ids[i], events[i], deltas[i] = g.to.id.String(), int64(len(g.tales)), g.delta
	}
	if _, err := tx.lockPeople(ctx, ids); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `UPDATE users SET stream_seq = stream_seq + t.events, unread_count = unread_count + t.delta
		FROM unnest(CAST(? AS uuid[]), CAST(? AS bigint[]), CAST(? AS bigint[])) AS t(id, events, delta) WHERE users.id = t.id
		RETURNING users.id, stream_seq, unread_count`, pq.Array(ids), pq.Array(events), pq.Array(deltas))
	if err != nil {
		return fmt.Errorf("tell %d people: %w", len(all), err)
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var last, unread int64
		if err := rows.Scan(&id, &last, &unread); err != nil {
			return err
		}
		i, _ := slices.BinarySearchFunc(all, id, func(g *telling, id uuid.UUID) int { return slices.Compare(g.to.id[:], id[:]) })
		all[i].last, all[i].unread = last, unread
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("tell %d people: %w", len(all), err)
	}
	for _, g := range all {
		if g.last == 0 {
			return fmt.Errorf("tell stream %s %s: %w", g.to.kind, g.to.id, sql.ErrNoRows)
		}
	}
	return nil
}

// lockPeople holds people's rows, by ascending id, and says who is there.
func (tx *Tx) lockPeople(ctx context.Context, ids []string) (map[uuid.UUID]bool, error) {
	rows, err := tx.Query(ctx, `SELECT id FROM users WHERE id = ANY(CAST(? AS uuid[])) ORDER BY id FOR UPDATE`, pq.Array(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	people := map[uuid.UUID]bool{}
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		people[id] = true
	}
	return people, rows.Err()
}

// insertEvents writes many events in one statement whose text is always the same.
func (tx *Tx) insertEvents(ctx context.Context, rows []eventRow) error {
	n := len(rows)
	streams, ids, subjects := make([]string, n), make([]string, n), make([]string, n)
	kinds, subjectKinds, visibilities, payloads := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	seqs, heard := make([]int64, n), make([]bool, n)
	for i, r := range rows {
		streams[i], seqs[i], ids[i], kinds[i], subjectKinds[i] = r.StreamID.String(), r.Seq, r.EventID.String(), r.Kind, r.SubjectKind
		subjects[i], visibilities[i], payloads[i], heard[i] = r.SubjectID.String(), string(r.Visibility), string(r.Payload), r.heard
	}
	_, err := tx.Exec(ctx, insertEvent+` SELECT t.stream_id, t.seq, t.event_id, t.kind, t.subject_kind, t.subject_id, CAST(? AS uuid), t.visibility, CAST(t.payload AS jsonb), CAST(? AS timestamptz), false, t.heard
		FROM unnest(CAST(? AS uuid[]), CAST(? AS bigint[]), CAST(? AS uuid[]), CAST(? AS text[]), CAST(? AS text[]), CAST(? AS uuid[]), CAST(? AS text[]), CAST(? AS text[]), CAST(? AS boolean[]))
		AS t(stream_id, seq, event_id, kind, subject_kind, subject_id, visibility, payload, heard)`, rows[0].ActorID, rows[0].CreatedAt,
		pq.Array(streams), pq.Array(seqs), pq.Array(ids), pq.Array(kinds), pq.Array(subjectKinds), pq.Array(subjects), pq.Array(visibilities), pq.Array(payloads), pq.Array(heard))
	if err != nil {
		return fmt.Errorf("tell %d events: %w", n, err)
	}
	return nil
}
