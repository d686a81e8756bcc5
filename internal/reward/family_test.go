package reward_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"kabinet/ent/generated/company"
	"kabinet/ent/generated/membership"
	"kabinet/internal/bonus"
	"kabinet/internal/reward"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// inFamily is somebody for a family that was made a moment ago.
func (s *shop) inFamily(user uuid.UUID) context.Context {
	s.t.Helper()
	var id uuid.UUID
	s.must(s.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Company.Create().SetName("Smith").SetKind(company.KindFAMILY).Save(ctx)
		if err != nil {
			return err
		}
		id = c.ID
		if _, err := s.points.GiveFor(ctx, tx, bonus.Gift{Owner: id, Amount: 10, Cause: "test"}); err != nil {
			return err
		}
		return tx.Membership.Create().SetOwnerID(id).SetUserID(user).SetKind(membership.KindFAMILY).SetRoleID(uuid.New()).Exec(ctx)
	}))
	return viewer.With(context.Background(), viewer.Viewer{UserID: user, OwnerID: id, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "bonus", Operation: "write"}: viewer.ReachOwner, {Resource: "bonus", Operation: "read"}: viewer.ReachOwner,
	}})
}

// The limit of a person holds whatever families he makes; the points are the
// card's. security K4
func TestFamilyHasNoLimitOfItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice, bob := s.customer("alice"), s.customer("bob")
		s.give(alice, 10, 0)
		s.give(bob, 10, 0)
		ever := s.offer(func(in *reward.SaveRewardInput) { in.PerOwner, in.Cost = ptr(2), 1 })
		lately := s.offer(func(in *reward.SaveRewardInput) { in.PeriodLimit, in.PeriodDays, in.Cost = ptr(2), ptr(7), 1 })
		first, second := s.inFamily(alice), s.inFamily(alice)
		for _, rw := range []*reward.ExchangeRewardInput{{RewardID: ever.GlobalID()}, {RewardID: lately.GlobalID()}} {
			for i, ctx := range []context.Context{first, second, first, second, storetest.As(alice), s.inFamily(alice), storetest.As(bob), s.inFamily(bob)} {
				in := *rw
				in.IdempotencyKey = s.key()
				_, err := s.rewards.Exchange(ctx, in)
				if i < 2 || i > 5 {
					s.must(err)
				} else {
					_ = wantCode(t, err, "REWARD_LIMIT_REACHED")
				}
			}
		}
		for _, ctx := range []context.Context{storetest.As(alice), s.inFamily(alice)} {
			a, err := s.rewards.Availability(ctx, ever)
			s.must(err)
			if len(a.Reasons) != 1 || a.Reasons[0].Code != reward.RewardReasonCodeLimitReached {
				t.Errorf("%+v", a.Reasons)
			}
		}
	})
}
