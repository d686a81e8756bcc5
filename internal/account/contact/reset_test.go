package contact_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/account/contact"
	"kabinet/internal/credential"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func (w *world) ask(login string) *account.Challenge {
	w.t.Helper()
	c, err := w.RequestPasswordReset(from("203.0.113.7"), contact.RequestPasswordResetInput{Login: login})
	w.must(err)
	return c
}

func (w *world) reset(id scalar.ID, code string) (*contact.Reset, error) {
	return w.ResetPassword(from("203.0.113.7"), contact.ResetPasswordInput{ChallengeID: id, Code: code, NewPassword: another})
}

// A code or a link sets a new password: all sessions end, the old password and
// the other of the two are dead, everybody concerned hears of it.
func TestReset(t *testing.T) { // security D1 D4
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		for i, way := range []string{"code", "link"} {
			w := newWorld(t, db)
			address := way + "@example.com"
			anna := w.person(address)
			ctx := w.as(address, password)
			c := w.ask(strings.ToUpper(address))
			w.post()
			if c.Kind != account.ChallengeKindEmailCode || c.SentTo != nil {
				t.Errorf("%+v", c)
			}
			page, linked, token := w.link(address)
			if u, err := url.Parse(page); err != nil || u.Host != "account.example.com" || linked == c.ID {
				t.Errorf("the link leads to %s", page)
			}
			code := w.code(address)
			id, used, otherID, other := c.ID, code, linked, token
			if way == "link" {
				db.Clock.Add(20 * time.Minute) // longer than a code
				id, used, otherID, other = linked, token, c.ID, code
			}
			done, err := w.reset(id, used)
			w.must(err)
			if done.User.ID != anna || done.Challenge != nil || w.alive(ctx) || !w.alive(w.with(*done.Session.Token)) {
				t.Errorf("%s: %+v", way, done)
			}
			for _, again := range []struct {
				id   scalar.ID
				code string
			}{{id, used}, {otherID, other}} {
				if _, err := w.reset(again.id, again.code); !errors.Is(err, account.ErrInvalidCode) {
					t.Errorf("%s again: %v", way, err)
				}
			}
			if _, err := w.signIn(address, password); !errors.Is(err, account.ErrInvalidCredentials) {
				t.Errorf("the old password: %v", err)
			}
			if _, err := w.signIn(address, another); err != nil {
				t.Errorf("the new password: %v", err)
			}
			if l := w.post(); len(l) == 0 || l[0].to != address || l[0].subject != "A new password was set" {
				t.Errorf("told %+v", l)
			}
			if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'account.reset_password'`); n != i+1 {
				t.Errorf("%d on record", n)
			}
		}
	})
}

// Nothing tells a login that is known from one that is not: the answer, the
// work, when it is asked again and when its code is wrong. Only the owner gets
// a letter. // security A6 A7
func TestResetTellsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		known, blocked := w.person("known@example.com"), w.person("block@example.com")
		_ = blocked
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			if _, err := w.people.Claim(ctx, tx, known, "PHONE", "+442079460018"); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE identities SET login = 'Known.One', login_key = 'known.one' WHERE user_id = ?`, known); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE users SET status = 'BLOCKED' WHERE id = ?`, blocked)
			return err
		}))
		trace := func(login string) (string, int) {
			w.letters = nil
			var c *account.Challenge
			n, _ := db.Statements(func() { c = w.ask(login) })
			jobs := len(w.letters)
			mails := len(w.post())
			id := c.ID
			c.ID = scalar.ID{}
			b, _ := json.Marshal(c)
			_, again := w.RequestPasswordReset(from("203.0.113.7"), contact.RequestPasswordResetInput{Login: login})
			m, _ := db.Statements(func() { _, err := w.reset(id, "000000"); again = errors.Join(again, err) })
			return fmt.Sprint(string(b), n, m, jobs, again), mails
		}
		for _, pair := range [][2]string{{"known@example.com", "knave@example.com"}, {"block@example.com", "knive@example.com"},
			{"020 7946 0018", "020 7946 0019"}, {"KNOWN.one", "nobody.one"}} {
			a, mails := trace(pair[0])
			b, none := trace(pair[1])
			wanted := 1
			if pair[0] == "block@example.com" {
				wanted = 0
			}
			if a != b || mails != wanted || none != 0 {
				t.Errorf("%s: %s, %d letters\n%s: %s, %d letters", pair[0], a, mails, pair[1], b, none)
			}
			db.Clock.Add(2 * time.Minute)
		}
		w.ask("known@example.com' OR 1=1 --") // what is no login is one that nobody has
		w.ask("")
		if l := w.post(); len(l) != 0 {
			t.Errorf("%+v", l)
		}
	})
}

// A code is one of five tries, and one of fifty at once succeeds; of a code
// and a link at the same moment, too. // security D1 D5
func TestResetRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		c := w.ask("anna@example.com")
		w.post()
		_, linked, token := w.link("anna@example.com")
		code := w.code("anna@example.com")
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			id, used := c.ID, code
			if i%2 == 0 {
				id, used = linked, token
			}
			wg.Go(func() {
				if _, err := w.reset(id, used); err == nil {
					won.Add(1)
				} else if !errors.Is(err, account.ErrInvalidCode) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d set a password", won.Load())
		}
		db.Clock.Add(2 * time.Minute)
		c = w.ask("anna@example.com")
		w.post()
		code = w.code("anna@example.com")
		for i := range 5 {
			if _, err := w.reset(c.ID, fmt.Sprintf("%06d", i)); !errors.Is(err, account.ErrInvalidCode) && code != fmt.Sprintf("%06d", i) {
				t.Error(err)
			}
		}
		if _, err := w.reset(c.ID, code); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("the sixth try: %v", err)
		}
		db.Clock.Add(2 * time.Minute)
		first := w.ask("anna@example.com")
		w.post()
		old := w.code("anna@example.com")
		db.Clock.Add(2 * time.Minute)
		newer, err := w.people.ResendCode(from("203.0.113.7"), account.ResendCodeInput{ChallengeID: first.ID})
		w.must(err)
		w.post()
		if _, err := w.reset(first.ID, old); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("a code with a newer one: %v", err)
		}
		db.Clock.Add(11 * time.Minute)
		if _, err := w.reset(newer.ID, w.code("anna@example.com")); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("expired: %v", err)
		}
	})
}

// A code is for its person and its purpose. // security D2
func TestResetPurpose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.person("boris@example.com")
		a, b := w.ask("anna@example.com"), w.ask("boris@example.com")
		w.post()
		if _, err := w.reset(b.ID, w.code("anna@example.com")); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("another's: %v", err)
		}
		if _, err := w.people.ConfirmContact(from(""), account.ConfirmContactInput{ChallengeID: a.ID, Code: w.code("anna@example.com")}); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("as a confirmation: %v", err)
		}
		_, linked, token := w.link("anna@example.com")
		if _, err := w.UndoLoginChange(from(""), contact.UndoLoginChangeInput{ChallengeID: linked, Code: token}); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("as an undoing: %v", err)
		}
		reg, err := w.people.Register(from("203.0.113.7"), account.RegisterInput{Email: ptr("new@example.com"), Password: password})
		w.must(err)
		w.post()
		if _, err := w.reset(reg.Challenge.ID, w.code("new@example.com")); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("a registration's: %v", err)
		}
		for _, bad := range []string{"short", "password", strings.Repeat("x", 1025), "anna@example.com"} { // security A8
			_, err := w.ResetPassword(from("203.0.113.7"), contact.ResetPasswordInput{ChallengeID: linked, Code: token, NewPassword: bad})
			if err == nil || errors.Is(err, account.ErrInvalidCode) {
				t.Errorf("%.10s: %v", bad, err)
			}
		}
		if _, err := w.reset(linked, token); err != nil {
			t.Errorf("after refusals: %v", err)
		}
	})
}

// A link leads to the settings' page or an allowed origin, and nowhere else.
// security D3 D6: nothing is done by fetching it, for the code stands where no
// server is sent it.
func TestResetReturn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		for _, bad := range []string{"//evil.example.com", "https:\\\\evil.example.com", "javascript:alert(1)", "https://shop.example.com.evil.example.com/",
			"https://shop.example.com@evil.example.com/", "http://shop.example.com/", "https://shop.example.com:444/", "/reset", "https://evil.example.com/?https://shop.example.com"} {
			if _, err := w.RequestPasswordReset(from("203.0.113.7"), contact.RequestPasswordResetInput{Login: "anna@example.com", ReturnTo: &bad}); !errors.Is(err, credential.ErrReturnNotAllowed) {
				t.Errorf("%s: %v", bad, err)
			}
		}
		_, err := w.RequestPasswordReset(from("203.0.113.7"), contact.RequestPasswordResetInput{Login: "anna@example.com", ReturnTo: ptr("https://shop.example.com/account?page=reset")})
		w.must(err)
		w.post()
		if page, _, _ := w.link("anna@example.com"); page != "https://shop.example.com/account?page=reset" {
			t.Errorf("the link leads to %s", page)
		}
	})
}

// A reset goes through the one door: who has a second factor is asked for it,
// though the password is changed. // security C6
func TestResetAsksSecondFactor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.people.Factors = func(context.Context, *store.Tx, uuid.UUID) ([]account.Factor, error) {
			return []account.Factor{{Kind: account.ChallengeKindTotp}}, nil
		}
		w.people.SecondFactor = func(_ context.Context, _ *store.Tx, _ uuid.UUID, session *uuid.UUID, h account.Half) (*account.Challenge, error) {
			if h.Method != account.MethodReset || session != nil {
				t.Errorf("%+v", h)
			}
			return &account.Challenge{Kind: account.ChallengeKindTotp}, nil
		}
		c := w.ask("anna@example.com")
		w.post()
		done, err := w.reset(c.ID, w.code("anna@example.com"))
		w.must(err)
		if done.Session != nil || done.User != nil || done.Challenge == nil || w.number(`SELECT count(*) FROM sessions`) != 0 {
			t.Errorf("%+v", done)
		}
	})
}

// The gate learns over which way the reset came, so that no second factor comes
// over the same one. // security C6
func TestResetSaysItsWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.added(w.as("anna@example.com", password), "+442079460018")
		w.people.Factors = func(context.Context, *store.Tx, uuid.UUID) ([]account.Factor, error) {
			return []account.Factor{{Kind: account.ChallengeKindTotp}}, nil
		}
		var via string
		w.people.SecondFactor = func(_ context.Context, _ *store.Tx, _ uuid.UUID, _ *uuid.UUID, h account.Half) (*account.Challenge, error) {
			via = h.Via
			return &account.Challenge{Kind: account.ChallengeKindTotp}, nil
		}
		for _, way := range []struct {
			login  string
			linked bool
			want   string
		}{{"anna@example.com", false, "EMAIL"}, {"anna@example.com", true, "EMAIL"}, {"+442079460018", false, "PHONE"}} {
			db.Clock.Add(2 * time.Minute)
			via = ""
			c := w.ask(way.login)
			w.post()
			id, code := c.ID, w.code(way.login)
			if way.linked {
				_, id, code = w.link(way.login)
			}
			_, err := w.reset(id, code)
			w.must(err)
			if via != way.want {
				t.Errorf("%+v: %q", way, via)
			}
		}
	})
}
