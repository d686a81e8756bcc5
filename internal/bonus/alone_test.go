package bonus_test

import (
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/store/storetest"
)

// What needs two members of staff as a correction is not given by one as a gift,
// and nobody gives to himself. security K14
func TestNobodyGivesMuchAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.changeProgram(bonus.SaveBonusProgramInput{AdjustmentLimit: graphql.OmittableOf(ptr[int64](100))})
		alice := b.customer("alice")
		accrue := func(to uuid.UUID, n int64) error {
			_, err := b.points.Accrue(b.staff(), bonus.AccruePointsInput{UserID: usr(to), Amount: n, Reason: "a gift", IdempotencyKey: b.key()})
			return err
		}
		b.must(accrue(alice, 100))
		err := accrue(alice, 101)
		wantErr(t, err, fault.ErrOutOfRange)
		if f, ok := fault.As(err); !ok || f.Params["max"] != int64(100) {
			t.Errorf("%+v", f)
		}
		wantErr(t, accrue(b.support, 1), bonus.ErrSelfApproval)
		_, err = b.points.Adjust(b.staff(), bonus.AdjustPointsInput{UserID: usr(b.support), Amount: 1, Reason: "for me", IdempotencyKey: b.key()})
		wantErr(t, err, bonus.ErrSelfApproval)
		bulk, err := b.points.AccrueInBulk(b.staff(), bonus.AccruePointsInBulkInput{IdempotencyKey: b.key(), ErrorPolicy: bonus.BulkErrorPolicyRejectFailed, Rows: []*bonus.AccrueRowInput{
			{UserID: usr(alice), Amount: 101, Reason: "too many"}, {UserID: usr(b.support), Amount: 1, Reason: "for me"}, {UserID: usr(alice), Amount: 5, Reason: "fine"}}})
		b.must(err)
		wantErr(t, bulk.Results[0].Err, fault.ErrOutOfRange)
		wantErr(t, bulk.Results[1].Err, bonus.ErrSelfApproval)
		if bulk.Done != 1 {
			t.Errorf("%d done", bulk.Done)
		}
		b.want(alice, 105, 0)
	})
}

// Giving points is no way to find out who has an account, dry or not.
func TestTransferTellsNotWhoIsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.changeProgram(bonus.SaveBonusProgramInput{TransferLimits: limits(bonus.TransferLimitsInput{})})
		alice, bob := b.member("Alice"), b.member("Bob")
		b.give(alice, 10, 0)
		try := func(id uuid.UUID, dry bool) error {
			to := usr(id)
			_, err := b.points.Transfer(storetest.As(alice), bonus.TransferPointsInput{To: bonus.PointsRecipient{UserID: &to}, Amount: 1, IdempotencyKey: b.key(), DryRun: &dry})
			return err
		}
		for i := range 20 {
			wantErr(t, try(uuid.New(), i%2 == 0), bonus.ErrRecipientUnavailable)
		}
		wantErr(t, try(uuid.New(), true), fault.ErrRateLimited)
		wantErr(t, try(bob, false), fault.ErrRateLimited)
		b.Clock.Add(time.Hour + time.Second)
		b.must(try(bob, false))
	})
}

// However few may be told in one go, a date is done in one go.
func TestRemindersKeepTheirPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		for _, name := range []string{"a", "b", "c"} {
			b.give(b.customer(name), 10, 7*day)
		}
		n, err := b.points.RemindExpiring(storetest.System(), 1)
		b.must(err)
		if n != 3 {
			t.Errorf("told %d", n)
		}
		again, _ := db.Statements(func() { n, err = b.points.RemindExpiring(storetest.System(), 1) })
		b.must(err)
		if n != 0 || again > 5 {
			t.Errorf("told %d again in %d statements", n, again)
		}
	})
}
