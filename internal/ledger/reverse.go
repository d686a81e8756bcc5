package ledger

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

var (
	// ErrAlreadyReversed says that an entry is reversed at most once.
	ErrAlreadyReversed = fault.New(fault.Refused, "ALREADY_REVERSED")
	// ErrNotReversible says that an entry of this kind is undone in another way;
	// params.kind.
	ErrNotReversible = fault.New(fault.Refused, "NOT_REVERSIBLE")
)

// Short says what a reversal does where less is left than it takes back.
type Short uint8

// The ways to be short.
const (
	ShortRefused  Short = iota // it is refused
	ShortForgiven              // the House pays for what is missing
	ShortOwed                  // the account goes below zero; what comes next pays the debt
	ShortLeft                  // nothing is taken back of what is active already
)

// Forgiven marks, in explain, the correction that pays for what a return may
// not take.
const Forgiven = "forgiven"

// Replace marks, in explain, the accrual of what stands, and says in that of the
// reversal how much it is.
const (
	Kept  = "kept"
	Stays = "stays"
)

// Reverse undoes an ACCRUAL, ADJUSTMENT or TOPUP, at most once: what it gave is
// taken back, out of its own lot first, less what has expired of it; what it
// took is put back into its lots. p.Short says what happens where less is left.
// It gives nil where nothing is there to be taken back.
// Faults: NOT_FOUND, ALREADY_REVERSED, NOT_REVERSIBLE,
// TOO_FEW_POINTS and INSUFFICIENT_FUNDS with ShortRefused.
func (b *Book) Reverse(ctx context.Context, entry uuid.UUID, p Posting) (*ent.LedgerEntry, error) {
	w, err := b.reversible(ctx, entry)
	if err != nil {
		return nil, err
	}
	if p, err = b.undo(p, w); err != nil {
		return nil, err
	}
	if w.amount < 0 {
		return b.reverseLoss(ctx, w, p)
	}
	own, err := b.ownLot(ctx, w.id)
	if err != nil {
		return nil, err
	}
	return b.reverse(ctx, own.whole(w), own, p)
}

// Replace lets n stand of what an ACCRUAL gave and undoes the rest: n is
// accrued again with the bucket and the due time that the points have, then the
// old accrual is reversed whole, once. So returns in parts, repeated and out of
// order converge: each says what the order still earns. It gives nil entries
// where no less stands than before. p is what Reverse takes, with the new
// accrual's Explain; p.Cause is the reversal's. Faults: as of Reverse.
func (b *Book) Replace(ctx context.Context, accrual uuid.UUID, n int64, p Posting) (kept, reversed *ent.LedgerEntry, err error) {
	w, err := b.reversible(ctx, accrual)
	if err != nil {
		return nil, nil, err
	}
	if w.kind != ledgerentry.KindACCRUAL {
		return nil, nil, ErrNotReversible.With("kind", string(w.kind))
	}
	if p, err = b.undo(p, w); err != nil {
		return nil, nil, err
	}
	own, err := b.ownLot(ctx, w.id)
	if err != nil {
		return nil, nil, err
	}
	whole := own.whole(w)
	if n >= whole || p.Short == ShortLeft && !own.waits() {
		return nil, nil, nil
	}
	if n > 0 {
		if kept, err = b.keep(ctx, &own, n, p); err != nil {
			return nil, nil, err
		}
	}
	p.Explain = nil
	if n > 0 {
		p.Explain = map[string]any{Stays: n}
	}
	reversed, err = b.reverse(ctx, whole, own, p)
	return kept, reversed, err
}

// keep accrues again what stands of an accrual; the new lot is the second from
// which the reversal takes.
func (b *Book) keep(ctx context.Context, own *earnedLot, n int64, p Posting) (*ent.LedgerEntry, error) {
	p.Explain = maps.Clone(p.Explain)
	if p.Explain == nil {
		p.Explain = map[string]any{}
	}
	p.Explain[Kept] = true
	p.Kind, p.Amount, p.Bucket, p.Cause, p.Parent = ledgerentry.KindACCRUAL, n, ledgerentry.BucketACTIVE, p.Cause+":keep", nil
	if own.waits() {
		p.Bucket = ledgerentry.BucketPENDING
	}
	due := own.due
	if own.id == uuid.Nil { // a debt took it all
		t, err := b.books.terms(ctx, b.tx, b.acc, nil)
		if err != nil {
			return nil, err
		}
		due = t.expires(b.tx.Now)
	}
	e, lots, err := b.post(ctx, p)
	if err != nil {
		return nil, err
	}
	own.kept, err = b.fillOne(ctx, e, lots, due, nil)
	return e, err
}

// reversible reads an entry and refuses those that are undone already.
func (b *Book) reversible(ctx context.Context, id uuid.UUID) (w written, err error) {
	if w, err = b.entry(ctx, id); err != nil {
		return w, err
	}
	switch w.kind {
	case ledgerentry.KindACCRUAL, ledgerentry.KindADJUSTMENT, ledgerentry.KindTOPUP:
	default:
		return w, ErrNotReversible.With("kind", string(w.kind))
	}
	var done bool
	err = b.tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM ledger_entries WHERE parent_id = ? AND kind = 'REVERSAL')`, id).Scan(&done)
	if err == nil && done {
		err = ErrAlreadyReversed
	}
	return w, err
}

// reverse takes n back that came with a lot.
func (b *Book) reverse(ctx context.Context, n int64, own earnedLot, p Posting) (*ent.LedgerEntry, error) {
	p.Kind, p.Amount, p.Bucket = ledgerentry.KindREVERSAL, n, ledgerentry.BucketACTIVE
	if n == 0 { // all of it has expired
		return nil, nil
	}
	if own.waits() { // nobody could spend any
		p.Bucket = ledgerentry.BucketPENDING
		return b.takeOut(ctx, p, own.first()...)
	}
	short := n - spendable(b.acc)
	switch {
	case p.Short == ShortLeft:
		return nil, nil
	case short <= 0:
	case p.Short == ShortRefused:
		return nil, TooFew(b.acc.Unit, spendable(b.acc))
	case p.Short == ShortOwed:
		b.acc.Floor = -scalar.MaxPoints
	default:
		if err := b.forgive(ctx, short, p); err != nil {
			return nil, err
		}
	}
	return b.takeOut(ctx, p, own.first()...)
}

// forgive pays for points that were spent already, so that the whole accrual
// can be reversed: what a later return may still take is then plain, and what
// forgiving cost is summed up in the House's account of corrections.
func (b *Book) forgive(ctx context.Context, n int64, p Posting) error {
	e, lots, err := b.post(ctx, Posting{
		Kind: ledgerentry.KindADJUSTMENT, Amount: n, Contra: Adjusted, Order: p.Order, Cause: p.Cause + ":forgive",
		Explain: map[string]any{Forgiven: true}, Clock: p.Clock,
	})
	if err != nil {
		return err
	}
	return b.fill(ctx, e, lots, nil, nil)
}

// reverseLoss puts back what a correction took.
func (b *Book) reverseLoss(ctx context.Context, w written, p Posting) (*ent.LedgerEntry, error) {
	p.Kind, p.Amount, p.Bucket = ledgerentry.KindREVERSAL, -w.amount, ledgerentry.BucketACTIVE
	e, lots, err := b.post(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := b.restore(ctx, e, w.id, lots); err != nil {
		return nil, err
	}
	_, err = b.settle(ctx, 0)
	return e, err
}

// earnedLot is where an accrual's points lie now: the lot it made, or the one
// that came out of it.
type earnedLot struct {
	id        uuid.UUID
	bucket    ledgerlot.Bucket
	remaining int64
	due       *time.Time
	expired   int64     // of its points
	kept      uuid.UUID // the lot of what stands
}

// waits says whether nobody could spend any yet.
func (l earnedLot) waits() bool { return l.bucket == ledgerlot.BucketPENDING && l.remaining > 0 }

// whole is what can be taken back of an entry: what expired is gone already.
func (l earnedLot) whole(w written) int64 {
	if l.waits() {
		return l.remaining
	}
	return w.amount - l.expired
}

func (l earnedLot) first() (ids []lotID) {
	for _, id := range []lotID{l.id, l.kept} {
		if id != uuid.Nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func (b *Book) ownLot(ctx context.Context, accrual uuid.UUID) (l earnedLot, err error) {
	const lotOf = `SELECT l.id, l.bucket, l.remaining, l.due_at FROM ledger_lots l `
	scan := func(query string, args ...any) error {
		return b.tx.QueryRow(ctx, lotOf+query, args...).Scan(&l.id, &l.bucket, &l.remaining, dbTimeOrNull{&l.due})
	}
	err = scan(`JOIN ledger_lot_moves m ON m.lot_id = l.id WHERE m.entry_id = ?`, accrual)
	if err == nil && l.bucket == ledgerlot.BucketPENDING && l.remaining == 0 {
		err = scan(`WHERE l.origin_id = ? AND l.account_id = ? AND l.bucket = 'ACTIVE'`, l.id, b.acc.ID)
	}
	if errors.Is(err, sql.ErrNoRows) { // a debt took them all
		return earnedLot{}, nil
	}
	if err != nil {
		return l, err
	}
	// What a refund gave back with days of grace lies in lots that came out of it.
	err = b.tx.QueryRow(ctx, `WITH RECURSIVE own(id) AS (SELECT id FROM ledger_lots WHERE id = ?
			UNION SELECT g.id FROM own o JOIN ledger_lots g ON g.origin_id = o.id WHERE g.account_id = ? AND g.bucket = 'ACTIVE')
		SELECT CAST(coalesce(-sum(m.amount), 0) AS bigint) FROM own o JOIN ledger_lot_moves m ON m.lot_id = o.id
		JOIN ledger_entries e ON e.id = m.entry_id WHERE e.kind = 'EXPIRY'`, l.id, b.acc.ID).Scan(&l.expired)
	return l, err
}
