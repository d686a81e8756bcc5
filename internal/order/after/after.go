// Package after owns what follows a purchase: ordering the same again, orders
// of guests and their claims, payment through a provider, another address, and
// returns from the options to the money given back. It writes reasons,
// return_requests, and the setting order.policy; of orders, order_lines,
// order_events, payments and shipments it writes through internal/order only.
// It never touches points or wallets: what must happen there in the same
// transaction are funcs that server.go fills in. It talks to no provider itself.
package after

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Acts is the service of this domain.
type Acts struct {
	Store  *store.Store
	Orders *order.Orders
	// Sealer makes the tokens of guests' orders.
	Sealer *store.Sealer
	// Payments is how orders are paid through a provider; nil: not configured.
	Payments *Payments
	// Country is where a guest's number without + is dialled, ISO 3166-1
	// alpha-2; empty: nowhere.
	Country string
	// Zone is the time zone of the business, in which the days of returns end;
	// nil: UTC.
	Zone *time.Location

	// MayReturn says whether the provider may send a person back to an address.
	// Fault: RETURN_NOT_ALLOWED.
	MayReturn func(address string) error
	// Ask makes a challenge of the purpose and sends its code to a guest's
	// address or number; where to is nil all the same is done but that nothing
	// leaves. The challenge keeps the order and the caller; letters are counted by
	// key. Fault: CODE_SENT_RECENTLY.
	Ask func(ctx context.Context, tx *store.Tx, to *schema.GuestContact, purpose, key string, order uuid.UUID) (*Asked, error)
	// Try counts one try of a code, before the transaction; Use takes it there
	// and gives the order. Faults: INVALID_ID, INVALID_CODE.
	Try func(ctx context.Context, id scalar.ID, purpose, code string) (uuid.UUID, error)
	Use func(ctx context.Context, tx *store.Tx, id uuid.UUID, purpose, code string) (order uuid.UUID, err error)
	// CloseRefund is RecordRefund, checked, of an invoice that is of no order;
	// nil: there are none.
	CloseRefund func(ctx context.Context, in RecordRefundInput) (replayed bool, err error)
	// Credit pays a refund into the owner's wallet of a currency, once for a
	// refund, and gives the entry of the ledger. Fault: NOT_FOUND of an owner
	// who can have no wallet.
	Credit func(ctx context.Context, tx *store.Tx, owner uuid.UUID, currency string, minor int64, refund uuid.UUID) (entry uuid.UUID, err error)
}

// Payments is the payment provider as this domain needs it.
type Payments struct {
	// Name is kept with each payment; references are unique to it.
	Name string
	// Create begins a payment. The same Reference gives the same payment again,
	// so an answer that was lost is asked for anew. An error is UNAVAILABLE.
	Create func(ctx context.Context, in Intent) (Created, error)
	// Refund begins to give money back, once for a Reference, and gives the
	// provider's id of that. ErrNoRefund: it never will; another error: nobody
	// knows, and it is asked again later. nil: it knows no refunds.
	Refund func(ctx context.Context, r Repayment) (ref string, err error)
}

// ErrNoRefund says that a provider will not give money back: somebody has to, by
// other ways.
var ErrNoRefund = errors.New("the provider gives nothing back")

// Repayment is money to give back through the provider.
type Repayment struct {
	Reference string // the refund's id, rfd_…
	Payment   string // the provider's id of what was paid
	Amount    scalar.Money
}

// Intent is a payment to begin.
type Intent struct {
	Reference   string // the payment's id, pay_…
	Amount      scalar.Money
	Token       string // of a saved method to charge at once; empty: the provider's page
	ReturnURL   string // may be empty
	Description string // in the customer's language
	Locale      string
	ExpiresAt   time.Time
}

// Created is what a provider made of an Intent.
type Created struct {
	Ref string // the provider's id
	URL string // where the person pays or confirms; of a saved method it may be empty
}

// Asked is a challenge whose code was sent, or would have been.
type Asked struct {
	ID        scalar.ID
	Kind      string // EMAIL_CODE or SMS_CODE
	ExpiresAt time.Time
}

// Outcome is what became of a message of the provider.
type Outcome string

// The outcomes, as the wallet keeps them with the message.
const (
	Applied  Outcome = "APPLIED"
	Stale    Outcome = "STALE"
	Mismatch Outcome = "MISMATCH"
	Unknown  Outcome = "UNKNOWN"
	Ignored  Outcome = "IGNORED"
)

// Notice is a message of the provider about a payment of an order.
type Notice struct {
	Provider  string
	Type      string // payment.succeeded, payment.failed, payment.expired, refund.succeeded, refund.failed
	Ref       string // the provider's id of the payment or refund
	Reference string // the payment, pay_…, or the refund, rfd_…
	Amount    string // in major units
	Currency  string
	Reason    string // of a failure
}

// The refusals of this domain; others are those of internal/order and fault.
var (
	// ErrOrderHasGaps: the payload's gaps say what.
	ErrOrderHasGaps   = fault.New(fault.Refused, "ORDER_HAS_GAPS")
	ErrGuestOrdersOff = fault.New(fault.Refused, "GUEST_ORDERS_OFF")
	// ErrOneClickNotReady: params.missing is a list of address, paymentMethod.
	ErrOneClickNotReady      = fault.New(fault.Refused, "ONE_CLICK_NOT_READY")
	ErrPaymentsNotConfigured = fault.New(fault.Refused, "PAYMENTS_NOT_CONFIGURED")
	ErrOrderAlreadyPaid      = fault.New(fault.Refused, "ORDER_ALREADY_PAID")
	// ErrPaymentMethodNotActive: params.status.
	ErrPaymentMethodNotActive = fault.New(fault.Refused, "PAYMENT_METHOD_NOT_ACTIVE")
	ErrInvalidEmail           = fault.New(fault.Invalid, "INVALID_EMAIL")
	ErrInvalidPhone           = fault.New(fault.Invalid, "INVALID_PHONE")
	// ErrNotReturnable: params.available units can come back, params.why others
	// cannot.
	ErrNotReturnable    = fault.New(fault.Refused, "NOT_RETURNABLE")
	ErrPhotoRequired    = fault.New(fault.Refused, "PHOTO_REQUIRED")
	ErrWalletRefundsOff = fault.New(fault.Refused, "WALLET_REFUNDS_OFF")
	// ErrInvalidCode: the code is wrong, or what it opens is not there any more.
	ErrInvalidCode = fault.New(fault.Refused, "INVALID_CODE")
	ErrHandleTaken = fault.New(fault.Refused, "HANDLE_TAKEN")
	// ErrTooManyItems: params.limit reasons of the kind are there already.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
)
