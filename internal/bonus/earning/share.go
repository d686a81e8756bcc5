package earning

import (
	"cmp"
	"math/bits"
	"slices"

	"kabinet/internal/rule"
)

// shareOut splits n, which is not negative, in proportion to weights, exactly:
// each gets its whole share, and what is left over goes one by one to those
// with the largest remainders, the first of equals first. Where nothing has a
// weight, all weigh the same.
func shareOut(n int64, weights []int64) []int64 {
	shares := make([]int64, len(weights))
	if n <= 0 || len(weights) == 0 {
		return shares
	}
	var sum uint64
	for _, w := range weights {
		sum += uint64(max(w, 0))
	}
	weight := func(i int) uint64 { return uint64(max(weights[i], 0)) }
	if sum == 0 {
		sum, weight = uint64(len(weights)), func(int) uint64 { return 1 }
	}
	left, rests := n, make([]uint64, len(weights))
	order := make([]int, len(weights))
	for i := range weights {
		hi, lo := bits.Mul64(uint64(n), weight(i))
		q, rest := bits.Div64(hi, lo, sum) // hi < sum, for a weight is at most the sum and n fits in 63 bits
		shares[i], rests[i], order[i] = int64(q), rest, i
		left -= int64(q)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rests[b], rests[a]) })
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares
}

func sumOf(shares []int64) (sum int64) {
	for _, n := range shares {
		sum += n
	}
	return sum
}

// ratesOf works a rate out over amounts, by line or over their sum; ok is
// false where a number does not fit.
func ratesOf(amounts []int64, times, per int64, r rule.Rounding, byLine bool) (shares []int64, ok bool) {
	if !byLine {
		var total int64
		for _, a := range amounts {
			if total += a; total < 0 {
				return nil, false
			}
		}
		n, ok := rule.MulDiv(total, times, per, r)
		if !ok || n > maxEarned {
			return nil, false
		}
		return shareOut(n, amounts), true
	}
	shares = make([]int64, len(amounts))
	var sum int64
	for i, a := range amounts {
		if shares[i], ok = rule.MulDiv(a, times, per, r); !ok || shares[i] > maxEarned {
			return nil, false
		}
		if sum += shares[i]; sum > maxEarned {
			return nil, false
		}
	}
	return shares, true
}
