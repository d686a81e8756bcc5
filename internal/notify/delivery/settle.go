package delivery

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/ent/schema"
	"kabinet/internal/store"
)

// settle writes down what became of a try: of the message, of those that went
// with it, of its address and of what comes after it.
func (d *Deliveries) settle(ctx context.Context, tx *store.Tx, args deliver, s *sending, o outcome) error {
	row, err := tx.Delivery.Query().Where(entdelivery.ID(args.Delivery), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	u := row.Update().SetAttempts(kept(append(row.Attempts, o.attempts...))).ClearAskedAt()
	if row.Round != args.Round || row.Status != entdelivery.StatusQUEUED {
		return u.Exec(ctx) // somebody ended it or began anew meanwhile; that it was tried stays on record
	}
	switch {
	case o.by != "":
		return d.taken(ctx, tx, s, o, u)
	case o.gone:
		return d.gone(ctx, tx, s, u)
	case o.refused:
		return d.dead(ctx, tx, s, u, entdelivery.StatusReasonREFUSED)
	}
	if s.row.Channel == entdelivery.ChannelWEB_PUSH {
		if err := d.Endpoints.Failed(ctx, tx, s.place); err != nil {
			return err
		}
	}
	wait, again := pause(row.Tries, d.chance(), o.asked)
	if !again {
		return d.dead(ctx, tx, s, u, entdelivery.StatusReasonTRIES_SPENT)
	}
	return u.SetStatus(entdelivery.StatusFAILED).ClearStatusReason().SetDueAt(tx.Now.Add(wait)).Exec(ctx)
}

func kept(all []schema.DeliveryAttempt) []schema.DeliveryAttempt {
	return all[max(len(all)-keptAttempts, 0):]
}

// taken notes that a provider took a message.
func (d *Deliveries) taken(ctx context.Context, tx *store.Tx, s *sending, o outcome, u *ent.DeliveryUpdateOne) error {
	status := entdelivery.StatusSENT
	if o.reply.Delivered {
		status = entdelivery.StatusDELIVERED
		u.SetDeliveredAt(tx.Now)
	}
	if ref := o.reply.Ref; isRef(ref) {
		u.SetProviderRef(ref)
	}
	if err := u.SetStatus(status).ClearStatusReason().ClearDueAt().SetSentAt(tx.Now).SetProvider(o.by).Exec(ctx); err != nil {
		return err
	}
	if len(s.rows) > 1 {
		with := tx.Delivery.Update().Where(entdelivery.IDIn(ids(s.rows[1:])...)).SetStatus(status).ClearStatusReason().ClearDueAt().
			SetSentAt(tx.Now).SetProvider(o.by).SetSentWithID(s.row.ID)
		if o.reply.Delivered {
			with.SetDeliveredAt(tx.Now)
		}
		if err := with.Exec(ctx); err != nil {
			return err
		}
	}
	if pushed(s.row.Channel) {
		if err := d.Endpoints.Reached(ctx, tx, s.place); err != nil {
			return err
		}
	}
	return d.thenStep(ctx, tx, s)
}

// longestRef is in bytes.
const longestRef = 200

// isRef says whether a stranger's name for a message can be kept: PostgreSQL
// takes no text that is not of whole characters, and none with a zero.
func isRef(s string) bool {
	return s != "" && len(s) <= longestRef && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

func pushed(c entdelivery.Channel) bool {
	return c == entdelivery.ChannelWEB_PUSH || c == entdelivery.ChannelMOBILE_PUSH || c == entdelivery.ChannelTELEGRAM
}

// thenStep counts the time of the next step from now.
func (d *Deliveries) thenStep(ctx context.Context, tx *store.Tx, s *sending) error {
	by := map[int][]uuid.UUID{} // notifications, by how long their step waits
	for i, set := range s.sets {
		if s.row.Step < len(set.Escalation) {
			after := set.Escalation[s.row.Step].After
			by[after] = append(by[after], s.rows[i].NotificationID)
		}
	}
	for after, notes := range by { // one statement a wait, of which there are few
		err := tx.Delivery.Update().Where(entdelivery.UserID(s.row.UserID), entdelivery.NotificationIDIn(notes...), entdelivery.Step(s.row.Step+1),
			entdelivery.StatusEQ(entdelivery.StatusHELD), entdelivery.StatusReasonEQ(entdelivery.StatusReasonESCALATION)).SetDueAt(tx.Now.Add(time.Duration(after) * time.Second)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// gone ends the address with the message.
func (d *Deliveries) gone(ctx context.Context, tx *store.Tx, s *sending, u *ent.DeliveryUpdateOne) error {
	if err := d.endAddress(ctx, tx, s.row, s.place); err != nil {
		return err
	}
	return d.dead(ctx, tx, s, u, entdelivery.StatusReasonGONE)
}

// endAddress notes that nobody is at an address that a message was sent to. One
// that was proven since is not meant.
func (d *Deliveries) endAddress(ctx context.Context, tx *store.Tx, row *ent.Delivery, place uuid.UUID) error {
	switch {
	case pushed(row.Channel):
		return d.Endpoints.Gone(ctx, tx, place)
	case row.Channel == entdelivery.ChannelEMAIL:
		sent := tx.Now
		if row.SentAt != nil {
			sent = *row.SentAt
		}
		return tx.ContactPoint.Update().Where(contactpoint.ID(place), contactpoint.UserID(row.UserID), contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.VerifiedAtLTE(sent)).SetBouncedAt(tx.Now).Exec(ctx)
	}
	return nil // a number is only not reached by this channel
}

// dead gives a message up, with those that should have gone with it.
func (d *Deliveries) dead(ctx context.Context, tx *store.Tx, s *sending, u *ent.DeliveryUpdateOne, reason entdelivery.StatusReason) error {
	if err := u.SetStatus(entdelivery.StatusDEAD).SetStatusReason(reason).ClearDueAt().ClearAskedAt().Exec(ctx); err != nil {
		return err
	}
	if err := d.end(ctx, tx, s, entdelivery.StatusDEAD, reason); err != nil {
		return err
	}
	return hurry(ctx, tx, s)
}
