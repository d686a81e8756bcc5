package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// written is an entry of the book, as far as undoing it goes.
type written struct {
	id     uuid.UUID
	kind   ledgerentry.Kind
	amount int64
	contra uuid.UUID
	order  *uuid.UUID
}

// entry reads an entry of this book. Faults: NOT_FOUND, of another book's too.
func (b *Book) entry(ctx context.Context, id uuid.UUID) (w written, err error) {
	w.id = id
	err = b.tx.QueryRow(ctx, `SELECT kind, amount, contra_id, order_id FROM ledger_entries WHERE id = ? AND account_id = ?`, id, b.acc.ID).
		Scan(&w.kind, &w.amount, &w.contra, &w.order)
	if errors.Is(err, sql.ErrNoRows) {
		return w, fault.ErrNotFound
	}
	return w, err
}

// undo completes what is posted to undo an entry: the same other side, the
// same order.
func (b *Book) undo(p Posting, w written) (Posting, error) {
	p.Parent = &w.id
	if p.Order == nil {
		p.Order = w.order
	}
	if p.Contra != "" {
		return p, nil
	}
	for _, name := range houseAccounts {
		if systemID(b.acc.Unit, name) == w.contra {
			p.Contra = name
			return p, nil
		}
	}
	return p, fmt.Errorf("ledger: entry %s (%s) is not against the House", w.id, w.kind)
}

// Refund gives back n of what a REDEMPTION, PAYMENT or CAPTURE took, all that is
// left of it for 0, into the lots it was taken from with the due times they
// have: last taken first, and those that fell due meanwhile expire again. It
// gives nil where nothing is left. Faults: NOT_FOUND; TOO_FEW_POINTS and
// INSUFFICIENT_FUNDS where less is left.
func (b *Book) Refund(ctx context.Context, spending uuid.UUID, n int64, p Posting) (*ent.LedgerEntry, error) {
	w, err := b.entry(ctx, spending)
	if err != nil {
		return nil, err
	}
	switch w.kind {
	case ledgerentry.KindREDEMPTION, ledgerentry.KindCAPTURE, ledgerentry.KindPAYMENT:
	default:
		return nil, fmt.Errorf("ledger: entry %s (%s) spent nothing", w.id, w.kind)
	}
	var back int64
	err = b.tx.QueryRow(ctx, `SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM ledger_entries WHERE parent_id = ? AND kind = 'REFUND'`, w.id).Scan(&back)
	if err != nil {
		return nil, err
	}
	left := -w.amount - back
	switch {
	case n > left:
		return nil, TooFew(b.acc.Unit, left)
	case left == 0:
		return nil, nil
	case n == 0:
		n = left
	}
	if p, err = b.undo(p, w); err != nil {
		return nil, err
	}
	p.Kind, p.Amount, p.Bucket = ledgerentry.KindREFUND, n, ledgerentry.BucketACTIVE
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

// restore puts n back into the lots that an entry took them from, last taken
// first, with the due times they had.
func (b *Book) restore(ctx context.Context, e *ent.LedgerEntry, taker uuid.UUID, n int64) error {
	if n <= 0 {
		return nil
	}
	taken, err := takenFrom(ctx, b.tx, taker)
	if err != nil {
		return err
	}
	moves, wanted := allot(taken, n)
	if wanted > 0 {
		return fmt.Errorf("ledger: entry %s took %d less from lots than is given back", taker, wanted)
	}
	if moves, err = b.grant(ctx, e, moves); err != nil {
		return err
	}
	return b.putBack(ctx, e, moves)
}

// grant gives what would come back into lots that fell due into a new lot with
// the days of grace of the account's terms, and says which moves are left.
func (b *Book) grant(ctx context.Context, e *ent.LedgerEntry, moves []move) (left []move, err error) {
	t, err := b.books.terms(ctx, b.tx, b.acc, nil)
	if err != nil || t.Grace <= 0 {
		return moves, err
	}
	until := b.tx.Now.Add(t.Grace)
	var late []newLot
	for i, m := range moves {
		if m.due == nil || m.due.After(b.tx.Now) {
			left = append(left, m)
			continue
		}
		late = append(late, newLot{amount: -m.amount, due: &until, origin: &moves[i].lot})
	}
	return left, b.fillLots(ctx, e, string(e.Bucket), late)
}

// putBack turns moves out of lots into moves into them.
func (b *Book) putBack(ctx context.Context, e *ent.LedgerEntry, moves []move) error {
	for i := range moves {
		moves[i].amount, moves[i].empty = -moves[i].amount, false
	}
	if err := b.changeLots(ctx, moves); err != nil {
		return err
	}
	return b.record(ctx, e.ID, moves)
}

// takenFrom lists what an entry and its refunds still hold of each lot, in the
// reverse of the order in which take took. What a capture took was held, and
// goes back to where the hold had it from; what came back with grace counts
// for the lot that fell due.
func takenFrom(ctx context.Context, tx *store.Tx, taker uuid.UUID) ([]lot, error) {
	rows, err := tx.Query(ctx, `SELECT s.id, CAST(-sum(m.amount) AS bigint), s.due_at FROM ledger_lot_moves m JOIN ledger_lots l ON l.id = m.lot_id
		JOIN ledger_lots s ON s.id = CASE WHEN l.bucket = 'HELD' OR l.entry_id = m.entry_id THEN l.origin_id ELSE l.id END
		WHERE m.entry_id = ? OR m.entry_id IN (SELECT id FROM ledger_entries WHERE parent_id = ? AND kind = 'REFUND')
		GROUP BY s.id, s.due_at ORDER BY s.due_at DESC NULLS FIRST, s.id DESC`, taker, taker)
	if err != nil {
		return nil, err
	}
	return scanLots(rows)
}
