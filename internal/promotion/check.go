package promotion

import (
	"context"
	"strconv"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// maxBasket bounds the lines of a basket that is asked about; maxQuantity the
// units of one.
const (
	maxBasket   = 200
	maxQuantity = 1_000_000
)

// basketOf is a basket at today's prices. Faults: ORDER_EMPTY, TOO_LONG,
// OUT_OF_RANGE, PRODUCT_UNAVAILABLE, CURRENCY_MISMATCH.
func basketOf(ctx context.Context, client *ent.Client, lines []*BasketLineInput) (basket []goods, currency string, err error) {
	if len(lines) == 0 {
		return nil, "", fault.New(fault.Invalid, "ORDER_EMPTY").At("input", "lines")
	}
	if len(lines) > maxBasket {
		return nil, "", fault.ErrTooLong.With("limit", maxBasket).At("input", "lines")
	}
	skus := make([]string, 0, len(lines))
	for i, l := range lines {
		switch {
		case l.Quantity < 1 || l.Quantity > maxQuantity:
			return nil, "", fault.ErrOutOfRange.With("min", 1).With("max", maxQuantity).At("input", "lines", strconv.Itoa(i), "quantity")
		case checkWord(l.Sku) != nil:
			return nil, "", unavailable(l.Sku).At("input", "lines", strconv.Itoa(i), "sku")
		}
		skus = append(skus, l.Sku)
	}
	products, err := onSale(ctx, client, skus)
	if err != nil {
		return nil, "", err
	}
	var total int64
	for i, l := range lines {
		p := products[l.Sku]
		if p == nil {
			return nil, "", unavailable(l.Sku).At("input", "lines", strconv.Itoa(i), "sku")
		}
		if currency == "" {
			currency = p.Currency
		}
		if p.Currency != currency {
			return nil, "", fault.New(fault.Refused, "CURRENCY_MISMATCH").At("input", "lines", strconv.Itoa(i), "sku")
		}
		g := goodsOf(p, int64(l.Quantity))
		if total += g.amount; total > scalar.MaxPoints {
			return nil, "", fault.ErrOutOfRange.At("input", "lines", strconv.Itoa(i), "quantity")
		}
		basket = append(basket, g)
	}
	return basket, currency, nil
}

func unavailable(sku string) *fault.Fault {
	return fault.New(fault.Refused, "PRODUCT_UNAVAILABLE").With("sku", sku)
}

// onSale reads products by sku in one statement.
func onSale(ctx context.Context, client *ent.Client, skus []string) (map[string]*ent.Product, error) {
	rows, err := client.Product.Query().Where(product.SkuIn(skus...), product.StatusEQ(product.StatusACTIVE)).All(ctx)
	found := make(map[string]*ent.Product, len(rows))
	for _, p := range rows {
		found[p.Sku] = p
	}
	return found, store.Translate(err)
}

func goodsOf(p *ent.Product, quantity int64) goods {
	g := goods{sku: p.Sku, quantity: quantity, amount: price(p.PriceMinor, quantity)}
	if p.Category != nil {
		g.category = *p.Category
	}
	return g
}

// linesOf are the lines of an order of the caller. Faults: INVALID_ID,
// NOT_FOUND.
func (p *Promotions) linesOf(ctx context.Context, id scalar.ID) ([]*BasketLineInput, error) {
	u, err := id.As("order")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "orderId")
	}
	o, err := p.Store.Client.Order.Query().Where(entorder.ID(u)).WithLines(func(q *ent.OrderLineQuery) { q.Limit(maxBasket + 1) }).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "orderId")
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	var lines []*BasketLineInput
	for _, l := range o.Edges.Lines {
		if l.TotalMinor > 0 || l.DiscountMinor == 0 { // a gift comes with its code
			lines = append(lines, &BasketLineInput{Sku: l.Sku, Quantity: int(min(l.Quantity, maxQuantity))})
		}
	}
	return lines, nil
}

// Check says what a code would do for a basket, or why it would do nothing; it
// reserves nothing. Faults of the basket and the order are returned, those of
// the code are shown: PROMO_CODE_…, TOO_MANY_ATTEMPTS.
func (p *Promotions) Check(ctx context.Context, input CheckPromoCodeInput) (*PromoCodeCheck, error) {
	lines := input.Lines
	if input.OrderID != nil {
		if len(lines) > 0 {
			return nil, fault.ErrInvalidValue.At("input", "orderId")
		}
		var err error
		if lines, err = p.linesOf(ctx, *input.OrderID); err != nil {
			return nil, err
		}
	}
	if len(input.With) > maxCodes {
		return nil, fault.ErrTooLong.With("limit", maxCodes).At("input", "with")
	}
	basket, currency, err := basketOf(ctx, p.Store.Client, lines)
	if err != nil {
		return nil, err
	}
	return p.check(ctx, input.Code, input.With, basket, currency)
}

func (p *Promotions) check(ctx context.Context, code string, beside []string, basket []goods, currency string) (check *PromoCodeCheck, err error) {
	a, err := p.asking(ctx)
	if err != nil {
		return nil, err
	}
	err = p.Try(ctx, func() error {
		entered, err := a.entries(ctx, []string{code}, func(int) []string { return []string{"input", "code"} })
		if err != nil {
			return err
		}
		if err := a.judge(ctx, entered[0]); err != nil {
			return err
		}
		check, err = p.weigh(ctx, a, entered, beside, basket, currency)
		return err
	})
	if f, ok := fault.As(err); ok && (f.Kind == fault.Refused || f.Kind == fault.Invalid) {
		return &PromoCodeCheck{No: f, Lines: []*ReducedLine{}, Reductions: []*Reduction{}}, nil
	}
	return check, err
}

// weigh prices the basket with a code that was judged good, beside those of
// the others that are good too.
func (p *Promotions) weigh(ctx context.Context, a *asker, entered []entry, beside []string, basket []goods, currency string) (*PromoCodeCheck, error) {
	others, err := a.entries(ctx, beside, codesAt("with"))
	if err != nil {
		return nil, err // a code that is not known counts as a guess, here too
	}
	for _, e := range others {
		err := a.judge(ctx, e)
		if f, ok := fault.As(err); err != nil && (!ok || f.Is(ErrCodeUnknown)) {
			return nil, err
		}
		if err == nil && e.code.ID != entered[0].code.ID {
			entered = append(entered, e)
		}
	}
	auto, err := p.automatic(ctx, a, basket, currency, true)
	if err != nil {
		return nil, err
	}
	out, err := p.price(ctx, a, basket, currency, entered, reached(basket, auto))
	if err != nil {
		return nil, err
	}
	money := func(minor int64) scalar.Money { return scalar.Money{Minor: minor, Currency: currency} }
	v := &PromoCodeCheck{Valid: true, Name: new(name(ctx, entered[0].promotion.Texts, entered[0].promotion.Handle)), Discount: new(money(out.total)), Lines: []*ReducedLine{}, Reductions: []*Reduction{}}
	var subtotal int64
	for i, g := range basket {
		subtotal += g.amount
		v.Lines = append(v.Lines, &ReducedLine{Sku: g.sku, Quantity: int(g.quantity), Subtotal: money(g.amount), Discount: money(out.lines[i]), Total: money(g.amount - out.lines[i])})
	}
	v.Subtotal, v.Total = new(money(subtotal)), new(money(subtotal-out.total))
	for _, r := range out.applied {
		v.Reductions = append(v.Reductions, showReduction(r, currency))
		v.FreeDelivery = v.FreeDelivery || r.effect.FreeDelivery
		if r.code != nil && *r.code == entered[0].code.ID {
			v.Reduction, v.GiftSku = new(money(r.amount)), optional(r.effect.GiftSku)
			if r.effect.Points > 0 {
				v.Points = new(r.effect.Points)
			}
		}
	}
	return v, nil
}

func showReduction(r reduced, currency string) *Reduction {
	return &Reduction{Source: r.source, Handle: r.handle, Text: r.text, Amount: scalar.Money{Minor: r.amount, Currency: currency}, DiscountBasisPoints: positive(r.share)}
}

// checkReference judges the key of a basket. Faults: REQUIRED, TOO_LONG,
// INVALID_VALUE.
func checkReference(s string) error {
	if f := checkWord(s); f != nil {
		return f.At("input", "reference")
	}
	return nil
}
