package bonus_test

import (
	"context"
	"testing"
	"time"

	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/store/storetest"
)

// streams are the live streams of a test over its own hub; nobody rings, so
// the safety net of the hub is what finds new events.
func (b *books) streams() *live.Streams {
	b.t.Helper()
	bus, err := live.StartBus(context.Background(), live.Options{Heads: b.Heads, ResyncEvery: 20 * time.Millisecond})
	b.must(err)
	b.t.Cleanup(bus.Close)
	return &live.Streams{Hub: bus.Hub(), Read: b.ReadStream, Heads: b.Heads, Epoch: b.Epoch}
}

func next(t *testing.T, ch <-chan *bonus.BonusBalanceChange) *bonus.BonusBalanceChange {
	t.Helper()
	select {
	case c, ok := <-ch:
		if ok {
			return c
		}
		t.Fatal("the stream ended")
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
	return nil
}

func TestBalanceChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, on(upToBalance, 2, 30))
		b.points.Streams = b.streams()
		alice, bob := b.customer("alice"), b.customer("bob")
		b.give(alice, 1, 0) // before, so unseen
		ctx, cancel := context.WithCancel(storetest.As(alice))
		defer cancel()
		ch, err := b.points.BalanceChanged(ctx, nil)
		b.must(err)
		b.give(bob, 99, 0)
		b.give(alice, 20, 0)
		o := b.order(alice, 3000)
		b.earn(o, "DELIVERED")
		b.must(b.spend(alice, 5, o))
		b.must(b.cancel(o))
		var cursor string
		for i, want := range []struct {
			kind                     string
			amount, balance, pending int64
		}{
			{"points.accrued", 20, 21, 0}, {"points.accrued", 30, 21, 30}, {"points.redeemed", -5, 16, 30},
			{"points.reversed", 5, 21, 30}, {"points.reversed", -30, 21, 0},
		} {
			c := next(t, ch)
			if c.Kind != want.kind || c.Balance != want.balance || c.Pending != want.pending || amount(c.Entry) != want.amount || c.Account.OwnerID != alice {
				t.Errorf("message %d: %+v, want %+v", i, c, want)
			}
			if i == 2 {
				cursor = c.Cursor
			}
		}
		cancel()
		again, err := b.points.BalanceChanged(storetest.As(alice), &cursor)
		b.must(err)
		if c := next(t, again); c.Kind != "points.reversed" || amount(c.Entry) != 5 {
			t.Errorf("resumed at %+v", c)
		}
		bad := "nonsense"
		_, err = b.points.BalanceChanged(storetest.As(alice), &bad)
		wantErr(t, err, fault.ErrInvalidCursor)
		_, err = b.points.BalanceChanged(context.Background(), nil)
		wantErr(t, err, fault.ErrUnauthenticated)
	})
}

func amount(e bonus.Entry) int64 {
	switch e := e.(type) {
	case *bonus.Accrual:
		return e.Amount
	case *bonus.Redemption:
		return e.Amount
	case *bonus.Reversal:
		return e.Amount
	}
	return 0
}
