package earning

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/order"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// madeUp says whether it is a basket that no order stands for.
func (p *purchase) madeUp() bool { return p.ID == uuid.Nil }

// Estimate says what a basket, or an order that the caller may see, would earn
// in each programme in force. Faults: REQUIRED, TOO_LONG, OUT_OF_RANGE,
// INVALID_VALUE, INVALID_ID, NOT_FOUND.
func (p *Earnings) Estimate(ctx context.Context, in EstimatePointsInput) ([]*EarningEstimate, error) {
	if in.ProgramID != nil {
		if _, err := p.Points.ProgramIn(ctx, p.Store.Client, in.ProgramID); err != nil {
			return nil, err
		}
	}
	if in.OrderID != nil && !viewer.From(ctx).SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	bought, err := p.purchaseToTry(ctx, in.OrderID, in.Lines, p.Store.Now())
	if err != nil {
		return nil, err
	}
	return p.estimates(ctx, bought, in.ProgramID)
}

// estimates are what a purchase would earn, as things stand.
func (p *Earnings) estimates(ctx context.Context, bought *purchase, only *scalar.ID) ([]*EarningEstimate, error) {
	if !bought.madeUp() && (bought.OwnerID == viewer.House || bought.Status == order.StatusCANCELLED) {
		return []*EarningEstimate{}, nil
	}
	c, err := p.cases(ctx, p.Store.Client, "", only)
	if err != nil {
		return nil, err
	}
	if c.who, err = learn(ctx, p.Store, bought.OwnerID, c.asks, bought.now); err != nil {
		return nil, err
	}
	var limited []*earnRule
	for _, rules := range c.rules {
		limited = append(limited, rules...)
	}
	uses, err := usesOf(ctx, p.Store, bought.OwnerID, limited, bought.PlacedAt)
	if err != nil {
		return nil, err
	}
	all := []*EarningEstimate{}
	for _, prog := range c.progs {
		v, err := c.earningRows.judge(ctx, prog, c.rules[prog.KeyID], bought, c.who, uses)
		if err != nil {
			return nil, err
		}
		all = append(all, &EarningEstimate{Program: prog, Points: v.points, ActiveAt: v.activeAt(p.Store.Now()), Explanation: p.explanation(ctx, c.earningRows, v, bought)})
	}
	return all, nil
}

func (v *verdict) activeAt(now time.Time) *time.Time {
	days := v.pendingDays()
	if days == 0 {
		return nil
	}
	at := now.Add(time.Duration(days) * day)
	return &at
}

// ExplainEarning says what an order earned in each programme and why; where it
// earned nothing, what the rules say of it as they stand. Faults: INVALID_ID,
// NOT_FOUND, of orders that the caller may not see; FORBIDDEN for who may see
// the order and not the points of its owner.
func (p *Earnings) ExplainEarning(ctx context.Context, orderID scalar.ID) ([]*EarningEstimate, error) {
	o, err := p.orderOf(ctx, orderID, "orderId")
	if err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); o.OwnerID != v.UserID && !v.Reaches(o.OwnerID, "bonus", "read") {
		return nil, fault.ErrForbidden
	}
	entries, err := p.Store.Client.LedgerEntry.Query().
		Where(ledgerentry.OrderID(o.ID), ledgerentry.KindEQ(ledgerentry.KindACCRUAL), ledgerentry.CauseKey(earnCause(o.ID))).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	bought, err := newPurchase(o, o.Edges.Lines, p.Store.Now())
	if err != nil {
		return nil, err
	}
	all, err := p.estimates(ctx, bought, nil)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if all, err = p.putEarned(ctx, all, e); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// putEarned puts what was earned in place of what would be.
func (p *Earnings) putEarned(ctx context.Context, all []*EarningEstimate, e *ent.LedgerEntry) ([]*EarningEstimate, error) {
	x, err := p.Explanation(ctx, e)
	if err != nil {
		return nil, err
	}
	earned := &EarningEstimate{Points: e.Amount, Earned: true, Explanation: x}
	for i, a := range all {
		if a.Program.Unit == e.Unit {
			earned.Program, all[i] = a.Program, earned
			return all, nil
		}
	}
	rows, err := p.Points.ProgramRows(ctx, p.Store.Client)
	if err != nil {
		return nil, err
	}
	for _, prog := range rows { // one that ended since
		if prog.Unit == e.Unit {
			earned.Program = prog
			return append(all, earned), nil
		}
	}
	return all, nil
}
