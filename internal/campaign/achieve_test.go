package campaign_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/schema"
	"kabinet/internal/campaign"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func setAudience(c *ent.Campaign, who uuid.UUID) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		return tx.Campaign.UpdateOneID(c.ID).SetAudience(schema.Audience{UserIDs: []uuid.UUID{who}}).Exec(ctx)
	}
}

// order completes an order of a person, and tells of it.
func (w *world) order(t *testing.T, i int, minor int64, categories ...string) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Create().SetNumber(uuid.NewString()).SetOwnerID(w.people[i]).SetUserID(w.people[i]).SetStatus("COMPLETED").SetCurrency("GBP").
			SetSubtotalMinor(minor).SetTotalMinor(minor).SetPlacedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		for n, c := range categories {
			err := tx.OrderLine.Create().SetOwnerID(w.people[i]).SetOrderID(o.ID).SetPosition(n).SetSku(c).SetTitle(c).SetCategory(c).SetQuantity(2).SetCurrency("GBP").
				SetUnitPriceMinor(1).SetTotalMinor(2).Exec(ctx)
			if err != nil {
				return err
			}
		}
		tx.Tell(event.OrderStatusChanged{OrderID: o.ID, OwnerID: w.people[i], UserID: &w.people[i], Number: o.Number, Changed: []string{"status"}, Status: "COMPLETED"}, store.ToUser(w.people[i]))
		return nil
	})
}

func (w *world) act(t *testing.T, i int, handle, key string) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		return w.s.NoteAct(ctx, tx, w.people[i], handle, key, time.Time{})
	})
}

func (w *world) achievement(kind campaign.CampaignKind, handle, rule string, target int64) campaign.SaveCampaignInput {
	in := w.input(kind, handle)
	in.EntryRules = nil
	in.Achievement = &campaign.CampaignAchievementInput{ProgressRule: rule, Target: target, Unit: "orders", Points: ptr(int64(50))}
	return in
}

// An achievement is earned once, however often and by however many at once its
// facts are heard.
func TestAchievementOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 2)
		in := w.achievement(campaign.KindAchievement, "three", "orders + reviews", 3)
		in.Achievement.Condition = ptr("categories >= 2")
		w.open(t, in)
		w.order(t, 0, 1000, "tea")
		w.order(t, 0, 1000, "tea")
		w.act(t, 0, "review", "p1")
		w.act(t, 0, "review", "p1") // the same one
		w.hear(t)
		items := w.progress(t, 0, campaign.ProgressAchievement)
		if len(items) != 1 || items[0].Progress.Current != 3 || items[0].Done || items[0].Hint == nil {
			t.Fatalf("%+v", items[0])
		}
		w.order(t, 0, 1000, "mugs")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				err := w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
					return w.s.OnActNoted(ctx, tx, event.Stored{CreatedAt: tx.Now}, event.ActNoted{OwnerID: w.people[0]})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for range 2 {
			w.hear(t)
		}
		if n := w.balance(t, 0); n != 50 {
			t.Errorf("balance %d", n)
		}
		list, err := w.s.Achievements(w.as(0), w.people[0], ptr(true), campaign.Page{})
		check(t, err)
		if len(list.Edges) != 1 || list.Edges[0].Node.EarnedAt == nil || list.Edges[0].Node.Period != "ever" || list.Edges[0].Node.Points != 50 {
			t.Errorf("%+v", list.Edges)
		}
		other, err := w.s.Achievements(w.as(1), w.people[0], nil, campaign.Page{})
		check(t, err)
		if len(other.Edges) != 0 || len(w.progressAs(t, 1, 0)) != 0 {
			t.Error("somebody else sees it")
		}
		w.checked(t)
	})
}

// A repeated one is earned in each period anew, a challenge counts while it runs.
func TestAchievementPeriods(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 1)
		weekly := w.achievement(campaign.KindAchievement, "weekly", "visits", 2)
		weekly.EndsAt = campaign.SaveCampaignInput{}.EndsAt
		weekly.Achievement.Period, weekly.Achievement.Repeats, weekly.Achievement.Unit = ptr(campaign.PeriodWeek), ptr(true), "visits"
		w.open(t, weekly)
		spend := w.achievement(campaign.KindChallenge, "spend", "spent", 5000)
		spend.Achievement.Unit = "GBP"
		w.open(t, spend)
		for week := range 3 {
			for day := range 3 {
				w.act(t, 0, "visit", fmt.Sprint(week, day))
			}
			w.hear(t)
			if n := w.balance(t, 0); n != int64(50*(week+1)) {
				t.Errorf("week %d: balance %d", week, n)
			}
			if week == 0 {
				w.order(t, 0, 4999)
				w.hear(t)
				items := w.progress(t, 0, campaign.ProgressPromo)
				if len(items) != 1 || items[0].Progress.Current != 4999 || items[0].Percent != 99 || *items[0].Hint != "Spend £0.01 more" || items[0].Progress.Deadline == nil {
					t.Errorf("%+v", items[0])
				}
			}
			w.Clock.Add(7 * 24 * time.Hour)
		}
		_, err := w.s.MoveDue(storetest.System(), 10)
		check(t, err)
		w.order(t, 0, 9000) // the challenge is over
		w.hear(t)
		if n := w.balance(t, 0); n != 150 {
			t.Errorf("balance %d", n)
		}
		w.checked(t)
	})
}

func (w *world) progress(t *testing.T, i int, kinds ...campaign.ProgressKind) []*campaign.ProgressItem {
	t.Helper()
	return w.progressAs(t, i, i, kinds...)
}

func (w *world) progressAs(t *testing.T, me, of int, kinds ...campaign.ProgressKind) []*campaign.ProgressItem {
	t.Helper()
	items, err := w.s.Progress(w.as(me), &ent.User{ID: w.people[of]}, kinds)
	check(t, err)
	return items
}

// Progress reads in as many statements with thirty achievements as with one.
func TestProgressStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 1)
		_, err := w.s.SaveGoal(w.as(0), campaign.SaveGoalInput{Counter: campaign.GoalOrders, Target: 2})
		check(t, err)
		w.open(t, w.achievement(campaign.KindAchievement, "a0", "orders", 3))
		few, _ := db.Statements(func() { w.progress(t, 0) })
		for i := range 30 {
			in := w.achievement(campaign.KindAchievement, fmt.Sprint("b", i), "orders", 3)
			in.Achievement.Period = ptr([]campaign.AchievementPeriod{campaign.PeriodDay, campaign.PeriodWeek, campaign.PeriodMonth, campaign.PeriodQuarter, campaign.PeriodYear}[i%5])
			w.open(t, in)
		}
		w.Clock.Add(3 * time.Second)
		many, text := db.Statements(func() { w.progress(t, 0) })
		if many != few || few > 9 {
			t.Errorf("%d statements, then %d: %v", few, many, text)
		}
		if n := len(w.progress(t, 0)); n != 33 {
			t.Errorf("%d items", n)
		}
	})
}

func TestGoalsAndProfile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 2)
		_, err := w.s.SaveGoal(w.as(0), campaign.SaveGoalInput{Counter: campaign.GoalVisits, Target: 0})
		wantCode(t, err, fault.ErrOutOfRange)
		g, err := w.s.SaveGoal(w.as(0), campaign.SaveGoalInput{Counter: campaign.GoalVisits, Target: 2})
		check(t, err)
		g2, err := w.s.SaveGoal(w.as(0), campaign.SaveGoalInput{Counter: campaign.GoalVisits, Target: 3, Name: ptr("Come by")})
		check(t, err)
		if g2.ID != g.ID || g2.Target != 3 || *g2.Name != "Come by" {
			t.Errorf("%+v", g2)
		}
		_, err = w.s.SaveGoal(w.as(0), campaign.SaveGoalInput{Counter: campaign.GoalVisits, Target: 3, Revision: ptr(1)})
		wantCode(t, err, fault.ErrStaleObject)
		for day := range 4 {
			w.act(t, 0, "visit", fmt.Sprint(day))
			w.hear(t)
		}
		reached := 0
		events, err := db.ReadStream(context.Background(), w.people[0], 0, 1000)
		check(t, err)
		for _, e := range events {
			if e.Kind == "goal.reached" {
				reached++
			}
		}
		items := w.progress(t, 0, campaign.ProgressGoal, campaign.ProgressProfile)
		if reached != 1 || len(items) != 2 || items[1].Label != "Come by" || !items[1].Done || items[1].Progress.Current != 4 || items[1].Percent != 100 {
			t.Errorf("told %d times, %+v", reached, items)
		}
		if p := items[0]; len(p.Missing) != 6 || *p.Hint != "Tell us your given name" || p.Progress.Target != 6 {
			t.Errorf("%+v", p)
		}
		_, err = w.s.DeleteGoal(w.as(1), campaign.DeleteGoalInput{GoalID: g.GlobalID()})
		wantCode(t, err, fault.ErrNotFound)
		_, err = w.s.DeleteGoal(w.as(0), campaign.DeleteGoalInput{GoalID: g.GlobalID()})
		check(t, err)
	})
}
