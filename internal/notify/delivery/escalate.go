package delivery

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/store"
)

// escalation says whether a step of an escalation has a reason to go; nil: it
// does. It waits for the messages of the steps before it.
func (d *Deliveries) escalation(ctx context.Context, tx *store.Tx, s *sending) (*verdict, error) {
	set := s.sets[0]
	if s.row.Step > len(set.Escalation) {
		return skip(entdelivery.StatusReasonNOT_WANTED), nil // the House has taken the step back
	}
	rule := set.Escalation[s.row.Step-1]
	before, err := tx.Delivery.Query().Where(entdelivery.NotificationID(s.row.NotificationID), entdelivery.UserID(s.row.UserID), entdelivery.StepLT(s.row.Step)).All(ctx)
	if err != nil {
		return nil, err
	}
	return useful(rule.Unless, time.Duration(rule.After)*time.Second, s.notes[0], before, tx.Now), nil
}

// useful is the rule of it. before are the messages of the steps before.
func useful(unless string, after time.Duration, n *ent.Notification, before []*ent.Delivery, now time.Time) *verdict {
	if unless == unlessRead && (n.ReadAt != nil || n.InteractedAt != nil) {
		return skip(entdelivery.StatusReasonREAD)
	}
	wait := time.Time{}
	for _, b := range before {
		switch {
		case unless == unlessDelivered && b.Status == entdelivery.StatusDELIVERED:
			return skip(entdelivery.StatusReasonESCALATION)
		case stillWaits(b.Status) && b.DueAt != nil:
			wait = latest(wait, b.DueAt.Add(after))
		case stillWaits(b.Status):
			wait = latest(wait, now.Add(after))
		case b.SentAt != nil && b.Status != entdelivery.StatusDEAD:
			wait = latest(wait, b.SentAt.Add(after))
		}
	}
	if wait.After(now) {
		return holdOn(entdelivery.StatusReasonESCALATION, wait)
	}
	return nil
}

const (
	unlessRead      = "READ"
	unlessDelivered = "DELIVERED"
)

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// hurry makes the next steps look at once: the message was of no use.
func hurry(ctx context.Context, tx *store.Tx, s *sending) error {
	return hurryAll(ctx, tx, s.row.UserID, notesOf(s.rows), s.row.Step)
}

func hurryAll(ctx context.Context, tx *store.Tx, user uuid.UUID, notes []uuid.UUID, step int) error {
	return tx.Delivery.Update().Where(entdelivery.UserID(user), entdelivery.NotificationIDIn(notes...), entdelivery.StepGT(step),
		entdelivery.StatusEQ(entdelivery.StatusHELD), entdelivery.StatusReasonEQ(entdelivery.StatusReasonESCALATION)).SetDueAt(tx.Now).Exec(ctx)
}

func notesOf(rows []*ent.Delivery) []uuid.UUID {
	all := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		all[i] = r.NotificationID
	}
	return all
}
