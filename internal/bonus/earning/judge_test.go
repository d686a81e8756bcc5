package earning

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/earningrule"
	"kabinet/ent/schema"
)

func TestShareOut(t *testing.T) {
	for _, c := range []struct {
		n       int64
		weights []int64
		want    []int64
	}{
		{10, []int64{1, 1, 1}, []int64{4, 3, 3}},
		{10, []int64{1, 2, 3}, []int64{2, 3, 5}},
		{1, []int64{1, 9}, []int64{0, 1}},
		{7, []int64{0, 0}, []int64{4, 3}},
		{0, []int64{5, 5}, []int64{0, 0}},
		{5, []int64{0, 3, 0}, []int64{0, 5, 0}},
		{maxEarned, []int64{maxEarned, maxEarned, 1}, []int64{maxEarned / 2, maxEarned - maxEarned/2, 0}},
		{3, nil, []int64{}},
	} {
		got := shareOut(c.n, c.weights)
		if !slices.Equal(got, c.want) && sumOf(got) != c.n {
			t.Errorf("%d by %v: %v, want %v", c.n, c.weights, got, c.want)
		}
		if c.n < maxEarned && !slices.Equal(got, c.want) {
			t.Errorf("%d by %v: %v, want %v", c.n, c.weights, got, c.want)
		}
	}
}

func TestShareOutIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, maxEarned).Draw(t, "n")
		weights := rapid.SliceOfN(rapid.Int64Range(0, maxEarned), 1, 20).Draw(t, "weights")
		shares := shareOut(n, weights)
		if sumOf(shares) != n {
			t.Fatalf("%v sum up to %d, not %d", shares, sumOf(shares), n)
		}
		for i, s := range shares {
			if s < 0 || weights[i] == 0 && sumOf(weights) > 0 && s > 0 {
				t.Fatalf("%d of weight %d", s, weights[i])
			}
		}
	})
}

// testProgram earns by rules alone, unless its points are set.
func testProgram() *ent.BonusProgram {
	return &ent.BonusProgram{KeyID: uuid.Must(uuid.NewV7()), Version: 1, Unit: "PTS:points", EarnCurrency: "GBP", EarnPerMinor: 100, Rounding: bonusprogram.RoundingDOWN, IsDefault: true}
}

// testRule is a stackable rule for orders with what a test changes.
func testRule(handle string, change func(*ent.EarningRule)) *earnRule {
	r := &ent.EarningRule{
		KeyID: uuid.NewSHA1(uuid.Nil, []byte(handle)), Version: 1, Handle: handle, Trigger: earningrule.TriggerORDER, Stackable: true,
		Rounding: earningrule.RoundingDOWN, Basis: earningrule.BasisLINE, Period: earningrule.PeriodYEAR,
	}
	change(r)
	return ready(r)
}

var testNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func testPurchase(t testing.TB, totals ...int64) *purchase {
	t.Helper()
	o := &ent.Order{ID: uuid.Must(uuid.NewV7()), OwnerID: uuid.Must(uuid.NewV7()), Status: "PLACED", Currency: "GBP", Channel: "ONLINE", PlacedAt: testNow}
	var lines []*ent.OrderLine
	for i, n := range totals {
		category := []string{"tea", "cups", "books"}[i%3]
		lines = append(lines, &ent.OrderLine{ID: uuid.Must(uuid.NewV7()), Sku: fmt.Sprint("SKU", i), Category: &category, Quantity: 2, UnitPriceMinor: n / 2, TotalMinor: n})
		o.TotalMinor += n
	}
	o.SubtotalMinor = o.TotalMinor
	p, err := newPurchase(o, lines, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func judged(t testing.TB, prog *ent.BonusProgram, p *purchase, who *earner, uses usedBefore, rules ...*earnRule) *verdict {
	t.Helper()
	if who == nil {
		who = &earner{}
	}
	h := &earningRows{}
	v, err := h.judge(context.Background(), prog, rules, p, who, uses)
	if err != nil {
		t.Fatal(err)
	}
	if sumOf(v.shares) != v.points {
		t.Fatalf("the lines sum up to %d, the entry to %d", sumOf(v.shares), v.points)
	}
	return v
}

func rate(points, per int64) func(*ent.EarningRule) {
	return func(r *ent.EarningRule) { r.RatePoints, r.RatePerMinor, r.Currency = points, per, "GBP" }
}

// 5 % of 9.99 + 9.99 + 0.33, where a point is a penny, in all roundings.
func TestRounding(t *testing.T) {
	for _, c := range []struct {
		rounding earningrule.Rounding
		basis    earningrule.Basis
		want     []int64
	}{
		{"DOWN", "LINE", []int64{49, 49, 1}}, {"UP", "LINE", []int64{50, 50, 2}}, {"HALF_UP", "LINE", []int64{50, 50, 2}}, {"HALF_EVEN", "LINE", []int64{50, 50, 2}},
		{"DOWN", "ORDER", []int64{50, 50, 1}}, {"UP", "ORDER", []int64{50, 50, 2}}, {"HALF_UP", "ORDER", []int64{50, 50, 2}}, {"HALF_EVEN", "ORDER", []int64{50, 50, 2}},
	} {
		r := testRule("five", func(r *ent.EarningRule) { rate(5, 100)(r); r.Rounding, r.Basis = c.rounding, c.basis })
		v := judged(t, testProgram(), testPurchase(t, 999, 999, 33), nil, nil, r)
		if !slices.Equal(v.shares, c.want) {
			t.Errorf("%s %s: %v = %d, want %v", c.rounding, c.basis, v.shares, v.points, c.want)
		}
	}
}

func TestJudge(t *testing.T) {
	double := 20000
	fixed := func(n int64) func(*ent.EarningRule) { return func(r *ent.EarningRule) { r.FixedPoints = &n } }
	with := func(a, b func(*ent.EarningRule)) func(*ent.EarningRule) {
		return func(r *ent.EarningRule) { a(r); b(r) }
	}
	only := func(categories ...string) func(*ent.EarningRule) {
		return func(r *ent.EarningRule) { r.Selector = &schema.EarningLines{Categories: categories} }
	}
	alone := func(r *ent.EarningRule) { r.Stackable = false }
	text := func(s string) *string { return &s }
	earlier, later := testNow.Add(-time.Hour), testNow.Add(time.Hour)
	for name, c := range map[string]struct {
		own   int64 // the programme's points for each pound
		rules []*earnRule
		want  []int64
		why   []EarningMiss
	}{
		"the programme's rate":      {own: 1, want: []int64{20, 10, 5}},
		"a rule adds to it":         {own: 1, rules: []*earnRule{testRule("a", rate(2, 100))}, want: []int64{60, 30, 15}},
		"a fixed sum is shared out": {rules: []*earnRule{testRule("a", fixed(7))}, want: []int64{4, 2, 1}},
		"double on a category":      {own: 1, rules: []*earnRule{testRule("a", with(only("cups"), func(r *ent.EarningRule) { r.Multiplier = &double }))}, want: []int64{20, 20, 5}},
		"multipliers do not multiply each other": {own: 1, rules: []*earnRule{testRule("a", func(r *ent.EarningRule) { r.Multiplier = &double }),
			testRule("b", func(r *ent.EarningRule) { r.Multiplier = &double })}, want: []int64{60, 30, 15}},
		"an exception": {rules: []*earnRule{testRule("a", with(rate(1, 100), func(r *ent.EarningRule) {
			r.Selector = &schema.EarningLines{ExceptSkus: []string{"SKU0"}}
		}))}, want: []int64{0, 10, 5}},
		"the best of exclusive ones": {rules: []*earnRule{testRule("a", with(rate(1, 100), alone)), testRule("b", with(rate(3, 100), alone)), testRule("c", with(rate(2, 100), alone)), testRule("d", rate(1, 100))},
			want: []int64{80, 40, 20}, why: []EarningMiss{"BETTER_RULE", "BETTER_RULE"}},
		"too small":     {rules: []*earnRule{testRule("a", with(fixed(5), func(r *ent.EarningRule) { r.MinimumMinor = 3501 }))}, want: []int64{0, 0, 0}, why: []EarningMiss{"MINIMUM"}},
		"just enough":   {rules: []*earnRule{testRule("a", with(fixed(35), func(r *ent.EarningRule) { r.MinimumMinor = 3500 }))}, want: []int64{20, 10, 5}},
		"another money": {rules: []*earnRule{testRule("a", with(fixed(5), func(r *ent.EarningRule) { r.Currency = "EUR" }))}, want: []int64{0, 0, 0}, why: []EarningMiss{"CURRENCY"}},
		"not yet":       {rules: []*earnRule{testRule("a", with(fixed(5), func(r *ent.EarningRule) { r.StartsAt = &later }))}, want: []int64{0, 0, 0}, why: []EarningMiss{"NOT_IN_FORCE"}},
		"over":          {rules: []*earnRule{testRule("a", with(fixed(5), func(r *ent.EarningRule) { r.EndsAt = &testNow }))}, want: []int64{0, 0, 0}, why: []EarningMiss{"NOT_IN_FORCE"}},
		"in its time":   {rules: []*earnRule{testRule("a", with(fixed(35), func(r *ent.EarningRule) { r.StartsAt, r.EndsAt = &earlier, &later }))}, want: []int64{20, 10, 5}},
		"other tiers":   {rules: []*earnRule{testRule("a", with(fixed(5), func(r *ent.EarningRule) { r.Tiers = []string{"gold"} }))}, want: []int64{0, 0, 0}, why: []EarningMiss{"TIER"}},
		"other lines":   {rules: []*earnRule{testRule("a", with(fixed(5), only("shoes")))}, want: []int64{0, 0, 0}, why: []EarningMiss{"NO_LINE"}},
		"a condition":   {rules: []*earnRule{testRule("a", with(fixed(5), func(r *ent.EarningRule) { r.Condition = text(`order.total > 5000`) }))}, want: []int64{0, 0, 0}, why: []EarningMiss{"CONDITION"}},
		"it fails":      {rules: []*earnRule{testRule("a", func(r *ent.EarningRule) { r.PointsExpression = text(`order.total / (order.lines - 3)`) }), testRule("b", rate(1, 100))}, want: []int64{20, 10, 5}, why: []EarningMiss{"FAILED"}},
		"below zero":    {rules: []*earnRule{testRule("a", func(r *ent.EarningRule) { r.PointsExpression = text(`-5`) })}, want: []int64{0, 0, 0}, why: []EarningMiss{"NOTHING"}},
		"for each line": {rules: []*earnRule{testRule("a", func(r *ent.EarningRule) {
			r.PointsExpression = text(`line.category == "cups" ? line.quantity * 50 : percent(line.total, "1")`)
		})}, want: []int64{20, 100, 5}},
		"for the order":   {rules: []*earnRule{testRule("a", with(only("tea", "cups"), func(r *ent.EarningRule) { r.PointsExpression, r.Basis = text(`percent(order.selected, "1")`), "ORDER" }))}, want: []int64{20, 10, 0}},
		"a cap":           {rules: []*earnRule{testRule("a", with(rate(1, 100), func(r *ent.EarningRule) { n := int64(7); r.CapPerOrder = &n }))}, want: []int64{4, 2, 1}},
		"nothing is left": {rules: []*earnRule{testRule("a", rate(1, 1_000_000))}, want: []int64{0, 0, 0}, why: []EarningMiss{"NOTHING"}},
	} {
		prog := testProgram()
		prog.EarnPoints = c.own
		v := judged(t, prog, testPurchase(t, 2000, 1000, 500), nil, nil, c.rules...)
		var why []EarningMiss
		for _, m := range v.missed {
			why = append(why, m.why)
		}
		if !slices.Equal(v.shares, c.want) || !slices.Equal(why, c.why) {
			t.Errorf("%s: %v, missed %v; want %v, %v", name, v.shares, why, c.want, c.why)
		}
	}
}

func TestLimits(t *testing.T) {
	n := func(n int64) *int64 { return &n }
	times := func(n int) *int { return &n }
	r := testRule("a", func(r *ent.EarningRule) {
		rate(1, 100)(r)
		r.CapPerPeriod, r.CapPerOwner, r.PerOwner, r.PerPeriod = n(30), n(100), times(9), times(3)
	})
	for _, c := range []struct {
		before used
		points int64
		cap    EarningCap
		why    EarningMiss
	}{
		{used{}, 30, EarningCapPeriod, ""},
		{used{times: 1, points: 10, periodTimes: 1, periodPoints: 10}, 20, EarningCapPeriod, ""},
		{used{times: 5, points: 95}, 5, EarningCapOwner, ""},
		{used{times: 5, points: 100}, 0, "", EarningMissCap},
		{used{times: 9, points: 9}, 0, "", EarningMissLimit},
		{used{times: 3, points: 3, periodTimes: 3, periodPoints: 3}, 0, "", EarningMissLimit},
	} {
		v := judged(t, testProgram(), testPurchase(t, 2000, 1000, 500), nil, usedBefore{r.KeyID: c.before}, r)
		if c.why != "" {
			if v.points != 0 || len(v.missed) != 1 || v.missed[0].why != c.why {
				t.Errorf("%+v: %d, %v; want %s", c.before, v.points, v.missed, c.why)
			}
			continue
		}
		if v.points != c.points || v.rules[0].cap != c.cap || v.rules[0].uncapped != 35 {
			t.Errorf("%+v: %+v", c.before, v.rules)
		}
	}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		period   earningrule.Period
		at       string
		from, to string
	}{
		{"DAY", "2026-11-22T23:59:59Z", "2026-11-22", "2026-11-23"},
		{"WEEK", "2026-11-22T23:59:59Z", "2026-11-16", "2026-11-23"}, // a Sunday
		{"WEEK", "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-30"},
		{"WEEK", "2027-01-01T00:00:00Z", "2026-12-28", "2027-01-04"},
		{"MONTH", "2026-12-31T23:00:00Z", "2026-12-01", "2027-01-01"},
		{"YEAR", "2026-12-31T23:00:00-02:00", "2027-01-01", "2028-01-01"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		from, to := periodOf(c.period, at)
		if from.Format(time.DateOnly) != c.from || to.Format(time.DateOnly) != c.to {
			t.Errorf("%s of %s: %s to %s", c.period, c.at, from, to)
		}
	}
}

// The lines sum up to the entry, no rule gives more than its cap, and who buys
// more never earns less.
func TestJudgeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prog := testProgram()
		prog.EarnPoints = rapid.Int64Range(0, 3).Draw(t, "own")
		var rules []*earnRule
		for i := range rapid.IntRange(0, 6).Draw(t, "rules") {
			rules = append(rules, drawRule(t, i))
		}
		totals := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 8).Draw(t, "totals")
		more := slices.Clone(totals)
		more[rapid.IntRange(0, len(more)-1).Draw(t, "line")] += rapid.Int64Range(1, 100_000).Draw(t, "more")
		tb := &testing.T{}
		less, plus := judged(tb, prog, testPurchase(tb, totals...), nil, nil, rules...), judged(tb, prog, testPurchase(tb, more...), nil, nil, rules...)
		for _, v := range []*verdict{less, plus} {
			if sumOf(v.shares) != v.points {
				t.Fatalf("the lines %v sum up to %d, the entry to %d", v.shares, sumOf(v.shares), v.points)
			}
			for _, g := range v.rules {
				if g.rule != nil && g.rule.CapPerOrder != nil && g.points > *g.rule.CapPerOrder {
					t.Fatalf("%s gave %d above its cap of %d", g.rule.Handle, g.points, *g.rule.CapPerOrder)
				}
				if sumOf(g.shares) != g.points || slices.Min(g.shares) < 0 {
					t.Fatalf("shares %v of %d", g.shares, g.points)
				}
			}
		}
		if plus.points < less.points {
			t.Fatalf("for more one earns %d and for less %d", plus.points, less.points)
		}
	})
}

// drawRule draws a rule that is not a multiplier: those multiply shares, and
// how a cap's shares lie depends on the lines.
func drawRule(t *rapid.T, i int) *earnRule {
	return testRule(fmt.Sprint("rule", i), func(r *ent.EarningRule) {
		r.Rounding = rapid.SampledFrom([]earningrule.Rounding{"DOWN", "UP", "HALF_UP", "HALF_EVEN"}).Draw(t, "rounding")
		r.Basis = rapid.SampledFrom([]earningrule.Basis{"LINE", "ORDER"}).Draw(t, "basis")
		r.Stackable = rapid.Bool().Draw(t, "stackable")
		if rapid.Bool().Draw(t, "capped") {
			n := rapid.Int64Range(1, 5000).Draw(t, "cap")
			r.CapPerOrder = &n
		}
		if rapid.Bool().Draw(t, "selects") {
			r.Selector = &schema.EarningLines{Categories: []string{rapid.SampledFrom([]string{"tea", "cups", "none"}).Draw(t, "category")}}
		}
		r.MinimumMinor = rapid.Int64Range(0, 200_000).Draw(t, "minimum")
		switch rapid.IntRange(0, 2).Draw(t, "form") {
		case 0:
			rate(rapid.Int64Range(1, 50).Draw(t, "points"), rapid.Int64Range(1, 1000).Draw(t, "per"))(r)
		case 1:
			n := rapid.Int64Range(1, 5000).Draw(t, "fixed")
			r.FixedPoints = &n
		case 2:
			x := `percent(order.selected, "2.5", "HALF_EVEN")`
			r.PointsExpression, r.Basis = &x, earningrule.BasisORDER
		}
	})
}

func TestBirthday(t *testing.T) {
	for _, c := range []struct {
		born, zone, now, want string
	}{
		{"1990-11-21", "UTC", "2026-11-21T00:00:00Z", "2026-11-21"},
		{"1990-11-21", "UTC", "2026-11-20T23:59:59Z", ""},
		{"1990-11-21", "Asia/Vladivostok", "2026-11-20T14:00:00Z", "2026-11-21"},
		{"1990-11-21", "America/New_York", "2026-11-21T04:59:00Z", ""},
		{"1990-11-21", "America/New_York", "2026-11-21T05:00:00Z", "2026-11-21"},
		{"1990-11-21", "UTC", "2026-11-24T00:00:00Z", "2026-11-21"}, // the clock stood still
		{"1990-11-21", "UTC", "2026-11-25T00:00:00Z", ""},
		{"1990-12-31", "UTC", "2027-01-01T00:00:00Z", "2026-12-31"},
		{"2000-02-29", "UTC", "2026-02-28T12:00:00Z", ""},
		{"2000-02-29", "UTC", "2026-03-01T12:00:00Z", "2026-03-01"},
		{"2000-02-29", "UTC", "2028-02-29T12:00:00Z", "2028-02-29"},
		{"2026-11-21", "UTC", "2026-11-21T12:00:00Z", ""}, // born today
		{"nonsense", "UTC", "2026-11-21T12:00:00Z", ""},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		on, ok := birthday(c.born, c.zone, now)
		if got := on.Format(time.DateOnly); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s in %s at %s: %s, %t; want %q", c.born, c.zone, c.now, got, ok, c.want)
		}
	}
}
