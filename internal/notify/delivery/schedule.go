package delivery

import "time"

// A round has so many tries, within half an hour. The pause after the n-th
// failed try, counted from 1, is anything up to base doubled n-1 times: full
// jitter, so that what failed together does not come back together.
const (
	triesOfRound = 8
	base         = 13 * time.Second // 127 of them are 27.5 minutes; the clock that looks for what is due needs the rest
	longestAsk   = 24 * time.Hour   // that another side's Retry-After is heeded
)

// pause is how long after the n-th failed try the next one comes; false where
// none does. chance is of 0 up to 1. Where the other side asks for more, that
// counts.
func pause(n int, chance float64, asked time.Duration) (time.Duration, bool) {
	if n < 1 || n >= triesOfRound {
		return 0, false
	}
	wait := time.Duration(chance * float64(base<<(n-1)))
	return max(wait, min(asked, longestAsk)), true
}
