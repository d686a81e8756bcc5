package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/internal/fault"
)

// Activate lets a pending lot be spent from now on: it lives on as its terms
// say, from now. Faults: NOT_FOUND where it is not there or waits no more.
func (b *Book) Activate(ctx context.Context, lot uuid.UUID, p Posting) (*ent.LedgerEntry, error) {
	l, err := b.openLot(ctx, lot, ledgerlot.BucketPENDING)
	if err != nil {
		return nil, err
	}
	t, err := b.books.terms(ctx, b.tx, b.acc, l.explain)
	if err != nil {
		return nil, err
	}
	p.Kind, p.Amount, p.Bucket = ledgerentry.KindACTIVATION, l.remaining, ledgerentry.BucketACTIVE
	p.Contra, p.contraBucket, p.Parent, p.Order = "", ledgerentry.ContraBucketPENDING, &l.entry, l.order
	e, lots, err := b.post(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := b.emptyLot(ctx, e, l); err != nil {
		return nil, err
	}
	return e, b.fill(ctx, e, lots, t.expires(b.tx.Now), &l.id)
}

// Prolong lets an active lot live until a later time, nil is for ever.
// Faults: NOT_FOUND where it is not there or empty, OUT_OF_RANGE where it lives
// longer already.
func (b *Book) Prolong(ctx context.Context, lot uuid.UUID, until *time.Time) error {
	l, err := b.openLot(ctx, lot, ledgerlot.BucketACTIVE)
	if err != nil {
		return err
	}
	if until != nil {
		at := cut(*until)
		until = &at
	}
	if l.due.IsZero() || until != nil && !until.After(l.due) {
		return fault.ErrOutOfRange.At("input", "until").With("min", l.due.Format(time.RFC3339Nano))
	}
	_, err = b.tx.Exec(ctx, `UPDATE ledger_lots SET due_at = ?, updated_at = ? WHERE id = ?`, until, b.tx.Now, lot)
	b.dirty, b.dueMoved = true, true
	return err
}

// openLot reads a lot of this account in which something is left.
func (b *Book) openLot(ctx context.Context, id uuid.UUID, bucket ledgerlot.Bucket) (l dueLot, err error) {
	l.id, l.bucket = id, bucket
	var due *time.Time
	err = b.tx.QueryRow(ctx, `SELECT l.entry_id, l.remaining, l.due_at, e.order_id, e.explain FROM ledger_lots l JOIN ledger_entries e ON e.id = l.entry_id
		WHERE l.id = ? AND l.account_id = ? AND l.bucket = ? AND l.remaining > 0`, id, b.acc.ID, string(bucket)).
		Scan(&l.entry, &l.remaining, dbTimeOrNull{&due}, &l.order, &l.explain)
	if errors.Is(err, sql.ErrNoRows) {
		return l, fault.ErrNotFound
	}
	if due != nil {
		l.due = *due
	}
	return l, err
}
