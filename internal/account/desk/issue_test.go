package desk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kabinet/ent/generated/role"
	"kabinet/ent/schema"
	"kabinet/internal/account"
	"kabinet/internal/account/desk"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func (w *world) lesserRole(name string) {
	w.t.Helper()
	_, err := w.people.SaveRole(storetest.System(), viewer.House, name, role.AudienceSTAFF, []schema.Grant{
		{Resource: "user", Operation: "read", Reach: "ALL"}, {Resource: "user", Operation: "write", Reach: "ALL"}})
	w.must(err)
}

func (w *world) slip(ctx context.Context, in desk.IssueCredentialsInput) *desk.CredentialSlip {
	w.t.Helper()
	done, err := w.IssueCredentials(ctx, in)
	w.must(err)
	return done.Slip
}

// The slip signs in until its day, is said to be temporary, and dies when the
// password is changed or issued anew; all that was before is dead.
func TestIssueCredentials(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		before := w.token("anna@example.com", password)
		ctx := w.desk()
		slip := w.slip(ctx, desk.IssueCredentialsInput{UserID: usr(w.anna)})
		if w.alive(before) { // security B3
			t.Error("a session outlives the new password")
		}
		if !strings.Contains(slip.HTML, slip.TemporaryPassword) || !strings.Contains(slip.HTML, slip.Login) || slip.SiteURL != "https://account.example.com" {
			t.Errorf("slip %+v", slip)
		}
		if want := db.Clock.Now().Add(30 * 24 * time.Hour).Truncate(time.Second); !slip.MustChangeBy.Equal(want) {
			t.Errorf("until %s, want %s", slip.MustChangeBy, want)
		}
		_, err := w.people.SignIn(nobody(), account.SignInInput{Login: "anna@example.com", Password: password})
		refused(t, "the old password", err, "INVALID_CREDENTIALS")
		token := w.token(strings.ToUpper(slip.Login), slip.TemporaryPassword)
		me := w.as(token)
		u, err := w.people.Person(me, w.anna)
		w.must(err)
		by, err := w.MustChangePasswordBy(me, u)
		if err != nil || by == nil || !by.Equal(slip.MustChangeBy) {
			t.Errorf("must change by %v, %v", by, err)
		}
		if by, _ := w.MustChangePasswordBy(ctx, u); by != nil {
			t.Error("staff is told")
		}
		again := w.slip(ctx, desk.IssueCredentialsInput{UserID: usr(w.anna)})
		if again.Login != slip.Login || again.TemporaryPassword == slip.TemporaryPassword || w.alive(token) {
			t.Error("issued anew it is the same, or the session goes on")
		}
		token = w.token(again.Login, again.TemporaryPassword)
		_, err = w.people.ChangePassword(w.as(token), account.ChangePasswordInput{CurrentPassword: again.TemporaryPassword, NewPassword: "seven brown cows dance"})
		w.must(err)
		db.Clock.Add(31 * 24 * time.Hour)
		me = w.as(w.token(again.Login, "seven brown cows dance"))
		if by, err := w.MustChangePasswordBy(me, u); by != nil || err != nil {
			t.Errorf("after the change: %v, %v", by, err)
		}
		if w.audited("account.credentials_issued", w.anna, w.admin, "STAFF") != 2 {
			t.Error("the record lacks who issued them")
		}
		if n := w.count(`SELECT count(*) FROM audit_entries WHERE CAST(changes AS text) LIKE '%' || ? || '%'`, again.TemporaryPassword); n > 0 {
			t.Error("the password is on record")
		}
	})
}

// A temporary password that is not changed dies on its day, with the sessions
// made by it; its holder was warned twice. The clock counts, not the job.
func TestPasswordRunsOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		slip := w.slip(w.desk(), desk.IssueCredentialsInput{UserID: usr(w.anna), Login: ptr("Anna.K")})
		due := func(want int, change string) {
			t.Helper()
			letters := w.letters
			n, err := w.PasswordsDue(t.Context(), 100)
			if err != nil || n != want || w.letters-letters != want {
				t.Fatalf("%d due, %d letters, want %d: %v", n, w.letters-letters, want, err)
			}
			if want > 0 && w.count(`SELECT count(*) FROM audit_entries WHERE action = ? AND owner_id = ?`, "account."+change, w.anna) == 0 {
				t.Errorf("no %s on record", change)
			}
		}
		due(0, "")
		db.Clock.Add(23*24*time.Hour + time.Minute)
		due(1, "initial_password_due")
		due(0, "")
		db.Clock.Add(6 * 24 * time.Hour)
		due(1, "initial_password_due")
		token := w.token("anna.k", slip.TemporaryPassword)
		db.Clock.Add(24 * time.Hour)
		_, err := w.people.SignIn(nobody(), account.SignInInput{Login: "anna.k", Password: slip.TemporaryPassword})
		refused(t, "a password past its day", err, "INITIAL_PASSWORD_EXPIRED")
		due(1, "initial_password_expired")
		due(0, "")
		if w.alive(token) {
			t.Error("a session goes on past the day")
		}
		again := w.slip(w.desk(), desk.IssueCredentialsInput{UserID: usr(w.anna)})
		if again.Login != "Anna.K" || !w.alive(w.token("anna.k", again.TemporaryPassword)) {
			t.Error("issued anew it does not sign in")
		}
	})
}

func TestIssueRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		boris := w.person("boris@example.com")
		_, err := w.IssueCredentials(ctx, desk.IssueCredentialsInput{UserID: usr(boris), Login: ptr("boris")})
		w.must(err)
		for what, c := range map[string]struct {
			in   desk.IssueCredentialsInput
			code string
		}{
			"a login of somebody": {desk.IssueCredentialsInput{UserID: usr(w.anna), Login: ptr("BORIS")}, "ALREADY_TAKEN"},
			"no login":            {desk.IssueCredentialsInput{UserID: usr(w.anna), Login: ptr("a b")}, "INVALID_LOGIN"},
			"an address":          {desk.IssueCredentialsInput{UserID: usr(w.anna), Login: ptr("a@b.example")}, "INVALID_LOGIN"},
			"oneself":             {desk.IssueCredentialsInput{UserID: usr(w.admin)}, "NOT_ON_ONESELF"},
		} {
			_, err := w.IssueCredentials(ctx, c.in)
			refused(t, what, err, c.code)
		}
		// Nothing of the refused ones has happened.
		if !w.alive(w.token("anna@example.com", password)) {
			t.Error("the old password is gone")
		}
		if _, err := w.IssueCredentials(ctx, desk.IssueCredentialsInput{UserID: usr(boris), Login: ptr("Boris")}); err != nil {
			t.Errorf("his own login: %v", err)
		}
	})
}
