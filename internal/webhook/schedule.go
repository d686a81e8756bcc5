package webhook

import "time"

// pauses are what lies between the tries of a delivery: 8 tries over 3 days.
var pauses = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 3 * time.Hour, 9 * time.Hour, 21 * time.Hour, 38 * time.Hour,
}

// tries is how often a delivery is tried in one round.
var tries = len(pauses) + 1

// pause is how long after the try-th failed one, counted from 1, the next comes;
// false where none does. chance, of 0 up to 1, moves it by a fifth either way,
// so that what failed together does not come back together. Where the other
// side asks for more, that counts.
func pause(try int, chance float64, asked time.Duration) (time.Duration, bool) {
	if try < 1 || try >= tries {
		return 0, false
	}
	d := pauses[try-1]
	d += time.Duration((chance*2 - 1) * float64(d) / 5)
	return max(d, asked), true
}

// An endpoint is paused after so many failures one after another, over so long:
// a receiver that restarts under load is none.
const (
	pauseFailures = 20
	pauseOver     = time.Hour
)

// pausesNow says whether an endpoint's failures, this one counted, are enough.
func pausesNow(failures int, since, now time.Time) bool {
	return failures >= pauseFailures && now.Sub(since) >= pauseOver
}
