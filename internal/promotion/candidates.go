package promotion

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/promocode"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/generated/promouse"
	"kabinet/ent/schema"
	"kabinet/internal/audience"
	"kabinet/internal/rule"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// asker is whose basket it is, at a moment; what is known of him is read when
// something asks for it.
type asker struct {
	owner  uuid.UUID // uuid.Nil: nobody is signed in
	now    time.Time
	client *ent.Client // the transaction's inside one
	reader audience.Reader
	known  *audience.Customer
	spent  map[uuid.UUID]bool // by promotion, whether he has no use left
}

// asking is the caller, outside a transaction.
func (p *Promotions) asking(ctx context.Context) (*asker, error) {
	me, err := p.owner(ctx)
	return p.askingFor(me), err
}

func (p *Promotions) askingFor(owner uuid.UUID) *asker {
	return &asker{owner: owner, now: p.Store.Now(), client: p.Store.Client, reader: p.Store}
}

func askingIn(tx *store.Tx, owner uuid.UUID) *asker {
	return &asker{owner: owner, now: tx.Now, client: tx.Client, reader: tx}
}

// customer is what is known of him; nil for nobody.
func (a *asker) customer(ctx context.Context) (*audience.Customer, error) {
	if a.known == nil && a.owner != uuid.Nil {
		c, err := audience.Load(ctx, a.reader, a.owner, a.now)
		if err != nil {
			return nil, store.Translate(err)
		}
		a.known = c
	}
	return a.known, nil
}

// basketVars are what conditions may name of a basket, beside the customer.
var basketVars = append(audience.Vars(),
	rule.Var{Name: "basket.total", Type: "int", Doc: "minor units, at list prices"},
	rule.Var{Name: "basket.currency", Type: "string", Doc: "ISO 4217"},
	rule.Var{Name: "basket.quantity", Type: "int", Doc: "units of all lines"},
	rule.Var{Name: "basket.lines", Type: "int", Doc: "how many lines"},
	rule.Var{Name: "basket.skus", Type: "list(string)", Doc: "the sku of each line"},
	rule.Var{Name: "basket.categories", Type: "list(string)", Doc: "the category of each line that has one"},
)

var env = sync.OnceValues(func() (*rule.Env, error) { return rule.NewEnv(basketVars...) })

// checkCondition judges a condition before it is kept. Fault: RULE_INVALID.
func checkCondition(condition string) error {
	e, err := env()
	if err != nil {
		return err
	}
	_, err = e.Compile(condition, "bool")
	return err
}

// holds says whether a promotion's condition is true. One that cannot be worked
// out on these values is false: a slip of staff stops no order.
func (a *asker) holds(ctx context.Context, p *ent.Promotion, basket []goods, currency string) (bool, error) {
	if p.Condition == nil {
		return true, nil
	}
	c, err := a.customer(ctx)
	if err != nil || c == nil {
		return false, err
	}
	e, err := env()
	if err != nil {
		return false, err
	}
	x, err := e.Compile(*p.Condition, "bool")
	if err != nil {
		return false, nil
	}
	vars := c.Vars()
	var total, quantity int64
	skus, categories := make([]string, len(basket)), []string{}
	for i, g := range basket {
		total, quantity, skus[i] = total+g.amount, quantity+g.quantity, g.sku
		if g.category != "" {
			categories = append(categories, g.category)
		}
	}
	vars["basket.total"], vars["basket.currency"], vars["basket.quantity"] = total, currency, quantity
	vars["basket.lines"], vars["basket.skus"], vars["basket.categories"] = int64(len(basket)), skus, categories
	ok, err := x.Bool(ctx, vars)
	if errors.Is(err, rule.ErrRuleInvalid) {
		return false, nil
	}
	return ok, err
}

// admits says whether a promotion is for him, and else why not.
func (a *asker) admits(ctx context.Context, of schema.Audience) (ok bool, why string, err error) {
	if audience.Open(of) {
		return true, "", nil
	}
	c, err := a.customer(ctx)
	if err != nil {
		return false, "", err
	}
	ok, why, err = audience.Admits(ctx, of, c)
	if errors.Is(err, rule.ErrRuleInvalid) {
		return false, audience.Condition, nil
	}
	return ok, why, err
}

// inWindow says whether a promotion's time has come and is not over.
func inWindow(p *ent.Promotion, now time.Time) bool {
	return (p.StartsAt == nil || !p.StartsAt.After(now)) && !over(p.EndsAt, now)
}

// candidate makes one of a promotion.
func (a *asker) candidate(ctx context.Context, p *ent.Promotion) (*candidate, error) {
	c := &candidate{
		promotion: p.ID, handle: p.Handle, text: name(ctx, p.Texts, p.Handle), priority: p.Priority, stackable: p.Stackable,
		effect: p.Effect, share: p.Effect.DiscountBasisPoints,
	}
	if p.StackGroup != nil {
		c.group = *p.StackGroup
	}
	switch p.Kind {
	case entpromotion.KindPERSONAL_PRICE:
		c.phase, c.source = prices, FromPrice
	case entpromotion.KindDISCOUNT:
		c.phase, c.source = discounts, FromDiscount
	case entpromotion.KindOFFER:
		c.phase, c.source = offers, FromOffer
	case entpromotion.KindCODE:
		c.phase, c.source = codes, FromCode
	}
	if len(p.Effect.Steps) == 0 {
		return c, nil
	}
	c.source = FromCumulative
	known, err := a.customer(ctx)
	if err != nil || known == nil {
		return c, err
	}
	for _, s := range p.Effect.Steps {
		if known.Spent[p.Effect.Currency] >= s.SpentMinor {
			c.share = s.DiscountBasisPoints
		}
	}
	return c, nil
}

// automatic are the candidates that apply by themselves: prices and discounts,
// those of clubs and tiers, and, where orders are asked about, offers taken up.
// They are for this customer, but their minimums are not looked at.
func (p *Promotions) automatic(ctx context.Context, a *asker, basket []goods, currency string, withOffers bool) (all []*candidate, err error) {
	h, err := p.promotions.rows(ctx, a.client, a.now)
	if err != nil {
		return nil, err
	}
	for _, row := range h.automatic {
		c, err := a.eligible(ctx, row, basket, currency)
		if err != nil {
			return nil, err
		}
		if c != nil {
			all = append(all, c)
		}
	}
	if withOffers && len(h.offers) > 0 && a.owner != uuid.Nil {
		taken, err := a.takenUp(ctx, h.offers, basket, currency)
		if err != nil {
			return nil, err
		}
		all = append(all, taken...)
	}
	standing, err := a.standing(ctx, h)
	return append(all, standing...), err
}

// eligible is the candidate of a promotion that is in force and for him and
// this basket; nil where it is not.
func (a *asker) eligible(ctx context.Context, row *ent.Promotion, basket []goods, currency string) (*candidate, error) {
	if !inWindow(row, a.now) || row.MaxUses != nil && row.Taken >= *row.MaxUses && row.Kind != entpromotion.KindOFFER || strange(row.Effect, currency) {
		return nil, nil
	}
	if ok, _, err := a.admits(ctx, row.Audience); err != nil || !ok {
		return nil, err
	}
	if ok, err := a.holds(ctx, row, basket, currency); err != nil || !ok {
		return nil, err
	}
	if none, err := a.hadAll(ctx, row); err != nil || none {
		return nil, err
	}
	return a.candidate(ctx, row)
}

// hadAll says whether he has had a promotion as often as anyone may.
func (a *asker) hadAll(ctx context.Context, row *ent.Promotion) (bool, error) {
	if row.PerOwner == nil || a.owner == uuid.Nil {
		return false, nil
	}
	if none, known := a.spent[row.ID]; known {
		return none, nil
	}
	n, err := a.client.PromoUse.Query().Where(promouse.PromotionID(row.ID), promouse.OwnerID(a.owner), promouse.SlotNotNil(),
		promouse.Or(promouse.StatusEQ(promouse.StatusUSED), promouse.ReservedUntilAtGT(a.now))).Count(viewer.AsSystem(ctx, "promotion.codes"))
	if err != nil {
		return false, store.Translate(err)
	}
	if a.spent == nil {
		a.spent = map[uuid.UUID]bool{}
	}
	a.spent[row.ID] = n >= *row.PerOwner
	return a.spent[row.ID], nil
}

// strange says whether an effect is in another currency than the basket.
func strange(e schema.Effect, currency string) bool {
	return e.Currency != "" && e.Currency != currency
}

// takenUp are the offers that he activated.
func (a *asker) takenUp(ctx context.Context, inForce []*ent.Promotion, basket []goods, currency string) (all []*candidate, err error) {
	mine, err := a.client.PromoCode.Query().Where(promocode.OwnerID(a.owner), promocode.CodeKeyIsNil(), promocode.StatusEQ(promocode.StatusACTIVE),
		promocode.Or(promocode.EndsAtIsNil(), promocode.EndsAtGT(a.now))).
		Order(promocode.ByID()).Limit(maxInForce).All(viewer.AsSystem(ctx, "promotion.codes"))
	if err != nil {
		return nil, store.Translate(err)
	}
	byID := map[uuid.UUID]*ent.PromoCode{}
	for _, m := range mine {
		byID[m.PromotionID] = m
	}
	for _, row := range inForce {
		m := byID[row.ID]
		if m == nil || !inWindow(row, a.now) || strange(row.Effect, currency) {
			continue
		}
		if ok, err := a.holds(ctx, row, basket, currency); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		c, err := a.candidate(ctx, row)
		if err != nil {
			return nil, err
		}
		c.code = &m.ID
		all = append(all, c)
	}
	return all, nil
}

// standing are the discounts of the clubs he is in and the tiers he holds.
func (a *asker) standing(ctx context.Context, h *inForce) (all []*candidate, err error) {
	if a.owner == uuid.Nil || !reduce(h.clubs) && !reduce(h.tiers) {
		return nil, nil
	}
	known, err := a.customer(ctx)
	if err != nil {
		return nil, err
	}
	add := func(source ReductionSource, of []standing, held []uuid.UUID) {
		for _, s := range of {
			for _, id := range held {
				if id != s.id {
					continue
				}
				for _, perk := range s.perks {
					if perk.kind == string(PerkDiscount) && perk.share > 0 {
						all = append(all, &candidate{source: source, phase: discounts, handle: s.handle, text: name(ctx, s.texts, s.handle),
							stackable: true, group: Standing, effect: perk.effect(), share: perk.share})
					}
				}
			}
		}
	}
	add(FromTier, h.tiers, known.TierIDs)
	add(FromClub, h.clubs, known.ClubIDs)
	return all, nil
}

// reached leaves the candidates of which something in the basket is what they
// are for, and enough of it.
func reached(basket []goods, all []*candidate) (kept []*candidate) {
	left := afterPrices(basket, all)
	for _, c := range all {
		if sum, some := c.basis(basket, left); some && sum >= c.effect.MinimumMinor {
			kept = append(kept, c)
		}
	}
	return kept
}

// with joins names for a message.
func with(names []string) string { return strings.Join(names, ", ") }
