package earning

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/audience"
	"kabinet/internal/scalar"
)

// earner is what is known of whoever earns, as far as somebody asked.
type earner struct {
	tiers []uuid.UUID
	all   *audience.Customer
	as    *string // of a test: the tier he is taken to have
}

// learn reads of an owner what is asked for: nothing, his tiers by one
// statement, or all facts by a fixed number of them. Nobody has no owner.
func learn(ctx context.Context, r audience.Reader, owner uuid.UUID, what asking, now time.Time) (*earner, error) {
	switch {
	case owner == uuid.Nil:
		return &earner{all: audience.Nobody(now)}, nil
	case what == asksAll:
		c, err := audience.Load(ctx, r, owner, now)
		if err != nil {
			return nil, err
		}
		return &earner{tiers: c.TierIDs, all: c}, nil
	case what == asksNothing:
		return &earner{}, nil
	}
	rows, err := r.Query(ctx, `SELECT tier_id FROM ledger_accounts WHERE owner_id = ? AND kind = 'BONUS' AND tier_id IS NOT NULL`, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	e := &earner{}
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		e.tiers = append(e.tiers, id)
	}
	return e, rows.Err()
}

// tier is the handle of his tier in a programme, and the tier where it is one
// he really has.
func (e *earner) tier(h *earningRows, program uuid.UUID) (string, *ent.Tier) {
	if e.as != nil {
		for _, t := range h.tiers {
			if t.ProgramID == program && t.Handle == *e.as {
				return *e.as, t
			}
		}
		return *e.as, nil
	}
	if t := h.tierOf(program, e.tiers); t != nil {
		return t.Handle, t
	}
	return "", nil
}

// vars are the facts by the names that expressions have for them.
func (e *earner) vars(tier string, now time.Time) map[string]any {
	vars := map[string]any{"customer.tier": tier, "now": now}
	if e.all != nil {
		for name, v := range e.all.Vars() {
			vars[name] = plainNumbers(v)
		}
	}
	return vars
}

// plainNumbers makes the whole numbers of free data whole: JSON has no others.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) <= float64(scalar.MaxPoints) {
			return int64(v)
		}
	case map[string]any:
		all := make(map[string]any, len(v))
		for k, x := range v {
			all[k] = plainNumbers(x)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, x := range v {
			all[i] = plainNumbers(x)
		}
		return all
	}
	return v
}

// purchase is an order, or a basket made up as one, as far as earning goes.
type purchase struct {
	*ent.Order
	lines    []*ent.OrderLine
	amounts  []int64 // of each line, what was not cancelled or returned
	quantity []int64
	base     []int64 // points of each line that multipliers multiply
	now      time.Time
}

// newPurchase works out what each line still comes to.
func newPurchase(o *ent.Order, lines []*ent.OrderLine, now time.Time) (*purchase, error) {
	p := &purchase{Order: o, lines: lines, now: now}
	var sum int64
	for _, l := range lines {
		left := max(l.Quantity-l.Cancelled-l.Returned, 0)
		amount, ok := max(l.TotalMinor, 0), true
		if left < l.Quantity {
			if amount, ok = scalar.MulMinor(amount, left); ok {
				amount /= l.Quantity
			}
		}
		if sum += amount; !ok || sum < 0 {
			return nil, tooMuch(l)
		}
		p.amounts, p.quantity = append(p.amounts, amount), append(p.quantity, left)
	}
	return p, nil
}

// isFirst is whether the owner has no other order that was not cancelled.
func (p *purchase) isFirst(e *earner) bool {
	if e.all == nil {
		return false
	}
	others := e.all.Orders
	if p.ID != uuid.Nil && (p.Status == "PLACED" || p.Status == "COMPLETED") {
		others-- // this one is counted
	}
	return others <= 0
}

func (p *purchase) vars(e *earner, tier string) map[string]any {
	vars := e.vars(tier, p.now)
	var things int64
	for _, n := range p.quantity {
		things += n
	}
	free, _ := plainNumbers(p.Metadata).(map[string]any)
	if free == nil {
		free = map[string]any{}
	}
	for name, v := range map[string]any{
		"order.total": p.TotalMinor, "order.subtotal": p.SubtotalMinor, "order.discount": p.DiscountMinor, "order.shipping": p.ShippingMinor,
		"order.currency": p.Currency, "order.channel": string(p.Channel), "order.lines": int64(len(p.lines)), "order.quantity": things,
		"order.isFirst": p.isFirst(e), "order.placedAt": p.PlacedAt, "order.metadata": free,
	} {
		vars[name] = v
	}
	return vars
}

func (p *purchase) lineVars(vars map[string]any, i int) {
	l := p.lines[i]
	category := ""
	if l.Category != nil {
		category = *l.Category
	}
	vars["line.total"], vars["line.price"], vars["line.quantity"] = p.amounts[i], l.UnitPriceMinor, p.quantity[i]
	vars["line.sku"], vars["line.category"] = l.Sku, category
}
