package promotion

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/generated/promouse"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// OrderReduction is what reduces an order that is about to be placed.
type OrderReduction struct {
	Lines        []int64          // what is taken off each line, minor units
	Gifts        []*ent.Product   // one unit of each
	FreeDelivery bool             // nothing is charged for it
	Why          []map[string]any // each reduction, for the order's book
}

// Reduce works out what reduces an order of these lines, by the codes entered
// and by itself, and takes the uses for it in the order's own transaction: the
// order is placed with all of it or not at all. What was reserved for a basket
// of its owner is used first. Faults: PROMO_CODE_… at input.promoCodes.
func (p *Promotions) Reduce(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, codes []string) (OrderReduction, error) {
	r := OrderReduction{Lines: make([]int64, len(lines))}
	basket := make([]goods, len(lines))
	for i, l := range lines {
		basket[i] = goods{sku: l.Sku, quantity: l.Quantity, amount: l.TotalMinor}
		if l.Category != nil {
			basket[i].category = *l.Category
		}
	}
	customer, err := orderedBy(ctx, tx, o)
	if err != nil {
		return r, err
	}
	a := askingIn(tx, customer)
	entered, err := a.entries(ctx, codes, codesAt("promoCodes"))
	if err != nil {
		return r, err
	}
	for _, e := range entered {
		if err := a.judge(ctx, e); err != nil {
			return r, err
		}
	}
	auto, err := p.automatic(ctx, a, basket, o.Currency, true)
	if err != nil || len(auto)+len(entered) == 0 {
		return r, err
	}
	out, rows, err := p.settle(ctx, tx, a, o, basket, entered, reached(basket, auto))
	if err != nil {
		return r, err
	}
	return p.reduction(ctx, tx, o, out, rows)
}

// settle prices a basket and takes the uses. What applies by itself and has no
// use left is left out, and the basket is priced anew.
func (p *Promotions) settle(ctx context.Context, tx *store.Tx, a *asker, o *ent.Order, basket []goods, entered []entry, auto []*candidate) (outcome, map[uuid.UUID]*ent.Promotion, error) {
	for {
		out, err := p.price(ctx, a, basket, o.Currency, entered, auto)
		if err != nil {
			return out, nil, err
		}
		rows, err := p.rowsOf(ctx, tx, out, entered)
		if err != nil {
			return out, nil, err
		}
		gone, err := p.takeAll(ctx, tx, a.owner, o, out, rows)
		if gone == nil || err != nil {
			return out, rows, err
		}
		if gone.entered {
			f := ErrCodeUsedUp
			for _, e := range entered {
				if e.code.ID == *gone.code {
					f = f.At(e.at...)
				}
			}
			return out, nil, f
		}
		auto = slices.DeleteFunc(slices.Clone(auto), func(c *candidate) bool { return c == gone })
	}
}

// rowsOf are the promotions behind what applies.
func (p *Promotions) rowsOf(ctx context.Context, tx *store.Tx, out outcome, entered []entry) (map[uuid.UUID]*ent.Promotion, error) {
	h, err := p.promotions.rows(ctx, tx.Client, tx.Now)
	if err != nil {
		return nil, err
	}
	rows := map[uuid.UUID]*ent.Promotion{}
	for _, row := range slices.Concat(h.automatic, h.offers) {
		rows[row.ID] = row
	}
	for _, e := range entered {
		rows[e.promotion.ID] = e.promotion
	}
	for _, r := range out.applied {
		if r.promotion != uuid.Nil && rows[r.promotion] == nil { // the cache was loaded anew meanwhile
			row, err := tx.Promotion.Query().Where(entpromotion.ID(r.promotion)).Only(viewer.AsSystem(ctx, "promotion.cache"))
			if err != nil {
				return nil, err
			}
			rows[r.promotion] = row
		}
	}
	return rows, nil
}

// takeAll takes a use of everything that applies, or of nothing: then it names
// what has no use left. Faults: those of one's own limit, at input.promoCodes.
func (p *Promotions) takeAll(ctx context.Context, tx *store.Tx, customer uuid.UUID, o *ent.Order, out outcome, rows map[uuid.UUID]*ent.Promotion) (gone *candidate, err error) {
	type one struct {
		taking
		of *candidate
	}
	var all []one
	for _, r := range out.applied {
		if r.promotion != uuid.Nil {
			all = append(all, one{taking{promotion: rows[r.promotion], code: r.code, owner: customer, order: &o.ID, reduced: r.amount, currency: o.Currency}, r.candidate})
		}
	}
	slices.SortFunc(all, func(a, b one) int { return byPromotion(a.taking, b.taking) })
	var taken []uuid.UUID
	for _, t := range all {
		id, err := p.take(ctx, tx, t.taking)
		switch {
		case err == nil:
			taken = append(taken, id)
			continue
		case t.of.entered && !errors.Is(err, ErrCodeUsedUp):
			if f, ok := fault.As(err); ok {
				err = f.At("input", "promoCodes")
			}
			return nil, err
		case !errors.Is(err, ErrCodeUsedUp) && !errors.Is(err, ErrCodeLimitPerPerson):
			return nil, err
		}
		uses, err := tx.PromoUse.Query().Where(promouse.IDIn(taken...)).All(viewer.AsSystem(ctx, "promotion.uses"))
		if err != nil {
			return nil, err
		}
		return t.of, releaseAll(ctx, tx, uses)
	}
	return nil, nil
}

// reduction words an outcome for the order.
func (p *Promotions) reduction(ctx context.Context, tx *store.Tx, o *ent.Order, out outcome, rows map[uuid.UUID]*ent.Promotion) (OrderReduction, error) {
	r := OrderReduction{Lines: out.lines}
	var gifts []string
	for _, a := range out.applied {
		why := map[string]any{"source": string(a.source), "handle": a.handle, "amountMinor": a.amount, "currency": o.Currency, "lines": a.lines}
		if row := rows[a.promotion]; row != nil {
			why["promotionId"], why["revision"] = row.GlobalID().String(), row.Revision
		}
		if a.share > 0 {
			why["discountBasisPoints"] = a.share
		}
		if a.effect.FreeDelivery {
			r.FreeDelivery, why["freeDelivery"] = true, true
		}
		if sku := a.effect.GiftSku; sku != "" {
			why["giftSku"] = sku
			if !slices.Contains(gifts, sku) {
				gifts = append(gifts, sku)
			}
		}
		r.Why = append(r.Why, why)
	}
	if len(gifts) == 0 {
		return r, nil
	}
	var err error
	r.Gifts, err = tx.Product.Query().Where(product.SkuIn(gifts...), product.StatusEQ(product.StatusACTIVE)).Order(product.BySku()).All(ctx)
	return r, err
}

// Unreduce gives back what a cancelled order used.
func (p *Promotions) Unreduce(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	uses, err := tx.PromoUse.Query().Where(promouse.OrderID(o.ID), promouse.StatusEQ(promouse.StatusUSED)).All(viewer.AsSystem(ctx, "promotion.uses"))
	if err != nil {
		return err
	}
	return releaseAll(ctx, tx, uses)
}
