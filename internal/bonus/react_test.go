package bonus_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"kabinet/ent/schema"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A fact that is told twice gives once; a profile gives when it is complete.
func TestHearers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		var noted []string
		b.earnings.Acted = func(_ context.Context, _ *store.Tx, a earning.Act) error {
			noted = append(noted, a.Handle)
			return nil
		}
		b.rule("welcome", act(earning.ActRegistration, 100))
		b.rule("profile", act(earning.ActProfileCompleted, 50))
		b.rule("short", func(in *earning.EarningRuleInput) {
			act(earning.ActProfileCompleted, 5)(in)
			in.Profile = []earning.ProfilePart{earning.ProfilePartGivenName}
		})
		alice := b.customer("alice")
		hear := func() {
			b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				if err := b.earnings.OnContactConfirmed(ctx, tx, event.ContactConfirmed{UserID: alice, Registered: true}); err != nil {
					return err
				}
				return b.earnings.OnProfileUpdated(ctx, tx, event.ProfileUpdated{UserID: alice})
			}))
		}
		change := func(do func(ctx context.Context, tx *store.Tx) error) {
			b.must(b.InTx(storetest.System(), do))
			hear()
			hear()
		}
		hear()
		b.want(alice, 100, 0)
		change(func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(alice).SetGivenName("Alice").Exec(ctx)
		})
		b.want(alice, 105, 0)
		change(func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(alice).SetFamilyName("Smith").SetBirthOn("1990-01-01").Exec(ctx)
		})
		b.want(alice, 105, 0) // no contact is confirmed
		change(func(ctx context.Context, tx *store.Tx) error {
			return tx.ContactPoint.Create().SetUserID(alice).SetKind("EMAIL").SetValue("a@example.com").SetValueKey("a@example.com").SetVerifiedAt(tx.Now).Exec(ctx)
		})
		b.want(alice, 155, 0)
		if len(noted) == 0 || noted[0] != earning.ActRegistration {
			t.Errorf("counted %v", noted)
		}
	})
}

// Tiers: a rule for gold alone, a condition on it, and the tier's own multiplier.
func TestEarnByTier(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil)) // a point for each pound
		b.rule("gold", func(in *earning.EarningRuleInput) { in.FixedPoints, in.Tiers = some[int64](7), []string{"gold"} })
		b.rule("condition", func(in *earning.EarningRuleInput) {
			in.FixedPoints, in.Condition = some[int64](100), some(`customer.tier == "gold" && customer.orders >= 1 && "gold" in customer.tiers`)
		})
		alice, bob := b.customer("alice"), b.customer("bob")
		b.give(alice, 1, 0)
		prog, err := b.points.Program(storetest.System(), nil)
		b.must(err)
		b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			made, err := tx.Tier.Create().SetProgramID(prog.KeyID).SetRank(1).SetHandle("gold").
				SetTexts(map[string]map[string]string{"en": {"name": "Gold"}}).SetCurrency("").
				SetPerks([]schema.TierPerk{{Kind: "MULTIPLIER", MultiplierBasisPoints: some(15000)}}).Save(ctx)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `UPDATE ledger_accounts SET tier_id = ? WHERE owner_id = ?`, made.KeyID, alice)
			return err
		}))
		b.Clock.Add(day) // the rules are read anew
		for user, want := range map[uuid.UUID]int64{alice: (10 + 7 + 100) * 3 / 2, bob: 10} {
			if n := b.earn(b.order(user, 1000), "DELIVERED"); n != want {
				t.Errorf("earned %d, want %d", n, want)
			}
		}
	})
}

// The order of a family member earns for the family, once, as the seam says.
func TestEarnTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.rule("once", func(in *earning.EarningRuleInput) { in.FixedPoints, in.PerOwner = some[int64](5), some(1) })
		alice, family := b.customer("alice"), b.customer("family")
		b.earnings.EarnTo = func(context.Context, *store.Tx, uuid.UUID, *uuid.UUID) (uuid.UUID, error) { return family, nil }
		if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 15 {
			t.Errorf("earned %d", n)
		}
		if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 10 {
			t.Errorf("earned %d", n)
		}
		b.want(family, 25, 0)
		b.want(alice, 0, 0)
	})
}

// A basket of the catalogue, as nobody and as a customer with a limit behind him.
func TestEstimate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.rule("first", func(in *earning.EarningRuleInput) {
			in.FixedPoints, in.Condition = some[int64](50), some(`order.isFirst`)
		})
		b.rule("once", func(in *earning.EarningRuleInput) { in.FixedPoints, in.PerOwner = some[int64](7), some(1) })
		b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Product.Create().SetSku("TEA").SetTitle("Tea").SetPriceMinor(350).SetCurrency("GBP").Exec(ctx)
		}))
		alice := b.customer("alice")
		want := func(ctx context.Context, points int64) {
			t.Helper()
			all, err := b.earnings.Estimate(ctx, earning.EstimatePointsInput{Lines: []*earning.EstimateLineInput{{Sku: "TEA", Quantity: 10}}})
			b.must(err)
			if len(all) != 1 || all[0].Points != points {
				t.Errorf("estimated %+v, want %d", all[0], points)
			}
		}
		want(context.Background(), 35+50+7)
		want(storetest.As(alice), 35+50+7)
		if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 10+50+7 {
			t.Errorf("the first order earned %d", n)
		}
		want(storetest.As(alice), 35)
		o := b.order(alice, 50)
		if n := b.earn(o, "DELIVERED"); n != 0 {
			t.Errorf("earned %d", n)
		}
		x, err := b.earnings.ExplainEarning(storetest.As(alice), scalar.ID{Prefix: "order", UUID: o.ID})
		b.must(err)
		if x[0].Earned || x[0].Points != 0 || len(x[0].Explanation.Missed) != 2 || x[0].Explanation.Missed[1].Why != earning.EarningMissLimit {
			t.Errorf("explained as %+v", x[0].Explanation)
		}
	})
}
