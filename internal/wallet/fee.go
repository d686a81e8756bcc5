package wallet

import (
	"time"
)

// tariff is what a fee rule says, in minor units of its currency.
type tariff struct {
	free        int64
	basisPoints int64 // hundredths of a percent, 0 to 10,000
	cap         int64 // below zero: none
	capPer      FeeCapPer
	minimum     int64
	rounding    FeeRounding
	period      FeePeriod
}

// used is what an owner has sent in a period, of all his wallets, and what it
// has cost him.
type used struct{ sent, fees int64 }

// fee is what one more transfer costs. The share is taken of all that a period
// comes to and what was charged for the rest of it taken off, so that rounding
// cannot be gained by splitting: many small ones cost what one large one does,
// or more where the cap or the minimum is counted for each.
func (t tariff) fee(u used, amount int64) int64 {
	if amount <= t.free-min(u.sent, t.free) {
		return 0
	}
	fee := max(t.share(u.sent+amount)-t.share(u.sent), t.minimum)
	switch {
	case t.cap < 0:
	case t.capPer == CapPerPeriod:
		fee = min(fee, max(t.cap-u.fees, 0))
	default:
		fee = min(fee, t.cap)
	}
	return fee
}

// left is what is still free after a transfer.
func (t tariff) left(u used, amount int64) int64 { return max(t.free-min(u.sent, t.free)-amount, 0) }

// share is what a period costs in which so much was sent, without bounds: the
// basis points of what is above the free part, rounded once.
func (t tariff) share(sent int64) int64 {
	const whole = 10_000
	excess := max(sent-t.free, 0)
	// basisPoints <= whole, so no product is larger than excess or 10^8.
	rest := excess % whole * t.basisPoints
	n, rest := excess/whole*t.basisPoints+rest/whole, rest%whole
	switch t.rounding {
	case RoundDown:
	case RoundUp:
		if rest > 0 {
			n++
		}
	case RoundHalfEven:
		if rest > whole/2 || rest == whole/2 && n%2 == 1 {
			n++
		}
	default: // HALF_UP
		if rest >= whole/2 {
			n++
		}
	}
	return n
}

// since is when the running period began; zone is where the business is.
func (t tariff) since(now time.Time, zone *time.Location) time.Time {
	if t.period == Rolling30Days {
		return now.AddDate(0, 0, -30)
	}
	if zone == nil {
		zone = time.UTC
	}
	local := now.In(zone)
	return time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, zone).UTC()
}
