package live

import (
	"context"
	"math/rand/v2"
	"time"

	"kabinet/internal/fault"
)

// A database that is away for a moment ends no stream: stock clients would not
// come back to one that ended with an error. What cannot be read is read again,
// at first soon and then each second or so, until patience ends. Then the
// transport breaks the connection off, so that they come back.
const (
	patience  = time.Minute
	atStart   = 5 * time.Second // who begins holds a place that others wait for
	firstWait = 50 * time.Millisecond
	lastWait  = 2 * time.Second
)

// patiently reads until it is answered, or refused by something else than a
// part that is down, for so long. read must change nothing.
func patiently[T any](ctx context.Context, long time.Duration, read func() (T, error)) (T, error) {
	end := time.Now().Add(long)
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		v, err := read()
		if err == nil || fault.KindOf(err) != fault.Unavailable || time.Now().After(end) {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(wait/2 + rand.N(wait/2)): // not all at once
		}
	}
}
