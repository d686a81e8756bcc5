package delivery

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever the dice say: 8 tries, none later than half an hour after the first,
// no pause longer than its own bound, and what is asked for is heeded.
func TestPauseOfAnyRound(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(8, 8))
	var sums [triesOfRound]time.Duration
	const rounds = 20000
	for range rounds {
		var whole time.Duration
		tries := 1
		for n := 1; ; n++ {
			wait, again := pause(n, dice.Float64(), 0)
			if !again {
				break
			}
			if wait < 0 || wait > base<<(n-1) {
				t.Fatalf("after try %d: %s", n, wait)
			}
			whole += wait
			sums[n] += wait
			tries++
		}
		if tries != 8 || whole > 30*time.Minute {
			t.Fatalf("%d tries over %s", tries, whole)
		}
	}
	for n := 1; n < triesOfRound; n++ { // full jitter: all of the bound is used alike, so the mean is its half
		mean, half := sums[n]/rounds, base<<(n-1)/2
		if d := (mean - half).Abs(); d > half/20 {
			t.Errorf("after try %d: the mean is %s, not about %s", n, mean, half)
		}
	}
	for n := 1; n < triesOfRound; n++ {
		asked := time.Duration(dice.Int64N(int64(48 * time.Hour)))
		wait, _ := pause(n, dice.Float64(), asked)
		if wait < min(asked, longestAsk) {
			t.Errorf("asked for %s, waits %s", asked, wait)
		}
	}
	for _, n := range []int{-1, 0, 8, 9} {
		if _, again := pause(n, 0.5, time.Hour); again {
			t.Errorf("there is a try after the %d-th", n)
		}
	}
}
