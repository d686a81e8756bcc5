// Package data makes the bench's database: seeded, so that the same plan gives
// the same rows to the byte on any machine. It writes the tables of kabinet
// past kabinet, which is why its test has kabinet prove the books afterwards.
// It never measures anything.
package data

import (
	"fmt"
	"math"
	"time"
)

// Plan says how much there is of everything. Users are numbered from 0; the
// first Bench of them are those whom the load generator plays, and the one
// after the last is the heavy user.
type Plan struct {
	Seed          uint64
	Users         int // without the heavy one
	Bench         int // of the users, signed in with known tokens
	Products      int
	Orders        int // of each user
	BenchOrders   int // of each bench user: enough for a page in the middle
	Entries       int // of each user's book of points
	Notifications int // of each user
	HeavyOrders   int
	HeavyEntries  int
	HeavyFeed     int
}

// Scale is the plan of a scale: 1 is 20,000 users and about 450,000 orders.
// The heavy user stays as heavy at every scale.
func Scale(scale float64) Plan {
	return Plan{
		Seed: 7, Users: int(math.Round(20_000 * scale)), Bench: 1000, Products: 2000,
		Orders: 20, BenchOrders: 60, Entries: 50, Notifications: 50,
		HeavyOrders: 50_000, HeavyEntries: 5_000, HeavyFeed: 10_000,
	}
}

// Tiny is a plan for smoke tests: seconds, not minutes.
func Tiny() Plan {
	p := Scale(0)
	p.Users, p.Bench, p.Products, p.HeavyOrders, p.HeavyEntries, p.HeavyFeed = 120, 50, 100, 1_000, 300, 300
	return p
}

// Name tells plans apart in file and database names.
func (p Plan) Name() string { return fmt.Sprintf("u%d_s%d_v%d", p.Users, p.Seed, version) }

// version is raised by whoever changes what is generated, so that no database
// of another version is taken for one of this.
const version = 1

// epoch is the end of the generated history. Nothing in it depends on when it
// was made but the sessions, which are opened anew for each run.
var epoch = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour
