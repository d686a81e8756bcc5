package promotion

import (
	"cmp"
	"math/bits"
	"slices"
)

// share is a part of an amount in basis points, rounded down; neither is negative.
func share(amount, basisPoints int64) int64 {
	const all = 10_000
	return amount/all*basisPoints + amount%all*basisPoints/all
}

// split divides n among weights so that the parts add up to n exactly: each
// gets its proportion rounded down, and what is left goes one by one to the
// largest remainders, of equal ones to the first. n is at most the sum of the
// weights, and then no part is more than its weight. None is negative.
func split(n int64, weights []int64) []int64 {
	parts := make([]int64, len(weights))
	var sum int64
	for _, w := range weights {
		sum += w
	}
	if n <= 0 || sum == 0 {
		return parts
	}
	type rest struct {
		of  uint64
		pos int
	}
	rests := make([]rest, 0, len(weights))
	left := n
	for i, w := range weights {
		hi, lo := bits.Mul64(uint64(w), uint64(n))
		part, r := bits.Div64(hi, lo, uint64(sum)) // w <= sum, so it fits
		parts[i] = int64(part)
		left -= parts[i]
		if r > 0 {
			rests = append(rests, rest{r, i})
		}
	}
	slices.SortStableFunc(rests, func(a, b rest) int { return cmp.Compare(b.of, a.of) })
	for _, r := range rests[:left] {
		parts[r.pos]++
	}
	return parts
}
