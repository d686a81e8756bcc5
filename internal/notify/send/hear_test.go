package send

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/notificationrule"
	"kabinet/ent/generated/reminder"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/notify"
	"kabinet/internal/notify/preference"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// world is a database with anna, who reads Russian in Moscow.
type world struct {
	*storetest.DB
	s    *Sending
	anna uuid.UUID
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	settings := &preference.Settings{Store: db.Store}
	w := &world{DB: db, s: &Sending{Store: db.Store, Inbox: &notify.Inbox{Store: db.Store}, Preferences: &preference.Preferences{Store: db.Store, Settings: settings},
		Offer: func(context.Context, uuid.UUID, uuid.UUID, string) (OfferEnd, bool, error) {
			return OfferEnd{}, false, nil
		}}}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName("Анна").SetLocale("ru").SetTimeZone("Europe/Moscow").SetStatus(entuser.StatusACTIVE).Save(ctx)
		if err == nil {
			w.anna = u.ID
		}
		return err
	})
	return w
}

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := w.InTx(storetest.System(), f); err != nil {
		t.Fatal(err)
	}
}

// rule makes a rule of orders that are placed.
func (w *world) rule(t *testing.T, condition string, delay int) (made *ent.NotificationRule) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = tx.NotificationRule.Create().SetName("r").SetEvent("order.placed").SetCondition(condition).SetType("service.news").SetDelayS(delay).
			SetTexts(map[string]map[string]string{"en": {"title": "Order {{ event.number }}", "body": "x"}, "ru": {"title": "Заказ {{ event.number }}", "body": "{{ customer.name }}"}}).Save(ctx)
		return err
	})
	w.s.rules.forget()
	return made
}

// place tells that anna has ordered, and gives the fact as it is stored.
func (w *world) place(t *testing.T, owner uuid.UUID, number string) event.Stored {
	t.Helper()
	w.write(t, func(_ context.Context, tx *store.Tx) error {
		tx.Tell(event.OrderPlaced{OrderID: uuid.Must(uuid.NewV7()), OwnerID: owner, UserID: &w.anna, Number: number, TotalMinor: 100, Currency: "EUR"}, store.ToUser(w.anna))
		return nil
	})
	all, err := w.ReadStream(context.Background(), w.anna, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	last := event.Stored{}
	for _, e := range all {
		if e.Kind == "order.placed" {
			last = e
		}
	}
	return last
}

func (w *world) notes(t *testing.T) []*ent.Notification {
	t.Helper()
	all, err := w.Client.Notification.Query().Where(entnotification.UserID(w.anna)).Order(entnotification.ByID()).All(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (w *world) row(t *testing.T, r *ent.NotificationRule) *ent.NotificationRule {
	t.Helper()
	now, err := w.Client.NotificationRule.Query().Where(notificationrule.ID(r.ID)).Only(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// TestRulesAreHeardOnce hears a fact twice, by a rule that holds, one that does
// not, and one that fails: one notification, and the failures are counted.
func TestRulesAreHeardOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		fails, never, holds := w.rule(t, "1 / (event.totalMinor - 100) > 0", 0), w.rule(t, "customer.orders > 5", 0), w.rule(t, "event.totalMinor == 100", 0)
		e := w.place(t, w.anna, "7")
		for range 2 {
			w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.s.hear(ctx, tx, e) })
		}
		all := w.notes(t)
		if len(all) != 1 || all[0].Title != "Заказ 7" || all[0].Body != "Анна" || all[0].Params["number"] != "7" {
			t.Fatalf("got %+v", all)
		}
		if r := w.row(t, fails); r.Failures != 2 || r.LastError == nil || r.LastErrorAt == nil || r.Made != 0 {
			t.Errorf("the one that fails: %+v", r)
		}
		if r := w.row(t, never); r.Failures != 0 || r.Made != 0 {
			t.Errorf("the one that does not hold: %+v", r)
		}
		if r := w.row(t, holds); r.Failures != 0 || r.Made != 1 {
			t.Errorf("the one that holds: %+v", r)
		}
	})
}

// TestRulesAskWhoIsMeant tells facts of a company that anna has left, of a note
// of the staff, and for staff alone: nobody gets anything.
func TestRulesAskWhoIsMeant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.rule(t, "true", 0)
		company := w.place(t, uuid.Must(uuid.NewV7()), "1")
		hidden := w.place(t, w.anna, "2")
		hidden.Visibility = event.ToStaff
		for _, e := range []event.Stored{company, hidden} {
			w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.s.hear(ctx, tx, e) })
		}
		if all := w.notes(t); len(all) != 0 {
			t.Errorf("got %+v", all)
		}
	})
}

// TestDelayedRulesAskAgain looks at what a rule is by then: the version in
// force, and nothing where it was ended.
func TestDelayedRulesAskAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.rule(t, "true", 60)
		e := w.place(t, w.anna, "7")
		ask := func() {
			w.write(t, func(ctx context.Context, tx *store.Tx) error {
				_, err := w.s.ask(ctx, tx, later{Rule: r.KeyID, Stream: e.StreamID, Seq: e.Seq})
				return err
			})
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.NotificationRule.UpdateOneID(r.ID).SetRetiredAt(tx.Now).Exec(ctx)
		})
		w.s.rules.forget()
		if ask(); len(w.notes(t)) != 0 {
			t.Fatal("a rule that was ended still told")
		}
		r = w.rule(t, "true", 60)
		if ask(); len(w.notes(t)) != 0 {
			t.Fatal("told before its time")
		}
		db.Clock.Add(time.Minute)
		for range 2 {
			ask()
		}
		if n := len(w.notes(t)); n != 1 {
			t.Fatalf("%d notifications", n)
		}
	})
}

// TestRemindersComeOnce lets two instances see the same reminder, and lets
// points expire on two days.
func TestRemindersComeOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		now := w.Now()
		var moment, offer *ent.Reminder
		w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			moment, err = tx.Reminder.Create().SetUserID(w.anna).SetKind(reminder.KindDATE).SetTitle("Позвонить").SetTimeZone("Europe/Moscow").
				SetLocalAt(now.In(zoneOf("Europe/Moscow")).Format(wallLayout)).SetRepeats(reminder.RepeatsDAILY).SetDueAt(now).Save(ctx)
			if err != nil {
				return err
			}
			offer, err = tx.Reminder.Create().SetUserID(w.anna).SetKind(reminder.KindOFFER_END).SetTitle("Акция").SetTimeZone("Europe/Moscow").SetDaysBefore(3).
				SetSubjectKind("prm").SetSubjectID(uuid.Must(uuid.NewV7())).SetDueAt(now).Save(ctx)
			return err
		})
		for range 2 { // as two instances that read the same rows
			for _, r := range []*ent.Reminder{moment, offer} {
				if err := w.s.remind(storetest.System(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		all := w.notes(t)
		if len(all) != 1 || all[0].Type != reminderType || all[0].Body != "Вы просили напомнить." {
			t.Fatalf("got %+v", all)
		}
		m, err := w.Client.Reminder.Get(storetest.System(), moment.ID)
		if err != nil || m.Times != 1 || m.DueAt == nil || m.DueAt.Sub(now) > 24*time.Hour || m.DueAt.Sub(now) < 23*time.Hour {
			t.Errorf("the daily one: %+v, %v", m, err)
		}
		o, err := w.Client.Reminder.Get(storetest.System(), offer.ID)
		if err != nil || o.Status != reminder.StatusGONE || o.DueAt != nil {
			t.Errorf("of an offer that is gone: %+v, %v", o, err)
		}
	})
}
