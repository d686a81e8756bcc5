package recommend

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
)

// pair says how often a product is in one order with another.
type pair struct {
	product, with  uuid.UUID
	orders, owners int64
	score          int64
}

// whole is the score of two products that are never bought apart.
const whole = 1_000_000

// score says how close two products are, 0 to whole: the square of the orders
// that have both over the product of those that have each. What everybody buys
// is near nothing by that.
func score(both, one, other int64) int64 {
	if both <= 0 || one <= 0 || other <= 0 {
		return 0
	}
	return min(whole, both*both*whole/(one*other))
}

// best are the n closest partners, the same whenever they are asked for.
func best(all []pair, n int) []pair {
	slices.SortFunc(all, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.orders, a.orders), bytes.Compare(a.with[:], b.with[:]))
	})
	return all[:min(n, len(all))]
}

// proposal is a product that may be proposed, before it is known whether it can
// be had.
type proposal struct {
	id       uuid.UUID
	reason   RecommendationReason
	score    int64
	because  []uuid.UUID
	interest string
	times    int
}

// key sorts proposals: the strongest reason first, the highest score first.
func (p proposal) key() string { return fmt.Sprintf("%d%019d", p.reason.rank(), math.MaxInt64-p.score) }

func (p proposal) cursor() scalar.Cursor { return scalar.Cursor{ID: p.id, Value: p.key()} }

// compare places a proposal before or after a place of the list.
func (p proposal) compare(at scalar.Cursor) int {
	key, _ := at.Value.(string)
	return cmp.Or(cmp.Compare(p.key(), key), bytes.Compare(p.id[:], at.ID[:]))
}

// bought is what somebody bought of one product.
type bought struct {
	product uuid.UUID
	orders  map[uuid.UUID]bool
	days    map[time.Time]bool
}

// oftenDays is on how many days a product is bought to be bought often.
const oftenDays = 3

// repeated are proposals of what somebody buys again and again.
func repeated(all []*bought) (proposed []proposal) {
	for _, b := range all {
		if len(b.days) >= oftenDays {
			proposed = append(proposed, proposal{id: b.product, reason: RecommendationReasonOftenBought, score: int64(len(b.days)), times: len(b.orders)})
		}
	}
	return proposed
}

// mostBecause is how many products a proposal names that it is made for.
const mostBecause = 3

// together are proposals of the partners of what somebody has to do with: the
// scores add up, the closest of his goods are named.
func together(pairs []pair, seeds map[uuid.UUID]bool, reason RecommendationReason) []proposal {
	by := map[uuid.UUID][]pair{}
	for _, p := range pairs {
		if seeds[p.product] {
			by[p.with] = append(by[p.with], p)
		}
	}
	proposed := make([]proposal, 0, len(by))
	for id, of := range by {
		slices.SortFunc(of, func(a, b pair) int {
			return cmp.Or(cmp.Compare(b.score, a.score), bytes.Compare(a.product[:], b.product[:]))
		})
		p := proposal{id: id, reason: reason}
		for i, o := range of {
			p.score += o.score
			if i < mostBecause {
				p.because = append(p.because, o.product)
			}
		}
		proposed = append(proposed, p)
	}
	return proposed
}

// merge keeps of each product the first reason in the list's order, leaves out
// what is had, and sorts.
func merge(all []proposal, had map[uuid.UUID]bool, only []RecommendationReason) []proposal {
	slices.SortFunc(all, func(a, b proposal) int { return a.compare(b.cursor()) })
	seen := map[uuid.UUID]bool{}
	return slices.DeleteFunc(all, func(p proposal) bool {
		switch {
		case seen[p.id], had[p.id] && p.reason != RecommendationReasonOftenBought,
			only != nil && !slices.Contains(only, p.reason):
			return true
		}
		seen[p.id] = true
		return false
	})
}

// cut is the part of a sorted list that a page shows, and whether there is more
// before and after it.
func cut(all []proposal, p Page, n int) (part []proposal, before, after bool) {
	from, to := 0, len(all)
	if p.After != nil {
		from, _ = slices.BinarySearchFunc(all, *p.After, func(a proposal, at scalar.Cursor) int {
			if a.compare(at) <= 0 {
				return -1
			}
			return 1
		})
	}
	if p.Before != nil {
		to, _ = slices.BinarySearchFunc(all, *p.Before, func(a proposal, at scalar.Cursor) int { return a.compare(at) })
	}
	to = max(from, to)
	if p.Last != nil {
		from = max(from, to-n)
	} else {
		to = min(to, from+n)
	}
	return all[from:to], from > 0, to < len(all)
}
