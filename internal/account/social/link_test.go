package social_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/account/social"
	"kabinet/internal/adapter/oidc/oidctest"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// linking is a way to link, with what the browser brings back.
func (w *world) linking(ctx context.Context, provider string, h *oidctest.Hostile, c map[string]any) social.FinishLinkIdentityInput {
	w.t.Helper()
	b, err := w.LinkIdentity(ctx, social.LinkIdentityInput{Provider: provider})
	w.must(err)
	code, state := h.Approve(w.t, b.AuthorizationURL, c)
	return social.FinishLinkIdentityInput{ChallengeID: b.ChallengeID, Binding: b.Binding, Code: code, State: state}
}

func (w *world) identity(user uuid.UUID, provider *oidctest.Hostile) scalar.ID {
	w.t.Helper()
	i, err := w.db.Client.Identity.Query().Where(identity.UserID(user), identity.Issuer(provider.URL)).Only(storetest.System())
	w.must(err)
	return i.GlobalID()
}

func TestLink(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		anna, eve := w.person("anna@example.com", true), w.person("eve@example.com", true)
		hers, his := fresh(anna, uuid.Must(uuid.NewV7())), fresh(eve, uuid.Must(uuid.NewV7()))
		if _, err := w.LinkIdentity(account.As(nobody(), anna, anna), social.LinkIdentityInput{Provider: "alpha"}); fault.KindOf(err) != fault.Locked {
			t.Errorf("without a fresh proof: %v", err)
		}
		if _, err := w.LinkIdentity(nobody(), social.LinkIdentityInput{Provider: "alpha"}); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("as nobody: %v", err)
		}
		// security E6: a way that eve began links nothing to anna whose browser
		// is made to end it, in no session but the one that began.
		for name, ctx := range map[string]context.Context{"another person": hers, "another session": fresh(eve, uuid.Must(uuid.NewV7()))} {
			in := w.linking(his, "alpha", w.alpha, claims("evil", "", nil))
			if _, err := w.FinishLinkIdentity(ctx, in); !errors.Is(err, social.ErrProviderSignInFailed) || w.links(anna)+w.links(eve) != 0 {
				t.Errorf("login CSRF, %s: %v", name, err)
			}
		}
		in := w.linking(his, "alpha", w.alpha, claims("evil", "", nil))
		if _, err := w.FinishProviderSignIn(nobody(), social.FinishProviderSignInInput(in)); !errors.Is(err, social.ErrProviderSignInFailed) {
			t.Errorf("a way to link signs in: %v", err)
		}
		b := w.begin("alpha", w.alpha, claims("evil", "", nil)).in
		if _, err := w.FinishLinkIdentity(hers, social.FinishLinkIdentityInput(b)); !errors.Is(err, social.ErrProviderSignInFailed) {
			t.Errorf("a way to sign in links: %v", err)
		}
		// An address at the provider moves nothing.
		i, err := w.FinishLinkIdentity(hers, w.linking(hers, "alpha", w.alpha, claims("1", "eve@example.com", true)))
		w.must(err)
		if p := w.ProviderOf(i); p == nil || p.Name != "alpha" || *w.SubjectHint(i) != "…1" || w.owner("eve@example.com") != eve {
			t.Errorf("linked %+v", i)
		}
		if _, err := w.FinishLinkIdentity(hers, w.linking(hers, "alpha", w.alpha, claims("1", "", nil))); err != nil || w.links(anna) != 1 {
			t.Errorf("the same once more: %v", err)
		}
		if _, err := w.FinishLinkIdentity(his, w.linking(his, "alpha", w.alpha, claims("1", "", nil))); !errors.Is(err, social.ErrIdentityTaken) || w.links(eve) != 0 { // security E6
			t.Errorf("somebody else's: %v", err)
		}
		if e := w.entered(w.alphaSignIn(claims("1", "", nil))); e.User.ID != anna {
			t.Error("the link signs in somebody else")
		}
	})
}

func TestMostLinks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		hers := fresh(w.person("anna@example.com", true), uuid.Must(uuid.NewV7()))
		for n := range 20 {
			_, err := w.FinishLinkIdentity(hers, w.linking(hers, "alpha", w.alpha, claims("s"+strings.Repeat("x", n), "", nil)))
			w.must(err)
		}
		if _, err := w.FinishLinkIdentity(hers, w.linking(hers, "alpha", w.alpha, claims("more", "", nil))); !errors.Is(err, account.ErrTooManyItems) {
			t.Errorf("one more than twenty: %v", err)
		}
	})
}

func TestUnlink(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		e := w.entered(w.alphaSignIn(claims("1", "vera@example.com", true)))
		vera, session := e.User.ID, e.Session.Session.ID
		hers := fresh(vera, session)
		alpha := w.identity(vera, w.alpha)
		unlink := func(ctx context.Context, id scalar.ID) error {
			_, err := w.UnlinkIdentity(ctx, social.UnlinkIdentityInput{IdentityID: id})
			return err
		}
		if err := unlink(hers, alpha); !errors.Is(err, social.ErrLastSignInMethod) || w.links(vera) != 1 { // security E6
			t.Errorf("the last one: %v", err)
		}
		if err := unlink(account.As(nobody(), vera, session), alpha); fault.KindOf(err) != fault.Locked {
			t.Errorf("without a fresh proof: %v", err)
		}
		eve := w.person("eve@example.com", true)
		if err := unlink(fresh(eve, uuid.Must(uuid.NewV7())), alpha); !errors.Is(err, fault.ErrNotFound) || w.links(vera) != 1 { // security E6
			t.Errorf("somebody else's: %v", err)
		}
		_, err := w.FinishLinkIdentity(hers, w.linking(hers, "beta", w.beta, claims("2", "", nil)))
		w.must(err)
		second := w.entered(w.alphaSignIn(claims("1", "", nil)))
		third := w.entered(w.FinishProviderSignIn(nobody(), w.begin("beta", w.beta, claims("2", "", nil)).in))
		w.must(unlink(hers, alpha))
		if w.links(vera) != 1 || !w.alive(e.Session.Token) || w.alive(second.Session.Token) || !w.alive(third.Session.Token) {
			t.Error("unlinking ends what was signed in by it, but for the session of the call")
		}
		if e, err := w.alphaSignIn(claims("1", "vera@example.com", true)); err != nil || e.Session != nil {
			t.Errorf("an unlinked one signs in: %+v, %v", e, err)
		}
		if err := unlink(hers, w.identity(vera, w.beta)); !errors.Is(err, social.ErrLastSignInMethod) {
			t.Errorf("the one left: %v", err)
		}
		password, err := db.Client.Identity.Query().Where(identity.UserID(eve)).Only(storetest.System())
		w.must(err)
		if err := unlink(fresh(eve, uuid.Must(uuid.NewV7())), password.GlobalID()); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a password: %v", err)
		}
	})
}

func TestUnlinkBothAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		e := w.entered(w.alphaSignIn(claims("1", "vera@example.com", true)))
		hers := fresh(e.User.ID, e.Session.Session.ID)
		_, err := w.FinishLinkIdentity(hers, w.linking(hers, "beta", w.beta, claims("2", "", nil)))
		w.must(err)
		ids := []scalar.ID{w.identity(e.User.ID, w.alpha), w.identity(e.User.ID, w.beta)}
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() {
				if _, err := w.UnlinkIdentity(hers, social.UnlinkIdentityInput{IdentityID: id}); err != nil && !errors.Is(err, social.ErrLastSignInMethod) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.links(e.User.ID); n != 1 { // security E6
			t.Errorf("%d links are left of two unlinked at once; want 1", n)
		}
	})
}

// TestSecondFactor walks every way of this room as somebody who has two
// factors: none opens a session, none links by one of them.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, true)
		anna := w.person("anna@example.com", true)
		hers := fresh(anna, uuid.Must(uuid.NewV7()))
		_, err := w.FinishLinkIdentity(hers, w.linking(hers, "beta", w.beta, claims("1", "", nil)))
		w.must(err)
		w.people.Factors = func(_ context.Context, _ *store.Tx, user uuid.UUID) ([]account.Factor, error) {
			if user != anna {
				return nil, nil
			}
			return []account.Factor{{Kind: account.ChallengeKindTotp}}, nil
		}
		w.people.SecondFactor = func(context.Context, *store.Tx, uuid.UUID, *uuid.UUID, account.Half) (*account.Challenge, error) {
			return &account.Challenge{Kind: account.ChallengeKindTotp}, nil
		}
		half := func(e *social.Entered, err error) {
			t.Helper()
			if err != nil || e.Session != nil || e.User != nil || e.Challenge == nil || e.Challenge.Kind != account.ChallengeKindTotp { // security C6
				t.Errorf("no second factor: %+v, %v", e, err)
			}
		}
		half(w.FinishProviderSignIn(nobody(), w.begin("beta", w.beta, claims("1", "", nil)).in))
		// A trusted address links nothing by itself.
		c, binding := w.asked("alpha", w.alpha, claims("2", "anna@example.com", true))
		half(w.confirm(c, binding, text(password), nil))
		if w.links(anna) != 1 { // security C5
			t.Error("one factor of two has linked")
		}
		// In the session that both have opened, it links.
		e, err := w.ConfirmIdentityLink(hers, social.ConfirmIdentityLinkInput{ChallengeID: c.ID, Binding: binding})
		if err != nil || e.Session != nil || e.User.ID != anna || w.links(anna) != 2 {
			t.Errorf("with both: %+v, %v", e, err)
		}
		half(w.alphaSignIn(claims("2", "", nil)))
		// A code sent to the address is one factor too.
		db.Clock.Add(time.Hour)
		c, binding = w.asked("alpha", w.alpha, claims("3", "anna@example.com", false))
		code, _ := w.code(c.ID)
		e, err = w.confirm(c, binding, nil, &code)
		if err != nil || e.Session != nil || e.Challenge.Methods[0] != account.ChallengeKindLinkIdentity || w.links(anna) != 2 {
			t.Errorf("by code: %+v, %v", e, err)
		}
	})
}

func TestBlockedPerson(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, true)
		vera := w.entered(w.alphaSignIn(claims("1", "vera@example.com", true))).User.ID
		w.inTx(func(tx *storeTx) error {
			_, err := tx.Exec(tx.ctx, `UPDATE users SET status = 'BLOCKED' WHERE id = ?`, vera)
			return err
		})
		if _, err := w.alphaSignIn(claims("1", "vera@example.com", true)); !errors.Is(err, account.ErrAccountBlocked) {
			t.Errorf("by the link: %v", err)
		}
		if _, err := w.alphaSignIn(claims("2", "vera@example.com", true)); !errors.Is(err, account.ErrAccountBlocked) || w.links(vera) != 1 {
			t.Errorf("by the address: %v", err)
		}
	})
}

func TestReturn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		for _, evil := range []string{ // security D3
			"//evil.example", "https:\\\\evil.example", "javascript:alert(1)", "https://evil.example/", "https://shop.example.com@evil.example/",
			"https://shop.example.com:8443/", "http://shop.example.com/", "https://shop.example.com.evil.example/", "https://shop.example.com/#a", "/a",
		} {
			_, err := w.StartProviderSignIn(nobody(), social.StartProviderSignInInput{Provider: "alpha", ReturnTo: &evil})
			if f, ok := fault.As(err); !ok || !errors.Is(err, credential.ErrReturnNotAllowed) || strings.Join(f.Path, ".") != "input.returnTo" {
				t.Errorf("%s: %v", evil, err)
			}
		}
		b, err := w.StartProviderSignIn(nobody(), social.StartProviderSignInInput{Provider: "alpha", ReturnTo: text("HTTPS://Shop.Example.com:443/in?a=b")})
		w.must(err)
		q := query(t, b.AuthorizationURL)
		if to, err := w.Return("alpha", q.Get("state")); err != nil || to != "https://shop.example.com/in?a=b" {
			t.Errorf("back to %q, %v", to, err)
		}
		if q.Get("redirect_uri") != home+"/auth/callback/alpha" {
			t.Errorf("the provider is told %q", q.Get("redirect_uri"))
		}
		for name, state := range map[string]string{"none": "", "changed": q.Get("state") + "A", "no state": "AAAA"} {
			if to, err := w.Return("alpha", state); err == nil {
				t.Errorf("%s: back to %q", name, to)
			}
		}
		if to, err := w.Return("beta", q.Get("state")); err == nil { // security E4: each provider has a door of its own
			t.Errorf("at another provider's door: %q", to)
		}
		if _, err := w.StartProviderSignIn(nobody(), social.StartProviderSignInInput{Provider: "gamma"}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("an unknown provider: %v", err)
		}
	})
}

func TestNothingOfAWayIsReadable(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		in := w.begin("alpha", w.alpha, claims("1", "vera@example.com", true)).in
		rows, err := db.Query(context.Background(), `SELECT data, secret_hash FROM challenges`)
		w.must(err)
		defer rows.Close()
		for rows.Next() {
			var data, hash []byte
			w.must(rows.Scan(&data, &hash))
			for _, secret := range []string{in.Binding, in.State, "nonce", "verifier"} { // security B8
				if strings.Contains(string(data)+string(hash), secret) {
					t.Error("a way can be read in the database")
				}
			}
		}
		w.must(rows.Err())
	})
}

func TestManyBeginnings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, false)
		for range 100 {
			_, err := w.StartProviderSignIn(nobody(), social.StartProviderSignInInput{Provider: "alpha"})
			w.must(err)
		}
		_, err := w.StartProviderSignIn(nobody(), social.StartProviderSignInInput{Provider: "alpha"})
		if fault.KindOf(err) != fault.TooMany {
			t.Errorf("the 101st of an hour: %v", err)
		}
		db.Clock.Add(time.Hour + time.Second)
		_, err = w.StartProviderSignIn(nobody(), social.StartProviderSignInInput{Provider: "alpha"})
		w.must(err)
	})
}
