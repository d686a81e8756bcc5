package send

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/reminder"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/locale"
	"kabinet/internal/notify"
	"kabinet/internal/store"
)

// RemindersDue reminds people whose time has come, at most limit of them, and
// says how many it looked at. Each is a transaction of its own; several
// instances share the work. It is called by the clock.
func (s *Sending) RemindersDue(ctx context.Context, limit int) (int, error) {
	ctx = asSystem(ctx)
	setting, found, err := s.Preferences.Settings.Of(ctx, s.Store.Client, reminderType)
	if err != nil || !found || !setting.Active {
		return 0, err // they wait until it is turned on again
	}
	rows, err := s.Store.Client.Reminder.Query().Where(reminder.StatusEQ(reminder.StatusWAITING), reminder.DueAtLTE(s.Store.Now())).
		Order(reminder.ByDueAt(), reminder.ByID()).Limit(limit).All(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	for _, r := range rows {
		if failed := s.remind(ctx, r); failed != nil {
			err = errors.Join(err, fmt.Errorf("send: reminder %s: %w", r.ID, failed), s.putOff(ctx, r))
		}
	}
	return len(rows), err
}

// putOff lets a reminder that failed wait a little, so that those after it come
// first.
func (s *Sending) putOff(ctx context.Context, r *ent.Reminder) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Reminder.Update().Where(reminder.ID(r.ID), reminder.StatusEQ(reminder.StatusWAITING), reminder.DueAtLTE(tx.Now)).
			SetDueAt(tx.Now.Add(5 * time.Minute)).Exec(ctx)
	})
}

// errOff rolls a reminder back whose type was turned off: it is told later.
var errOff = errors.New("send: reminders are turned off")

// remind reminds of one, and says when it is due next.
func (s *Sending) remind(ctx context.Context, r *ent.Reminder) error {
	var offer *OfferEnd
	if r.Kind == reminder.KindOFFER_END { // read outside of the transaction, by the domain whose it is
		lang, err := s.Store.Client.User.Query().Where(entuser.ID(r.UserID)).Select(entuser.FieldLocale).Strings(ctx)
		if err != nil {
			return store.Translate(err)
		}
		o, found, err := s.Offer(ctx, r.UserID, *r.SubjectID, strings.Join(lang, ""))
		if err != nil {
			return err
		}
		if found {
			offer = &o
		}
	}
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		now, err := tx.Reminder.Query().Where(reminder.ID(r.ID), tx.Locking()).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return nil
		case err != nil:
			return err
		case now.Status != reminder.StatusWAITING || now.DueAt == nil || now.DueAt.After(tx.Now):
			return nil // another instance was first
		}
		switch now.Kind {
		case reminder.KindPOINTS_EXPIRY:
			return s.remindPoints(ctx, tx, now)
		case reminder.KindOFFER_END:
			return s.remindOffer(ctx, tx, now, offer)
		}
		return s.remindMoment(ctx, tx, now)
	})
	if errors.Is(err, errOff) {
		return nil
	}
	return err
}

// occurrence is one time that a person is reminded.
type occurrence struct {
	of    string // what makes it another one than the last
	text  string // of locale's notify.reminder.<text>.body
	count int64
	on    *time.Time
	more  string
}

// give makes the notification of an occurrence: once, whoever asks again.
// there is false where the person is gone.
func (s *Sending) give(ctx context.Context, tx *store.Tx, r *ent.Reminder, o occurrence) (made, there bool, err error) {
	setting, found, err := s.Preferences.Settings.Of(ctx, tx.Client, reminderType)
	if err != nil {
		return false, true, err
	}
	if !found || !setting.Active {
		return false, true, errOff
	}
	g := notify.Given{
		EventID: uuid.NewSHA1(r.ID, []byte(o.of)), UserID: r.UserID, Type: reminderType, Topic: setting.Topic, Severity: setting.Severity,
		SubjectKind: reminderPrefix, SubjectID: r.ID,
		Say: func(lang, _ string) (title, body string, params map[string]any) {
			params = map[string]any{"title": r.Title}
			if r.Note != nil {
				params["note"] = *r.Note
			}
			if o.on != nil {
				params["count"], params["on"], params["offer"] = o.count, locale.Date(lang, *o.on, r.TimeZone), o.more
			}
			body = locale.Text(lang, "notify.reminder."+o.text+".body", params)
			if r.Note != nil && o.on != nil {
				body += "\n" + *r.Note
			}
			return r.Title, body, params
		},
	}
	if r.SubjectKind != nil && r.SubjectID != nil {
		g.SubjectKind, g.SubjectID = *r.SubjectKind, *r.SubjectID
	}
	id, made, err := s.Inbox.Give(ctx, tx, g)
	return made, id != uuid.Nil, err
}

// remindMoment reminds of a DATE or a SUBJECT. Times that were missed, as by a
// standstill, come as one.
func (s *Sending) remindMoment(ctx context.Context, tx *store.Tx, r *ent.Reminder) error {
	u := tx.Reminder.UpdateOneID(r.ID)
	if gone, err := s.gone(ctx, tx, r); err != nil || gone {
		if err != nil {
			return err
		}
		return u.SetStatus(reminder.StatusGONE).ClearDueAt().Exec(ctx)
	}
	_, there, err := s.give(ctx, tx, r, occurrence{of: "at " + r.DueAt.UTC().Format(time.RFC3339), text: "due"})
	if err != nil {
		return err
	}
	first, err := time.Parse(wallLayout, *r.LocalAt)
	next, again := time.Time{}, false
	if err == nil {
		next, again = nextTime(first, r.Repeats, zoneOf(r.TimeZone), tx.Now)
	}
	u.SetLastAt(tx.Now).AddTimes(1)
	switch {
	case !there:
		u.SetStatus(reminder.StatusGONE).ClearDueAt()
	case again:
		u.SetDueAt(next.UTC())
	default:
		u.SetStatus(reminder.StatusDONE).ClearDueAt()
	}
	return u.Exec(ctx)
}

// gone says whether what a SUBJECT is about is no more.
func (s *Sending) gone(ctx context.Context, tx *store.Tx, r *ent.Reminder) (bool, error) {
	if r.Kind != reminder.KindSUBJECT || r.SubjectKind == nil {
		return false, nil
	}
	table := map[string]string{"prd": "products", "order": "orders", "tkt": "tickets"}[*r.SubjectKind]
	n := 0
	err := tx.QueryRow(ctx, `SELECT count(*) FROM `+table+` WHERE id = ?`, *r.SubjectID).Scan(&n)
	return n == 0, err
}

// expiry is points that expire on a day.
type expiry struct {
	day    string
	at     time.Time
	points int64
}

// remindPoints looks which points expire within the days, and reminds once of
// each day on which some do.
func (s *Sending) remindPoints(ctx context.Context, tx *store.Tx, r *ent.Reminder) error {
	zone := zoneOf(r.TimeZone)
	days, err := expiring(ctx, tx, r, upTo(tx.Now, zone, *r.DaysBefore))
	if err != nil {
		return err
	}
	told, there := 0, true
	for _, e := range days {
		made := false
		if made, there, err = s.give(ctx, tx, r, occurrence{of: "points " + e.day, text: "points", count: e.points, on: &e.at}); err != nil {
			return err
		}
		if made {
			told++
		}
	}
	u := tx.Reminder.UpdateOneID(r.ID).SetDueAt(nextLook(zone, tx.Now).UTC())
	if told > 0 {
		u.SetLastAt(tx.Now).AddTimes(told)
	}
	if !there {
		u.SetStatus(reminder.StatusGONE).ClearDueAt()
	}
	return u.Exec(ctx)
}

// expiring are the points that expire until a moment, by days of the person's
// calendar, the first one first.
func expiring(ctx context.Context, tx *store.Tx, r *ent.Reminder, until time.Time) (all []expiry, err error) {
	query := `SELECT l.due_at, l.remaining FROM ledger_lots l JOIN ledger_accounts a ON a.id = l.account_id
		WHERE a.owner_id = ? AND a.kind = 'BONUS' AND l.bucket = 'ACTIVE' AND l.remaining > 0 AND l.due_at > ? AND l.due_at < ?`
	args := []any{r.UserID, tx.Now, moment(until)}
	if r.SubjectID != nil {
		query, args = query+` AND a.id = ?`, append(args, *r.SubjectID)
	}
	rows, err := tx.Query(ctx, query+` ORDER BY l.due_at, l.id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	zone := zoneOf(r.TimeZone)
	for rows.Next() {
		var e expiry
		if err := rows.Scan(&e.at, &e.points); err != nil {
			return nil, err
		}
		e.day = dayOf(e.at, zone)
		if n := len(all); n > 0 && all[n-1].day == e.day {
			all[n-1].points += e.points
			continue
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// remindOffer reminds so many days before an offer ends, as its end stands now.
// One that he cannot see today, as it is paused or his audience is another, is
// looked for again tomorrow, as long as it is not over.
func (s *Sending) remindOffer(ctx context.Context, tx *store.Tx, r *ent.Reminder, o *OfferEnd) error {
	u := tx.Reminder.UpdateOneID(r.ID)
	over := o != nil && o.EndsAt != nil && !o.EndsAt.After(tx.Now)
	if o == nil { // hidden from him today, or over
		n := 0
		err := tx.QueryRow(ctx, `SELECT count(*) FROM promotions WHERE id = ? AND status <> 'ENDED' AND (ends_at IS NULL OR ends_at > ?)`, *r.SubjectID, tx.Now).Scan(&n)
		if err != nil {
			return err
		}
		over = n == 0
	}
	if over {
		return u.SetStatus(reminder.StatusGONE).ClearDueAt().Exec(ctx)
	}
	zone := zoneOf(r.TimeZone)
	if o == nil || o.EndsAt == nil || !o.EndsAt.Before(upTo(tx.Now, zone, *r.DaysBefore)) {
		return u.SetDueAt(nextLook(zone, tx.Now).UTC()).Exec(ctx)
	}
	_, there, err := s.give(ctx, tx, r, occurrence{of: "offer " + dayOf(*o.EndsAt, zone), text: "offer", on: o.EndsAt, more: strings.TrimSpace(o.Title)})
	if err != nil {
		return err
	}
	status := reminder.StatusDONE
	if !there {
		status = reminder.StatusGONE
	}
	return u.SetStatus(status).ClearDueAt().SetLastAt(tx.Now).AddTimes(1).Exec(ctx)
}
