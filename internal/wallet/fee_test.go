package wallet

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// theIssue is the example: 50,000 free a month, then 1 % of the excess, at most 1,000.
var theIssue = tariff{free: 5_000_000, basisPoints: 100, cap: 100_000, capPer: CapPerTransfer, rounding: RoundHalfUp, period: CalendarMonth}

func TestFeeOfTheIssue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sent, amount, fee, left int64 }{
		{0, 1, 0, 4_999_999},
		{0, 5_000_000, 0, 0},
		{0, 5_000_001, 0, 0}, // a hundredth of a kopeck, rounded once
		{0, 5_000_050, 1, 0},
		{0, 6_000_000, 10_000, 0},
		{4_000_000, 2_000_000, 10_000, 0},
		{4_000_000, 900_000, 0, 100_000},
		{5_000_000, 100, 1, 0},
		{9_000_000, 10_000_000, 100_000, 0},
		{0, 900_000_000, 100_000, 0}, // capped
	} {
		u := used{sent: c.sent}
		if fee, left := theIssue.fee(u, c.amount), theIssue.left(u, c.amount); fee != c.fee || left != c.left {
			t.Errorf("after %d, %d costs %d and leaves %d free, want %d and %d", c.sent, c.amount, fee, left, c.fee, c.left)
		}
	}
}

func TestFeePeriods(t *testing.T) {
	t.Parallel()
	moscow, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 30, 22, 30, 0, 0, time.UTC) // it is December in Moscow
	month, rolling := tariff{period: CalendarMonth}, tariff{period: Rolling30Days}
	for _, c := range []struct {
		got  time.Time
		want string
	}{
		{month.since(now, nil), "2026-11-01T00:00:00Z"},
		{month.since(now, moscow), "2026-11-30T21:00:00Z"},
		{rolling.since(now, moscow), "2026-10-31T22:30:00Z"},
	} {
		if got := c.got.Format(time.RFC3339); got != c.want {
			t.Errorf("since %s, want %s", got, c.want)
		}
	}
}

func anyTariff(t *rapid.T) tariff {
	f := tariff{
		free: rapid.Int64Range(0, 10_000_000).Draw(t, "free"), basisPoints: rapid.Int64Range(0, 10_000).Draw(t, "basisPoints"),
		cap: rapid.SampledFrom([]int64{-1, 0, 1, 777, 100_000}).Draw(t, "cap"), minimum: rapid.SampledFrom([]int64{0, 0, 5, 1_000}).Draw(t, "minimum"),
		capPer:   rapid.SampledFrom([]FeeCapPer{CapPerTransfer, CapPerPeriod}).Draw(t, "capPer"),
		rounding: rapid.SampledFrom([]FeeRounding{RoundDown, RoundHalfUp, RoundHalfEven, RoundUp}).Draw(t, "rounding"),
	}
	if f.cap >= 0 {
		f.minimum = min(f.minimum, f.cap)
	}
	return f
}

// model is a fee in exact fractions.
func (t tariff) model(u used, amount int64) int64 {
	charged := func(sent int64) int64 {
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(max(sent-t.free, 0)), big.NewInt(t.basisPoints)), big.NewInt(10_000))
		down := new(big.Int).Quo(exact.Num(), exact.Denom())
		rest := new(big.Rat).Sub(exact, new(big.Rat).SetInt(down))
		half := rest.Cmp(big.NewRat(1, 2))
		up := map[FeeRounding]bool{
			RoundUp: rest.Sign() > 0, RoundHalfUp: half >= 0, RoundHalfEven: half > 0 || half == 0 && down.Bit(0) == 1,
		}[t.rounding]
		if up {
			down.Add(down, big.NewInt(1))
		}
		return down.Int64()
	}
	if u.sent+amount <= t.free {
		return 0
	}
	fee := max(charged(u.sent+amount)-charged(u.sent), t.minimum)
	if t.cap >= 0 && t.capPer == CapPerPeriod {
		fee = min(fee, max(t.cap-u.fees, 0))
	} else if t.cap >= 0 {
		fee = min(fee, t.cap)
	}
	return fee
}

// A fee is what exact fractions say, is never above its cap, and more money
// never costs less.
func TestFeeAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyTariff(t)
		u := used{rapid.Int64Range(0, 1<<53).Draw(t, "sent"), rapid.Int64Range(0, 200_000).Draw(t, "fees")}
		amount := rapid.Int64Range(1, 1<<53).Draw(t, "amount")
		fee := f.fee(u, amount)
		if want := f.model(u, amount); fee != want {
			t.Fatalf("%+v after %+v: %d costs %d, want %d", f, u, amount, fee, want)
		}
		if fee < 0 || f.cap >= 0 && fee > f.cap || fee > amount && fee > f.minimum+1 {
			t.Fatalf("%+v after %+v: %d costs %d", f, u, amount, fee)
		}
		if more := rapid.Int64Range(0, 1_000_000).Draw(t, "more"); f.fee(u, amount+more) < fee {
			t.Fatalf("%+v after %+v: %d costs %d and %d more costs %d", f, u, amount, fee, more, f.fee(u, amount+more))
		}
	})
}

// Nobody saves by splitting; without a minimum or a cap for each transfer many
// small ones cost exactly what one large one does.
func TestFeeSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyTariff(t)
		u := used{sent: rapid.Int64Range(0, 10_000_000).Draw(t, "sent")}
		parts := rapid.SliceOfN(rapid.Int64Range(1, 3_000_000), 1, 60).Draw(t, "parts")
		var whole, split int64
		at := u
		for _, p := range parts {
			fee := f.fee(at, p)
			whole, split = whole+p, split+fee
			at.sent, at.fees = at.sent+p, at.fees+fee
		}
		once := f.fee(u, whole)
		if split < once {
			t.Fatalf("%+v after %+v: %d in parts costs %d, at once %d", f, u, whole, split, once)
		}
		if exact := f.minimum == 0 && (f.cap < 0 || f.capPer == CapPerPeriod); exact && split != once {
			t.Fatalf("%+v after %+v: %d in parts costs %d, at once %d: want the same", f, u, whole, split, once)
		}
		if f.cap >= 0 && f.capPer == CapPerPeriod && at.fees > f.cap {
			t.Fatalf("%+v: the period costs %d", f, at.fees)
		}
	})
}
