package send

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"kabinet/ent/generated/company"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticketparticipant"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// instance works the jobs of this room as a process does, until stop is called.
func (w *world) instance(t *testing.T) (stop func()) {
	t.Helper()
	workers := river.NewWorkers()
	anew := &Sending{Store: w.s.Store, Inbox: w.s.Inbox, Preferences: w.s.Preferences} // nothing is remembered from before
	anew.Work(workers)
	c, err := job.New(w.Store, job.Options{Workers: workers, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
}

// jobs counts those of rules in some states.
func (w *world) jobs(t *testing.T, where string) (n int) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE kind = 'notification_rule' AND `+where).Scan(&n)
	})
	return n
}

// comes makes the jobs that wait come up now by the clock of the machine.
func (w *world) comes(t *testing.T) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = ? WHERE kind = 'notification_rule' AND state = 'scheduled'`, time.Now().UTC().Add(-time.Second))
		return err
	})
}

func (w *world) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within 10s: " + what)
		}
	}
}

// TestDelayedRuleComesOnce lets a rule wait through a restart, come up before its
// time, and be heard again: it tells once, at its time.
func TestDelayedRuleComesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		if err := job.Migrate(t.Context(), db.Store); err != nil {
			t.Fatal(err)
		}
		r := w.rule(t, "event.totalMinor == 100", 3600)
		e := w.place(t, w.anna, "7")
		hear := func() {
			w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.s.hear(ctx, tx, e) })
		}
		db.Clock.Add(10 * time.Minute) // heard late: the hour runs from the order
		began := time.Now()
		hear()
		var due time.Time
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.QueryRow(ctx, `SELECT scheduled_at FROM river_job WHERE kind = 'notification_rule'`).Scan(&due)
		})
		if due.Sub(began).Round(time.Minute) != 50*time.Minute {
			t.Errorf("it comes up in %s", due.Sub(began))
		}
		stop := w.instance(t)
		w.comes(t)
		w.eventually(t, "it waits on", func() bool { return w.jobs(t, `state = 'scheduled'`) == 1 })
		stop()
		if n := len(w.notes(t)); n != 0 {
			t.Fatalf("%d notifications before the time", n)
		}
		db.Clock.Add(50 * time.Minute)
		stop = w.instance(t)
		defer func() { stop() }()
		w.comes(t)
		w.eventually(t, "it is told", func() bool { return w.jobs(t, `state = 'completed'`) == 1 })
		hear() // as after a failure of another hearer
		w.eventually(t, "the second one is done", func() bool { return w.jobs(t, `state = 'completed'`) == 2 })
		all := w.notes(t)
		if len(all) != 1 || all[0].Title != "Заказ 7" {
			t.Errorf("got %+v", all)
		}
		if now := w.row(t, r); now.Made != 1 || now.Failures != 0 {
			t.Errorf("the rule says %+v", now)
		}
		stop()
		stop = w.instance(t)
		if n := w.jobs(t, `state NOT IN ('completed')`); n != 0 || len(w.notes(t)) != 1 {
			t.Errorf("%d jobs wait, %d notifications after a restart", n, len(w.notes(t)))
		}
	})
}

// TestRulesReachParticipants tells all who take part in a ticket, each in his
// language, once; not who has left it, or the company that it is of.
func TestRulesReachParticipants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ids, ticket := w.colleagues(t)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.NotificationRule.Create().SetName("r").SetEvent("ticket.replied").SetCondition(`event.authorKind == "STAFF"`).SetType("service.news").
				SetTexts(map[string]map[string]string{"en": {"title": "An answer for {{ customer.name }}", "body": "x"}, "ru": {"title": "Ответ: {{ customer.name }}", "body": "x"}}).Exec(ctx)
		})
		w.s.rules.forget()
		reply := func(kind string, note bool) event.Stored {
			w.write(t, func(_ context.Context, tx *store.Tx) error {
				tx.Tell(event.TicketReplied{TicketID: ticket.ID, OwnerID: ticket.OwnerID, UserID: &w.anna, Number: "T-1", MessageID: uuid.Must(uuid.NewV7()), AuthorKind: kind, Note: note}, store.ToUser(w.anna))
				return nil
			})
			all, err := w.ReadStream(t.Context(), w.anna, 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			return all[len(all)-1]
		}
		for _, e := range []event.Stored{reply("CUSTOMER", false), reply("STAFF", true)} {
			w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.s.hear(ctx, tx, e) })
		}
		if n, err := db.Client.Notification.Query().Count(storetest.System()); n != 0 || err != nil {
			t.Fatalf("%d notifications of what is nobody's: %v", n, err)
		}
		e := reply("STAFF", false)
		for range 2 {
			w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.s.hear(ctx, tx, e) })
		}
		all, err := db.Client.Notification.Query().All(storetest.System())
		if err != nil {
			t.Fatal(err)
		}
		got := map[uuid.UUID]string{}
		for _, n := range all {
			got[n.UserID] = n.Title
		}
		if len(all) != 2 || got[w.anna] != "Ответ: Анна" || got[ids["bob"]] != "An answer for bob" {
			t.Errorf("got %v", got)
		}
	})
}

// colleagues are those who take part in a ticket of a company, beside anna: bob,
// left, who has left it, and fired, who is of the company no more.
func (w *world) colleagues(t *testing.T) (ids map[string]uuid.UUID, ticket struct{ ID, OwnerID uuid.UUID }) {
	t.Helper()
	ids = map[string]uuid.UUID{"anna": w.anna}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		co, err := tx.Company.Create().SetKind(company.KindCOMPANY).SetName("Acme").Save(ctx)
		if err != nil {
			return err
		}
		tk, err := tx.Ticket.Create().SetOwnerID(co.ID).SetUserID(w.anna).SetNumber("T-1").SetSubject("Tea").SetLastActivityAt(tx.Now).SetDueAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		ticket.ID, ticket.OwnerID = tk.ID, co.ID
		for _, name := range []string{"anna", "bob", "left", "fired"} {
			if name != "anna" {
				u, err := tx.User.Create().SetDisplayName(name).SetStatus(entuser.StatusACTIVE).Save(ctx)
				if err != nil {
					return err
				}
				ids[name] = u.ID
			}
			m := tx.Membership.Create().SetUserID(ids[name]).SetOwnerID(co.ID).SetRoleID(uuid.New()).SetKind(membership.KindCOMPANY)
			p := tx.TicketParticipant.Create().SetUserID(ids[name]).SetOwnerID(co.ID).SetTicketID(tk.ID).SetRole(ticketparticipant.RoleFOLLOWER)
			switch name {
			case "fired":
				m.SetStatus(membership.StatusENDED)
			case "left":
				p.SetLeftAt(tx.Now)
			}
			if err := m.Exec(ctx); err != nil {
				return err
			}
			if err := p.Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return ids, ticket
}
