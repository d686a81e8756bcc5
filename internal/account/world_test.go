package account_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const password = "correct horse battery"

// world is a database with people in it.
type world struct {
	*account.People
	t       testing.TB
	db      *storetest.DB
	sealer  *store.Sealer
	mu      sync.Mutex
	letters []account.Letter
	log     bytes.Buffer
}

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	return newWorldWith(t, db, func(*account.Options) {})
}

func newWorldWith(t testing.TB, db *storetest.DB, set func(*account.Options)) *world {
	t.Helper()
	w := &world{t: t, db: db}
	var err error
	w.sealer, err = store.NewSealer(bytes.Repeat([]byte("0123456789abcdef"), 2))
	w.must(err)
	o := account.Options{
		Store: db.Store, Sealer: w.sealer, Log: slog.New(slog.NewTextHandler(io.Writer(&w.log), nil)),
		Mail: func(_ context.Context, _ *store.Tx, l account.Letter) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.letters = append(w.letters, l)
			return nil
		},
	}
	set(&o)
	w.People, err = account.New(o)
	w.must(err)
	w.must(w.EnsureHouse(storetest.System()))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// person makes somebody who can sign in.
func (w *world) person(email string) uuid.UUID {
	w.t.Helper()
	return w.create(account.CreateUser{Email: email, Name: "Anna", Password: password, Verified: true})
}

func (w *world) create(in account.CreateUser) uuid.UUID {
	w.t.Helper()
	id, err := w.CreateUser(storetest.System(), in)
	w.must(err)
	return id
}

// from is a caller who is nobody yet, at an address with a program.
func from(ip, agent string) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{IP: ip, UserAgent: agent, Locale: "en", TimeZone: "UTC", RequestID: "req_test"})
}

func (w *world) signIn(ctx context.Context, email, password string) (*account.Welcome, error) {
	return w.SignIn(ctx, account.SignInInput{Login: email, Password: password})
}

// token signs in and gives the token.
func (w *world) token(ctx context.Context, email string) string {
	w.t.Helper()
	in, err := w.signIn(ctx, email, password)
	w.must(err)
	return *in.Session.Token
}

// as is the context of whoever has the token.
func (w *world) as(token string) context.Context {
	w.t.Helper()
	v, err := w.Viewer(context.Background(), account.Caller{Token: token})
	w.must(err)
	return viewer.With(context.Background(), v)
}

// alive says whether a token is in force.
func (w *world) alive(token string) bool {
	w.t.Helper()
	v, err := w.Viewer(from("", ""), account.Caller{Token: token})
	return err == nil && v.SignedIn()
}

// code reads the code of a challenge as its letter would.
func (w *world) code(id scalar.ID) string {
	w.t.Helper()
	c, err := w.db.OpenChallenge(context.Background(), w.sealer, id.UUID)
	w.must(err)
	var r struct{ Sent []struct{ Code string } }
	w.must(c.Read(&r))
	return r.Sent[0].Code
}

func (w *world) register(ctx context.Context, email string) *account.Challenge {
	w.t.Helper()
	made, err := w.Register(ctx, account.RegisterInput{Email: &email, Password: password})
	w.must(err)
	return made.Challenge
}

func (w *world) confirm(id scalar.ID, code string) (*account.Confirmed, error) {
	return w.ConfirmContact(from("203.0.113.7", "test"), account.ConfirmContactInput{ChallengeID: id, Code: code})
}

// number reads one number.
func (w *world) number(query string, args ...any) (n int) {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), query, args...)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	return n
}

// dump is every text and blob of the tables that hold secrets.
func (w *world) dump() string {
	w.t.Helper()
	var all strings.Builder
	for _, q := range []string{
		`SELECT token_hash FROM sessions`, `SELECT coalesce(secret, '') FROM identities`, `SELECT data FROM challenges`,
		`SELECT secret_hash FROM challenges`, `SELECT key FROM rate_limits`, `SELECT payload FROM account_events`,
		`SELECT coalesce(changes, '{}') FROM audit_entries`,
	} {
		rows, err := w.db.Query(context.Background(), q)
		w.must(err)
		for rows.Next() {
			var b []byte
			w.must(rows.Scan(&b))
			all.Write(b)
			all.WriteByte('\n')
		}
		w.must(rows.Err())
		w.must(rows.Close())
	}
	return all.String()
}

// template is what a letter is rendered from.
func (w *world) template(l account.Letter) string {
	w.t.Helper()
	c, err := w.db.OpenChallenge(context.Background(), w.sealer, uuid.MustParse(l.ChallengeID))
	w.must(err)
	var r struct {
		Sent []struct{ Template, Locale string }
	}
	w.must(c.Read(&r))
	return r.Sent[l.N].Template
}
