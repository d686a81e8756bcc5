package store_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// fact is a made-up fact.
type fact struct{ ID uuid.UUID }

func (fact) Kind() string                   { return "test.fact" }
func (f fact) Subject() (string, uuid.UUID) { return "usr", f.ID }

func makeUser(t *testing.T, db *storetest.DB, name string) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
		if err != nil {
			return err
		}
		id = u.ID
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The migrated database is what ent would make: the same columns, indexes and
// constraints on each of its tables.
func TestMigrationsEqualSchema(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		made := storetest.Empty(t, db)
		m, err := schema.NewMigrate(entsql.OpenDB(made.Dialect(), made.Writer()))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Create(context.Background(), store.Tables()...); err != nil {
			t.Fatal(err)
		}
		want, got := catalogue(t, made), catalogue(t, db)
		if len(want) < 100 {
			t.Fatalf("the catalogue has only %d rows", len(want))
		}
		for row := range want {
			if !got[row] {
				t.Errorf("the migrations do not make: %s", row)
			}
		}
		for row := range got {
			if !want[row] {
				t.Errorf("the migrations make, ent does not: %s", row)
			}
		}
	})
}

// respelt takes away what PostgreSQL writes anew each time it reads a CHECK,
// and the quotes that SQLite puts around a table that was renamed.
var respelt = strings.NewReplacer("::character varying", "", "::text", "", "[]", "", "(", "", ")", "", "`", "", `"`, "")

// catalogue lists what the database says of ent's tables.
func catalogue(t *testing.T, db *storetest.DB) map[string]bool {
	t.Helper()
	query := `SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'`
	if db.Dialect() == dialect.Postgres {
		query = `SELECT table_name, column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'
			UNION ALL SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`
	}
	rows, err := db.Query(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	ours := map[string]bool{}
	for _, table := range store.Tables() {
		ours[table.Name] = true
	}
	found := map[string]bool{}
	for rows.Next() {
		var table, what string
		if err := rows.Scan(&table, &what); err != nil {
			t.Fatal(err)
		}
		if ours[strings.Trim(table, `"`)] {
			// The order of columns is of no account.
			for part := range strings.SplitSeq(respelt.Replace(strings.Replace(what, " (", ", (", 1)), ", ") {
				found[table+": "+part] = true
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestStreamsAreDenseUnderConcurrency(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		a, b := makeUser(t, db, "a"), makeUser(t, db, "b")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
						tx.Tell(fact{a}, store.ToUser(a), store.ToUser(b), store.ToHouse())
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, u := range []uuid.UUID{a, b} {
			events, err := db.ReadStream(context.Background(), u, 0, 1000)
			if err != nil || len(events) != 80 {
				t.Fatalf("%d events, %v", len(events), err)
			}
			for i, e := range events {
				if e.Seq != int64(i)+1 {
					t.Fatalf("hole: %d at %d", e.Seq, i)
				}
			}
		}
		heard := 0
		n, err := db.Hear(storetest.System(), 1000, []store.Hearer{{Name: "h", Kinds: []string{"test.fact"}, On: func(context.Context, *store.Tx, event.Stored) error {
			heard++
			return nil
		}}}, nil)
		if err != nil || n != 80 || heard != 80 {
			t.Fatalf("each fact is heard once, whatever its streams: %d, %d, %v", n, heard, err)
		}
		bells := 0
		for {
			n, err := db.Claim(context.Background(), 100, func(b []event.Bell) error { bells += len(b); return nil })
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
		if bells == 0 {
			t.Fatal("no bell rang")
		}
	})
}

func TestTrimmedStreamExpires(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		u := makeUser(t, db, "u")
		tell := func() {
			t.Helper()
			if err := db.InTx(storetest.System(), func(_ context.Context, tx *store.Tx) error {
				tx.Tell(fact{u}, store.ToUser(u))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		tell()
		tell()
		if _, err := db.Hear(storetest.System(), 10, nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Claim(context.Background(), 10, func([]event.Bell) error { return nil }); err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(3600e9)
		tell()
		if err := db.Trim(storetest.System(), 1800e9); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ReadStream(context.Background(), u, 1, 10); !errors.Is(err, fault.ErrCursorExpired) {
			t.Fatalf("a trimmed place must expire, got %v", err)
		}
		events, err := db.ReadStream(context.Background(), u, 2, 10)
		if err != nil || len(events) != 1 || events[0].Seq != 3 {
			t.Fatalf("%v %v", events, err)
		}
	})
}

func TestFenceDeniesForeignRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F1 F11
		a, b := makeUser(t, db, "a"), makeUser(t, db, "b")
		err := db.InTx(storetest.As(a), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Address.Create().SetOwnerID(b).SetLines([]string{"x"}).Save(ctx)
			return err
		})
		if fault.KindOf(err) != fault.Forbidden {
			t.Fatalf("create for another: %v", err)
		}
		if _, err := db.Client.User.Get(storetest.As(a), b); err == nil {
			t.Fatal("read of another person")
		}
		if _, err := db.Client.User.Get(context.Background(), a); err == nil {
			t.Fatal("nobody read a person")
		}
		err = db.InTx(storetest.As(a), func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(b).SetDisplayName("mine").Exec(ctx)
		})
		if !errors.Is(err, fault.ErrNotFound) {
			t.Fatalf("update of another: %v", err)
		}
	})
}

func TestAppendOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K16
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO ledger_lot_moves (entry_id, lot_id, amount) VALUES (?, ?, 1)`, uuid.New(), uuid.New())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`UPDATE ledger_lot_moves SET amount = 2`, `DELETE FROM ledger_lot_moves`} {
			err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, q)
				return err
			})
			if err == nil {
				t.Errorf("allowed: %s", q)
			}
		}
	})
}

func TestOnceReplays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K4 K5 K6
		a := makeUser(t, db, "a")
		ran := 0
		call := func(key string, input any, dry bool, fail error) (int, bool, error) {
			var out int
			var replayed bool
			err := db.InDryTx(storetest.As(a), dry, func(ctx context.Context, tx *store.Tx) (err error) {
				replayed, err = tx.Once(ctx, "op", key, input, &out, func() error {
					ran++
					out = 7
					return fail
				})
				return err
			})
			return out, replayed, err
		}
		_, _, err := call("k", 1, false, fault.ErrConflict)
		if !errors.Is(err, fault.ErrConflict) {
			t.Fatal(err)
		}
		if _, _, err = call("k", 1, true, nil); err != nil {
			t.Fatal(err)
		}
		if out, replayed, err := call("k", 1, false, nil); err != nil || replayed || out != 7 {
			t.Fatal(out, replayed, err)
		}
		if out, replayed, err := call("k", 1, false, nil); err != nil || !replayed || out != 7 {
			t.Fatal(out, replayed, err)
		}
		if _, _, err := call("k", 2, false, nil); !errors.Is(err, fault.ErrIdempotencyKeyReused) {
			t.Fatal(err)
		}
		if ran != 3 {
			t.Fatalf("ran %d times", ran)
		}
	})
}

// PostgreSQL stops a statement that takes too long, whoever waits for it. The
// URL says how long; proofs and migrations are exempt. security G16
func TestStatementTimeout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		if db.Dialect() != dialect.Postgres {
			return
		}
		ctx := context.Background()
		shown := func(s *store.Store) (value string) {
			if err := s.Writer().QueryRow(`SHOW statement_timeout`).Scan(&value); err != nil {
				t.Fatal(err)
			}
			return value
		}
		if got := shown(db.Store); got != "1min" {
			t.Errorf("statement_timeout is %s", got)
		}
		for option, want := range map[string]string{"statement_timeout=50": "50ms", "options=-c%20statement_timeout%3D50": "50ms"} {
			u, err := url.Parse(db.URL)
			if err != nil {
				t.Fatal(err)
			}
			u.RawQuery += "&" + option
			s, err := store.Open(ctx, store.Options{URL: u.String()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if got := shown(s); got != want {
				t.Errorf("with %s statement_timeout is %s", option, got)
			}
			slow, err := s.Query(ctx, `SELECT pg_sleep(10)`)
			if err == nil {
				defer slow.Close()
				err = slow.Err()
			}
			if fault.KindOf(err) != fault.Unavailable {
				t.Errorf("a statement that takes too long: %v", err)
			}
			err = s.InSnapshot(ctx, func(ctx context.Context, snap *store.Snapshot) error {
				rows, err := snap.Query(ctx, `SELECT pg_sleep(0.1)`)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() { // to its end
				}
				return rows.Err()
			})
			if err != nil {
				t.Errorf("a proof was stopped: %v", err)
			}
		}
	})
}
