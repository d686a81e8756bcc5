package broadcast

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entbroadcast "kabinet/ent/generated/broadcast"
	"kabinet/internal/notify/preference"
	"kabinet/internal/store"
)

// Progress is how far a broadcast is; nil before it began.
func (b *Broadcasts) Progress(one *ent.Broadcast) *BroadcastProgress {
	return progress(one, b.Store.Now())
}

func progress(one *ent.Broadcast, now time.Time) *BroadcastProgress {
	if one.BeganAt == nil || one.Total == nil {
		return nil
	}
	p := &BroadcastProgress{Total: *one.Total, Done: one.Done, Skipped: one.Skipped}
	switch {
	case one.Status == entbroadcast.StatusDONE:
		p.Percent = 100
	case p.Total > 0: // people may have come since it was counted
		p.Percent = min(99, p.Done*100/p.Total)
	}
	end := now
	if one.EndedAt != nil {
		end = *one.EndedAt
	}
	if took := end.Sub(*one.BeganAt); took >= time.Second {
		p.PerMinute = int(float64(p.Done) / took.Minutes())
	} else {
		p.PerMinute = p.Done
	}
	return p
}

// Results are what became of a broadcast, by channel: of the feed always, of the
// others where something was planned. Two statements for a page of them.
func (b *Broadcasts) Results(ctx context.Context, one *ent.Broadcast) ([]*BroadcastResult, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	return b.results.Load(ctx, one.ID, b.resultsOf)
}

func (b *Broadcasts) resultsOf(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]*BroadcastResult, error) {
	marks, args := `?`+strings.Repeat(`, ?`, len(ids)-1), make([]any, len(ids))
	of := make(map[uuid.UUID]map[Channel]*BroadcastResult, len(ids))
	for i, id := range ids {
		args[i], of[id] = id, map[Channel]*BroadcastResult{preference.InApp: {Channel: preference.InApp}}
	}
	var id uuid.UUID
	var r BroadcastResult
	keep := func() {
		row := r
		of[id][r.Channel] = &row
	}
	err := b.each(ctx, []any{&id, &r.Planned, &r.Skipped, &r.Delivered, &r.Opened, &r.Clicked}, func() {
		r.Channel, r.Sent = preference.InApp, r.Planned-r.Skipped
		keep()
	}, `SELECT broadcast_id, count(*), sum(CASE WHEN archived_at = created_at THEN 1 ELSE 0 END), count(seen_at), count(read_at), count(interacted_at)
		FROM notifications WHERE broadcast_id IN (`+marks+`) GROUP BY broadcast_id`, args...)
	if err != nil {
		return nil, err
	}
	err = b.each(ctx, []any{&id, &r.Channel, &r.Planned, &r.Sent, &r.Delivered, &r.Opened, &r.Clicked, &r.Waiting, &r.Skipped, &r.Failed}, keep,
		`SELECT n.broadcast_id, d.channel, count(*), count(d.sent_at), count(d.delivered_at), count(d.opened_at), count(d.clicked_at),
			sum(CASE WHEN d.status IN ('HELD', 'QUEUED', 'FAILED') THEN 1 ELSE 0 END), sum(CASE WHEN d.status = 'SKIPPED' THEN 1 ELSE 0 END), sum(CASE WHEN d.status = 'DEAD' THEN 1 ELSE 0 END)
		FROM notifications n JOIN deliveries d ON d.notification_id = n.id WHERE n.broadcast_id IN (`+marks+`) GROUP BY n.broadcast_id, d.channel`, args...)
	if err != nil {
		return nil, err
	}
	all := make(map[uuid.UUID][]*BroadcastResult, len(ids))
	for id, by := range of {
		for _, c := range preference.Channels() {
			if r := by[Channel(c)]; r != nil {
				all[id] = append(all[id], r)
			}
		}
	}
	return all, nil
}

// each scans the rows of a query one after another into the same places.
func (b *Broadcasts) each(ctx context.Context, into []any, row func(), query string, args ...any) error {
	rows, err := b.Store.Query(ctx, query, args...)
	if err != nil {
		return store.Translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return store.Translate(err)
		}
		row()
	}
	return store.Translate(rows.Err())
}

// Narrowed are the channels that a broadcast is narrowed to; nil: none of them
// is left out. A broadcast that has begun does not change.
func Narrowed(ctx context.Context, c *ent.Client, id uuid.UUID) ([]string, error) {
	one, err := c.Broadcast.Query().Where(entbroadcast.ID(id)).Select(entbroadcast.FieldChannels).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return one.Channels, nil
}
