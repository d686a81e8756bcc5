package bonus_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// actsFor is somebody who acts for a company with a role that reads or spends
// its points.
func actsFor(user, company uuid.UUID, operations ...string) context.Context {
	v := viewer.Viewer{UserID: user, OwnerID: company, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{}}
	for _, op := range operations {
		v.Grants[viewer.Permission{Resource: "bonus", Operation: op}] = viewer.ReachOwner
	}
	return viewer.With(context.Background(), v)
}

// A company's points are seen by who may read them, and spent by who may write.
func TestCompanysPoints(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		carol, acme := b.customer("carol"), uuid.Must(uuid.NewV7())
		_, err := b.points.CompanyAccount(actsFor(carol, acme, "read"), acme, nil)
		wantErr(t, err, fault.ErrNotFound)
		b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := b.points.GiveFor(ctx, tx, bonus.Gift{Owner: acme, Amount: 100, Cause: "gift:1"})
			return err
		}))
		a, err := b.points.CompanyAccount(actsFor(carol, acme, "read"), acme, nil)
		b.must(err)
		all, err := b.points.CompanyAccounts(actsFor(carol, acme, "read"), acme)
		b.must(err)
		if a.Available() != 100 || len(all) != 1 {
			t.Errorf("available %d in %d accounts", a.Available(), len(all))
		}
		for _, ctx := range []context.Context{actsFor(carol, acme), storetest.As(carol), actsFor(carol, uuid.Must(uuid.NewV7()), "read")} {
			_, err := b.points.CompanyAccount(ctx, acme, nil)
			wantErr(t, err, fault.ErrForbidden)
		}
		_, err = b.points.Redeem(actsFor(carol, acme, "read"), bonus.RedeemPointsInput{Amount: 1, IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrForbidden)
		held, err := b.points.Hold(actsFor(carol, acme, "read", "write"), bonus.HoldPointsInput{Amount: 60, IdempotencyKey: b.key()})
		b.must(err)
		id := held.Entry.(*bonus.Hold).GlobalID()
		_, err = b.points.Capture(storetest.As(carol), bonus.CaptureHoldInput{HoldID: id, IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrNotFound) // for herself she holds nothing
		_, err = b.points.Capture(actsFor(carol, acme, "read", "write"), bonus.CaptureHoldInput{HoldID: id, IdempotencyKey: b.key()})
		b.must(err)
		holds, err := b.points.Holds(actsFor(carol, acme, "read"), a)
		b.must(err)
		if len(holds) != 0 {
			t.Errorf("%d holds are open", len(holds))
		}
	})
}

// Points that nobody captures come free at the very end of their hold.
func TestHoldEndsByTheClock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.give(alice, 10, time.Hour)
		b.give(alice, 10, 3*time.Hour)
		until := b.Clock.Now().Add(2 * time.Hour)
		_, err := b.points.Hold(storetest.As(alice), bonus.HoldPointsInput{Amount: 15, Until: &until, IdempotencyKey: b.key()})
		b.must(err)
		b.Clock.Add(2*time.Hour - time.Microsecond)
		b.want(alice, 5, 0)
		b.Clock.Add(time.Microsecond)
		b.want(alice, 10, 0) // ten of them went back into a lot that has expired
		n, err := b.points.SettleDue(storetest.System(), 10)
		b.must(err)
		if n != 0 {
			t.Errorf("%d accounts are due still", n)
		}
	})
}
