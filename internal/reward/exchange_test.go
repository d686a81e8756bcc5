package reward_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/audience"
	"kabinet/internal/bonus"
	"kabinet/internal/reward"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func TestExchangeTakesPointsAndStock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 250, 0)
		rw := s.offer(func(in *reward.SaveRewardInput) { in.Stock = ptr(int64(3)) })
		in := reward.ExchangeRewardInput{RewardID: rw.GlobalID(), Quantity: ptr(2), ExpectedCost: ptr(int64(100)), IdempotencyKey: "k", DryRun: ptr(true)}
		dry, err := s.rewards.Exchange(storetest.As(alice), in)
		s.must(err)
		if dry.Redemption.Points != 200 || reward.Code(storetest.As(alice), dry.Redemption) != nil {
			t.Errorf("dry run %+v", dry.Redemption)
		}
		if stock, taken := s.stock(rw); stock != 3 || taken != 0 || s.available(alice) != 250 {
			t.Errorf("a dry run kept something: stock %d, taken %d", stock, taken)
		}
		in.DryRun = nil
		first, err := s.rewards.Exchange(storetest.As(alice), in)
		s.must(err)
		d := first.Redemption
		if *first.Replayed || d.Points != 200 || d.Status != entredemption.StatusISSUED || d.EntryID == nil || d.OwnerID != alice {
			t.Errorf("exchanged %+v", d)
		}
		if stock, taken := s.stock(rw); stock != 1 || taken != 2 || s.available(alice) != 50 {
			t.Errorf("stock %d, taken %d, available %d", stock, taken, s.available(alice))
		}
		again, err := s.rewards.Exchange(storetest.As(alice), in) // security K4
		s.must(err)
		if !*again.Replayed || again.Redemption.ID != d.ID || again.Redemption.Code != d.Code || s.available(alice) != 50 {
			t.Errorf("again %+v", again)
		}
		in.Quantity = ptr(1)
		_, err = s.rewards.Exchange(storetest.As(alice), in) // security K5
		_ = wantCode(t, err, "IDEMPOTENCY_KEY_REUSED")
	})
}

func TestExchangeRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice, bob := s.customer("alice"), s.customer("bob")
		s.give(alice, 1000, 0)
		refused := func(user uuid.UUID, rw *ent.Reward, code string) {
			t.Helper()
			_, err := s.exchange(user, rw)
			_ = wantCode(t, err, code)
		}
		only := &audience.Input{UserIDs: []scalar.ID{{Prefix: "usr", UUID: alice}}}
		refused(bob, s.offer(nil), "TOO_FEW_POINTS")
		refused(bob, s.offer(func(in *reward.SaveRewardInput) { in.Audience = only }), "NOT_FOUND")
		refused(bob, s.offer(func(in *reward.SaveRewardInput) { in.Audience, in.Teaser = only, ptr(true) }), "REWARD_NOT_FOR_YOU")
		refused(alice, s.offer(func(in *reward.SaveRewardInput) { in.Stock = ptr(int64(0)) }), "REWARD_SOLD_OUT")
		refused(alice, s.offer(func(in *reward.SaveRewardInput) { in.StartsAt = ptr(s.Clock.Now().Add(day)) }), "REWARD_NOT_OFFERED")
		refused(alice, s.offer(func(in *reward.SaveRewardInput) { in.EndsAt = ptr(s.Clock.Now()) }), "REWARD_NOT_OFFERED")
		draft, err := s.rewards.Save(s.staff(), reward.SaveRewardInput{Kind: reward.RewardKindDelivery, Cost: 1,
			Texts: []*scalar.Translation{{Locale: "en", Name: "x"}}, IdempotencyKey: s.key()})
		s.must(err)
		refused(alice, draft.Reward, "NOT_FOUND")
		rw := s.offer(nil)
		_, err = s.rewards.Exchange(storetest.As(alice), reward.ExchangeRewardInput{RewardID: rw.GlobalID(), ExpectedCost: ptr(int64(90)), IdempotencyKey: s.key()})
		if f := wantCode(t, err, "REWARD_COST_CHANGED"); f.Params["cost"] != int64(100) {
			t.Errorf("params %v", f.Params)
		}
		for _, n := range []int{0, -1, 101} { // security K7
			_, err = s.rewards.Exchange(storetest.As(alice), reward.ExchangeRewardInput{RewardID: rw.GlobalID(), Quantity: &n, IdempotencyKey: s.key()})
			_ = wantCode(t, err, "OUT_OF_RANGE")
		}
		_, err = s.rewards.Exchange(context.Background(), reward.ExchangeRewardInput{RewardID: rw.GlobalID(), IdempotencyKey: s.key()})
		_ = wantCode(t, err, "UNAUTHENTICATED")
		if s.available(alice) != 1000 {
			t.Errorf("a refusal cost points: %d", s.available(alice))
		}
	})
}

func TestLimitsOfAPeriod(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 1000, 0)
		rw := s.offer(func(in *reward.SaveRewardInput) { in.PeriodLimit, in.PeriodDays = ptr(2), ptr(30) })
		first := s.Clock.Now()
		for range 2 {
			_, err := s.exchange(alice, rw)
			s.must(err)
			s.Clock.Add(day)
		}
		_, err := s.exchange(alice, rw)
		if f := wantCode(t, err, "REWARD_LIMIT_REACHED"); f.Params["nextAt"] != first.Add(30*day) {
			t.Errorf("params %v, want nextAt %v", f.Params, first.Add(30*day))
		}
		a, err := s.rewards.Availability(storetest.As(alice), rw)
		s.must(err)
		if a.Available || len(a.Reasons) != 1 || a.Reasons[0].Code != reward.RewardReasonCodePeriodLimitReached {
			t.Errorf("availability %+v", a)
		}
		s.Clock.Add(28 * day)
		_, err = s.exchange(alice, rw)
		s.must(err)
	})
}

// security K1 K10
func TestTheLastOneOfAHundred(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		second, err := store.Open(context.Background(), store.Options{URL: db.URL, Clock: db.Clock.Now}) // another process
		s.must(err)
		defer second.Close()
		apps := []*reward.Rewards{s.rewards, over(second, &bonus.Points{Store: second})}
		rw := s.offer(func(in *reward.SaveRewardInput) { in.Stock = ptr(int64(1)) })
		people := make([]uuid.UUID, 20)
		for i := range people {
			people[i] = s.customer("somebody")
			s.give(people[i], 500, 0)
		}
		keys := make([]string, 100)
		for i := range keys {
			keys[i] = s.key()
		}
		ends := tally(100, func(i int) error {
			_, err := apps[i%2].Exchange(storetest.As(people[i%len(people)]), reward.ExchangeRewardInput{RewardID: rw.GlobalID(), IdempotencyKey: keys[i]})
			return err
		})
		if ends["ok"] != 1 || ends["REWARD_SOLD_OUT"] != 99 {
			t.Errorf("%v", ends)
		}
		if stock, taken := s.stock(rw); stock != 0 || taken != 1 {
			t.Errorf("stock %d, taken %d", stock, taken)
		}
	})
}

// security K1 K4
func TestLimitOfAPersonByFifty(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 10_000, 0)
		rw := s.offer(func(in *reward.SaveRewardInput) { in.PerOwner = ptr(3) })
		keys := make([]string, 50)
		for i := range keys {
			keys[i] = s.key()
		}
		ends := tally(50, func(i int) error {
			_, err := s.rewards.Exchange(storetest.As(alice), reward.ExchangeRewardInput{RewardID: rw.GlobalID(), IdempotencyKey: keys[i]})
			return err
		})
		if ends["ok"] != 3 || ends["REWARD_LIMIT_REACHED"] != 47 || s.available(alice) != 9_700 {
			t.Errorf("%v, %d available", ends, s.available(alice))
		}
		ends = tally(50, func(int) error { // one key, one effect
			_, err := s.rewards.Exchange(storetest.As(alice), reward.ExchangeRewardInput{RewardID: rw.GlobalID(), IdempotencyKey: "the same"})
			return err
		})
		if ends["REWARD_LIMIT_REACHED"] != 50 { // a refusal does not use the key up
			t.Errorf("%v", ends)
		}
		other := s.offer(nil)
		ends = tally(50, func(int) error {
			_, err := s.rewards.Exchange(storetest.As(alice), reward.ExchangeRewardInput{RewardID: other.GlobalID(), IdempotencyKey: "the same"})
			return err
		})
		if ends["ok"] != 50 || s.available(alice) != 9_600 {
			t.Errorf("%v, %d available", ends, s.available(alice))
		}
	})
}

// A process that dies half way leaves nothing: every step stands in one
// transaction.
func TestKilledHalfWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 500, 0)
		rw := s.offer(func(in *reward.SaveRewardInput) { in.Stock = ptr(int64(5)) })
		died := errors.New("died")
		spend, back := s.rewards.Spend, s.rewards.GiveBack
		s.rewards.Spend = func(ctx context.Context, tx *store.Tx, sp reward.Spending) (*ent.LedgerEntry, error) {
			if _, err := spend(ctx, tx, sp); err != nil {
				return nil, err
			}
			return nil, died
		}
		if _, err := s.exchange(alice, rw); !errors.Is(err, died) {
			t.Fatal(err)
		}
		if stock, taken := s.stock(rw); stock != 5 || taken != 0 || s.available(alice) != 500 {
			t.Errorf("stock %d, taken %d, available %d", stock, taken, s.available(alice))
		}
		s.rewards.Spend = spend
		done, err := s.exchange(alice, rw)
		s.must(err)
		s.rewards.GiveBack = func(ctx context.Context, tx *store.Tx, entry uuid.UUID, cause string) (*ent.LedgerEntry, error) {
			if _, err := back(ctx, tx, entry, cause); err != nil {
				return nil, err
			}
			return nil, died
		}
		cancel := reward.CancelRewardRedemptionInput{ID: done.Redemption.GlobalID(), IdempotencyKey: s.key()}
		if _, err := s.rewards.Cancel(storetest.As(alice), cancel); !errors.Is(err, died) {
			t.Fatal(err)
		}
		if stock, _ := s.stock(rw); stock != 4 || s.available(alice) != 400 {
			t.Errorf("stock %d, available %d", stock, s.available(alice))
		}
		s.rewards.GiveBack = back
		_, err = s.rewards.Cancel(storetest.As(alice), cancel)
		s.must(err)
		if stock, taken := s.stock(rw); stock != 5 || taken != 0 || s.available(alice) != 500 {
			t.Errorf("stock %d, taken %d, available %d", stock, taken, s.available(alice))
		}
	})
}
