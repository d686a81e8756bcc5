package invoice

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// RecordPayment books money that came another way than through Kabinet, for an
// order or an invoice. Staff only; it is put on record. The external reference
// counts once for ever, whatever the key. Faults: ALREADY_TAKEN of the
// reference, OUT_OF_RANGE of more than is open where surplus is refused and of
// a time in the future, WRONG_CURRENCY, INVALID_VALUE, REQUIRED, TOO_LONG,
// ILLEGAL_TRANSITION and ORDER_ALREADY_CANCELLED of what cannot be paid,
// INVOICE_ALREADY_PAID, ORDER_ALREADY_PAID, NOT_FOUND, INVALID_ID, those of
// idempotency keys; UNAUTHENTICATED, FORBIDDEN.
func (s *Bills) RecordPayment(ctx context.Context, in RecordPaymentInput) (Recorded, error) {
	if err := staff(ctx, "write"); err != nil {
		return Recorded{}, err
	}
	if err := s.checkRecord(in); err != nil {
		return Recorded{}, err
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	var out Recorded
	dry := isDry(in.DryRun)
	k, replayed, err := s.once(ctx, "recordPayment", in.IdempotencyKey, dry, bare, func(ctx context.Context, tx *store.Tx) (kept, error) {
		return s.record(ctx, tx, in)
	}, func(ctx context.Context, tx *store.Tx, k kept) error { return s.recorded(ctx, tx, tx.Client, k, &out) })
	switch {
	case store.IsUnique(err): // by another key at the same time
		return Recorded{}, taken(in.External).Because(err)
	case err != nil:
		return Recorded{}, err
	}
	if out.Replayed = &replayed; dry {
		return out, nil
	}
	return out, s.recorded(ctx, nil, s.Store.Client, k, &out)
}

func taken(key scalar.ExternalKey) *fault.Fault {
	return ErrAlreadyTaken.At("input", "external").With("value", key.ID)
}

func (s *Bills) checkRecord(in RecordPaymentInput) error {
	switch {
	case in.OrderID == nil && in.InvoiceID == nil:
		return fault.ErrRequired.At("input", "orderId")
	case in.OrderID != nil && in.InvoiceID != nil:
		return fault.ErrInvalidValue.At("input", "invoiceId")
	}
	if in.OrderID != nil {
		if _, err := in.OrderID.As("order"); err != nil {
			return fault.ErrInvalidID.At("input", "orderId")
		}
	}
	if in.InvoiceID != nil {
		if _, err := in.InvoiceID.As("bill"); err != nil {
			return fault.ErrInvalidID.At("input", "invoiceId")
		}
	}
	if err := batch.Key(&in.External, "input", "external"); err != nil {
		return err
	}
	if most := s.Store.Now().Add(batch.Skew); in.OccurredAt != nil && in.OccurredAt.After(most) {
		return fault.ErrOutOfRange.At("input", "occurredAt").With("max", most.Format(time.RFC3339Nano))
	}
	if in.Note != nil {
		return batch.Said(*in.Note, 500, "input", "note")
	}
	return nil
}

// record books one payment.
func (s *Bills) record(ctx context.Context, tx *store.Tx, in RecordPaymentInput) (kept, error) {
	there, err := tx.Payment.Query().Where(payment.Source(in.External.Source), payment.ExternalID(in.External.ID)).Exist(system(ctx))
	switch {
	case err != nil:
		return kept{}, err
	case there:
		return kept{}, taken(in.External)
	}
	p := &ent.Payment{Method: string(in.Means), Source: &in.External.Source, ExternalID: &in.External.ID}
	if in.OccurredAt != nil {
		p.OccurredAt = in.OccurredAt.UTC().Truncate(time.Microsecond)
	}
	var b booking
	if in.InvoiceID != nil {
		b, err = s.recordInvoice(ctx, tx, in, p)
	} else {
		b, err = s.recordOrder(ctx, tx, in, p)
	}
	if err != nil {
		return kept{}, err
	}
	k := kept{Invoice: b.invoice, Order: b.order, Payment: p.ID}
	if b.refund != nil {
		k.Refund = &b.refund.ID
	}
	return k, tx.Audit(ctx, "order.record_payment", b.owner, b.subject, map[string]any{
		"number": b.number, "amountMinor": p.AmountMinor, "currency": p.Currency, "means": in.Means, "source": in.External.Source, "externalId": in.External.ID,
		"surplusMinor": p.RefundedMinor, "note": in.Note,
	})
}

// booking is what a payment was booked on.
type booking struct {
	invoice, order *uuid.UUID
	owner          uuid.UUID
	subject        scalar.ID
	number         string
	refund         *ent.Payment // of what was too much; nil: nothing was
}

func (s *Bills) recordInvoice(ctx context.Context, tx *store.Tx, in RecordPaymentInput, p *ent.Payment) (b booking, err error) {
	d, err := s.hold(ctx, tx, in.InvoiceID.UUID, mayRead)
	if err == nil {
		p.AmountMinor, err = bounded(in, unit(d.doc), d.open(), d.payable())
	}
	if err != nil {
		return b, at(err, "invoiceId")
	}
	b = booking{invoice: &d.doc.ID, order: orderOf(d.doc), owner: d.doc.OwnerID, subject: idOf(d.doc.ID), number: numberOf(d.doc)}
	b.refund, err = s.pay(ctx, tx, d, p)
	return b, err
}

func (s *Bills) recordOrder(ctx context.Context, tx *store.Tx, in RecordPaymentInput, p *ent.Payment) (b booking, err error) {
	o, err := order.Held(ctx, tx, in.OrderID.UUID)
	if err == nil {
		p.AmountMinor, err = bounded(in, o.Currency, order.Open(o), payableOrder(o))
	}
	if err != nil {
		return b, at(err, "orderId")
	}
	b = booking{order: &o.ID, owner: o.OwnerID, subject: o.GlobalID(), number: o.Number}
	b.refund, err = s.Orders.PayNow(ctx, tx, o, p)
	return b, err
}
