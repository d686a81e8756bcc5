package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// told is an event as the log has it.
type told struct {
	event     uuid.UUID
	kind      string
	subject   uuid.UUID
	toAll     bool
	occurred  int64 // microseconds of the epoch
	committed int64 // nanoseconds of the epoch; 0: not known
}

// truth is what everybody had to receive: each stream, from its first event.
type truth map[uuid.UUID][]told

// watchCommits has the database note in which transaction each event was
// written: the row of the log itself is written again when it is relayed.
func (w *world) watchCommits(ctx context.Context) error {
	_, err := w.db.ExecContext(ctx, `CREATE SCHEMA chaos;
		CREATE TABLE chaos.commits (stream_id uuid NOT NULL, seq bigint NOT NULL);
		CREATE FUNCTION chaos.note() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN INSERT INTO chaos.commits SELECT stream_id, seq FROM fresh; RETURN NULL; END $$;
		CREATE TRIGGER chaos_note AFTER INSERT ON account_events REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION chaos.note()`)
	return err
}

// afterwards is how long the clients are listened to when they have all: a
// repeat would come now.
const afterwards = 2 * time.Second

// settle waits until the log rests and every client has all of it, and then for
// repeats. It gives how many clients have not all when the patience is over.
func (w *world) settle(ctx context.Context, f *fleet) (late int, err error) {
	if err := w.allUp(ctx, append(w.instances, w.broker)...); err != nil {
		return 0, err
	}
	var before map[uuid.UUID]int64
	for limit := time.Now().Add(w.patience); ; {
		heads, waiting, err := w.heads(ctx)
		if err == nil {
			late = 0
			for _, c := range f.clients {
				if !c.reached(heads) {
					late++
				}
			}
			if late == 0 && waiting == 0 && maps.Equal(heads, before) {
				return 0, sleep(ctx, afterwards)
			}
			before = heads
		}
		if time.Now().After(limit) {
			if late == 0 {
				err = errors.Join(err, fmt.Errorf("the log does not come to rest: %d events wait", waiting))
			}
			return late, err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// heads are the numbers that the streams have come to, and how many events
// wait to be relayed or heard.
func (w *world) heads(ctx context.Context) (heads map[uuid.UUID]int64, waiting int, err error) {
	if err := w.db.QueryRowContext(ctx, `SELECT count(*) FROM account_events WHERE NOT relayed OR NOT heard`).Scan(&waiting); err != nil {
		return nil, 0, err
	}
	rows, err := w.db.QueryContext(ctx, `SELECT id, stream_seq FROM users WHERE stream_seq > 0 UNION ALL SELECT id, stream_seq FROM streams`)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	heads = map[uuid.UUID]int64{}
	for rows.Next() {
		var id uuid.UUID
		var seq int64
		if err := rows.Scan(&id, &seq); err != nil {
			return nil, 0, err
		}
		heads[id] = seq
	}
	return heads, waiting, rows.Err()
}

// truth reads the log of all streams that anybody follows. A hole in it is an
// error: numbers are dense, and as many as the counter says.
func (w *world) truth(ctx context.Context) (truth, error) {
	var ids []string
	for _, id := range w.house.streams() {
		ids = append(ids, id.String())
	}
	rows, err := w.db.QueryContext(ctx, `SELECT e.stream_id, e.seq, e.event_id, e.kind, e.subject_id, e.visibility = 'ALL', e.created_at, pg_xact_commit_timestamp(c.xmin)
		FROM account_events e LEFT JOIN chaos.commits c USING (stream_id, seq) WHERE e.stream_id = ANY(CAST($1 AS uuid[])) ORDER BY e.stream_id, e.seq`, pq.Array(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := truth{}
	for rows.Next() {
		var stream uuid.UUID
		var seq int64
		var t told
		var occurred time.Time
		var committed sql.NullTime
		if err := rows.Scan(&stream, &seq, &t.event, &t.kind, &t.subject, &t.toAll, &occurred, &committed); err != nil {
			return nil, err
		}
		if want := int64(len(all[stream])) + 1; seq != want {
			return nil, fmt.Errorf("the log itself has a hole: stream %s has %d where %d was due", stream, seq, want)
		}
		if t.occurred = occurred.UnixMicro(); committed.Valid {
			t.committed = committed.Time.UnixNano()
		}
		all[stream] = append(all[stream], t)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	heads, _, err := w.heads(ctx)
	for stream, log := range all {
		if err == nil && heads[stream] != int64(len(log)) {
			err = fmt.Errorf("stream %s counts %d events and has %d", stream, heads[stream], len(log))
		}
	}
	return all, err
}

// shown says which events of a client's stream he is told in full: of the
// others only the cursor moves. What stands on both his streams he is told on
// his own.
func (t truth) shown(streams []uuid.UUID) [][]bool {
	own := map[uuid.UUID]bool{}
	for _, e := range t[streams[0]] {
		own[e.event] = true
	}
	all := make([][]bool, len(streams))
	for i, id := range streams {
		all[i] = make([]bool, len(t[id]))
		for k, e := range t[id] {
			all[i][k] = e.toAll && (i == 0 || !own[e.event])
		}
	}
	return all
}

// effects compares what the writers were promised with what is there.
func (w *world) effects(ctx context.Context, t truth, p *writers) (missing, doubled int, err error) {
	rows, err := w.db.QueryContext(ctx, `SELECT user_id, count(*) FROM orders WHERE user_id IS NOT NULL GROUP BY user_id`)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	orders := map[uuid.UUID]int{}
	for rows.Next() {
		var id uuid.UUID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return 0, 0, err
		}
		orders[id] = n
	}
	count := func(want, got int) {
		missing += max(0, want-got)
		doubled += max(0, got-want)
	}
	for i, who := range w.house.people {
		gifts := 0
		for _, e := range t[who.id] {
			if e.kind == "points.adjusted" {
				gifts++
			}
		}
		count(p.gifts[i], gifts)
		count(p.orders[i], orders[who.id])
	}
	return missing, doubled, rows.Err()
}
