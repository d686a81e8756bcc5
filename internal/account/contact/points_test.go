package contact_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/account/contact"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// An address is the person's once proven, and not before; it signs in, comes
// first, and goes again, and everybody concerned hears of it.
func TestContactPoints(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		ctx := w.as("anna@example.com", password)
		c, err := w.Add(ctx, contact.AddContactPointInput{Phone: ptr("020 7946 0018")})
		w.must(err)
		if n := w.number(`SELECT count(*) FROM contact_points`); n != 1 || c.Kind != account.ChallengeKindSmsCode {
			t.Errorf("%d rows before the proof, %+v", n, c)
		}
		w.post()
		// The code is its asker's alone, and good for nothing else. // security D2
		other := w.person("boris@example.com")
		for name, who := range map[string]context.Context{"nobody": from("203.0.113.9"), "another": w.as("boris@example.com", password)} {
			_, err := w.people.ConfirmContact(who, account.ConfirmContactInput{ChallengeID: c.ID, Code: w.code("+442079460018")})
			if !errors.Is(err, account.ErrInvalidCode) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.ResetPassword(from(""), contact.ResetPasswordInput{ChallengeID: c.ID, Code: w.code("+442079460018"), NewPassword: another}); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("as a reset: %v", err)
		}
		done, err := w.people.ConfirmContact(ctx, account.ConfirmContactInput{ChallengeID: c.ID, Code: w.code("+442079460018")})
		w.must(err)
		if done.Session != nil || done.Contact.Value != "+442079460018" || !done.Contact.IsPrimary || done.User.ID != anna {
			t.Errorf("%+v", done)
		}
		if _, err := w.signIn("+44 20 7946 0018", password); err != nil {
			t.Errorf("sign in by the number: %v", err)
		}
		if l := w.post(); len(l) != 2 || l[0].subject != "An address or number was added" || l[1].subject != "SMS" {
			t.Errorf("letters %+v", l)
		}

		c, err = w.Add(ctx, contact.AddContactPointInput{Email: ptr("second@example.com")})
		w.must(err)
		w.post()
		done, err = w.people.ConfirmContact(ctx, account.ConfirmContactInput{ChallengeID: c.ID, Code: w.code("second@example.com")})
		w.must(err)
		second := done.Contact
		if second.IsPrimary {
			t.Error("the second address came first by itself")
		}
		first, err := w.SetPrimary(ctx, contact.SetPrimaryContactPointInput{ContactPointID: second.GlobalID()})
		w.must(err)
		if !first.Contact.IsPrimary || w.number(`SELECT count(*) FROM contact_points WHERE is_primary AND kind = 'EMAIL' AND user_id = ?`, anna) != 1 {
			t.Errorf("%+v", first.Contact)
		}
		w.post()
		gone, err := w.Remove(ctx, contact.RemoveContactPointInput{ContactPointID: second.GlobalID()})
		w.must(err)
		if *gone.Removed != second.GlobalID() || w.number(`SELECT count(*) FROM contact_points WHERE is_primary AND value = 'anna@example.com'`) != 1 {
			t.Error("the address that is left is not the first")
		}
		told := fmt.Sprint(w.post())
		if !strings.Contains(told, "second@example.com") || !strings.Contains(told, "anna@example.com") || !strings.Contains(told, "+442079460018") {
			t.Errorf("told %s", told)
		}
		for _, id := range []scalar.ID{second.GlobalID(), {Prefix: "cpt", UUID: uuid.New()}} {
			if _, err := w.Remove(ctx, contact.RemoveContactPointInput{ContactPointID: id}); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v", id, err)
			}
		}
		// Somebody else's looks as if it were not there. // security F1
		theirs := w.number(`SELECT count(*) FROM contact_points WHERE user_id = ?`, other)
		if _, err := w.SetPrimary(w.as("boris@example.com", password), contact.SetPrimaryContactPointInput{ContactPointID: done.Contact.GlobalID()}); !errors.Is(err, fault.ErrNotFound) || theirs != 1 {
			t.Errorf("another's: %v", err)
		}
	})
}

// The last proven way to reach a person stays.
func TestLastContactPoint(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		ctx := w.as("anna@example.com", password)
		row := db.Client.ContactPoint.Query().OnlyX(storetest.As(anna))
		_, err := w.Remove(ctx, contact.RemoveContactPointInput{ContactPointID: row.GlobalID()})
		if f, _ := fault.As(err); !errors.Is(err, account.ErrLastContactPoint) || len(f.Path) != 2 {
			t.Error(err)
		}
		if _, err := w.Remove(from(""), contact.RemoveContactPointInput{ContactPointID: row.GlobalID()}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("nobody: %v", err)
		}
	})
}

// Adding, and changing to, an address that somebody has tells its owner and
// not the caller: answer, work and letters are those of any other. The code is
// nowhere. // security A6 A7
func TestTakenTellsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		w.person("known@example.com")
		ctx := w.as("anna@example.com", password)
		for name, ask := range map[string]func(email string) (*account.Challenge, error){
			"add": func(email string) (*account.Challenge, error) {
				return w.Add(ctx, contact.AddContactPointInput{Email: &email})
			},
			"change": func(email string) (*account.Challenge, error) {
				return w.RequestLoginChange(ctx, contact.RequestLoginChangeInput{Email: &email})
			},
		} {
			var seen [2]string
			var ids [2]scalar.ID
			for i, email := range []string{"known@example.com", "knave@example.com"} {
				w.letters = nil
				var c *account.Challenge
				var err error
				n, _ := db.Statements(func() { c, err = ask(email) })
				w.must(err)
				ids[i], c.ID = c.ID, scalar.ID{}
				b, _ := json.Marshal(c)
				seen[i] = fmt.Sprint(string(b), n, len(w.letters))
				w.post()
				if code := w.code(email); (code == "") != (i == 0) {
					t.Errorf("%s: a letter to %s with the code %q", name, email, code)
				}
			}
			if seen[0] != seen[1] {
				t.Errorf("%s: known %s, unknown %s", name, seen[0], seen[1])
			}
			db.Clock.Add(2 * time.Minute)
			// A new code of the known one goes nowhere either.
			c, err := w.people.ResendCode(ctx, account.ResendCodeInput{ChallengeID: ids[0]})
			w.must(err)
			for _, l := range w.post() {
				if digits.MatchString(l.text) {
					t.Errorf("%s: %+v", name, l)
				}
			}
			secret := w.secret(c.ID)
			_, err1 := w.people.ConfirmContact(ctx, account.ConfirmContactInput{ChallengeID: c.ID, Code: secret})
			_, err2 := w.ConfirmLoginChange(ctx, contact.ConfirmLoginChangeInput{ChallengeID: c.ID, Code: secret})
			if !errors.Is(err1, account.ErrInvalidCode) || !errors.Is(err2, account.ErrInvalidCode) {
				t.Errorf("%s: guessed: %v, %v", name, err1, err2)
			}
			db.Clock.Add(2 * time.Minute)
		}
		if n := w.number(`SELECT count(*) FROM contact_points`); n != 2 {
			t.Errorf("%d contact points", n)
		}
		if _, err := w.Add(ctx, contact.AddContactPointInput{Email: ptr("ANNA@example.com")}); !errors.Is(err, fault.ErrInvalidValue) {
			t.Errorf("one's own: %v", err)
		}
	})
}

// Ten are kept, however many codes are under way, and twins do not pass
// together.
func TestTenAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("anna@example.com")
		ctx := w.as("anna@example.com", password)
		pending := map[scalar.ID]string{}
		for i := range 12 {
			email := fmt.Sprintf("anna%d@example.com", i)
			c, err := w.Add(ctx, contact.AddContactPointInput{Email: &email})
			w.must(err)
			w.post()
			pending[c.ID] = w.code(email)
		}
		var wg sync.WaitGroup
		var refused atomic.Int64
		for id, code := range pending {
			wg.Go(func() {
				if err := w.confirm(ctx, id, code); errors.Is(err, account.ErrTooManyItems) {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.number(`SELECT count(*) FROM contact_points`); n != 10 || refused.Load() != 3 {
			t.Errorf("%d are kept, %d refused", n, refused.Load())
		}
	})
}

// added proves a number that is added.
func (w *world) added(ctx context.Context, number string) {
	w.t.Helper()
	c, err := w.Add(ctx, contact.AddContactPointInput{Phone: &number})
	w.must(err)
	w.post()
	w.must(w.confirm(ctx, c.ID, w.code(number)))
}
