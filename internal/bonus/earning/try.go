package earning

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/earningrule"
	"kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Tried is what trying a rule gives.
type Tried struct {
	Points      *int64
	Explanation *BonusExplanation
	Failure     *string
}

// TestEarningRule tries a rule on an order, a basket or an act: what it gives
// by itself, of a multiplier what it adds to the programme's rate, without the
// limits of owners and periods. Staff only; nothing is kept. Faults: those of
// checkEarningRule, INVALID_ID, NOT_FOUND, PROGRAM_NOT_FOUND, REQUIRED,
// INVALID_VALUE, TOO_LONG; UNAUTHENTICATED, FORBIDDEN.
func (p *Earnings) TestEarningRule(ctx context.Context, in TestEarningRuleInput) (Tried, error) {
	if err := bonus.Staff(ctx, "read"); err != nil {
		return Tried{}, err
	}
	prog, r, err := p.ruleToTry(ctx, in)
	if err != nil {
		return Tried{}, err
	}
	h, err := p.rules.rows(ctx, p.Store.Client, p.Store.Now())
	if err != nil {
		return Tried{}, err
	}
	at := p.Store.Now()
	set(&at, in.At)
	var bought *purchase
	owner := uuid.Nil
	if r.Trigger == earningrule.TriggerORDER {
		if bought, err = p.purchaseToTry(ctx, in.OrderID, in.Lines, at); err != nil {
			return Tried{}, err
		}
		owner = bought.OwnerID
	}
	if in.UserID != nil {
		if owner, err = in.UserID.As("usr"); err != nil {
			return Tried{}, fault.ErrInvalidID.At("input", "userId")
		}
		if err := p.knownPerson(ctx, owner); err != nil {
			return Tried{}, err
		}
	}
	who, err := learn(ctx, p.Store, owner, r.asks, at)
	if err != nil {
		return Tried{}, err
	}
	who.as = in.Tier
	var v *verdict
	if bought == nil {
		v = h.judgeAct(ctx, prog, []*earnRule{r}, Act{Handle: *r.Act, Owner: owner, Key: "test", Data: in.Data, At: at}, who, at, nil)
	} else if v, err = h.judge(ctx, prog, []*earnRule{r}, bought, who, nil); err != nil {
		return Tried{}, err
	}
	return p.tried(ctx, h, v, r, bought), nil
}

// tried is what a rule gave of a verdict.
func (p *Earnings) tried(ctx context.Context, h *earningRows, v *verdict, r *earnRule, bought *purchase) Tried {
	points := v.by(r)
	done := Tried{Points: &points, Explanation: p.explanation(ctx, h, v, bought)}
	for _, m := range v.missed {
		if m.err != nil {
			text := m.err.Error()
			if f, ok := fault.As(m.err); ok && f.Params["reason"] != nil {
				text, _ = f.Params["reason"].(string)
			}
			done.Failure = &text
		}
	}
	return done
}

// by is what one rule gave.
func (v *verdict) by(r *earnRule) (points int64) {
	for _, g := range v.rules {
		if g.rule == r {
			points += g.points
		}
	}
	return points
}

// ruleToTry is the rule of the input, or one that is there.
func (p *Earnings) ruleToTry(ctx context.Context, in TestEarningRuleInput) (*ent.BonusProgram, *earnRule, error) {
	switch {
	case in.Rule != nil && in.RuleID != nil:
		return nil, nil, fault.ErrInvalidValue.At("input", "ruleId")
	case in.RuleID != nil:
		row, err := p.EarningRule(ctx, *in.RuleID, nil)
		if err != nil {
			return nil, nil, below(err, "input", "ruleId")
		}
		prog, err := p.ProgramOfRule(ctx, row)
		return prog, ready(row), err
	case in.Rule == nil:
		return nil, nil, fault.ErrRequired.At("input", "rule")
	}
	prog, err := p.Points.ProgramIn(ctx, p.Store.Client, in.ProgramID)
	if err != nil {
		return nil, nil, err
	}
	row, err := checkEarningRule(*in.Rule, prog, "input", "rule")
	if err != nil {
		return nil, nil, err
	}
	row.CreatedAt = p.Store.Now()
	return prog, ready(row), nil
}

func (p *Earnings) knownPerson(ctx context.Context, id uuid.UUID) error {
	rows, err := p.Store.Query(ctx, `SELECT 1 FROM users WHERE id = ?`, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return fault.ErrNotFound.At("input", "userId")
	}
	return rows.Err()
}

// purchaseToTry is an order that the caller may see, or a basket.
func (p *Earnings) purchaseToTry(ctx context.Context, id *scalar.ID, lines []*EstimateLineInput, at time.Time) (*purchase, error) {
	switch {
	case id != nil && len(lines) > 0:
		return nil, fault.ErrInvalidValue.At("input", "lines")
	case id != nil:
		o, err := p.orderOf(ctx, *id, "input", "orderId")
		if err != nil {
			return nil, err
		}
		return newPurchase(o, o.Edges.Lines, at)
	case len(lines) == 0:
		return nil, fault.ErrRequired.At("input", "lines")
	}
	return p.basket(ctx, lines, at)
}

// orderOf reads an order with its lines through the fence.
func (p *Earnings) orderOf(ctx context.Context, id scalar.ID, path ...string) (*ent.Order, error) {
	if id.Prefix != "order" {
		return nil, fault.ErrInvalidID.At(path...)
	}
	o, err := p.Store.Client.Order.Query().Where(order.ID(id.UUID)).WithLines(inOrder).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return o, store.Translate(err)
}

func inOrder(q *ent.OrderLineQuery) { q.Order(ent.Asc("position")) }

// The bounds of a basket.
const (
	maxBasket   = 200
	maxQuantity = 1_000_000
)

// basket makes up an order of products at the prices of the catalogue, all of
// one currency.
func (p *Earnings) basket(ctx context.Context, in []*EstimateLineInput, at time.Time) (*purchase, error) {
	if len(in) > maxBasket {
		return nil, fault.ErrTooLong.At("input", "lines").With("limit", maxBasket)
	}
	skus := make([]string, len(in))
	for i, l := range in {
		if l.Quantity < 1 || l.Quantity > maxQuantity {
			return nil, fault.ErrOutOfRange.At("input", "lines", strconv.Itoa(i), "quantity").With("min", 1).With("max", maxQuantity)
		}
		skus[i] = l.Sku
	}
	found, err := p.Store.Client.Product.Query().Where(product.SkuIn(skus...), product.StatusEQ(product.StatusACTIVE)).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	o := &ent.Order{OwnerID: uuid.Nil, Status: order.StatusDRAFT, Channel: order.ChannelONLINE, PlacedAt: at}
	if v := viewer.From(ctx); !v.Staff && v.SignedIn() {
		o.OwnerID = cmp.Or(v.OwnerID, v.UserID)
	}
	var lines []*ent.OrderLine
	for i, l := range in {
		at := slices.IndexFunc(found, func(f *ent.Product) bool { return f.Sku == l.Sku })
		if at < 0 {
			return nil, fault.ErrInvalidValue.At("input", "lines", strconv.Itoa(i), "sku")
		}
		total, ok := scalar.MulMinor(found[at].PriceMinor, int64(l.Quantity))
		if o.TotalMinor += total; !ok || total > maxEarned || o.TotalMinor > maxEarned {
			return nil, fault.ErrOutOfRange.At("input", "lines", strconv.Itoa(i), "quantity").With("max", maxEarned)
		}
		if o.Currency == "" {
			o.Currency = found[at].Currency
		}
		if o.Currency != found[at].Currency {
			return nil, fault.ErrInvalidValue.At("input", "lines", strconv.Itoa(i), "sku")
		}
		lines = append(lines, &ent.OrderLine{
			Sku: l.Sku, Title: found[at].Title, Category: found[at].Category, Quantity: int64(l.Quantity), Currency: o.Currency,
			UnitPriceMinor: found[at].PriceMinor, TotalMinor: total,
		})
	}
	o.SubtotalMinor = o.TotalMinor
	return newPurchase(o, lines, at)
}

// The bounds of a sample.
const (
	sampleOrders = 100
	sampleShown  = 10
)

// sample is what a rule alone would have given for the last orders that the
// caller may see; nil of rules of acts.
func (p *Earnings) sample(ctx context.Context, row *ent.EarningRule) (*EarningSample, error) {
	if row.Trigger != earningrule.TriggerORDER {
		return nil, nil
	}
	prog, err := p.ProgramOfRule(ctx, row)
	if err != nil {
		return nil, err
	}
	h, err := p.rules.rows(ctx, p.Store.Client, p.Store.Now())
	if err != nil {
		return nil, err
	}
	orders, err := p.Store.Client.Order.Query().Where(order.StatusIn(order.StatusPLACED, order.StatusCOMPLETED), order.OwnerIDNEQ(viewer.House)).
		Order(order.ByPlacedAt(sql.OrderDesc()), order.ByID(sql.OrderDesc())).Limit(sampleOrders).WithLines(inOrder).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	r, s, known := ready(row), &EarningSample{Looked: len(orders), Orders: []*EarningSampleOrder{}}, map[uuid.UUID]*earner{}
	for _, o := range orders {
		who := known[o.OwnerID]
		if who == nil {
			if who, err = learn(ctx, p.Store, o.OwnerID, r.asks, p.Store.Now()); err != nil {
				return nil, err
			}
			known[o.OwnerID] = who
		}
		bought, err := newPurchase(o, o.Edges.Lines, p.Store.Now())
		if err != nil {
			return nil, err
		}
		v, err := h.judge(ctx, prog, []*earnRule{r}, bought, who, nil)
		if err != nil {
			return nil, err
		}
		if n := v.by(r); n > 0 {
			s.Gave, s.Points = s.Gave+1, min(s.Points+n, maxEarned)
			s.Orders = append(s.Orders, &EarningSampleOrder{OrderID: o.GlobalID(), Number: o.Number, Total: scalar.Money{Minor: o.TotalMinor, Currency: o.Currency}, Points: n})
		}
	}
	slices.SortStableFunc(s.Orders, func(a, b *EarningSampleOrder) int { return cmp.Compare(b.Points, a.Points) })
	s.Orders = s.Orders[:min(len(s.Orders), sampleShown)]
	return s, nil
}
