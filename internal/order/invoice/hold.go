package invoice

import (
	"context"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// due is an invoice about to be paid: its row is held, and that of its order
// before it.
type due struct {
	doc   *ent.Document
	order *ent.Order // nil: it is of none
}

// open is how much can be paid of it now.
func (d due) open() int64 { return openOf(d.doc, d.order) }

// hold holds an invoice and the order that it is of. may says whether the
// caller is let: else it is NOT_FOUND.
func (s *Bills) hold(ctx context.Context, tx *store.Tx, id uuid.UUID, may func(context.Context, *ent.Document) bool) (due, error) {
	sys := system(ctx)
	which := tx.Document.Query().Where(entdocument.ID(id), entdocument.KindEQ(entdocument.KindINVOICE), entdocument.StatusNEQ(entdocument.StatusPENDING))
	d, err := which.Clone().Only(sys)
	if ent.IsNotFound(err) || err == nil && !may(ctx, d) {
		return due{}, fault.ErrNotFound
	}
	if err != nil {
		return due{}, err
	}
	var held due
	if of := orderOf(d); of != nil {
		held.order, err = order.Held(sys, tx, *of)
		if f, ok := fault.As(err); ok && f.Code == fault.ErrNotFound.Code {
			err = errors.New("invoice: the order of " + d.ID.String() + " is not there")
		}
		if err != nil {
			return due{}, err
		}
	}
	held.doc, err = which.Where(tx.Locking()).Only(sys)
	if ent.IsNotFound(err) {
		return due{}, fault.ErrNotFound
	}
	return held, err
}

// payable refuses an invoice of which nothing can be paid. Faults:
// ILLEGAL_TRANSITION of a void one, ORDER_ALREADY_CANCELLED,
// INVOICE_ALREADY_PAID.
func (d due) payable() error {
	switch {
	case d.doc.Status == entdocument.StatusVOID:
		return order.ErrIllegalTransition.With("fromState", string(Void)).With("toState", string(Paid)).With("allowed", []string{})
	case d.order != nil && d.order.Status == entorder.StatusCANCELLED:
		return order.ErrOrderAlreadyCancelled
	case d.open() == 0:
		return ErrAlreadyPaid
	}
	return nil
}

// part is how much of an invoice is to be paid: all that is open when nothing
// is said. Faults: WRONG_CURRENCY, INVALID_VALUE, OUT_OF_RANGE.
func (d due) part(in *scalar.MoneyInput) (int64, error) {
	if in == nil {
		return d.open(), nil
	}
	minor, err := amountOf(*in, unit(d.doc))
	if err == nil && minor > d.open() {
		err = fault.ErrOutOfRange.At("input", "amount").With("max", scalar.Money{Minor: d.open(), Currency: unit(d.doc)}.Amount())
	}
	return minor, err
}

// amountOf reads an amount of a currency that is more than nothing, and that a
// client's number holds exactly. Faults: WRONG_CURRENCY, INVALID_VALUE,
// OUT_OF_RANGE.
func amountOf(in scalar.MoneyInput, currency string) (int64, error) {
	if in.Currency != currency {
		return 0, ErrWrongCurrency.At("input", "amount", "currency").With("currency", currency)
	}
	m, err := in.Money()
	switch {
	case err != nil:
		return 0, fault.ErrInvalidValue.At("input", "amount").Because(err)
	case m.Minor <= 0:
		return 0, fault.ErrOutOfRange.At("input", "amount").With("min", scalar.Money{Minor: 1, Currency: currency}.Amount())
	}
	return m.Minor, nil
}

// pay books money that is there for a held invoice: p says how much and by
// what. On an order it is the order's payment. Else what is more than is open
// is owed back by a refund, which it gives.
func (s *Bills) pay(ctx context.Context, tx *store.Tx, d due, p *ent.Payment) (refund *ent.Payment, err error) {
	p.InvoiceID = &d.doc.ID
	if d.order != nil {
		return s.Orders.PayNow(ctx, tx, d.order, p)
	}
	if p.ID == uuid.Nil {
		p.ID = uuid.Must(uuid.NewV7())
	}
	p.OwnerID, p.Kind, p.Status, p.Currency = d.doc.OwnerID, payment.KindPAYMENT, payment.StatusSUCCEEDED, unit(d.doc)
	if p.OccurredAt.IsZero() {
		p.OccurredAt = tx.Now
	}
	return s.book(ctx, tx, d, p, false)
}

// book stores a payment of an invoice that is of no order, a new one or one
// that was begun, and what became of the invoice by it.
func (s *Bills) book(ctx context.Context, tx *store.Tx, d due, p *ent.Payment, begun bool) (refund *ent.Payment, err error) {
	take := min(d.open(), p.AmountMinor)
	p.RefundedMinor = p.AmountMinor - take
	if begun {
		err = tx.Payment.UpdateOneID(p.ID).SetStatus(p.Status).SetRefundedMinor(p.RefundedMinor).SetNillableProviderRef(p.ProviderRef).ClearURL().ClearFailure().Exec(system(ctx))
	} else {
		err = create(tx, p).Exec(system(ctx))
	}
	if err != nil {
		return nil, err
	}
	if p.RefundedMinor > 0 {
		refund = &ent.Payment{ID: uuid.Must(uuid.NewV7()), OwnerID: p.OwnerID, InvoiceID: p.InvoiceID, Kind: payment.KindREFUND, ParentID: &p.ID, Status: payment.StatusPENDING,
			Currency: p.Currency, AmountMinor: p.RefundedMinor, Method: p.Method, Provider: p.Provider, OccurredAt: tx.Now}
		if err := create(tx, refund).Exec(system(ctx)); err != nil {
			return nil, err
		}
	}
	if take == 0 {
		return refund, nil
	}
	return refund, s.paid(ctx, tx, d.doc, d.doc.PaidMinor+take)
}

func create(tx *store.Tx, p *ent.Payment) *ent.PaymentCreate {
	return tx.Payment.Create().SetID(p.ID).SetOwnerID(p.OwnerID).SetNillableInvoiceID(p.InvoiceID).SetKind(p.Kind).SetNillableParentID(p.ParentID).
		SetStatus(p.Status).SetCurrency(p.Currency).SetAmountMinor(p.AmountMinor).SetRefundedMinor(p.RefundedMinor).SetMethod(p.Method).
		SetNillableProvider(p.Provider).SetNillableProviderRef(p.ProviderRef).SetNillableMethodID(p.MethodID).SetNillableReturnURL(p.ReturnURL).
		SetNillableSource(p.Source).SetNillableExternalID(p.ExternalID).SetNillableExpiresAt(p.ExpiresAt).SetOccurredAt(p.OccurredAt)
}

// Bill is an invoice that the wallet of an owner pays, held, for a func of the
// wallet: what is open, the order that it is of, and how it is paid by an entry
// of the ledger. Faults: NOT_FOUND, ILLEGAL_TRANSITION, ORDER_ALREADY_CANCELLED,
// INVOICE_ALREADY_PAID.
func (s *Bills) Bill(ctx context.Context, tx *store.Tx, owner, id uuid.UUID) (Bill, error) {
	d, err := s.hold(ctx, tx, id, func(ctx context.Context, d *ent.Document) bool { return d.OwnerID == owner && mayRead(ctx, d) })
	if err == nil {
		err = d.payable()
	}
	if err != nil {
		return Bill{}, err
	}
	return Bill{
		Currency: unit(d.doc), Open: d.open(), OrderID: orderOf(d.doc),
		Pay: func(ctx context.Context, minor int64, entry uuid.UUID) error {
			_, err := s.pay(ctx, tx, d, order.FromWallet(minor, entry))
			return err
		},
		View: func(ctx context.Context) (*Invoice, error) {
			b, err := s.one(ctx, tx.Client, id)
			if err == nil {
				b.Document.Unwrap()
			}
			return b, err
		},
	}, nil
}

// Bill is an invoice about to be paid from a wallet.
type Bill struct {
	Currency string
	Open     int64 // minor units
	OrderID  *uuid.UUID
	Pay      func(ctx context.Context, minor int64, entry uuid.UUID) error
	View     func(ctx context.Context) (*Invoice, error)
}
