package tier

import (
	"time"

	ent "kabinet/ent/generated"
	enttier "kabinet/ent/generated/tier"
)

const day = 24 * time.Hour

// tick is the smallest step of time that is stored: a deadline is looked at as
// it was a tick before it.
const tick = time.Microsecond

// span is a stretch of time in which deeds count: after one moment, until and
// with another. The zero after is ever.
type span struct{ after, to time.Time }

// window is what counts towards a tier when its window ends at one moment; the
// days of grace lengthen it to another.
func window(t *ent.Tier, at, to time.Time) span {
	switch t.Window {
	case enttier.WindowROLLING:
		days := defaultDays
		if t.WindowDays != nil {
			days = *t.WindowDays
		}
		return span{at.Add(-time.Duration(days) * day), to}
	case enttier.WindowCALENDAR_YEAR:
		return span{yearStart(at).Add(-tick), to}
	}
	return span{to: to}
}

// yearStart and yearEnd are of the business's calendar: UTC.
func yearStart(at time.Time) time.Time {
	return time.Date(at.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC)
}

func yearEnd(at time.Time) time.Time { return yearStart(at).AddDate(1, 0, 0) }

// numbers are what was done in a span.
type numbers struct{ earned, spent int64 }

// countsEarned and countsSpent say what a tier asks for.
func countsEarned(t *ent.Tier) bool { return t.Basis != enttier.BasisSPENT }
func countsSpent(t *ent.Tier) bool  { return t.Basis != enttier.BasisEARNED }

func earnedThreshold(t *ent.Tier) int64 {
	if t.EarnedThreshold == nil {
		return 0
	}
	return *t.EarnedThreshold
}

// qualifies says whether the numbers reach a tier.
func qualifies(t *ent.Tier, n numbers) bool {
	earned, spent := n.earned >= earnedThreshold(t), n.spent >= t.SpentThresholdMinor
	switch t.Basis {
	case enttier.BasisEARNED:
		return earned
	case enttier.BasisSPENT:
		return spent
	case enttier.BasisEITHER:
		return earned || spent
	}
	return earned && spent
}

// everybody says whether a tier asks for nothing.
func everybody(t *ent.Tier) bool { return qualifies(t, numbers{}) }

// lasts says whether a tier, once reached, is never lost.
func lasts(t *ent.Tier) bool {
	return everybody(t) || t.Downgrade == enttier.DowngradeNEVER || t.Keep == enttier.KeepFOREVER
}

// keptUntil is until when a tier reached now is kept; nil: without end.
func keptUntil(t *ent.Tier, now time.Time) *time.Time {
	if lasts(t) {
		return nil
	}
	var until time.Time
	switch t.Keep {
	case enttier.KeepDAYS:
		until = now.Add(keepDays(t))
	case enttier.KeepYEAR_END:
		until = yearEnd(now)
	default:
		until = yearEnd(now).AddDate(1, 0, 0)
	}
	return &until
}

// prolonged is until when a tier is kept that was kept at its deadline; it is
// after now. A calendar deadline is the end of a year: what was done in that
// year keeps the tier for as long as if it had been reached in it.
func prolonged(t *ent.Tier, deadline, now time.Time) *time.Time {
	if lasts(t) {
		return nil
	}
	until := deadline
	switch t.Keep {
	case enttier.KeepDAYS:
		for !until.After(now) {
			until = until.Add(keepDays(t))
		}
	case enttier.KeepYEAR_END:
		until = later(yearEnd(deadline), now)
	default:
		until = later(yearEnd(deadline.Add(-tick)).AddDate(1, 0, 0), now)
	}
	return &until
}

// later puts years on until it is after now.
func later(until, now time.Time) time.Time {
	for !until.After(now) {
		until = until.AddDate(1, 0, 0)
	}
	return until
}

func keepDays(t *ent.Tier) time.Duration {
	if t.KeepDays != nil {
		return time.Duration(*t.KeepDays) * day
	}
	return defaultDays * day
}

// falls is when a tier is lost whose deadline it is: after the days of grace.
func falls(t *ent.Tier, deadline time.Time) time.Time {
	return deadline.Add(time.Duration(t.GraceDays) * day)
}

// below is the tier under another; nil: none.
func below(tiers []*ent.Tier, t *ent.Tier) (under *ent.Tier) {
	for _, u := range tiers {
		if u.Rank < t.Rank {
			under = u
		}
	}
	return under
}

// above is the tier over another, the lowest for nil; nil: none.
func above(tiers []*ent.Tier, t *ent.Tier) *ent.Tier {
	for _, u := range tiers {
		if t == nil || u.Rank > t.Rank {
			return u
		}
	}
	return nil
}

// defaultDays are those of a window and of keep DAYS where none are said.
const defaultDays = 365

// nextLook is when a standing is looked at again after now, at a deadline or so
// many days before a fall; nil: never.
func nextLook(t *ent.Tier, until *time.Time, warnDays []int, now time.Time) *time.Time {
	if t == nil || until == nil {
		return nil
	}
	fall := falls(t, *until)
	moments := []time.Time{*until, fall}
	for _, n := range warnDays {
		moments = append(moments, fall.Add(-time.Duration(n)*day))
	}
	var next *time.Time
	for _, m := range moments {
		if m.After(now) && (next == nil || m.Before(*next)) {
			next = &m
		}
	}
	return next
}

// warning says for which of the days before a fall it is time now, when the
// last look was planned for planned; 0: for none.
func warning(fall time.Time, warnDays []int, planned, now time.Time) (days int) {
	for _, n := range warnDays {
		at := fall.Add(-time.Duration(n) * day)
		if !at.Before(planned) && !at.After(now) && (days == 0 || n < days) {
			days = n
		}
	}
	return days
}
