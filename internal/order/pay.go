package order

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// walletProvider is through whom money comes that a customer had with us; the
// payment's provider_ref is the entry of the ledger that paid.
const walletProvider = "wallet"

// Payable holds an order of an owner and says how many minor units of its
// currency are open: not paid and not reserved by a card. Faults: NOT_FOUND, of
// another owner's too, ORDER_ALREADY_CANCELLED, ILLEGAL_TRANSITION of one that
// is not placed yet.
func (s *Orders) Payable(ctx context.Context, tx *store.Tx, owner, id uuid.UUID) (o *ent.Order, open int64, err error) {
	o, err = held(ctx, tx, id)
	if err == nil && o.OwnerID != owner {
		err = fault.ErrNotFound.At("input", "orderId")
	}
	if err != nil {
		return nil, 0, err
	}
	switch {
	case o.Status == entorder.StatusCANCELLED:
		return nil, 0, ErrOrderAlreadyCancelled.At("input", "orderId")
	case o.Status != entorder.StatusPLACED && o.Status != entorder.StatusCOMPLETED:
		return nil, 0, ErrIllegalTransition.At("input", "orderId").With("fromState", string(o.Status)).With("toState", string(entorder.PaymentStatusPAID))
	case settled(o.PaymentStatus): // nothing more is owed, whatever was returned since
		return o, 0, nil
	}
	open = o.TotalMinor - o.PaidMinor
	for _, p := range o.Edges.Payments {
		if p.Kind == payment.KindPAYMENT && p.Status == payment.StatusAUTHORIZED {
			open -= p.AmountMinor
		}
	}
	return o, max(open, 0), nil
}

// PayFromWallet records on an order that Payable holds that so many minor units
// were paid out of a wallet by an entry. The last of them makes it PAID.
func (s *Orders) PayFromWallet(ctx context.Context, tx *store.Tx, o *ent.Order, minor int64, entry uuid.UUID) error {
	from, provider, ref := standing(o), walletProvider, entry.String()
	c := &changes{actor: viewer.From(ctx).Actor()}
	c.payments = append(c.payments, &ent.Payment{
		ID: uuid.Must(uuid.NewV7()), OwnerID: o.OwnerID, OrderID: &o.ID, Kind: payment.KindPAYMENT, Status: payment.StatusSUCCEEDED,
		Currency: o.Currency, AmountMinor: minor, Method: "WALLET", Provider: &provider, ProviderRef: &ref, OccurredAt: tx.Now,
	})
	o.PaidMinor += minor
	if o.PaidMinor >= o.TotalMinor {
		o.PaymentStatus = entorder.PaymentStatusPAID
		c.note(o, orderevent.KindPAYMENT_CONFIRMED, tx.Now, 0, nil)
	}
	if err := saveOrder(ctx, tx, o); err != nil {
		return err
	}
	if err := c.write(ctx, tx); err != nil || standing(o) == from {
		return err
	}
	return s.moved(ctx, tx, o, from)
}

// fromWallet says whether a payment came from a wallet: what of it is given back
// is in the wallet at once, and not on its way.
func fromWallet(p *ent.Payment) bool { return p.Provider != nil && *p.Provider == walletProvider }

// repay gives what changes refund of payments from wallets back into them. It
// comes after all rows of the business: it locks accounts.
func (s *Orders) repay(ctx context.Context, tx *store.Tx, c *changes) error {
	for _, r := range c.payments {
		if r.Kind != payment.KindREFUND || !fromWallet(r) {
			continue
		}
		var ref string
		if err := tx.QueryRow(ctx, `SELECT provider_ref FROM payments WHERE id = ?`, *r.ParentID).Scan(&ref); err != nil {
			return err
		}
		entry, err := uuid.Parse(ref)
		if err == nil && s.Repay == nil {
			err = errors.New("nobody keeps wallets")
		}
		if err != nil {
			return fmt.Errorf("order: give %s back into its wallet: %w", *r.ParentID, err)
		}
		if err := s.Repay(ctx, tx, entry, r.AmountMinor, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// NoteSpent notes on an order how many points were spent on it, in the
// transaction that spends them and holds the order's row; whoever calls has
// proven whose order it is. A cancel sets it to 0 again.
func (s *Orders) NoteSpent(ctx context.Context, tx *store.Tx, orderID uuid.UUID, points int64) error {
	n, err := tx.Exec(ctx, `UPDATE orders SET points_spent = points_spent + ?, revision = revision + 1, updated_at = ? WHERE id = ?`, points, tx.Now, orderID)
	if err == nil && n != 1 {
		err = fmt.Errorf("order: %s is not there to note spent points on", orderID)
	}
	return err
}

// NoteEarned notes on an order by how much what it earned changes, as NoteSpent
// does.
func (s *Orders) NoteEarned(ctx context.Context, tx *store.Tx, orderID uuid.UUID, points int64) error {
	n, err := tx.Exec(ctx, `UPDATE orders SET points_earned = points_earned + ?, revision = revision + 1, updated_at = ? WHERE id = ?`, points, tx.Now, orderID)
	if err == nil && n != 1 {
		err = fmt.Errorf("order: %s is not there to note earned points on", orderID)
	}
	return err
}

// returned gives the points of an order back whose goods all came back.
func (s *Orders) returned(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	if s.Return == nil || o.OwnerID == viewer.House {
		return nil
	}
	lines := make([]*ent.OrderLine, len(o.Edges.Lines))
	for i, l := range o.Edges.Lines {
		back := *l
		back.Returned = back.Quantity - back.Cancelled
		lines[i] = &back
	}
	return s.giveBackPoints(ctx, tx, o, lines)
}

// giveBackPoints lets an order's points follow what remains of its lines.
func (s *Orders) giveBackPoints(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine) error {
	earned, spent, err := s.Return(ctx, tx, o, lines)
	if err != nil || earned == o.PointsEarned && spent == o.PointsSpent {
		return err
	}
	o.PointsEarned, o.PointsSpent = earned, spent
	_, err = tx.Exec(ctx, `UPDATE orders SET points_earned = ?, points_spent = ? WHERE id = ?`, earned, spent, o.ID)
	return err
}
