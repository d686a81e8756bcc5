package profile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/paymentmethod"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/profile"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// cards is saved payment methods over a test's database, and a provider that
// keeps cards as a real one does: a page is the reference's for ever.
type cards struct {
	*profile.PaymentMethods
	t  *testing.T
	db *storetest.DB

	mu      sync.Mutex
	down    bool
	pages   map[string]profile.Saved // by reference; Type is empty until the page is answered
	deleted []string
	news    []string
}

func newCards(t *testing.T, db *storetest.DB) *cards {
	t.Helper()
	if err := job.Migrate(context.Background(), db.Store); err != nil {
		t.Fatal(err)
	}
	sealer, err := store.NewSealer([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	c := &cards{t: t, db: db, pages: map[string]profile.Saved{}}
	c.PaymentMethods = &profile.PaymentMethods{
		Store: db.Store, Sealer: sealer,
		MayReturn: func(address string) error {
			if address != "https://shop.example.com/cards" {
				return fault.ErrInvalidValue
			}
			return nil
		},
		News: func(_ context.Context, _ *store.Tx, _ uuid.UUID, change string, _ scalar.ID, details map[string]any) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.news = append(c.news, fmt.Sprint(change, " ", details["last4"]))
			return nil
		},
		Provider: &profile.Saver{Name: "fake", Setup: c.setup, Describe: c.describe, Delete: func(_ context.Context, token string) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.deleted = append(c.deleted, token)
			return nil
		}},
	}
	return c
}

func (c *cards) setup(_ context.Context, in profile.Setup) (profile.SetupPage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.pages[in.Reference]; !there {
		c.pages[in.Reference] = profile.Saved{Provider: "fake", Ref: "page-" + in.Reference, Reference: in.Reference}
	}
	if c.down { // the page was made, the answer is lost
		return profile.SetupPage{}, errors.New("the line broke")
	}
	return profile.SetupPage{Ref: "page-" + in.Reference, URL: "https://pay.example.com/" + in.Reference}, nil
}

func (c *cards) describe(_ context.Context, ref, reference string) (profile.Saved, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ref != "page-"+reference {
		return profile.Saved{}, errors.New("no such page")
	}
	return c.pages[reference], nil
}

// answer is the person at the provider's page; the message is not sent yet.
func (c *cards) answer(m *ent.PaymentMethod, typ, token string) profile.Saved {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.pages[m.GlobalID().String()]
	s.Type, s.SentAt = typ, c.db.Clock.Now().Truncate(time.Second)
	if typ == "payment_method.saved" {
		s.Token, s.Brand, s.Last4, s.ExpMonth, s.ExpYear = token, "Visa", "4242", 12, 2028
	}
	c.pages[m.GlobalID().String()] = s
	return s
}

func (c *cards) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *cards) person() (ctx context.Context, id uuid.UUID) {
	c.t.Helper()
	c.must(c.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName("Anna").SetStatus("ACTIVE").Save(ctx)
		if err == nil {
			id = u.ID
		}
		return err
	}))
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, SessionID: uuid.New(), Locale: "en"}), id
}

func (c *cards) add(ctx context.Context) *ent.PaymentMethod {
	c.t.Helper()
	done, err := c.Add(ctx, profile.AddPaymentMethodInput{IdempotencyKey: uuid.NewString()})
	c.must(err)
	return done.PaymentMethod
}

// saved is a method that can be used.
func (c *cards) saved(ctx context.Context, token string) *ent.PaymentMethod {
	c.t.Helper()
	m := c.add(ctx)
	if got, err := c.Hear(context.Background(), c.answer(m, "payment_method.saved", token)); err != nil || got != profile.Applied {
		c.t.Fatalf("%s %v", got, err)
	}
	return c.read(m.ID)
}

func (c *cards) read(id uuid.UUID) *ent.PaymentMethod {
	c.t.Helper()
	m, err := c.db.Client.PaymentMethod.Query().Where(paymentmethod.ID(id)).Only(storetest.System())
	if ent.IsNotFound(err) {
		return nil
	}
	c.must(err)
	return m
}

// work does the jobs that were left.
func (c *cards) work() {
	c.t.Helper()
	rows, err := c.db.Query(context.Background(), `SELECT args FROM river_job WHERE kind = 'forget-payment-token'`)
	c.must(err)
	defer rows.Close()
	for rows.Next() {
		var raw []byte
		c.must(rows.Scan(&raw))
		if bytes.Contains(raw, []byte("tok_")) {
			c.t.Errorf("a job holds a token in plain: %s", raw)
		}
		j := &river.Job[profile.ForgetToken]{}
		c.must(json.Unmarshal(raw, &j.Args))
		var later *river.JobSnoozeError // the provider it is of is not configured
		if err := c.Forget(context.Background(), j); !errors.As(err, &later) {
			c.must(err)
		}
	}
	c.must(rows.Err())
}

func TestAddPaymentMethod(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := newCards(t, db)
		ctx, user := c.person()
		back, label, yes := "https://shop.example.com/cards", " The blue one ", true
		in := profile.AddPaymentMethodInput{IdempotencyKey: "key-12345", ReturnURL: &back, Label: &label, MakeDefault: &yes}
		c.down = true
		if _, err := c.Add(ctx, in); fault.KindOf(err) != fault.Unavailable {
			t.Fatal(err)
		}
		c.down = false
		// The answer was lost: the same key is the same page.
		first, err := c.Add(ctx, in)
		c.must(err)
		again, err := c.Add(ctx, in)
		c.must(err)
		if !*first.Replayed || *first.NextActionURL != *again.NextActionURL || first.PaymentMethod.ID != again.PaymentMethod.ID || len(c.pages) != 1 {
			t.Errorf("%+v %+v, %d pages", first, again, len(c.pages))
		}
		if list, err := c.Of(ctx, user); err != nil || len(list) != 0 {
			t.Errorf("pending ones are offered: %v %v", list, err)
		}
		// Asked too early, then after the person has answered, twice.
		id := first.PaymentMethod.GlobalID()
		m, err := c.Confirm(ctx, profile.ConfirmPaymentMethodInput{ID: id})
		if err != nil || m.Status != paymentmethod.StatusPENDING {
			t.Errorf("%+v %v", m, err)
		}
		told := c.answer(first.PaymentMethod, "payment_method.saved", "tok_1")
		for range 2 {
			m, err = c.Confirm(ctx, profile.ConfirmPaymentMethodInput{ID: id})
			if err != nil || m.Status != paymentmethod.StatusACTIVE || !m.IsDefault || *m.Brand != "visa" || *m.Last4 != "4242" || *m.ExpiresOn != "2028-12-31" || *m.Label != "The blue one" || m.URL != nil {
				t.Errorf("%+v %v", m, err)
			}
		}
		if got, err := c.Hear(context.Background(), told); err != nil || got != profile.Stale {
			t.Errorf("the message after it: %s %v", got, err)
		}
		if done, err := c.Add(ctx, in); err != nil || done.NextActionURL != nil || done.PaymentMethod.Status != paymentmethod.StatusACTIVE {
			t.Errorf("%+v %v", done, err)
		}
		if len(c.news) != 1 || c.news[0] != "payment_method_added 4242" {
			t.Errorf("%v", c.news)
		}
		evil, card := "https://evil.example.com", "4242 4242 4242 4242"
		for name, want := range map[string]struct {
			in   profile.AddPaymentMethodInput
			code error
			path string
		}{
			"elsewhere": {profile.AddPaymentMethodInput{IdempotencyKey: "k", ReturnURL: &evil}, fault.ErrInvalidValue, "returnUrl"},
			"a card":    {profile.AddPaymentMethodInput{IdempotencyKey: "k", Label: &card}, profile.ErrCardNumberRefused, "label"},
			"no key":    {profile.AddPaymentMethodInput{}, fault.ErrRequired, "idempotencyKey"},
			"key used":  {profile.AddPaymentMethodInput{IdempotencyKey: "key-12345"}, fault.ErrIdempotencyKeyReused, "idempotencyKey"},
		} {
			_, err := c.Add(ctx, want.in)
			if f, _ := fault.As(err); !errors.Is(err, want.code) || f.Path[1] != want.path {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := c.Add(context.Background(), in); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
		c.Provider = nil
		if _, err := c.Add(ctx, in); !errors.Is(err, profile.ErrPaymentMethodsNotConfigured) {
			t.Error(err)
		}
	})
}

// Whatever order the messages come in, and however often.
//
// security I6
func TestPaymentMethodMessages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := newCards(t, db)
		ctx, _ := c.person()
		hear := func(what string, n profile.Saved, want profile.Outcome) {
			t.Helper()
			if got, err := c.Hear(context.Background(), n); err != nil || got != want {
				t.Errorf("%s: %s %v, want %s", what, got, err, want)
			}
		}
		// Fifty at once are one.
		m := c.add(ctx)
		told := c.answer(m, "payment_method.saved", "tok_1")
		var applied atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				got, err := c.Hear(context.Background(), told)
				if err != nil {
					t.Error(err)
				}
				if got == profile.Applied {
					applied.Add(1)
				}
			})
		}
		wg.Wait()
		if applied.Load() != 1 || len(c.news) != 1 || !c.read(m.ID).IsDefault {
			t.Errorf("applied %d times, news %v", applied.Load(), c.news)
		}
		failed := told
		failed.Type = "payment_method.failed"
		hear("failed after saved", failed, profile.Stale)

		// A failure that is followed by success: the person tried again.
		second := c.add(ctx)
		hear("failed", c.answer(second, "payment_method.failed", ""), profile.Applied)
		if got := c.read(second.ID); got.Status != paymentmethod.StatusFAILED || got.URL != nil {
			t.Errorf("%+v", got)
		}
		hear("saved after failed", c.answer(second, "payment_method.saved", "tok_2"), profile.Applied)
		if got := c.read(second.ID); got.Status != paymentmethod.StatusACTIVE || got.IsDefault || got.Failure != nil {
			t.Errorf("%+v", got)
		}

		// A new card under the same token; an older message changes nothing.
		db.Clock.Add(time.Hour)
		newer, older := told, told
		newer.Type, newer.SentAt, newer.ExpYear = "payment_method.updated", db.Clock.Now(), 2031
		older.Type, older.SentAt, older.ExpYear = "payment_method.updated", db.Clock.Now().Add(-time.Minute), 2029
		hear("updated", newer, profile.Applied)
		hear("updated before", older, profile.Stale)
		if got := c.read(m.ID); *got.ExpiresOn != "2031-12-31" {
			t.Errorf("%s", *got.ExpiresOn)
		}

		// Messages that are about something else.
		odd := told
		odd.Ref = "page-of-another"
		hear("another page", odd, profile.Mismatch)
		odd = newer
		odd.Token, odd.SentAt = "tok_9", db.Clock.Now().Add(time.Minute)
		hear("another token", odd, profile.Mismatch)
		odd = c.answer(c.add(ctx), "payment_method.saved", "4242424242424242")
		hear("a number in place of a token", odd, profile.Mismatch)
		odd = told
		odd.Type = "payment_method.blessed"
		hear("an unknown type", odd, profile.Ignored)
		odd = told
		odd.Provider = "another"
		hear("another provider", odd, profile.Unknown)

		// Removed by the provider, and never brought back.
		gone := newer
		gone.Type = "payment_method.removed"
		hear("removed", gone, profile.Applied)
		hear("removed again", gone, profile.Unknown)
		hear("updated after", newer, profile.Unknown)
		hear("saved after", told, profile.Unknown)
		if c.read(m.ID) != nil {
			t.Error("it is back")
		}
		c.work()
		if strings.Join(c.deleted, ",") != "tok_1" { // what came for a method that is gone
			t.Errorf("%v", c.deleted)
		}
	})
}

// security F8
func TestChangePaymentMethods(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := newCards(t, db)
		anna, user := c.person()
		bob, _ := c.person()
		one, two, bobs := c.saved(anna, "tok_1"), c.saved(anna, "tok_2"), c.saved(bob, "tok_b")
		waiting := c.add(anna)
		if !one.IsDefault || two.IsDefault || !bobs.IsDefault {
			t.Error("the first one is the default")
		}
		id := (*ent.PaymentMethod).GlobalID
		setDefault := func(ctx context.Context, id scalar.ID) error {
			_, err := c.SetDefault(ctx, profile.SetDefaultPaymentMethodInput{ID: id})
			return err
		}
		name := "x"
		for what, f := range map[string]func() error{
			"default": func() error { return setDefault(bob, id(one)) },
			"unknown": func() error { return setDefault(anna, scalar.ID{Prefix: "pm", UUID: uuid.New()}) },
			"foreign company": func() error {
				return setDefault(viewer.With(bob, viewer.Viewer{UserID: viewer.From(bob).UserID, OwnerID: user}), id(one))
			},
			"name": func() error {
				_, err := c.Update(bob, profile.UpdatePaymentMethodInput{ID: id(one), Label: graphql.OmittableOf(&name)})
				return err
			},
			"confirm": func() error {
				_, err := c.Confirm(bob, profile.ConfirmPaymentMethodInput{ID: id(waiting)})
				return err
			},
			"delete": func() error {
				_, err := c.Delete(bob, profile.DeletePaymentMethodInput{ID: id(one)})
				return err
			},
			"replacement": func() error {
				foreign := id(bobs)
				_, err := c.Delete(anna, profile.DeletePaymentMethodInput{ID: id(one), ReplacementID: &foreign})
				return err
			},
		} {
			if err := f(); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := setDefault(anna, id(waiting)); !errors.Is(err, profile.ErrPaymentMethodNotActive) {
			t.Error(err)
		}
		if err := setDefault(anna, scalar.ID{Prefix: "usr", UUID: one.ID}); !errors.Is(err, fault.ErrInvalidID) {
			t.Error(err)
		}
		// However many want to be it, one is.
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := setDefault(anna, id([]*ent.PaymentMethod{one, two}[i%2])); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, err := db.Client.PaymentMethod.Query().Where(paymentmethod.OwnerID(user), paymentmethod.IsDefault(true)).Count(storetest.System()); err != nil || n != 1 {
			t.Errorf("%d defaults, %v", n, err)
		}
		c.must(setDefault(anna, id(one)))
		m, err := c.Update(anna, profile.UpdatePaymentMethodInput{ID: id(two), Label: graphql.OmittableOf(&name)})
		if err != nil || *m.Label != "x" {
			t.Errorf("%+v %v", m, err)
		}
		if m, err = c.Update(anna, profile.UpdatePaymentMethodInput{ID: id(two), Label: graphql.OmittableOf[*string](nil)}); err != nil || m.Label != nil {
			t.Errorf("%+v %v", m, err)
		}
		list, err := c.Of(anna, user)
		if err != nil || len(list) != 2 || list[0].ID != one.ID {
			t.Errorf("%v %v", list, err)
		}
		if list, err = c.Of(bob, user); err != nil || len(list) != 0 {
			t.Errorf("Bob sees %v %v", list, err)
		}
		replacement := id(two)
		if _, err := c.Delete(anna, profile.DeletePaymentMethodInput{ID: id(two), ReplacementID: &replacement}); !errors.Is(err, fault.ErrInvalidValue) {
			t.Error(err)
		}
		if _, err := c.Delete(anna, profile.DeletePaymentMethodInput{ID: id(one), ReplacementID: &replacement}); err != nil || !c.read(two.ID).IsDefault || c.read(one.ID) != nil {
			t.Error(err)
		}
		if _, err := c.Delete(anna, profile.DeletePaymentMethodInput{ID: id(waiting)}); err != nil {
			t.Error(err)
		}
		c.work()
		if strings.Join(c.deleted, ",") != "tok_1" {
			t.Errorf("%v", c.deleted)
		}
		c.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			if m, err := c.Default(ctx, tx, user); err != nil || m == nil || m.ID != two.ID {
				t.Errorf("%v %v", m, err)
			}
			return c.DeleteAllOf(ctx, tx, user)
		}))
		if list, err = c.Of(anna, user); err != nil || len(list) != 0 || c.read(bobs.ID) == nil {
			t.Errorf("%v %v", list, err)
		}
	})
}

func TestPaymentMethodBounds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := newCards(t, db)
		ctx, user := c.person()
		kept := c.saved(ctx, "tok_1")
		for range 19 {
			c.add(ctx)
		}
		if _, err := c.Add(ctx, profile.AddPaymentMethodInput{IdempotencyKey: "one more"}); !errors.Is(err, profile.ErrTooManyPaymentMethods) {
			t.Error(err)
		}
		// Pages that nobody answered make room after an hour, and go after a day.
		db.Clock.Add(2 * time.Hour)
		again := c.saved(ctx, "tok_1") // the same card: it stays one
		if list, err := c.Of(ctx, user); err != nil || len(list) != 1 || list[0].ID != again.ID || !list[0].IsDefault || c.read(kept.ID) != nil {
			t.Errorf("%v %v", list, err)
		}
		db.Clock.Add(25 * time.Hour)
		if n, err := c.TidyDue(storetest.System(), 100); err != nil || n != 19 {
			t.Errorf("%d %v", n, err)
		}
		if c.read(again.ID) == nil || c.Expired(again) || c.ExpiresSoon(again) {
			t.Error("a saved one went")
		}
		c.work()
		if len(c.deleted) != 0 {
			t.Errorf("%v", c.deleted)
		}
		db.Clock.Add(800 * 24 * time.Hour)
		if !c.Expired(again) {
			t.Error("it is good still")
		}
	})
}
