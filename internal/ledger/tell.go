package ledger

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// tell puts the entry on its owner's stream, with the counters after it. A
// company's is told to who acted for it too, if he may know its points: not to
// a buyer whose order earned them, nor to staff.
func (b *Book) tell(ctx context.Context, e *ent.LedgerEntry) {
	to := []store.Stream{store.ToUser(e.OwnerID)}
	if b.acc.UserID == nil { // a company's account, or a family's
		to[0] = store.ToCompany(e.OwnerID)
		v := viewer.From(ctx)
		resource := "bonus"
		if !IsPoints(e.Unit) {
			resource = "wallet"
		}
		knows := max(v.Reach(resource, "read"), v.Reach(resource, "write")) >= viewer.ReachOwner
		if e.ActorID != nil && *e.ActorID == v.UserID && v.OwnerID == e.OwnerID && knows {
			to = append(to, store.ToUser(*e.ActorID))
		}
	}
	b.tx.Tell(fact(b.acc, e), to...)
}

// fact is what an entry means to those who hear of it.
func fact(a *ent.LedgerAccount, e *ent.LedgerEntry) event.Fact {
	if !IsPoints(e.Unit) {
		return event.WalletChanged{
			AccountID: e.AccountID, OwnerID: e.OwnerID, EntryID: e.ID, Currency: e.Unit, Cause: string(e.Kind), Amount: e.Amount, Bucket: string(e.Bucket),
			Balance: e.BalanceAfter, Available: a.Active, OrderID: e.OrderID, TransferID: e.TransferID,
		}
	}
	m := event.PointsMove{
		AccountID: e.AccountID, OwnerID: e.OwnerID, EntryID: e.ID, Unit: e.Unit, Amount: e.Amount, Bucket: string(e.Bucket),
		Balance: e.BalanceAfter, Pending: a.Pending, Held: a.Held, OrderID: e.OrderID,
	}
	m.Quiet = e.Explain[Kept] == true
	if stays, ok := e.Explain[Stays].(int64); ok {
		m.Net = e.Amount + stays
	}
	switch e.Kind {
	case ledgerentry.KindREDEMPTION, ledgerentry.KindCAPTURE:
		return event.PointsRedeemed{PointsMove: m}
	case ledgerentry.KindEXPIRY:
		return event.PointsExpired{PointsMove: m}
	case ledgerentry.KindREFUND, ledgerentry.KindREVERSAL:
		return event.PointsReversed{PointsMove: m}
	case ledgerentry.KindADJUSTMENT:
		return event.PointsAdjusted{PointsMove: m}
	case ledgerentry.KindHOLD:
		return event.PointsHeld{PointsMove: m}
	case ledgerentry.KindRELEASE:
		return event.PointsReleased{PointsMove: m}
	case ledgerentry.KindTRANSFER, ledgerentry.KindFEE:
		return event.PointsTransferred{PointsMove: m}
	}
	return event.PointsAccrued{PointsMove: m}
}
