package contact_test

import (
	"bytes"
	"context"
	"regexp"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/account/contact"
	"kabinet/internal/credential"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const (
	password = "correct horse battery"
	another  = "staple battery horse"
)

// world is a database with people in it, and their letters.
type world struct {
	*contact.Contacts
	people *account.People
	t      testing.TB
	db     *storetest.DB
	sealer *store.Sealer

	mu      sync.Mutex
	letters []account.Letter
	got     []letter
}

// letter is one that went out.
type letter struct{ to, subject, text string }

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := &world{t: t, db: db}
	var err error
	w.sealer, err = store.NewSealer(bytes.Repeat([]byte("0123456789abcdef"), 2))
	w.must(err)
	returns, err := credential.NewReturns("https://account.example.com", []string{"https://shop.example.com"})
	w.must(err)
	w.people, err = account.New(account.Options{Store: db.Store, Sealer: w.sealer, SMS: true, Country: "GB", Returns: returns,
		Mail: func(_ context.Context, _ *store.Tx, l account.Letter) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.letters = append(w.letters, l)
			return nil
		}})
	w.must(err)
	w.must(w.people.EnsureHouse(storetest.System()))
	w.Contacts = &contact.Contacts{Store: db.Store, People: w.people, Returns: returns, Page: "https://account.example.com/reset-password",
		Country: "GB", LinkTTL: 30 * 60e9, UndoTTL: 7 * 24 * 3600e9}
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
	id, err := w.people.CreateUser(storetest.System(), account.CreateUser{Email: email, Name: "Anna", Password: password, Verified: true})
	w.must(err)
	return id
}

// from is a caller who is nobody yet.
func from(ip string) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{IP: ip, UserAgent: "test", Locale: "en", TimeZone: "UTC", RequestID: "req_test"})
}

func (w *world) signIn(login, password string) (*account.Welcome, error) {
	return w.people.SignIn(from("203.0.113.7"), account.SignInInput{Login: login, Password: password})
}

// as signs in and gives the person's context.
func (w *world) as(login, password string) context.Context {
	w.t.Helper()
	in, err := w.signIn(login, password)
	w.must(err)
	return w.with(*in.Session.Token)
}

func (w *world) with(token string) context.Context {
	w.t.Helper()
	v, err := w.people.Viewer(from("203.0.113.7"), account.Caller{Token: token})
	w.must(err)
	return viewer.With(context.Background(), v)
}

// alive says whether a session of a context is in force.
func (w *world) alive(ctx context.Context) bool {
	w.t.Helper()
	return w.number(`SELECT count(*) FROM sessions WHERE id = ? AND revoked_at IS NULL`, viewer.From(ctx).SessionID) == 1
}

// post delivers what is waiting, and forgets what was delivered before.
func (w *world) post() []letter {
	w.t.Helper()
	w.mu.Lock()
	waiting := w.letters
	w.letters, w.got = nil, nil
	w.mu.Unlock()
	deliver := w.people.SendLetter(account.Senders{
		Mail: func(_ context.Context, to, subject, text, _, _ string) error {
			w.got = append(w.got, letter{to, subject, text})
			return nil
		},
		SMS: func(_ context.Context, to, text, _ string) error {
			w.got = append(w.got, letter{to, "SMS", text})
			return nil
		},
	})
	for _, l := range waiting {
		w.must(deliver(context.Background(), l))
	}
	return w.got
}

var (
	digits = regexp.MustCompile(`\b\d{6}\b`)
	link   = regexp.MustCompile(`(\S+)#challenge=(chl_\w+)&code=(\w+)`)
)

// code is the one in the letter to somebody; empty where there is none.
func (w *world) code(to string) string {
	for _, l := range w.got {
		if l.to == to {
			if c := digits.FindString(l.text); c != "" {
				return c
			}
		}
	}
	return ""
}

// secret is the code of a challenge, which only a thief of the keys can read.
func (w *world) secret(id scalar.ID) string {
	w.t.Helper()
	c, err := w.db.OpenChallenge(context.Background(), w.sealer, id.UUID)
	w.must(err)
	var e struct{ Sent []struct{ Code string } }
	w.must(c.Read(&e))
	return e.Sent[0].Code
}

// link is the one in the letter to somebody: its page, challenge and code.
func (w *world) link(to string) (page string, challenge scalar.ID, code string) {
	w.t.Helper()
	for _, l := range w.got {
		if m := link.FindStringSubmatch(l.text); l.to == to && m != nil {
			id, err := scalar.ParseID(m[2])
			w.must(err)
			return m[1], id, m[3]
		}
	}
	return "", scalar.ID{}, ""
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

func ptr[T any](v T) *T { return &v }
