package delivery

import (
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// What a provider says of a message that it took.
const (
	SaidDelivered = "message.delivered" // it arrived
	SaidBounced   = "message.bounced"   // it came back, or will never arrive
	SaidOpened    = "message.opened"
	SaidClicked   = "message.clicked"
)

// Said is one word of a provider on one message, which it names by our id or by
// its own.
type Said struct {
	Type    string
	Channel string
	ID      string // dly_…; empty: Ref
	Ref     string
	At      time.Time // when it happened; zero: now
	Gone    bool      // of SaidBounced: nobody is at the address any more
}

// Known says whether a word is one of those that are heard.
func Known(word string) bool {
	return word == SaidDelivered || word == SaidBounced || word == SaidOpened || word == SaidClicked
}

// ErrTooEarly says that a provider's word came before our own note that he took
// the message: it is worth saying again in a moment.
var ErrTooEarly = errors.New("delivery: the message is under way yet")

// Hear takes a word of a provider, as often as it comes: the first time of each
// counts. found is false where the message is none of ours, was not sent, or was
// sent again since under another id. Its error may be ErrTooEarly.
//
// How a message stands on its way and what the person did with it are two
// things: that it was opened says nothing of the first.
func (d *Deliveries) Hear(ctx context.Context, s Said) (found bool, err error) {
	ctx = asSystem(ctx)
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		found = false
		row, err := saidOf(ctx, tx, s)
		if row == nil || err != nil || s.ID != "" && s.ID != takenID(row) {
			return err
		}
		found = true
		at := tx.Now
		if !s.At.IsZero() && s.At.Before(tx.Now) {
			at = latest(s.At, *row.SentAt)
		}
		switch s.Type {
		case SaidDelivered:
			return arrived(ctx, tx, row, at)
		case SaidBounced:
			return d.bounced(ctx, tx, row, s.Gone)
		}
		return engaged(ctx, tx, row, s.Type, at)
	})
	return found, err
}

// saidOf finds the message that a word is about, and holds it; nil for none
// that was sent.
func saidOf(ctx context.Context, tx *store.Tx, s Said) (*ent.Delivery, error) {
	q := tx.Delivery.Query().Where(entdelivery.ChannelEQ(entdelivery.Channel(s.Channel)), tx.Locking())
	switch {
	case s.ID != "":
		id, err := scalar.ParseID(BareID(s.ID))
		if err != nil || id.Prefix != prefix {
			return nil, nil
		}
		q.Where(entdelivery.ID(id.UUID))
	case s.Channel == telegram || s.Channel == webPush: // numbers of one chat, and the word of whom anybody may name
		return nil, nil
	default:
		q.Where(entdelivery.ProviderRef(s.Ref), entdelivery.SentAtNotNil())
	}
	all, err := q.Order(entdelivery.ByID(sql.OrderDesc())).Limit(1).All(ctx) // who counts from 1 again means the last one
	switch {
	case err != nil || len(all) == 0:
		return nil, err
	case all[0].SentAt != nil:
		return all[0], nil
	case stillWaits(all[0].Status) && all[0].Tries > 0:
		return nil, ErrTooEarly
	}
	return nil, nil
}

// arrived moves SENT to DELIVERED, of all that went in the message.
func arrived(ctx context.Context, tx *store.Tx, row *ent.Delivery, at time.Time) error {
	return tx.Delivery.Update().Where(entdelivery.UserID(row.UserID), entdelivery.Or(entdelivery.ID(row.ID), entdelivery.SentWithID(row.ID)), entdelivery.StatusEQ(entdelivery.StatusSENT)).
		SetStatus(entdelivery.StatusDELIVERED).SetDeliveredAt(at).Exec(ctx)
}

// bounced moves SENT to DEAD, of all that went in the message: the next steps of
// their escalations look at once. One that is known to have arrived stays so.
func (d *Deliveries) bounced(ctx context.Context, tx *store.Tx, row *ent.Delivery, gone bool) error {
	if gone {
		if err := d.endAddress(ctx, tx, row, row.EndpointID); err != nil {
			return err
		}
	}
	if row.Status != entdelivery.StatusSENT {
		return nil
	}
	with, err := tx.Delivery.Query().Where(entdelivery.UserID(row.UserID), entdelivery.SentWithID(row.ID), entdelivery.StatusEQ(entdelivery.StatusSENT)).All(ctx)
	if err != nil {
		return err
	}
	reason := entdelivery.StatusReasonREFUSED
	if gone {
		reason = entdelivery.StatusReasonGONE
	}
	all := append([]*ent.Delivery{row}, with...)
	if err := tx.Delivery.Update().Where(entdelivery.IDIn(ids(all)...)).SetStatus(entdelivery.StatusDEAD).SetStatusReason(reason).Exec(ctx); err != nil {
		return err
	}
	return hurryAll(ctx, tx, row.UserID, notesOf(all), row.Step)
}

// engaged notes what the person did first.
func engaged(ctx context.Context, tx *store.Tx, row *ent.Delivery, word string, at time.Time) error {
	all := tx.Delivery.Update().Where(entdelivery.UserID(row.UserID), entdelivery.Or(entdelivery.ID(row.ID), entdelivery.SentWithID(row.ID)))
	if word == SaidOpened {
		return all.Where(entdelivery.OpenedAtIsNil()).SetOpenedAt(at).Exec(ctx)
	}
	return all.Where(entdelivery.ClickedAtIsNil()).SetClickedAt(at).Exec(ctx)
}

// Returned notes that a letter came back, as a report says that came to us by
// mail; final where the other server has given up, gone where it says that there
// is no such mailbox. Whoever calls has proven that the letter was one of ours.
func (d *Deliveries) Returned(ctx context.Context, tx *store.Tx, id uuid.UUID, final, gone bool) (found bool, err error) {
	ctx = asSystem(ctx)
	row, err := saidOf(ctx, tx, Said{Channel: email, ID: scalar.ID{Prefix: prefix, UUID: id}.String()})
	if errors.Is(err, ErrTooEarly) { // a report waits for nobody
		return false, nil
	}
	if row == nil || !final || err != nil {
		return row != nil, err
	}
	return true, d.bounced(ctx, tx, row, gone)
}
