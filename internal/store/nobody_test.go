package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	generated "kabinet/ent/generated"
	"kabinet/ent/generated/order"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// openTypes are the types that everybody may read: what the business shows.
var openTypes = []string{generated.TypeBonusProgram, generated.TypeClub, generated.TypeConsentDocument, generated.TypeFeeRule, generated.TypeNotificationSetting, generated.TypeReason, generated.TypeTier}

// partlyOpen are the types of which everybody reads some rows, and which.
var partlyOpen = map[string]string{
	generated.TypeProduct: `NOT rows.exclusive`,
	generated.TypeReview:  `rows.status = ?`, // PUBLISHED
	generated.TypeArticle: `rows.status = 'PUBLISHED' AND (rows.audience = 'EVERYBODY') AND (rows.category_id IS NULL OR rows.category_id IN (SELECT ac.id FROM article_categories AS ac WHERE (ac.shown_to = 'EVERYBODY')))`,

	generated.TypeArticleCategory: `(rows.shown_to = 'EVERYBODY')`,
}

// forStranger are those of them of which whoever is signed in reads more, and
// what is always asked of it.
var forStranger = map[string]string{
	generated.TypeArticle:         `rows.status = 'PUBLISHED' AND (rows.audience = 'EVERYBODY' OR rows.audience = 'SIGNED_IN' OR rows.audience = 'PARTNERS' AND EXISTS (SELECT 1 FROM memberships`,
	generated.TypeArticleCategory: `(rows.shown_to = 'EVERYBODY' OR rows.shown_to = 'SIGNED_IN' OR rows.shown_to = 'PARTNERS' AND EXISTS (SELECT 1 FROM memberships`,
}

// A context without a viewer comes to no row of any table: reads find nothing,
// updates and deletes change nothing, creates are refused. Each type of the
// schema is asked, so that a new one is covered (security F11, F12, F13).
func TestNobodyIsDenied(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		nobody, stranger := context.Background(), storetest.As(uuid.Must(uuid.NewV7()))
		for _, typ := range slices.Sorted(maps.Keys(store.Scopes)) {
			for who, ctx := range map[string]context.Context{"nobody": nobody, "a stranger": stranger} {
				where := fencedBy(t, db, ctx, typ)
				if open := where == ""; open != slices.Contains(openTypes, typ) {
					t.Errorf("%s: %s reads WHERE %q", typ, who, where)
				}
				some := partlyOpen[typ]
				if more := forStranger[typ]; more != "" && who != "nobody" {
					some = more
				}
				if some != "" {
					if plain := strings.NewReplacer("`", "", `"`, "", "$1", "?").Replace(where); who == "nobody" && plain != some || !strings.Contains(plain, some) {
						t.Errorf("%s: %s reads WHERE %q", typ, who, where)
					}
				} else if who == "nobody" && !slices.Contains(openTypes, typ) && !strings.Contains(strings.ToUpper(where), "FALSE") {
					t.Errorf("%s: nobody reads WHERE %q", typ, where)
				}
			}
			var made error
			_, log := db.Statements(func() {
				if err := db.InTx(nobody, func(ctx context.Context, tx *store.Tx) error {
					client := reflect.ValueOf(tx).Elem().FieldByName(typ)
					made = exec(ctx, client.MethodByName("Create"))
					return exec(ctx, client.MethodByName("Delete"))
				}); err != nil {
					t.Errorf("%s: nobody deletes: %v", typ, err)
				}
			})
			if fault.KindOf(made) != fault.Forbidden && fault.KindOf(made) != fault.Unauthenticated {
				t.Errorf("%s: nobody creates: %v", typ, made)
			}
			if !slices.ContainsFunc(log, func(s string) bool { return strings.Contains(s, "DELETE") && strings.Contains(s, "FALSE") }) ||
				slices.ContainsFunc(log, func(s string) bool { return strings.Contains(s, "INSERT") }) {
				t.Errorf("%s: nobody: %v", typ, log)
			}
		}
	})
}

// exec makes what a client's method begins and runs it.
func exec(ctx context.Context, begin reflect.Value) error {
	out := begin.Call(nil)[0].MethodByName("Exec").Call([]reflect.Value{reflect.ValueOf(ctx)})
	err, _ := out[len(out)-1].Interface().(error)
	return err
}

// fencedBy is what the fence adds to a read, as SQL.
func fencedBy(t *testing.T, db *storetest.DB, ctx context.Context, typ string) string {
	t.Helper()
	fence, err := db.Fence(ctx, typ)
	if err != nil {
		t.Fatal(err)
	}
	q := sql.Dialect(db.Dialect()).Select("id").From(sql.Table("rows"))
	if fence != nil {
		fence(q)
	}
	text, _ := q.Query()
	_, where, _ := strings.Cut(text, "WHERE ")
	return where
}

// Bulk updates and deletes of one person leave another's rows, also where the
// condition asks for them by name; a step past the fence ends with its own
// context (security F13).
func TestBulkStaysInside(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		a, b := makeUser(t, db, "a"), makeUser(t, db, "b")
		makeOrder(t, db, a, a, "of-a")
		makeOrder(t, db, b, b, "of-b")
		ctx := storetest.As(a)
		if n := db.Client.Order.Query().CountX(viewer.AsSystem(ctx, "test")); n != 2 {
			t.Fatalf("the system sees %d", n)
		}
		if n := db.Client.Order.Query().WithLines().CountX(ctx); n != 1 {
			t.Errorf("after the system looked he sees %d", n)
		}
		for what, change := range map[string]func(ctx context.Context, tx *store.Tx) (int, error){
			"all": func(ctx context.Context, tx *store.Tx) (int, error) { return tx.Order.Update().SetNote("x").Save(ctx) },
			"his by name": func(ctx context.Context, tx *store.Tx) (int, error) {
				return tx.Order.Update().Where(order.Or(order.OwnerID(a), order.OwnerID(b))).SetNote("x").Save(ctx)
			},
			"deleted": func(ctx context.Context, tx *store.Tx) (int, error) { return tx.OrderLine.Delete().Exec(ctx) },
		} {
			if err := db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				if n, err := change(ctx, tx); err != nil || n != 1 {
					t.Errorf("%s: %d rows, %v", what, n, err)
				}
				return errRolledBack
			}); !errors.Is(err, errRolledBack) {
				t.Error(err)
			}
		}
	})
}

var errRolledBack = errors.New("rolled back")

// What rode in a pooled connection for one caller does not ride on for the
// next: after transactions that committed, failed and were cancelled, no
// setting of any connection differs from a new one's (security F12).
func TestConnectionsCarryNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		if db.Dialect() != dialect.Postgres {
			return // a connection to SQLite has no settings of a session but its pragmas
		}
		fresh, err := store.Open(context.Background(), store.Options{URL: db.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer fresh.Close()
		want := settings(t, fresh)
		var wg sync.WaitGroup
		for i := range 24 {
			ctx, cancel := context.WithCancel(storetest.As(uuid.Must(uuid.NewV7())))
			wg.Go(func() {
				defer cancel()
				_ = db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
					if _, err := tx.Exec(ctx, `SELECT pg_sleep(0.02)`); err != nil {
						return err
					}
					switch i % 3 {
					case 1:
						return errRolledBack
					case 2:
						time.AfterFunc(time.Millisecond, cancel)
						_, err := tx.Exec(ctx, `SELECT pg_sleep(5)`)
						return err
					}
					return nil
				})
			})
		}
		wg.Wait()
		var all sync.WaitGroup
		for range 16 { // as many as the pool holds
			all.Go(func() {
				if got := settings(t, db.Store); got != want {
					t.Errorf("a connection that was used has\n%s\na new one\n%s", got, want)
				}
			})
		}
		all.Wait()
	})
}

// settings are those of one connection's session, held for a moment so that
// each asks another.
func settings(t *testing.T, s *store.Store) string {
	t.Helper()
	conn, err := s.Writer().Conn(context.Background())
	if err != nil {
		t.Error(err)
		return ""
	}
	defer conn.Close()
	rows, err := conn.QueryContext(context.Background(), `SELECT name, setting FROM pg_settings WHERE source IN ('session', 'client') ORDER BY name`)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer rows.Close()
	all := ""
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			t.Error(err)
		}
		all += fmt.Sprintln(name, value)
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	time.Sleep(20 * time.Millisecond)
	return all
}
