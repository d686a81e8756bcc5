package bonus_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/bonus"
	"kabinet/internal/store/storetest"
)

// Lots activate and expire by the clock, whoever looks first: a reader, a
// spender or the job; and however late.
func TestSettle(t *testing.T) {
	for name, look := range map[string]func(b *books, user uuid.UUID){
		"reader": func(b *books, user uuid.UUID) { b.account(user) },
		"job": func(b *books, _ uuid.UUID) {
			if _, err := b.points.SettleDue(storetest.System(), 100); err != nil {
				b.t.Error(err)
			}
		},
		"nobody": func(*books, uuid.UUID) {},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				b := openBooks(t, db, on(upToBalance, 2, 10))
				alice := b.customer("alice")
				b.earn(b.order(alice, 1000), "DELIVERED")
				b.Clock.Add(2*day - 1000)
				wantErr(t, b.spend(alice, 1, nil), bonus.ErrTooFewPoints)
				b.want(alice, 0, 10)
				b.Clock.Add(1000)
				look(b, alice)
				b.must(b.spend(alice, 3, nil))
				b.want(alice, 7, 0)
				b.earn(b.order(alice, 500), "DELIVERED")
				b.Clock.Add(30 * day) // both have expired, the second was never seen active
				look(b, alice)
				wantErr(t, b.spend(alice, 1, nil), bonus.ErrTooFewPoints)
				b.want(alice, 0, 0)
				b.wantBook(alice, "ACCRUAL +10 PENDING", "ACTIVATION +10", "REDEMPTION -3", "ACCRUAL +5 PENDING", "ACTIVATION +5", "EXPIRY -7", "EXPIRY -5")
			})
		})
	}
}

// security K10: the job, readers and spenders meet on points that are expiring.
func TestExpiryRacesRedemption(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		var people []uuid.UUID
		for range 5 {
			p := b.customer("somebody")
			b.give(p, 10, day)
			b.give(p, 10, 0)
			people = append(people, p)
		}
		b.Clock.Add(day)
		var spent [5]atomic.Int64
		var wg sync.WaitGroup
		for i, p := range people {
			for range 4 {
				wg.Go(func() {
					switch err := b.spend(p, 8, nil); {
					case err == nil:
						spent[i].Add(8)
					case !errors.Is(err, bonus.ErrTooFewPoints):
						t.Error(err)
					}
				})
			}
			wg.Go(func() {
				if a, err := b.points.AccountOf(storetest.As(p), p, nil); err != nil || a.Available() > 10 {
					t.Error(a, err)
				}
			})
		}
		for range 3 {
			wg.Go(func() {
				if _, err := b.points.SettleDue(storetest.System(), 100); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i, p := range people {
			if n := spent[i].Load(); n != 8 { // one of four: what was due is gone
				t.Errorf("%d of 10 points were spent", n)
			}
			b.want(p, 2, 0)
		}
	})
}

func TestSettleDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		var people []uuid.UUID
		for range 7 {
			p := b.customer("somebody")
			b.give(p, 5, day)
			people = append(people, p)
		}
		settle := func(limit, want int) {
			t.Helper()
			if n, err := b.points.SettleDue(storetest.System(), limit); n != want || err != nil {
				t.Errorf("settled %d of %d, %v", n, want, err)
			}
		}
		settle(10, 0)
		b.Clock.Add(day)
		settle(3, 3)
		settle(3, 3)
		settle(3, 1)
		settle(3, 0)
		n, log := b.Statements(func() { settle(3, 0) })
		if n != 1 {
			t.Errorf("an idle poll is one read: %v", log)
		}
		for _, p := range people {
			b.want(p, 0, 0)
			events, err := b.ReadStream(context.Background(), p, 0, 10)
			b.must(err)
			if last := events[len(events)-1]; last.Kind != "points.expired" || last.ActorID != nil {
				t.Errorf("%+v", last)
			}
		}
	})
}
