package profile

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/paymentmethod"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// setups bounds how many pages one person begins: each asks the provider.
var setups = store.Limit{Name: "payment_method.add", Free: 30, Forget: time.Hour, Window: true}

// AddedPaymentMethod is what addPaymentMethod gives.
type AddedPaymentMethod struct {
	PaymentMethod *ent.PaymentMethod
	NextActionURL *string // the provider's page
	Replayed      *bool
}

// Add begins to save a payment method: the row is written before the provider
// is asked and says by which reference, so that an answer that was lost is asked
// for again under the same key. Faults: UNAUTHENTICATED,
// PAYMENT_METHODS_NOT_CONFIGURED, TOO_LONG, INVALID_VALUE, CARD_NUMBER_REFUSED,
// RETURN_NOT_ALLOWED, TOO_MANY_ITEMS, those of store.Tx.Once; UNAVAILABLE where
// the provider is, RATE_LIMITED.
func (s *PaymentMethods) Add(ctx context.Context, in AddPaymentMethodInput) (AddedPaymentMethod, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return AddedPaymentMethod{}, fault.ErrUnauthenticated
	case s.Provider == nil:
		return AddedPaymentMethod{}, ErrPaymentMethodsNotConfigured
	}
	label, err := methodLabel(in.Label)
	if err != nil {
		return AddedPaymentMethod{}, err
	}
	if err := s.mayReturn(in.ReturnURL); err != nil {
		return AddedPaymentMethod{}, err
	}
	if err := s.count(ctx, store.Use{Limit: setups, Of: v.UserID.String()}); err != nil {
		return AddedPaymentMethod{}, err
	}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	dry := in.DryRun != nil && *in.DryRun
	var id uuid.UUID
	var replayed bool
	var tried *ent.PaymentMethod
	err = s.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		id = uuid.Must(uuid.NewV7())
		replayed, err = tx.Once(ctx, "addPaymentMethod", in.IdempotencyKey, input, &id, func() error {
			return s.create(ctx, tx, v.UserID, id, label, in)
		})
		if err == nil && dry {
			tried, err = tx.PaymentMethod.Query().Where(paymentmethod.ID(id), paymentmethod.OwnerID(v.UserID)).Only(ctx)
		}
		return err
	})
	switch {
	case err != nil:
		return AddedPaymentMethod{}, err
	case dry:
		return AddedPaymentMethod{PaymentMethod: tried, Replayed: &replayed}, nil
	}
	m, err := s.begin(ctx, v.UserID, id)
	if err != nil {
		return AddedPaymentMethod{}, err
	}
	return AddedPaymentMethod{PaymentMethod: m, NextActionURL: m.URL, Replayed: &replayed}, nil
}

func (s *PaymentMethods) mayReturn(to *string) error {
	switch {
	case to == nil:
		return nil
	case s.MayReturn == nil:
		return fault.ErrInvalidValue.At("input", "returnUrl")
	}
	return at(s.MayReturn(*to), "input", "returnUrl")
}

// at names the field of a fault that another package raised.
func at(err error, path ...string) error {
	if f, ok := fault.As(err); ok {
		return f.At(path...)
	}
	return err
}

func (s *PaymentMethods) count(ctx context.Context, use store.Use) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, use)
		if err == nil && wait > 0 {
			err = fault.ErrRateLimited.After(wait)
		}
		return err
	})
}

func (s *PaymentMethods) create(ctx context.Context, tx *store.Tx, user, id uuid.UUID, label *string, in AddPaymentMethodInput) error {
	if err := tx.Lock(ctx, "users", "id", user); err != nil {
		return err
	}
	// Pages that nobody answered count while they can be answered.
	n, err := tx.PaymentMethod.Query().Where(paymentmethod.OwnerID(user), paymentmethod.Or(
		paymentmethod.StatusEQ(paymentmethod.StatusACTIVE),
		paymentmethod.And(paymentmethod.StatusEQ(paymentmethod.StatusPENDING), paymentmethod.ExpiresAtGT(tx.Now)))).Count(ctx)
	if err != nil {
		return err
	}
	if n >= mostMethods {
		return ErrTooManyPaymentMethods.With("limit", mostMethods)
	}
	return tx.PaymentMethod.Create().SetID(id).SetOwnerID(user).SetUserID(user).SetProvider(s.Provider.Name).SetNillableLabel(label).
		SetNillableReturnURL(in.ReturnURL).SetWantsDefault(in.MakeDefault != nil && *in.MakeDefault).SetExpiresAt(tx.Now.Add(setupLife)).Exec(ctx)
}

// begin asks the provider for a page that it was not asked for, or whose answer
// was lost, and keeps where it is.
func (s *PaymentMethods) begin(ctx context.Context, user, id uuid.UUID) (*ent.PaymentMethod, error) {
	m, err := s.own(ctx, user, id)
	if ent.IsNotFound(err) { // deleted since it was begun
		return nil, fault.ErrNotFound.At("input", "idempotencyKey")
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	if m.Status != paymentmethod.StatusPENDING || m.URL != nil || m.Provider != s.Provider.Name || !s.Store.Now().Before(*m.ExpiresAt) {
		return m, nil
	}
	ask := Setup{Reference: m.GlobalID().String(), Locale: viewer.From(ctx).Locale, ExpiresAt: *m.ExpiresAt}
	if m.ReturnURL != nil {
		ask.ReturnURL = *m.ReturnURL
	}
	page, err := s.Provider.Setup(ctx, ask)
	if err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// The provider's message may have come first: then there is nothing to do there.
		_, err := tx.PaymentMethod.Update().Where(paymentmethod.ID(id), paymentmethod.StatusEQ(paymentmethod.StatusPENDING), paymentmethod.URLIsNil()).
			SetSetupRef(page.Ref).SetURL(page.URL).Save(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	m, err = s.own(ctx, user, id)
	return m, store.Translate(err)
}

func (s *PaymentMethods) own(ctx context.Context, user, id uuid.UUID) (*ent.PaymentMethod, error) {
	return s.Store.Client.PaymentMethod.Query().Where(paymentmethod.ID(id), paymentmethod.OwnerID(user)).Only(ctx)
}

// Confirm asks the provider what became of a page. Faults: UNAUTHENTICATED,
// INVALID_ID, NOT_FOUND, PAYMENT_METHODS_NOT_CONFIGURED; UNAVAILABLE where the
// provider is, RATE_LIMITED.
func (s *PaymentMethods) Confirm(ctx context.Context, in ConfirmPaymentMethodInput) (*ent.PaymentMethod, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	id, err := methodID(in.ID, "id")
	if err != nil {
		return nil, err
	}
	m, err := s.own(ctx, v.UserID, id)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	if err != nil || m.Status != paymentmethod.StatusPENDING || m.SetupRef == nil {
		return m, store.Translate(err)
	}
	if s.Provider == nil || s.Provider.Name != m.Provider {
		return nil, ErrPaymentMethodsNotConfigured
	}
	if err := s.count(ctx, store.Use{Limit: asked, Of: v.UserID.String()}); err != nil {
		return nil, err
	}
	told, err := s.Provider.Describe(ctx, *m.SetupRef, m.GlobalID().String())
	if err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	if told.Type != "" {
		told.Provider, told.Reference, told.Ref, told.SentAt = m.Provider, m.GlobalID().String(), *m.SetupRef, s.Store.Now()
		if _, err := s.Hear(ctx, told); err != nil {
			return nil, err
		}
	}
	m, err = s.own(ctx, v.UserID, id)
	return m, store.Translate(err)
}

// asked bounds how often one person has the provider asked.
var asked = store.Limit{Name: "payment_method.confirm", Free: 240, Forget: time.Hour, Window: true}

// methodID reads an id of a payment method in the input.
func methodID(id scalar.ID, field string) (uuid.UUID, error) {
	u, err := id.As("pm")
	if err != nil {
		return uuid.Nil, fault.ErrInvalidID.At("input", field)
	}
	return u, nil
}

// clip cuts a text of the provider to so many characters, and to one line.
func clip(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}
