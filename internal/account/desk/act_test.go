package desk_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/session"
	"kabinet/internal/account"
	"kabinet/internal/account/contact"
	"kabinet/internal/account/desk"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func (w *world) act(ctx context.Context, minutes int) (token string) {
	w.t.Helper()
	done, err := w.ActFor(ctx, desk.ActForCustomerInput{UserID: usr(w.anna), Reason: "she cannot find her order", Minutes: &minutes})
	w.must(err)
	return *done.Session.Token
}

// Staff act for a customer for a time and no longer, with the customer's
// rights and none of their own; the record and the customer know who it was.
// // security F14
func TestActFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		token := w.act(ctx, 30)
		acting := w.as(token)
		v := viewer.From(acting)
		if v.UserID != w.anna || v.ActingStaff != w.admin || v.Staff || len(v.Grants) > 0 || v.SteppedUp {
			t.Fatalf("viewer %+v", v)
		}
		u, err := w.people.Person(acting, w.anna)
		w.must(err)
		who, err := w.ActingStaff(acting, u)
		if err != nil || who == nil || who.DisplayName != "Olga of the desk" || who.Reason != "she cannot find her order" || !who.EndsAt.Equal(db.Clock.Now().Add(30*time.Minute)) {
			t.Errorf("banner %+v, %v", who, err)
		}
		if who, _ := w.ActingStaff(storetest.As(w.anna), u); who != nil {
			t.Error("a banner for the customer himself")
		}
		if w.audited("account.acted_for", w.anna, w.admin, "STAFF") != 1 {
			t.Error("no record of it")
		}
		db.Clock.Add(2 * time.Minute) // used again, from somewhere
		_, err = w.people.Viewer(nobody(), account.Caller{Token: token, IP: "203.0.113.77", Place: "FR"})
		w.must(err)
		hers := w.as(w.token("anna@example.com", password))
		list, err := w.people.Sessions(hers, w.anna)
		w.must(err)
		n := 0
		for _, s := range list {
			if s.Kind == session.KindACTING {
				n++
				if s.IP != nil || s.UserAgent != nil || s.Place != nil {
					t.Errorf("she sees where staff works: %+v", s)
				}
				// What is done in it stands under the name of the member of staff.
				_, err := w.StopActing(storetest.As(w.anna))
				refused(t, "stopActing of the customer", err, "FORBIDDEN")
			}
		}
		if n != 1 {
			t.Errorf("the customer sees %d acting sessions", n)
		}
		_, err = w.BlockUser(acting, desk.BlockUserInput{UserID: usr(w.anna), Reason: desk.BlockReasonPersonAsked})
		refused(t, "a verb of staff in it", err, "FORBIDDEN")
		_, err = w.ActFor(acting, desk.ActForCustomerInput{UserID: usr(w.anna), Reason: "once more"})
		refused(t, "acting in it", err, "FORBIDDEN")
		done, err := w.StopActing(acting)
		if err != nil || *done.EndedSessions != 1 || w.alive(token) {
			t.Errorf("stop: %v", err)
		}
		if w.audited("account.stop_acting", w.anna, w.admin, "STAFF") != 1 {
			t.Error("the end is not on record under the name of staff")
		}
		token = w.act(ctx, 60)
		db.Clock.Add(time.Hour)
		if w.alive(token) {
			t.Error("it outlives its hour")
		}
	})
}

// It ends with the customer's word, with the right of the member of staff, and
// with either's account. // security B3, F14
func TestActingEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		clerk := w.staff("clerk@example.com", account.RoleSupport)
		asClerk := func() context.Context { return w.as(w.token("clerk@example.com", password)) }
		hers := w.as(w.token("anna@example.com", password))
		ends := map[string]func() error{
			"the customer revokes it": func() error {
				list, err := w.people.Sessions(hers, w.anna)
				for _, s := range list {
					if s.Kind == session.KindACTING {
						_, err = w.people.RevokeSession(hers, account.RevokeSessionInput{SessionID: s.GlobalID()})
					}
				}
				return err
			},
			"the member of staff is blocked": func() error {
				_, err := w.BlockUser(w.desk(), desk.BlockUserInput{UserID: usr(clerk), Reason: desk.BlockReasonTermsViolated})
				if err == nil {
					_, err = w.UnblockUser(w.desk(), desk.UnblockUserInput{UserID: usr(clerk)})
				}
				return err
			},
			"his sessions are ended": func() error {
				_, err := w.EndUserSessions(w.desk(), desk.EndUserSessionsInput{UserID: usr(clerk)})
				return err
			},
			"the customer is blocked": func() error {
				_, err := w.BlockUser(w.desk(), desk.BlockUserInput{UserID: usr(w.anna), Reason: desk.BlockReasonPersonAsked})
				if err == nil {
					_, err = w.UnblockUser(w.desk(), desk.UnblockUserInput{UserID: usr(w.anna)})
				}
				hers = w.as(w.token("anna@example.com", password))
				return err
			},
		}
		for what, end := range ends {
			token := w.act(asClerk(), 30)
			if !w.alive(token) {
				t.Fatal("not begun")
			}
			if err := end(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if w.alive(token) {
				t.Errorf("%s: it goes on", what)
			}
		}
		token := w.act(asClerk(), 30)
		w.dismiss(clerk)
		if w.alive(token) {
			t.Error("it goes on after his dismissal")
		}
	})
}

func TestActForRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		other := w.staff("other@example.com", account.RoleSupport)
		ctx := w.desk()
		ok := desk.ActForCustomerInput{UserID: usr(w.anna), Reason: "a reason", Minutes: ptr(5)}
		for what, c := range map[string]struct {
			change func(*desk.ActForCustomerInput)
			code   string
		}{
			"oneself":       {func(in *desk.ActForCustomerInput) { in.UserID = usr(w.admin) }, "NOT_ON_ONESELF"},
			"staff":         {func(in *desk.ActForCustomerInput) { in.UserID = usr(other) }, "STAFF_MEMBER"},
			"a company":     {func(in *desk.ActForCustomerInput) { in.UserID = scalar.ID{Prefix: "com", UUID: w.anna} }, "INVALID_ID"},
			"no reason":     {func(in *desk.ActForCustomerInput) { in.Reason = " a " }, "REQUIRED"},
			"a long reason": {func(in *desk.ActForCustomerInput) { in.Reason = strings.Repeat("я", 501) }, "TOO_LONG"},
			"a broken line": {func(in *desk.ActForCustomerInput) { in.Reason = "one\ntwo" }, "INVALID_VALUE"},
			"no time":       {func(in *desk.ActForCustomerInput) { in.Minutes = ptr(0) }, "OUT_OF_RANGE"},
			"too long":      {func(in *desk.ActForCustomerInput) { in.Minutes = ptr(61) }, "OUT_OF_RANGE"},
			"somebody blocked": {func(in *desk.ActForCustomerInput) {
				boris := w.person("boris@example.com")
				_, err := w.BlockUser(ctx, desk.BlockUserInput{UserID: usr(boris), Reason: desk.BlockReasonDeceased})
				w.must(err)
				in.UserID = usr(boris)
			}, "USER_NOT_ACTIVE"},
		} {
			in := ok
			c.change(&in)
			_, err := w.ActFor(ctx, in)
			refused(t, what, err, c.code)
		}
		stale := viewer.From(ctx)
		stale.SteppedUp = false
		_, err := w.ActFor(viewer.With(ctx, stale), ok)
		refused(t, "without a fresh proof", err, "STEP_UP_REQUIRED")
		if f, _ := fault.As(err); f == nil || f.Kind != fault.Locked {
			t.Errorf("%v", err)
		}
		_, err = w.ActFor(w.as(w.token("anna@example.com", password)), ok)
		refused(t, "a customer", err, "FORBIDDEN")
		w.lesserRole("Reception")
		w.staff("desk@example.com", "Reception")
		_, err = w.ActFor(w.as(w.token("desk@example.com", password)), ok)
		refused(t, "without USERS_ACT", err, "FORBIDDEN")
	})
}

// Where all sessions of a person end, those end too in which he acts for a
// customer: a token of them may be the one that leaked. // security B3 F14
func TestActingEndsWithAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		contacts := &contact.Contacts{Store: db.Store, People: w.people, Page: "https://account.example.com/", LinkTTL: time.Hour, UndoTTL: time.Hour}
		for i, way := range []struct {
			name string
			end  func(ctx context.Context, id uuid.UUID, login string)
		}{
			{"password", func(ctx context.Context, _ uuid.UUID, _ string) {
				_, err := w.people.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: password, NewPassword: "staple battery horse"})
				w.must(err)
			}},
			{"everywhere", func(ctx context.Context, _ uuid.UUID, _ string) {
				_, err := w.people.SignOutEverywhere(ctx, &account.SignOutEverywhereInput{KeepCurrent: ptr(true)})
				w.must(err)
			}},
			{"signed out", func(ctx context.Context, _ uuid.UUID, _ string) {
				_, err := w.people.SignOut(ctx)
				w.must(err)
			}},
			{"revoked", func(ctx context.Context, _ uuid.UUID, login string) {
				opener := scalar.ID{Prefix: "ses", UUID: viewer.From(ctx).SessionID}
				_, err := w.people.RevokeSession(w.as(w.token(login, password)), account.RevokeSessionInput{SessionID: opener})
				w.must(err)
			}},
			{"disarmed", func(_ context.Context, id uuid.UUID, _ string) {
				w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return w.people.Disarm(ctx, tx, id) }))
			}},
			{"reset", func(_ context.Context, _ uuid.UUID, login string) {
				c, err := contacts.RequestPasswordReset(nobody(), contact.RequestPasswordResetInput{Login: login})
				w.must(err)
				_, err = contacts.ResetPassword(nobody(), contact.ResetPasswordInput{ChallengeID: c.ID, Code: w.code(c.ID.UUID), NewPassword: "staple battery horse"})
				w.must(err)
			}},
			{"login", func(ctx context.Context, _ uuid.UUID, login string) {
				c, err := contacts.RequestLoginChange(ctx, contact.RequestLoginChangeInput{Email: ptr("new" + login)})
				w.must(err)
				_, err = contacts.ConfirmLoginChange(ctx, contact.ConfirmLoginChangeInput{ChallengeID: c.ID, Code: w.code(c.ID.UUID)})
				w.must(err)
			}},
			{"stolen", func(_ context.Context, _ uuid.UUID, login string) {
				in, err := w.people.SignIn(nobody(), account.SignInInput{Login: login, Password: password, Mode: ptr(account.SessionModeRefreshable)})
				w.must(err)
				_, err = w.people.RefreshSession(nobody(), account.RefreshSessionInput{RefreshToken: *in.Session.RefreshToken})
				w.must(err)
				db.Clock.Add(time.Minute)
				_, err = w.people.RefreshSession(nobody(), account.RefreshSessionInput{RefreshToken: *in.Session.RefreshToken})
				refused(t, "an old refresh token", err, "UNAUTHENTICATED")
			}},
		} {
			login := fmt.Sprintf("staff%d@example.com", i)
			id := w.staff(login, "")
			ctx := w.as(w.token(login, password))
			acting, other := w.act(ctx, 30), w.act(w.desk(), 30)
			way.end(ctx, id, login)
			if w.alive(acting) || !w.alive(other) {
				t.Errorf("%s: his %v, another's %v", way.name, w.alive(acting), w.alive(other))
			}
		}
	})
}

// code is the code of a challenge, as its letter says it.
func (w *world) code(challenge uuid.UUID) string {
	w.t.Helper()
	sealer, err := store.NewSealer(bytes.Repeat([]byte("0123456789abcdef"), 2))
	w.must(err)
	c, err := w.db.OpenChallenge(context.Background(), sealer, challenge)
	w.must(err)
	var e struct{ Sent []struct{ Code string } }
	w.must(c.Read(&e))
	return e.Sent[0].Code
}
