package tier_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"kabinet/internal/store/storetest"
	"kabinet/internal/tier"
)

// model is what the tiers of one account should be, by definition and without
// a database: every deadline is met in time.
type model struct {
	asks                []int64
	window, keep, grace time.Duration
	oneDown             bool

	deeds []*deed
	tier  int // -1: none yet
	until time.Time
}

type deed struct {
	at    time.Time
	n     int64
	entry uuid.UUID
	gone  bool
}

func (m *model) sum(counts func(at time.Time) bool) (n int64) {
	for _, d := range m.deeds {
		if !d.gone && counts(d.at) {
			n += d.n
		}
	}
	return n
}

func (m *model) reached(n int64) (top int) {
	for i, asked := range m.asks {
		if n >= asked {
			top = i
		}
	}
	return top
}

func (m *model) put(tier int, at time.Time) {
	m.tier, m.until = tier, time.Time{}
	if m.asks[tier] > 0 {
		m.until = at.Add(m.keep)
	}
}

// meets handles the deadlines until a moment, and then what may rise.
func (m *model) meets(now time.Time) {
	for m.tier >= 0 && !m.until.IsZero() && !m.until.After(now) {
		d, asked := m.until, m.asks[m.tier]
		from := d.Add(-m.window)
		within := func(to time.Time) func(time.Time) bool {
			return func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
		}
		fall := d.Add(m.grace)
		if m.sum(within(d)) >= asked || m.grace > 0 && m.sum(within(earlier(fall, now.Add(time.Microsecond)))) >= asked {
			m.until = d.Add(m.keep)
			continue
		}
		if now.Before(fall) {
			break
		}
		if m.oneDown {
			m.put(m.tier-1, fall)
		} else {
			m.put(min(m.reached(m.sum(within(fall))), m.tier-1), fall)
		}
	}
	top := m.reached(m.sum(func(at time.Time) bool { return at.After(now.Add(-m.window)) && !at.After(now) }))
	if top > m.tier {
		m.put(top, now)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Whatever is earned, taken back and waited for, and whenever the clock comes,
// an account has the tier that its deeds and deadlines say; looked at again at
// the same moment, also by two instances at once, nothing changes.
// security K10
func TestReviewAgreesWithTheModel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		rapid.Check(t, func(rt *rapid.T) {
			everyDay := func(name string, most int) int { return rapid.IntRange(1, most).Draw(rt, name) }
			window, grace := everyDay("window", 40), rapid.IntRange(0, 10).Draw(rt, "grace")
			keep := grace + everyDay("keep", 40)
			m := &model{asks: []int64{0, 100, 500}, tier: -1, oneDown: rapid.Bool().Draw(rt, "one down"),
				window: time.Duration(window) * day, keep: time.Duration(keep) * day, grace: time.Duration(grace) * day}
			policy := tier.TierDowngrade("BY_BALANCE")
			if m.oneDown {
				policy = "ONE_DOWN"
			}
			relay(w, days(window, keep, grace, policy))
			inTime := rapid.Bool().Draw(rt, "in time")
			somebody := w.customer("somebody")
			for i := range rapid.IntRange(3, 25).Draw(rt, "deeds") {
				pass(w, m, inTime && i > 0, time.Duration(rapid.IntRange(0, 20*24).Draw(rt, "hours"))*time.Hour)
				m.meets(w.Clock.Now())
				if k := len(m.deeds); inTime && k > 0 && rapid.IntRange(0, 3).Draw(rt, "back") == 0 {
					d := m.deeds[rapid.IntRange(0, k-1).Draw(rt, "which")]
					if !d.gone {
						d.gone = true
						w.back(somebody, d.entry)
						m.meets(w.Clock.Now())
					}
					continue
				}
				d := &deed{at: w.Clock.Now(), n: rapid.SampledFrom([]int64{1, 60, 100, 300, 500}).Draw(rt, "points")}
				d.entry = w.earn(somebody, d.n)
				m.deeds = append(m.deeds, d)
				m.meets(w.Clock.Now())
				agrees(rt, w, m, somebody)
			}
			once := len(w.book(somebody))
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					s := &tier.Tiers{Store: w.Store, Account: w.tiers.Account}
					if _, err := s.ReviewDue(storetest.System(), 10); err != nil {
						rt.Error(err)
					}
				})
			}
			wg.Wait()
			w.look(somebody)
			if n := len(w.book(somebody)); n != once {
				rt.Errorf("%d changes, and %d after another look at the same moment", once, n)
			}
		})
	})
}

// relay puts other terms in force for the tiers of the world.
func relay(w *world, terms func(*tier.SaveTierInput)) {
	old, err := w.tiers.InForce(storetest.System(), nil)
	w.must(err)
	if len(old) == 0 {
		w.ladder(terms)
	}
	for _, t := range old {
		id, asked := t.GlobalID(), *t.EarnedThreshold
		w.save(t.Rank, t.Handle, asked, func(in *tier.SaveTierInput) { terms(in); in.ID = &id })
	}
	w.clock()
}

// pass lets time go by; in time the clock comes at each moment that it planned.
func pass(w *world, m *model, inTime bool, d time.Duration) {
	end := w.Clock.Now().Add(d)
	for inTime {
		next := m.until
		if next.IsZero() || next.After(end) {
			break
		}
		if !next.After(w.Clock.Now()) { // the days of grace
			if next = next.Add(m.grace); next.After(end) || !next.After(w.Clock.Now()) {
				break
			}
		}
		w.Clock.Add(next.Sub(w.Clock.Now()))
		w.clock()
		m.meets(next)
	}
	w.Clock.Add(end.Sub(w.Clock.Now()))
}

func agrees(rt *rapid.T, w *world, m *model, owner uuid.UUID) {
	a := w.account(owner)
	want, got := fmt.Sprint([]string{"standard", "silver", "gold"}[m.tier], " ", m.until), ""
	if a.TierUntilAt != nil {
		got = fmt.Sprint(w.handle(a.TierID), " ", a.TierUntilAt.UTC())
	} else {
		got = fmt.Sprint(w.handle(a.TierID), " ", time.Time{})
	}
	if got != want {
		rt.Fatalf("%s, want %s; the book reads %q", got, want, w.book(owner))
	}
}
