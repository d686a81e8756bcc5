package social_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/account/social"
	"kabinet/internal/adapter/oidc"
	"kabinet/internal/adapter/oidc/oidctest"
	"kabinet/internal/credential"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const (
	home     = "https://account.example.com"
	password = "correct horse battery"
)

// world is a database with people in it and two providers beside it, which do
// what a test tells them.
type world struct {
	*social.Social
	people      *account.People
	t           testing.TB
	db          *storetest.DB
	sealer      *store.Sealer
	alpha, beta *oidctest.Hostile
	log         bytes.Buffer

	mu      sync.Mutex
	letters []account.Letter
}

// newWorld makes a world; trust says whether alpha's addresses are believed.
func newWorld(t testing.TB, db *storetest.DB, trust bool) *world {
	t.Helper()
	w := &world{t: t, db: db}
	var err error
	w.sealer, err = store.NewSealer(bytes.Repeat([]byte("0123456789abcdef"), 2))
	w.must(err)
	w.people, err = account.New(account.Options{
		Store: db.Store, Sealer: w.sealer, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Mail: func(_ context.Context, _ *store.Tx, l account.Letter) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.letters = append(w.letters, l)
			return nil
		},
	})
	w.must(err)
	w.must(w.people.EnsureHouse(storetest.System()))
	returns, err := credential.NewReturns(home, []string{"https://shop.example.com"})
	w.must(err)
	w.alpha, w.beta = oidctest.NewHostile(t, db.Clock.Now), oidctest.NewHostile(t, db.Clock.Now)
	w.Social, err = social.New(social.Options{
		Store: db.Store, People: w.people, Sealer: w.sealer, Returns: returns, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Providers: []social.Provider{w.connect("alpha", w.alpha, trust), w.connect("beta", w.beta, false)},
	})
	w.must(err)
	return w
}

func (w *world) connect(name string, h *oidctest.Hostile, trust bool) social.Provider {
	w.t.Helper()
	p, err := oidc.New(oidc.Options{Issuer: h.URL, ClientID: h.ClientID, ClientSecret: h.Secret, RedirectURL: home + "/auth/callback/" + name, Now: w.db.Clock.Now})
	w.must(err)
	return social.Provider{Name: name, Label: strings.ToUpper(name), Issuer: h.URL, TrustEmail: trust, Start: p.Start,
		Finish: func(ctx context.Context, a social.Answer) (social.Claims, error) {
			c, err := p.Finish(ctx, oidc.Answer(a))
			if errors.Is(err, oidc.ErrForged) {
				err = fmt.Errorf("%w: %w", social.ErrForged, err)
			}
			return social.Claims(c), err
		}}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// nobody is a caller without a session.
func nobody() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{IP: "203.0.113.7", UserAgent: "test", Locale: "en", TimeZone: "UTC", RequestID: "req_test"})
}

// fresh is a person in a session who has just proven who he is.
func fresh(user, session uuid.UUID) context.Context {
	ctx := account.As(nobody(), user, session)
	v := viewer.From(ctx)
	v.SteppedUp, v.AAL = true, 2
	return viewer.With(ctx, v)
}

func (w *world) person(email string, verified bool) uuid.UUID {
	w.t.Helper()
	id, err := w.people.CreateUser(storetest.System(), account.CreateUser{Email: email, Name: "Anna", Password: password, Verified: verified})
	w.must(err)
	return id
}

// claims are what a provider says of somebody.
func claims(subject, email string, verified any) map[string]any {
	return map[string]any{"sub": subject, "email": email, "email_verified": verified, "name": "Vera Orlova", "given_name": "Vera", "family_name": "Orlova"}
}

// begun is a way with what the browser brings back.
type begun struct {
	in social.FinishProviderSignInInput
}

func (w *world) begin(provider string, h *oidctest.Hostile, c map[string]any) begun {
	w.t.Helper()
	b, err := w.StartProviderSignIn(nobody(), social.StartProviderSignInInput{Provider: provider})
	w.must(err)
	code, state := h.Approve(w.t, b.AuthorizationURL, c)
	return begun{social.FinishProviderSignInInput{ChallengeID: b.ChallengeID, Binding: b.Binding, Code: code, State: state, Issuer: &h.URL}}
}

// alphaSignIn walks the whole way through the provider alpha.
func (w *world) alphaSignIn(c map[string]any) (*social.Entered, error) {
	w.t.Helper()
	return w.FinishProviderSignIn(nobody(), w.begin("alpha", w.alpha, c).in)
}

func (w *world) entered(e *social.Entered, err error) *social.Entered {
	w.t.Helper()
	if err != nil || e.Session == nil {
		w.t.Fatalf("no session: %+v, %v", e, err)
	}
	return e
}

// asked is the challenge of a way that does not end in a session, with the
// binding of its beginning.
func (w *world) asked(provider string, h *oidctest.Hostile, c map[string]any) (*account.Challenge, string) {
	w.t.Helper()
	b := w.begin(provider, h, c)
	e, err := w.FinishProviderSignIn(nobody(), b.in)
	if err != nil || e.Session != nil || e.User != nil || e.Challenge == nil || e.Challenge.Kind != account.ChallengeKindLinkIdentity {
		w.t.Fatalf("no challenge: %+v, %v", e, err)
	}
	return e.Challenge, b.in.Binding
}

func (w *world) confirm(c *account.Challenge, binding string, secret, code *string) (*social.Entered, error) {
	return w.ConfirmIdentityLink(nobody(), social.ConfirmIdentityLinkInput{ChallengeID: c.ID, Binding: binding, Password: secret, Code: code})
}

// code is what the letter of a challenge says, and to whom.
func (w *world) code(id scalar.ID) (code, to string) {
	w.t.Helper()
	c, err := w.db.OpenChallenge(context.Background(), w.sealer, id.UUID)
	w.must(err)
	var r struct {
		Sent []struct{ Code, To string } `json:"sent"`
	}
	w.must(c.Read(&r))
	if len(r.Sent) != 1 || r.Sent[0].Code == "" {
		w.t.Fatalf("no code in %+v", r)
	}
	return r.Sent[0].Code, r.Sent[0].To
}

func (w *world) links(user uuid.UUID) int {
	w.t.Helper()
	n, err := w.db.Client.Identity.Query().Where(identity.UserID(user), identity.KindEQ(identity.KindOIDC)).Count(storetest.System())
	w.must(err)
	return n
}

func (w *world) users() int {
	w.t.Helper()
	n, err := w.db.Client.User.Query().Count(storetest.System())
	w.must(err)
	return n
}

func (w *world) owner(email string) uuid.UUID {
	w.t.Helper()
	c, err := w.db.Client.ContactPoint.Query().Where(contactpoint.Value(email)).Only(storetest.System())
	w.must(err)
	return c.UserID
}

func (w *world) alive(token *string) bool {
	w.t.Helper()
	v, err := w.people.Viewer(nobody(), account.Caller{Token: *token})
	return err == nil && v.SignedIn()
}

func text(s string) *string { return &s }

func query(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// storeTx is a transaction with what happens after it.
type storeTx struct {
	*store.Tx
	ctx   context.Context
	after func()
}

func (w *world) inTx(f func(tx *storeTx) error) {
	w.t.Helper()
	var t *storeTx
	w.must(w.db.InTx(nobody(), func(ctx context.Context, tx *store.Tx) error {
		t = &storeTx{Tx: tx, ctx: ctx}
		return f(t)
	}))
	if t.after != nil {
		t.after()
	}
}
