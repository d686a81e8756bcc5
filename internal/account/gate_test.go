package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/role"
	"kabinet/ent/schema"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}))
}

func (w *world) admit(ctx context.Context, f account.Proof) (e *account.Entrance, err error) {
	err = w.db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, err = w.Admit(ctx, tx, f)
		return err
	})
	return e, err
}

// An address, a number or a name: each finds the person, however it is
// written, and each that nobody has proven or taken is the same refusal after
// the same work (security A6, A7, A10).
func TestLogins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, func(o *account.Options) { o.Country, o.SMS = "GB", true })
		anna := w.person("anna@example.com")
		w.person("boris@example.com")
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := w.Claim(ctx, tx, anna, contactpoint.KindPHONE, "+442079460018")
			return err
		}))
		if _, err := w.ChangeLogin(w.as(w.token(from("", ""), "anna@example.com")), account.ChangeLoginInput{Login: some("Anna.K")}); err != nil {
			t.Fatal(err)
		}
		for _, login := range []string{"anna@example.com", "ANNA@Example.com.", "+44 20 7946 0018", "020 7946 0018", "anna.k", " ANNA.K "} {
			if in, err := w.signIn(from("", ""), login, password); err != nil || in.User.ID != anna {
				t.Errorf("%q: %v", login, err)
			}
		}
		statements, refusal := -1, ""
		for i, login := range []string{"anna.k", "anna_k", "boris", "+442079460019", "+442079460018", "anna@example.com", "nobody@example.com", "x", "\x00", "a\x00bc", "020 7946 0018", strings.Repeat("x", 5000)} {
			before := w.Hashed()
			var err error
			n, _ := db.Statements(func() { _, err = w.signIn(from(fmt.Sprint("10.1.", i, ".1"), "test"), login, "not the password") })
			if statements < 0 {
				statements, refusal = n, err.Error()
			}
			if n != statements || err.Error() != refusal || w.Hashed()-before != 1 {
				t.Errorf("%.20q: %d statements, %d hashes, %v", login, n, w.Hashed()-before, err)
			}
		}
		// A number that was not proven signs nobody in.
		w.exec(`UPDATE contact_points SET verified_at = NULL WHERE kind = 'PHONE'`)
		if _, err := w.signIn(from("", ""), "+442079460018", password); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Error(err)
		}
	})
}

// A login name is one person's, whoever asks first, and the last way to sign
// in by stays.
func TestChangeLogin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		w.person("boris@example.com")
		a, b := w.as(w.token(from("", ""), "anna@example.com")), w.as(w.token(from("", ""), "boris@example.com"))
		_, err := w.ChangeLogin(a, account.ChangeLoginInput{Login: some("Anna")})
		w.must(err)
		for login, want := range map[string]error{"aNNa": account.ErrLoginTaken, "an": account.ErrInvalidLogin, "+442079460018": account.ErrInvalidLogin, "anna@example.com": account.ErrInvalidLogin, "ann\x00": account.ErrInvalidLogin} {
			if _, err := w.ChangeLogin(b, account.ChangeLoginInput{Login: &login}); !errors.Is(err, want) {
				t.Errorf("%q: %v", login, err)
			}
		}
		if _, err := w.ChangeLogin(from("", ""), account.ChangeLoginInput{}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
		w.exec(`DELETE FROM contact_points WHERE user_id = ?`, anna)
		if _, err := w.ChangeLogin(a, account.ChangeLoginInput{}); !errors.Is(err, account.ErrLastLogin) {
			t.Errorf("the last one: %v", err)
		}
		if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'account.login_changed'`); n != 1 {
			t.Errorf("%d on record", n)
		}
	})
}

// A device that was given a name is known by it from anywhere, and by nothing
// else; a made-up one is nobody's (security A5).
func TestNamedDevice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		var given []string
		jar := viewer.Cookies{Device: func(name string) { given = append(given, name) }}
		browser := func(ip, device string) context.Context {
			v := viewer.From(from(ip, "browser"))
			v.Device = device
			return viewer.WithCookies(viewer.With(context.Background(), v), jar)
		}
		w.signInAs(browser("203.0.113.7", ""), "anna@example.com", account.SessionModeCookie)
		if len(given) != 1 || len(given[0]) < 26 || strings.Contains(w.dump(), given[0]) {
			t.Fatalf("given %q", given)
		}
		w.signInAs(browser("203.0.113.7", given[0]), "anna@example.com", account.SessionModeCookie)
		if len(given) != 1 {
			t.Error("given another name")
		}
		for range 10 { // somebody at the same network burns the count
			_, _ = w.signIn(from("192.0.2.9", "browser"), "anna@example.com", "some wild guess")
		}
		if _, err := w.signIn(browser("192.0.2.10", "a name that he made up"), "anna@example.com", password); !errors.Is(err, account.ErrTooManyAttempts) {
			t.Errorf("a stranger: %v", err)
		}
		if _, err := w.signIn(browser("192.0.2.10", given[0]), "anna@example.com", password); err != nil {
			t.Errorf("the owner: %v", err)
		}
		// Names tried from the owner's own address are no free guesses.
		before := w.Hashed()
		for i := range 30 {
			_, _ = w.signIn(browser("203.0.113.7", fmt.Sprint("device number ", i)), "anna@example.com", "some wild guess")
		}
		if n := w.Hashed() - before; n != 5 {
			t.Errorf("%d guesses", n)
		}
		if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'account.new_device'`); n != 0 {
			t.Errorf("%d new devices", n)
		}
	})
}

// A password issued by staff and not changed in time opens nothing, which only
// those learn who know it; changed or reset, all is well again.
func TestInitialPassword(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		w.exec(`UPDATE identities SET must_change_by_at = ? WHERE user_id = ?`, db.Clock.Now().Add(30*24*time.Hour), anna)
		in, err := w.signIn(from("", ""), "anna@example.com", password)
		w.must(err)
		if in.MustChangeBy == nil || !in.MustChangeBy.Equal(db.Clock.Now().Add(30*24*time.Hour)) {
			t.Errorf("said nothing of it: %v", in.MustChangeBy)
		}
		db.Clock.Add(30 * 24 * time.Hour)
		if _, err := w.signIn(from("", ""), "anna@example.com", password); !errors.Is(err, account.ErrInitialPasswordExpired) {
			t.Error(err)
		}
		if _, err := w.signIn(from("", ""), "anna@example.com", "not the password"); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Error(err)
		}
		for _, method := range []string{account.MethodOIDC + "google", account.MethodPasskey, account.MethodCode} {
			if _, err := w.admit(from("", ""), account.Proof{UserID: anna, Method: method, AAL: 2}); !errors.Is(err, account.ErrInitialPasswordExpired) {
				t.Errorf("%s: %v", method, err)
			}
		}
		w.exec(`UPDATE identities SET must_change_by_at = ? WHERE user_id = ?`, db.Clock.Now().Add(time.Hour), anna)
		in, err = w.signIn(from("", ""), "anna@example.com", password)
		w.must(err)
		if _, err := w.ChangePassword(w.as(*in.Session.Token), account.ChangePasswordInput{CurrentPassword: password, NewPassword: "another pair of shoes"}); err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(2 * time.Hour)
		if in, err = w.signIn(from("", ""), "anna@example.com", "another pair of shoes"); err != nil || in.MustChangeBy != nil {
			t.Errorf("changed: %v %v", in, err)
		}
	})
}

// Who is not in use comes in by no way; who has only registered, by that alone.
func TestGate(t *testing.T) { // security B3, C6
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		every := []string{account.MethodPassword, account.MethodOIDC + "google", account.MethodPasskey, account.MethodCode, account.MethodReset, account.MethodRegistration, account.MethodActing}
		for status, want := range map[string]error{"BLOCKED": account.ErrAccountBlocked, "ERASED": account.ErrInvalidCredentials, "PENDING": account.ErrInvalidCredentials} {
			w.exec(`UPDATE users SET status = ? WHERE id = ?`, status, anna)
			for _, method := range every {
				e, err := w.admit(from("", ""), account.Proof{UserID: anna, Method: method, AAL: 2})
				if status == "PENDING" && method == account.MethodRegistration {
					w.must(err)
					in, err := w.Welcome(from("", ""), e)
					w.must(err)
					if v := viewer.From(w.as(*in.Session.Token)); !v.Pending || v.UserID != anna {
						t.Errorf("registered: %+v", v)
					}
				} else if !errors.Is(err, want) {
					t.Errorf("%s by %s: %v", status, method, err)
				}
			}
		}
		if _, err := w.admit(from("", ""), account.Proof{UserID: uuid.New(), Method: account.MethodPassword}); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Error(err)
		}
		// Half signed in is nobody: no session, no token (security C1).
		w.exec(`UPDATE users SET status = 'ACTIVE' WHERE id = ?`, anna)
		w.twoFactors()
		before := w.number(`SELECT count(*) FROM sessions`)
		half, err := w.signIn(from("", ""), "anna@example.com", password)
		w.must(err)
		if half.Session != nil || half.User != nil || half.Challenge == nil || w.number(`SELECT count(*) FROM sessions`) != before {
			t.Errorf("half: %+v", half)
		}
		if w.alive(half.Challenge.ID.String()) {
			t.Error("the challenge is a token")
		}
		w.exec(`UPDATE users SET status = 'BLOCKED' WHERE id = ?`, anna)
		if _, err := w.finish(from("", ""), half.Challenge.ID); !errors.Is(err, account.ErrAccountBlocked) {
			t.Errorf("blocked meanwhile: %v", err)
		}
		w.exec(`UPDATE users SET status = 'ACTIVE' WHERE id = ?`, anna)
		done, err := w.finish(from("", ""), half.Challenge.ID)
		w.must(err)
		if v := viewer.From(w.as(*done.Session.Token)); v.AAL != 2 || !v.SteppedUp {
			t.Errorf("whole: %+v", v)
		}
	})
}

// Who acts for a customer has the customer's rights and none of his own, as
// long as he may, and is known in one statement like everybody.
func TestActingSession(t *testing.T) { // security B3, F14
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, locking)
		anna := w.person("anna@example.com")
		desk := w.create(account.CreateUser{Email: "desk@example.com", Name: "Dora", Password: password, Verified: true, Staff: true})
		key, err := w.SaveRole(storetest.System(), viewer.House, "Desk", role.AudienceSTAFF, []schema.Grant{{Resource: "user", Operation: "act", Reach: "ALL"}})
		w.must(err)
		w.exec(`UPDATE memberships SET role_id = ? WHERE user_id = ?`, key, desk)
		own := w.token(from("", ""), "desk@example.com")
		e, err := w.admit(w.as(own), account.Proof{UserID: anna, Method: account.MethodActing, AAL: 1, Staff: desk, Reason: "on the phone", Life: time.Hour})
		w.must(err)
		in, err := w.Welcome(w.as(own), e)
		w.must(err)
		token := *in.Session.Token
		n, _ := db.Statements(func() {
			v := viewer.From(w.as(token))
			if v.UserID != anna || v.OwnerID != anna || v.ActingStaff != desk || v.Staff || len(v.Grants) != 0 || v.SteppedUp {
				t.Errorf("%+v", v)
			}
		})
		if n != 1 || !w.alive(own) {
			t.Errorf("%d statements; his own session goes on: %v", n, w.alive(own))
		}
		list, err := w.Sessions(w.as(w.token(from("", ""), "anna@example.com")), anna)
		w.must(err)
		for _, s := range list {
			who, err := w.ActingIn(context.Background(), s)
			w.must(err)
			if (who != nil) != (s.Kind == "ACTING") || who != nil && (who.DisplayName != "Dora" || who.Reason != "on the phone") {
				t.Errorf("%s: %+v", s.Kind, who)
			}
		}
		for _, q := range []string{
			`UPDATE memberships SET status = 'SUSPENDED' WHERE user_id = ?`, `UPDATE memberships SET status = 'ACTIVE' WHERE user_id = ?`,
			`UPDATE users SET status = 'BLOCKED' WHERE id = ?`, `UPDATE users SET status = 'ACTIVE' WHERE id = ?`,
		} {
			w.exec(q, desk)
			ended, err := w.Ended(context.Background(), []uuid.UUID{e.Session.ID})
			w.must(err)
			if ok := strings.Contains(q, "ACTIVE"); w.alive(token) != ok || (len(ended) == 0) != ok {
				t.Errorf("%s: in force %v, stream ended %v", q, w.alive(token), ended)
			}
		}
		db.Clock.Add(time.Hour)
		if w.alive(token) {
			t.Error("longer than an hour")
		}
	})
}

// Each privilege gained comes with a new token; the id, by which streams run,
// stays (security B1).
func TestRotate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		first, other := w.token(from("", ""), "anna@example.com"), w.token(from("", ""), "anna@example.com")
		db.Clock.Add(11 * time.Minute)
		turn := func(ctx context.Context, aal int) (e *account.Entrance, err error) {
			err = db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				e, err = w.RotateTo(ctx, tx, aal)
				return err
			})
			return e, err
		}
		e, err := turn(w.as(first), 0)
		w.must(err)
		in, err := w.Welcome(from("", ""), e)
		w.must(err)
		second := *in.Session.Token
		if v := viewer.From(w.as(second)); w.alive(first) || v.SteppedUp || v.SessionID != in.Session.Session.ID {
			t.Error("rotated without a proof, yet stepped up")
		}
		_, err = w.StepUp(w.as(other), account.ProofInput{Password: some(password)})
		w.must(err)
		e, err = turn(w.as(second), 2)
		w.must(err)
		in, err = w.Welcome(from("", ""), e)
		w.must(err)
		if v := viewer.From(w.as(*in.Session.Token)); !v.SteppedUp || v.AAL != 2 {
			t.Errorf("%+v", v)
		}
		if n := w.number(`SELECT count(*) FROM sessions WHERE stepped_up_at IS NOT NULL`); n != 1 { // security C5
			t.Errorf("%d fresh proofs: by one factor they count no more", n)
		}
		if _, err := turn(from("", ""), 2); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
	})
}

// A refresh token of another server, or of nobody, is worth nothing.
func TestForeignRefresh(t *testing.T) {
	w := newWorldWith(t, storetest.Open(t), locking)
	w.person("anna@example.com")
	s := w.signInAs(from("", ""), "anna@example.com", account.SessionModeRefreshable)
	forged := credential.NewRefresh(s.Session.ID, func(string, string) []byte { return make([]byte, 32) })
	if _, err := w.refresh(forged); !errors.Is(err, fault.ErrUnauthenticated) || !w.alive(*s.Token) {
		t.Errorf("forged by whoever knows %s: %v", scalar.ID{Prefix: "ses", UUID: s.Session.ID}, err)
	}
}
