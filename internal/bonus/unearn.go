package bonus

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// forgiven marks, in explain, the correction that pays for what a return may
// not take.
const forgiven = "forgiven"

// orderEntry is an entry about an order, as far as undoing it goes.
type orderEntry struct {
	id, account uuid.UUID
	kind        ledgerentry.Kind
	amount      int64
	explain     []byte
}

// UnearnForOrder undoes what an order did to points when it is cancelled, in
// the transaction that cancels it, whose row the caller holds locked: what was
// spent on it comes back, into the lots it was taken from; what it earned is
// taken back as the programme's return policy says. Done again it does nothing.
func (p *Points) UnearnForOrder(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	entries, err := entriesOf(ctx, tx, o.ID)
	if err != nil {
		return err
	}
	for len(entries) > 0 { // an account at a time, by ascending id
		n := 1
		for n < len(entries) && entries[n].account == entries[0].account {
			n++
		}
		if err := p.unearn(ctx, tx, o.ID, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// entriesOf lists an order's redemptions and accruals, by account, redemptions
// first: what comes back is there to be taken.
func entriesOf(ctx context.Context, tx *store.Tx, order uuid.UUID) ([]orderEntry, error) {
	rows, err := tx.Query(ctx, `SELECT id, account_id, kind, amount, explain FROM ledger_entries
		WHERE order_id = ? AND kind IN ('ACCRUAL', 'REDEMPTION') ORDER BY account_id, seq`, order)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var entries []orderEntry
	for rows.Next() {
		var e orderEntry
		if err := rows.Scan(&e.id, &e.account, &e.kind, &e.amount, &e.explain); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b orderEntry) int {
		return cmp.Or(slices.Compare(a.account[:], b.account[:]), -cmp.Compare(a.kind, b.kind))
	})
	return entries, rows.Err()
}

func (p *Points) unearn(ctx context.Context, tx *store.Tx, order uuid.UUID, entries []orderEntry) error {
	b, err := p.lockBook(ctx, tx, viewer.From(ctx).Actor(), `id = ?`, entries[0].account)
	if b == nil && err == nil {
		err = fmt.Errorf("bonus: account %s of order %s is not there", entries[0].account, order)
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.kind == ledgerentry.KindREDEMPTION {
			err = p.refund(ctx, b, order, e)
		} else {
			err = p.reverse(ctx, b, order, e)
		}
		if err != nil {
			return err
		}
	}
	return b.close(ctx)
}

// refund gives back what is left of a redemption. Lots that fell due meanwhile
// expire again.
func (p *Points) refund(ctx context.Context, b *book, order uuid.UUID, r orderEntry) error {
	var back int64
	err := b.tx.QueryRow(ctx, `SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE order_id = ? AND kind = 'REFUND' AND parent_id = ?`, order, r.id).Scan(&back)
	if err != nil || -r.amount <= back {
		return err
	}
	e, lots, err := b.post(ctx, posting{
		kind: ledgerentry.KindREFUND, amount: -r.amount - back, bucket: ledgerentry.BucketACTIVE, contra: spent,
		parent: &r.id, order: &order, cause: fmt.Sprintf("order:%s:cancel:refund:%s", order, r.id),
	})
	if err != nil {
		return err
	}
	if err := b.restore(ctx, e, r.id, lots); err != nil {
		return err
	}
	return p.settle(ctx, b)
}

// reverse takes back what an order earned, once.
func (p *Points) reverse(ctx context.Context, b *book, order uuid.UUID, a orderEntry) error {
	var done bool
	err := b.tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM ledger_entries WHERE parent_id = ? AND kind = 'REVERSAL')`, a.id).Scan(&done)
	if err != nil || done {
		return err
	}
	own, err := ownLot(ctx, b, a.id)
	if err != nil {
		return err
	}
	back := posting{
		kind: ledgerentry.KindREVERSAL, amount: -a.amount, bucket: ledgerentry.BucketACTIVE, contra: issued,
		parent: &a.id, order: &order, cause: fmt.Sprintf("order:%s:cancel:reverse:%s", order, a.id),
	}
	if own.bucket == ledgerlot.BucketPENDING && own.remaining > 0 { // nobody could spend any
		back.bucket, back.amount = ledgerentry.BucketPENDING, -own.remaining
		return b.postAndTake(ctx, back, ledgerlot.BucketPENDING, own.id)
	}
	prog, err := p.decidedBy(ctx, b, a.explain)
	if err != nil {
		return err
	}
	back.amount += own.expired // those were taken already
	if back.amount == 0 || prog.ReturnPolicy == bonusprogram.ReturnPolicyPENDING_ONLY {
		return nil
	}
	short := -back.amount - max(b.acc.Active, 0)
	if short > 0 && prog.ReturnPolicy == bonusprogram.ReturnPolicyALLOW_NEGATIVE {
		b.acc.Floor = -scalar.MaxPoints
	} else if short > 0 {
		if err := b.forgive(ctx, order, a.id, short); err != nil {
			return err
		}
	}
	return b.postAndTake(ctx, back, ledgerlot.BucketACTIVE, own.id)
}

// forgive pays for points that were spent already, so that the whole accrual
// can be reversed: what a later return may still take is then plain, and what
// forgiving cost is summed up in the House's account of corrections.
func (b *book) forgive(ctx context.Context, order, accrual uuid.UUID, n int64) error {
	e, lots, err := b.post(ctx, posting{
		kind: ledgerentry.KindADJUSTMENT, amount: n, bucket: ledgerentry.BucketACTIVE, contra: adjusted,
		order: &order, cause: fmt.Sprintf("order:%s:cancel:forgive:%s", order, accrual), explain: map[string]any{forgiven: true},
	})
	if err != nil {
		return err
	}
	return b.fill(ctx, e, lots, nil, nil)
}

// postAndTake writes an entry that loses points, taken from first before others.
func (b *book) postAndTake(ctx context.Context, p posting, bucket ledgerlot.Bucket, first uuid.UUID) error {
	e, lots, err := b.post(ctx, p)
	if err != nil {
		return err
	}
	return b.take(ctx, e.ID, bucket, -lots, first)
}

// earnedLot is where an accrual's points lie now: the lot it made, or the one
// that came out of it.
type earnedLot struct {
	id        uuid.UUID
	bucket    ledgerlot.Bucket
	remaining int64
	expired   int64 // of its points
}

func ownLot(ctx context.Context, b *book, accrual uuid.UUID) (l earnedLot, err error) {
	const lotOf = `SELECT l.id, l.bucket, l.remaining FROM ledger_lots l `
	err = b.tx.QueryRow(ctx, lotOf+`JOIN ledger_lot_moves m ON m.lot_id = l.id WHERE m.entry_id = ?`, accrual).Scan(&l.id, &l.bucket, &l.remaining)
	if err == nil && l.bucket == ledgerlot.BucketPENDING && l.remaining == 0 {
		err = b.tx.QueryRow(ctx, lotOf+`WHERE l.account_id = ? AND l.origin_id = ?`, b.acc.ID, l.id).Scan(&l.id, &l.bucket, &l.remaining)
	}
	if errors.Is(err, sql.ErrNoRows) { // a debt took them all
		return earnedLot{}, nil
	}
	if err != nil {
		return l, err
	}
	err = b.tx.QueryRow(ctx, `SELECT coalesce(-sum(m.amount), 0) FROM ledger_lot_moves m JOIN ledger_entries e ON e.id = m.entry_id
		WHERE m.lot_id = ? AND e.kind = 'EXPIRY'`, l.id).Scan(&l.expired)
	return l, err
}
