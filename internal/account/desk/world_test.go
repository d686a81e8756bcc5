package desk_test

import (
	"bytes"
	"context"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/account/desk"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const password = "correct horse battery"

// world is a database with people and a desk in it.
type world struct {
	*desk.Desk
	people  *account.People
	t       testing.TB
	db      *storetest.DB
	letters int

	admin, anna uuid.UUID
}

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := &world{t: t, db: db}
	sealer, err := store.NewSealer(bytes.Repeat([]byte("0123456789abcdef"), 2))
	w.must(err)
	w.people, err = account.New(account.Options{Store: db.Store, Sealer: sealer, Mail: func(context.Context, *store.Tx, account.Letter) error {
		w.letters++
		return nil
	}})
	w.must(err)
	w.must(w.people.EnsureHouse(storetest.System()))
	w.Desk, err = desk.New(desk.Options{Store: db.Store, People: w.people, SiteURL: &url.URL{Scheme: "https", Host: "account.example.com"}})
	w.must(err)
	w.admin = w.staff("admin@example.com", "")
	w.anna = w.person("anna@example.com")
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(email string) uuid.UUID {
	w.t.Helper()
	id, err := w.people.CreateUser(storetest.System(), account.CreateUser{Email: email, Name: "Anna Ёлкина", Password: password, Verified: true})
	w.must(err)
	return id
}

func (w *world) staff(email, role string) uuid.UUID {
	w.t.Helper()
	id, err := w.people.CreateUser(storetest.System(), account.CreateUser{Email: email, Name: "Olga of the desk", Password: password, Verified: true, Staff: true, Role: role})
	w.must(err)
	return id
}

func nobody() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{IP: "203.0.113.7", UserAgent: "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0", Locale: "en", TimeZone: "UTC", RequestID: "req_test"})
}

// token signs in.
func (w *world) token(login, password string) string {
	w.t.Helper()
	in, err := w.people.SignIn(nobody(), account.SignInInput{Login: login, Password: password})
	w.must(err)
	return *in.Session.Token
}

// as is the context of whoever has a token, acting for another when named.
func (w *world) as(token string, company ...string) context.Context {
	w.t.Helper()
	ctx, err := w.tryAs(token, company...)
	w.must(err)
	return ctx
}

func (w *world) tryAs(token string, company ...string) (context.Context, error) {
	c := account.Caller{Token: token, Locale: "en"}
	if len(company) > 0 {
		c.Company = company[0]
	}
	v, err := w.people.Viewer(context.Background(), c)
	return viewer.With(context.Background(), v), err
}

// desk is the administrator at work.
func (w *world) desk() context.Context {
	w.t.Helper()
	return w.as(w.token("admin@example.com", password))
}

func (w *world) alive(token string) bool {
	v, err := w.people.Viewer(context.Background(), account.Caller{Token: token})
	return err == nil && v.SignedIn()
}

func usr(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: id} }

func ptr[T any](v T) *T { return &v }

// refused says whether an error is a certain refusal.
func refused(t testing.TB, what string, err error, code string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), query, args...)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	return n
}

// audited says how often an act about somebody is on record, by whom.
func (w *world) audited(action string, owner uuid.UUID, actor uuid.UUID, kind string) int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM audit_entries WHERE action = ? AND owner_id = ? AND actor_id = ? AND actor_kind = ?`, action, owner, actor, kind)
}
