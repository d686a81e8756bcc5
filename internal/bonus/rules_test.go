package bonus

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// security K7
func TestAmounts(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]error{
		1: nil, scalar.MaxPoints: nil,
		0: ErrPointsNotPositive, -1: ErrPointsNotPositive, math.MinInt64: ErrPointsNotPositive,
		scalar.MaxPoints + 1: fault.ErrOutOfRange, 1e18: fault.ErrOutOfRange, math.MaxInt64: fault.ErrOutOfRange,
	} {
		if err := checkAmount(n); !errors.Is(err, want) {
			t.Errorf("amount %d: %v, want %v", n, err, want)
		}
	}
	for n, want := range map[int64]error{
		1: nil, -1: nil, -scalar.MaxPoints: nil, 0: fault.ErrInvalidValue,
		math.MinInt64: fault.ErrOutOfRange, math.MaxInt64: fault.ErrOutOfRange,
	} {
		if err := checkDelta(n); !errors.Is(err, want) {
			t.Errorf("delta %d: %v, want %v", n, err, want)
		}
	}
	for _, v := range []any{1.0, 1.005, 0.1 + 0.2, "12", "١٢", "1,00", "NaN", json.Number("1e400"), json.Number("1.0"), json.Number("9223372036854775808"), nil, true} {
		if n, err := scalar.UnmarshalPoints(v); err == nil {
			t.Errorf("%T %v was read as %d points", v, v, n)
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]error{
		"a gift": nil, strings.Repeat("я", 500): nil, "two\nlines": nil,
		"": fault.ErrRequired, " \t": fault.ErrRequired, strings.Repeat("я", 501): fault.ErrTooLong, "nul\x00": fault.ErrInvalidValue, "\xff": fault.ErrInvalidValue,
	} {
		if _, err := checkReason(s); !errors.Is(err, want) {
			t.Errorf("reason %q: %v, want %v", s, err, want)
		}
	}
}

func TestLinePoints(t *testing.T) {
	t.Parallel()
	p := &ent.BonusProgram{EarnPoints: 3, EarnPerMinor: 100}
	for _, c := range []struct {
		total, quantity, gone int64
		points                int64
		ok                    bool
	}{
		{total: 100, quantity: 1, points: 3, ok: true},
		{total: 99, quantity: 1, points: 2, ok: true}, // 2.97
		{total: 33, quantity: 1, points: 0, ok: true}, // 0.99
		{total: 1050, quantity: 3, points: 31, ok: true},
		{total: 1050, quantity: 3, gone: 1, points: 21, ok: true}, // of 7.00
		{total: 1050, quantity: 3, gone: 3, points: 0, ok: true},
		{total: 0, quantity: 1, points: 0, ok: true},
		{total: -100, quantity: 1, points: 0, ok: true},
		{total: math.MaxInt64, quantity: 1, ok: false},
		{total: math.MaxInt64 / 2, quantity: 3, gone: 1, ok: false},
		{total: math.MaxInt64/3 - 1, quantity: 1, ok: false}, // fits into 63 bits, not into 53
	} {
		n, ok := LinePoints(p, &ent.OrderLine{TotalMinor: c.total, Quantity: c.quantity, Returned: c.gone})
		if ok != c.ok || ok && n != c.points {
			t.Errorf("%+v: %d points, %t", c, n, ok)
		}
	}
}

func TestExpires(t *testing.T) {
	t.Parallel()
	days, at := 30, time.Date(2026, 12, 15, 8, 0, 0, 0, time.UTC)
	for policy, want := range map[bonusprogram.LotPolicy]string{
		bonusprogram.LotPolicyROLLING: "2027-01-14T08:00:00Z", bonusprogram.LotPolicyCALENDAR: "2028-01-01T00:00:00Z", bonusprogram.LotPolicyNEVER: "",
	} {
		got := ""
		if due := Expires(&ent.BonusProgram{LotPolicy: policy, LotDays: &days}, at); due != nil {
			got = due.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s: expires %q, want %q", policy, got, want)
		}
	}
}
