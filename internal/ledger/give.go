package ledger

import (
	"context"
	"time"

	"entgo.io/ent/dialect"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
)

// Give writes an entry that brings p.Amount into its bucket, as a lot that
// falls due then: nil is never. What pays a debt makes no lot.
// Faults: OUT_OF_RANGE.
func (b *Book) Give(ctx context.Context, p Posting, due *time.Time) (*ent.LedgerEntry, error) {
	p.Amount = abs(p.Amount)
	e, lots, err := b.post(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := b.fill(ctx, e, lots, due, nil); err != nil {
		return nil, err
	}
	return e, b.slides(ctx, e)
}

// Take writes an entry that takes p.Amount out of the account, out of the lots
// that fall due first. Faults: TOO_FEW_POINTS, INSUFFICIENT_FUNDS.
func (b *Book) Take(ctx context.Context, p Posting) (*ent.LedgerEntry, error) {
	p.Amount = abs(p.Amount)
	if b.Available() < p.Amount {
		return nil, TooFew(b.acc.Unit, b.Available())
	}
	return b.takeOut(ctx, p)
}

// takeOut takes whatever is there, first out of the lots named.
func (b *Book) takeOut(ctx context.Context, p Posting, first ...lotID) (*ent.LedgerEntry, error) {
	p.Amount = -abs(p.Amount)
	e, lots, err := b.post(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := b.take(ctx, e, -lots, first...); err != nil {
		return nil, err
	}
	return e, b.slides(ctx, e)
}

// GiveAndClose is Give and Close in as few journeys as can be.
func (b *Book) GiveAndClose(ctx context.Context, p Posting, due *time.Time) (*ent.LedgerEntry, error) {
	return b.atOnce(ctx, func(ctx context.Context) (*ent.LedgerEntry, error) { return b.Give(ctx, p, due) })
}

// TakeAndClose is Take and Close in as few journeys as can be.
func (b *Book) TakeAndClose(ctx context.Context, p Posting) (*ent.LedgerEntry, error) {
	return b.atOnce(ctx, func(ctx context.Context) (*ent.LedgerEntry, error) { return b.Take(ctx, p) })
}

// TakeLast is TakeAndClose whose writes go with the events, at the end of the
// transaction, so that others wait less for the account: nothing may read them
// before. That its cause was there already is said by InTx then. The quick way
// takes from the lot that falls due first where it holds more than that; else
// the transaction is begun again, and goes the long way.
func (b *Book) TakeLast(ctx context.Context, p Posting) (e *ent.LedgerEntry, err error) {
	t, err := b.books.terms(ctx, b.tx, b.acc, nil)
	if err != nil {
		return nil, err
	}
	quick := b.tx.Store().Dialect() == dialect.Postgres && b.tx.FirstTry() && b.acc.Kind != ledgeraccount.KindCREDIT
	if !quick || t.Sliding || b.dueMoved {
		return b.TakeAndClose(ctx, p)
	}
	p.Amount = abs(p.Amount)
	if b.Available() < p.Amount {
		return nil, TooFew(b.acc.Unit, b.Available())
	}
	err = b.tx.Last(ctx, func(ctx context.Context) error {
		p.Amount = -p.Amount
		if e, _, err = b.post(ctx, p); err != nil {
			return err
		}
		_, err := b.tx.Exec(ctx, `taken:UPDATE ledger_lots SET remaining = remaining + ?, updated_at = ? WHERE remaining > ? AND id = (SELECT id FROM ledger_lots
			WHERE account_id = ? AND bucket = 'ACTIVE' AND remaining > 0 ORDER BY due_at NULLS LAST, id LIMIT 1) RETURNING id`, p.Amount, b.tx.Now, -p.Amount, b.acc.ID)
		if err != nil {
			return err
		}
		_, err = b.tx.Exec(ctx, `INSERT INTO ledger_lot_moves (entry_id, lot_id, amount) SELECT CAST(? AS uuid), id, CAST(? AS bigint) FROM taken`, e.ID, p.Amount)
		if err != nil {
			return err
		}
		return b.Close(ctx)
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// atOnce sends what write writes as one statement, and the counters too unless
// another lot may be the next due: that is seen only once the lots are written.
func (b *Book) atOnce(ctx context.Context, write func(ctx context.Context) (*ent.LedgerEntry, error)) (e *ent.LedgerEntry, err error) {
	_, err = b.tx.AtOnce(ctx, func(ctx context.Context) error {
		var err error
		if e, err = write(ctx); err != nil || b.dueMoved || b.sliding != nil {
			return err
		}
		return b.Close(ctx)
	})
	if err != nil {
		return nil, err
	}
	return e, b.Close(ctx)
}

// slides notes that the owner earned or spent: where the account's terms slide,
// Close lets all his active lots live on as if they came now.
func (b *Book) slides(ctx context.Context, e *ent.LedgerEntry) error {
	switch e.Kind {
	case ledgerentry.KindACCRUAL, ledgerentry.KindREDEMPTION, ledgerentry.KindCAPTURE, ledgerentry.KindTRANSFER:
	default:
		return nil
	}
	t, err := b.books.terms(ctx, b.tx, b.acc, nil)
	if err == nil && t.Sliding {
		b.sliding = t.expires(b.tx.Now)
	}
	return err
}

// slide moves the due times of the active lots on, never back.
func (b *Book) slide(ctx context.Context) error {
	if b.sliding == nil {
		return nil
	}
	due := cut(*b.sliding)
	_, err := b.tx.Exec(ctx, `UPDATE ledger_lots SET due_at = ?, updated_at = ? WHERE account_id = ? AND bucket = 'ACTIVE' AND remaining > 0 AND due_at < ?`,
		due, b.tx.Now, b.acc.ID, due)
	b.sliding, b.dueMoved = nil, true
	return err
}

func abs(n int64) int64 { return max(n, -n) }
