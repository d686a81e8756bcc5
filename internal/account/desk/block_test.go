package desk_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/account/desk"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// Who is blocked is out at once, whoever he was signed in as, and comes in
// again only when he is unblocked. // security B3
func TestBlock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		one, two := w.token("anna@example.com", password), w.token("anna@example.com", password)
		ctx := w.desk()
		in := desk.BlockUserInput{UserID: usr(w.anna), Reason: desk.BlockReasonFraudSuspected, Note: ptr("card 4411 again\ncall her")}
		letters := w.letters
		done, err := w.BlockUser(ctx, in)
		w.must(err)
		if n := *done.EndedSessions; n != 2 || done.User.ID != w.anna || w.alive(one) || w.alive(two) {
			t.Fatalf("%d sessions ended", n)
		}
		if w.letters != letters+1 {
			t.Errorf("%d letters", w.letters-letters)
		}
		_, err = w.people.SignIn(nobody(), account.SignInInput{Login: "anna@example.com", Password: password})
		refused(t, "a blocked person", err, "ACCOUNT_BLOCKED")
		u, err := w.people.Person(ctx, w.anna)
		w.must(err)
		if b := w.Block(ctx, u); b == nil || b.Reason != in.Reason || *b.Note != *in.Note || b.ReasonLabel == "" {
			t.Errorf("block %+v", b)
		}
		if w.Block(storetest.As(w.anna), u) != nil {
			t.Error("the person sees the note")
		}
		if w.count(`SELECT count(*) FROM audit_entries WHERE CAST(changes AS text) LIKE '%4411%'`)+w.count(`SELECT count(*) FROM account_events WHERE CAST(payload AS text) LIKE '%4411%'`) > 0 {
			t.Error("the note has left the person's row")
		}
		if done, err := w.BlockUser(ctx, in); err != nil || *done.EndedSessions != 0 { // blocked already
			t.Errorf("again: %v", err)
		}
		_, err = w.IssueCredentials(ctx, desk.IssueCredentialsInput{UserID: usr(w.anna)})
		refused(t, "credentials of a blocked person", err, "USER_NOT_ACTIVE")
		for range 2 { // the second time nothing is left to do
			_, err = w.UnblockUser(ctx, desk.UnblockUserInput{UserID: usr(w.anna), Note: ptr("cleared")})
			w.must(err)
		}
		if three := w.token("anna@example.com", password); !w.alive(three) || w.alive(one) {
			t.Error("unblocking brings the person back, and no session")
		}
		if w.audited("account.blocked", w.anna, w.admin, "STAFF") != 1 || w.audited("account.unblocked", w.anna, w.admin, "STAFF") != 1 {
			t.Error("the record lacks who did it")
		}
	})
}

// Nobody blocks himself, those who may do more, or the last administrator;
// two administrators do not block each other at once. // security F14
func TestBlockGuards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		block := func(ctx context.Context, id uuid.UUID) error {
			_, err := w.BlockUser(ctx, desk.BlockUserInput{UserID: usr(id), Reason: desk.BlockReasonTermsViolated})
			return err
		}
		refused(t, "oneself", block(ctx, w.admin), "NOT_ON_ONESELF")
		refused(t, "nobody", block(ctx, uuid.New()), "NOT_FOUND")
		_, err := w.BlockUser(ctx, desk.BlockUserInput{UserID: usr(w.anna), Reason: desk.BlockReasonOther, Note: ptr("  ")})
		refused(t, "OTHER without a note", err, "REQUIRED")
		_, err = w.BlockUser(ctx, desk.BlockUserInput{UserID: usr(w.anna), Reason: desk.BlockReasonOther, Note: ptr(strings.Repeat("a", 1001))})
		refused(t, "a long note", err, "TOO_LONG")
		refused(t, "a customer", block(w.as(w.token("anna@example.com", password)), w.admin), "FORBIDDEN")
		refused(t, "nobody at all", block(nobody(), w.anna), "UNAUTHENTICATED")

		w.staff("support@example.com", account.RoleSupport)
		refused(t, "support", block(w.as(w.token("support@example.com", password)), w.anna), "FORBIDDEN")

		other := w.staff("second@example.com", "")
		second := w.as(w.token("second@example.com", password))
		w.must(db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return w.MayGo(ctx, tx, other) })) // another one is left
		var wg sync.WaitGroup
		errs := make([]error, 2)
		wg.Go(func() { errs[0] = block(ctx, other) })
		wg.Go(func() { errs[1] = block(second, w.admin) })
		wg.Wait()
		left := w.count(`SELECT count(*) FROM users u JOIN memberships m ON m.user_id = u.id JOIN roles r ON r.key_id = m.role_id AND r.retired_at IS NULL
			WHERE u.status = 'ACTIVE' AND r.name = 'Administrator'`)
		if left != 1 {
			t.Fatalf("%d administrators are left: %v", left, errs)
		}
		if err := errors.Join(errs...); !errors.Is(err, desk.ErrLastAdministrator) {
			t.Errorf("the loser of the two: %v", err)
		}
	})
}

// A role that may write people and little else does not come to an
// administrator's account. // security F14
func TestLesserStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.lesserRole("Reception")
		w.staff("desk@example.com", "Reception")
		ctx := w.as(w.token("desk@example.com", password))
		_, err := w.BlockUser(ctx, desk.BlockUserInput{UserID: usr(w.admin), Reason: desk.BlockReasonTermsViolated})
		refused(t, "block", err, "STAFF_MEMBER")
		_, err = w.IssueCredentials(ctx, desk.IssueCredentialsInput{UserID: usr(w.admin)})
		refused(t, "issue", err, "STAFF_MEMBER")
		_, err = w.ResetSecondFactor(ctx, desk.ResetSecondFactorInput{UserID: usr(w.admin), Reason: "he asked"})
		refused(t, "reset", err, "STAFF_MEMBER")
		_, err = w.EndUserSessions(ctx, desk.EndUserSessionsInput{UserID: usr(w.admin)})
		refused(t, "end sessions", err, "STAFF_MEMBER")
		if _, err := w.IssueCredentials(ctx, desk.IssueCredentialsInput{UserID: usr(w.anna)}); err != nil {
			t.Errorf("a customer: %v", err)
		}
	})
}

// Staff sees the sessions of a customer as long as they last for him, not for
// staff.
func TestSessionsOfCustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.token("anna@example.com", password)
		db.Clock.Add(2 * time.Hour)
		v := viewer.From(w.desk())
		v.Grants[viewer.Permission{Resource: "session", Operation: "read"}] = viewer.ReachAll // a role of the business's own
		ctx := viewer.With(context.Background(), v)
		other := w.staff("other@example.com", "")
		w.token("other@example.com", password)
		db.Clock.Add(time.Hour)
		for id, want := range map[uuid.UUID]int{w.anna: 1, other: 0} {
			list, err := w.people.Sessions(ctx, id)
			if err != nil || len(list) != want {
				t.Errorf("%d sessions, %v", len(list), err)
			}
		}
	})
}
