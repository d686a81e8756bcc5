package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
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

// Many facts are heard in one transaction where each stands on a person's own
// stream; one that fails takes none of the others with it.
func TestFactsAreHeardTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		var people []uuid.UUID
		for range 6 {
			people = append(people, makeUser(t, db, "u"))
		}
		tell := func(to ...store.Stream) {
			for _, s := range to {
				if err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
					tx.Tell(fact{uuid.New()}, s)
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
		}
		bad := people[2]
		var heard, failed []uuid.UUID
		hearer := store.Hearer{Name: "own", Kinds: []string{"test.fact"}, Own: true, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
			heard = append(heard, e.StreamID)
			if err := tx.User.Update().Where(user.ID(e.StreamID)).SetGivenName("heard").Exec(ctx); err != nil {
				return err
			}
			if e.StreamID == bad {
				return errors.New("broken")
			}
			return nil
		}}
		hear := func() {
			t.Helper()
			n, err := db.Hear(storetest.System(), 100, []store.Hearer{hearer}, func(_ context.Context, _ *store.Tx, _ string, e event.Stored, _ error) error {
				failed = append(failed, e.StreamID)
				return nil
			})
			if err != nil || n != 6 {
				t.Fatal(n, err)
			}
		}
		tell(store.ToUser(people[0]), store.ToUser(people[1]), store.ToUser(people[2]), store.ToHouse(), store.ToUser(people[3]), store.ToUser(people[4]))
		hear()
		if got := heard[len(heard)-2:]; !slices.Equal(got, people[3:5]) {
			t.Errorf("the last ones heard are %v", got)
		}
		if !slices.Equal(failed, []uuid.UUID{bad}) {
			t.Errorf("failed: %v", failed)
		}
		for i, p := range people {
			u := db.Client.User.GetX(storetest.System(), p)
			if want := i < 5 && p != bad; want != (u.GivenName != nil) {
				t.Errorf("person %d heard: %v", i, u.GivenName)
			}
		}
		bad = uuid.Nil
		var to []store.Stream
		for _, p := range people {
			to = append(to, store.ToUser(p))
		}
		tell(to...)
		n, log := db.Statements(hear)
		if n > 30 { // an update and a hook's each, and six around them
			t.Errorf("%d statements:\n%s", n, strings.Join(log, "\n"))
		}
	})
}

// A fact of a kind that nobody hears counts as heard.
func TestWhatNobodyHears(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u := makeUser(t, db, "u")
		db.Hearing([]store.Hearer{{Name: "h", Kinds: []string{"test.fact"}}})
		err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
			tx.Tell(fact{u}, store.ToUser(u))
			tx.TellUnread(event.NotificationAdded{NotificationID: uuid.New()}, u, 1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		n, err := db.Hear(storetest.System(), 10, nil, nil)
		if err != nil || n != 1 {
			t.Fatal(n, err)
		}
	})
}

// Facts told to many people at once: each stream is numbered without a hole,
// each count is right, and who is not there is told of.
func TestManyAreToldAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		var people []uuid.UUID
		for range 5 {
			people = append(people, makeUser(t, db, "u"))
		}
		company := uuid.New()
		for range 2 {
			err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
				for i, p := range people {
					for range i + 1 {
						tx.TellUnread(event.NotificationAdded{NotificationID: uuid.New()}, p, 1)
					}
				}
				tx.Tell(fact{people[0]}, store.ToCompany(company), store.ToUser(people[1]))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i, p := range people {
			events, err := db.ReadStream(context.Background(), p, 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			want := 2 * (i + 1)
			if i == 1 {
				want += 2
			}
			if u := db.Client.User.GetX(storetest.System(), p); len(events) != want || u.UnreadCount != int64(2*(i+1)) {
				t.Errorf("person %d: %d events, not %d; %d unread", i, len(events), want, u.UnreadCount)
			}
			var last struct{ UnreadCount int64 }
			for k, e := range events {
				if e.Seq != int64(k+1) {
					t.Errorf("person %d: number %d at %d", i, e.Seq, k)
				}
				if e.Kind == "notification.added" {
					before := last.UnreadCount
					if err := json.Unmarshal(e.Payload, &last); err != nil || last.UnreadCount != before+1 {
						t.Errorf("person %d: %d unread after %d, %v", i, last.UnreadCount, before, err)
					}
				}
			}
		}
		for n := range 4 {
			err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
				for _, p := range append([]uuid.UUID{uuid.New()}, people[:n]...) {
					tx.Tell(fact{p}, store.ToUser(p))
				}
				return nil
			})
			if err == nil {
				t.Errorf("nobody was told beside %d people", n)
			}
		}
	})
}

// Writes at once are one statement on PostgreSQL; ent's hooks, ids and defaults
// are as ever, the last write says what it changed, and one that fails takes
// all with it.
func TestWritesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u := makeUser(t, db, "u")
		ctx := storetest.System()
		var points []*ent.ContactPoint
		var changed int64
		write := func(value string) (int, error) {
			var err error
			n, _ := db.Statements(func() {
				err = db.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
					changed, err = tx.AtOnce(ctx, func(ctx context.Context) (err error) {
						points, err = tx.ContactPoint.CreateBulk(
							tx.ContactPoint.Create().SetUserID(u).SetKind(contactpoint.KindEMAIL).SetValue(value).SetValueKey(value),
							tx.ContactPoint.Create().SetUserID(u).SetKind(contactpoint.KindEMAIL).SetValue(value+"2").SetValueKey(value+"2"),
						).Save(ctx)
						if err != nil {
							return err
						}
						if err := tx.Address.Create().SetOwnerID(u).SetUserID(u).SetKind(address.KindADDRESS).SetLines([]string{"1"}).Exec(ctx); err != nil {
							return err
						}
						if err := tx.User.Update().Where(user.ID(u)).SetGivenName(value).Exec(ctx); err != nil {
							return err
						}
						_, err = tx.Exec(ctx, `UPDATE streams SET kind = ? WHERE id = ?`, value, uuid.New())
						return err
					})
					return err
				})
			})
			return n, err
		}
		n, err := write("a@example.com")
		if err != nil || changed != 0 || len(points) != 2 {
			t.Fatal(changed, points, err)
		}
		if want := map[string]int{dialect.Postgres: 1, dialect.SQLite: 4}[db.Dialect()]; n != want {
			t.Errorf("%d statements, not %d", n, want)
		}
		for _, p := range points {
			stored, err := db.Client.ContactPoint.Get(ctx, p.ID)
			if err != nil || stored.Value != p.Value || !stored.CreatedAt.Equal(db.Now()) || stored.UserID != u {
				t.Errorf("%+v is stored as %+v, %v", p, stored, err)
			}
		}
		if got := db.Client.User.GetX(ctx, u); got.GivenName == nil || *got.GivenName != "a@example.com" {
			t.Errorf("the name is %v", got.GivenName)
		}
		if _, err := write("a@example.com"); !store.IsUnique(err) {
			t.Errorf("the same again: %v", err)
		}
		if n := db.Client.Address.Query().CountX(ctx); n != 1 {
			t.Errorf("%d addresses", n)
		}
		err = db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.AtOnce(ctx, func(ctx context.Context) error {
				_, err := tx.AtOnce(ctx, func(context.Context) error { return nil })
				return err
			})
			return err
		})
		if err == nil {
			t.Error("writes at once inside writes at once")
		}
	})
}

// Who may not write a row may not write it at once either.
func TestTheFenceStandsAroundWritesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		alice, bob := makeUser(t, db, "alice"), makeUser(t, db, "bob")
		err := db.InTx(storetest.As(alice), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.AtOnce(ctx, func(ctx context.Context) error {
				return tx.Address.Create().SetOwnerID(bob).SetKind(address.KindADDRESS).SetLines([]string{"1"}).Exec(ctx)
			})
			return err
		})
		if fault.KindOf(err) != fault.Forbidden {
			t.Errorf("another's row was made: %v", err)
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
