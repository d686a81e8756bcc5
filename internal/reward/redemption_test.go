package reward_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/bonus"
	"kabinet/internal/reward"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Points come back into the lots they came from, with their old due times.
func TestCancelGivesBackIntoTheSameLots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice, bob := s.customer("alice"), s.customer("bob")
		s.give(alice, 60, 10*day)
		s.give(alice, 60, 20*day)
		rw := s.offer(func(in *reward.SaveRewardInput) { in.Stock = ptr(int64(1)) })
		done, err := s.exchange(alice, rw)
		s.must(err)
		id := done.Redemption.GlobalID()
		_, err = s.rewards.Cancel(storetest.As(bob), reward.CancelRewardRedemptionInput{ID: id, IdempotencyKey: s.key()})
		_ = wantCode(t, err, "NOT_FOUND")
		_, err = s.rewards.Cancel(s.staff(), reward.CancelRewardRedemptionInput{ID: id, IdempotencyKey: s.key()})
		_ = wantCode(t, err, "REQUIRED") // security K14: staff say why
		cancelled, err := s.rewards.Cancel(storetest.As(alice), reward.CancelRewardRedemptionInput{ID: id, IdempotencyKey: "c"})
		s.must(err)
		if d := cancelled.Redemption; d.Status != entredemption.StatusCANCELLED || d.RefundEntryID == nil || *d.CancelledBy != entredemption.CancelledByOWNER {
			t.Errorf("cancelled %+v", d)
		}
		again, err := s.rewards.Cancel(storetest.As(alice), reward.CancelRewardRedemptionInput{ID: id, IdempotencyKey: "c"})
		s.must(err)
		if !*again.Replayed {
			t.Error("not replayed")
		}
		_, err = s.rewards.Cancel(storetest.As(alice), reward.CancelRewardRedemptionInput{ID: id, IdempotencyKey: s.key()})
		_ = wantCode(t, err, "ILLEGAL_TRANSITION")
		if stock, taken := s.stock(rw); stock != 1 || taken != 0 || s.available(alice) != 120 {
			t.Errorf("stock %d, taken %d, available %d", stock, taken, s.available(alice))
		}
		s.Clock.Add(11 * day)
		if n := s.available(alice); n != 60 {
			t.Errorf("%d left after the first lot fell due, want 60", n)
		}
		_, err = s.rewards.RedeemCode(s.staff(), reward.RedeemRewardCodeInput{Code: done.Redemption.Code, IdempotencyKey: s.key()})
		_ = wantCode(t, err, "REWARD_CODE_CANCELLED")
	})
}

// security K10: exchange, cancel and till at once: each exchange ends once.
func TestCancelAgainstTheTill(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 2_000, 0)
		rw := s.offer(func(in *reward.SaveRewardInput) { in.Stock = ptr(int64(10)) })
		kept := int64(0)
		for range 5 {
			done, err := s.exchange(alice, rw)
			s.must(err)
			keys := []string{s.key(), s.key(), s.key(), s.key()}
			ends := tally(4, func(i int) error {
				var err error
				if i%2 == 0 {
					_, err = s.rewards.Cancel(storetest.As(alice), reward.CancelRewardRedemptionInput{ID: done.Redemption.GlobalID(), IdempotencyKey: keys[i]})
				} else {
					_, err = s.rewards.RedeemCode(s.staff(), reward.RedeemRewardCodeInput{Code: done.Redemption.Code, IdempotencyKey: keys[i]})
				}
				return err
			})
			if ends["ok"] != 1 || ends["ok"]+ends["ILLEGAL_TRANSITION"]+ends["REWARD_CODE_USED"]+ends["REWARD_CODE_CANCELLED"] != 4 {
				t.Errorf("%v", ends)
			}
			d, err := s.Client.RewardRedemption.Get(storetest.System(), done.Redemption.ID)
			s.must(err)
			if d.Status == entredemption.StatusFULFILLED {
				kept++
			}
		}
		if stock, taken := s.stock(rw); stock != 10-kept || taken != kept || s.available(alice) != 2_000-100*kept {
			t.Errorf("stock %d, taken %d, available %d, kept %d", stock, taken, s.available(alice), kept)
		}
	})
}

func TestTheTill(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 1000, 0)
		rw := s.offer(func(in *reward.SaveRewardInput) { in.ValidDays = ptr(10) })
		done, err := s.exchange(alice, rw)
		s.must(err)
		typed := strings.ToLower(strings.NewReplacer("-", " ", "0", "o", "1", "l").Replace(done.Redemption.Code))
		_, err = s.rewards.RedeemCode(storetest.As(alice), reward.RedeemRewardCodeInput{Code: typed, IdempotencyKey: s.key()})
		_ = wantCode(t, err, "FORBIDDEN")
		used, err := s.rewards.RedeemCode(s.staff(), reward.RedeemRewardCodeInput{Code: typed, Note: ptr("at the till"), IdempotencyKey: "u"})
		s.must(err)
		if used.Redemption.Status != entredemption.StatusFULFILLED || used.Redemption.ID != done.Redemption.ID {
			t.Errorf("used %+v", used.Redemption)
		}
		again, err := s.rewards.RedeemCode(s.staff(), reward.RedeemRewardCodeInput{Code: typed, Note: ptr("at the till"), IdempotencyKey: "u"})
		s.must(err)
		if !*again.Replayed || again.Redemption.ID != done.Redemption.ID {
			t.Errorf("again %+v", again)
		}
		_, err = s.rewards.RedeemCode(s.staff(), reward.RedeemRewardCodeInput{Code: typed, IdempotencyKey: s.key()})
		_ = wantCode(t, err, "REWARD_CODE_USED")
		late, err := s.exchange(alice, rw)
		s.must(err)
		s.Clock.Add(10 * day)
		_, err = s.rewards.RedeemCode(s.staff(), reward.RedeemRewardCodeInput{Code: late.Redemption.Code, IdempotencyKey: s.key()})
		_ = wantCode(t, err, "REWARD_CODE_EXPIRED")
		for range 20 {
			_, err = s.rewards.RedeemCode(s.staff(), reward.RedeemRewardCodeInput{Code: "0000-0000-0000", IdempotencyKey: s.key()})
			_ = wantCode(t, err, "REWARD_CODE_UNKNOWN")
		}
		_, err = s.rewards.RedeemCode(s.staff(), reward.RedeemRewardCodeInput{Code: "0000-0000-0000", IdempotencyKey: s.key()})
		_ = wantCode(t, err, "RATE_LIMITED")
	})
}

func TestExpireDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 1000, 0)
		lost := s.offer(func(in *reward.SaveRewardInput) { in.ValidDays, in.Stock = ptr(5), ptr(int64(4)) })
		back := s.offer(func(in *reward.SaveRewardInput) {
			in.ValidDays, in.Stock, in.OnExpiry = ptr(5), ptr(int64(4)), ptr(reward.RewardExpiryPointsBack)
		})
		for range 3 {
			_, err := s.exchange(alice, lost)
			s.must(err)
			_, err = s.exchange(alice, back)
			s.must(err)
		}
		s.Clock.Add(5 * day)
		second, err := store.Open(context.Background(), store.Options{URL: db.URL, Clock: db.Clock.Now}) // another process
		s.must(err)
		defer second.Close()
		apps := []*reward.Rewards{s.rewards, over(second, &bonus.Points{Store: second})}
		ends := tally(4, func(i int) error {
			_, err := apps[i%2].ExpireDue(storetest.System(), 4)
			if err == nil {
				_, err = apps[i%2].ExpireDue(storetest.System(), 4)
			}
			return err
		})
		if ends["ok"] != 4 {
			t.Errorf("%v", ends)
		}
		if n := s.available(alice); n != 700 {
			t.Errorf("%d available, want 700", n)
		}
		if stock, taken := s.stock(lost); stock != 4 || taken != 3 {
			t.Errorf("lost: stock %d, taken %d", stock, taken)
		}
		if stock, taken := s.stock(back); stock != 4 || taken != 0 {
			t.Errorf("back: stock %d, taken %d", stock, taken)
		}
	})
}

func TestGiftsAndCoupons(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 1000, 0)
		gift := s.offer(func(in *reward.SaveRewardInput) { in.Kind = reward.RewardKindGift })
		_, err := s.exchange(alice, gift)
		_ = wantCode(t, err, "REWARD_SOLD_OUT")
		added, err := s.rewards.AddCodes(s.staff(), reward.AddRewardCodesInput{RewardID: gift.GlobalID(), Codes: []string{"AAA", " BBB ", "AAA"}, IdempotencyKey: "a"})
		s.must(err)
		if *added.Added != 2 || *added.Reward.Stock != 2 {
			t.Errorf("added %d, stock %d", *added.Added, *added.Reward.Stock)
		}
		added, err = s.rewards.AddCodes(s.staff(), reward.AddRewardCodesInput{RewardID: gift.GlobalID(), Codes: []string{"BBB"}, IdempotencyKey: "b"})
		s.must(err)
		if *added.Added != 0 {
			t.Errorf("added %d again", *added.Added)
		}
		// Nobody reads a code that he did not pay for.
		dry, err := s.rewards.Exchange(storetest.As(alice), reward.ExchangeRewardInput{RewardID: gift.GlobalID(), IdempotencyKey: s.key(), DryRun: ptr(true)})
		s.must(err)
		if len(dry.Redemption.Vouchers) != 0 {
			t.Errorf("a dry run told %v", dry.Redemption.Vouchers)
		}
		done, err := s.exchange(alice, gift)
		s.must(err)
		if v := reward.Vouchers(storetest.As(alice), done.Redemption); len(v) != 1 || v[0] != "AAA" || done.Redemption.Status != entredemption.StatusFULFILLED {
			t.Errorf("vouchers %v, %s", v, done.Redemption.Status)
		}
		if v := reward.Vouchers(s.staff(), done.Redemption); len(v) != 0 {
			t.Errorf("staff read %v", v)
		}
		_, err = s.rewards.Cancel(storetest.As(alice), reward.CancelRewardRedemptionInput{ID: done.Redemption.GlobalID(), IdempotencyKey: s.key()})
		_ = wantCode(t, err, "ILLEGAL_TRANSITION")
		_, err = s.rewards.Cancel(s.staff(), reward.CancelRewardRedemptionInput{ID: done.Redemption.GlobalID(), Reason: ptr("the code did not work"), IdempotencyKey: s.key()})
		s.must(err)
		if stock, taken := s.stock(gift); stock != 1 || taken != 0 || s.available(alice) != 1000 {
			t.Errorf("stock %d, taken %d, available %d", stock, taken, s.available(alice))
		}

		var void []string
		s.rewards.IssueCode = func(_ context.Context, _ *store.Tx, p, owner uuid.UUID) (string, error) {
			return "COUPON-" + owner.String()[:8], nil
		}
		promotion := scalar.ID{Prefix: "prm", UUID: uuid.Must(uuid.NewV7())}
		coupon := s.offer(func(in *reward.SaveRewardInput) { in.Kind, in.PromotionID = reward.RewardKindCoupon, &promotion })
		done, err = s.exchange(alice, coupon)
		s.must(err)
		if v := reward.Vouchers(storetest.As(alice), done.Redemption); len(v) != 1 || v[0] != "COUPON-"+alice.String()[:8] {
			t.Errorf("vouchers %v", v)
		}
		cancel := reward.CancelRewardRedemptionInput{ID: done.Redemption.GlobalID(), IdempotencyKey: s.key()}
		_, err = s.rewards.Cancel(storetest.As(alice), cancel)
		_ = wantCode(t, err, "ILLEGAL_TRANSITION") // nobody voids coupons here
		s.rewards.VoidCode = func(_ context.Context, _ *store.Tx, _ uuid.UUID, code string) error {
			void = append(void, code)
			return nil
		}
		_, err = s.rewards.Cancel(storetest.As(alice), cancel)
		s.must(err)
		if len(void) != 1 || s.available(alice) != 1000 {
			t.Errorf("void %v, available %d", void, s.available(alice))
		}
	})
}
