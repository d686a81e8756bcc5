package bonus

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// posting is what an entry is made of; the book adds the rest.
type posting struct {
	kind         ledgerentry.Kind
	amount       int64
	bucket       ledgerentry.Bucket
	contra       string // the name of a House account; empty: the other bucket of this account
	contraBucket ledgerentry.ContraBucket
	parent       *uuid.UUID
	order        *uuid.UUID
	cause        string
	explain      map[string]any
	note         *string
	clock        bool // nobody acted
}

// post writes an entry and tells of it. lots is by how much the open lots of
// the bucket must change: less than the amount where a debt is paid or made,
// since lots hold what is above zero.
func (b *book) post(ctx context.Context, p posting) (e *ent.LedgerEntry, lots int64, err error) {
	a := b.acc
	e = &ent.LedgerEntry{
		ID: uuid.Must(uuid.NewV7()), CreatedAt: b.tx.Now, OwnerID: a.OwnerID, AccountID: a.ID, Seq: a.Seq + 1,
		Kind: p.kind, Amount: p.amount, Bucket: p.bucket, ContraID: a.ID, ContraBucket: p.contraBucket, Unit: a.Unit,
		ParentID: p.parent, OrderID: p.order, CauseKey: p.cause, Explain: p.explain, Note: p.note, ActorID: b.actor,
	}
	if p.clock {
		e.ActorID = nil
	}
	before := max(*b.bucket(string(p.bucket)), 0)
	if err := b.add(string(p.bucket), p.amount); err != nil {
		return nil, 0, err
	}
	lots = max(*b.bucket(string(p.bucket)), 0) - before
	if p.contra != "" {
		e.ContraID, e.ContraBucket = systemID(a.Unit, p.contra), ledgerentry.ContraBucketACTIVE
	} else if err := b.add(string(p.contraBucket), -p.amount); err != nil {
		return nil, 0, err
	}
	e.BalanceAfter = a.Active + a.Held
	if e.Hash, err = hashEntry(a.HeadHash, e); err != nil {
		return nil, 0, err
	}
	a.Seq, a.HeadHash, b.dirty = e.Seq, e.Hash, true
	if err := insertEntry(ctx, b.tx, e); err != nil {
		return nil, 0, err
	}
	b.tell(ctx, e)
	return e, lots, nil
}

func (b *book) bucket(name string) *int64 {
	switch name {
	case "PENDING":
		return &b.acc.Pending
	case "HELD":
		return &b.acc.Held
	}
	return &b.acc.Active
}

// add keeps every counter within what a client's number holds exactly.
func (b *book) add(bucket string, n int64) error {
	at := b.bucket(bucket)
	sum, ok := scalar.AddMinor(*at, n)
	if !ok || sum > scalar.MaxPoints || sum < -scalar.MaxPoints {
		return fault.ErrOutOfRange.At("input", "amount").With("min", -int64(scalar.MaxPoints)).With("max", int64(scalar.MaxPoints))
	}
	*at = sum
	return nil
}

func insertEntry(ctx context.Context, tx *store.Tx, e *ent.LedgerEntry) error {
	var explain *string
	if len(e.Explain) > 0 {
		plain, err := canonicalJSON(e.Explain)
		if err != nil {
			return err
		}
		text := string(plain)
		explain = &text
	}
	_, err := tx.Exec(ctx, `INSERT INTO ledger_entries (id, created_at, owner_id, account_id, seq, kind, amount, bucket, contra_id, contra_bucket,
		unit, balance_after, parent_id, order_id, cause_key, explain, note, actor_id, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.CreatedAt, e.OwnerID, e.AccountID, e.Seq, string(e.Kind), e.Amount, string(e.Bucket), e.ContraID, string(e.ContraBucket),
		e.Unit, e.BalanceAfter, e.ParentID, e.OrderID, e.CauseKey, explain, e.Note, e.ActorID, e.Hash)
	return err
}

// tell puts the entry on its owner's stream, with the counters after it. A
// company's is told to who acted for it too, if he may know its points: not to
// a buyer whose order earned them, nor to staff.
func (b *book) tell(ctx context.Context, e *ent.LedgerEntry) {
	m := event.PointsMove{
		AccountID: e.AccountID, OwnerID: e.OwnerID, EntryID: e.ID, Unit: e.Unit, Amount: e.Amount, Bucket: string(e.Bucket),
		Balance: e.BalanceAfter, Pending: b.acc.Pending, OrderID: e.OrderID,
	}
	to := []store.Stream{store.ToUser(e.OwnerID)}
	if b.acc.UserID == nil { // a company's account
		to[0] = store.ToCompany(e.OwnerID)
		v := viewer.From(ctx)
		knows := max(v.Reach("bonus", "read"), v.Reach("bonus", "write")) >= viewer.ReachOwner
		if e.ActorID != nil && *e.ActorID == v.UserID && v.OwnerID == e.OwnerID && knows {
			to = append(to, store.ToUser(*e.ActorID))
		}
	}
	b.tx.Tell(fact(e.Kind, m), to...)
}

func fact(k ledgerentry.Kind, m event.PointsMove) event.Fact {
	switch k {
	case ledgerentry.KindREDEMPTION:
		return event.PointsRedeemed{PointsMove: m}
	case ledgerentry.KindEXPIRY:
		return event.PointsExpired{PointsMove: m}
	case ledgerentry.KindREFUND, ledgerentry.KindREVERSAL:
		return event.PointsReversed{PointsMove: m}
	case ledgerentry.KindADJUSTMENT:
		return event.PointsAdjusted{PointsMove: m}
	}
	return event.PointsAccrued{PointsMove: m}
}
