package notify

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// OnPointsTransferred tells both members of a gift of points. An exchange
// between programmes one has made oneself.
func (i *Inbox) OnPointsTransferred(ctx context.Context, tx *store.Tx, e event.Stored, f event.PointsTransferred) error {
	entry, err := tx.LedgerEntry.Query().Where(ledgerentry.ID(f.EntryID)).
		Select(ledgerentry.FieldKind, ledgerentry.FieldExplain, ledgerentry.FieldNote).Only(viewer.AsSystem(ctx, "notify.hear"))
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil || entry.Kind != ledgerentry.KindTRANSFER || entry.Explain["exchange"] == true {
		return err
	}
	n := note{typ: "points.sent", severity: entnotification.SeverityINFO}
	if f.Amount > 0 {
		n = note{typ: "points.received", severity: entnotification.SeveritySUCCESS}
		if entry.Note != nil {
			n.text = "points.received_with_note"
		}
	}
	return i.givePointsWith(ctx, tx, e, f.PointsMove, n, map[string]any{"note": entry.Note})
}

// givePointsWith is givePoints with more to say.
func (i *Inbox) givePointsWith(ctx context.Context, tx *store.Tx, e event.Stored, m event.PointsMove, n note, more map[string]any) error {
	n.topic = entnotification.TopicBONUS
	n.params = map[string]any{"count": max(m.Amount, -m.Amount), "balance": m.Balance, "pending": m.Pending}
	for k, v := range more {
		if text, ok := v.(*string); ok {
			if text == nil {
				continue
			}
			v = *text
		}
		n.params[k] = v
	}
	return i.give(ctx, tx, e, m.OwnerID, n)
}

// OnPointsExpiring tells the owner of an account what he will lose, and when;
// nobody of a company's.
func (i *Inbox) OnPointsExpiring(ctx context.Context, tx *store.Tx, e event.Stored, f event.PointsExpiring) error {
	return i.give(ctx, tx, e, f.OwnerID, note{
		topic: entnotification.TopicBONUS, typ: "points.expiring", severity: entnotification.SeverityWARNING,
		params: map[string]any{"count": f.Amount, "on": day(f.DueAt)},
	})
}
