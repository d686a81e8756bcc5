package bonus_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/order"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestRedeemTakesWhatExpiresFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.give(alice, 10, 30*day)
		b.give(alice, 20, 10*day)
		b.give(alice, 5, 0) // by the terms: 365 days
		b.must(b.spend(alice, 25, nil))
		b.want(alice, 10, 0)
		lots, err := b.points.Lots(storetest.As(alice), b.account(alice))
		b.must(err)
		if len(lots) != 2 || lots[0].Remaining != 5 || lots[0].Amount != 10 || lots[1].Remaining != 5 {
			t.Errorf("lots %v", lots)
		}
		b.Clock.Add(31 * day)
		b.want(alice, 5, 0)
	})
}

// security K1 S12 L7
func TestRedeemOnceOfAHundred(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.give(alice, 60, 0)
		b.give(alice, 40, 10*day)
		second, err := store.Open(context.Background(), store.Options{URL: db.URL, Clock: db.Clock.Now}) // another process
		b.must(err)
		defer second.Close()
		apps := []*bonus.Points{b.points, {Store: second, Spent: spentOn}}
		var won, few atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				_, err := apps[i%2].Redeem(storetest.As(alice), bonus.RedeemPointsInput{Amount: 100, IdempotencyKey: b.key()})
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, bonus.ErrTooFewPoints):
					few.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || few.Load() != 99 {
			t.Errorf("%d won, %d were refused", won.Load(), few.Load())
		}
		b.want(alice, 0, 0)
	})
}

// security K4
func TestRedeemOncePerKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.give(alice, 1000, 0)
		in := bonus.RedeemPointsInput{Amount: 10, IdempotencyKey: "the same"}
		entries := make([]scalar.ID, 50)
		var fresh atomic.Int64
		var wg sync.WaitGroup
		for i := range entries {
			wg.Go(func() {
				done, err := b.points.Redeem(storetest.As(alice), in)
				if err != nil {
					t.Error(err)
					return
				}
				if !*done.Replayed {
					fresh.Add(1)
				}
				entries[i] = done.Entry.(*bonus.Redemption).GlobalID()
			})
		}
		wg.Wait()
		for _, e := range entries {
			if e != entries[0] || e.Prefix != "ent" {
				t.Fatalf("answers differ: %v and %v", e, entries[0])
			}
		}
		if fresh.Load() != 1 {
			t.Errorf("%d took effect", fresh.Load())
		}
		b.want(alice, 990, 0)
	})
}

// security K5, K6
func TestRedeemKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice, bob := b.customer("alice"), b.customer("bob")
		b.give(bob, 50, 0)
		redeem := func(who uuid.UUID, n int64, key string) error {
			_, err := b.points.Redeem(storetest.As(who), bonus.RedeemPointsInput{Amount: n, IdempotencyKey: key})
			return err
		}
		wantErr(t, redeem(alice, 10, "k"), bonus.ErrTooFewPoints) // nothing to spend, no account yet
		b.give(alice, 100, 0)
		b.must(redeem(alice, 10, "k")) // a refusal did not use the key up
		wantErr(t, redeem(alice, 11, "k"), fault.ErrIdempotencyKeyReused)
		b.must(redeem(bob, 11, "k")) // keys are each person's own
		_, err := b.points.Adjust(b.staff(), bonus.AdjustPointsInput{UserID: usr(alice), Amount: 1, Reason: "x", IdempotencyKey: "staff"})
		b.must(err)
		_, err = b.points.Accrue(b.staff(), bonus.AccruePointsInput{UserID: usr(alice), Amount: 1, Reason: "x", IdempotencyKey: "staff"})
		wantErr(t, err, fault.ErrIdempotencyKeyReused) // another operation
		wantErr(t, redeem(alice, 10, ""), fault.ErrRequired)
		wantErr(t, redeem(alice, 10, strings.Repeat("k", 256)), fault.ErrTooLong)
		wantErr(t, redeem(alice, 10, "k\x00"), fault.ErrInvalidValue)
		// Past the life of the key's row the ledger itself still knows it.
		b.Clock.Add(100 * time.Hour)
		b.must(b.ForgetKeys(storetest.System()))
		wantErr(t, redeem(alice, 10, "k"), fault.ErrIdempotencyKeyReused)
		b.want(alice, 91, 0)
		b.want(bob, 39, 0)
	})
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

// security K7
func TestRedeemRefusesAmounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.give(alice, scalar.MaxPoints, 0)
		for n, want := range map[int64]error{0: bonus.ErrPointsNotPositive, -1: bonus.ErrPointsNotPositive, scalar.MaxPoints + 1: fault.ErrOutOfRange} {
			wantErr(t, b.spend(alice, n, nil), want)
		}
		_, err := b.points.Accrue(b.staff(), bonus.AccruePointsInput{UserID: usr(alice), Amount: 1, Reason: "too many", IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrOutOfRange) // the balance would not fit into a client's number
		b.must(b.spend(alice, scalar.MaxPoints, nil))
		err = b.spend(alice, 1, nil)
		wantErr(t, err, bonus.ErrTooFewPoints)
		if f, _ := fault.As(err); f.Params["available"] != int64(0) || f.Path[1] != "amount" {
			t.Errorf("%v", err)
		}
	})
}

func TestRedeemDry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice, dry := b.customer("alice"), true
		b.give(alice, 30, 0)
		in := bonus.RedeemPointsInput{Amount: 10, IdempotencyKey: "k", DryRun: &dry}
		done, err := b.points.Redeem(storetest.As(alice), in)
		b.must(err)
		if done.Account.Balance() != 20 || done.Entry.(*bonus.Redemption).Amount != -10 || *done.Replayed {
			t.Errorf("%+v", done.Account)
		}
		b.want(alice, 30, 0)
		in.DryRun = nil
		if done, err = b.points.Redeem(storetest.As(alice), in); err != nil || *done.Replayed || done.Account.Balance() != 20 {
			t.Errorf("%+v %v", done, err)
		}
		b.want(alice, 20, 0)
	})
}

func TestRedeemOnOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice, bob := b.customer("alice"), b.customer("bob")
		b.give(alice, 30, 0)
		hers, his := b.order(alice, 1000), b.order(bob, 1000)
		b.must(b.spend(alice, 5, hers))
		wantErr(t, b.spend(alice, 5, his), fault.ErrNotFound) // security F8
		wrong := usr(alice)
		_, err := b.points.Redeem(storetest.As(alice), bonus.RedeemPointsInput{Amount: 5, OrderID: &wrong, IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrInvalidID)
		_, err = b.points.Redeem(storetest.As(alice), bonus.RedeemPointsInput{Amount: 5, ProgramID: &scalar.ID{Prefix: "prog", UUID: uuid.New()}, IdempotencyKey: b.key()})
		wantErr(t, err, bonus.ErrProgramNotFound)
		b.must(b.cancel(hers))
		wantErr(t, b.spend(alice, 5, hers), bonus.ErrOrderAlreadyCancelled)
		b.want(alice, 30, 0)
		b.wantBook(alice, "ACCRUAL +30", "REDEMPTION -5", "REFUND +5")
	})
}

// Whatever order they come in, a spend on an order and its cancel leave
// nothing spent on a cancelled order.
func TestRedeemRacesCancel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.give(alice, 100, 0)
		for range 10 {
			o := b.order(alice, 1000)
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := b.spend(alice, 10, o); err != nil && !errors.Is(err, bonus.ErrOrderAlreadyCancelled) {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if err := b.cancel(o); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
		}
		b.want(alice, 100, 0)
	})
}

func TestRedeemForACompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		carol, acme := b.customer("carol"), uuid.Must(uuid.NewV7())
		o := b.order(acme, 5000)
		if n := b.earn(o, "DELIVERED"); n != 50 {
			t.Fatalf("the company earned %d", n)
		}
		acting := viewer.Viewer{UserID: carol, OwnerID: acme}
		in := bonus.RedeemPointsInput{Amount: 20, IdempotencyKey: "k"}
		_, err := b.points.Redeem(viewer.With(context.Background(), acting), in)
		wantErr(t, err, fault.ErrForbidden)
		acting.Grants = map[viewer.Permission]viewer.Reach{{Resource: "bonus", Operation: "write"}: viewer.ReachOwner}
		done, err := b.points.Redeem(viewer.With(context.Background(), acting), in)
		b.must(err)
		if done.Account.OwnerID != acme || done.Account.Balance() != 30 {
			t.Errorf("%+v", done.Account)
		}
		b.want(carol, 0, 0)
		events, err := b.ReadStream(context.Background(), carol, 0, 10)
		b.must(err)
		if len(events) != 1 || events[0].Kind != "points.redeemed" {
			t.Errorf("who acted hears of it: %v", events)
		}
		_, err = b.points.Redeem(context.Background(), in)
		wantErr(t, err, fault.ErrUnauthenticated)
	})
}

// Who buys for a company whose points he may not see learns nothing of them,
// nor does staff who only move its orders.
func TestCompanyPointsAreNotToldToWhoMayNotSee(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F6
		b := openBooks(t, db, terms(nil))
		carol, acme := b.customer("carol"), uuid.Must(uuid.NewV7())
		buyer := viewer.Viewer{UserID: carol, OwnerID: acme, Grants: map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "write"}: viewer.ReachOwn}}
		for _, ctx := range []context.Context{viewer.With(context.Background(), buyer), b.staff()} {
			o, err := db.Client.Order.Query().Where(order.ID(b.order(acme, 5000).ID)).WithLines().Only(storetest.System())
			b.must(err)
			b.must(db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				n, err := b.earnings.EarnForOrder(ctx, tx, o, o.Edges.Lines, "DELIVERED")
				if err != nil || n != 50 {
					t.Errorf("earned %d, %v", n, err)
				}
				return tx.Order.UpdateOneID(o.ID).AddPointsEarned(n).Exec(viewer.AsSystem(ctx, "test"))
			}))
		}
		for id, want := range map[uuid.UUID]int{carol: 0, b.support: 0, acme: 2} {
			events, err := b.ReadStream(context.Background(), id, 0, 10)
			b.must(err)
			if len(events) != want {
				t.Errorf("%s is told %v", id, events)
			}
		}
	})
}
