package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/notify/preference"
	"kabinet/internal/store"
)

// Hearers hear of each notification, on its person's own stream, and lock
// nobody else.
func (d *Deliveries) Hearers() []store.Hearer {
	const name = "delivery.NotificationAdded"
	kind := event.NotificationAdded{}.Kind()
	return []store.Hearer{{Name: name, Kinds: []string{kind}, Own: true, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f event.NotificationAdded
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, kind, err)
		}
		return d.OnNotificationAdded(ctx, tx, e, f)
	}}}
}

// OnNotificationAdded plans the messages of a notification: once for each
// channel and address, whoever hears it again.
func (d *Deliveries) OnNotificationAdded(ctx context.Context, tx *store.Tx, e event.Stored, f event.NotificationAdded) error {
	if len(d.Providers) == 0 {
		return nil
	}
	ctx = asSystem(ctx)
	set, found, err := d.Preferences.Settings.Of(ctx, tx.Client, f.Type)
	if err != nil || !found || !set.Active {
		return err
	}
	n, err := tx.Notification.Query().Where(entnotification.ID(f.NotificationID), entnotification.UserID(e.StreamID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil // gone since
	}
	if err != nil {
		return err
	}
	p, err := d.person(ctx, tx, e.StreamID, set.Commercial)
	if err != nil || p == nil || !takes(p, set) {
		return err
	}
	s, err := d.subject(ctx, tx, p, n, set)
	if err != nil {
		return err
	}
	return d.put(ctx, tx, p.ID, s, plan(s))
}

// takes says whether somebody is sent messages at all: who is blocked only hears
// what is required.
func takes(p *person, set preference.Setting) bool {
	return p.Status == entuser.StatusACTIVE || p.Status == entuser.StatusBLOCKED && set.Required
}

// subject reads what the plan looks at. A channel whose addresses nobody could
// need is not asked for.
func (d *Deliveries) subject(ctx context.Context, tx *store.Tx, p *person, n *ent.Notification, set preference.Setting) (subject, error) {
	sends, err := d.sendsOf(ctx, tx, n)
	if err != nil {
		return subject{}, err
	}
	s := subject{now: tx.Now, note: n.ID, typ: n.Type, severity: n.Severity, prefs: p.Notify, zone: p.TimeZone, agreed: p.agreed, set: set, sends: sends, addresses: map[string][]uuid.UUID{}}
	if set.Expires > 0 {
		until := n.CreatedAt.Add(set.Expires)
		s.expires = &until
	}
	steps := map[string]bool{}
	for _, e := range set.Escalation {
		steps[e.Channel] = true
	}
	any := false
	for _, channel := range Channels {
		if !sends(channel) || !steps[channel] && !wants(p.Notify, set, channel, p.agreed[channel]).Wanted {
			continue
		}
		all, err := d.addressesOf(ctx, tx, p, channel)
		if err != nil {
			return s, err
		}
		for _, a := range all {
			s.addresses[channel] = append(s.addresses[channel], a.id)
		}
		any = any || len(all) > 0
	}
	back := remembers(set)
	if !any || back == 0 {
		return s, nil
	}
	s.past, err = lately(ctx, tx, p.ID, n.Type, tx.Now.Add(-back))
	return s, err
}

// remembers is how far back the rules of a type look.
func remembers(set preference.Setting) time.Duration {
	seconds := 0
	if t := set.Throttle; t != nil {
		seconds = t.Seconds
	}
	if b := set.Batch; b != nil {
		seconds = max(seconds, b.Seconds, b.LimitSeconds)
		if b.Kind == preference.Sliding && b.LimitSeconds == 0 {
			seconds = max(seconds, 50*b.Seconds)
		}
		seconds += int(day / time.Second) // quiet hours may hold it on
	}
	return time.Duration(seconds) * time.Second
}

const day = 24 * time.Hour

// put makes the rows of a plan in one statement, and the jobs of those that go
// at once.
func (d *Deliveries) put(ctx context.Context, tx *store.Tx, user uuid.UUID, s subject, rows []planned) error {
	if len(rows) == 0 {
		return nil
	}
	var text strings.Builder
	text.WriteString(`INSERT INTO deliveries (id, created_at, updated_at, user_id, notification_id, type, channel, endpoint_id, status, status_reason, attempts, round, tries, step, digest_key, required, test, due_at, expires_at) VALUES `)
	var args []any
	var jobs []river.InsertManyParams
	for i, r := range rows {
		if i > 0 {
			text.WriteString(`, `)
		}
		text.WriteString(`(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', 1, 0, ?, ?, ?, ?, ?, ?)`)
		id := uuid.Must(uuid.NewV7())
		var reason, key *string
		var due *time.Time
		if r.reason != "" {
			word := string(r.reason)
			reason = &word
		}
		if r.key != "" {
			key = &r.key
		}
		if stillWaits(r.status) {
			due = &r.due
		}
		args = append(args, id, tx.Now, tx.Now, user, s.note, s.typ, r.channel, r.endpoint, string(r.status), reason, r.step, key, r.required, false, due, s.expires)
		if r.status == entdelivery.StatusQUEUED {
			jobs = append(jobs, river.InsertManyParams{Args: deliver{Delivery: id, Round: 1, Channel: r.channel}})
		}
	}
	text.WriteString(` ON CONFLICT (notification_id, channel, endpoint_id) DO NOTHING`)
	if _, err := tx.Exec(ctx, text.String(), args...); err != nil {
		return err
	}
	for _, r := range rows {
		if !r.moves {
			continue
		}
		_, err := tx.Exec(ctx, `UPDATE deliveries SET due_at = ?, updated_at = ? WHERE user_id = ? AND digest_key = ? AND status = 'HELD' AND sent_with_id IS NULL`, r.due, tx.Now, user, r.key)
		if err != nil {
			return err
		}
	}
	return job.EnqueueAll(ctx, tx, jobs)
}
