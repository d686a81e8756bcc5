package bonus_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/fault"
	"kabinet/internal/rule"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// ruleNamed is a rule for orders with what a test changes.
func ruleNamed(handle string, change func(*earning.EarningRuleInput)) earning.EarningRuleInput {
	in := earning.EarningRuleInput{Handle: handle, Trigger: earning.EarningTriggerOrder, Texts: []*scalar.Translation{{Locale: "en", Name: "Rule " + handle}, {Locale: "ru", Name: "Правило " + handle}}}
	change(&in)
	return in
}

func act(name string, points int64) func(*earning.EarningRuleInput) {
	return func(in *earning.EarningRuleInput) {
		in.Trigger, in.Act, in.FixedPoints = earning.EarningTriggerAct, &name, &points
		if name == earning.ActBirthday {
			in.Trigger = earning.EarningTriggerDate
		}
	}
}

func some[T any](v T) *T { return &v }

func (b *books) rule(handle string, change func(*earning.EarningRuleInput)) *ent.EarningRule {
	b.t.Helper()
	done, err := b.earnings.SaveEarningRule(b.staff(), earning.SaveEarningRuleInput{Rule: ruleNamed(handle, change), IdempotencyKey: b.key()})
	b.must(err)
	return done.Rule
}

func (b *books) act(user uuid.UUID, handle, key string) (points int64) {
	b.t.Helper()
	done, err := b.earnings.RecordAct(b.staff(), earning.RecordActInput{UserID: usr(user), Handle: handle, Key: key, IdempotencyKey: b.key()})
	b.must(err)
	return *done.Points
}

func TestEarnByRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil)) // a point for each pound
		b.rule("double", func(in *earning.EarningRuleInput) { in.MultiplierBasisPoints = some(20000) })
		b.rule("five", func(in *earning.EarningRuleInput) {
			in.RatePoints, in.RatePer = some[int64](5), &scalar.MoneyInput{Amount: "1.00", Currency: "GBP"}
			in.CapPerOrder = some[int64](50)
		})
		b.rule("big", func(in *earning.EarningRuleInput) {
			in.FixedPoints, in.Minimum = some[int64](100), &scalar.MoneyInput{Amount: "100", Currency: "GBP"}
		})
		alice := b.customer("alice")
		o := b.order(alice, 1999, 99, 250) // 19 + 0 + 2, then 5 % of 23.48 up to 50, then all of it twice
		if n := b.earn(o, "DELIVERED"); n != 2*(21+50) {
			t.Errorf("earned %d", n)
		}
		if n := b.earn(o, "DELIVERED"); n != 0 {
			t.Errorf("earned %d more the second time", n)
		}
		e, err := b.Client.LedgerEntry.Query().Where(ledgerentry.OrderID(o.ID)).Only(storetest.As(alice))
		b.must(err)
		x, err := b.earnings.Explanation(viewer.With(context.Background(), viewer.Viewer{UserID: alice, OwnerID: alice, Locale: "en"}), e)
		b.must(err)
		const want = `142 points: 21 by the programme's rate of 1 for every £1.00; 50 by “Rule five” (115 without the limit of one order); 71 by “Rule double”. “Rule big” gave nothing: the order is too small for it.`
		if x.Text != want {
			t.Errorf("it says %q, want %q", x.Text, want)
		}
		var lines int64
		for _, l := range x.Lines {
			lines += l.Points
		}
		if lines != 142 || len(x.Rules) != 3 || x.Rules[1].Version == nil || *x.Rules[1].Version != 1 || x.Missed[0].Why != earning.EarningMissMinimum {
			t.Errorf("explained as %+v", x)
		}
		ru, err := b.earnings.Explanation(viewer.With(context.Background(), viewer.Viewer{UserID: alice, OwnerID: alice, Locale: "ru"}), e)
		b.must(err)
		if !strings.HasPrefix(ru.Text, "142 балла: 21 по условиям программы") || !strings.Contains(ru.Text, "«Правило five»") {
			t.Errorf("in Russian: %s", ru.Text)
		}
	})
}

// A decision is explained by the version that made it, whatever becomes of the rule.
func TestExplainedByItsVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(func(t *bonus.Terms) { t.EarnPoints = 0 }))
		r := b.rule("gift", func(in *earning.EarningRuleInput) { in.FixedPoints = some[int64](7) })
		alice := b.customer("alice")
		o := b.order(alice, 1000)
		b.earn(o, "DELIVERED")
		id := r.GlobalID()
		second, err := b.earnings.SaveEarningRule(b.staff(), earning.SaveEarningRuleInput{ID: &id, Version: some(1), IdempotencyKey: b.key(),
			Rule: ruleNamed("gift", func(in *earning.EarningRuleInput) { in.FixedPoints, in.Texts[0].Name = some[int64](9), "Another name" })})
		b.must(err)
		if second.Rule.Version != 2 || second.Rule.KeyID != r.KeyID {
			t.Fatalf("saved as %v", second.Rule)
		}
		_, err = b.earnings.SaveEarningRule(b.staff(), earning.SaveEarningRuleInput{ID: &id, Version: some(1), Rule: ruleNamed("gift", func(in *earning.EarningRuleInput) { in.FixedPoints = some[int64](9) }), IdempotencyKey: b.key()})
		wantErr(t, err, fault.ErrStaleObject)
		if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 9 {
			t.Errorf("by the new version it earns %d", n)
		}
		_, err = b.earnings.RetireEarningRule(b.staff(), earning.RetireEarningRuleInput{ID: id})
		b.must(err)
		if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 0 {
			t.Errorf("a retired rule gives %d", n)
		}
		e, err := b.Client.LedgerEntry.Query().Where(ledgerentry.OrderID(o.ID)).Only(storetest.As(alice))
		b.must(err)
		x, err := b.earnings.Explanation(storetest.As(alice), e)
		b.must(err)
		if x.Rules[0].Name != "Rule gift" || *x.Rules[0].Version != 1 || x.Points != 7 {
			t.Errorf("explained as %+v", x.Rules[0])
		}
	})
}

// security K8: a rule of another currency or programme gives nothing, and each
// programme keeps its own account.
func TestEarnInSeveralProgrammes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		miles, err := b.points.SaveProgram(b.staff(), bonus.SaveBonusProgramInput{Handle: some("miles"),
			Texts: []*bonus.BonusProgramTextInput{{Locale: "en", Name: "Miles", UnitName: "miles"}}, EarnPoints: some[int64](0), LotDays: some(30)})
		b.must(err)
		id := miles.GlobalID()
		_, err = b.earnings.SaveEarningRule(b.staff(), earning.SaveEarningRuleInput{ProgramID: &id, IdempotencyKey: b.key(),
			Rule: ruleNamed("miles", func(in *earning.EarningRuleInput) { in.FixedPoints = some[int64](3) })})
		b.must(err)
		_, err = b.earnings.SaveEarningRule(b.staff(), earning.SaveEarningRuleInput{ProgramID: &id, IdempotencyKey: b.key(),
			Rule: ruleNamed("euros", func(in *earning.EarningRuleInput) { in.FixedPoints, in.Currency = some[int64](100), some("EUR") })})
		b.must(err)
		alice := b.customer("alice")
		o := b.order(alice, 1000)
		if n := b.earn(o, "DELIVERED"); n != 10 {
			t.Errorf("the default programme gave %d", n)
		}
		b.want(alice, 10, 0)
		a, err := b.points.AccountOf(storetest.As(alice), alice, &id)
		b.must(err)
		if a.Available() != 3 {
			t.Errorf("%d miles", a.Available())
		}
		b.must(b.cancel(o))
		b.want(alice, 0, 0)
	})
}

// security K10: limits hold when many act at once, and what is told twice gives once.
func TestLimitsTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(func(t *bonus.Terms) { t.EarnPoints = 0 }))
		b.rule("review", func(in *earning.EarningRuleInput) {
			act(earning.ActReview, 10)(in)
			in.PerPeriod, in.Period = some(3), some(earning.EarningPeriodDay)
		})
		b.rule("capped", func(in *earning.EarningRuleInput) { in.FixedPoints, in.CapPerOwner = some[int64](40), some[int64](100) })
		alice := b.customer("alice")
		var total, ordered atomic.Int64
		var wg sync.WaitGroup
		for i := range 12 {
			o := b.order(alice, 1000)
			key := string(rune('a' + i/2)) // each review twice
			wg.Go(func() {
				done, err := b.earnings.RecordAct(b.staff(), earning.RecordActInput{UserID: usr(alice), Handle: "review", Key: key, IdempotencyKey: b.key()})
				if err == nil {
					total.Add(*done.Points)
				} else {
					t.Error(err)
				}
			})
			wg.Go(func() { ordered.Add(b.earn(o, "DELIVERED")) })
		}
		wg.Wait()
		if total.Load() != 30 || ordered.Load() != 100 {
			t.Errorf("reviews gave %d, orders %d", total.Load(), ordered.Load())
		}
		b.want(alice, 130, 0)
		b.Clock.Add(day)
		if n := b.act(alice, "review", "next"); n != 10 {
			t.Errorf("the next day gives %d", n)
		}
		if n := b.act(alice, "review", "next"); n != 0 {
			t.Errorf("the same review gives %d more", n)
		}
	})
}

// What was reversed does not count against a cap.
func TestReversedUsesDoNotCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(func(t *bonus.Terms) { t.EarnPoints = 0 }))
		r := b.rule("first", func(in *earning.EarningRuleInput) { in.FixedPoints, in.PerOwner = some[int64](50), some(1) })
		alice := b.customer("alice")
		o := b.order(alice, 1000)
		if n := b.earn(o, "DELIVERED") + b.earn(b.order(alice, 1000), "DELIVERED"); n != 50 {
			t.Errorf("twice gave %d", n)
		}
		b.must(b.cancel(o))
		if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 50 {
			t.Errorf("after the cancellation it gives %d", n)
		}
		given, err := b.earnings.RuleGiven(b.staff(), r)
		b.must(err)
		if given.Times != 1 || given.Points != 50 {
			t.Errorf("gave %+v", given)
		}
	})
}

func TestRecordVisit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.rule("visit", act(earning.ActVisit, 2))
		alice := b.customer("alice")
		visit := func(key string, dry bool) earning.Recorded {
			t.Helper()
			done, err := b.earnings.RecordVisit(storetest.As(alice), earning.RecordVisitInput{IdempotencyKey: key, DryRun: &dry})
			b.must(err)
			return done
		}
		if d := visit("dry", true); *d.Points != 2 {
			t.Errorf("a dry run gives %d", *d.Points)
		}
		b.want(alice, 0, 0)
		if d := visit("a", false); *d.Points != 2 || *d.Replayed || len(d.Entries) != 1 {
			t.Errorf("the first: %+v", d)
		}
		if d := visit("a", false); *d.Points != 2 || !*d.Replayed {
			t.Errorf("again: %+v", d)
		}
		if d := visit("b", false); *d.Points != 0 {
			t.Errorf("twice a day: %+v", d)
		}
		b.Clock.Add(12 * time.Hour) // midnight
		if d := visit("c", false); *d.Points != 2 {
			t.Errorf("the next day: %+v", d)
		}
		_, err := b.earnings.RecordVisit(context.Background(), earning.RecordVisitInput{IdempotencyKey: "d"})
		wantErr(t, err, fault.ErrUnauthenticated)
	})
}

// security K7, F2
func TestRecordActRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		try := func(ctx context.Context, change func(*earning.RecordActInput)) error {
			in := earning.RecordActInput{UserID: usr(alice), Handle: "review", Key: "1", IdempotencyKey: b.key()}
			change(&in)
			_, err := b.earnings.RecordAct(ctx, in)
			return err
		}
		for _, c := range []struct {
			change func(*earning.RecordActInput)
			want   error
		}{
			{func(in *earning.RecordActInput) { in.Handle = "" }, fault.ErrRequired},
			{func(in *earning.RecordActInput) { in.Handle = "birthday" }, fault.ErrInvalidValue},
			{func(in *earning.RecordActInput) { in.Handle = "a:b" }, fault.ErrInvalidValue},
			{func(in *earning.RecordActInput) { in.Key = " " }, fault.ErrRequired},
			{func(in *earning.RecordActInput) { in.Key = strings.Repeat("x", 101) }, fault.ErrTooLong},
			{func(in *earning.RecordActInput) { in.Key = "a\x00b" }, fault.ErrInvalidValue},
			{func(in *earning.RecordActInput) { in.Data = map[string]any{"x": strings.Repeat("x", 5000)} }, fault.ErrTooLong},
			{func(in *earning.RecordActInput) { in.OccurredAt = some(db.Clock.Now().Add(time.Hour)) }, fault.ErrOutOfRange},
			{func(in *earning.RecordActInput) { in.UserID = usr(uuid.Must(uuid.NewV7())) }, fault.ErrNotFound},
		} {
			wantErr(t, try(b.staff(), c.change), c.want)
		}
		wantErr(t, try(storetest.As(alice), func(*earning.RecordActInput) {}), fault.ErrForbidden)
	})
}

func TestBirthdaysDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.rule("birthday", act(earning.ActBirthday, 200))
		alice, bob := b.customer("alice"), b.customer("bob")
		born := func(user uuid.UUID, on string) {
			b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				return tx.User.UpdateOneID(user).SetBirthOn(on).SetStatus("ACTIVE").Exec(ctx)
			}))
		}
		born(alice, "1990-11-21")
		born(bob, "1990-11-23")
		var wg sync.WaitGroup
		for range 4 { // instances
			wg.Go(func() {
				if _, err := b.earnings.BirthdaysDue(storetest.System(), 10); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		b.want(alice, 200, 0)
		b.want(bob, 0, 0)
		b.Clock.Add(2 * day)
		n, err := b.earnings.BirthdaysDue(storetest.System(), 10)
		b.must(err)
		if n != 1 {
			t.Errorf("gave %d", n)
		}
		b.want(alice, 200, 0)
		b.want(bob, 200, 0)
		born(alice, "1990-11-24") // he may change his birthday, and has one a year
		b.Clock.Add(day)
		_, err = b.earnings.BirthdaysDue(storetest.System(), 10)
		b.must(err)
		b.want(alice, 200, 0)
	})
}

func wantErr2(t *testing.T, err error, want error, path string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || !errors.Is(err, want) || strings.Join(f.Path, ".") != path {
		t.Errorf("%v, want %v at %s", err, want, path)
	}
}

// security K7: what cannot be a rule is refused, with its place.
func TestSaveEarningRuleRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		b.rule("taken", func(in *earning.EarningRuleInput) { in.FixedPoints = some[int64](1) })
		gbp := &scalar.MoneyInput{Amount: "1", Currency: "GBP"}
		for _, c := range []struct {
			change func(*earning.EarningRuleInput)
			want   error
			path   string
		}{
			{func(in *earning.EarningRuleInput) {}, fault.ErrRequired, "fixedPoints"},
			{func(in *earning.EarningRuleInput) { in.FixedPoints = some[int64](0) }, fault.ErrOutOfRange, "fixedPoints"},
			{func(in *earning.EarningRuleInput) { in.FixedPoints, in.Expression = some[int64](1), some("1") }, fault.ErrInvalidValue, ""},
			{func(in *earning.EarningRuleInput) { in.RatePoints = some[int64](1) }, fault.ErrRequired, "ratePer"},
			{func(in *earning.EarningRuleInput) {
				in.RatePoints, in.RatePer, in.Minimum = some[int64](1), gbp, &scalar.MoneyInput{Amount: "1", Currency: "EUR"}
			}, fault.ErrInvalidValue, "minimum.currency"},
			{func(in *earning.EarningRuleInput) { in.MultiplierBasisPoints = some(10000) }, fault.ErrOutOfRange, "multiplierBasisPoints"},
			{func(in *earning.EarningRuleInput) { in.Expression = some("order.total * 0.05") }, rule.ErrRuleInvalid, "expression"},
			{func(in *earning.EarningRuleInput) {
				in.FixedPoints, in.Condition = some[int64](1), some("line.sku == 'a'")
			}, rule.ErrRuleInvalid, "condition"},
			{func(in *earning.EarningRuleInput) { act("birthday", 5)(in); in.Trigger = earning.EarningTriggerAct }, fault.ErrInvalidValue, "act"},
			{func(in *earning.EarningRuleInput) { act("review", 5)(in); in.CapPerOrder = some[int64](5) }, fault.ErrInvalidValue, "capPerOrder"},
			{func(in *earning.EarningRuleInput) { in.FixedPoints, in.Tiers = some[int64](1), []string{""} }, fault.ErrRequired, "tiers.0"},
			{func(in *earning.EarningRuleInput) {
				in.FixedPoints, in.StartsAt, in.EndsAt = some[int64](1), some(db.Clock.Now()), some(db.Clock.Now())
			}, fault.ErrInvalidValue, "endsAt"},
			{func(in *earning.EarningRuleInput) { in.FixedPoints, in.Texts = some[int64](1), nil }, fault.ErrRequired, "texts"},
			{func(in *earning.EarningRuleInput) { in.FixedPoints, in.Handle = some[int64](1), "A b" }, fault.ErrInvalidValue, "handle"},
			{func(in *earning.EarningRuleInput) { in.FixedPoints, in.Handle = some[int64](1), "taken" }, bonus.ErrHandleTaken, "handle"},
		} {
			_, err := b.earnings.SaveEarningRule(b.staff(), earning.SaveEarningRuleInput{Rule: ruleNamed("new", c.change), IdempotencyKey: b.key()})
			wantErr2(t, err, c.want, strings.TrimSuffix("input.rule."+c.path, "."))
		}
		_, err := b.earnings.SaveEarningRule(storetest.As(b.customer("alice")), earning.SaveEarningRuleInput{IdempotencyKey: "x"})
		wantErr(t, err, fault.ErrForbidden)
	})
}

// A dry run keeps nothing and says what the last orders would have earned.
func TestSampleAndTest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		for i := range 5 {
			b.order(alice, int64(1000*(i+1)))
		}
		in := ruleNamed("ten", func(in *earning.EarningRuleInput) {
			in.Expression, in.Condition = some(`percent(line.total, "10")`), some(`order.total >= 3000`)
		})
		ctx := storetest.System()
		done, err := b.earnings.SaveEarningRule(ctx, earning.SaveEarningRuleInput{Rule: in, IdempotencyKey: "x", DryRun: some(true)})
		b.must(err)
		if s := done.Sample; s.Looked != 5 || s.Gave != 3 || s.Points != 300+400+500 || s.Orders[0].Points != 500 {
			t.Errorf("sample %+v", s)
		}
		if n, err := b.Client.EarningRule.Query().Count(ctx); n != 0 || err != nil {
			t.Errorf("%d rules after a dry run, %v", n, err)
		}
		o := b.order(alice, 5000)
		id := o.GlobalID()
		tried, err := b.earnings.TestEarningRule(ctx, earning.TestEarningRuleInput{Rule: &in, OrderID: &id})
		b.must(err)
		if *tried.Points != 500 || tried.Failure != nil || !strings.Contains(tried.Explanation.Text, "Rule ten") {
			t.Errorf("tried: %d, %s", *tried.Points, tried.Explanation.Text)
		}
		in.Expression = some(`order.total / (order.lines - 1)`)
		tried, err = b.earnings.TestEarningRule(ctx, earning.TestEarningRuleInput{Rule: &in, OrderID: &id})
		b.must(err)
		if *tried.Points != 0 || tried.Failure == nil || !strings.Contains(*tried.Failure, "zero") {
			t.Errorf("tried: %+v", tried)
		}
		in.Expression = some(`order.total +`)
		_, err = b.earnings.TestEarningRule(ctx, earning.TestEarningRuleInput{Rule: &in, OrderID: &id})
		wantErr2(t, err, rule.ErrRuleInvalid, "input.rule.expression")
	})
}
