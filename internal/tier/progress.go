package tier

import (
	"context"
	"math/bits"
	"time"

	ent "kabinet/ent/generated"
	enttier "kabinet/ent/generated/tier"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// unitPoints is the unit of points in Progress; of money it is the currency.
const unitPoints = "points"

// goals are what a tier asks for and what was done of it in a span.
func (c *tally) goals(ctx context.Context, t *ent.Tier, s span, deadline *time.Time) ([]*scalar.Progress, error) {
	n, err := c.of(ctx, t, s)
	if err != nil {
		return nil, err
	}
	goals := []*scalar.Progress{}
	if countsEarned(t) {
		goals = append(goals, &scalar.Progress{Current: n.earned, Target: earnedThreshold(t), Unit: unitPoints, Deadline: deadline})
	}
	if countsSpent(t) {
		goals = append(goals, &scalar.Progress{Current: n.spent, Target: t.SpentThresholdMinor, Unit: t.Currency, Deadline: deadline})
	}
	return goals, nil
}

// decisive is the goal that decides: where one suffices the one that is
// nearer, where all are needed the one that is farther.
func decisive(t *ent.Tier, goals []*scalar.Progress) *scalar.Progress {
	if len(goals) == 0 {
		return nil
	}
	best := goals[0]
	for _, g := range goals[1:] {
		if further(g, best) == (t.Basis == enttier.BasisEITHER) {
			best = g
		}
	}
	return best
}

// further says whether a came further than b, as parts of their targets.
func further(a, b *scalar.Progress) bool {
	if a.Target <= 0 || b.Target <= 0 {
		return a.Target <= 0
	}
	ah, al := bits.Mul64(uint64(max(a.Current, 0)), uint64(b.Target))
	bh, bl := bits.Mul64(uint64(max(b.Current, 0)), uint64(a.Target))
	return ah > bh || ah == bh && al > bl
}

func missing(p *scalar.Progress) *int64 {
	n := max(0, p.Target-p.Current)
	return &n
}

// windowEnds is when what was done ceases to count towards a tier: with the
// year; nil where days go by one at a time, or never.
func windowEnds(t *ent.Tier, now time.Time) *time.Time {
	if t.Window != enttier.WindowCALENDAR_YEAR {
		return nil
	}
	end := yearEnd(now)
	return &end
}

// progress is where an account stands; nil where its programme has no tiers.
// The statements are one for each window and kind of deed that the tiers look
// at, whatever the account did.
func progress(ctx context.Context, db rows, all []*ent.Tier, a account, now time.Time) (*TierProgress, error) {
	tiers := ofProgram(all, a.program)
	if len(tiers) == 0 {
		return nil, nil
	}
	c, st := newTally(db, a, now), standing{tier: inForce(all, a.tier), until: a.until}
	if st.tier == nil { // nobody has looked at it yet
		top, err := c.reached(ctx, tiers, -1, now, now)
		if err != nil {
			return nil, err
		}
		st.tier = top
	}
	p := &TierProgress{Goals: []*scalar.Progress{}, Deadline: st.until, current: st.tier, next: above(tiers, st.tier)}
	if err := p.rise(ctx, c, now); err != nil {
		return nil, err
	}
	if st.tier == nil || st.until == nil {
		return p, nil
	}
	return p, p.stay(ctx, c, tiers, st, now)
}

// rise says what is missing to the tier above.
func (p *TierProgress) rise(ctx context.Context, c *tally, now time.Time) (err error) {
	if p.next == nil {
		return nil
	}
	basis := TierBasis(p.next.Basis)
	p.Basis = &basis
	if p.Goals, err = c.goals(ctx, p.next, window(p.next, now, now), windowEnds(p.next, now)); err != nil {
		return err
	}
	p.Progress = decisive(p.next, p.Goals)
	p.Missing = missing(p.Progress)
	return nil
}

// stay says what is missing to keep the tier, and what would be lost.
func (p *TierProgress) stay(ctx context.Context, c *tally, tiers []*ent.Tier, st standing, now time.Time) error {
	fall := falls(st.tier, *st.until)
	goals, err := c.goals(ctx, st.tier, window(st.tier, st.until.Add(-tick), now), &fall)
	if err != nil {
		return err
	}
	p.Stay = decisive(st.tier, goals)
	p.StayAmount = missing(p.Stay)
	to, when, err := atRisk(ctx, c, tiers, st, now)
	if err != nil || when.IsZero() {
		return err
	}
	p.Risk = &TierRisk{Date: when, Loses: lost(st.tier, to, viewer.From(ctx).Locale), tier: to}
	if !now.Before(*st.until) {
		p.Deferred = &TierDeferral{At: when, tier: to}
	}
	return nil
}

// Current is the tier that it has.
func (p *TierProgress) Current() *ent.Tier { return p.current }

// Next is the tier above.
func (p *TierProgress) Next() *ent.Tier { return p.next }

// Tier is the tier after the fall.
func (r *TierRisk) Tier() *ent.Tier { return r.tier }

// Tier is the tier after the fall.
func (d *TierDeferral) Tier() *ent.Tier { return d.tier }
