package bonus_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/auditentry"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

func TestAccrue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		soon := b.Clock.Now().Add(time.Hour + time.Nanosecond)
		in := bonus.AccruePointsInput{UserID: usr(alice), Amount: 15, Reason: " a gift\n", ExpiresAt: &soon, IdempotencyKey: "k"}
		done, err := b.points.Accrue(b.staff(), in)
		b.must(err)
		e := done.Entry.(*bonus.Accrual)
		if done.Account.Balance() != 15 || e.Amount != 15 || *e.Note != "a gift" || *e.ActorID != b.support || e.Label(storetest.As(alice)) != "Points earned" {
			t.Errorf("%+v %+v", done.Account, e)
		}
		again, err := b.points.Accrue(b.staff(), in)
		b.must(err)
		if !*again.Replayed || again.Entry.(*bonus.Accrual).ID != e.ID {
			t.Errorf("%+v", again)
		}
		if n, err := b.points.Expiring(storetest.As(alice), done.Account, soon.Add(time.Microsecond)); n != 15 || err != nil {
			t.Errorf("%d expire, %v", n, err)
		}
		if n, err := b.points.Expiring(storetest.As(alice), done.Account, soon); n != 0 || err != nil {
			t.Errorf("%d expire before, %v", n, err)
		}
		b.Clock.Add(2 * time.Hour)
		b.want(alice, 0, 0)
		acts, err := b.Client.AuditEntry.Query().Where(auditentry.OwnerID(alice)).All(storetest.System())
		b.must(err)
		if len(acts) != 1 || acts[0].Action != "bonus.accrue" || *acts[0].ActorID != b.support || acts[0].Changes["reason"] != "a gift" {
			t.Errorf("on record: %v", acts)
		}
	})
}

func TestAdjust(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		adjust := func(n int64) error {
			_, err := b.points.Adjust(b.staff(), bonus.AdjustPointsInput{UserID: usr(alice), Amount: n, Reason: "a mistake", IdempotencyKey: b.key()})
			return err
		}
		b.must(adjust(40))
		b.must(adjust(-15))
		wantErr(t, adjust(-26), bonus.ErrTooFewPoints)
		wantErr(t, adjust(0), fault.ErrInvalidValue)
		wantErr(t, adjust(scalar.MaxPoints+1), fault.ErrOutOfRange)
		b.want(alice, 25, 0)
		b.wantBook(alice, "ADJUSTMENT +40", "ADJUSTMENT -15")
		n, err := b.Client.AuditEntry.Query().Where(auditentry.OwnerID(alice), auditentry.Action("bonus.adjust")).Count(storetest.System())
		if b.must(err); n != 2 {
			t.Errorf("%d acts on record, refusals are none", n)
		}
	})
}

// security K14: a reason, a permission and a record; never by customers.
func TestGrantsAreForStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		try := func(ctx context.Context, change func(*bonus.AdjustPointsInput)) error {
			in := bonus.AdjustPointsInput{UserID: usr(alice), Amount: 5, Reason: "because", IdempotencyKey: b.key()}
			if change != nil {
				change(&in)
			}
			_, err := b.points.Adjust(ctx, in)
			return err
		}
		wantErr(t, try(storetest.As(alice), nil), fault.ErrForbidden)
		wantErr(t, try(context.Background(), nil), fault.ErrUnauthenticated)
		wantErr(t, try(b.staff(), func(in *bonus.AdjustPointsInput) { in.Reason = " " }), fault.ErrRequired)
		wantErr(t, try(b.staff(), func(in *bonus.AdjustPointsInput) { in.Reason = strings.Repeat("a", 501) }), fault.ErrTooLong)
		wantErr(t, try(b.staff(), func(in *bonus.AdjustPointsInput) { in.UserID = usr(uuid.Must(uuid.NewV7())) }), fault.ErrNotFound)
		wantErr(t, try(b.staff(), func(in *bonus.AdjustPointsInput) { in.UserID.Prefix = "order" }), fault.ErrInvalidID)
		past := b.Clock.Now()
		_, err := b.points.Accrue(b.staff(), bonus.AccruePointsInput{UserID: usr(alice), Amount: 5, Reason: "x", ExpiresAt: &past, IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrInvalidValue)
		_, err = b.points.CustomerAccount(storetest.As(alice), usr(alice), nil)
		wantErr(t, err, fault.ErrForbidden)
		b.want(alice, 0, 0)
	})
}
