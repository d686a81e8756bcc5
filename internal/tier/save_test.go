package tier_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/tier"
)

func ptr[T any](v T) *T { return &v }

func TestSaveRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.ladder(nil)
		spent := tier.TierBasis("SPENT")
		english := []*scalar.Translation{{Locale: "en", Name: "VIP"}}
		for what, c := range map[string]struct {
			change func(*tier.SaveTierInput)
			want   error
			path   string
		}{
			"rank taken":        {func(in *tier.SaveTierInput) { in.Rank = 1 }, tier.ErrAlreadyTaken, "input.rank"},
			"handle taken":      {func(in *tier.SaveTierInput) { in.Handle = ptr("gold") }, tier.ErrAlreadyTaken, "input.handle"},
			"handle":            {func(in *tier.SaveTierInput) { in.Handle = ptr("V I P") }, fault.ErrInvalidValue, "input.handle"},
			"no handle":         {func(in *tier.SaveTierInput) { in.Handle = nil }, fault.ErrRequired, "input.handle"},
			"rank":              {func(in *tier.SaveTierInput) { in.Rank = -1 }, fault.ErrOutOfRange, "input.rank"},
			"no texts":          {func(in *tier.SaveTierInput) { in.Texts = nil }, fault.ErrRequired, "input.texts"},
			"only Russian":      {func(in *tier.SaveTierInput) { in.Texts = []*scalar.Translation{{Locale: "ru", Name: "ВИП"}} }, fault.ErrRequired, "input.texts"},
			"German":            {func(in *tier.SaveTierInput) { in.Texts[0].Locale = "de" }, fault.ErrInvalidValue, "input.texts.0.locale"},
			"no threshold":      {func(in *tier.SaveTierInput) { in.EarnedThreshold = nil }, fault.ErrRequired, "input.earnedThreshold"},
			"negative":          {func(in *tier.SaveTierInput) { in.EarnedThreshold = ptr(int64(-1)) }, fault.ErrOutOfRange, "input.earnedThreshold"},
			"money not counted": {func(in *tier.SaveTierInput) { in.SpentThreshold = money("1.00", "GBP") }, fault.ErrInvalidValue, "input.spentThreshold"},
			"no money":          {func(in *tier.SaveTierInput) { in.Basis, in.EarnedThreshold = &spent, nil }, fault.ErrRequired, "input.spentThreshold"},
			"points not counted": {func(in *tier.SaveTierInput) { in.Basis, in.SpentThreshold = &spent, money("1.00", "GBP") }, fault.ErrInvalidValue,
				"input.earnedThreshold"},
			"no currency": {func(in *tier.SaveTierInput) {
				in.Basis, in.EarnedThreshold, in.SpentThreshold = &spent, nil, money("1.00", "ZZZ")
			}, fault.ErrInvalidValue, "input.spentThreshold"},
			"a window of none": {func(in *tier.SaveTierInput) { in.WindowDays = ptr(0) }, fault.ErrOutOfRange, "input.windowDays"},
			"grace":            {func(in *tier.SaveTierInput) { in.GraceDays = ptr(367) }, fault.ErrOutOfRange, "input.graceDays"},
			"discount of what": {func(in *tier.SaveTierInput) { in.Perks = []*tier.TierPerkInput{{Kind: "DISCOUNT"}} }, fault.ErrRequired, "input.perks.0.discountBasisPoints"},
			"too much discount": {func(in *tier.SaveTierInput) {
				in.Perks = []*tier.TierPerkInput{{Kind: "DISCOUNT", DiscountBasisPoints: ptr(10_001)}}
			}, fault.ErrOutOfRange, "input.perks.0.discountBasisPoints"},
			"a number too many": {func(in *tier.SaveTierInput) {
				in.Perks = []*tier.TierPerkInput{{Kind: "FREE_DELIVERY", DiscountBasisPoints: ptr(1)}}
			}, fault.ErrInvalidValue, "input.perks.0.discountBasisPoints"},
			"nameless":          {func(in *tier.SaveTierInput) { in.Perks = []*tier.TierPerkInput{{Kind: "OTHER"}} }, fault.ErrRequired, "input.perks.0.texts"},
			"no such tier":      {func(in *tier.SaveTierInput) { in.ID = &scalar.ID{Prefix: "tier", UUID: uuid.New()} }, fault.ErrNotFound, "input.id"},
			"no tier at all":    {func(in *tier.SaveTierInput) { in.ID = &scalar.ID{Prefix: "usr", UUID: uuid.New()} }, fault.ErrInvalidID, "input.id"},
			"no such programme": {func(in *tier.SaveTierInput) { in.ProgramID = &scalar.ID{Prefix: "prog", UUID: uuid.New()} }, tier.ErrProgramNotFound, "input.programId"},
		} {
			in := tier.SaveTierInput{Handle: ptr("vip"), Rank: 3, Texts: []*scalar.Translation{ptr(*english[0])}, EarnedThreshold: ptr(int64(1000))}
			c.change(&in)
			_, err := w.tiers.Save(w.staff(), in)
			f, ok := fault.As(err)
			if !ok || c.want != nil && !errors.Is(err, c.want) || strings.Join(f.Path, ".") != c.path {
				t.Errorf("%s: %v at %v", what, err, f)
			}
		}
		for who, ctx := range map[string]context.Context{"nobody": context.Background(), "a customer": storetest.As(w.customer("alice"))} {
			if _, err := w.tiers.Save(ctx, tier.SaveTierInput{Handle: ptr("vip"), Texts: english, EarnedThreshold: ptr(int64(1))}); fault.KindOf(err) != fault.Forbidden && fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%s: %v", who, err)
			}
		}
		if left, err := w.tiers.InForce(context.Background(), nil); err != nil || len(left) != 3 {
			t.Errorf("%d tiers, %v", len(left), err)
		}
	})
}

// New terms reach the accounts by the clock, a batch at a time; deadlines that
// run are kept.
func TestNewTermsReachAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tiers := w.ladder(days(30, 60, 0, "BY_BALANCE"))
		people := make([]uuid.UUID, 25) // more than a batch of 10
		for i := range people {
			people[i] = w.customer("somebody")
			w.earn(people[i], 100)
		}
		w.Clock.Add(day)
		w.clock()
		id := tiers[2].GlobalID()
		terms := days(30, 20, 0, "BY_BALANCE")
		w.save(2, "gold", 100, func(in *tier.SaveTierInput) { terms(in); in.ID = &id })
		w.clock()
		for _, p := range people {
			w.wantBook(p, "JOINED silver", "UPGRADED gold")
			w.want(p, "gold", 20)
		}
		if n := w.clock(); n != 0 {
			t.Errorf("%d were looked at though nothing was due", n)
		}
		_, err := w.tiers.Retire(w.staff(), tier.RetireTierInput{ID: id})
		w.must(err)
		w.clock()
		for _, p := range people {
			w.want(p, "silver", 60)
		}
		if _, err := w.tiers.Retire(w.staff(), tier.RetireTierInput{ID: id}); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
	})
}

// A programme's first tiers reach those who have points already.
func TestFirstTiers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := w.customer("alice")
		w.earn(alice, 700)
		if p, err := w.tiers.ProgressOf(storetest.As(alice), w.account(alice).ID); p != nil || err != nil {
			t.Errorf("%v %v", p, err)
		}
		w.ladder(nil)
		w.clock()
		w.wantBook(alice, "JOINED gold")
	})
}

// Staff set a tier until a date, on record; above it the rules go on, below
// what was reached it stays. security K14
func TestSet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tiers := w.ladder(days(30, 60, 0, "BY_BALANCE"))
		alice, bob := w.customer("alice"), w.customer("bob")
		usr := func(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: id} }
		in := tier.SetCustomerTierInput{UserID: usr(alice), TierID: ptr(tiers[1].GlobalID()), UntilAt: ptr(w.Clock.Now().Add(5 * day)), Reason: "a complaint"}
		for what, c := range map[string]struct {
			change func(*tier.SetCustomerTierInput)
			want   error
		}{
			"no reason":      {func(in *tier.SetCustomerTierInput) { in.Reason = " " }, fault.ErrRequired},
			"a long one":     {func(in *tier.SetCustomerTierInput) { in.Reason = strings.Repeat("x", 501) }, fault.ErrTooLong},
			"the past":       {func(in *tier.SetCustomerTierInput) { in.UntilAt = ptr(w.Clock.Now()) }, fault.ErrInvalidValue},
			"until, no tier": {func(in *tier.SetCustomerTierInput) { in.TierID = nil }, fault.ErrInvalidValue},
			"no such person": {func(in *tier.SetCustomerTierInput) { in.UserID = usr(uuid.New()) }, fault.ErrNotFound},
			"no person":      {func(in *tier.SetCustomerTierInput) { in.UserID = tiers[1].GlobalID() }, fault.ErrInvalidID},
			"no such tier":   {func(in *tier.SetCustomerTierInput) { in.TierID = &scalar.ID{Prefix: "tier", UUID: uuid.New()} }, fault.ErrNotFound},
		} {
			bad := in
			c.change(&bad)
			if _, err := w.tiers.Set(w.staff(), bad); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", what, err, c.want)
			}
		}
		if _, err := w.tiers.Set(storetest.As(alice), in); fault.KindOf(err) != fault.Forbidden {
			t.Error(err)
		}
		done, err := w.tiers.Set(w.staff(), in)
		w.must(err)
		if done.Change == nil || *done.Change.Note != "a complaint" || *done.Change.ActorID != w.support || done.Progress.Current().Handle != "silver" {
			t.Errorf("%+v", done)
		}
		again, err := w.tiers.Set(w.staff(), in)
		w.must(err)
		if again.Change != nil {
			t.Error("set again, though it stands so")
		}
		w.want(alice, "silver", 5)
		w.earn(alice, 500)
		w.wantBook(alice, "SET silver", "UPGRADED gold")

		w.earn(bob, 500)
		_, err = w.tiers.Set(w.staff(), tier.SetCustomerTierInput{UserID: usr(bob), TierID: ptr(tiers[0].GlobalID()), UntilAt: in.UntilAt, Reason: "cheating"})
		w.must(err)
		w.earn(bob, 500)
		w.clock()
		w.want(bob, "standard", 5)
		w.Clock.Add(5 * day)
		w.clock()
		w.wantBook(bob, "JOINED gold", "SET standard", "UPGRADED gold")

		_, err = w.tiers.Set(w.staff(), tier.SetCustomerTierInput{UserID: usr(bob), TierID: ptr(tiers[1].GlobalID()), Reason: "again"})
		w.must(err)
		_, err = w.tiers.Set(w.staff(), tier.SetCustomerTierInput{UserID: usr(bob), Reason: "forgiven"})
		w.must(err)
		w.wantBook(bob, "JOINED gold", "SET standard", "UPGRADED gold", "SET silver", "SET gold")
	})
}

// Progress says what is missing, until when, and what would be lost; in as many
// statements whatever the account did.
func TestProgress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		terms := days(30, 60, 0, "BY_BALANCE")
		w.ladder(func(in *tier.SaveTierInput) {
			terms(in)
			in.Perks = []*tier.TierPerkInput{{Kind: "FREE_DELIVERY"}}
			if in.Rank > 0 {
				in.Perks = append(in.Perks, &tier.TierPerkInput{Kind: "DISCOUNT", DiscountBasisPoints: ptr(250 * in.Rank)})
			}
		})
		alice, bob := w.customer("alice"), w.customer("bob")
		w.earn(alice, 120)
		id := w.account(alice).ID
		read := func() (p *tier.TierProgress) {
			var err error
			p, err = w.tiers.ProgressOf(storetest.As(alice), id)
			w.must(err)
			return p
		}
		p := read()
		if p.Current().Handle != "silver" || p.Next().Handle != "gold" || *p.Missing != 380 || p.Progress.Current != 120 || p.Progress.Target != 500 {
			t.Errorf("%+v", p)
		}
		if *p.StayAmount != 100 || p.Risk == nil || p.Risk.Tier().Handle != "standard" || !p.Risk.Date.Equal(w.Clock.Now().Add(60*day)) ||
			len(p.Risk.Loses) != 1 || p.Risk.Loses[0].Name != "2.5 % off" || p.Deferred != nil {
			t.Errorf("stay %v, risk %+v", *p.StayAmount, p.Risk)
		}
		few, _ := w.Statements(func() { read() })
		for range 20 {
			w.earn(alice, 1)
		}
		if many, all := w.Statements(func() { read() }); many != few {
			t.Errorf("%d statements, %d with one entry: %v", many, few, all)
		}
		w.Clock.Add(30 * day)
		w.earn(alice, 60)
		if p := read(); *p.StayAmount != 40 || *p.Missing != 440-0 {
			t.Errorf("stay %d, missing %d", *p.StayAmount, *p.Missing)
		}
		// security F7: somebody else's is not there.
		if p, err := w.tiers.ProgressOf(storetest.As(bob), id); p != nil || err != nil {
			t.Errorf("%v %v", p, err)
		}
		if c, err := w.tiers.Changes(storetest.As(bob), id, tier.Page{}); err != nil || len(c.Edges) != 0 {
			t.Errorf("%v %v", c, err)
		}
	})
}
