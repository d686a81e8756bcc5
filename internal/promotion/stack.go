package promotion

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"kabinet/ent/schema"
)

// How reductions go together. What follows knows no table: it is given a basket
// and what might reduce it, and its answer does not depend on the order in
// which they are given.
//
// 1. Personal prices come first; of several for a line the lowest holds.
// 2. Then discounts (those of clubs and tiers too), offers and codes, of one
//    kind the higher priority first, then by handle. Each takes its part of
//    what the ones before have left of the lines it is for: a share rounded
//    down to the minor unit, an amount as far as there is any.
// 3. What must be bought at least is held against the lines it is for, after
//    personal prices and before everything else.
// 4. Of a stack group only the one that takes off most by itself applies; of
//    equal ones that of the higher priority, then by handle. Discounts of clubs
//    and tiers are of the group Standing. A code that was entered beats what
//    applies by itself; two codes of one group do not go together.
// 5. One that is not stackable applies alone, but for personal prices.
// 6. Of what applies by itself the combination that takes off most is chosen:
//    all that are stackable, or one that is not. A code that was entered
//    applies, unless the order would be dearer with it than without.
//
// So no line falls below zero, and an order is never dearer for a promotion.

// Standing is the stack group of the discounts of clubs and tiers.
const Standing = "standing"

// phase is when a kind of reduction has its turn.
type phase uint8

const (
	prices phase = iota
	discounts
	offers
	codes
)

// candidate is what might reduce a basket.
type candidate struct {
	promotion uuid.UUID  // uuid.Nil: of a club or tier
	code      *uuid.UUID // the code or the activated offer
	source    ReductionSource
	phase     phase
	handle    string
	text      string // in the caller's language
	priority  int
	stackable bool
	group     string
	effect    schema.Effect
	share     int64 // basis points that hold now: the effect's own, or of the step reached
	entered   bool  // a code that the customer entered
}

// goods are one line of a basket.
type goods struct {
	sku      string
	category string
	quantity int64
	amount   int64 // at list prices, minor units, all of them
}

// reduced is what one candidate takes off.
type reduced struct {
	*candidate
	amount int64
	lines  []int64
}

// outcome is what a set of candidates does to a basket.
type outcome struct {
	lines   []int64 // what is taken off each
	total   int64   // what is taken off in all
	applied []reduced
}

// conflict says that codes do not go together with what with names.
type conflict struct {
	code *candidate
	with []string
}

// compare is the order of their turns.
func compare(a, b *candidate) int {
	return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(b.priority, a.priority), cmp.Compare(a.handle, b.handle), slices.Compare(a.promotion[:], b.promotion[:]))
}

// isFor says whether a candidate reduces a line.
func (c *candidate) isFor(g goods) bool {
	if len(c.effect.Skus)+len(c.effect.Categories) == 0 {
		return true
	}
	return slices.Contains(c.effect.Skus, g.sku) || g.category != "" && slices.Contains(c.effect.Categories, g.category)
}

// besides says whether a candidate gives more than money off.
func (c *candidate) besides() bool {
	e := c.effect
	return e.FreeDelivery || e.GiftSku != "" || e.Points > 0 || e.MultiplierBasisPoints > 0
}

// basis is what the lines that a candidate is for cost.
func (c *candidate) basis(basket []goods, left []int64) (sum int64, some bool) {
	for i, g := range basket {
		if c.isFor(g) {
			sum, some = sum+left[i], true
		}
	}
	return sum, some
}

// take is what a candidate takes of what is left of each line.
func (c *candidate) take(basket []goods, left []int64) reduced {
	open := make([]int64, len(basket)) // what it may take of each line
	var all, takes int64
	for i, g := range basket {
		switch {
		case !c.isFor(g):
		case c.effect.FixedPriceMinor != nil:
			open[i] = max(0, left[i]-price(*c.effect.FixedPriceMinor, g.quantity))
		default:
			open[i] = left[i]
		}
		all += open[i]
	}
	switch {
	case c.effect.FixedPriceMinor != nil:
		takes = all
	case c.effect.AmountOffMinor > 0:
		takes = min(c.effect.AmountOffMinor, all)
	default:
		takes = share(all, c.share)
	}
	if most := c.effect.MaximumReductionMinor; most > 0 {
		takes = min(takes, most)
	}
	return reduced{c, takes, split(takes, open)}
}

// price is what so many cost; what does not fit reduces nothing.
func price(unit, quantity int64) int64 {
	if unit > 0 && quantity > maxAmount/unit {
		return maxAmount
	}
	return unit * quantity
}

const maxAmount = 1<<53 - 1

// apply lets candidates have their turns.
func apply(basket []goods, set []*candidate) outcome {
	set = slices.SortedFunc(slices.Values(set), compare)
	left := make([]int64, len(basket))
	out := outcome{lines: make([]int64, len(basket))}
	for i, g := range basket {
		left[i] = g.amount
	}
	for _, c := range set {
		r := c.take(basket, left)
		if r.amount == 0 && !c.besides() {
			continue
		}
		for i, n := range r.lines {
			left[i] -= n
			out.lines[i] += n
		}
		out.total += r.amount
		out.applied = append(out.applied, r)
	}
	return out
}

// choose finds what applies to a basket. The candidates are eligible: their
// conditions and minimums hold.
func choose(basket []goods, all []*candidate) (outcome, *conflict) {
	all = slices.SortedFunc(slices.Values(all), compare)
	var fixed, auto, entered []*candidate
	for _, c := range all {
		switch {
		case c.phase == prices:
			fixed = append(fixed, c)
		case c.entered:
			entered = append(entered, c)
		default:
			auto = append(auto, c)
		}
	}
	without := best(basket, fixed, auto)
	if len(entered) == 0 {
		return without, nil
	}
	if bad := together(entered); bad != nil {
		return without, bad
	}
	set := slices.Concat(fixed, entered)
	if entered[0].stackable {
		set = append(set, groups(basket, fixed, stackable(auto), entered)...)
	}
	with := apply(basket, set)
	if without.total > with.total && !slices.ContainsFunc(entered, (*candidate).besides) {
		return without, &conflict{code: entered[0], with: names(without.applied)}
	}
	return with, nil
}

// together says what does not go together among the codes entered.
func together(entered []*candidate) *conflict {
	for i, c := range entered {
		for j, other := range entered {
			if i != j && (!c.stackable || c.group != "" && c.group == other.group) {
				return &conflict{code: c, with: []string{other.text}}
			}
		}
	}
	return nil
}

func stackable(of []*candidate) []*candidate {
	return slices.DeleteFunc(slices.Clone(of), func(c *candidate) bool { return !c.stackable })
}

// best is the combination of what applies by itself that takes off most.
func best(basket []goods, fixed, auto []*candidate) outcome {
	most := apply(basket, slices.Concat(fixed, groups(basket, fixed, stackable(auto), nil)))
	for _, c := range auto {
		if c.stackable {
			continue
		}
		if alone := apply(basket, append(slices.Clone(fixed), c)); alone.total > most.total {
			most = alone
		}
	}
	return most
}

// groups leaves of each stack group the one that takes off most by itself;
// none where a code of the group was entered.
func groups(basket []goods, fixed, of, entered []*candidate) (kept []*candidate) {
	chosen := map[string]*candidate{}
	took := map[string]int64{}
	for _, c := range of { // in the order of their turns: of equal ones the first stays
		if c.group == "" {
			kept = append(kept, c)
			continue
		}
		if slices.ContainsFunc(entered, func(e *candidate) bool { return e.group == c.group }) {
			continue
		}
		n := apply(basket, append(slices.Clone(fixed), c)).total
		if chosen[c.group] == nil || n > took[c.group] {
			chosen[c.group], took[c.group] = c, n
		}
	}
	for _, c := range chosen {
		kept = append(kept, c)
	}
	return kept
}

func names(applied []reduced) (all []string) {
	for _, r := range applied {
		if r.phase != prices {
			all = append(all, r.text)
		}
	}
	return all
}

// afterPrices is a basket after personal prices, which minimums look at.
func afterPrices(basket []goods, all []*candidate) []int64 {
	fixed := slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return c.phase != prices })
	off := apply(basket, fixed).lines
	for i, g := range basket {
		off[i] = g.amount - off[i]
	}
	return off
}
