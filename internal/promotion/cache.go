package promotion

import (
	"sync/atomic"
	"time"
)

// cacheLife is how long promotions that apply by themselves are believed: a
// change made by another instance is seen this much later.
const cacheLife = 5 * time.Second

type cache struct{ held atomic.Pointer[cached] }

type cached struct{ at time.Time }
