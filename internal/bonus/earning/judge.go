package earning

import (
	"context"
	"fmt"
	"slices"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/earningrule"
	"kabinet/internal/fault"
	"kabinet/internal/rule"
)

// given is what one rule gave: the programme's own rate where it has neither
// rule nor tier.
type given struct {
	rule     *earnRule
	tier     *ent.Tier
	points   int64
	uncapped int64
	cap      EarningCap
	shares   []int64 // by line; none of acts
}

// missed is why a rule gave nothing.
type missed struct {
	rule *earnRule
	why  EarningMiss
	err  error // of FAILED
}

// verdict is what an order or act earns in a programme, and why.
type verdict struct {
	prog   *ent.BonusProgram
	rules  []given
	missed []missed
	points int64
	shares []int64
	tier   string // where one was asked for
}

// judge works out what a purchase earns by the programme's own rate and the
// rules. Rules add up; of the exclusive ones the best counts; multipliers come
// last and multiply what the others gave, each by itself. uses is what the
// rules gave before; nil leaves the limits of owners and periods out.
// Faults: OUT_OF_RANGE.
func (h *earningRows) judge(ctx context.Context, prog *ent.BonusProgram, rules []*earnRule, p *purchase, who *earner, uses usedBefore) (*verdict, error) {
	v := &verdict{prog: prog, shares: make([]int64, len(p.lines))}
	handle, tier := who.tier(h, prog.KeyID)
	if slices.ContainsFunc(rules, func(r *earnRule) bool { return r.asks > asksNothing }) || tierMultiplier(tier) > 0 {
		v.tier = handle
	}
	if prog.EarnCurrency == p.Currency && prog.EarnPoints > 0 {
		_, shares, err := earned(prog, p.lines)
		if err != nil {
			return nil, err
		}
		v.add(given{points: sumOf(shares), shares: shares})
	}
	vars := p.vars(who, handle)
	first := v.round(ctx, rules, p, handle, vars, uses, false)
	for _, g := range first {
		v.add(g)
	}
	base := slices.Clone(v.shares) // what multipliers multiply
	if by := tierMultiplier(tier); by > 0 {
		if shares, ok := ratesOf(base, by-wholeMultiplier, wholeMultiplier, rule.Rounding(prog.Rounding), false); ok {
			v.add(given{tier: tier, points: sumOf(shares), shares: shares})
		}
	}
	p.base = base
	for _, g := range v.round(ctx, rules, p, handle, vars, uses, true) {
		v.add(g)
	}
	for i, n := range v.shares {
		if n > maxEarned || v.points > maxEarned || v.points < 0 {
			return nil, tooMuch(p.lines[i])
		}
	}
	return v, nil
}

func (v *verdict) add(g given) {
	if g.points <= 0 {
		return
	}
	v.rules, v.points = append(v.rules, g), v.points+g.points
	for i, n := range g.shares {
		v.shares[i] += n
	}
}

func tooMuch(l *ent.OrderLine) error {
	return fault.ErrOutOfRange.With("max", maxEarned).Because(fmt.Errorf("bonus: the points of line %s", l.ID))
}

// round asks the rules that multiply, or those that do not.
func (v *verdict) round(ctx context.Context, rules []*earnRule, p *purchase, tier string, vars map[string]any, uses usedBefore, multipliers bool) []given {
	var asked []*earnRule
	for _, r := range rules {
		if (r.Multiplier != nil) == multipliers {
			asked = append(asked, r)
		}
	}
	return v.bestOf(asked, func(r *earnRule) (given, EarningMiss, error) { return r.give(ctx, p, tier, vars, uses) })
}

// bestOf asks rules, the highest priority first, and keeps the best of the
// exclusive ones, the first of equals.
func (v *verdict) bestOf(rules []*earnRule, ask func(*earnRule) (given, EarningMiss, error)) (gave []given) {
	best := -1
	for _, r := range rules {
		g, why, err := ask(r)
		if why == "" && !r.Stackable && best >= 0 && g.points <= gave[best].points {
			why = EarningMissBetterRule
		}
		if why != "" {
			v.missed = append(v.missed, missed{r, why, err})
			continue
		}
		if !r.Stackable {
			if best >= 0 {
				v.missed = append(v.missed, missed{rule: gave[best].rule, why: EarningMissBetterRule})
				gave = slices.Delete(gave, best, best+1)
			}
			best = len(gave)
		}
		gave = append(gave, g)
	}
	return gave
}

// give is what a rule gives for a purchase, or why nothing.
func (r *earnRule) give(ctx context.Context, p *purchase, tier string, vars map[string]any, uses usedBefore) (given, EarningMiss, error) {
	switch {
	case r.broken != nil:
		return given{}, EarningMissFailed, r.broken
	case r.Currency != "" && r.Currency != p.Currency:
		return given{}, EarningMissCurrency, nil
	case !r.during(p.PlacedAt):
		return given{}, EarningMissNotInForce, nil
	case p.TotalMinor < r.MinimumMinor:
		return given{}, EarningMissMinimum, nil
	case len(r.Tiers) > 0 && !slices.Contains(r.Tiers, tier):
		return given{}, EarningMissTier, nil
	}
	amounts, any := r.selected(p, p.amounts)
	if !any {
		return given{}, EarningMissNoLine, nil
	}
	vars["order.selected"] = sumOf(amounts)
	if r.Multiplier != nil {
		amounts, _ = r.selected(p, p.base)
	}
	if why, err := r.holds(ctx, vars); why != "" {
		return given{}, why, err
	}
	if uses.spent(r) {
		return given{}, EarningMissLimit, nil
	}
	shares, err := r.sharesOf(ctx, p, amounts, vars)
	if err != nil {
		return given{}, EarningMissFailed, err
	}
	g := given{rule: r, points: sumOf(shares), shares: shares}
	if g.points <= 0 {
		return given{}, EarningMissNothing, nil
	}
	if uses.limit(&g); g.points <= 0 {
		return given{}, EarningMissCap, nil
	}
	return g, "", nil
}

// during says whether a rule gives for what happened then.
func (r *earnRule) during(t time.Time) bool {
	return (r.StartsAt == nil || !t.Before(*r.StartsAt)) && (r.EndsAt == nil || t.Before(*r.EndsAt))
}

func (r *earnRule) holds(ctx context.Context, vars map[string]any) (EarningMiss, error) {
	if r.condition == nil {
		return "", nil
	}
	switch ok, err := r.condition.Bool(ctx, vars); {
	case err != nil:
		return EarningMissFailed, err
	case !ok:
		return EarningMissCondition, nil
	}
	return "", nil
}

// selected are those numbers of the lines that a rule looks at, zero for the others.
func (r *earnRule) selected(p *purchase, of []int64) (amounts []int64, any bool) {
	amounts = make([]int64, len(p.lines))
	for i, l := range p.lines {
		if p.quantity[i] > 0 && r.looksAt(l) {
			amounts[i], any = of[i], true
		}
	}
	return amounts, any
}

func (r *earnRule) looksAt(l *ent.OrderLine) bool {
	s := r.Selector
	if s == nil {
		return true
	}
	category := ""
	if l.Category != nil {
		category = *l.Category
	}
	if slices.Contains(s.ExceptSkus, l.Sku) || slices.Contains(s.ExceptCategories, category) {
		return false
	}
	return len(s.Skus)+len(s.Categories) == 0 || slices.Contains(s.Skus, l.Sku) || slices.Contains(s.Categories, category)
}

// sharesOf is what a rule gives before its caps, by line.
func (r *earnRule) sharesOf(ctx context.Context, p *purchase, amounts []int64, vars map[string]any) ([]int64, error) {
	byLine, rounding := r.Basis == earningrule.BasisLINE, rule.Rounding(r.Rounding)
	var shares []int64
	ok := true
	switch {
	case r.Multiplier != nil:
		shares, ok = ratesOf(amounts, int64(*r.Multiplier)-wholeMultiplier, wholeMultiplier, rounding, byLine)
	case r.RatePoints > 0:
		shares, ok = ratesOf(amounts, r.RatePoints, r.RatePerMinor, rounding, byLine)
	case r.FixedPoints != nil:
		shares = r.spread(*r.FixedPoints, p, amounts)
	case r.points != nil && byLine:
		return r.askLines(ctx, p, vars)
	case r.points != nil:
		n, err := r.points.Int(ctx, vars)
		if err != nil {
			return nil, err
		}
		ok = n <= maxEarned
		shares = r.spread(min(max(n, 0), maxEarned), p, amounts)
	}
	if !ok {
		return nil, fault.ErrOutOfRange.With("max", maxEarned)
	}
	return shares, nil
}

// askLines asks the expression for each line that the rule looks at.
func (r *earnRule) askLines(ctx context.Context, p *purchase, vars map[string]any) ([]int64, error) {
	shares := make([]int64, len(p.lines))
	var sum int64
	for i, l := range p.lines {
		if p.quantity[i] == 0 || !r.looksAt(l) {
			continue
		}
		p.lineVars(vars, i)
		n, err := r.points.Int(ctx, vars)
		if err != nil {
			return nil, err
		}
		if n > maxEarned {
			return nil, fault.ErrOutOfRange.With("max", maxEarned)
		}
		if shares[i] = max(n, 0); sum+shares[i] > maxEarned {
			return nil, fault.ErrOutOfRange.With("max", maxEarned)
		}
		sum += shares[i]
	}
	return shares, nil
}

// spread shares points of the whole order out among the lines looked at; where
// those cost nothing, by how many things they are.
func (r *earnRule) spread(n int64, p *purchase, amounts []int64) []int64 {
	if sumOf(amounts) > 0 {
		return shareOut(n, amounts)
	}
	things := make([]int64, len(amounts))
	for i, l := range p.lines {
		if r.looksAt(l) {
			things[i] = p.quantity[i]
		}
	}
	return shareOut(n, things)
}
