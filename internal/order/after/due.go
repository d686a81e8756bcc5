package after

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// refundAgain is how long the provider is left alone that did not answer.
const refundAgain = 5 * time.Minute

// ExpireDue ends payments of orders and invoices that nobody made in time, at
// most limit, and says how many. Money that comes for one later counts all the
// same.
func (s *Acts) ExpireDue(ctx context.Context, limit int) (n int, err error) {
	due, err := s.pending(ctx, limit, payment.KindEQ(payment.KindPAYMENT), payment.ExpiresAtLTE(s.Store.Now()))
	for _, p := range due {
		err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if p.OrderID == nil { // of an invoice alone: there is no order to hold
				return tx.Payment.Update().Where(payment.ID(p.ID), payment.StatusEQ(payment.StatusPENDING)).SetStatus(payment.StatusVOID).ClearURL().Exec(ctx)
			}
			o, err := order.Held(ctx, tx, *p.OrderID)
			if err != nil {
				return err
			}
			now := paymentOf(o, p.ID)
			if now == nil || now.Status != payment.StatusPENDING { // its message was faster
				return nil
			}
			return s.Orders.NotPaid(ctx, tx, now, payment.StatusVOID, "", "")
		})
		if err != nil {
			return n, err
		}
		n++
	}
	return n, err
}

// RefundDue asks the provider to give back what is owed by it, at most limit
// refunds, and says how many it took. What it never will stays PENDING with why,
// for staff; where it does not answer it is asked again later.
func (s *Acts) RefundDue(ctx context.Context, limit int) (n int, err error) {
	if s.Payments == nil || s.Payments.Refund == nil {
		return 0, nil
	}
	due, err := s.pending(ctx, limit, payment.KindEQ(payment.KindREFUND), payment.Provider(s.Payments.Name), payment.ProviderRefIsNil(), payment.FailureIsNil(),
		payment.ParentIDNotNil(), notAskedSince(s.Store.Now().Add(-refundAgain)))
	if err != nil || len(due) == 0 {
		return 0, err
	}
	parents := make([]uuid.UUID, len(due))
	for i, r := range due {
		parents[i] = *r.ParentID
	}
	paid, err := s.Store.Client.Payment.Query().Where(payment.IDIn(parents...)).All(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	refs := map[uuid.UUID]string{}
	for _, p := range paid {
		if p.ProviderRef != nil {
			refs[p.ID] = *p.ProviderRef
		}
	}
	for _, r := range due {
		took, err := s.repay(ctx, r, refs[*r.ParentID])
		if err != nil {
			return n, err
		}
		if took {
			n++
		}
	}
	return n, nil
}

// repay asks for one refund, and keeps what the provider says.
func (s *Acts) repay(ctx context.Context, r *ent.Payment, paid string) (took bool, err error) {
	ref, asked := "", ErrNoRefund
	if paid != "" {
		ref, asked = s.Payments.Refund(ctx, Repayment{Reference: r.GlobalID().String(), Payment: paid, Amount: scalar.Money{Minor: r.AmountMinor, Currency: r.Currency}})
	}
	err = s.askedBack(ctx, r.ID, ref, asked)
	if store.IsUnique(err) { // its id is another's: somebody has to look
		asked = fmt.Errorf("%w: its id %q is another's", ErrNoRefund, cutTo(ref, 100))
		err = s.askedBack(ctx, r.ID, "", asked)
	}
	return asked == nil, err
}

// askedBack keeps the provider's id of a refund, or why there is none.
func (s *Acts) askedBack(ctx context.Context, id uuid.UUID, ref string, asked error) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		switch {
		case asked == nil:
			return s.Orders.Begun(ctx, tx, id, ref, nil)
		case errors.Is(asked, ErrNoRefund):
			return tx.Payment.Update().Where(payment.ID(id), payment.StatusEQ(payment.StatusPENDING), payment.ProviderRefIsNil()).
				SetFailure(cutTo(asked.Error(), 500)).Exec(ctx)
		}
		_, err := tx.Exec(ctx, `UPDATE payments SET updated_at = ? WHERE id = ?`, tx.Now, id)
		return err
	})
}

// notAskedSince are those that nobody asked for yet, or long ago.
func notAskedSince(at time.Time) predicate.Payment {
	never := func(s *sql.Selector) {
		s.Where(sql.ColumnsEQ(s.C(payment.FieldUpdatedAt), s.C(payment.FieldCreatedAt)))
	}
	return payment.Or(never, payment.UpdatedAtLTE(at))
}

// pending are payments and refunds that wait, those that waited longest first.
func (s *Acts) pending(ctx context.Context, limit int, where ...predicate.Payment) ([]*ent.Payment, error) {
	all, err := s.Store.Client.Payment.Query().Where(append(where, payment.StatusEQ(payment.StatusPENDING))...).
		Order(payment.ByUpdatedAt(), payment.ByID()).Limit(limit).All(ctx)
	return all, store.Translate(err)
}
