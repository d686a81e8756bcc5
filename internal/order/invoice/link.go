package invoice

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/order/after"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// CreateLink begins to pay an invoice, or a part of it. As of an order, the row
// is written before the provider is asked and says by which reference: an
// answer that was lost is asked for again under the same key, and the
// provider's message finds the row whatever became of the answer. Faults:
// PAYMENTS_NOT_CONFIGURED, INVOICE_ALREADY_PAID, ORDER_ALREADY_CANCELLED,
// ILLEGAL_TRANSITION, WRONG_CURRENCY, OUT_OF_RANGE, INVALID_VALUE,
// PAYMENT_METHOD_NOT_ACTIVE, RETURN_NOT_ALLOWED, NOT_FOUND, INVALID_ID, those of
// idempotency keys; UNAVAILABLE where the provider is, RATE_LIMITED,
// UNAUTHENTICATED.
func (s *Bills) CreateLink(ctx context.Context, in CreateInvoicePaymentLinkInput) (Begun, error) {
	if err := s.checkLink(ctx, in); err != nil {
		return Begun{}, err
	}
	dry := isDry(in.DryRun)
	if !dry {
		if err := s.After.Reserve(ctx); err != nil {
			return Begun{}, err
		}
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	var out Begun
	k, replayed, err := s.once(ctx, "createInvoicePaymentLink", in.IdempotencyKey, dry, bare, func(ctx context.Context, tx *store.Tx) (kept, error) {
		p, err := s.begin(ctx, tx, in)
		if err != nil {
			return kept{}, err
		}
		out.Payment = p.Unwrap()
		return kept{Invoice: &in.InvoiceID.UUID, Payment: p.ID}, nil
	}, func(ctx context.Context, tx *store.Tx, k kept) (err error) {
		out.Invoice, err = s.seen(ctx, tx, *k.Invoice)
		return err
	})
	if err != nil {
		return Begun{}, err
	}
	if out.Replayed = &replayed; dry {
		return out, nil
	}
	d, err := s.Store.Client.Document.Query().Where(entdocument.ID(*k.Invoice)).Only(system(ctx))
	if err != nil {
		return Begun{}, store.Translate(err)
	}
	if out.Payment, err = s.After.AskFor(ctx, k.Payment, about(ctx, d)); err != nil {
		return Begun{}, err
	}
	out.Invoice, err = s.one(ctx, s.Store.Client, *k.Invoice)
	return out, err
}

func (s *Bills) checkLink(ctx context.Context, in CreateInvoicePaymentLinkInput) error {
	if s.After.Payments == nil {
		return after.ErrPaymentsNotConfigured
	}
	if !viewer.From(ctx).SignedIn() {
		return fault.ErrUnauthenticated
	}
	if _, err := in.InvoiceID.As("bill"); err != nil {
		return fault.ErrInvalidID.At("input", "invoiceId")
	}
	if in.PaymentMethodID != nil {
		if _, err := in.PaymentMethodID.As("pm"); err != nil {
			return fault.ErrInvalidID.At("input", "paymentMethodId")
		}
	}
	return s.After.CheckReturn(in.ReturnURL)
}

// about is what a payment of an invoice is for, in the caller's language.
func about(ctx context.Context, d *ent.Document) string {
	number := d.Title
	if d.Number != nil {
		number = *d.Number
	}
	return locale.Text(viewer.From(ctx).Locale, "invoice.payment.description", map[string]any{"number": number})
}

// seen is an invoice as it is in a transaction, good after it.
func (s *Bills) seen(ctx context.Context, tx *store.Tx, id uuid.UUID) (*Invoice, error) {
	b, err := s.one(ctx, tx.Client, id)
	if err == nil {
		b.Document.Unwrap()
	}
	return b, err
}

// begin writes a payment of an invoice that is about to be asked for.
func (s *Bills) begin(ctx context.Context, tx *store.Tx, in CreateInvoicePaymentLinkInput) (*ent.Payment, error) {
	method, err := after.MethodOf(ctx, tx, in.PaymentMethodID)
	if err != nil {
		return nil, err
	}
	d, err := s.hold(ctx, tx, in.InvoiceID.UUID, mayPay)
	if err == nil {
		err = d.payable()
	}
	if f, ok := fault.As(err); ok {
		return nil, f.At("input", "invoiceId")
	}
	if err != nil {
		return nil, err
	}
	minor, err := d.part(in.Amount)
	if err != nil {
		return nil, err
	}
	ends := tx.Now.Add(after.PaymentLife)
	p := &ent.Payment{
		ID: uuid.Must(uuid.NewV7()), OwnerID: d.doc.OwnerID, OrderID: orderOf(d.doc), InvoiceID: &d.doc.ID, Kind: payment.KindPAYMENT, Status: payment.StatusPENDING,
		Currency: unit(d.doc), AmountMinor: minor, Method: "CARD", Provider: &s.After.Payments.Name, ReturnURL: in.ReturnURL, ExpiresAt: &ends, OccurredAt: tx.Now,
	}
	if method != nil {
		p.MethodID = &method.ID
	}
	if err := s.Orders.BeginPayment(ctx, tx, p); err != nil {
		return nil, err
	}
	return tx.Payment.Query().Where(payment.ID(p.ID)).Only(system(ctx))
}
