package order

import (
	"context"
	"errors"
	"fmt"
	"time"

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
		return nil, 0, illegal(string(o.Status), string(entorder.PaymentStatusPAID), string(entorder.StatusPLACED)).At("input", "orderId")
	}
	return o, Open(o), nil
}

// Open is how many minor units can be paid on an order that was placed: not
// paid and not reserved by a card. Its payments are in Edges.Payments.
func Open(o *ent.Order) int64 {
	if o.Status != entorder.StatusPLACED && o.Status != entorder.StatusCOMPLETED || settled(o.PaymentStatus) {
		return 0 // nothing more is owed, whatever was returned since
	}
	open := o.TotalMinor - o.PaidMinor
	for _, p := range o.Edges.Payments {
		if p.Kind == payment.KindPAYMENT && p.Status == payment.StatusAUTHORIZED {
			open -= p.AmountMinor
		}
	}
	return max(open, 0)
}

// PayFromWallet records on an order that Payable holds that so many minor units
// were paid out of a wallet by an entry. The last of them makes it PAID.
func (s *Orders) PayFromWallet(ctx context.Context, tx *store.Tx, o *ent.Order, minor int64, entry uuid.UUID) error {
	_, err := s.PayNow(ctx, tx, o, FromWallet(minor, entry))
	return err
}

// FromWallet is a payment that an entry of the ledger made.
func FromWallet(minor int64, entry uuid.UUID) *ent.Payment {
	provider, ref := walletProvider, entry.String()
	return &ent.Payment{AmountMinor: minor, Method: "WALLET", Provider: &provider, ProviderRef: &ref}
}

// PayByExchange records on an order that was just placed that so many minor
// units of it were paid by goods that came back.
func (s *Orders) PayByExchange(ctx context.Context, tx *store.Tx, o *ent.Order, minor int64) error {
	_, err := s.PayNow(ctx, tx, o, &ent.Payment{AmountMinor: minor, Method: exchange})
	return err
}

// exchange is the method of money that goods were, which came back.
const exchange = "EXCHANGE"

// PayNow records on an order that is held money that is there: p says how much
// and by what, of which invoice it is and when it came, now when it says nothing.
// What is more than is owed is owed back at once, by the refund that it gives.
func (s *Orders) PayNow(ctx context.Context, tx *store.Tx, o *ent.Order, p *ent.Payment) (refund *ent.Payment, err error) {
	p.ID, p.OwnerID, p.OrderID, p.Kind, p.Status = uuid.Must(uuid.NewV7()), o.OwnerID, &o.ID, payment.KindPAYMENT, payment.StatusSUCCEEDED
	if p.Currency = o.Currency; p.OccurredAt.IsZero() {
		p.OccurredAt = tx.Now
	}
	c := &changes{actor: viewer.From(ctx).Actor(), payments: []*ent.Payment{p}}
	from := standing(o)
	refund = c.came(o, p, tx.Now)
	return refund, s.keep(ctx, tx, o, c, from)
}

// came books money of a payment on its order; what is more than is owed, since
// it came twice or the order was cancelled, is owed back by the refund it gives.
func (c *changes) came(o *ent.Order, p *ent.Payment, at time.Time) (refund *ent.Payment) {
	o.PaidMinor += p.AmountMinor
	if over := min(o.PaidMinor-o.RefundedMinor-o.TotalMinor, p.AmountMinor); over > 0 {
		refund = c.refundOf(o, p, over, payment.StatusPENDING, at)
		if o.Status == entorder.StatusCANCELLED {
			o.PaymentStatus = moneyBack(o)
		}
	}
	c.confirm(o, at)
	return refund
}

// confirm makes an order PAID of which nothing is owed any more.
func (c *changes) confirm(o *ent.Order, at time.Time) {
	if o.Status != entorder.StatusCANCELLED && !settled(o.PaymentStatus) && o.PaidMinor-o.RefundedMinor >= o.TotalMinor {
		o.PaymentStatus = entorder.PaymentStatusPAID
		c.release(o, payment.StatusAUTHORIZED)
		c.note(o, orderevent.KindPAYMENT_CONFIRMED, at, 0, nil)
	}
}

// keep stores what became of one order's money, gives back what is owed to
// wallets, and tells where an axis moved.
func (s *Orders) keep(ctx context.Context, tx *store.Tx, o *ent.Order, c *changes, from axes) error {
	if err := saveOrder(ctx, tx, o); err != nil {
		return err
	}
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	if err := s.papers(ctx, tx, o.ID); err != nil {
		return err
	}
	if err := s.repay(ctx, tx, c); err != nil || standing(o) == from {
		return err
	}
	return s.moved(ctx, tx, o, from)
}

// papers lets the papers of orders follow; nobody does where there are none.
func (s *Orders) papers(ctx context.Context, tx *store.Tx, orders ...uuid.UUID) error {
	if s.Papers == nil || len(orders) == 0 {
		return nil
	}
	return s.Papers(ctx, tx, orders...)
}

// BeginPayment stores a payment that a provider is about to be asked for.
func (s *Orders) BeginPayment(ctx context.Context, tx *store.Tx, p *ent.Payment) error {
	return (&changes{payments: []*ent.Payment{p}}).write(ctx, tx)
}

// Begun keeps what the provider answered to a payment that was begun: its id,
// and where it is paid. Its message may have come first: then nothing changes.
func (s *Orders) Begun(ctx context.Context, tx *store.Tx, id uuid.UUID, ref string, url *string) error {
	return tx.Payment.Update().Where(payment.ID(id), payment.StatusEQ(payment.StatusPENDING), payment.ProviderRefIsNil()).
		SetProviderRef(ref).SetNillableURL(url).Exec(ctx)
}

// Received books money that came for an order that is held, by a payment of
// it. What is more than is owed, since it came twice or the order was
// cancelled, is owed back at once.
func (s *Orders) Received(ctx context.Context, tx *store.Tx, o *ent.Order, p *ent.Payment, ref string) error {
	from, c := standing(o), &changes{}
	p.Status, p.ProviderRef, p.Failure = payment.StatusSUCCEEDED, &ref, nil
	c.settle(p)
	c.came(o, p, tx.Now)
	return s.keep(ctx, tx, o, c, from)
}

// NotPaid ends a payment that was begun and did not come; nothing is owed less.
// ref is the provider's id of it where it said one.
func (s *Orders) NotPaid(ctx context.Context, tx *store.Tx, p *ent.Payment, status payment.Status, ref, why string) error {
	if p.Status = status; ref != "" {
		p.ProviderRef = &ref
	}
	if why != "" {
		p.Failure = &why
	}
	return (&changes{paidBack: []*ent.Payment{p}}).write(ctx, tx)
}

// GaveBack notes on an order that is held that the provider gave a refund of it
// back, which was on its way.
func (s *Orders) GaveBack(ctx context.Context, tx *store.Tx, o *ent.Order, r *ent.Payment, ref string) error {
	return s.CloseRefund(ctx, tx, o, r, true, &ref, nil)
}

// NotGivenBack notes why the provider could not give a refund back. It stays on
// its way: the money is owed, and goes another.
func (s *Orders) NotGivenBack(ctx context.Context, tx *store.Tx, r *ent.Payment, ref, why string) error {
	if r.Failure = &why; ref != "" {
		r.ProviderRef = &ref
	}
	return (&changes{paidBack: []*ent.Payment{r}}).write(ctx, tx)
}

// CloseRefund notes on an order that is held what became of a refund of it that
// was on its way. What failed is not given back any more.
func (s *Orders) CloseRefund(ctx context.Context, tx *store.Tx, o *ent.Order, r *ent.Payment, done bool, ref, why *string) error {
	from, c := standing(o), &changes{actor: viewer.From(ctx).Actor(), paidBack: []*ent.Payment{r}}
	r.ProviderRef, r.Failure = ref, why
	r.Status = payment.StatusSUCCEEDED
	if done {
		c.note(o, orderevent.KindREFUNDED, tx.Now, 0, map[string]any{"refund": r.GlobalID().String()})
		return s.keep(ctx, tx, o, c, from)
	}
	r.Status = payment.StatusFAILED
	o.RefundedMinor -= r.AmountMinor
	for _, p := range o.Edges.Payments {
		if r.ParentID != nil && p.ID == *r.ParentID {
			p.RefundedMinor -= r.AmountMinor
			c.settle(p)
		}
	}
	o.PaymentStatus = moneyBack(o)
	return s.keep(ctx, tx, o, c, from)
}

// RefundAgain owes what a refund of an order that is held did not give back, by
// a new refund of the same payment; no more than is still kept beyond what is
// owed. nil: nothing is, or it did not fail.
func (s *Orders) RefundAgain(ctx context.Context, tx *store.Tx, o *ent.Order, r *ent.Payment) (*ent.Payment, error) {
	for _, p := range o.Edges.Payments {
		if r.Status != payment.StatusFAILED || r.ParentID == nil || p.ID != *r.ParentID {
			continue
		}
		part := min(r.AmountMinor, p.AmountMinor-p.RefundedMinor, o.PaidMinor-o.RefundedMinor-o.TotalMinor)
		if part <= 0 {
			break
		}
		from, c := standing(o), &changes{actor: viewer.From(ctx).Actor()}
		again := c.refundOf(o, p, part, payment.StatusPENDING, tx.Now)
		o.PaymentStatus = moneyBack(o)
		return again, s.keep(ctx, tx, o, c, from)
	}
	return nil, nil
}

// Owed is a part of a payment that goes back.
type Owed struct {
	Payment *ent.Payment
	Minor   int64
}

// GiveBack gives back parts of payments that are of no order and that are held:
// into the wallet at once, else by a refund that is on its way. By staff alone.
func (s *Orders) GiveBack(ctx context.Context, tx *store.Tx, parts ...Owed) ([]*ent.Payment, error) {
	c := &changes{}
	for _, part := range parts {
		c.refundPart(part.Payment, part.Minor, payment.StatusPENDING, tx.Now)
	}
	if err := c.write(ctx, tx); err != nil {
		return nil, err
	}
	return c.payments, s.repay(ctx, tx, c)
}

// moneyBack is where the money of an order stands of which some was to be given
// back: another part may have failed to arrive.
func moneyBack(o *ent.Order) entorder.PaymentStatus {
	switch {
	case o.RefundedMinor >= o.PaidMinor:
		return entorder.PaymentStatusREFUNDED
	case o.RefundedMinor > 0:
		return entorder.PaymentStatusPARTIALLY_REFUNDED
	}
	return entorder.PaymentStatusPAID
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
