package rule

import (
	"fmt"
	"math/big"
	"math/bits"
	"strings"
)

// Rounding names what becomes of what is left over.
type Rounding string

// The roundings.
const (
	Down     Rounding = "DOWN"      // towards zero
	Up       Rounding = "UP"        // away from zero
	HalfUp   Rounding = "HALF_UP"   // to the nearest; a half away from zero
	HalfEven Rounding = "HALF_EVEN" // to the nearest; a half to the even neighbour
)

// Valid reports whether it is one of the four.
func (r Rounding) Valid() bool { return r == Down || r == Up || r == HalfUp || r == HalfEven }

// MulDiv is a * b / c, exact until it is rounded; ok is false where c is not
// positive or the result does not fit into 64 bits.
func MulDiv(a, b, c int64, r Rounding) (n int64, ok bool) {
	if c <= 0 || !r.Valid() {
		return 0, false
	}
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi >= uint64(c) {
		return 0, false
	}
	quotient, rest := bits.Div64(hi, lo, uint64(c))
	if rest > 0 && away(quotient, rest, uint64(c), r) {
		quotient++
	}
	if quotient > 1<<63-1 {
		return 0, false
	}
	if negative {
		return -int64(quotient), true
	}
	return int64(quotient), true
}

// away reports whether what is left over, which is some, makes one more.
func away(quotient, rest, of uint64, r Rounding) bool {
	switch r {
	case Up:
		return true
	case HalfUp:
		return rest >= of-rest
	case HalfEven:
		return rest > of-rest || rest == of-rest && quotient%2 == 1
	}
	return false
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// rateDigits is how fine a rate may be written: a millionth.
const rateDigits = 6

// ParseRate reads a decimal rate such as "2.5" as rate = parts / of, exactly.
// It is at least 0, below 10,000,000, and has at most six digits after the point.
func ParseRate(s string) (parts, of int64, err error) {
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" || len(whole) > 7 || len(fraction) > rateDigits || strings.HasSuffix(s, ".") || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, 0, fmt.Errorf("%q is not a rate such as \"2.5\"", s)
	}
	n, _ := new(big.Int).SetString(whole+fraction+strings.Repeat("0", rateDigits-len(fraction)), 10)
	return n.Int64(), 1_000_000, nil
}
