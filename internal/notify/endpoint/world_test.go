package endpoint_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/session"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a database with alice and boris, each signed in once.
type world struct {
	*storetest.DB
	endpoints    *endpoint.Endpoints
	alice, boris viewer.Viewer

	mu   sync.Mutex
	news []string
}

const secret = "0123456789abcdef0123456789abcdef"

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	sealer, err := store.NewSealer([]byte(secret))
	check(t, err)
	w := &world{DB: db}
	w.endpoints = &endpoint.Endpoints{
		Store: db.Store, Sealer: sealer, Locale: "en",
		Guard:   func(context.Context, string) string { return "" },
		Lives:   endpoint.Lives{Idle: 14 * 24 * time.Hour, StaffIdle: 30 * time.Minute, StaffAbsolute: 12 * time.Hour},
		BotName: func(context.Context) (string, error) { return "shop_bot", nil },
		News: func(_ context.Context, _ *store.Tx, user uuid.UUID, change string, _ scalar.ID) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.news = append(w.news, change)
			return nil
		},
	}
	w.alice, w.boris = w.person(t, "en"), w.person(t, "ru")
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	check(t, w.InTx(storetest.System(), f))
}

func (w *world) person(t *testing.T, lang string) (v viewer.Viewer) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetStatus(user.StatusACTIVE).SetDisplayName("P").SetLocale(lang).SetTimeZone("UTC").Save(ctx)
		v = viewer.Viewer{UserID: u.ID, OwnerID: u.ID, Locale: lang}
		return err
	})
	return w.signIn(t, v)
}

// signIn opens one more session.
func (w *world) signIn(t *testing.T, v viewer.Viewer) viewer.Viewer {
	t.Helper()
	hash := make([]byte, 32)
	_, _ = rand.Read(hash)
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		s, err := tx.Session.Create().SetUserID(v.UserID).SetOwnerID(v.UserID).SetKind(session.KindTOKEN).SetTokenHash(hash).
			SetLastUsedAt(tx.Now).SetExpiresAt(tx.Now.Add(90 * 24 * time.Hour)).Save(ctx)
		if err == nil {
			v.SessionID = s.ID
		}
		return err
	})
	return v
}

func as(v viewer.Viewer) context.Context { return viewer.With(context.Background(), v) }

// browser is what a new browser gives to a page.
func browser(t *testing.T) endpoint.RegisterPushEndpointInput {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	check(t, err)
	auth := make([]byte, 16)
	_, _ = rand.Read(auth)
	return endpoint.RegisterPushEndpointInput{Web: &endpoint.WebPushInput{
		Endpoint: "https://push.example/" + rand.Text(), P256dh: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), Auth: base64.RawURLEncoding.EncodeToString(auth),
	}}
}

func (w *world) register(t *testing.T, v viewer.Viewer, in endpoint.RegisterPushEndpointInput) uuid.UUID {
	t.Helper()
	e, err := w.endpoints.Register(as(v), in)
	check(t, err)
	return e.ID
}

// addresses are where a person is reached, opened.
func (w *world) addresses(t *testing.T, of uuid.UUID, channel string) (ids []uuid.UUID, open []string) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		ids, open = nil, nil
		all, err := w.endpoints.For(ctx, tx, of, channel)
		if err != nil {
			return err
		}
		for _, a := range all {
			text, err := a.Open()
			if err != nil {
				return err
			}
			ids, open = append(ids, a.ID), append(open, text)
		}
		return nil
	})
	return ids, open
}

// reached says whether a message of a channel goes to these and no others.
func (w *world) reached(t *testing.T, of uuid.UUID, channel string, want ...uuid.UUID) {
	t.Helper()
	if got, _ := w.addresses(t, of, channel); !slices.Equal(got, want) {
		t.Errorf("%s goes to %v, want %v", channel, got, want)
	}
}

func refused(t *testing.T, err error, code string) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code != code {
		t.Errorf("%v, want %s", err, code)
		return &fault.Fault{}
	}
	return f
}
