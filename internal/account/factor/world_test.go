package factor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/account/factor"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const password = "correct horse battery"

var party = virtualwebauthn.RelyingParty{Name: "shop.example", ID: "shop.example", Origin: "https://shop.example"}

// world is a database with people who have second factors.
type world struct {
	*factor.Factors
	people *account.People
	t      testing.TB
	db     *storetest.DB
	sealer *store.Sealer
	log    *logged
}

type logged struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(b)
}

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, log: &logged{}}
	var err error
	w.sealer, err = store.NewSealer(bytes.Repeat([]byte("0123456789abcdef"), 2))
	w.must(err)
	w.people, err = account.New(account.Options{
		Store: db.Store, Sealer: w.sealer, Log: slog.New(slog.NewTextHandler(w.log, nil)), SMS: true,
		Mail: func(context.Context, *store.Tx, account.Letter) error { return nil },
	})
	w.must(err)
	w.must(w.people.EnsureHouse(storetest.System()))
	w.Factors, err = factor.New(factor.Options{Store: db.Store, People: w.people, Sealer: w.sealer,
		Domain: party.ID, Origins: []string{party.Origin}, Name: "Shop"})
	w.must(err)
	w.Attach()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused demands a refusal by its code.
func (w *world) refused(err error, code string) {
	w.t.Helper()
	if f, ok := fault.As(err); !ok || f.Code != code {
		w.t.Fatalf("got %v, want %s", err, code)
	}
}

func (w *world) person(email string) uuid.UUID {
	w.t.Helper()
	id, err := w.people.CreateUser(storetest.System(), account.CreateUser{Email: email, Name: "Anna", Password: password, Verified: true})
	w.must(err)
	return id
}

// nobody is a caller who is not signed in.
func nobody() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{IP: "203.0.113.7", UserAgent: "test", Locale: "en", TimeZone: "UTC", RequestID: "req_test"})
}

// enter signs in by the password.
func (w *world) enter(email string) *account.Welcome {
	w.t.Helper()
	in, err := w.people.SignIn(nobody(), account.SignInInput{Login: email, Password: password})
	w.must(err)
	return in
}

// as is the context of whoever has the token.
func (w *world) as(token string) context.Context {
	w.t.Helper()
	v, err := w.people.Viewer(context.Background(), account.Caller{Token: token, IP: "203.0.113.7", UserAgent: "test"})
	w.must(err)
	return viewer.With(context.Background(), v)
}

// in signs in by the password alone and gives the context of the session.
func (w *world) in(email string) context.Context {
	w.t.Helper()
	e := w.enter(email)
	if e.Session == nil {
		w.t.Fatalf("a second factor is due: %+v", e.Challenge)
	}
	return w.as(*e.Session.Token)
}

func (w *world) alive(token string) bool {
	v, err := w.people.Viewer(nobody(), account.Caller{Token: token})
	return err == nil && v.SignedIn()
}

// app is an authenticator app.
type app struct {
	w      *world
	secret string
}

func (a app) code(steps int) string {
	a.w.t.Helper()
	code, err := credential.TOTPAt(a.secret, a.w.db.Clock.Now().Add(stepsOf(steps)))
	a.w.must(err)
	return code
}

// withTotp turns an app on in a session; the step after is waited for, so that
// the app shows a code that is not used.
func (w *world) withTotp(ctx context.Context) (app, *factor.Change) {
	w.t.Helper()
	e, err := w.EnrollTotp(ctx)
	w.must(err)
	a := app{w, *e.Secret}
	c, err := w.ConfirmTotp(ctx, factor.ConfirmTotpInput{ChallengeID: e.Challenge.ID, Code: a.code(0)})
	w.must(err)
	w.db.Clock.Add(stepsOf(1))
	return a, c
}

// key is a passkey in somebody's device.
type key struct {
	device virtualwebauthn.Authenticator
	made   virtualwebauthn.Credential
}

func newKey(user uuid.UUID) *key {
	made := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	// One key of 128 has a coordinate that begins with zero, which the library leaves out.
	for tries := 0; tries < 9 && len(made.Key.AttestationData()) < 77; tries++ {
		made = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return &key{virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: user[:]}), made}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func read(s string) map[string]any {
	var v map[string]any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		panic(err)
	}
	return v
}

// create answers creation options.
func (k *key) create(rp virtualwebauthn.RelyingParty, options map[string]any) map[string]any {
	o, err := virtualwebauthn.ParseAttestationOptions(text(options))
	if err != nil {
		panic(err)
	}
	return read(virtualwebauthn.CreateAttestationResponse(rp, k.device, k.made, *o))
}

// sign answers request options; the counter goes on.
func (k *key) sign(rp virtualwebauthn.RelyingParty, options map[string]any) map[string]any {
	o, err := virtualwebauthn.ParseAssertionOptions(text(options))
	if err != nil {
		panic(err)
	}
	k.made.Counter++
	return read(virtualwebauthn.CreateAssertionResponse(rp, k.device, k.made, *o))
}

// withPasskey adds a passkey in a session.
func (w *world) withPasskey(ctx context.Context, second bool) (*key, *factor.Change) {
	w.t.Helper()
	k := newKey(viewer.From(ctx).UserID)
	e, err := w.StartPasskeyEnrollment(ctx)
	w.must(err)
	c, err := w.FinishPasskeyEnrollment(ctx, factor.FinishPasskeyEnrollmentInput{ChallengeID: e.Challenge.ID, Credential: k.create(party, e.Options), SecondFactor: &second})
	w.must(err)
	return k, c
}

// byKey signs in by a passkey.
func (w *world) byKey(k *key) (*account.Welcome, error) {
	w.t.Helper()
	c, err := w.StartPasskeySignIn(nobody())
	w.must(err)
	return w.FinishPasskeySignIn(nobody(), factor.FinishPasskeySignInInput{ChallengeID: c.ID, Credential: k.sign(party, c.PasskeyOptions)})
}

// sent reads the code of a challenge as its letter would.
func (w *world) sent(id scalar.ID) string {
	w.t.Helper()
	c, err := w.db.OpenChallenge(context.Background(), w.sealer, id.UUID)
	w.must(err)
	var r struct{ Sent []struct{ Code string } }
	w.must(c.Read(&r))
	if len(r.Sent) == 0 {
		w.t.Fatal("no code was sent")
	}
	return r.Sent[0].Code
}

func (w *world) complete(in factor.CompleteSecondFactorInput) (*account.Welcome, error) {
	return w.Complete(nobody(), in)
}

// phone gives a person a proven number.
func (w *world) phone(user uuid.UUID, number string) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.ContactPoint.Create().SetUserID(user).SetKind(contactpoint.KindPHONE).SetValue(number).SetValueKey(number).SetVerifiedAt(tx.Now).SetIsPrimary(true).Exec(ctx)
	}))
}

// audited counts acts on record of a person.
func (w *world) audited(user uuid.UUID, action string) (n int) {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), `SELECT count(*) FROM audit_entries WHERE owner_id = ? AND action = ?`, user, action)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	return n
}

// dump is every byte of the tables that could hold a secret.
func (w *world) dump() string {
	w.t.Helper()
	var all strings.Builder
	for _, q := range []string{
		`SELECT coalesce(secret, '') FROM identities`, `SELECT coalesce(params, '{}') FROM identities`, `SELECT data FROM challenges`, `SELECT secret_hash FROM challenges`,
		`SELECT payload FROM account_events`, `SELECT coalesce(changes, '{}') FROM audit_entries`,
	} {
		if w.db.Dialect() == "postgres" {
			q = strings.NewReplacer(`coalesce(secret, '')`, `coalesce(secret, ''::bytea)`, `coalesce(params, '{}')`, `coalesce(params::text, '{}')`, `coalesce(changes, '{}')`, `coalesce(changes::text, '{}')`).Replace(q)
		}
		rows, err := w.db.Query(context.Background(), q)
		w.must(err)
		for rows.Next() {
			var b []byte
			w.must(rows.Scan(&b))
			all.Write(b)
			all.WriteByte('\n')
		}
		w.must(rows.Err())
		w.must(rows.Close())
	}
	return all.String()
}

// passkeyRow reads the row of a person's only passkey.
func (w *world) passkeyRow(user uuid.UUID) (id scalar.ID, counter int64) {
	w.t.Helper()
	i, err := w.db.Client.Identity.Query().Where(identity.UserID(user), identity.KindEQ(identity.KindPASSKEY)).Only(storetest.System())
	w.must(err)
	return i.GlobalID(), i.Counter
}

// idOf is the id of any identity of a person.
func (w *world) idOf(user uuid.UUID) (scalar.ID, error) {
	i, err := w.db.Client.Identity.Query().Where(identity.UserID(user)).First(storetest.System())
	if err != nil {
		return scalar.ID{}, err
	}
	return i.GlobalID(), nil
}
