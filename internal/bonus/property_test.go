package bonus_test

import (
	"cmp"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/internal/bonus"
	"kabinet/internal/ledger"
	"kabinet/internal/store/storetest"
)

// TestLedgerProperties plays random acts against the ledger and against a
// model that knows nothing of entries, hashes or SQL; after each act the two
// agree on every balance, and the checker finds nothing.
func TestLedgerProperties(t *testing.T) {
	for name, tt := range map[string]bonus.Terms{
		"pending only": on(pendingOnly, 3, 10), "up to balance": on(upToBalance, 0, 10),
		"up to balance, pending": on(upToBalance, 2, 7), "negative": on(allowNegative, 3, 12),
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				b := openBooks(t, db, tt)
				rapid.Check(t, func(rt *rapid.T) {
					m := &machine{b: b, policy: tt.ReturnPolicy, pending: tt.PendingDays, lives: tt.LotDays}
					for range 2 {
						m.people = append(m.people, &person{id: b.customer("somebody")})
					}
					rt.Repeat(map[string]func(*rapid.T){
						"accrue": m.accrue, "redeem": m.redeem, "redeem on order": m.redeemOn, "adjust": m.adjust,
						"order": m.order, "earn": m.earn, "cancel": m.cancel, "clock": m.clock, "settle": m.settleDue, "": m.compare,
					})
				})
			})
		})
	}
}

// machine is the model: people, their lots in the order they were made, and
// their orders.
type machine struct {
	b              *books
	policy         bonusprogram.ReturnPolicy
	pending, lives int
	people         []*person
	orders         []*modelOrder
	made           int
}

type person struct {
	id   uuid.UUID
	debt int64
	lots []*modelLot
}

type modelLot struct {
	at      int // when it was made, among all
	pending bool
	left    int64
	gone    int64 // expired
	due     time.Time
	order   *modelOrder
	never   bool
}

type taken struct {
	lot *modelLot
	n   int64
}

type modelOrder struct {
	o         *ent.Order
	by        *person
	worth     int64
	earned    int64 // what it gave; 0 before
	lot       *modelLot
	spends    [][]taken
	cancelled bool
}

func (m *machine) now() time.Time { return m.b.Clock.Now() }

func (m *machine) someone(rt *rapid.T) *person { return rapid.SampledFrom(m.people).Draw(rt, "who") }

func (m *machine) settle(p *person) {
	for {
		var due []*modelLot
		for _, l := range p.lots {
			if l.left > 0 && !l.never && !l.due.After(m.now()) {
				due = append(due, l)
			}
		}
		if len(due) == 0 {
			return
		}
		slices.SortFunc(due, func(a, b *modelLot) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.at, b.at)) })
		for _, l := range due {
			n := l.left
			l.left = 0
			if !l.pending {
				l.gone += n
				continue
			}
			if made := m.fill(p, n, l.due.Add(time.Duration(m.lives)*day)); l.order != nil {
				l.order.lot = made
			}
		}
	}
}

// fill pays the debt first; what is over becomes a lot.
func (m *machine) fill(p *person, n int64, due time.Time) *modelLot {
	pay := min(n, p.debt)
	p.debt -= pay
	if n == pay {
		return nil
	}
	m.made++
	l := &modelLot{at: m.made, left: n - pay, due: due}
	p.lots = append(p.lots, l)
	return l
}

func (p *person) available() (n int64) {
	for _, l := range p.lots {
		if !l.pending {
			n += l.left
		}
	}
	return n
}

func (m *machine) take(p *person, n int64, first *modelLot) (out []taken) {
	open := slices.Clone(p.lots)
	slices.SortStableFunc(open, func(a, b *modelLot) int {
		rank := func(l *modelLot) int {
			switch {
			case l == first:
				return 0
			case l.never:
				return 2
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.due.Compare(b.due), cmp.Compare(a.at, b.at))
	})
	for _, l := range open {
		if k := min(n, l.left); k > 0 && !l.pending {
			l.left, n = l.left-k, n-k
			out = append(out, taken{l, k})
		}
	}
	return out
}

func (m *machine) accrue(rt *rapid.T) {
	p, n := m.someone(rt), rapid.Int64Range(1, 60).Draw(rt, "points")
	lives := time.Duration(rapid.IntRange(1, 20).Draw(rt, "days")) * day
	m.settle(p)
	m.b.give(p.id, n, lives)
	m.fill(p, n, m.now().Add(lives))
}

func (m *machine) spend(rt *rapid.T, p *person, o *modelOrder) {
	n := rapid.Int64Range(1, 80).Draw(rt, "points")
	m.settle(p)
	var on *ent.Order
	var want error
	if o != nil {
		on = o.o
	}
	switch {
	case o != nil && o.cancelled:
		want = bonus.ErrOrderAlreadyCancelled
	case p.available() < n:
		want = bonus.ErrTooFewPoints
	}
	if err := m.b.spend(p.id, n, on); !errors.Is(err, want) {
		rt.Fatalf("spend %d of %d: %v, want %v", n, p.available(), err, want)
	}
	if want == nil {
		out := m.take(p, n, nil)
		if o != nil {
			o.spends = append(o.spends, out)
		}
	}
}

func (m *machine) redeem(rt *rapid.T) { m.spend(rt, m.someone(rt), nil) }

func (m *machine) redeemOn(rt *rapid.T) {
	o := m.anOrder(rt)
	m.spend(rt, o.by, o)
}

func (m *machine) adjust(rt *rapid.T) {
	p, n := m.someone(rt), rapid.Int64Range(-40, 40).Filter(func(n int64) bool { return n != 0 }).Draw(rt, "points")
	m.settle(p)
	_, err := m.b.points.Adjust(m.b.staff(), bonus.AdjustPointsInput{UserID: usr(p.id), Amount: n, Reason: "x", IdempotencyKey: m.b.key()})
	switch {
	case -n > p.available():
		if !errors.Is(err, bonus.ErrTooFewPoints) {
			rt.Fatal(err)
		}
	case err != nil:
		rt.Fatal(err)
	case n < 0:
		m.take(p, -n, nil)
	default:
		m.fill(p, n, m.now().Add(time.Duration(m.lives)*day))
	}
}

func (m *machine) order(rt *rapid.T) {
	p, worth := m.someone(rt), rapid.Int64Range(0, 9000).Draw(rt, "pence")
	m.orders = append(m.orders, &modelOrder{o: m.b.order(p.id, worth), by: p, worth: worth})
}

func (m *machine) anOrder(rt *rapid.T) *modelOrder {
	if len(m.orders) == 0 {
		rt.Skip("no order yet")
	}
	return rapid.SampledFrom(m.orders).Draw(rt, "order")
}

func (m *machine) earn(rt *rapid.T) {
	o := m.anOrder(rt)
	m.settle(o.by)
	want := o.worth / 100
	if o.cancelled || o.earned > 0 {
		want = 0
	}
	if n := m.b.earn(o.o, "DELIVERED"); n != want {
		rt.Fatalf("earned %d, want %d", n, want)
	}
	switch {
	case want == 0:
	case m.pending > 0:
		o.earned = want
		m.made++
		l := &modelLot{at: m.made, pending: true, left: want, due: m.now().Add(time.Duration(m.pending) * day), order: o}
		o.by.lots, o.lot = append(o.by.lots, l), l
	default:
		o.earned = want
		o.lot = m.fill(o.by, want, m.now().Add(time.Duration(m.lives)*day))
	}
}

func (m *machine) cancel(rt *rapid.T) {
	o := m.anOrder(rt)
	m.settle(o.by)
	if err := m.b.cancel(o.o); err != nil {
		rt.Fatal(err)
	}
	if o.cancelled {
		return
	}
	o.cancelled = true
	for _, spend := range o.spends {
		m.giveBack(o.by, spend)
	}
	m.takeBack(o)
}

func (m *machine) giveBack(p *person, spend []taken) {
	var n int64
	for _, t := range spend {
		n += t.n
	}
	pay := min(n, p.debt)
	p.debt, n = p.debt-pay, n-pay
	for _, t := range slices.Backward(spend) {
		k := min(n, t.n)
		t.lot.left, n = t.lot.left+k, n-k
	}
	m.settle(p)
}

func (m *machine) takeBack(o *modelOrder) {
	if o.lot != nil && o.lot.pending && o.lot.left > 0 {
		o.lot.left = 0
		return
	}
	if m.policy == pendingOnly {
		return
	}
	back := o.earned
	if o.lot != nil {
		back -= o.lot.gone
	}
	got := min(back, o.by.available())
	m.take(o.by, got, o.lot)
	if m.policy == allowNegative {
		o.by.debt += back - got
	}
}

func (m *machine) clock(rt *rapid.T) {
	m.b.Clock.Add(time.Duration(rapid.IntRange(1, 96).Draw(rt, "hours")) * time.Hour)
}

func (m *machine) settleDue(rt *rapid.T) {
	if _, err := m.b.points.SettleDue(storetest.System(), 1000); err != nil {
		rt.Fatal(err)
	}
}

// compare reads every account as its owner does and proves the books.
func (m *machine) compare(rt *rapid.T) {
	for i, p := range m.people {
		m.settle(p)
		var pending int64
		for _, l := range p.lots {
			if l.pending {
				pending += l.left
			}
		}
		a := m.b.account(p.id)
		if want := p.available() - p.debt; a.Available() != want || a.Pending != pending {
			rt.Fatalf("person %d: available %d, pending %d; the model says %d and %d\n%v", i, a.Available(), a.Pending, want, pending, m.b.book(p.id))
		}
	}
	sum, err := m.b.points.Books().Check(storetest.System(), func(f ledger.Finding) { rt.Error(f) })
	if err != nil || sum.Findings > 0 {
		rt.Fatalf("%v %v", sum, err)
	}
}
