package invoice

import (
	"context"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// at puts a fault that says no field of its own where the thing was named.
func at(err error, field string) error {
	if f, ok := fault.As(err); ok && (len(f.Path) < 2 || f.Path[len(f.Path)-1] == "orderId") {
		return f.At("input", field)
	}
	return err
}

// payableOrder refuses an order that no money can be for. Faults:
// ORDER_ALREADY_CANCELLED, ILLEGAL_TRANSITION of one that is not placed yet,
// ORDER_ALREADY_PAID.
func payableOrder(o *ent.Order) error {
	switch {
	case o.Status == entorder.StatusCANCELLED:
		return order.ErrOrderAlreadyCancelled
	case o.Status != entorder.StatusPLACED && o.Status != entorder.StatusCOMPLETED:
		return order.ErrIllegalTransition.With("fromState", string(o.Status)).With("toState", string(entorder.PaymentStatusPAID)).With("allowed", []string{string(entorder.StatusPLACED)})
	case order.Open(o) == 0:
		return after.ErrOrderAlreadyPaid
	}
	return nil
}

// bounded is how much came: no more than is open, where more is refused. Money
// that is there is booked all the same where the surplus is owed back, also of
// what is paid, cancelled or void. Faults: those of amounts, OUT_OF_RANGE, no.
func bounded(in RecordPaymentInput, currency string, open int64, no error) (int64, error) {
	minor, err := amountOf(in.Amount, currency)
	if err != nil {
		return 0, err
	}
	if in.Surplus != nil && *in.Surplus == SurplusOweBack {
		return minor, nil
	}
	switch {
	case no != nil:
		return 0, no
	case minor > open:
		return 0, fault.ErrOutOfRange.At("input", "amount").With("max", scalar.Money{Minor: open, Currency: currency}.Amount())
	}
	return minor, nil
}

// recorded reads what the payload of recordPayment shows.
func (s *Bills) recorded(ctx context.Context, tx *store.Tx, c *ent.Client, k kept, out *Recorded) (err error) {
	if out.Payment, err = c.Payment.Query().Where(payment.ID(k.Payment)).Only(ctx); err != nil {
		return store.Translate(err)
	}
	if k.Refund != nil {
		r, err := c.Payment.Query().Where(payment.ID(*k.Refund)).Only(ctx)
		if err != nil {
			return store.Translate(err)
		}
		out.Refund = &order.Refund{Payment: r}
	}
	if k.Invoice != nil {
		if out.Invoice, err = s.one(ctx, c, *k.Invoice); err != nil {
			return err
		}
	}
	if k.Order != nil {
		if tx != nil {
			out.Order, err = order.Shown(ctx, tx, *k.Order)
		} else {
			out.Order, err = s.Orders.Selected(ctx, *k.Order)
		}
	}
	if err != nil || tx == nil {
		return err
	}
	out.Payment.Unwrap()
	if out.Refund != nil {
		out.Refund.Unwrap()
	}
	if out.Invoice != nil {
		out.Invoice.Document.Unwrap()
	}
	return nil
}
