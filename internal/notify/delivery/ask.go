package delivery

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/notify/preference"
	"kabinet/internal/store"
)

// sending is a message that may go now.
type sending struct {
	row    *ent.Delivery
	person *person
	notes  []*ent.Notification // what it tells of, the oldest first
	rows   []*ent.Delivery     // those that go with it, of a digest; itself first
	place  uuid.UUID           // of the address
	open   func() (string, error)
	link   bool // it may be ended by one click
	sets   []preference.Setting
}

// verdict is what becomes of a message that does not go now.
type verdict struct {
	status entdelivery.Status
	reason entdelivery.StatusReason
	due    time.Time // of HELD
}

func skip(reason entdelivery.StatusReason) *verdict {
	return &verdict{status: entdelivery.StatusSKIPPED, reason: reason}
}

func holdOn(reason entdelivery.StatusReason, due time.Time) *verdict {
	return &verdict{status: entdelivery.StatusHELD, reason: reason, due: due}
}

// ask asks everything again at the moment of sending: what was true when a
// message was planned may be so no more. It gives nil where the message does
// not go now, and has noted why.
func (d *Deliveries) ask(ctx context.Context, tx *store.Tx, args deliver) (*sending, error) {
	row, err := tx.Delivery.Query().Where(entdelivery.ID(args.Delivery), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || row.Round != args.Round || row.Status != entdelivery.StatusQUEUED {
		return nil, err
	}
	if left := underWay(row, tx.Now); left > 0 { // another job of the same message
		return nil, busy{left}
	}
	s := &sending{row: row}
	if s.rows, err = claim(ctx, tx, row); err != nil {
		return nil, err
	}
	if row.Tries >= triesOfRound { // each ended without a word: its process died, or could not note what came of it
		return nil, d.dead(ctx, tx, s, row.Update(), entdelivery.StatusReasonTRIES_SPENT)
	}
	commercial, err := d.commercial(ctx, tx, s.rows)
	if err != nil {
		return nil, err
	}
	if s.person, err = d.person(ctx, tx, row.UserID, commercial); err != nil {
		return nil, err
	}
	if err := d.sift(ctx, tx, s); err != nil {
		return nil, err
	}
	if !slices.Contains(s.rows, row) { // it is of no use itself; those that would have gone with it look for another
		return nil, disband(ctx, tx, row)
	}
	v, err := d.judge(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	if v != nil {
		return nil, d.note(ctx, tx, s, v)
	}
	return s, begin(ctx, tx, s)
}

// begin notes that a provider is going to be asked, and where it goes: not where
// it was planned to, where the person has moved.
func begin(ctx context.Context, tx *store.Tx, s *sending) (err error) {
	if s.place != s.row.EndpointID {
		_, err = tx.Exec(ctx, `UPDATE deliveries SET endpoint_id = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.notification_id = ? AND o.channel = ? AND o.endpoint_id = ?)`,
			s.place, s.row.ID, s.row.NotificationID, string(s.row.Channel), s.place)
		if err != nil {
			return err
		}
	}
	s.row, err = s.row.Update().SetTries(s.row.Tries + 1).SetAskedAt(tx.Now).Save(ctx)
	s.rows[0] = s.row
	return err
}

// lease is for how long a message is taken to be on its way to a provider whose
// answer nobody noted: longer than a job may run, shorter than until it is
// rescued.
const lease = 2 * time.Minute

// underWay is how long a message is taken to be on its way yet.
func underWay(row *ent.Delivery, now time.Time) time.Duration {
	if row.AskedAt == nil {
		return 0
	}
	return row.AskedAt.Add(lease).Sub(now)
}

// busy says that a message is on its way by another job.
type busy struct{ left time.Duration }

// Error implements error.
func (b busy) Error() string { return "delivery: under way already" }

// commercial says whether one of the rows is advertising.
func (d *Deliveries) commercial(ctx context.Context, tx *store.Tx, rows []*ent.Delivery) (bool, error) {
	for _, r := range rows {
		set, _, err := d.Preferences.Settings.Of(ctx, tx.Client, r.Type) // in memory
		if err != nil || set.Commercial {
			return set.Commercial, err
		}
	}
	return false, nil
}

// mostTold bounds what one message tells of: the next one tells of the rest.
const mostTold = 500

// claim gathers what goes in one message with a row: all that is due by its key
// and was claimed by no other. What an id tells of is settled before a provider
// hears of it: a later try tells nothing else.
func claim(ctx context.Context, tx *store.Tx, row *ent.Delivery) ([]*ent.Delivery, error) {
	all := []*ent.Delivery{row}
	if row.DigestKey == nil {
		return all, nil
	}
	if row.Tries == 0 {
		_, err := tx.Exec(ctx, `UPDATE deliveries SET sent_with_id = ?, updated_at = ? WHERE id IN (SELECT id FROM deliveries
			WHERE user_id = ? AND digest_key = ? AND status = 'HELD' AND sent_with_id IS NULL AND due_at <= ? AND id <> ? ORDER BY id LIMIT ?)`,
			row.ID, tx.Now, row.UserID, *row.DigestKey, tx.Now, row.ID, mostTold-1)
		if err != nil {
			return nil, err
		}
	}
	with, err := tx.Delivery.Query().Where(entdelivery.UserID(row.UserID), entdelivery.SentWithID(row.ID), entdelivery.StatusEQ(entdelivery.StatusHELD)).
		Order(entdelivery.ByID()).All(ctx)
	return append(all, with...), err
}

// disband lets those that a row had claimed go by another one.
func disband(ctx context.Context, tx *store.Tx, row *ent.Delivery) error {
	_, err := tx.Exec(ctx, `UPDATE deliveries SET sent_with_id = NULL, updated_at = ? WHERE user_id = ? AND sent_with_id = ? AND status = 'HELD'`, tx.Now, row.UserID, row.ID)
	return err
}

// sift drops the rows that are of no use any more, with the reason, and reads
// the notifications of the others.
func (d *Deliveries) sift(ctx context.Context, tx *store.Tx, s *sending) error {
	ids := make([]uuid.UUID, len(s.rows))
	for i, r := range s.rows {
		ids[i] = r.NotificationID
	}
	by, err := notes(ctx, tx, ids)
	if err != nil {
		return err
	}
	var good []*ent.Delivery
	gone := map[entdelivery.StatusReason][]uuid.UUID{}
	for _, r := range s.rows {
		set, _, err := d.Preferences.Settings.Of(ctx, tx.Client, r.Type) // in memory
		if err != nil {
			return err
		}
		if reason := useless(r, by[r.NotificationID], s.person, set, tx.Now); reason != "" {
			gone[reason] = append(gone[reason], r.ID)
			continue
		}
		good = append(good, r)
		s.notes, s.sets = append(s.notes, by[r.NotificationID]), append(s.sets, set)
	}
	s.rows = good
	for reason, ids := range gone { // one statement a reason, of which there are few
		err := tx.Delivery.Update().Where(entdelivery.IDIn(ids...)).SetStatus(entdelivery.StatusSKIPPED).SetStatusReason(reason).ClearDueAt().ClearSentWithID().Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// useless says why a message is not sent any more; empty: it is.
func useless(r *ent.Delivery, n *ent.Notification, p *person, set preference.Setting, now time.Time) entdelivery.StatusReason {
	switch {
	case n == nil || p == nil:
		return entdelivery.StatusReasonGONE
	case r.ExpiresAt != nil && !r.ExpiresAt.After(now):
		return entdelivery.StatusReasonEXPIRED
	case !takes(p, set):
		return entdelivery.StatusReasonNOT_WANTED
	}
	d := wants(p.Notify, set, string(r.Channel), p.agreed[string(r.Channel)])
	switch {
	case d.Wanted, r.Step > 0 && escalates(d):
		return ""
	case d.Source == preference.SourceNoConsent:
		return entdelivery.StatusReasonNO_CONSENT
	}
	return entdelivery.StatusReasonNOT_WANTED
}

// judge looks at what concerns the message as a whole; nil: it goes.
func (d *Deliveries) judge(ctx context.Context, tx *store.Tx, s *sending) (*verdict, error) {
	if s.row.Step > 0 {
		if v, err := d.escalation(ctx, tx, s); v != nil || err != nil {
			return v, err
		}
	}
	if !d.sends(string(s.row.Channel)) {
		return skip(entdelivery.StatusReasonNOT_CONFIGURED), nil
	}
	required := s.sets[0].RequiredOn(string(s.row.Channel))
	if until, quiet := preference.QuietUntil(quietOf(s.person.Notify), s.person.TimeZone, tx.Now); quiet && !required {
		return holdOn(entdelivery.StatusReasonQUIET_HOURS, until), nil
	}
	s.link = !required
	all, err := d.addressesOf(ctx, tx, s.person, string(s.row.Channel))
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		// Of mail and phone a person has one address a channel: whatever it was
		// when the message was planned, it goes to where he is now.
		if a.id == s.row.EndpointID || !pushed(s.row.Channel) || s.row.EndpointID == s.row.NotificationID { // there was none when it was planned
			s.place, s.open = a.id, a.open
			return nil, nil
		}
	}
	if s.row.EndpointID == s.row.NotificationID {
		return skip(entdelivery.StatusReasonNO_ADDRESS), nil
	}
	return skip(entdelivery.StatusReasonGONE), nil
}

// note writes a verdict down. What is of no use by this channel may be of use by
// the next.
func (d *Deliveries) note(ctx context.Context, tx *store.Tx, s *sending, v *verdict) error {
	u := s.row.Update().SetStatus(v.status).SetStatusReason(v.reason).ClearAskedAt()
	if v.status == entdelivery.StatusHELD {
		return u.SetDueAt(v.due).Exec(ctx)
	}
	if err := u.ClearDueAt().Exec(ctx); err != nil {
		return err
	}
	if err := d.end(ctx, tx, s, v.status, v.reason); err != nil || !unreachable(v.reason) {
		return err
	}
	return hurry(ctx, tx, s)
}

// unreachable says that a person cannot be reached by the channel, whatever he
// wants.
func unreachable(r entdelivery.StatusReason) bool {
	return r == entdelivery.StatusReasonNO_ADDRESS || r == entdelivery.StatusReasonGONE || r == entdelivery.StatusReasonNOT_CONFIGURED
}

// end ends those that go with a message as it ended itself.
func (d *Deliveries) end(ctx context.Context, tx *store.Tx, s *sending, status entdelivery.Status, reason entdelivery.StatusReason) error {
	if len(s.rows) < 2 {
		return nil
	}
	return tx.Delivery.Update().Where(entdelivery.IDIn(ids(s.rows[1:])...)).SetStatus(status).SetStatusReason(reason).ClearDueAt().Exec(ctx)
}

func ids(rows []*ent.Delivery) []uuid.UUID {
	all := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		all[i] = r.ID
	}
	return all
}
