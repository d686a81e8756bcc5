package campaign_test

import (
	"context"
	"testing"
	"time"

	"kabinet/internal/bonus"
	"kabinet/internal/campaign"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Points that were taken back count neither for achievements nor for goals;
// what was kept of them counts.
func TestReversedPointsDoNotCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 1)
		in := w.achievement(campaign.KindAchievement, "earner", "points", 100)
		in.Achievement.Unit = "points"
		w.open(t, in)
		_, err := w.s.SaveGoal(w.as(0), campaign.SaveGoalInput{Counter: campaign.GoalPoints, Target: 100})
		check(t, err)
		give := func(n int64) scalar.ID {
			done, err := w.points.Accrue(storetest.System(), bonus.AccruePointsInput{
				UserID: scalar.ID{Prefix: "usr", UUID: w.people[0]}, Amount: n, Reason: "a gift", IdempotencyKey: w.key()})
			check(t, err)
			return done.Entry.(*bonus.Accrual).GlobalID()
		}
		first := give(60)
		_, err = w.points.ReverseEntry(storetest.System(), bonus.ReverseEntryInput{EntryID: first, Reason: "a mistake", IdempotencyKey: w.key()})
		check(t, err)
		give(40)
		w.hear(t)
		for _, section := range []campaign.ProgressKind{campaign.ProgressAchievement, campaign.ProgressGoal} {
			items := w.progress(t, 0, section)
			if len(items) != 1 || items[0].Progress.Current != 40 || items[0].Done {
				t.Errorf("%s: %+v", section, items)
			}
		}
		if n := w.balance(t, 0); n != 40 {
			t.Errorf("balance %d", n)
		}
	})
}

// An act counts when it was done, not when it was told.
func TestActsCountWhenTheyWereDone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 1)
		in := w.achievement(campaign.KindAchievement, "weekly", "visits", 3)
		in.Achievement.Period, in.Achievement.Repeats = ptr(campaign.PeriodWeek), ptr(true)
		w.open(t, in)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return w.s.NoteAct(ctx, tx, w.people[0], "visit", "long ago", tx.Now.Add(-14*24*time.Hour))
		})
		w.act(t, 0, "visit", "now")
		w.hear(t)
		if items := w.progress(t, 0, campaign.ProgressAchievement); len(items) != 1 || items[0].Progress.Current != 1 {
			t.Errorf("%+v", items)
		}
	})
}
