package social_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/account/social"
	"kabinet/internal/fault"
	"kabinet/internal/store/storetest"
)

func TestSomebodyNew(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		e := w.entered(w.alphaSignIn(claims("1", "Vera@Example.com", true)))
		if !*e.Registered || e.User.DisplayName != "Vera Orlova" || e.User.Status != "ACTIVE" || e.Session.Session.Method != "OIDC:alpha" {
			t.Errorf("%+v, %+v", e, e.User)
		}
		if w.owner("Vera@Example.com") != e.User.ID || w.links(e.User.ID) != 1 {
			t.Error("the address or the identity is not hers")
		}
		// security E3: who she is does not hang on her address, and a new
		// one at the provider changes nothing here
		victim := w.person("victim@example.com", true)
		again := w.entered(w.alphaSignIn(claims("1", "victim@example.com", true)))
		if again.User.ID != e.User.ID || *again.Registered || w.owner("victim@example.com") != victim || w.owner("Vera@Example.com") != e.User.ID {
			t.Error("a changed address moved an account")
		}
		// security E3: the same name at another provider is somebody else
		b := w.begin("beta", w.beta, claims("1", "other@example.com", true))
		other := w.entered(w.FinishProviderSignIn(nobody(), b.in))
		if other.User.ID == e.User.ID || other.User.ID == victim {
			t.Error("the same subject of another issuer is the same person")
		}
		nameless := w.entered(w.alphaSignIn(map[string]any{"sub": "9"}))
		if nameless.User.DisplayName != "ALPHA" {
			t.Errorf("somebody without a name is called %q", nameless.User.DisplayName)
		}
		odd := w.entered(w.alphaSignIn(map[string]any{"sub": "10", "name": " a\r\nBcc:\x00\u202eb " + strings.Repeat("x", 200)}))
		if n := odd.User.DisplayName; !strings.HasPrefix(n, "a Bcc: b x") || len(n) != 100 {
			t.Errorf("an odd name became %q", n)
		}
	})
}

func TestFirstSignInsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		before := w.users()
		ways := make([]begun, 6)
		for i := range ways {
			ways[i] = w.begin("alpha", w.alpha, claims("1", "vera@example.com", true))
		}
		var wg sync.WaitGroup
		for _, b := range ways {
			wg.Go(func() {
				if e, err := w.FinishProviderSignIn(nobody(), b.in); err != nil && !errors.Is(err, account.ErrInvalidCode) || err == nil && e.Session == nil {
					t.Errorf("%+v, %v", e, err)
				}
			})
		}
		wg.Wait()
		if n := w.users() - before; n != 1 {
			t.Errorf("%d people were made of one", n)
		}
	})
}

// TestUnprovenAddress walks with addresses that the provider has not proven:
// nobody is let in or linked by them (security E1).
func TestUnprovenAddress(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, true) // even of a provider whose addresses are trusted
		victim := w.person("victim@example.com", true)
		for i, verified := range []any{false, nil, "true", 1} {
			c, binding := w.asked("alpha", w.alpha, claims("evil"+string(rune('0'+i)), "victim@example.com", verified))
			if c.Methods[0] != account.ChallengeKindEmailCode || w.links(victim) != 0 {
				t.Fatalf("%v: %+v", verified, c)
			}
			right, to := w.code(c.ID)
			if to != "victim@example.com" {
				t.Errorf("the code went to %q", to)
			}
			for range 5 {
				if _, err := w.confirm(c, binding, nil, text("000000")); !errors.Is(err, account.ErrInvalidCode) {
					t.Errorf("a guess: %v", err)
				}
			}
			if _, err := w.confirm(c, binding, nil, &right); !errors.Is(err, account.ErrInvalidCode) { // security D5
				t.Errorf("the sixth guess is heard: %v", err)
			}
			db.Clock.Add(2 * time.Minute)
		}
		if n := w.users(); w.links(victim) != 0 || n != 1 {
			t.Errorf("%d people, %d links after guessing", n, w.links(victim))
		}
		// With the code, the account's own proof is still asked for.
		db.Clock.Add(time.Hour)
		c, binding := w.asked("alpha", w.alpha, claims("7", "victim@example.com", false))
		code, _ := w.code(c.ID)
		if _, err := w.confirm(c, "another browser", nil, &code); !errors.Is(err, social.ErrProviderSignInFailed) {
			t.Errorf("in another browser: %v", err)
		}
		e, err := w.confirm(c, binding, nil, &code)
		if err != nil || e.Session != nil || e.Challenge == nil || e.Challenge.Methods[0] != account.ChallengeKindLinkIdentity || w.links(victim) != 0 {
			t.Fatalf("after the code: %+v, %v", e, err)
		}
		if _, err := w.confirm(c, binding, nil, &code); !errors.Is(err, account.ErrInvalidCode) {
			t.Errorf("a code twice: %v", err)
		}
		if e := w.entered(w.confirm(e.Challenge, binding, text(password), nil)); e.User.ID != victim || w.links(victim) != 1 {
			t.Error("the password does not link")
		}
	})
}

// TestUnprovenAddressTellsNothing compares a known and an unknown one.
func TestUnprovenAddressTellsNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		w.person("known1@example.com", true)
		w.entered(w.alphaSignIn(claims("warm", "", nil))) // metadata and keys are read once
		count := func(email, subject string) (statements, letters int, c *account.Challenge) {
			b := w.begin("alpha", w.alpha, claims(subject, email, false))
			before := len(w.letters)
			statements, _ = db.Statements(func() {
				e, err := w.FinishProviderSignIn(nobody(), b.in)
				w.must(err)
				c = e.Challenge
			})
			return statements, len(w.letters) - before, c
		}
		s1, l1, c1 := count("known1@example.com", "1")
		s2, l2, c2 := count("novel1@example.com", "2")
		if s1 != s2 || l1 != 1 || l2 != 1 || c1.Kind != c2.Kind || c1.Methods[0] != c2.Methods[0] || !c1.ExpiresAt.Equal(c2.ExpiresAt) || len(*c1.SentTo) != len(*c2.SentTo) { // security A6, A7
			t.Errorf("known: %d statements, %d letters, %+v; unknown: %d, %d, %+v", s1, l1, c1, s2, l2, c2)
		}
	})
}

func TestKnownAddressIsAskedForAProof(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		anna := w.person("anna@example.com", true)
		c, binding := w.asked("alpha", w.alpha, claims("1", "ANNA@example.com", true))
		if c.Methods[0] != account.ChallengeKindLinkIdentity || w.links(anna) != 0 {
			t.Fatalf("%+v", c)
		}
		if _, err := w.confirm(c, binding, text("wrong password"), nil); !errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("a wrong password: %v", err)
		}
		if _, err := w.confirm(c, "another browser", text(password), nil); !errors.Is(err, social.ErrProviderSignInFailed) {
			t.Errorf("in another browser: %v", err)
		}
		if _, err := w.confirm(c, binding, nil, nil); !errors.Is(err, fault.ErrRequired) {
			t.Errorf("with nothing: %v", err)
		}
		// Somebody else's session proves nothing (security E6), nor does an old one of hers.
		in := social.ConfirmIdentityLinkInput{ChallengeID: c.ID, Binding: binding}
		if _, err := w.ConfirmIdentityLink(fresh(w.person("eve@example.com", true), anna), in); !errors.Is(err, social.ErrProviderSignInFailed) {
			t.Errorf("in somebody else's session: %v", err)
		}
		if _, err := w.ConfirmIdentityLink(account.As(nobody(), anna, anna), in); fault.KindOf(err) != fault.Locked || w.links(anna) != 0 {
			t.Errorf("in an old session: %v", err)
		}
		e := w.entered(w.confirm(c, binding, text(password), nil))
		if e.User.ID != anna || w.links(anna) != 1 {
			t.Errorf("%+v", e)
		}
		if _, err := w.confirm(c, binding, text(password), nil); !errors.Is(err, social.ErrProviderSignInFailed) {
			t.Errorf("twice: %v", err)
		}
		if e := w.entered(w.alphaSignIn(claims("1", "", nil))); e.User.ID != anna {
			t.Error("the link does not sign her in")
		}
		// A changed password makes what waits worthless (security D1).
		c, binding = w.asked("beta", w.beta, claims("1", "anna@example.com", true))
		_, err := w.people.ChangePassword(fresh(anna, e.Session.Session.ID), account.ChangePasswordInput{CurrentPassword: password, NewPassword: "another " + password})
		w.must(err)
		if _, err := w.confirm(c, binding, text("another "+password), nil); !errors.Is(err, social.ErrProviderSignInFailed) {
			t.Errorf("after a change of the password: %v", err)
		}
	})
}

func TestKnownAddressWithoutAPassword(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		vera := w.entered(w.alphaSignIn(claims("1", "vera@example.com", true))).User.ID
		c, binding := w.asked("beta", w.beta, claims("2", "vera@example.com", true))
		code, to := w.code(c.ID)
		if c.Methods[0] != account.ChallengeKindEmailCode || to != "vera@example.com" {
			t.Fatalf("%+v", c)
		}
		_, err := w.confirm(c, binding, nil, nil)
		if f, ok := fault.As(err); !ok || f.Code != "REQUIRED" || strings.Join(f.Path, ".") != "input.code" {
			t.Errorf("with nothing: %v", err)
		}
		if e := w.entered(w.confirm(c, binding, nil, &code)); e.User.ID != vera || *e.Registered || w.links(vera) != 2 {
			t.Errorf("%+v", e)
		}
	})
}

func TestTrustedAddress(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, true)
		anna := w.person("anna@example.com", true)
		if e := w.entered(w.alphaSignIn(claims("1", "anna@example.com", true))); e.User.ID != anna || w.links(anna) != 1 {
			t.Errorf("%+v", e)
		}
		if len(w.letters) == 0 {
			t.Error("nobody was told of the link")
		}
	})
}

// TestPreHijack is somebody who lies in wait with an address that is not his.
func TestPreHijack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		// He wrote the address down and never proved it; he has a password, a
		// session and a link to a provider of his own.
		hijacker := w.person("victim@example.com", false)
		var session *string
		w.inTx(func(tx *storeTx) error {
			e, err := w.people.Admit(tx.ctx, tx.Tx, account.Proof{UserID: hijacker, Method: account.MethodPassword, AAL: 1})
			if err != nil {
				return err
			}
			tx.after = func() {
				welcome, err := w.people.Welcome(nobody(), e)
				w.must(err)
				session = welcome.Session.Token
			}
			return nil
		})
		if !w.alive(session) {
			t.Fatal("the hijacker has no session")
		}
		e := w.entered(w.alphaSignIn(claims("1", "victim@example.com", true)))
		if e.User.ID == hijacker || !*e.Registered || w.owner("victim@example.com") != e.User.ID { // security E2
			t.Error("the victim got the hijacker's account")
		}
		if w.alive(session) { // security E2
			t.Error("the hijacker's session lives")
		}
		if _, err := w.people.SignIn(nobody(), account.SignInInput{Login: "victim@example.com", Password: password}); !errors.Is(err, account.ErrInvalidCredentials) { // security E2
			t.Errorf("the hijacker's password: %v", err)
		}
		if left, err := w.people.Identities(storetest.System(), hijacker); err == nil && len(left) != 0 { // security E2
			t.Errorf("the hijacker has %d identities left", len(left))
		}
	})
}

func TestWays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		before := w.users()
		refused := func(name string, in social.FinishProviderSignInInput) {
			t.Helper()
			if e, err := w.FinishProviderSignIn(nobody(), in); !errors.Is(err, social.ErrProviderSignInFailed) { // security E4
				t.Errorf("%s: %+v, %v", name, e, err)
			}
		}
		fresh := func() social.FinishProviderSignInInput {
			return w.begin("alpha", w.alpha, claims("1", "vera@example.com", true)).in
		}
		other := fresh()
		for name, change := range map[string]func(*social.FinishProviderSignInInput){
			"no state":                     func(in *social.FinishProviderSignInInput) { in.State = "" },
			"the state of another way":     func(in *social.FinishProviderSignInInput) { in.State = other.State },
			"a changed state":              func(in *social.FinishProviderSignInInput) { in.State += "A" },
			"another browser's binding":    func(in *social.FinishProviderSignInInput) { in.Binding = other.Binding },
			"no binding":                   func(in *social.FinishProviderSignInInput) { in.Binding = "" },
			"the code of another way":      func(in *social.FinishProviderSignInInput) { in.Code = fresh().Code }, // its nonce and challenge differ
			"no code":                      func(in *social.FinishProviderSignInInput) { in.Code = "" },
			"another issuer":               func(in *social.FinishProviderSignInInput) { in.Issuer = &w.beta.URL },
			"the challenge of another way": func(in *social.FinishProviderSignInInput) { in.ChallengeID = fresh().ChallengeID },
		} {
			in := fresh()
			change(&in)
			refused(name, in)
		}
		// Mix-up: the answer of an honest provider is brought to a way that
		// began at another one.
		mixed, b := fresh(), w.begin("beta", w.beta, claims("1", "", nil)).in
		mixed.Code, mixed.Issuer = b.Code, b.Issuer
		refused("mix-up", mixed)
		late := fresh()
		db.Clock.Add(10 * time.Minute)
		refused("after ten minutes", late)
		if n := w.users() - before; n != 0 {
			t.Errorf("%d people were made by refused ways", n)
		}
		// One way is walked once, however many walk it.
		in := fresh()
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 10 {
			wg.Go(func() {
				if _, err := w.FinishProviderSignIn(nobody(), in); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				} else if !errors.Is(err, social.ErrProviderSignInFailed) {
					t.Errorf("a twin: %v", err)
				}
			})
		}
		wg.Wait()
		if won != 1 { // security E4: code and state are used once
			t.Errorf("%d of ten twins were let in", won)
		}
		refused("a replay", in)
	})
}

func TestProvidersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		in := w.begin("alpha", w.alpha, claims("1", "vera@example.com", true)).in
		w.alpha.Before = func(_ string, rw http.ResponseWriter) bool {
			http.Error(rw, "the words of the provider", http.StatusInternalServerError)
			return true
		}
		w.beta.Before = w.alpha.Before
		_, err := w.FinishProviderSignIn(nobody(), in)
		if f, ok := fault.As(err); !ok || f.Code != "PROVIDER_UNAVAILABLE" || f.Params["provider"] != "alpha" { // security E7
			t.Errorf("at the token endpoint: %v", err)
		}
		if _, err := w.StartProviderSignIn(nobody(), social.StartProviderSignInInput{Provider: "beta"}); !errors.Is(err, social.ErrProviderUnavailable) { // security E7
			t.Errorf("at discovery: %v", err)
		}
		if strings.Contains(w.log.String(), "\nthe words") || strings.Contains(w.log.String(), in.Code) || strings.Contains(w.log.String(), in.Binding) { // security J8, J9
			t.Errorf("the log says %s", w.log.String())
		}
	})
}
