package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
)

// Hold reserves p.Amount until a time, nil is until it is captured or released:
// out of the active lots that fall due first, into a held lot for each.
// Faults: TOO_FEW_POINTS, INSUFFICIENT_FUNDS.
func (b *Book) Hold(ctx context.Context, p Posting, until *time.Time) (*ent.LedgerEntry, error) {
	p.Amount = abs(p.Amount)
	if b.Available() < p.Amount {
		return nil, TooFew(b.acc.Unit, b.Available())
	}
	p.Kind, p.Amount, p.Bucket = ledgerentry.KindHOLD, -p.Amount, ledgerentry.BucketACTIVE
	p.Contra, p.contraBucket = "", ledgerentry.ContraBucketHELD
	e, lots, err := b.post(ctx, p)
	if err != nil {
		return nil, err
	}
	moves, err := b.takeMoves(ctx, e, -lots)
	if err != nil {
		return nil, err
	}
	held := make([]newLot, len(moves), len(moves)+1)
	for i, m := range moves {
		held[i] = newLot{amount: -m.amount, due: until, origin: &moves[i].lot}
	}
	if credit := -e.Amount + lots; credit > 0 { // it lay in no lot
		held = append(held, newLot{amount: credit, due: until})
	}
	return e, b.fillLots(ctx, e, "HELD", held)
}

// Capture spends n of a hold, all that is left of it for 0: those first that
// would fall due first. It is a REDEMPTION of what was held, against Spent
// unless p.Contra says otherwise. Faults: NOT_FOUND; TOO_FEW_POINTS and
// INSUFFICIENT_FUNDS where the hold has less left.
func (b *Book) Capture(ctx context.Context, hold uuid.UUID, n int64, p Posting) (*ent.LedgerEntry, error) {
	h, held, n, err := b.heldLots(ctx, hold, n)
	if err != nil {
		return nil, err
	}
	p.Kind, p.Amount, p.Bucket, p.Parent = ledgerentry.KindCAPTURE, -n, ledgerentry.BucketHELD, &h.id
	if p.Contra == "" {
		p.Contra = Spent
	}
	if p.Order == nil {
		p.Order = h.order
	}
	e, _, err := b.post(ctx, p)
	if err != nil {
		return nil, err
	}
	moves, _ := allot(lotsOfHeld(held), n)
	if err := b.changeLots(ctx, moves); err != nil {
		return nil, err
	}
	if err := b.record(ctx, e.ID, moves); err != nil {
		return nil, err
	}
	return e, b.slides(ctx, e)
}

// Release gives n of a hold free, all that is left of it for 0: back into the
// lots they came from with their due times, those first that fall due last.
// What fell due meanwhile expires. Faults: NOT_FOUND; TOO_FEW_POINTS and
// INSUFFICIENT_FUNDS where the hold has less left.
func (b *Book) Release(ctx context.Context, hold uuid.UUID, n int64, p Posting) (*ent.LedgerEntry, error) {
	e, err := b.release(ctx, hold, n, p)
	if err != nil {
		return nil, err
	}
	_, err = b.settle(ctx, 0)
	return e, err
}

func (b *Book) release(ctx context.Context, hold uuid.UUID, n int64, p Posting) (*ent.LedgerEntry, error) {
	h, held, n, err := b.heldLots(ctx, hold, n)
	if err != nil {
		return nil, err
	}
	p.Kind, p.Amount, p.Bucket, p.Parent = ledgerentry.KindRELEASE, n, ledgerentry.BucketACTIVE, &h.id
	p.Contra, p.contraBucket = "", ledgerentry.ContraBucketHELD
	if p.Order == nil {
		p.Order = h.order
	}
	e, lots, err := b.post(ctx, p)
	if err != nil {
		return nil, err
	}
	last := make([]heldLot, 0, len(held))
	for i := len(held) - 1; i >= 0; i-- {
		last = append(last, held[i])
	}
	out, _ := allot(lotsOfHeld(last), n)
	sources := make(map[uuid.UUID]uuid.UUID, len(held))
	for _, l := range held {
		sources[l.id] = l.source
	}
	var back []lot
	for _, m := range out {
		if source := sources[m.lot]; source != uuid.Nil {
			back = append(back, lot{id: source, remaining: -m.amount})
		}
	}
	if err := b.changeLots(ctx, out); err != nil {
		return nil, err
	}
	if err := b.record(ctx, e.ID, out); err != nil {
		return nil, err
	}
	in, _ := allot(back, lots) // a debt takes the rest
	return e, b.putBack(ctx, e, in)
}

// expireHold releases what is left of a hold whose time is over.
func (b *Book) expireHold(ctx context.Context, l dueLot) error {
	_, err := b.release(ctx, l.entry, 0, Posting{Cause: fmt.Sprintf("hold:%s:expire:%d", l.entry, b.acc.Seq+1), Clock: true})
	return err
}

// heldLot is a lot of a hold and the one it came from, none of credit.
type heldLot struct {
	lot
	source uuid.UUID
}

func lotsOfHeld(held []heldLot) []lot {
	lots := make([]lot, len(held))
	for i, l := range held {
		lots[i] = l.lot
	}
	return lots
}

// heldLots are the open lots of a hold, those that would fall due first first;
// n is what of them is asked for, all for 0.
func (b *Book) heldLots(ctx context.Context, hold uuid.UUID, n int64) (h written, held []heldLot, _ int64, err error) {
	if h, err = b.entry(ctx, hold); err != nil {
		return h, nil, 0, err
	}
	if h.kind != ledgerentry.KindHOLD {
		return h, nil, 0, fault.ErrNotFound
	}
	rows, err := b.tx.Query(ctx, `SELECT l.id, l.remaining, l.origin_id FROM ledger_lot_moves m JOIN ledger_lots l ON l.id = m.lot_id
		LEFT JOIN ledger_lots s ON s.id = l.origin_id WHERE m.entry_id = ? AND l.bucket = 'HELD' AND l.remaining > 0 ORDER BY CASE WHEN l.origin_id IS NULL THEN 1 ELSE 0 END, s.due_at NULLS LAST, s.id`, hold)
	if err != nil {
		return h, nil, 0, err
	}
	defer rows.Close()
	var left int64
	for rows.Next() {
		var l heldLot
		var source uuid.NullUUID
		if err := rows.Scan(&l.id, &l.remaining, &source); err != nil {
			return h, nil, 0, err
		}
		l.source = source.UUID
		held, left = append(held, l), left+l.remaining
	}
	if n == 0 {
		n = left
	}
	if n > left || left == 0 {
		return h, nil, 0, TooFew(b.acc.Unit, left)
	}
	return h, held, n, rows.Err()
}
