package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
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

// A session that the request came with ends when the person signs in anew.
func TestRotation(t *testing.T) { // security B1
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.person("boris@example.com")
		planted := w.token(from("", ""), "boris@example.com")
		fresh, err := w.signIn(w.as(planted), "anna@example.com", password)
		w.must(err)
		if w.alive(planted) || !w.alive(*fresh.Session.Token) || *fresh.Session.Token == planted {
			t.Error("the session of before the sign-in lives on")
		}
	})
}

// What ends a session ends it at once, for every instance, and its stream too.
func TestEndOfSessions(t *testing.T) { // security B3, A12
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		other := newWorld(t, db) // a second instance
		w.person("anna@example.com")
		device := func() string { return w.token(from("", ""), "anna@example.com") }
		session := func(token string) uuid.UUID { return viewer.From(w.as(token)).SessionID }
		dead := func(what string, tokens ...string) {
			t.Helper()
			for i, token := range tokens {
				if w.alive(token) || other.alive(token) {
					t.Errorf("%s: token %d lives", what, i)
				}
			}
		}
		a, b := device(), device()
		ids := []uuid.UUID{session(a), session(b), uuid.New()}
		ctx := w.as(a)
		n, err := w.SignOut(ctx)
		w.must(err)
		dead("sign out", a)
		if n != 1 || !w.alive(b) {
			t.Errorf("%d ended", n)
		}
		ended, err := other.Ended(context.Background(), ids)
		w.must(err)
		if _, over := ended[ids[0]]; !over || len(ended) != 2 {
			t.Errorf("ended %v", ended)
		}
		if back := ended[ids[0]] || ended[ids[2]]; back {
			t.Error("a session that is over may come back")
		}
		if _, err := w.Viewer(context.Background(), account.Caller{Token: a}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}

		c := device()
		keep := true
		n, err = w.SignOutEverywhere(w.as(c), &account.SignOutEverywhereInput{KeepCurrent: &keep})
		w.must(err)
		dead("elsewhere", b)
		if n != 1 || !w.alive(c) {
			t.Errorf("%d ended", n)
		}
		d := device()
		n, err = w.SignOutEverywhere(w.as(c), nil)
		w.must(err)
		if dead("everywhere", c, d); n != 2 {
			t.Errorf("%d ended", n)
		}

		// A stolen session does not change the password without the old one …
		e, f := device(), device()
		for range 5 {
			_, err := w.ChangePassword(w.as(e), account.ChangePasswordInput{CurrentPassword: "a wrong guess", NewPassword: "the thief's own words"})
			if !errors.Is(err, account.ErrInvalidCredentials) {
				t.Error(err)
			}
		}
		_, err = w.ChangePassword(w.as(e), account.ChangePasswordInput{CurrentPassword: password, NewPassword: "the thief's own words"})
		if !errors.Is(err, account.ErrTooManyAttempts) { // … nor by trying
			t.Error(err)
		}
		db.Clock.Add(2 * time.Second)
		changed, err := w.ChangePassword(w.as(e), account.ChangePasswordInput{CurrentPassword: password, NewPassword: "another pair of shoes"})
		w.must(err)
		dead("password changed", f, e) // the session of the call goes on under a new token (security B1)
		e = *changed.Session.Token
		if !w.alive(e) || changed.User.DisplayName != "Anna" || len(changed.Warnings) != 0 {
			t.Errorf("%+v", changed)
		}
		if _, err := w.signIn(from("", ""), "anna@example.com", password); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("the old password: %v", err)
		}
		if _, err := w.signIn(from("", ""), "anna@example.com", "another pair of shoes"); err != nil {
			t.Errorf("the new one: %v", err)
		}
		_, err = w.ChangePassword(w.as(e), account.ChangePasswordInput{CurrentPassword: "another pair of shoes", NewPassword: "12345678"})
		if f, _ := fault.As(err); !errors.Is(err, credential.ErrPasswordTooCommon) || !slices.Equal(f.Path, []string{"input", "newPassword"}) {
			t.Error(err)
		}
		if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'account.change_password'`); n != 1 {
			t.Errorf("%d facts", n)
		}
	})
}

// Idle and absolute ends, by the server's clock; no jump of it brings a session
// back to life.
func TestLifetimes(t *testing.T) { // security B4
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.create(account.CreateUser{Email: "staff@example.com", Name: "S", Password: password, Verified: true, Staff: true})
		for _, c := range []struct {
			email          string
			idle, absolute time.Duration
		}{
			{"anna@example.com", 14 * 24 * time.Hour, 90 * 24 * time.Hour},
			{"staff@example.com", 30 * time.Minute, 12 * time.Hour},
		} {
			token := w.token(from("", ""), c.email)
			id := viewer.From(w.as(token)).SessionID
			db.Clock.Add(c.idle - time.Second)
			if !w.alive(token) {
				t.Errorf("%s: idle too early", c.email)
			}
			db.Clock.Add(c.idle)
			if ended, err := w.Ended(context.Background(), []uuid.UUID{id}); err != nil || len(ended) != 1 {
				t.Errorf("%s: idle, but its stream goes on: %v %v", c.email, ended, err)
			}
			if w.alive(token) {
				t.Errorf("%s: idle, but in force", c.email)
			}
			db.Clock.Add(-c.idle)
			if w.alive(token) {
				t.Errorf("%s: back to life", c.email)
			}
			token = w.token(from("", ""), c.email)
			for spent := time.Duration(0); spent < c.absolute; spent += c.idle / 2 {
				if !w.alive(token) {
					t.Fatalf("%s: ended after %s", c.email, spent)
				}
				db.Clock.Add(c.idle / 2)
			}
			if w.alive(token) {
				t.Errorf("%s: past its absolute end", c.email)
			}
			token = w.token(from("", ""), c.email)
			db.Clock.Add(-time.Hour)
			if !w.alive(token) {
				t.Errorf("%s: a clock set back ends it", c.email)
			}
		}
		// A token in force does not count when only a stream was opened with it.
		token := w.token(from("", ""), "anna@example.com")
		for range 20 {
			db.Clock.Add(24 * time.Hour)
			_, _ = w.Viewer(context.Background(), account.Caller{Token: token, Passive: true})
		}
		if w.alive(token) {
			t.Error("a stream kept an idle session in force")
		}
	})
}

// The check of a session is one read, and a write once a minute at most.
func TestViewerStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		token := w.token(from("", ""), "anna@example.com")
		check := func() int {
			n, _ := db.Statements(func() {
				if !w.alive(token) {
					t.Error("not in force")
				}
			})
			return n
		}
		if n := check(); n != 1 {
			t.Errorf("%d statements", n)
		}
		db.Clock.Add(61 * time.Second)
		if n := check(); n != 2 {
			t.Errorf("%d statements after a minute", n)
		}
		if n := check(); n != 1 {
			t.Errorf("%d statements just after", n)
		}
	})
}

// No token, no password and no code can be read from the database, the log,
// or the job of a letter.
func TestSecretsAtRest(t *testing.T) { // security B5, B8, J9
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		token := w.token(from("203.0.113.7", "test"), "anna@example.com")
		c := w.register(from("203.0.113.7", "test"), "boris@example.com")
		_, _ = w.signIn(from("203.0.113.7", "test"), "anna@example.com", "tipped wrongly")
		_, err := w.Viewer(context.Background(), account.Caller{Token: token + "x"})
		all := w.dump() + w.log.String() + err.Error()
		if len(all) < 200 {
			t.Fatalf("the dump has only %d bytes", len(all))
		}
		for _, l := range w.letters {
			all += l.ChallengeID
		}
		for _, secret := range []string{token, token[4:], password, "tipped wrongly", w.code(c.ID) + `"`, "boris@", "anna@"} {
			if strings.Contains(all, secret) {
				t.Errorf("%q can be read", secret)
			}
		}
		if !strings.HasPrefix(token, "kab_") || len(token) < 4+160/5 {
			t.Errorf("token %q", token)
		}
	})
}

// Another person's session cannot be ended, and looks as if it were not there.
func TestRevokeSession(t *testing.T) { // security B9
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.person("boris@example.com")
		anna, phone, boris := w.token(from("", ""), "anna@example.com"), w.token(from("", "phone"), "anna@example.com"), w.token(from("", ""), "boris@example.com")
		revoke := func(ctx context.Context, id uuid.UUID) error {
			_, err := w.RevokeSession(ctx, account.RevokeSessionInput{SessionID: scalar.ID{Prefix: "ses", UUID: id}})
			return err
		}
		foreign, absent := revoke(w.as(anna), viewer.From(w.as(boris)).SessionID), revoke(w.as(anna), uuid.Must(uuid.NewV7()))
		if !errors.Is(foreign, fault.ErrNotFound) || foreign.Error() != absent.Error() {
			t.Errorf("foreign %v, absent %v", foreign, absent)
		}
		list, err := w.Sessions(w.as(anna), viewer.From(w.as(boris)).UserID)
		if err != nil || len(list) != 0 || !w.alive(boris) {
			t.Errorf("foreign sessions: %v %v", list, err)
		}
		me := viewer.From(w.as(anna))
		list, err = w.Sessions(w.as(anna), me.UserID)
		if err != nil || len(list) != 2 {
			t.Fatalf("%v %v", list, err)
		}
		if !account.Current(w.as(anna), me.SessionID) || account.Current(w.as(phone), me.SessionID) {
			t.Error("the current session is another one")
		}
		w.must(revoke(w.as(anna), viewer.From(w.as(phone)).SessionID))
		if w.alive(phone) || !w.alive(anna) {
			t.Error("the wrong one ended")
		}
		if list, _ = w.Sessions(w.as(anna), me.UserID); len(list) != 1 {
			t.Errorf("%d listed", len(list))
		}
		if err := revoke(context.Background(), me.SessionID); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
	})
}

// However often somebody signs in, a hundred sessions are kept.
func TestSessionCap(t *testing.T) { // security B10
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.person("anna@example.com")
		first := w.token(from("", ""), "anna@example.com")
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			var many []*ent.SessionCreate
			for i := range 10_000 {
				at := tx.Now.Add(time.Duration(i) * time.Second / 4)
				c := tx.Session.Create().SetUserID(id).SetOwnerID(id).SetKind("TOKEN").SetTokenHash([]byte{byte(i), byte(i >> 8)}).
					SetLastUsedAt(at).SetExpiresAt(tx.Now.Add(24 * time.Hour))
				if i%2 == 0 {
					c.SetRevokedAt(at)
				}
				if many = append(many, c); len(many) == 500 {
					if err := tx.Session.CreateBulk(many...).Exec(ctx); err != nil {
						return err
					}
					many = nil
				}
			}
			return nil
		}))
		db.Clock.Add(time.Hour)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { w.token(from("", ""), "anna@example.com") })
		}
		wg.Wait()
		if n := w.number(`SELECT count(*) FROM sessions`); n != 100 {
			t.Errorf("%d sessions", n)
		}
		if n := w.number(`SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL`); n != 0 {
			t.Errorf("%d ended ones are kept before those in force", n)
		}
		if w.alive(first) {
			t.Error("the one used longest ago is in force")
		}
	})
}

// A member acts for his company, with what his role grants and no more.
func TestActingCompany(t *testing.T) { // security F9
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		paul := w.person("paul@example.com")
		sys := storetest.System()
		acme, err := w.CreateCompany(sys, account.CreateCompany{Name: "Acme", Source: "erp", ExternalID: "1"})
		w.must(err)
		if again, err := w.CreateCompany(sys, account.CreateCompany{Name: "Acme", Source: "erp", ExternalID: "1"}); err != nil || again != acme {
			t.Errorf("made twice: %v", err)
		}
		other, err := w.CreateCompany(sys, account.CreateCompany{Name: "Other"})
		w.must(err)
		w.must(w.AddMember(sys, acme, paul, account.RoleBuyer))
		token := w.token(from("", ""), "paul@example.com")
		act := func(company string) (viewer.Viewer, error) {
			return w.Viewer(context.Background(), account.Caller{Token: token, Company: company})
		}
		id := func(u uuid.UUID) string { return scalar.ID{Prefix: "com", UUID: u}.String() }

		v, err := act(id(acme))
		w.must(err)
		if v.OwnerID != acme || v.UserID != paul || v.Staff || v.Reach("order", "write") != viewer.ReachOwn || v.Reach("bonus", "read") != viewer.ReachNone {
			t.Errorf("%+v", v)
		}
		if v, err = act(""); err != nil || v.OwnerID != paul || len(v.Grants) != 0 {
			t.Errorf("for himself: %+v %v", v, err)
		}
		for _, c := range []string{id(other), id(uuid.Must(uuid.NewV7())), id(viewer.House)} {
			if _, err := act(c); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s: %v", c, err)
			}
		}
		if _, err := act("usr_" + id(acme)[4:]); err != nil { // one id, whatever stands before it
			t.Error(err)
		}
		for _, c := range []string{"acme", "ord_" + id(acme)[4:], strings.Repeat("x", 300)} {
			if _, err := act(c); !errors.Is(err, fault.ErrInvalidID) {
				t.Errorf("%s: %v", c, err)
			}
		}
		// A role that somebody wrote for his company reaches no further than
		// it, and one for staff works in no company.
		everything := []schema.Grant{{Resource: "order", Operation: "read", Reach: "ALL"}}
		for audience, want := range map[role.Audience]viewer.Reach{role.AudienceCOMPANY: viewer.ReachSubsidiaries, role.AudienceSTAFF: viewer.ReachNone} {
			key, err := w.SaveRole(sys, acme, "Sly "+string(audience), audience, everything)
			w.must(err)
			w.must(db.InTx(sys, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Membership.Update().SetRoleID(key).Save(ctx)
				return err
			}))
			if v, err = act(id(acme)); err != nil || v.Reach("order", "read") != want || v.Staff {
				t.Errorf("%s: %+v %v", audience, v, err)
			}
		}
		if err := w.AddMember(sys, acme, paul, account.RoleAdministrator); !errors.Is(err, fault.ErrInvalidValue) {
			t.Errorf("a staff role in a company: %v", err)
		}
		if err := w.AddMember(sys, viewer.House, paul, account.RoleOwner); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a member of the House: %v", err)
		}
		if err := w.AddMember(w.as(token), acme, paul, account.RoleOwner); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("by himself: %v", err)
		}
		if _, err := w.SaveRole(w.as(token), acme, "Mine", role.AudienceCOMPANY, everything); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("he wrote a role: %v", err)
		}
		// Suspended, blocked, run out: at once (security B3).
		w.must(w.AddMember(sys, acme, paul, account.RoleOwner))
		for _, q := range []string{
			`UPDATE memberships SET status = 'SUSPENDED'`,
			`UPDATE memberships SET status = 'ACTIVE', valid_until_at = ?`,
			`UPDATE memberships SET valid_until_at = NULL WHERE valid_until_at = ?`,
			`UPDATE companies SET status = 'BLOCKED' WHERE kind = 'COMPANY'`,
		} {
			w.must(db.InTx(sys, func(ctx context.Context, tx *store.Tx) error {
				var args []any
				if strings.Contains(q, "?") {
					args = []any{tx.Now}
				}
				_, err := tx.Exec(ctx, q, args...)
				return err
			}))
			_, err := act(id(acme))
			if ok := strings.Contains(q, "NULL"); ok != (err == nil) {
				t.Errorf("%s: %v", q, err)
			}
		}
	})
}

// Staff are those with an active membership in the House, as long as they have it.
func TestStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.create(account.CreateUser{Email: "root@example.com", Name: "Root", Password: password, Verified: true, Staff: true})
		w.create(account.CreateUser{Email: "help@example.com", Name: "Help", Password: password, Verified: true, Staff: true, Role: account.RoleSupport})
		root, help := w.token(from("", ""), "root@example.com"), w.token(from("", ""), "help@example.com")
		v := viewer.From(w.as(root))
		if !v.Staff || v.Reach("order", "write") != viewer.ReachAll || v.Reach("audit_entry", "read") != viewer.ReachAll || v.Reach("session", "read") != viewer.ReachNone || !v.SteppedUp {
			t.Errorf("root %+v", v)
		}
		v = viewer.From(w.as(help))
		if !v.Staff || v.Reach("ticket", "write") != viewer.ReachAll || v.Reach("order", "read") != viewer.ReachAll || v.Reach("order", "write") != viewer.ReachNone {
			t.Errorf("help %+v", v)
		}
		list, err := w.Memberships(w.as(help), v.UserID)
		w.must(err)
		if name, err := w.RoleName(w.as(help), list[0]); err != nil || name != account.RoleSupport || list[0].Edges.Company.Name != "House" {
			t.Errorf("%s %v", name, err)
		}
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Membership.Update().SetStatus("ENDED").Save(ctx)
			return err
		}))
		if v := viewer.From(w.as(root)); v.Staff || len(v.Grants) != 0 { // security B3
			t.Errorf("removed, yet %+v", v)
		}
		w.must(w.EnsureHouse(storetest.System())) // again: nothing changes
		if n := w.number(`SELECT count(*) FROM roles`); n != 9 {
			t.Errorf("%d roles", n)
		}
		db.Clock.Add(11 * time.Minute)
		if v := viewer.From(w.as(root)); v.SteppedUp {
			t.Error("the proof is eleven minutes old")
		}
	})
}
