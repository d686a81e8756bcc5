package ledger_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store/storetest"
)

// TestProperties plays random acts on a few accounts against the ledger and
// against the model; after each act the two agree on every counter, and the
// checker finds nothing. security K3 K10 K15
func TestProperties(t *testing.T) {
	for name, c := range map[string]struct {
		lives, grace int
		short        ledger.Short
	}{
		"forgiven": {lives: 10, short: ledger.ShortForgiven},
		"owed":     {lives: 12, short: ledger.ShortOwed},
		"left":     {lives: 7, short: ledger.ShortLeft},
		"grace":    {lives: 8, grace: 3, short: ledger.ShortForgiven},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w := openWorld(t, db, time.Duration(c.lives)*day, func(terms *ledger.Terms) { terms.Grace = time.Duration(c.grace) * day })
				rapid.Check(t, func(rt *rapid.T) {
					m := &machine{w: w, short: c.short, model: model{now: w.Clock.Now, lives: time.Duration(c.lives) * day, grace: time.Duration(c.grace) * day}}
					for range 3 {
						key := pointsOf(owner())
						m.all = append(m.all, &modelAccount{key: key, id: w.id(key)})
					}
					rt.Repeat(map[string]func(*rapid.T){
						"accrue": m.accrue, "redeem": m.redeem, "hold": m.holdSome, "capture": m.captureSome, "release": m.releaseSome,
						"refund": m.refundSome, "return": m.giveUp, "return again": m.giveUp, "transfer": m.transfer, "clock": m.clock, "settle": m.due, "": m.compare,
					})
				})
			})
		})
	}
}

// machine does each act on both.
type machine struct {
	model
	w     *world
	short ledger.Short
	all   []*modelAccount
}

func (m *machine) someone(rt *rapid.T) *modelAccount {
	a := rapid.SampledFrom(m.all).Draw(rt, "who")
	m.settle(a)
	return a
}

// some draws one of what there is.
func some[T any](rt *rapid.T, from []T) T {
	if len(from) == 0 {
		rt.Skip("there is none")
	}
	return rapid.SampledFrom(from).Draw(rt, "which")
}

func few(rt *rapid.T) int64 { return rapid.Int64Range(1, 70).Draw(rt, "points") }

func days(rt *rapid.T, most int) time.Duration {
	return time.Duration(rapid.IntRange(1, most).Draw(rt, "days")) * day
}

func (m *machine) accrue(rt *rapid.T) {
	a, n, wait := m.someone(rt), few(rt), rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(rt, "waits")
	p := ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: n, Contra: ledger.Issued, Cause: m.w.cause()}
	due := m.now().Add(days(rt, 20))
	switch {
	case wait > 0:
		p.Bucket, due = ledgerentry.BucketPENDING, m.now().Add(time.Duration(wait)*day)
	case rapid.IntRange(0, 4).Draw(rt, "ever") == 0:
		due = time.Time{}
	}
	e := m.w.must(m.w.on(a.key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
		if due.IsZero() {
			return b.GiveAndClose(ctx, p, nil)
		}
		return b.GiveAndClose(ctx, p, &due)
	}))
	acc := &modelAccrual{entry: e.ID, amount: n}
	if wait > 0 {
		acc.lot = m.lot(a, n, due)
		acc.lot.pending, acc.lot.of = true, acc
	} else {
		acc.lot = m.fill(a, n, due)
	}
	a.accruals = append(a.accruals, acc)
}

// refused says whether n is more than there is, and that the ledger says so.
func refused(rt *rapid.T, n, available int64, err error) bool {
	if n > available != errors.Is(err, ledger.ErrTooFewPoints) || err != nil && n <= available {
		rt.Fatalf("%d of %d: %v", n, available, err)
	}
	return n > available
}

func (m *machine) redeem(rt *rapid.T) {
	a, n := m.someone(rt), few(rt)
	e, err := m.w.spend(a.key, n)
	if !refused(rt, n, a.sum(false), err) {
		a.spends = append(a.spends, &modelSpend{entry: e.ID, left: n, parts: m.take(a, n)})
	}
}

func (m *machine) holdSome(rt *rapid.T) {
	a, n, until := m.someone(rt), few(rt), days(rt, 6)
	e, err := m.w.hold(a.key, n, until)
	if !refused(rt, n, a.sum(false), err) {
		a.holds = append(a.holds, &modelHold{entry: e.ID, parts: m.take(a, n), until: m.now().Add(until)})
	}
}

func (m *machine) captureSome(rt *rapid.T) {
	a := m.someone(rt)
	h, n := some(rt, a.holds), few(rt)
	e, err := m.w.capture(a.key, h.entry, n)
	if !refused(rt, n, total(h.parts), err) {
		a.spends = append(a.spends, &modelSpend{entry: e.ID, left: n, parts: m.capture(h, n)})
	}
}

func (m *machine) releaseSome(rt *rapid.T) {
	a := m.someone(rt)
	h, n := some(rt, a.holds), few(rt)
	_, err := m.w.release(a.key, h.entry, n)
	if !refused(rt, n, total(h.parts), err) {
		m.release(a, h, n)
		m.settle(a)
	}
}

func (m *machine) refundSome(rt *rapid.T) {
	a := m.someone(rt)
	s, n := some(rt, a.spends), few(rt)
	if s.left > 0 && n%3 == 0 {
		n = s.left
	}
	_, err := m.w.refund(a.key, s.entry, n)
	if !refused(rt, n, s.left, err) {
		m.refund(a, s, n)
	}
}

// giveUp is a return: of an accrual less stands, or nothing.
func (m *machine) giveUp(rt *rapid.T) {
	a := m.someone(rt)
	acc := some(rt, a.accruals)
	n := rapid.Int64Range(0, acc.amount).Draw(rt, "stands")
	if rapid.Bool().Draw(rt, "all") {
		n = 0
	}
	kept, _, err := m.w.replace(a.key, acc.entry, n, m.short)
	if acc.reversed {
		if !errors.Is(err, ledger.ErrAlreadyReversed) {
			rt.Fatalf("returned twice: %v", err)
		}
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	stands, done := m.replace(a, acc, n, m.short)
	if (stands != nil) != (kept != nil) {
		rt.Fatalf("%d of %d stands: %v, the model says %v (%t)", n, acc.amount, kept, stands, done)
	}
	if kept != nil {
		stands.entry = kept.ID
	}
}

func (m *machine) transfer(rt *rapid.T) {
	from, to, n := m.someone(rt), m.someone(rt), few(rt)
	if from == to {
		rt.Skip("to himself")
	}
	fee := rapid.Int64Range(0, 9).Draw(rt, "fee")
	_, err := m.w.move(from.id, to.id, uuid.New(), n, fee)
	if !refused(rt, n+fee, from.sum(false), err) {
		m.move(from, to, n, fee)
	}
}

func (m *machine) clock(rt *rapid.T) {
	m.w.Clock.Add(time.Duration(rapid.IntRange(1, 36).Draw(rt, "hours")) * time.Hour)
}

func (m *machine) due(rt *rapid.T) {
	if _, err := m.w.books.SettleDue(storetest.System(), 1000); err != nil {
		rt.Fatal(err)
	}
}

// compare opens every account and proves the books.
func (m *machine) compare(rt *rapid.T) {
	for i, a := range m.all {
		m.settle(a)
		got := m.w.account(a.key)
		if active := a.sum(false) - a.debt; got.Active != active || got.Pending != a.sum(true) || got.Held != a.held() {
			rt.Fatalf("account %d holds %d, %d, %d; the model says %d, %d, %d\n%v", i, got.Active, got.Pending, got.Held, active, a.sum(true), a.held(), m.w.book(a.key))
		}
	}
	sum, err := m.w.books.Check(storetest.System(), func(f ledger.Finding) { rt.Error(f) })
	if err != nil || sum.Findings > 0 {
		rt.Fatal(sum, err, slices.Collect(func(yield func([]string) bool) {
			for _, a := range m.all {
				if !yield(m.w.book(a.key)) {
					return
				}
			}
		}))
	}
}
