package data

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Person is one user with all that is his.
type Person struct {
	Index         int
	ID            uuid.UUID
	Contact       uuid.UUID
	Identity      uuid.UUID
	Session       uuid.UUID
	Address       uuid.UUID
	Given, Family string
	Email         string
	Token         string
	Created       time.Time
	Unread        int
	Orders        []Order // oldest first
	Account       Account
	Tickets       []Ticket
	Notifications []Notification // oldest first
}

// Name is how the person is addressed.
func (p *Person) Name() string { return p.Given + " " + p.Family }

// Heavy is the index of the heavy user.
func (p Plan) Heavy() int { return p.Users }

// Person makes the user of an index, whole.
func (p Plan) Person(i int, h House) *Person {
	r := p.random(kindUser, i)
	created := epoch.Add(-time.Duration(r.between(400*24*60, 800*24*60)) * time.Minute)
	u := &Person{
		Index: i, ID: r.id(created), Contact: r.id(created), Identity: r.id(created), Session: r.id(created), Address: r.id(created),
		Given: pick(r, givenNames), Family: pick(r, familyNames), Token: p.token(i), Created: created,
	}
	u.Email = fmt.Sprintf("user%d@bench.example", i)
	orders, entries, feed := p.Orders, p.Entries, p.Notifications
	if i < p.Bench {
		orders = p.BenchOrders
	}
	if i == p.Heavy() {
		orders, entries, feed = p.HeavyOrders, p.HeavyEntries, p.HeavyFeed
	}
	u.Orders = p.orders(r, u, orders)
	u.Account = book(r, u, entries, h)
	u.Tickets = tickets(r, u, i < p.Bench)
	u.Notifications = notifications(r, u, feed)
	for _, n := range u.Notifications {
		if n.Read.IsZero() {
			u.Unread++
		}
	}
	return u
}

// spread gives n moments over the last year of the history, rising, each in
// its own slot, so that no two are the same.
func spread(r random, n int) []time.Time {
	times := make([]time.Time, n)
	slot := 365 * day / time.Duration(max(n, 1))
	for i := range times {
		at := epoch.Add(-365*day + time.Duration(i)*slot + time.Duration(r.Int64N(int64(slot)*9/10)))
		times[i] = at.Truncate(time.Microsecond)
	}
	return times
}
