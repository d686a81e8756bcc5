package tier

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/tierchange"
)

// standing is where an account stands: what a review looks at and changes.
type standing struct {
	tier    *ent.Tier // the row in force, or the last one of a tier that was retired; nil: none
	until   *time.Time
	reached *span // the deeds by which it was reached; nil: unknown, or staff set it
	held    bool  // staff set it below what the numbers reach: no rise before the deadline
}

// change is one change of a standing.
type change struct {
	kind     tierchange.Kind
	from, to *ent.Tier
	until    *time.Time
	span     span      // what was counted
	numbers  numbers   // and what it came to
	of       *ent.Tier // whose terms decided; nil: staff
	held     bool
}

// step is one step of a review at a moment: the first change that is due, nil
// where nothing is. It reads and decides; doing it again after the change was
// made finds the next one, or none: a review is as many steps as there are.
//
// A rise comes before all else. A tier that was retired, or that was reached
// by what a return took away (where its terms say so), is left at once. All
// other falls wait for the deadline and the days of grace.
func step(ctx context.Context, c *tally, tiers []*ent.Tier, st standing, now time.Time) (*change, error) {
	top, err := c.reached(ctx, tiers, -1, now, now)
	if err != nil {
		return nil, err
	}
	switch {
	case st.tier == nil && top == nil:
		return nil, nil
	case st.tier == nil:
		return c.move(ctx, tierchange.KindJOINED, nil, top, keptUntil(top, now), top, span{})
	case top != nil && top.Rank > st.tier.Rank && (!st.held || st.until != nil && !now.Before(*st.until)):
		return c.rise(ctx, st, top, now)
	case st.tier.RetiredAt != nil:
		return c.fall(ctx, st, top, now, span{})
	}
	if gone, err := c.undone(ctx, st, top); err != nil || gone {
		if err != nil {
			return nil, err
		}
		return c.fall(ctx, st, top, now, *st.reached)
	}
	if st.until == nil || now.Before(*st.until) {
		return nil, nil
	}
	return c.deadline(ctx, tiers, st, now)
}

func (c *tally) rise(ctx context.Context, st standing, to *ent.Tier, now time.Time) (*change, error) {
	return c.move(ctx, tierchange.KindUPGRADED, st.tier, to, keptUntil(to, now), to, window(to, now, now))
}

// fall leaves a tier at once. Of a retired one another of the same rank, or a
// higher one, is no fall.
func (c *tally) fall(ctx context.Context, st standing, to *ent.Tier, now time.Time, s span) (*change, error) {
	kind := tierchange.KindDOWNGRADED
	if to != nil && to.Rank >= st.tier.Rank {
		kind = tierchange.KindUPGRADED
	}
	var until *time.Time
	if to != nil {
		until = keptUntil(to, now)
	}
	if s == (span{}) && to != nil {
		s = window(to, now, now)
	}
	of := st.tier
	if to != nil && kind == tierchange.KindUPGRADED {
		of = to
	}
	return c.move(ctx, kind, st.tier, to, until, of, s)
}

// undone says that a return took away what a tier was reached by, where its
// terms let that count at once.
func (c *tally) undone(ctx context.Context, st standing, top *ent.Tier) (bool, error) {
	if !st.tier.FallsOnReturn || st.reached == nil || top != nil && top.Rank >= st.tier.Rank {
		return false, nil
	}
	n, err := c.of(ctx, st.tier, *st.reached)
	return err == nil && !qualifies(st.tier, n), err
}

// deadline decides about a tier whose deadline is over. It is kept by what was
// done in the window that ended there, or until the days of grace are over.
func (c *tally) deadline(ctx context.Context, tiers []*ent.Tier, st standing, now time.Time) (*change, error) {
	t, at := st.tier, st.until.Add(-tick)
	s := window(t, at, at)
	n, err := c.of(ctx, t, s)
	if err != nil {
		return nil, err
	}
	if lasts(t) || qualifies(t, n) {
		return c.move(ctx, tierchange.KindPROLONGED, t, t, prolonged(t, *st.until, *st.until), t, s)
	}
	fall, to := falls(t, *st.until), now
	over := !now.Before(fall)
	if over {
		to = fall.Add(-tick)
	}
	if t.GraceDays > 0 {
		s = window(t, at, to)
		if n, err = c.of(ctx, t, s); err != nil {
			return nil, err
		}
		if qualifies(t, n) {
			return c.move(ctx, tierchange.KindPROLONGED, t, t, prolonged(t, *st.until, to), t, s)
		}
	}
	if !over {
		return nil, nil
	}
	under, err := c.landing(ctx, tiers, t, at, to)
	if err != nil {
		return nil, err
	}
	var until *time.Time
	if under != nil {
		until = prolonged(under, *st.until, fall)
		if under.Keep == "DAYS" && until != nil {
			*until = fall.Add(keepDays(under))
		}
	}
	return c.move(ctx, tierchange.KindDOWNGRADED, t, under, until, t, s)
}

// landing is the tier into which one falls; nil: none.
func (c *tally) landing(ctx context.Context, tiers []*ent.Tier, t *ent.Tier, at, to time.Time) (*ent.Tier, error) {
	if t.Downgrade == "ONE_DOWN" {
		return below(tiers, t), nil
	}
	return c.reached(ctx, tiers, t.Rank, at, to)
}

// move notes what was counted for a change, of the tier that decided.
func (c *tally) move(ctx context.Context, kind tierchange.Kind, from, to *ent.Tier, until *time.Time, of *ent.Tier, s span) (*change, error) {
	if s == (span{}) && of != nil {
		s = window(of, c.now, c.now)
	}
	ch := &change{kind: kind, from: from, to: to, until: until, span: s, of: of}
	if of == nil {
		return ch, nil
	}
	var err error
	ch.numbers, err = c.of(ctx, of, s)
	return ch, err
}

// atRisk is the fall that comes if nothing more is done: where to and when. No
// fall: the time is zero.
func atRisk(ctx context.Context, c *tally, tiers []*ent.Tier, st standing, now time.Time) (to *ent.Tier, when time.Time, err error) {
	if st.tier == nil || st.until == nil || lasts(st.tier) {
		return nil, when, nil
	}
	at := st.until.Add(-tick)
	n, err := c.of(ctx, st.tier, window(st.tier, at, now))
	if err != nil || qualifies(st.tier, n) {
		return nil, when, err
	}
	to, err = c.landing(ctx, tiers, st.tier, at, now)
	return to, falls(st.tier, *st.until), err
}

// inForce is the row of a tier that decides: the one in force, else the last.
func inForce(all []*ent.Tier, key *uuid.UUID) *ent.Tier {
	if key == nil {
		return nil
	}
	var last *ent.Tier
	for _, t := range all {
		if t.KeyID == *key && (last == nil || t.Version > last.Version) {
			last = t
		}
	}
	return last
}

// ofProgram are the tiers of a programme in force, the lowest first.
func ofProgram(all []*ent.Tier, program uuid.UUID) (tiers []*ent.Tier) {
	for _, t := range all {
		if t.ProgramID == program && t.RetiredAt == nil {
			tiers = append(tiers, t)
		}
	}
	slices.SortFunc(tiers, func(a, b *ent.Tier) int { return a.Rank - b.Rank })
	return tiers
}
