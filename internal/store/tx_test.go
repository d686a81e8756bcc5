package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func TestTransactionsDoNotNest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		err := db.InTx(storetest.System(), func(ctx context.Context, _ *store.Tx) error {
			return db.InTx(ctx, func(context.Context, *store.Tx) error { return nil })
		})
		if err == nil {
			t.Fatal("a transaction inside a transaction")
		}
		err = db.InTx(storetest.System(), func(ctx context.Context, _ *store.Tx) error {
			_, err := db.Client.User.Query().Count(ctx)
			return err
		})
		if err == nil {
			t.Fatal("a statement beside the open transaction")
		}
		if _, err := db.Client.User.Create().SetDisplayName("x").Save(storetest.System()); err == nil {
			t.Fatal("a write outside a transaction")
		}
	})
}

func TestPanicRollsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		func() {
			defer func() { _ = recover() }()
			_ = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				tx.User.Create().SetDisplayName("x").SaveX(ctx)
				panic("boom")
			})
		}()
		n, err := db.Client.User.Query().Count(storetest.System())
		if err != nil || n != 0 {
			t.Fatal(n, err)
		}
	})
}

func TestDryRunKeepsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		err := db.InDryTx(storetest.System(), true, func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.User.Create().SetDisplayName("x").Save(ctx)
			if err == nil {
				tx.Tell(fact{u.ID}, store.ToUser(u.ID))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := db.Client.User.Query().CountX(storetest.System()); n != 0 {
			t.Fatalf("a dry run kept %d rows", n)
		}
	})
}

func TestAFailingHearerDoesNotStopTheRest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u := makeUser(t, db, "u")
		if err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
			tx.Tell(fact{u}, store.ToUser(u))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		broken := store.Hearer{Name: "broken", Kinds: []string{"test.fact"}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
			tx.Tell(fact{u}, store.ToUser(u)) // must not survive
			if _, err := tx.Exec(ctx, `INSERT INTO streams (id, kind) VALUES (?, 'x')`, uuid.New()); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `SELECT no_such_column FROM users`)
			return err
		}}
		sound := store.Hearer{Name: "sound", Kinds: []string{"test.fact"}, On: func(ctx context.Context, tx *store.Tx, _ event.Stored) error {
			return tx.User.UpdateOneID(u).SetGivenName("heard").Exec(ctx)
		}}
		var failed []string
		n, err := db.Hear(storetest.System(), 10, []store.Hearer{broken, sound}, func(_ context.Context, _ *store.Tx, hearer string, _ event.Stored, _ error) error {
			failed = append(failed, hearer)
			return nil
		})
		if err != nil || n != 1 || len(failed) != 1 || failed[0] != "broken" {
			t.Fatal(n, failed, err)
		}
		if got := db.Client.User.GetX(storetest.System(), u); got.GivenName == nil {
			t.Fatal("the sound hearer did not hear")
		}
		if events, _ := db.ReadStream(context.Background(), u, 0, 10); len(events) != 1 {
			t.Fatalf("the broken hearer's tale was kept: %d events", len(events))
		}
	})
}

func TestUnreadCountTravelsWithTheFact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u := makeUser(t, db, "u")
		err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
			tx.TellUnread(event.NotificationAdded{NotificationID: uuid.New()}, u, 1)
			tx.TellUnread(event.NotificationAdded{NotificationID: uuid.New()}, u, 1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		events, err := db.ReadStream(context.Background(), u, 0, 10)
		if err != nil || len(events) != 2 {
			t.Fatal(events, err)
		}
		for i, want := range []string{`"unreadCount": 1`, `"unreadCount": 2`} {
			if got := string(events[i].Payload); !contains(got, want) {
				t.Errorf("%s does not say %s", got, want)
			}
		}
		err = db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
			tx.TellUnread(event.NotificationsChanged{NotificationID: uuid.New()}, u, -3)
			return nil
		})
		if !store.IsCheck(err) {
			t.Fatalf("a count below zero: %v", err)
		}
	})
}

func contains(s, part string) bool {
	compact := func(s string) (out string) {
		for _, r := range s {
			if r != ' ' {
				out += string(r)
			}
		}
		return out
	}
	s, part = compact(s), compact(part)
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func TestLostDatabaseIsUnavailable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security L4
		ctx, cancel := context.WithTimeout(storetest.System(), time.Nanosecond)
		defer cancel()
		<-ctx.Done()
		err := db.InTx(ctx, func(context.Context, *store.Tx) error { return nil })
		if !errors.Is(err, fault.ErrUnavailable) {
			t.Fatal(err)
		}
	})
}
