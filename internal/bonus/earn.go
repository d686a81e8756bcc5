package bonus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/order"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// earnCause makes an order earn once for ever.
func earnCause(order uuid.UUID) string { return "order:" + order.String() + ":earn" }

// EarnForOrder gives the points that an order earns at a moment (PLACED or
// DELIVERED), in the transaction that moves the order, whose row the caller
// holds locked. It says how many it gave: 0 when it did before, and when
// nothing is due (another moment, another currency, a guest, a cancelled
// order). Where it gave some, each line's share is put into lines[i].Points
// for the caller to keep. Faults: OUT_OF_RANGE where an amount does not fit.
func (p *Points) EarnForOrder(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, moment string) (int64, error) {
	prog, err := p.program(ctx, tx.Client, nil)
	if errors.Is(err, ErrProgramNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if string(prog.EarnOn) != moment || prog.EarnCurrency != o.Currency || o.OwnerID == viewer.House || o.Status == order.StatusCANCELLED {
		return 0, nil
	}
	points, shares, err := earned(prog, lines)
	if err != nil || points == 0 {
		return 0, err
	}
	b, err := p.Books().Open(ctx, tx, accountOf(o.OwnerID, prog), viewer.From(ctx).Actor())
	if err != nil {
		return 0, err
	}
	before, err := earnedBefore(ctx, tx, b, o.ID)
	if err != nil {
		return 0, err
	}
	if before {
		return 0, b.Close(ctx)
	}
	for i, l := range lines {
		l.Points = shares[i]
	}
	return points, accrueFor(ctx, tx, b, prog, o, points, lines)
}

// accrueFor writes the entry of an order's points: active at once, or pending
// for the days of the terms.
func accrueFor(ctx context.Context, tx *store.Tx, b *ledger.Book, prog *ent.BonusProgram, o *ent.Order, points int64, lines []*ent.OrderLine) error {
	explain := decision(prog)
	explain["earnPoints"], explain["lines"] = prog.EarnPoints, explainLines(lines)
	explain["earnPer"], explain["currency"] = scalar.Money{Minor: prog.EarnPerMinor, Currency: prog.EarnCurrency}.Amount(), prog.EarnCurrency
	in := ledger.Posting{
		Kind: ledgerentry.KindACCRUAL, Amount: points, Contra: ledger.Issued,
		Order: &o.ID, Cause: earnCause(o.ID), Explain: explain,
	}
	due := expires(prog, tx.Now)
	if prog.PendingDays > 0 {
		at := tx.Now.Add(time.Duration(prog.PendingDays) * day)
		in.Bucket, due = ledgerentry.BucketPENDING, &at
	}
	_, err := b.GiveAndClose(ctx, in, due)
	return err
}

// earned adds up what the lines earn, and says how many each.
func earned(prog *ent.BonusProgram, lines []*ent.OrderLine) (points int64, shares []int64, err error) {
	for _, l := range lines {
		n, ok := linePoints(prog, l)
		if ok {
			points, ok = scalar.AddMinor(points, n)
		}
		if !ok || points > scalar.MaxPoints {
			return 0, nil, fault.ErrOutOfRange.With("max", int64(scalar.MaxPoints)).Because(fmt.Errorf("bonus: the points of line %s", l.ID))
		}
		shares = append(shares, n)
	}
	return points, shares, nil
}

func explainLines(lines []*ent.OrderLine) (shares []any) {
	for _, l := range lines {
		if l.Points > 0 {
			shares = append(shares, map[string]any{"lineId": l.GlobalID().String(), "points": l.Points})
		}
	}
	return shares
}

// earnedBefore is asked under the account's lock.
func earnedBefore(ctx context.Context, tx *store.Tx, b *ledger.Book, order uuid.UUID) (before bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM ledger_entries WHERE account_id = ? AND cause_key = ?)`, b.Account().ID, earnCause(order)).Scan(&before)
	return before, err
}
