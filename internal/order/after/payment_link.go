package after

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/paymentmethod"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// PaymentLife is how long a payment that was begun can be paid.
const PaymentLife = 24 * time.Hour

// begun bounds how often one caller begins to pay: each asks the provider.
var begun = store.Limit{Name: "order.payment", Free: 60, Forget: time.Hour, Window: true}

// CreatePaymentLink begins to pay what is open on an order. The row is written
// before the provider is asked and says by which reference: an answer that was
// lost is asked for again under the same key, and the provider's message finds
// the row whatever became of the answer. Faults: PAYMENTS_NOT_CONFIGURED,
// ORDER_ALREADY_PAID, ORDER_ALREADY_CANCELLED, PAYMENT_METHOD_NOT_ACTIVE,
// RETURN_NOT_ALLOWED, NOT_FOUND, INVALID_ID, REQUIRED, INVALID_VALUE, those of
// idempotency keys; UNAVAILABLE where the provider is, RATE_LIMITED,
// UNAUTHENTICATED.
func (s *Acts) CreatePaymentLink(ctx context.Context, in CreatePaymentLinkInput) (PaymentBegun, error) {
	if s.Payments == nil {
		return PaymentBegun{}, ErrPaymentsNotConfigured
	}
	payer, err := s.payer(ctx, in)
	if err != nil {
		return PaymentBegun{}, err
	}
	dry := in.DryRun != nil && *in.DryRun
	if !dry {
		if err := s.reserve(ctx, begun); err != nil {
			return PaymentBegun{}, err
		}
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	key := in.IdempotencyKey
	if in.GuestToken != nil && key != "" && len(key) <= 255 { // the keys of all strangers are in one place
		sum := sha256.Sum256([]byte(*in.GuestToken + " " + key))
		key = hex.EncodeToString(sum[:])
	}
	return s.beginOnce(ctx, "createPaymentLink", key, dry, bare, func(ctx context.Context, tx *store.Tx) (*ent.Payment, uuid.UUID, error) {
		p, err := s.link(ctx, tx, payer, in)
		return p, payer.order, err
	})
}

// payer is who pays for which order.
type payer struct {
	order uuid.UUID
	guest bool
}

func (s *Acts) payer(ctx context.Context, in CreatePaymentLinkInput) (p payer, err error) {
	switch {
	case in.OrderID == nil && in.GuestToken == nil:
		return p, fault.ErrRequired.At("input", "orderId")
	case in.OrderID != nil && in.GuestToken != nil:
		return p, fault.ErrInvalidValue.At("input", "guestToken")
	case in.GuestToken != nil && in.PaymentMethodID != nil: // guests have saved none
		return p, fault.ErrInvalidValue.At("input", "paymentMethodId")
	}
	if in.ReturnURL != nil {
		if err := s.mayReturn(*in.ReturnURL); err != nil {
			return p, err
		}
	}
	if in.PaymentMethodID != nil {
		if _, err := in.PaymentMethodID.As("pm"); err != nil {
			return p, fault.ErrInvalidID.At("input", "paymentMethodId")
		}
	}
	if in.GuestToken != nil {
		id, known := orderOf(s.Sealer, *in.GuestToken)
		if !known {
			return p, fault.ErrNotFound.At("input", "guestToken")
		}
		return payer{id, true}, nil
	}
	if !viewer.From(ctx).SignedIn() {
		return p, fault.ErrUnauthenticated
	}
	if p.order, err = in.OrderID.As("order"); err != nil {
		return p, fault.ErrInvalidID.At("input", "orderId")
	}
	return p, nil
}

// mayReturn refuses an address that nobody may be sent back to.
func (s *Acts) mayReturn(address string) error {
	if s.MayReturn == nil {
		return fault.ErrInvalidValue.At("input", "returnUrl")
	}
	err := s.MayReturn(address)
	if f, ok := fault.As(err); ok {
		return f.At("input", "returnUrl")
	}
	return err
}

func (s *Acts) reserve(ctx context.Context, limit store.Limit) error {
	v := viewer.From(ctx)
	of := v.UserID.String()
	if !v.SignedIn() {
		of = v.IP
	}
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, store.Use{Limit: limit, Of: of})
		if err == nil && wait > 0 {
			err = fault.ErrRateLimited.After(wait)
		}
		return err
	})
}

// link writes the payment that is begun.
func (s *Acts) link(ctx context.Context, tx *store.Tx, by payer, in CreatePaymentLinkInput) (*ent.Payment, error) {
	method, err := methodOf(ctx, tx, in.PaymentMethodID)
	if err != nil {
		return nil, err
	}
	owner, at := viewer.House, "guestToken"
	if by.guest {
		ctx = viewer.AsSystem(ctx, "order.payment")
	} else {
		at = "orderId"
		o, err := tx.Order.Query().Where(entorder.ID(by.order)).Only(ctx)
		v := viewer.From(ctx)
		switch {
		case ent.IsNotFound(err), err == nil && (o.OwnerID != v.UserID && o.OwnerID != v.OwnerID || !order.MayWrite(ctx, o)):
			return nil, fault.ErrNotFound.At("input", at)
		case err != nil:
			return nil, err
		}
		owner = o.OwnerID
	}
	o, open, err := s.Orders.Payable(ctx, tx, owner, by.order)
	if f, ok := fault.As(err); ok {
		return nil, f.At("input", at)
	}
	if err != nil {
		return nil, err
	}
	if open == 0 {
		return nil, ErrOrderAlreadyPaid.At("input", at)
	}
	return s.begin(ctx, tx, o, open, method, in.ReturnURL)
}

// begin writes a payment of an order that is held.
func (s *Acts) begin(ctx context.Context, tx *store.Tx, o *ent.Order, minor int64, method *ent.PaymentMethod, returnURL *string) (*ent.Payment, error) {
	ends := tx.Now.Add(PaymentLife)
	p := &ent.Payment{
		ID: uuid.Must(uuid.NewV7()), OwnerID: o.OwnerID, OrderID: &o.ID, Kind: payment.KindPAYMENT, Status: payment.StatusPENDING,
		Currency: o.Currency, AmountMinor: minor, Method: "CARD", Provider: &s.Payments.Name, ReturnURL: returnURL, ExpiresAt: &ends, OccurredAt: tx.Now,
	}
	if method != nil {
		p.MethodID = &method.ID
	}
	if err := s.Orders.BeginPayment(ctx, tx, p); err != nil {
		return nil, err
	}
	return tx.Payment.Query().Where(payment.ID(p.ID)).Only(ctx)
}

// methodOf is a saved method of the caller's. Faults: NOT_FOUND,
// PAYMENT_METHOD_NOT_ACTIVE.
func methodOf(ctx context.Context, tx *store.Tx, id *scalar.ID) (*ent.PaymentMethod, error) {
	if id == nil {
		return nil, nil
	}
	m, err := tx.PaymentMethod.Query().Where(paymentmethod.ID(id.UUID), paymentmethod.OwnerID(viewer.From(ctx).UserID)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.ErrNotFound.At("input", "paymentMethodId")
	case err != nil:
		return nil, err
	case m.Status != paymentmethod.StatusACTIVE:
		return nil, ErrPaymentMethodNotActive.With("status", string(m.Status)).At("input", "paymentMethodId")
	}
	return m, nil
}

// beginOnce runs a verb that begins a payment, and maybe makes its order, once
// per idempotency key, and then asks the provider. A dry run asks nobody.
func (s *Acts) beginOnce(ctx context.Context, operation, key string, dry bool, input any, verb func(context.Context, *store.Tx) (*ent.Payment, uuid.UUID, error)) (out PaymentBegun, err error) {
	var kept struct {
		OrderID   uuid.UUID
		PaymentID *uuid.UUID
	}
	var replayed bool
	said := struct {
		Owner uuid.UUID
		Input any
	}{viewer.From(ctx).OwnerID, input}
	err = s.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		var p *ent.Payment
		kept.PaymentID = nil
		replayed, err = tx.Once(ctx, operation, key, said, &kept, func() (err error) {
			if p, kept.OrderID, err = verb(ctx, tx); p != nil {
				kept.PaymentID = &p.ID
			}
			return err
		})
		if err != nil || !dry {
			return err
		}
		if p != nil {
			out.Payment = p.Unwrap()
		}
		if operation == oneClick {
			out.Order, err = order.Shown(ctx, tx, kept.OrderID)
		}
		return err
	})
	if err != nil {
		return PaymentBegun{}, err
	}
	if out.Replayed = &replayed; dry {
		return out, nil
	}
	if kept.PaymentID != nil {
		if out.Payment, err = s.ask(ctx, *kept.PaymentID); err != nil {
			return PaymentBegun{}, err
		}
		out.NextActionURL = out.Payment.URL
	}
	if operation == oneClick {
		out.Order, err = s.Orders.Selected(ctx, kept.OrderID)
	}
	return out, err
}

// ask asks the provider for a payment that it was not asked for, or whose
// answer was lost, and keeps where it is paid.
func (s *Acts) ask(ctx context.Context, id uuid.UUID) (*ent.Payment, error) {
	lang := viewer.From(ctx).Locale
	return s.askFor(ctx, id, func(p *ent.Payment) string {
		return locale.Text(lang, "order.payment.description", map[string]any{"number": p.Edges.Order.Number})
	})
}

func (s *Acts) askFor(ctx context.Context, id uuid.UUID, about func(*ent.Payment) string) (*ent.Payment, error) {
	sys := viewer.AsSystem(ctx, "order.payment")
	p, err := s.Store.Client.Payment.Query().Where(payment.ID(id)).WithOrder().Only(sys)
	if err != nil || p.Status != payment.StatusPENDING || p.ProviderRef != nil || p.Provider == nil || *p.Provider != s.Payments.Name {
		return p, store.Translate(err)
	}
	intent := Intent{Reference: p.GlobalID().String(), Amount: scalar.Money{Minor: p.AmountMinor, Currency: p.Currency}, Locale: viewer.From(ctx).Locale, Description: about(p)}
	if p.ExpiresAt != nil {
		intent.ExpiresAt = *p.ExpiresAt
	}
	if p.ReturnURL != nil {
		intent.ReturnURL = *p.ReturnURL
	}
	if p.MethodID != nil {
		m, err := s.Store.Client.PaymentMethod.Query().Where(paymentmethod.ID(*p.MethodID)).Only(sys)
		if err != nil && !ent.IsNotFound(err) {
			return nil, store.Translate(err)
		}
		if m != nil && m.Token != nil { // without it the person pays on the page
			intent.Token = *m.Token
		}
	}
	created, err := s.Payments.Create(ctx, intent)
	if err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	var url *string
	if created.URL != "" {
		url = &created.URL
	}
	err = s.Store.InTx(sys, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := s.Orders.Begun(ctx, tx, id, created.Ref, url); err != nil {
			return err
		}
		p, err = tx.Payment.Query().Where(payment.ID(id)).Only(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.Unwrap(), nil
}
