package profile

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// PaymentMethods keeps what people pay with: the payment provider's tokens of
// it and what a person knows it by. No number of a card comes here.
type PaymentMethods struct {
	Store  *store.Store
	Sealer *store.Sealer
	// Provider keeps cards; nil: none can be saved.
	Provider *Saver
	// Zone is the time zone of the business, in which the last day of a card
	// ends; nil: UTC.
	Zone *time.Location
	// MayReturn refuses an address that people may not be sent back to; nil: none
	// is allowed.
	MayReturn func(address string) error
	// News tells a person of a change by which somebody could pay; nil: nobody
	// is told. change is payment_method_added or payment_method_removed.
	News func(ctx context.Context, tx *store.Tx, user uuid.UUID, change string, subject scalar.ID, details map[string]any) error
}

// Saver is the payment provider as saved payment methods need it.
type Saver struct {
	// Name is kept with each method; tokens are unique to it.
	Name string
	// Setup begins a page on which a person gives a card to the provider. The
	// same Reference gives the same page again. An error is UNAVAILABLE.
	Setup func(ctx context.Context, in Setup) (SetupPage, error)
	// Describe says what became of a page.
	Describe func(ctx context.Context, ref, reference string) (Saved, error)
	// Delete makes the provider forget a token; one it does not know is no error.
	Delete func(ctx context.Context, token string) error
}

// Setup is a page to begin.
type Setup struct {
	Reference string // the method's id, pm_…
	Locale    string
	ReturnURL string // may be empty
	ExpiresAt time.Time
}

// SetupPage is what the provider made of it.
type SetupPage struct {
	Ref string // the provider's id
	URL string // where the person goes
}

// Saved is what the provider says of a page or of a method.
type Saved struct {
	Provider  string
	Type      string // payment_method.saved, .failed, .updated or .removed; of Describe, empty while it is not known
	SentAt    time.Time
	Ref       string // the provider's id of the page
	Reference string // ours, pm_…
	Token     string // the provider's name for the card
	Brand     string
	Last4     string
	ExpMonth  int // 1 to 12, 0 where it never ends
	ExpYear   int // four digits
	Reason    string
}

// AddPaymentMethodInput is the input of addPaymentMethod.
type AddPaymentMethodInput struct {
	IdempotencyKey string
	ReturnURL      *string
	Label          *string
	MakeDefault    *bool
	DryRun         *bool
}

// ConfirmPaymentMethodInput is the input of confirmPaymentMethod.
type ConfirmPaymentMethodInput struct{ ID scalar.ID }

// UpdatePaymentMethodInput is the input of updatePaymentMethod.
type UpdatePaymentMethodInput struct {
	ID    scalar.ID
	Label graphql.Omittable[*string]
}

// SetDefaultPaymentMethodInput is the input of setDefaultPaymentMethod.
type SetDefaultPaymentMethodInput struct{ ID scalar.ID }

// DeletePaymentMethodInput is the input of deletePaymentMethod.
type DeletePaymentMethodInput struct {
	ID            scalar.ID
	ReplacementID *scalar.ID
}

// What payment methods say no with; TOO_MANY_ITEMS is ErrTooManyPaymentMethods.
var (
	// ErrCardNumberRefused: a text looks like the number of a card.
	ErrCardNumberRefused = fault.New(fault.Invalid, "CARD_NUMBER_REFUSED")
	// ErrPaymentMethodsNotConfigured: there is no provider.
	ErrPaymentMethodsNotConfigured = fault.New(fault.Refused, "PAYMENT_METHODS_NOT_CONFIGURED")
	// ErrPaymentMethodNotActive: params.status.
	ErrPaymentMethodNotActive = fault.New(fault.Refused, "PAYMENT_METHOD_NOT_ACTIVE")
	// ErrTooManyPaymentMethods: params.limit are there already.
	ErrTooManyPaymentMethods = fault.New(fault.Refused, "TOO_MANY_ITEMS")
)
