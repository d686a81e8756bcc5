package ledger

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Posting is what an entry is made of; the book adds the rest.
type Posting struct {
	Kind     ledgerentry.Kind
	Amount   int64              // how many; which way is the verb's business
	Bucket   ledgerentry.Bucket // ACTIVE when empty
	Contra   string             // the House's account on the other side: Issued, Spent …
	Parent   *uuid.UUID         // the entry that it is about
	Order    *uuid.UUID
	Transfer *uuid.UUID
	Cause    string         // why, once for ever in the account
	Explain  map[string]any // whole numbers, texts, booleans, objects and arrays; no fraction
	Note     *string
	Clock    bool  // nobody acted
	Short    Short // of a reversal: what happens where less is left

	contraBucket ledgerentry.ContraBucket // of this account, where there is no Contra
}

// post writes an entry of a signed amount and tells of it. lots is by how much
// the open lots of the bucket must change: less than the amount where a debt is
// paid or made, since lots hold what is above zero.
func (b *Book) post(ctx context.Context, p Posting) (e *ent.LedgerEntry, lots int64, err error) {
	a := b.acc
	if p.Bucket == "" {
		p.Bucket = ledgerentry.BucketACTIVE
	}
	e = &ent.LedgerEntry{
		ID: uuid.Must(uuid.NewV7()), CreatedAt: b.tx.Now, OwnerID: a.OwnerID, AccountID: a.ID, Seq: a.Seq + 1, TransferID: p.Transfer,
		Kind: p.Kind, Amount: p.Amount, Bucket: p.Bucket, ContraID: a.ID, ContraBucket: p.contraBucket, Unit: a.Unit,
		ParentID: p.Parent, OrderID: p.Order, CauseKey: p.Cause, Explain: p.Explain, Note: p.Note, ActorID: b.actor,
	}
	if p.Clock {
		e.ActorID = nil
	}
	if p.Contra != "" && p.Amount > scalar.MaxPoints-max(a.Active, 0)-a.Pending-a.Held {
		return nil, 0, outOfRange() // what moves between the buckets later must fit as well
	}
	before := max(*b.bucket(string(p.Bucket)), 0)
	if err := b.add(string(p.Bucket), p.Amount); err != nil {
		return nil, 0, err
	}
	lots = max(*b.bucket(string(p.Bucket)), 0) - before
	if p.Contra != "" {
		e.ContraID, e.ContraBucket = systemID(a.Unit, p.Contra), ledgerentry.ContraBucketACTIVE
	} else if err := b.add(string(p.contraBucket), -p.Amount); err != nil {
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

func (b *Book) bucket(name string) *int64 {
	switch name {
	case "PENDING":
		return &b.acc.Pending
	case "HELD":
		return &b.acc.Held
	}
	return &b.acc.Active
}

// add keeps every counter within what a client's number holds exactly.
func (b *Book) add(bucket string, n int64) error {
	at := b.bucket(bucket)
	sum, ok := scalar.AddMinor(*at, n)
	if !ok || sum > scalar.MaxPoints || sum < -scalar.MaxPoints {
		return outOfRange()
	}
	*at = sum
	return nil
}

func outOfRange() error {
	return fault.ErrOutOfRange.At("input", "amount").With("min", -int64(scalar.MaxPoints)).With("max", int64(scalar.MaxPoints))
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
	_, err := tx.Exec(ctx, `INSERT INTO ledger_entries (id, created_at, owner_id, account_id, seq, transfer_id, kind, amount, bucket, contra_id, contra_bucket,
		unit, balance_after, parent_id, order_id, cause_key, explain, note, actor_id, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.CreatedAt, e.OwnerID, e.AccountID, e.Seq, e.TransferID, string(e.Kind), e.Amount, string(e.Bucket), e.ContraID, string(e.ContraBucket),
		e.Unit, e.BalanceAfter, e.ParentID, e.OrderID, e.CauseKey, explain, e.Note, e.ActorID, e.Hash)
	return err
}
