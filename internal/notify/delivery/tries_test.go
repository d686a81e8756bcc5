package delivery

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/ent/generated/session"
	"kabinet/ent/schema"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// browser registers one more browser of the person.
func (o *office) browser(t *testing.T) uuid.UUID {
	t.Helper()
	o.Endpoints.Guard = func(context.Context, string) string { return "" }
	o.Endpoints.Lives = endpoint.Lives{Idle: 14 * 24 * time.Hour, StaffIdle: time.Hour, StaffAbsolute: time.Hour}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	must(t, err)
	auth, hash := make([]byte, 16), make([]byte, 32)
	_, _ = rand.Read(auth)
	_, _ = rand.Read(hash)
	v := viewer.Viewer{UserID: o.user.ID, OwnerID: o.user.ID, Locale: "en"}
	must(t, o.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		s, err := tx.Session.Create().SetUserID(o.user.ID).SetOwnerID(o.user.ID).SetKind(session.KindTOKEN).SetTokenHash(hash).
			SetLastUsedAt(tx.Now).SetExpiresAt(tx.Now.Add(90 * 24 * time.Hour)).Save(ctx)
		if err == nil {
			v.SessionID = s.ID
		}
		return err
	}))
	e, err := o.Endpoints.Register(viewer.With(context.Background(), v), endpoint.RegisterPushEndpointInput{Web: &endpoint.WebPushInput{
		Endpoint: "https://push.example/" + rand.Text(), P256dh: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), Auth: base64.RawURLEncoding.EncodeToString(auth),
	}})
	must(t, err)
	return e.ID
}

// write changes something in a transaction.
func (o *office) write(t *testing.T, do func(context.Context, *store.Tx) error) {
	t.Helper()
	must(t, o.db.InTx(storetest.System(), do))
}

// asks begins a try as a job does, whose process then dies.
func (o *office) asks(t *testing.T, row *ent.Delivery) (s *sending, err error) {
	t.Helper()
	err = o.db.InTx(asSystem(context.Background()), func(ctx context.Context, tx *store.Tx) (err error) {
		s, err = o.ask(ctx, tx, deliverOf(row, row.Round))
		return err
	})
	return s, err
}

func hourly(channel string) *schema.NotifyPreferences {
	return &schema.NotifyPreferences{Digests: []schema.NotifyDigest{{Channel: channel, Schedule: "HOURLY"}}}
}

// Each browser gets a digest of its own, with all that is in it.
func TestDigestOfTwoBrowsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("push", webPush)
		o.set(t, typ, func(c *ent.NotificationSettingCreate) { c.SetChannels([]string{"IN_APP", webPush}) })
		o.browser(t)
		o.browser(t)
		o.prefers(t, hourly(webPush))
		o.give(t, typ, "one")
		o.give(t, typ, "two")
		db.Clock.Add(time.Hour)
		o.work(t)
		said := o.heard()
		if len(said) != 2 || said[0].To == said[1].To {
			t.Fatalf("%d messages", len(said))
		}
		for _, m := range said {
			if m.Data.Items != 2 || !strings.Contains(m.Text+m.Title, "2") {
				t.Errorf("%+v", m)
			}
		}
		for _, row := range o.rows(t) {
			stands(t, row, entdelivery.StatusSENT, "")
		}
	})
}

// A path of the site is a whole address in a message, in its button too.
func TestLeadsToTheSite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.give(t, typ, "It is on its way")
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE notifications SET url = '/orders/1', actions = '[{"key": "track", "labels": {"en": "Track"}, "url": "/track/1", "style": "PRIMARY"}, {"key": "x", "labels": {}, "url": "https://other.example/", "style": "PRIMARY"}]'`)
			return err
		})
		o.work(t)
		m := o.heard()[0]
		if m.URL != "https://shop.example/orders/1" || len(m.Actions) != 2 || m.Actions[0].URL != "https://shop.example/track/1" || m.Actions[1].URL != "https://other.example/" {
			t.Errorf("%s, %+v", m.URL, m.Actions)
		}
		if strings.Contains(m.HTML, `"/orders/1`) || strings.Contains(m.HTML, `"/track/1`) {
			t.Error(m.HTML)
		}
	})
}

// A stranger's name for a message that the database does not take is no reason
// to send it again.
func TestHostileRef(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		ref := ""
		o.answers("smtp", "EMAIL", func(Message) (Reply, error) { return Reply{Ref: ref}, nil })
		for i, bad := range []string{"\xff", "a\x00", strings.Repeat("x", 201), "я\xd1"} {
			ref = bad
			o.give(t, typ, "It is on its way")
			o.work(t)
			row := o.rows(t)[i]
			stands(t, row, entdelivery.StatusSENT, "")
			if row.ProviderRef != nil {
				t.Errorf("%q", *row.ProviderRef)
			}
		}
		if n := len(o.heard()); n != 4 {
			t.Errorf("%d messages", n)
		}
	})
}

// A fault of our own is a try that failed, and ends as others do.
func TestOwnFaultIsCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("push", webPush)
		o.set(t, typ, func(c *ent.NotificationSettingCreate) { c.SetChannels([]string{"IN_APP", webPush}) })
		o.browser(t)
		o.give(t, typ, "It is on its way")
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE push_endpoints SET sealed = ?`, []byte("no key opens this"))
			return err
		})
		for range triesOfRound {
			o.work(t)
			if row := o.one(t); row.DueAt != nil {
				stands(t, row, entdelivery.StatusFAILED, "")
				db.Clock.Add(row.DueAt.Sub(db.Clock.Now()))
			}
		}
		row := o.one(t)
		stands(t, row, entdelivery.StatusDEAD, entdelivery.StatusReasonTRIES_SPENT)
		if len(row.Attempts) != triesOfRound || *row.Attempts[0].Failure != "OPEN" || row.Attempts[0].Provider != "kabinet" || len(o.heard()) != 0 {
			t.Errorf("%+v", row.Attempts)
		}
	})
}

// Tries that end without a word, for their process died each time, are counted
// before a provider is asked.
func TestTriesWithoutAWord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.give(t, typ, "It is on its way")
		row := o.one(t)
		for i := range triesOfRound {
			if s, err := o.asks(t, row); s == nil || err != nil {
				t.Fatal(i, s, err)
			}
			db.Clock.Add(lease)
		}
		if s, err := o.asks(t, row); s != nil || err != nil {
			t.Fatal(s, err)
		}
		stands(t, o.one(t), entdelivery.StatusDEAD, entdelivery.StatusReasonTRIES_SPENT)
	})
}

// Who moves between the planning of a message and its time gets it where he is
// now, and that address is the one that a bounce ends.
func TestMovedMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.prefers(t, hourly("EMAIL"))
		o.give(t, typ, "one")
		var moved *ent.ContactPoint
		o.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			if err = tx.ContactPoint.DeleteOneID(o.mail.ID).Exec(ctx); err != nil {
				return err
			}
			moved, err = tx.ContactPoint.Create().SetUserID(o.user.ID).SetKind(contactpoint.KindEMAIL).SetValue("Anna@New.example").SetValueKey("anna@new.example").
				SetVerifiedAt(tx.Now).SetIsPrimary(true).Save(ctx)
			return err
		})
		o.give(t, typ, "two")
		db.Clock.Add(time.Hour)
		o.work(t)
		said := o.heard()
		if len(said) != 1 || said[0].To != "Anna@new.example" || said[0].Data.Items != 2 {
			t.Fatalf("%+v", said)
		}
		for _, row := range o.rows(t) {
			stands(t, row, entdelivery.StatusSENT, "")
		}
		if found, err := o.Hear(context.Background(), Said{Type: SaidBounced, Channel: "EMAIL", ID: said[0].ID, Gone: true}); !found || err != nil {
			t.Fatal(found, err)
		}
		if c, err := db.Client.ContactPoint.Get(storetest.System(), moved.ID); err != nil || c.BouncedAt == nil {
			t.Errorf("letters still go there: %v", err)
		}
	})
}

// A repeat with the same id tells what the first try told: what has fallen due
// since goes by itself.
func TestRepeatTellsTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.prefers(t, hourly("EMAIL"))
		o.give(t, typ, "one")
		o.give(t, typ, "two")
		all := o.rows(t)
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Delivery.UpdateOneID(all[1].ID).SetDueAt(all[0].DueAt.Add(time.Minute)).Exec(ctx)
		})
		db.Clock.Add(all[0].DueAt.Sub(db.Clock.Now()))
		_, err := o.Due(t.Context(), 10)
		must(t, err)
		if s, err := o.asks(t, all[0]); err != nil || len(s.notes) != 1 {
			t.Fatal(s, err)
		}
		db.Clock.Add(5 * time.Minute)
		o.work(t)
		o.work(t)
		said := o.heard()
		if len(said) != 2 || said[0].ID != all[0].GlobalID().String() || said[0].Title != "one" || said[1].ID != all[1].GlobalID().String() || said[1].Title != "two" {
			t.Errorf("%+v", said)
		}
	})
}

// While a provider is being asked nobody else asks, nothing can be taken back,
// and his word is for later.
func TestUnderWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.prefers(t, hourly("EMAIL"))
		o.give(t, typ, "one")
		o.give(t, typ, "two")
		db.Clock.Add(time.Hour)
		_, err := o.Due(t.Context(), 10)
		must(t, err)
		all := o.rows(t)
		s, err := o.asks(t, all[0])
		if err != nil || len(s.rows) != 2 {
			t.Fatal(s, err)
		}
		if _, err := o.asks(t, all[0]); !errors.As(err, new(busy)) {
			t.Errorf("another job: %v", err)
		}
		for _, row := range o.rows(t) {
			o.write(t, func(ctx context.Context, tx *store.Tx) error {
				if asked, err := beingAsked(ctx, tx, row); !asked || err != nil {
					t.Errorf("%s can be taken back: %v", row.Status, err)
				}
				return nil
			})
		}
		word := Said{Type: SaidDelivered, Channel: "EMAIL", ID: all[0].GlobalID().String()}
		if _, err := o.Hear(context.Background(), word); !errors.Is(err, ErrTooEarly) {
			t.Errorf("a word that is faster than we are: %v", err)
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			return o.settle(asSystem(ctx), tx, deliverOf(all[0], 1), s, outcome{by: "smtp", attempts: []schema.DeliveryAttempt{{Provider: "smtp"}}})
		})
		if found, err := o.Hear(context.Background(), word); !found || err != nil {
			t.Error(found, err)
		}
		for _, row := range o.rows(t) {
			stands(t, row, entdelivery.StatusDELIVERED, "")
		}
	})
}

// What a provider took and what came back is another message to him when it is
// sent again; a late word on the first is not one on the second.
func TestSentAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.set(t, typ, func(*ent.NotificationSettingCreate) {})
		o.give(t, typ, "It is on its way")
		o.work(t)
		id := o.one(t).GlobalID().String()
		hear := func(word, id string, want bool) {
			t.Helper()
			if found, err := o.Hear(context.Background(), Said{Type: word, Channel: "EMAIL", ID: id}); found != want || err != nil {
				t.Errorf("%s of %s: %v, %v", word, id, found, err)
			}
		}
		hear(SaidBounced, id, true)
		row := o.one(t)
		stands(t, row, entdelivery.StatusDEAD, entdelivery.StatusReasonREFUSED)
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return again(ctx, tx, []*ent.Delivery{row}) })
		o.work(t)
		said := o.heard()
		if len(said) != 2 || said[0].ID != id || said[1].ID != id+"-2" || BareID(said[1].ID) != id {
			t.Fatalf("%+v", said)
		}
		hear(SaidBounced, id, false)
		stands(t, o.one(t), entdelivery.StatusSENT, "")
		hear(SaidDelivered, id+"-2", true)
		stands(t, o.one(t), entdelivery.StatusDELIVERED, "")
	})
}

// A mailbox that is full today is there tomorrow, and a report on a letter from
// before its last proof says nothing of it.
func TestReturnedButThere(t *testing.T) {
	for name, c := range map[string]struct {
		gone   bool
		proven bool // once more, after the letter
	}{"full": {false, false}, "proven since": {true, true}} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				o := newOffice(t, db)
				o.takes("smtp", "EMAIL")
				o.set(t, typ, func(*ent.NotificationSettingCreate) {})
				o.give(t, typ, "It is on its way")
				o.work(t)
				db.Clock.Add(time.Minute)
				o.write(t, func(ctx context.Context, tx *store.Tx) error {
					if c.proven {
						must(t, tx.ContactPoint.UpdateOneID(o.mail.ID).SetVerifiedAt(tx.Now).Exec(ctx))
					}
					found, err := o.Returned(ctx, tx, o.rows(t)[0].ID, true, c.gone)
					if !found {
						t.Error("nobody knows the letter")
					}
					return err
				})
				if row := o.one(t); row.Status != entdelivery.StatusDEAD {
					t.Error(row.Status)
				}
				if p, err := db.Client.ContactPoint.Get(storetest.System(), o.mail.ID); err != nil || p.BouncedAt != nil {
					t.Errorf("%v, %v", p.BouncedAt, err)
				}
			})
		})
	}
}

// A name that a provider gives twice is that of the last message; of a chat and
// a push service no name is believed.
func TestRefOfTheLast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.takes("smtp", "EMAIL")
		o.takes("push", webPush)
		o.set(t, typ, func(c *ent.NotificationSettingCreate) { c.SetChannels([]string{"IN_APP", "EMAIL", webPush}) })
		o.browser(t)
		o.give(t, typ, "one")
		o.work(t)
		o.give(t, typ, "two")
		o.work(t)
		for channel, want := range map[string]int{"EMAIL": 1, webPush: 0} {
			found, err := o.Hear(context.Background(), Said{Type: SaidDelivered, Channel: channel, Ref: map[string]string{"EMAIL": "smtp-1", webPush: "push-1"}[channel]})
			if found != (want > 0) || err != nil {
				t.Error(channel, found, err)
			}
			var got []*ent.Delivery
			for _, row := range o.rows(t) {
				if string(row.Channel) == channel && row.Status == entdelivery.StatusDELIVERED {
					got = append(got, row)
				}
			}
			if len(got) != want || want > 0 && got[0].ID != o.rows(t)[2].ID {
				t.Errorf("%s: %v", channel, got)
			}
		}
	})
}

// A push service that takes nothing is counted, and one message that it takes
// is a new beginning.
func TestFailuresOfABrowser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		down := true
		o.answers("push", webPush, func(Message) (Reply, error) {
			if down {
				return Reply{}, errDown
			}
			return Reply{}, nil
		})
		o.set(t, typ, func(c *ent.NotificationSettingCreate) { c.SetChannels([]string{"IN_APP", webPush}) })
		id := o.browser(t)
		o.give(t, typ, "It is on its way")
		for _, want := range []int{1, 2, 0} {
			down = want > 0
			o.work(t)
			if p, err := db.Client.PushEndpoint.Get(storetest.System(), id); err != nil || p.Failures != want {
				t.Errorf("%d failures, want %d: %v", p.Failures, want, err)
			}
			if row := o.one(t); row.DueAt != nil {
				db.Clock.Add(row.DueAt.Sub(db.Clock.Now()))
			}
		}
	})
}

// What is too much does not go by the dearer channel of an escalation instead.
func TestThrottledHasNoSteps(t *testing.T) {
	t.Parallel()
	s := about(shipped())
	s.set.Throttle = &schema.NotificationThrottle{Limit: 1, Seconds: 60}
	s.set.Escalation = []schema.NotificationEscalation{{Channel: "SMS", After: 600, Unless: "READ"}}
	s.past = []past{{notification: other, channel: "SMS", at: noon.Add(-time.Second)}}
	if got := told(plan(s)); got != "EMAIL QUEUED; WEB_PUSH QUEUED; WEB_PUSH QUEUED" {
		t.Error(got)
	}
	s.past = []past{{notification: other, channel: "EMAIL", at: noon.Add(-time.Second)}}
	if got := told(plan(s)); got != "EMAIL SKIPPED THROTTLED; WEB_PUSH QUEUED; WEB_PUSH QUEUED" {
		t.Error(got)
	}
}

// What is due is found by its index, in order; PostgreSQL plans by what is in
// the table.
func TestDueByIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		if db.Dialect() != "sqlite3" {
			return
		}
		rows, err := db.Query(context.Background(), `EXPLAIN QUERY PLAN `+dueQuery, time.Now(), time.Now(), time.Now(), 10)
		must(t, err)
		defer rows.Close()
		var plan string
		for rows.Next() {
			var id, parent, unused int
			var step string
			must(t, rows.Scan(&id, &parent, &unused, &step))
			plan += fmt.Sprintln(step)
		}
		if !strings.Contains(plan, "delivery_due") || !strings.Contains(plan, "delivery_digest") || strings.Contains(plan, "TEMP B-TREE") {
			t.Error(plan)
		}
	})
}
