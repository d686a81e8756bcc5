package promotion

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"kabinet/ent/schema"
)

var baskets = rapid.Custom(func(t *rapid.T) []goods {
	n := rapid.IntRange(1, 8).Draw(t, "lines")
	basket := make([]goods, n)
	for i := range basket {
		q := rapid.Int64Range(1, 20).Draw(t, "quantity")
		basket[i] = goods{
			sku: rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "sku"), category: rapid.SampledFrom([]string{"", "tea", "cups"}).Draw(t, "category"),
			quantity: q, amount: q * rapid.Int64Range(0, 100_000).Draw(t, "price"),
		}
	}
	return basket
})

var candidateSets = rapid.Custom(func(t *rapid.T) []*candidate {
	n := rapid.IntRange(0, 9).Draw(t, "candidates")
	all := make([]*candidate, n)
	for i := range all {
		c := &candidate{promotion: uuid.New(), handle: rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "handle"), priority: rapid.IntRange(-2, 2).Draw(t, "priority"),
			phase: phase(rapid.IntRange(0, 3).Draw(t, "phase")), stackable: rapid.IntRange(0, 4).Draw(t, "stackable") > 0,
			group: rapid.SampledFrom([]string{"", "", "g", "h"}).Draw(t, "group")}
		c.text, c.entered = c.handle, c.phase == codes
		switch kind := rapid.IntRange(0, 2).Draw(t, "effect"); {
		case c.phase == prices || kind == 0:
			c.effect.FixedPriceMinor = new(rapid.Int64Range(0, 50_000).Draw(t, "fixed"))
		case kind == 1:
			c.share = rapid.Int64Range(1, 10_000).Draw(t, "share")
		default:
			c.effect.AmountOffMinor = rapid.Int64Range(1, 1_000_000).Draw(t, "off")
		}
		c.effect.MaximumReductionMinor = rapid.SampledFrom([]int64{0, 0, 1, 5000}).Draw(t, "most")
		c.effect.FreeDelivery = rapid.IntRange(0, 5).Draw(t, "delivery") == 0
		c.effect.Skus = rapid.SampledFrom([][]string{nil, {"A"}, {"B", "C"}}).Draw(t, "skus")
		c.effect.Categories = rapid.SampledFrom([][]string{nil, {"tea"}}).Draw(t, "categories")
		all[i] = c
	}
	return all
})

// Whatever is stacked: no line below zero, the parts are the sum, an order is
// never dearer, and the order in which promotions are given does not matter.
func TestStacking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		basket, all := baskets.Draw(t, "basket"), candidateSets.Draw(t, "all")
		got, bad := choose(basket, all)
		var sum, parts int64
		for i, off := range got.lines {
			if off < 0 || off > basket[i].amount {
				t.Fatalf("line %d of %d gets %d off", i, basket[i].amount, off)
			}
			sum += off
		}
		for _, r := range got.applied {
			var of int64
			for _, n := range r.lines {
				if n < 0 {
					t.Fatalf("%s adds to a line", r.handle)
				}
				of += n
			}
			if of != r.amount {
				t.Fatalf("%s: lines %d, amount %d", r.handle, of, r.amount)
			}
			parts += of
		}
		if sum != got.total || parts != got.total {
			t.Fatalf("lines %d, reductions %d, total %d", sum, parts, got.total)
		}
		shuffled := slices.Clone(all)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, badAgain := choose(basket, shuffled)
		if !reflect.DeepEqual(got, again) || (bad == nil) != (badAgain == nil) {
			t.Fatalf("another order of promotions, another answer: %+v, %+v", got, again)
		}
		without := slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return c.entered })
		alone, _ := choose(basket, without)
		pure := !slices.ContainsFunc(all, func(c *candidate) bool { return c.entered && c.besides() })
		if bad == nil && pure && got.total < alone.total {
			t.Fatalf("dearer with a code: %d off instead of %d", got.total, alone.total)
		}
		checkTogether(t, got)
	})
}

// checkTogether proves who stands beside whom.
func checkTogether(t *rapid.T, got outcome) {
	groups := map[string]int{}
	others := 0
	for _, r := range got.applied {
		if r.phase == prices {
			continue
		}
		others++
		if r.group != "" && r.stackable {
			groups[r.group]++
		}
	}
	for _, r := range got.applied {
		if r.phase != prices && !r.stackable && others > 1 {
			t.Fatalf("%s is not stackable and stands beside %d", r.handle, others-1)
		}
	}
	for g, n := range groups {
		if n > 1 {
			t.Fatalf("%d of group %s", n, g)
		}
	}
}

func TestSplitIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Int64Range(0, maxAmount/8), 1, 8).Draw(t, "weights")
		var sum int64
		for _, w := range weights {
			sum += w
		}
		n := rapid.Int64Range(0, sum).Draw(t, "n")
		var got int64
		for i, p := range split(n, weights) {
			if p < 0 || p > weights[i] {
				t.Fatalf("part %d of weight %d", p, weights[i])
			}
			got += p
		}
		if got != n {
			t.Fatalf("%d of %d", got, n)
		}
	})
}

func TestStackingByHand(t *testing.T) {
	basket := []goods{{sku: "TEA", category: "tea", quantity: 3, amount: 1050}, {sku: "CUP", quantity: 1, amount: 1200}}
	percent := func(handle string, p phase, share int64) *candidate {
		return &candidate{promotion: uuid.New(), handle: handle, text: handle, phase: p, share: share, stackable: true, entered: p == codes}
	}
	price := percent("tea-at-3", prices, 0)
	price.effect = schema.Effect{FixedPriceMinor: new(int64(300)), Skus: []string{"TEA"}}
	tier, club := percent("gold", discounts, 500), percent("parents", discounts, 700)
	tier.group, club.group = Standing, Standing
	code := percent("SPRING", codes, 1000)
	alone := percent("BIG", codes, 2000)
	alone.stackable = false
	cheap := percent("SMALL", codes, 100)
	cheap.stackable = false
	for _, c := range []struct {
		name  string
		all   []*candidate
		lines []int64
		bad   bool
	}{
		{"a personal price", []*candidate{price}, []int64{150, 0}, false},
		{"the better of club and tier", []*candidate{tier, club}, []int64{73, 84}, false}, // 157.5 of 2250, rounded down
		{"price, then discount, then code", []*candidate{code, price, club}, []int64{150 + 63 + 84, 84 + 111}, false},
		{"two codes", []*candidate{code, percent("AUTUMN", codes, 500)}, []int64{151, 174}, false},
		{"a code that stands alone beats the club", []*candidate{alone, club}, []int64{210, 240}, false},
		{"a code that is worse than the club", []*candidate{cheap, club}, nil, true},
		{"a code that stands alone, with another", []*candidate{alone, code}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, bad := choose(basket, c.all)
			if (bad != nil) != c.bad {
				t.Fatalf("conflict %+v", bad)
			}
			if !c.bad && !slices.Equal(got.lines, c.lines) {
				t.Errorf("%v, want %v", got.lines, c.lines)
			}
		})
	}
}

func TestKey(t *testing.T) {
	for _, c := range []struct{ typed, key string }{
		{"SPRING", "SPR1NG"}, {" sp-ring ", "SPR1NG"}, {"spr1ng", "SPR1NG"}, {"SPRlNG", "SPR1NG"}, {"O0o", "000"},
		{"СРЕДА", "CPEДA"}, {"среда", "CPEДA"}, {"CPEДA", "CPEДA"}, {"A B\tC", "ABC"},
	} {
		if got := key(c.typed); got != c.key {
			t.Errorf("%q is %q, want %q", c.typed, got, c.key)
		}
	}
}

func TestRandomCodes(t *testing.T) {
	r := recipe{Prefix: "SPRING-", Length: 10, Alphabet: alphabet, Checksum: true}
	seen, count := map[string]bool{}, map[rune]int{}
	letters := []rune(alphabet)
	for range 20_000 {
		code := r.random()
		if len(code) != len(r.Prefix)+11 || seen[code] {
			t.Fatal(code)
		}
		seen[code] = true
		body := []rune(code[len(r.Prefix):])
		for _, c := range body[:10] {
			count[c]++
		}
		if letters[luhn(body[:10], letters)] != body[10] {
			t.Fatalf("%s: wrong check character", code)
		}
		for i := range 10 { // any one mistake is found
			other := slices.Clone(body)
			other[i] = letters[(slices.Index(letters, body[i])+1)%len(letters)]
			if letters[luhn(other[:10], letters)] == other[10] {
				t.Fatalf("%s for %s is not noticed", string(other), code)
			}
		}
	}
	for _, c := range letters {
		if n := count[c]; n < 6000 || n > 7400 { // 6667 expected
			t.Errorf("%c came %d times", c, n)
		}
	}
	if (recipe{Length: 6, Alphabet: "0123456789"}).space(1_000_000) || !r.space(1_000_000) {
		t.Error("how many codes there can be")
	}
}
