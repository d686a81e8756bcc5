package recommend

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestScore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ both, one, other, want int64 }{
		{3, 3, 3, whole}, {3, 6, 3, whole / 2}, {1, 10, 10, whole / 100}, {3, 3, 2000, 1500}, // what everybody buys is far
		{0, 1, 1, 0}, {1, 0, 1, 0}, {1, 1, -1, 0}, {2000, 2000, 2000, whole}, {5, 3, 3, whole}, // counted at different times
	} {
		if got := score(c.both, c.one, c.other); got != c.want {
			t.Errorf("score(%d, %d, %d) = %d, want %d", c.both, c.one, c.other, got, c.want)
		}
	}
}

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func TestBest(t *testing.T) {
	t.Parallel()
	all := []pair{{with: id(4), score: 5, orders: 1}, {with: id(3), score: 5, orders: 2}, {with: id(2), score: 5, orders: 1}, {with: id(1), score: 9}}
	var got []byte
	for _, p := range best(all, 3) {
		got = append(got, p.with[15])
	}
	if !slices.Equal(got, []byte{1, 3, 2}) {
		t.Error(got)
	}
	if got := best(nil, 3); len(got) != 0 {
		t.Error(got)
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	pairs := []pair{
		{product: id(1), with: id(9), score: 10}, {product: id(2), with: id(9), score: 40}, {product: id(3), with: id(9), score: 20},
		{product: id(4), with: id(9), score: 5}, {product: id(5), with: id(9), score: 1000}, {product: id(1), with: id(8), score: 7},
	}
	got := together(pairs, map[uuid.UUID]bool{id(1): true, id(2): true, id(3): true, id(4): true}, RecommendationReasonBoughtTogether)
	got = merge(got, nil, nil)
	if len(got) != 2 || got[0].id != id(9) || got[0].score != 75 || !slices.Equal(got[0].because, []uuid.UUID{id(2), id(3), id(1)}) || got[1].id != id(8) {
		t.Errorf("%+v", got)
	}
}

func TestRepeated(t *testing.T) {
	t.Parallel()
	on := func(days ...int) *bought {
		b := &bought{product: id(byte(len(days))), orders: map[uuid.UUID]bool{}, days: map[time.Time]bool{}}
		for i, d := range days {
			b.orders[id(byte(i))], b.days[time.Unix(int64(d)*86400, 0)] = true, true
		}
		return b
	}
	got := repeated([]*bought{on(1, 1, 2), on(1, 2, 3, 3), on(1)})
	if len(got) != 1 || got[0].id != id(4) || got[0].times != 4 || got[0].score != 3 {
		t.Errorf("%+v", got)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	list := func() []proposal {
		return []proposal{
			{id: id(1), reason: RecommendationReasonPopular, score: 99}, {id: id(1), reason: RecommendationReasonViewed, score: 1},
			{id: id(2), reason: RecommendationReasonBoughtTogether, score: 5}, {id: id(3), reason: RecommendationReasonOftenBought, score: 3},
			{id: id(3), reason: RecommendationReasonPopular, score: 3}, {id: id(4), reason: RecommendationReasonInterest, score: 0},
		}
	}
	had := map[uuid.UUID]bool{id(2): true, id(3): true}
	for want, only := range map[string][]RecommendationReason{
		"[OFTEN_BOUGHT3 VIEWED1 INTEREST4]": nil, "[POPULAR1]": {RecommendationReasonPopular}, "[]": {}, "[VIEWED1 INTEREST4]": {RecommendationReasonInterest, RecommendationReasonViewed},
	} {
		got := []string{}
		for _, p := range merge(list(), had, only) {
			got = append(got, fmt.Sprint(p.reason, p.id[15]))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%v: %v, want %s", only, got, want)
		}
	}
}

// Pages one after another give the whole list, forwards and backwards, also
// where what a cursor stands on has gone.
func TestCut(t *testing.T) {
	t.Parallel()
	for n := range 30 {
		all := make([]proposal, n)
		for i := range all {
			all[i] = proposal{id: uuid.New(), reason: reasons[rand.IntN(len(reasons))], score: rand.Int64N(4) * rand.Int64N(1<<40)}
		}
		all = merge(all, map[uuid.UUID]bool{}, nil)
		size := 1 + rand.IntN(7)
		var forth, back []proposal
		for p := (Page{First: &size}); ; {
			part, before, after := cut(all, p, size)
			forth = append(forth, part...)
			if before != (p.After != nil) || after != (len(forth) < n) {
				t.Fatalf("before %v, after %v at %d of %d", before, after, len(forth), n)
			}
			if !after {
				break
			}
			c := part[len(part)-1].cursor()
			p.After = &c
		}
		for p := (Page{Last: &size}); ; {
			part, before, _ := cut(all, p, size)
			back = append(slices.Clone(part), back...)
			if !before {
				break
			}
			c := part[0].cursor()
			p.Before = &c
		}
		same := func(a, b proposal) bool { return a.id == b.id }
		if !slices.EqualFunc(all, forth, same) || !slices.EqualFunc(all, back, same) {
			t.Fatalf("%d by %d: %d forth, %d back", n, size, len(forth), len(back))
		}
		if n > 2 {
			gone := all[1].cursor()
			part, _, _ := cut(append(slices.Clone(all[:1]), all[2:]...), Page{After: &gone, First: &size}, size)
			if part[0].id != all[2].id {
				t.Error("after what has gone comes what was next")
			}
		}
	}
}

func TestLikeness(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{"Tea": "teas", "Чай": "ЧАЯ", "Green tea": "tea, green", "Ёлки": "елка"} {
		if likeness(a) == "" || likeness(a) != likeness(b) {
			t.Errorf("%q is %q, %q is %q", a, likeness(a), b, likeness(b))
		}
	}
	if likeness("Tea") == likeness("Teapot") || likeness("!?") != "" {
		t.Error(likeness("Tea"), likeness("!?"))
	}
}
