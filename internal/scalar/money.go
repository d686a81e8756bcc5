package scalar

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// Money is an amount in minor units of one currency.
type Money struct {
	Minor    int64
	Currency string // ISO 4217
}

// Digits is how many minor digits a currency has; 2 for a code that is unknown.
func Digits(code string) int {
	if d, ok := currency.GetDigits(code); ok {
		return int(d)
	}
	return 2
}

// Amount is the value in major units, exact: "19.90", "-3", "0.05".
func (m Money) Amount() string { return string(AppendAmount(make([]byte, 0, 24), m.Minor, m.Currency)) }

// AppendAmount appends what Amount gives.
func AppendAmount(b []byte, minor int64, code string) []byte {
	n := uint64(minor)
	if minor < 0 {
		b, n = append(b, '-'), -n
	}
	digits, unit := Digits(code), uint64(1)
	for range digits {
		unit *= 10
	}
	b = strconv.AppendUint(b, n/unit, 10)
	if digits == 0 {
		return b
	}
	b = append(b, '.')
	for rest := n % unit; unit > 1; rest %= unit {
		unit /= 10
		b = append(b, byte('0'+rest/unit))
	}
	return b
}

// ParseMoney reads a decimal amount of a currency exactly; more digits than
// the currency has are refused, and so is what does not fit in 53 bits.
func ParseMoney(amount, code string) (Money, error) {
	if code == "" || !currency.IsValid(code) {
		return Money{}, fmt.Errorf("unknown currency %q", code)
	}
	if !decimal.MatchString(amount) {
		return Money{}, fmt.Errorf("amount %q is not a decimal", amount)
	}
	whole, fraction, _ := strings.Cut(amount, ".")
	digits := Digits(code)
	if len(strings.TrimRight(fraction, "0")) > digits {
		return Money{}, fmt.Errorf("%s has %d minor digits, got %q", code, digits, amount)
	}
	fraction = (fraction + strings.Repeat("0", digits))[:digits]
	minor, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || minor > MaxPoints || minor < -MaxPoints {
		return Money{}, fmt.Errorf("amount %q is too large", amount)
	}
	return Money{minor, code}, nil
}

// AddMinor adds checked; ok is false where the sum does not fit.
func AddMinor(a, b int64) (sum int64, ok bool) {
	sum = a + b
	return sum, (b >= 0) == (sum >= a)
}

// MulMinor multiplies checked; ok is false where the product does not fit.
func MulMinor(a, b int64) (product int64, ok bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	if a == math.MinInt64 || b == math.MinInt64 {
		return 0, false
	}
	product = a * b
	return product, product/b == a
}

// MoneyInput is an amount as a client says it.
type MoneyInput struct {
	Amount   string
	Currency string
}

// Money reads it exactly; see ParseMoney.
func (in MoneyInput) Money() (Money, error) { return ParseMoney(in.Amount, in.Currency) }
