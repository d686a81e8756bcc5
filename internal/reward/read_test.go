package reward_test

import (
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	"kabinet/internal/audience"
	"kabinet/internal/reward"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestWhoSeesWhichReward(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice, bob := s.customer("alice"), s.customer("bob")
		only := &audience.Input{UserIDs: []scalar.ID{{Prefix: "usr", UUID: alice}}}
		s.offer(nil)
		mine := s.offer(func(in *reward.SaveRewardInput) { in.Audience = only })
		teaser := s.offer(func(in *reward.SaveRewardInput) { in.Audience, in.Teaser = only, ptr(true) })
		s.offer(func(in *reward.SaveRewardInput) { in.EndsAt = ptr(s.Clock.Now()) })
		_, err := s.rewards.Save(s.staff(), reward.SaveRewardInput{Kind: reward.RewardKindDelivery, Cost: 1,
			Texts: []*scalar.Translation{{Locale: "en", Name: "a draft"}}, IdempotencyKey: s.key()})
		s.must(err)
		for _, c := range []struct {
			name string
			ctx  context.Context
			want int
		}{{"alice", storetest.As(alice), 3}, {"bob", storetest.As(bob), 2}, {"nobody", context.Background(), 2}, {"staff", s.staff(), 2}} {
			page, err := s.rewards.All(c.ctx, nil, nil, nil, reward.Page{})
			s.must(err)
			if len(page.Edges) != c.want {
				t.Errorf("%s sees %d rewards, want %d", c.name, len(page.Edges), c.want)
			}
		}
		drafts := &reward.RewardFilter{Status: []reward.RewardStatus{reward.RewardStatusDraft}}
		page, err := s.rewards.All(s.staff(), drafts, nil, nil, reward.Page{})
		s.must(err)
		if len(page.Edges) != 1 {
			t.Errorf("staff see %d drafts", len(page.Edges))
		}
		if page, err = s.rewards.All(storetest.As(bob), drafts, nil, nil, reward.Page{}); err != nil || len(page.Edges) != 2 {
			t.Errorf("bob asked for drafts: %d, %v", len(page.Edges), err)
		}
		if _, err = s.rewards.Reward(storetest.As(bob), mine.GlobalID()); err == nil {
			t.Error("bob sees what is for alice")
		}
		_ = wantCode(t, err, "NOT_FOUND")
		if _, err = s.rewards.Reward(storetest.As(bob), teaser.GlobalID()); err != nil {
			t.Errorf("bob does not see the teaser: %v", err)
		}
		a, err := s.rewards.Availability(storetest.As(bob), teaser)
		s.must(err)
		if a.Available || len(a.Reasons) != 2 || a.Reasons[0].Code != reward.RewardReasonCodeNotForYou || a.Reasons[1].Code != reward.RewardReasonCodeMissingPoints ||
			a.Reasons[1].Params["missing"] != int64(100) || a.Reasons[1].Text == "" {
			t.Errorf("availability %+v", a)
		}
	})
}

// Who acts for a company without seeing its points does not learn how many they
// are by the rewards that they are enough for.
func TestCompanysPointsDoNotShow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		carol := s.customer("carol")
		acme := viewer.From(s.inFamily(carol)).OwnerID // it has 10 points
		cheap, dear := s.offer(func(in *reward.SaveRewardInput) { in.Cost = 5 }), s.offer(func(in *reward.SaveRewardInput) { in.Cost = 1000 })
		look := func(rw *ent.Reward, grants map[viewer.Permission]viewer.Reach) *reward.RewardAvailability {
			a, err := s.rewards.Availability(viewer.With(context.Background(), viewer.Viewer{UserID: carol, OwnerID: acme, Locale: "en", Grants: grants}), rw)
			s.must(err)
			return a
		}
		for _, rw := range []*ent.Reward{cheap, dear} {
			a := look(rw, nil)
			if a.Available || len(a.Reasons) != 1 || a.Reasons[0].Code != reward.RewardReasonCodeMissingPoints || len(a.Reasons[0].Params) != 0 ||
				a.Reasons[0].Text != "Your role does not show how many points the company has." {
				t.Errorf("%+v", a)
			}
		}
		reads := map[viewer.Permission]viewer.Reach{{Resource: "bonus", Operation: "read"}: viewer.ReachOwner}
		if a := look(cheap, reads); !a.Available {
			t.Errorf("%+v", a)
		}
		if a := look(dear, reads); a.Available || a.Reasons[0].Params["missing"] != int64(990) {
			t.Errorf("%+v", a)
		}
	})
}

// The availability of a page costs the same however long the page is.
func TestAvailabilityOfAPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		alice := s.customer("alice")
		s.give(alice, 1000, 0)
		only := &audience.Input{Condition: ptr("customer.orders == 0")}
		page := []*ent.Reward{s.offer(func(in *reward.SaveRewardInput) { in.Audience = only })}
		count := func() int {
			ctx := graphql.WithOperationContext(storetest.As(alice), &graphql.OperationContext{})
			n, _ := db.Statements(func() {
				for _, rw := range page {
					a, err := s.rewards.Availability(ctx, rw)
					s.must(err)
					if !a.Available {
						t.Errorf("%+v", a.Reasons[0])
					}
				}
			})
			return n
		}
		one := count()
		for range 19 {
			page = append(page, s.offer(func(in *reward.SaveRewardInput) { in.Audience, in.PeriodLimit, in.PeriodDays = only, ptr(1), ptr(7) }))
		}
		if twenty := count(); twenty != one || one > 10 {
			t.Errorf("%d statements for one reward, %d for twenty", one, twenty)
		}
	})
}

func TestSaveRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := open(t, db)
		base := func() reward.SaveRewardInput {
			return reward.SaveRewardInput{Kind: reward.RewardKindDelivery, Cost: 10, Texts: []*scalar.Translation{{Locale: "en", Name: "x"}}, IdempotencyKey: s.key()}
		}
		for code, change := range map[string]func(*reward.SaveRewardInput){
			"OUT_OF_RANGE":      func(in *reward.SaveRewardInput) { in.Cost = 0 },
			"REQUIRED":          func(in *reward.SaveRewardInput) { in.Kind = reward.RewardKindGoods },
			"INVALID_VALUE":     func(in *reward.SaveRewardInput) { in.Sku = ptr("X") },
			"INVALID_ID":        func(in *reward.SaveRewardInput) { in.ProgramID = &scalar.ID{Prefix: "usr"} },
			"PROGRAM_NOT_FOUND": func(in *reward.SaveRewardInput) { in.ProgramID = &scalar.ID{Prefix: "prog"} },
		} {
			in := base()
			change(&in)
			_, err := s.rewards.Save(s.staff(), in)
			_ = wantCode(t, err, code)
		}
		rw := s.offer(nil)
		in := base()
		in.ID, in.Revision = ptr(rw.GlobalID()), ptr(1) // setRewardStatus made it 2
		_, err := s.rewards.Save(s.staff(), in)
		_ = wantCode(t, err, "STALE_OBJECT")
		in.Revision = ptr(2)
		saved, err := s.rewards.Save(s.staff(), in)
		s.must(err)
		if saved.Reward.Revision != 3 || saved.Reward.Cost != 10 {
			t.Errorf("saved %+v", saved.Reward)
		}
		_, err = s.rewards.Save(storetest.As(s.customer("alice")), base())
		_ = wantCode(t, err, "FORBIDDEN")
		_, err = s.rewards.SetStatus(s.staff(), reward.SetRewardStatusInput{ID: rw.GlobalID(), Status: reward.RewardStatusDraft})
		_ = wantCode(t, err, "ILLEGAL_TRANSITION")
	})
}
