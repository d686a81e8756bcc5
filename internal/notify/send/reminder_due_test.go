package send

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/promotion"
	"kabinet/ent/generated/reminder"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// remindMe makes a reminder of anna's that is due now: of an offer where there
// is one, else of this moment.
func (w *world) remindMe(t *testing.T, offer *uuid.UUID) (made *ent.Reminder) {
	t.Helper()
	now := w.Now()
	w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
		c := tx.Reminder.Create().SetUserID(w.anna).SetTitle("x").SetTimeZone("Europe/Moscow").SetDueAt(now)
		if offer != nil {
			c.SetKind(reminder.KindOFFER_END).SetDaysBefore(3).SetSubjectKind("prm").SetSubjectID(*offer)
		} else {
			c.SetKind(reminder.KindDATE).SetLocalAt(now.In(zoneOf("Europe/Moscow")).Format(wallLayout))
		}
		made, err = c.Save(ctx)
		return err
	})
	return made
}

func (w *world) reminder(t *testing.T, r *ent.Reminder) *ent.Reminder {
	t.Helper()
	now, err := w.Client.Reminder.Get(storetest.System(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func (w *world) due(t *testing.T, want int) error {
	t.Helper()
	n, err := w.s.RemindersDue(storetest.System(), 10)
	if n != want {
		t.Errorf("%d were looked at, want %d (%v)", n, want, err)
	}
	return err
}

// TestOneThatFailsHoldsUpNobody lets the first of two fail: the other comes, and
// the first one waits a little.
func TestOneThatFailsHoldsUpNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		bad := errors.New("the offers are away")
		w.s.Offer = func(context.Context, uuid.UUID, uuid.UUID, string) (OfferEnd, bool, error) {
			return OfferEnd{}, false, bad
		}
		id := uuid.Must(uuid.NewV7())
		first := w.remindMe(t, &id)
		db.Clock.Add(time.Second)
		second := w.remindMe(t, nil)
		if err := w.due(t, 2); !errors.Is(err, bad) {
			t.Errorf("got %v", err)
		}
		if n := w.notes(t); len(n) != 1 || w.reminder(t, second).Status != reminder.StatusDONE {
			t.Errorf("%d were told", len(n))
		}
		if r := w.reminder(t, first); r.Status != reminder.StatusWAITING || !r.DueAt.After(w.Now().Add(4*time.Minute)) {
			t.Errorf("the first is %s, due %s", r.Status, r.DueAt)
		}
		if err := w.due(t, 0); err != nil {
			t.Error(err)
		}
	})
}

// TestRemindersWaitWhileTheyAreOff turns their type off and on again: what was
// due meanwhile is told then.
func TestRemindersWaitWhileTheyAreOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.remindMe(t, nil)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.NotificationSetting.Create().SetType(reminderType).SetActive(false).Exec(ctx)
		})
		if err := w.due(t, 0); err != nil {
			t.Error(err)
		}
		if err := w.s.remind(storetest.System(), r); err != nil { // turned off since it was read
			t.Error(err)
		}
		if now := w.reminder(t, r); now.Status != reminder.StatusWAITING || now.Times != 0 || len(w.notes(t)) != 0 {
			t.Errorf("while it is off: %+v", now)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.NotificationSetting.Update().SetActive(true).Exec(ctx)
		})
		db.Clock.Add(time.Hour)
		if err := w.due(t, 1); err != nil {
			t.Error(err)
		}
		if now := w.reminder(t, r); now.Status != reminder.StatusDONE || len(w.notes(t)) != 1 {
			t.Errorf("turned on again: %+v", now)
		}
	})
}

// TestAHiddenOfferIsLookedForAgain pauses an offer: its reminder is gone when it
// is over, not before.
func TestAHiddenOfferIsLookedForAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var offer *ent.Promotion
		w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			offer, err = tx.Promotion.Create().SetKind(promotion.KindOFFER).SetHandle("tea").SetTexts(map[string]map[string]string{}).SetAudience(schema.Audience{}).SetEffect(schema.Effect{}).
				SetStatus(promotion.StatusPAUSED).SetEndsAt(tx.Now.Add(40 * time.Hour)).Save(ctx)
			return err
		})
		r := w.remindMe(t, &offer.ID)
		if err := w.due(t, 1); err != nil {
			t.Fatal(err)
		}
		paused := w.reminder(t, r)
		if paused.Status != reminder.StatusWAITING || paused.DueAt == nil || paused.DueAt.In(zoneOf("Europe/Moscow")).Hour() != lookHour {
			t.Fatalf("while it is paused: %+v", paused)
		}
		db.Clock.Add(48 * time.Hour)
		if err := w.due(t, 1); err != nil {
			t.Fatal(err)
		}
		if over := w.reminder(t, r); over.Status != reminder.StatusGONE || over.DueAt != nil {
			t.Errorf("when it is over: %+v", over)
		}
	})
}

// TestTryIsForWhoMaySeeCustomers: a rule of one's own asks anything of anybody.
func TestTryIsForWhoMaySeeCustomers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		staff := func(resources ...string) context.Context {
			v := viewer.Viewer{UserID: uuid.Must(uuid.NewV7()), OwnerID: viewer.House, Staff: true, Grants: map[viewer.Permission]viewer.Reach{}}
			for _, r := range resources {
				v.Grants[viewer.Permission{Resource: r, Operation: "read"}] = viewer.ReachAll
			}
			return viewer.With(context.Background(), v)
		}
		w.place(t, w.anna, "7")
		r, customer := w.rule(t, "true", 0), scalar.ID{Prefix: "usr", UUID: w.anna}
		id := scalar.ID{Prefix: rulePrefix, UUID: r.KeyID}
		in := TestNotificationRuleInput{RuleID: &id, CustomerID: customer}
		if got, err := w.s.Try(staff("messaging", "user"), in); err != nil || got.Notification == nil || got.Notification.Title != "Заказ 7" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := w.s.Try(staff("messaging"), in); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without customers: %v", err)
		}
		in = TestNotificationRuleInput{CustomerID: customer, Rule: &SaveNotificationRuleInput{Name: "x", Event: "wallet.changed", Type: "service.news",
			Texts: []*NotificationWordsInput{{Locale: "en", Title: "{{ event.balance }}", Body: "x"}}}}
		if _, err := w.s.Try(staff("messaging", "user"), in); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("of wallets, without them: %v", err)
		}
		if _, err := w.s.Try(staff("messaging", "user", "wallet"), in); !errors.Is(err, fault.ErrNotFound) { // nothing moved yet
			t.Errorf("of wallets: %v", err)
		}
	})
}
