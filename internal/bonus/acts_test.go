package bonus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/ent/generated/user"
	"kabinet/internal/bonus"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// member is a customer who can receive.
func (b *books) member(name string) uuid.UUID {
	b.t.Helper()
	id := b.customer(name)
	b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.User.UpdateOneID(id).SetStatus(user.StatusACTIVE).Exec(ctx)
	}))
	return id
}

func ptr[T any](v T) *T { return &v }

func limits(in bonus.TransferLimitsInput) graphql.Omittable[*bonus.TransferLimitsInput] {
	return graphql.OmittableOf(&in)
}

// approver is another member of staff, who may approve.
func (b *books) approver(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{
		UserID: id, OwnerID: id, Staff: true, Locale: "en",
		Grants: map[viewer.Permission]viewer.Reach{
			{Resource: "bonus", Operation: "read"}: viewer.ReachAll, {Resource: "bonus", Operation: "approve"}: viewer.ReachAll,
			{Resource: "bonus", Operation: "write"}: viewer.ReachAll,
		},
	})
}

// Of many transfers at once no more pass than the day's limit allows, also
// where two give to each other. security K9
func TestTransfersKeepTheDailyLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.changeProgram(bonus.SaveBonusProgramInput{TransferLimits: limits(bonus.TransferLimitsInput{Min: ptr[int64](5), Max: ptr[int64](50), Daily: ptr[int64](60)})})
		alice, bob := b.member("Alice Archer"), b.member("Bob")
		b.give(alice, 1000, 0)
		b.give(bob, 1000, 0)
		var passed, limited atomic.Int64
		give := func(from, to uuid.UUID) {
			id := usr(to)
			_, err := b.points.Transfer(storetest.As(from), bonus.TransferPointsInput{To: bonus.PointsRecipient{UserID: &id}, Amount: 10, IdempotencyKey: b.key()})
			switch {
			case err == nil:
				passed.Add(1)
			case errors.Is(err, bonus.ErrLimitExceeded):
				limited.Add(1)
			default:
				t.Error(err)
			}
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { give(alice, bob) })
			wg.Go(func() { give(bob, alice) })
		}
		wg.Wait()
		if passed.Load() != 12 || limited.Load() != 28 {
			t.Errorf("%d passed, %d met the limit", passed.Load(), limited.Load())
		}
		b.want(alice, 1000, 0)
		b.want(bob, 1000, 0)
		b.Clock.Add(24*time.Hour + time.Second)
		give(alice, bob)
		b.want(alice, 990, 0)
	})
}

// Points given keep the due times they had.
func TestTransferredPointsKeepTheirDueTimes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.changeProgram(bonus.SaveBonusProgramInput{TransferLimits: limits(bonus.TransferLimitsInput{})})
		alice, bob := b.member("Alice Archer"), b.member("Bob")
		b.give(alice, 10, 5*day)
		b.give(alice, 20, 0)
		id := usr(bob)
		dry := true
		in := bonus.TransferPointsInput{To: bonus.PointsRecipient{UserID: &id}, Amount: 15, IdempotencyKey: "a gift", DryRun: &dry}
		seen, err := b.points.Transfer(storetest.As(alice), in)
		b.must(err)
		if seen.Account.Available() != 15 || *seen.Fee != 0 || seen.DailyLeft != nil || *seen.RecipientName != "Bob" {
			t.Errorf("shown: %d, fee %d, %v", seen.Account.Available(), *seen.Fee, *seen.RecipientName)
		}
		b.want(alice, 30, 0)
		in.DryRun = nil
		_, err = b.points.Transfer(storetest.As(alice), in)
		b.must(err)
		again, err := b.points.Transfer(storetest.As(alice), in)
		b.must(err)
		if !*again.Replayed || *again.RecipientName != "Bob" {
			t.Error("not the first answer again")
		}
		b.want(alice, 15, 0)
		b.want(bob, 15, 0)
		b.Clock.Add(6 * day)
		b.want(bob, 5, 0)
		self := usr(alice)
		for _, c := range []struct {
			to   bonus.PointsRecipient
			want error
		}{
			{bonus.PointsRecipient{UserID: &self}, bonus.ErrSelfTransfer},
			{bonus.PointsRecipient{UserID: ptr(usr(uuid.Must(uuid.NewV7())))}, bonus.ErrRecipientUnavailable},
			{bonus.PointsRecipient{UserID: ptr(usr(b.customer("not confirmed")))}, bonus.ErrRecipientUnavailable},
			{bonus.PointsRecipient{Phone: ptr("+4471234567")}, bonus.ErrRecipientUnavailable},
		} {
			_, err := b.points.Transfer(storetest.As(alice), bonus.TransferPointsInput{To: c.to, Amount: 1, IdempotencyKey: b.key()})
			wantErr(t, err, c.want)
		}
	})
}

// A correction above the limit is booked once, by another member of staff.
// security K14
func TestLargeCorrectionsNeedTwo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.changeProgram(bonus.SaveBonusProgramInput{AdjustmentLimit: graphql.OmittableOf(ptr[int64](100))})
		alice := b.customer("alice")
		_, err := b.points.Adjust(b.staff(), bonus.AdjustPointsInput{UserID: usr(alice), Amount: 100, Reason: "at the limit", IdempotencyKey: b.key()})
		b.must(err)
		in := bonus.AdjustPointsInput{UserID: usr(alice), Amount: 101, Reason: "above it", IdempotencyKey: b.key()}
		asked, err := b.points.Adjust(b.staff(), in)
		b.must(err)
		again, err := b.points.Adjust(b.staff(), in)
		b.must(err)
		if asked.Entry != nil || asked.Pending == nil || again.Pending.ID != asked.Pending.ID || !*again.Replayed {
			t.Fatalf("asked %+v, again %+v", asked, again)
		}
		b.want(alice, 100, 0)
		_, err = b.points.Approve(b.approver(b.support), bonus.ApproveAdjustmentInput{ID: asked.Pending.ID, IdempotencyKey: b.key()})
		wantErr(t, err, bonus.ErrSelfApproval)
		_, err = b.points.Approve(b.staff(), bonus.ApproveAdjustmentInput{ID: asked.Pending.ID, IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrForbidden)
		_, err = b.points.Adjust(b.staff(), bonus.AdjustPointsInput{UserID: usr(alice), Amount: 101, Reason: " ", IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrRequired)

		chief := b.approver(b.customer("chief"))
		var booked, late atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := b.points.Approve(chief, bonus.ApproveAdjustmentInput{ID: asked.Pending.ID, IdempotencyKey: b.key()})
				switch {
				case err == nil:
					booked.Add(1)
				case errors.Is(err, bonus.ErrIllegalTransition):
					late.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if booked.Load() != 1 || late.Load() != 7 {
			t.Errorf("%d booked, %d late", booked.Load(), late.Load())
		}
		b.want(alice, 201, 0)
		b.wantBook(alice, "ADJUSTMENT +100", "ADJUSTMENT +101")
	})
}

// A bulk of 100 with a bad row: nothing, or exactly the good ones. security K12
func TestBulkWithABadRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		people := []uuid.UUID{b.customer("alice"), b.customer("bob"), b.customer("carol")}
		rows := make([]*bonus.AccrueRowInput, 100)
		for i := range rows {
			rows[i] = &bonus.AccrueRowInput{UserID: usr(people[i%3]), Amount: 1, Reason: "a bulk"}
		}
		rows[57] = &bonus.AccrueRowInput{UserID: usr(people[0]), Amount: -1, Reason: "a bulk"}
		in := bonus.AccruePointsInBulkInput{Rows: rows, ErrorPolicy: bonus.BulkErrorPolicyRejectAll, IdempotencyKey: "bulk"}
		none, err := b.points.AccrueInBulk(b.staff(), in)
		b.must(err)
		if none.Done != 0 || !errors.Is(none.Results[57].Err, bonus.ErrPointsNotPositive) || none.Results[0].Entry != nil || none.Results[0].Err != nil {
			t.Errorf("reject all: %d done, %v", none.Done, none.Results[57])
		}
		b.want(people[0], 0, 0)
		in.ErrorPolicy = bonus.BulkErrorPolicyRejectFailed // the refused bulk did not use the key up: security K6
		for _, replayed := range []bool{false, true} {
			some, err := b.points.AccrueInBulk(b.staff(), in)
			b.must(err)
			if some.Done != 99 || *some.Replayed != replayed || !errors.Is(some.Results[57].Err, bonus.ErrPointsNotPositive) || some.Results[99].Entry == nil || some.Results[99].Index != 99 {
				t.Errorf("reject failed: %d done, %+v", some.Done, some.Results[57])
			}
		}
		b.want(people[0], 33, 0)
		b.want(people[1], 33, 0)
		b.want(people[2], 33, 0)
		in.Rows = rows[:50] // security K5
		_, err = b.points.AccrueInBulk(b.staff(), in)
		wantErr(t, err, fault.ErrIdempotencyKeyReused)
	})
}

// Holds are captured and released in parts by many at once, never beyond what
// was held; what is left comes free by the clock. security K1, K10
func TestHoldsAreSpentOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		b.give(alice, 100, 0)
		held, err := b.points.Hold(storetest.As(alice), bonus.HoldPointsInput{Amount: 60, IdempotencyKey: b.key()})
		b.must(err)
		id := held.Entry.(*bonus.Hold).GlobalID()
		b.want(alice, 40, 0)
		var captured, released, few atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = b.points.Capture(storetest.As(alice), bonus.CaptureHoldInput{HoldID: id, Amount: ptr[int64](5), IdempotencyKey: b.key()})
				} else {
					_, err = b.points.Release(storetest.As(alice), bonus.ReleaseHoldInput{HoldID: id, Amount: ptr[int64](2), IdempotencyKey: b.key()})
				}
				switch {
				case errors.Is(err, bonus.ErrTooFewPoints):
					few.Add(1)
				case err != nil:
					t.Error(err)
				case i%2 == 0:
					captured.Add(5)
				default:
					released.Add(2)
				}
			})
		}
		wg.Wait()
		if sum := captured.Load() + released.Load(); sum > 60 || few.Load() == 0 && sum != 70 {
			t.Errorf("captured %d, released %d", captured.Load(), released.Load())
		}
		b.want(alice, 40+released.Load(), 0)
		b.Clock.Add(2 * time.Hour)
		b.want(alice, 100-captured.Load(), 0)
		_, err = b.points.Capture(storetest.As(alice), bonus.CaptureHoldInput{HoldID: id, IdempotencyKey: b.key()})
		wantErr(t, err, bonus.ErrTooFewPoints)
		_, err = b.points.Capture(storetest.As(b.customer("bob")), bonus.CaptureHoldInput{HoldID: id, IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrNotFound)
	})
}

// A statement is exact at its ends, and periods one after the other add up.
func TestStatementsAddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, on(upToBalance, 3, 30))
		alice := b.customer("alice")
		begin := b.Clock.Now()
		b.give(alice, 100, 5*day)
		b.Clock.Add(day)
		middle := b.Clock.Now() // an entry at this very moment belongs to the second period
		b.must(b.spend(alice, 30, nil))
		_, err := b.points.Hold(storetest.As(alice), bonus.HoldPointsInput{Amount: 20, IdempotencyKey: b.key()})
		b.must(err)
		b.earn(b.order(alice, 5000), "DELIVERED")
		b.Clock.Add(10 * day)
		a := b.account(alice)
		end := b.Clock.Now().Add(time.Microsecond)
		b.Clock.Add(time.Microsecond)
		first, err := b.points.Statement(storetest.As(alice), a, begin, middle)
		b.must(err)
		second, err := b.points.Statement(storetest.As(alice), a, middle, end)
		b.must(err)
		if first.OpeningBalance != 0 || first.ClosingBalance != 100 || second.OpeningBalance != 100 || second.ClosingBalance != a.Balance() || second.ClosingPending != a.Pending {
			t.Errorf("%d %d | %d %d, the account holds %d", first.OpeningBalance, first.ClosingBalance, second.OpeningBalance, second.ClosingBalance, a.Balance())
		}
		sum, pending := second.OpeningBalance, second.OpeningPending
		for _, total := range second.Totals {
			sum, pending = sum+total.Balance, pending+total.Pending
		}
		if sum != second.ClosingBalance || pending != second.ClosingPending {
			t.Errorf("the kinds add up to %d and %d", sum, pending)
		}
		_, err = b.points.Statement(storetest.As(alice), a, begin, end.Add(time.Hour)) // security K15
		wantErr(t, err, fault.ErrOutOfRange)
	})
}

// Each owner is told once for each date and number of days, by however many
// instances, also after days on which nobody asked.
func TestReminders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		people := make([]uuid.UUID, 5)
		for i := range people {
			people[i] = b.customer(fmt.Sprint("customer ", i))
			b.give(people[i], 10, 7*day)
			b.give(people[i], 5, 7*day+time.Hour)
			b.give(people[i], 1, 40*day)
		}
		run := func() (told int64) {
			var n atomic.Int64
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					for {
						some, err := b.points.RemindExpiring(storetest.System(), 2)
						if err != nil {
							t.Error(err)
						}
						n.Add(int64(some))
						if err != nil || some < 2 {
							return
						}
					}
				})
			}
			wg.Wait()
			return n.Load()
		}
		if n := run(); n != 5 {
			t.Errorf("told %d, want 5: seven days before", n)
		}
		if n := run(); n != 0 {
			t.Errorf("told %d again", n)
		}
		b.Clock.Add(3 * day) // nothing
		if n := run(); n != 0 {
			t.Errorf("told %d on a day for nothing", n)
		}
		b.must(b.spend(people[0], 15, nil))
		b.Clock.Add(3 * day)
		if n := run(); n != 4 {
			t.Errorf("told %d, want 4: a day before, but for who has spent them", n)
		}
		b.Clock.Add(20 * day) // the thirtieth day before passed without us
		if n := run(); n != 5 {
			t.Errorf("told %d, want 5 that were missed", n)
		}
		var amount, days int64
		rows, err := b.Query(context.Background(), `SELECT payload FROM account_events WHERE kind = ? ORDER BY created_at, stream_id LIMIT 1`, event.PointsExpiring{}.Kind())
		b.must(err)
		defer rows.Close()
		for rows.Next() {
			var payload []byte
			b.must(rows.Scan(&payload))
			var m event.PointsExpiring
			b.must(json.Unmarshal(payload, &m))
			amount, days = m.Amount, int64(m.Days)
		}
		if amount != 15 || days != 7 {
			t.Errorf("told of %d points %d days before", amount, days)
		}
	})
}

// Exchange takes whole rates and leaves the rest.
func TestExchange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		policy := bonus.LotPolicy("NEVER")
		miles, err := b.points.SaveProgram(b.staff(), bonus.SaveBonusProgramInput{
			Handle: ptr("miles"), LotPolicy: &policy, Texts: []*bonus.BonusProgramTextInput{{Locale: "en", Name: "Miles", UnitName: "miles"}},
		})
		b.must(err)
		alice := b.customer("alice")
		b.give(alice, 100, 0)
		in := bonus.ExchangePointsInput{ToProgramID: miles.GlobalID(), Amount: 50, IdempotencyKey: b.key()}
		_, err = b.points.Exchange(storetest.As(alice), in)
		wantErr(t, err, bonus.ErrNoExchangeRate)
		b.changeProgram(bonus.SaveBonusProgramInput{ExchangeRates: []*bonus.ExchangeRateInput{{ProgramID: miles.GlobalID(), Give: 8, Get: 3}}})
		done, err := b.points.Exchange(storetest.As(alice), in)
		b.must(err)
		again, err := b.points.Exchange(storetest.As(alice), in)
		b.must(err)
		for _, d := range []bonus.Exchanged{done, again} {
			if d.From.Available() != 52 || d.To.Available() != 18 || *d.Remainder != 2 || d.Given == nil || d.Got == nil {
				t.Errorf("%d and %d, %d stay", d.From.Available(), d.To.Available(), *d.Remainder)
			}
		}
		in.Amount, in.IdempotencyKey = 7, b.key()
		_, err = b.points.Exchange(storetest.As(alice), in)
		wantErr(t, err, fault.ErrOutOfRange)
		b.want(alice, 52, 0)
	})
}

// What other domains give and take is done once for a cause.
func TestGiftsAndPrices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		in := func(f func(ctx context.Context, tx *store.Tx) error) error { return b.InTx(storetest.System(), f) }
		var gifts, prices atomic.Int64
		var spending atomic.Pointer[scalar.ID]
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				err := in(func(ctx context.Context, tx *store.Tx) error {
					e, err := b.points.GiveFor(ctx, tx, bonus.Gift{Owner: alice, Amount: 50, Cause: "referral:1"})
					if err == nil && e != nil {
						gifts.Add(1)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for range 10 {
			wg.Go(func() {
				err := in(func(ctx context.Context, tx *store.Tx) error {
					e, err := b.points.SpendFor(ctx, tx, bonus.Price{Owner: alice, Amount: 30, Cause: "reward:1"})
					if err == nil {
						prices.Add(1)
						id := e.GlobalID()
						spending.Store(&id)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		b.want(alice, 20, 0)
		if gifts.Load() != 1 || prices.Load() != 10 {
			t.Errorf("%d gifts, %d answers about the price", gifts.Load(), prices.Load())
		}
		wantErr(t, in(func(ctx context.Context, tx *store.Tx) error {
			_, err := b.points.SpendFor(ctx, tx, bonus.Price{Owner: alice, Amount: 30, Cause: "reward:2"})
			return err
		}), bonus.ErrTooFewPoints)
		for i := range 2 {
			b.must(in(func(ctx context.Context, tx *store.Tx) error {
				e, err := b.points.GiveBack(ctx, tx, spending.Load().UUID, "reward:1:cancel")
				if err == nil && (e == nil) != (i == 1) {
					t.Errorf("given back the %d. time: %v", i+1, e)
				}
				return err
			}))
		}
		b.want(alice, 50, 0)
	})
}
