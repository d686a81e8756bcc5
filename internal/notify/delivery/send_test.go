package delivery

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/ent/schema"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

const typ = "order.shipped"

var errDown = errors.New("the other side is down")

// A notification is one message a channel, once, however often it is heard of;
// the provider that took it is on record.
func TestSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("first", "EMAIL")
		o.takes("never", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		n := o.give(t, typ, "It is on its way")
		o.work(t)
		row := o.one(t)
		stands(t, row, entdelivery.StatusSENT, "")
		if row.SentAt == nil || *row.Provider != "first" || *row.ProviderRef != "first-1" || len(row.Attempts) != 1 || *row.Attempts[0].Status != 250 || row.DueAt != nil {
			t.Errorf("%+v", row)
		}
		said := o.heard()
		if len(said) != 1 {
			t.Fatalf("%d messages", len(said))
		}
		m := said[0]
		if m.ID != row.GlobalID().String() || m.To != "anna@example.com" || m.Title != "It is on its way" || !strings.Contains(m.Text, "says the body") ||
			!strings.HasPrefix(m.UnsubscribeURL, "https://shop.example/") || m.Data.NotificationID != n.GlobalID().String() || m.Data.Type != typ {
			t.Errorf("%+v", m)
		}
	})
}

// The next provider is asked where the one before is of no use: within one try,
// in their order, each in its own time.
func TestFallback(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.answers("down", "EMAIL", func(Message) (Reply, error) { return Reply{}, Failed{Status: 451, Word: "STATUS", Err: errDown} })
		o.answers("slow", "EMAIL", func(Message) (Reply, error) { time.Sleep(2 * time.Second); return Reply{}, errDown })
		o.takes("third", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.give(t, typ, "It is on its way")
		o.work(t)
		row := o.one(t)
		stands(t, row, entdelivery.StatusSENT, "")
		var got []string
		for _, a := range row.Attempts {
			word := "taken"
			if a.Failure != nil {
				word = *a.Failure
			}
			got = append(got, a.Provider+" "+word)
		}
		if s := strings.Join(got, ", "); s != "down STATUS, slow TIMEOUT, third taken" {
			t.Error(s)
		}
	})
}

// Eight tries within half an hour, then it is dead; a member of staff drives it
// again, and it goes with the same id.
func TestTriesSpent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		down := true
		o.answers("smtp", "EMAIL", func(Message) (Reply, error) {
			if down {
				return Reply{}, errDown
			}
			return Reply{}, nil
		})
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.give(t, typ, "It is on its way")
		began := db.Clock.Now()
		for range triesOfRound - 1 {
			o.work(t)
			row := o.one(t)
			stands(t, row, entdelivery.StatusFAILED, "")
			db.Clock.Add(row.DueAt.Sub(db.Clock.Now()) - time.Millisecond)
			if n, err := o.Due(t.Context(), 10); n != 0 || err != nil {
				t.Fatalf("tried before its time: %d, %v", n, err)
			}
			db.Clock.Add(time.Millisecond)
		}
		o.work(t)
		row := o.one(t)
		stands(t, row, entdelivery.StatusDEAD, entdelivery.StatusReasonTRIES_SPENT)
		if len(row.Attempts) != triesOfRound || db.Clock.Now().Sub(began) > 30*time.Minute {
			t.Errorf("%d tries over %s", len(row.Attempts), db.Clock.Now().Sub(began))
		}
		down = false
		staff := storetest.System() // the verb asks for a role: see the stories
		must(t, db.InTx(staff, func(ctx context.Context, tx *store.Tx) error { return again(ctx, tx, []*ent.Delivery{row}) }))
		o.work(t)
		stands(t, o.one(t), entdelivery.StatusSENT, "")
		if m := o.heard(); len(m) != 1 || m[0].ID != row.GlobalID().String() {
			t.Errorf("%+v", m)
		}
	})
}

// What the other side says is heeded: later, never, nobody is there.
func TestWordsOfProviders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		var answer error
		o.answers("smtp", "EMAIL", func(Message) (Reply, error) { return Reply{}, answer })
		o.takes("second", "SMS")
		o.set(t, typ, func(c *ent.NotificationSettingCreate) {
			c.SetEscalation([]schema.NotificationEscalation{{Channel: "SMS", After: 3600, Unless: "READ"}})
		})
		answer = RetryAfter{After: 20 * time.Minute, Err: errDown}
		o.give(t, typ, "first")
		o.work(t)
		row := o.rows(t)[0]
		stands(t, row, entdelivery.StatusFAILED, "")
		if wait := row.DueAt.Sub(db.Clock.Now()); wait != 20*time.Minute {
			t.Errorf("waits %s", wait)
		}
		answer = errors.Join(ErrPermanent, errDown)
		db.Clock.Add(20 * time.Minute)
		o.work(t)
		stands(t, o.rows(t)[0], entdelivery.StatusDEAD, entdelivery.StatusReasonREFUSED)
		o.work(t) // the step does not wait for its hour
		stands(t, o.rows(t)[1], entdelivery.StatusSENT, "")

		answer = ErrGone
		o.give(t, typ, "second")
		o.work(t)
		stands(t, o.rows(t)[2], entdelivery.StatusDEAD, entdelivery.StatusReasonGONE)
		if c, err := db.Client.ContactPoint.Get(storetest.System(), o.mail.ID); err != nil || c.BouncedAt == nil {
			t.Errorf("letters still go there: %v", err)
		}
		o.give(t, typ, "third") // letters are not planned any more
		if all := o.rows(t); len(all) != 5 || all[4].Channel != "SMS" {
			t.Errorf("%d deliveries", len(all))
		}
	})
}

// What was planned is asked again when it is sent.
func TestAskedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		change func(ctx context.Context, tx *store.Tx, o *office) error
		later  time.Duration
		status entdelivery.Status
		reason entdelivery.StatusReason
	}{
		"no longer wanted": {func(ctx context.Context, tx *store.Tx, o *office) error {
			return tx.User.UpdateOneID(o.user.ID).SetNotify(&schema.NotifyPreferences{Choices: []schema.NotifyChoice{{Channel: "EMAIL"}}}).Exec(ctx)
		}, 0, "SKIPPED", "NOT_WANTED"},
		"too late": {nil, 2 * time.Hour, "SKIPPED", "EXPIRED"},
		"letters come back": {func(ctx context.Context, tx *store.Tx, o *office) error {
			return tx.ContactPoint.UpdateOneID(o.mail.ID).SetBouncedAt(tx.Now).Exec(ctx)
		}, 0, "SKIPPED", "GONE"},
		"the notification is gone": {func(ctx context.Context, tx *store.Tx, _ *office) error {
			_, err := tx.Notification.Delete().Exec(ctx)
			return err
		}, 0, "SKIPPED", "GONE"},
		"quiet hours have begun": {func(ctx context.Context, tx *store.Tx, o *office) error {
			return tx.User.UpdateOneID(o.user.ID).SetNotify(&schema.NotifyPreferences{Quiet: &schema.QuietHours{Ranges: []schema.QuietRange{{From: "11:00", To: "13:00"}}}}).Exec(ctx)
		}, 0, "HELD", "QUIET_HOURS"},
		"the account is blocked": {func(ctx context.Context, tx *store.Tx, o *office) error {
			return tx.User.UpdateOneID(o.user.ID).SetStatus("BLOCKED").Exec(ctx)
		}, 0, "SKIPPED", "NOT_WANTED"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				o := newOffice(t, db)
				o.takes("smtp", "EMAIL")
				o.set(t, typ, func(s *ent.NotificationSettingCreate) { s.SetExpiresS(3600) })
				o.give(t, typ, "It is on its way")
				if c.change != nil {
					must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return c.change(ctx, tx, o) }))
				}
				db.Clock.Add(c.later)
				o.work(t)
				stands(t, o.one(t), c.status, c.reason)
				if n := len(o.heard()); n != 0 {
					t.Errorf("%d messages went out", n)
				}
			})
		})
	}
}

// Quiet hours hold, and let go at their end.
func TestQuietHours(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.prefers(t, &schema.NotifyPreferences{Quiet: &schema.QuietHours{TimeZone: "Europe/London", Ranges: []schema.QuietRange{{From: "11:00", To: "13:30"}}}})
		o.give(t, typ, "It is on its way")
		o.work(t)
		row := o.one(t)
		stands(t, row, entdelivery.StatusHELD, entdelivery.StatusReasonQUIET_HOURS)
		if row.DueAt.UTC().Format("15:04") != "13:30" {
			t.Error(row.DueAt)
		}
		db.Clock.Add(90 * time.Minute)
		o.work(t)
		stands(t, o.one(t), entdelivery.StatusSENT, "")
	})
}

// A provider's words: each counts once, and what the person did never moves how
// the message stands.
func TestHear(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.give(t, typ, "It is on its way")
		id := o.one(t).GlobalID().String()
		hear := func(s Said, want bool) {
			t.Helper()
			if s.Channel == "" {
				s.Channel = "EMAIL"
			}
			if found, err := o.Hear(context.Background(), s); found != want || err != nil {
				t.Errorf("%+v: %v, %v", s, found, err)
			}
		}
		hear(Said{Type: SaidDelivered, ID: id}, false) // it was not sent yet
		o.work(t)
		hear(Said{Type: SaidOpened, Ref: "smtp-1"}, true)
		row := o.one(t)
		stands(t, row, entdelivery.StatusSENT, "")
		opened := *row.OpenedAt
		db.Clock.Add(time.Minute)
		for range 2 {
			hear(Said{Type: SaidDelivered, ID: id}, true)
			hear(Said{Type: SaidOpened, ID: id}, true)
			hear(Said{Type: SaidClicked, ID: id, At: opened.Add(time.Second)}, true)
		}
		hear(Said{Type: SaidBounced, ID: id}, true) // it is known to have arrived
		hear(Said{Type: SaidDelivered, ID: id, Channel: "SMS"}, false)
		hear(Said{Type: SaidDelivered, Ref: "another"}, false)
		hear(Said{Type: SaidDelivered, ID: scalar.ID{Prefix: "ntf", UUID: o.one(t).ID}.String()}, false)
		row = o.one(t)
		stands(t, row, entdelivery.StatusDELIVERED, "")
		if !row.OpenedAt.Equal(opened) || !row.ClickedAt.Equal(opened.Add(time.Second)) || row.DeliveredAt == nil {
			t.Errorf("opened %s, clicked %s", row.OpenedAt, row.ClickedAt)
		}
	})
}

// A letter that comes back ends the address and calls the next step.
func TestBounced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.takes("gateway", "SMS")
		o.set(t, typ, func(c *ent.NotificationSettingCreate) {
			c.SetEscalation([]schema.NotificationEscalation{{Channel: "SMS", After: 3600, Unless: "READ"}})
		})
		o.give(t, typ, "It is on its way")
		o.work(t)
		all := o.rows(t)
		stands(t, all[0], entdelivery.StatusSENT, "")
		stands(t, all[1], entdelivery.StatusHELD, entdelivery.StatusReasonESCALATION)
		must(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			found, err := o.Returned(ctx, tx, all[0].ID, true, true)
			if !found {
				t.Error("nobody knows the letter")
			}
			return err
		}))
		stands(t, o.rows(t)[0], entdelivery.StatusDEAD, entdelivery.StatusReasonGONE)
		o.work(t)
		stands(t, o.rows(t)[1], entdelivery.StatusSENT, "")
		if c, err := db.Client.ContactPoint.Get(storetest.System(), o.mail.ID); err != nil || c.BouncedAt == nil {
			t.Errorf("letters still go there: %v", err)
		}
	})
}
