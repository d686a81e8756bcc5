package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/store"
)

// MoveNote is what the entries of a transfer say.
type MoveNote struct {
	Transfer uuid.UUID // binds the entries together
	Cause    string    // once for ever in each of the two accounts
	Explain  map[string]any
	Note     *string
}

// Move takes n and a fee out of one account and puts n into another one of the
// same unit: two entries through TRANSIT and one to FEES, nil for no fee. The
// points keep the due times of the lots they lay in. Open the books by LockAll.
// Faults: TOO_FEW_POINTS, INSUFFICIENT_FUNDS, OUT_OF_RANGE.
func Move(ctx context.Context, tx *store.Tx, from, to *Book, n, fee int64, t MoveNote) (out, in, feeEntry *ent.LedgerEntry, err error) {
	if from.acc.ID == to.acc.ID || from.acc.Unit != to.acc.Unit || n <= 0 || fee < 0 {
		return nil, nil, nil, fmt.Errorf("ledger: move %d and a fee of %d from %s in %s to %s in %s", n, fee, from.acc.ID, from.acc.Unit, to.acc.ID, to.acc.Unit)
	}
	if available := from.Available(); available < n || available-n < fee {
		return nil, nil, nil, TooFew(from.acc.Unit, available)
	}
	p := Posting{Kind: ledgerentry.KindTRANSFER, Amount: -n, Contra: Transit, Transfer: &t.Transfer, Cause: t.Cause, Explain: t.Explain, Note: t.Note}
	out, lots, err := from.post(ctx, p)
	if err != nil {
		return nil, nil, nil, err
	}
	taken, err := from.takeMoves(ctx, out, -lots)
	if err != nil {
		return nil, nil, nil, err
	}
	p.Amount = n
	if in, lots, err = to.post(ctx, p); err != nil {
		return nil, nil, nil, err
	}
	if err := to.fillLots(ctx, in, "ACTIVE", arriving(taken, n, lots)); err != nil {
		return nil, nil, nil, err
	}
	if fee > 0 {
		feeEntry, err = from.takeOut(ctx, Posting{
			Kind: ledgerentry.KindFEE, Amount: fee, Contra: Fees, Transfer: &t.Transfer, Parent: &out.ID, Cause: t.Cause + ":fee", Explain: t.Explain,
		})
		if err != nil {
			return nil, nil, nil, err
		}
	}
	return out, in, feeEntry, from.slides(ctx, out)
}

// arriving are the lots in which n comes out of others: one for each due time,
// those that fall due last first, as many as hold room; a debt of whoever gets
// them takes the rest. What was on credit lay in no lot, and never falls due.
func arriving(taken []move, n, room int64) (lots []newLot) {
	for _, m := range taken {
		n += m.amount
	}
	if n > 0 {
		taken = append(taken, move{amount: -n})
	}
	for _, m := range slices.Backward(taken) {
		amount := min(-m.amount, room)
		if room -= amount; amount == 0 {
			continue
		}
		if last := len(lots) - 1; last >= 0 && sameTime(lots[last].due, m.due) {
			lots[last].amount += amount
			continue
		}
		l := newLot{amount: amount, due: m.due}
		if m.lot != uuid.Nil {
			l.origin = &m.lot
		}
		lots = append(lots, l)
	}
	return lots
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
