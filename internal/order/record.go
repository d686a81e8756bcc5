package order

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// record puts a payment received elsewhere on its order. Where the order was
// told to be paid before its payments were, the nameless payment that stands
// for them makes room.
func (c *changes) record(o *ent.Order, p *ent.Payment, now time.Time) error {
	switch {
	case p.Currency != o.Currency:
		return ErrCurrencyMismatch.With("currency", o.Currency)
	case o.Status != entorder.StatusPLACED && o.Status != entorder.StatusCOMPLETED && o.Status != entorder.StatusCANCELLED:
		return ErrIllegalTransition.With("fromState", string(o.Status)).With("toState", string(entorder.PaymentStatusPAID))
	}
	if p.ID == uuid.Nil {
		p.ID = uuid.Must(uuid.NewV7())
	}
	p.OwnerID, p.OrderID, p.Kind = o.OwnerID, &o.ID, payment.KindPAYMENT
	if p.Status == payment.StatusSUCCEEDED && c.rename(o, p) {
		return nil
	}
	c.payments = append(c.payments, p)
	o.Edges.Payments = append(o.Edges.Payments, p)
	if p.Status == payment.StatusSUCCEEDED {
		c.receive(o, p, now)
	}
	return nil
}

// rename gives the name of a payment to the nameless one of the same amount
// that was only concluded from the order's being paid; a larger one gives up
// as much. It says whether the payment has its place by that.
func (c *changes) rename(o *ent.Order, p *ent.Payment) bool {
	for _, n := range o.Edges.Payments {
		nameless := n.Kind == payment.KindPAYMENT && n.Status == payment.StatusSUCCEEDED && n.Source == nil && n.Provider == nil && n.Method == "EXTERNAL" && n.MethodID == nil
		switch {
		case !nameless || p.Source == nil:
			continue
		case n.AmountMinor == p.AmountMinor:
			n.Source, n.ExternalID, n.SourceUpdatedAt, n.Method, n.OccurredAt = p.Source, p.ExternalID, p.SourceUpdatedAt, p.Method, p.OccurredAt
			p.ID = n.ID
			c.renamed = append(c.renamed, n)
			c.settle(n)
			return true
		case n.AmountMinor-n.RefundedMinor > p.AmountMinor:
			n.AmountMinor -= p.AmountMinor
			o.PaidMinor -= p.AmountMinor // and comes again with p
			c.renamed = append(c.renamed, n)
			return false
		}
	}
	return false
}

// receive counts money that is there; more than is owed is owed back.
func (c *changes) receive(o *ent.Order, p *ent.Payment, now time.Time) {
	o.PaidMinor += p.AmountMinor
	if over := min(o.PaidMinor-o.RefundedMinor-o.TotalMinor, p.AmountMinor); over > 0 {
		c.refundOf(o, p, over, payment.StatusPENDING, now)
		if o.Status == entorder.StatusCANCELLED {
			o.PaymentStatus = entorder.PaymentStatusREFUNDED
		}
	}
	c.confirm(o, now)
}

// booking is one attempt at a batch of payments.
type booking struct {
	*Orders
	tx               *store.Tx
	c                *changes
	orders           []*ent.Order // touched, once each
	from             map[uuid.UUID]axes
	created, updated int
}

// take judges one item by what is stored, and books it.
func (b *booking) take(t *takings, o *ent.Order, stored *ent.Payment) {
	in := t.in
	if o == nil {
		t.Refuse(fault.ErrNotFound.At(t.Path("order")...))
		return
	}
	if stored == nil {
		stored = in.ours(o)
	}
	if stored != nil {
		b.change(t, o, stored)
		return
	}
	p := &ent.Payment{
		Status: in.Status, Currency: t.amount.Currency, AmountMinor: t.amount.Minor, Method: t.method,
		OccurredAt: in.OccurredAt, Source: &in.External.Source, ExternalID: &in.External.ID, SourceUpdatedAt: &in.SourceUpdatedAt,
	}
	b.touch(o)
	if err := b.c.record(o, p, b.tx.Now); err != nil {
		f, _ := fault.As(err)
		t.Refuse(f.At(t.Path(map[bool]string{true: "amount", false: "order"}[f.Code == ErrCurrencyMismatch.Code])...))
		return
	}
	t.ID, t.Outcome = p.ID, scalar.UpsertCreated
	b.created++
}

// ours is the payment of an order that went through Kabinet and that an outside
// system reports, told by the provider's id of it or by ours; nil: it is another.
func (in *UpsertPaymentInput) ours(o *ent.Order) *ent.Payment {
	for _, p := range o.Edges.Payments {
		if p.Kind != payment.KindPAYMENT || p.Provider == nil {
			continue
		}
		known := p.ProviderRef != nil && (*p.ProviderRef == in.External.ID && *p.Provider == in.External.Source || in.ProviderRef != nil && *p.ProviderRef == *in.ProviderRef)
		if !known && (in.ProviderRef == nil || p.GlobalID().String() != *in.ProviderRef) {
			continue
		}
		return p
	}
	return nil
}

// change brings a stored payment to what the item says. One that went through
// Kabinet has its own method and time, and the key of who reported it first.
func (b *booking) change(t *takings, o *ent.Order, stored *ent.Payment) {
	in, other := t.in, stored.Source != nil && (*stored.Source != t.in.External.Source || *stored.ExternalID != t.in.External.ID)
	if err := batch.Stale(stored.SourceUpdatedAt, in.SourceUpdatedAt, t.Path("sourceUpdatedAt")...); err != nil && !other {
		t.Refuse(err)
		return
	}
	switch here := stored.Provider != nil; {
	case stored.Kind != payment.KindPAYMENT:
		t.Refuse(fault.ErrInvalidValue.At(t.Path("external")...))
		return
	case stored.OrderID == nil || *stored.OrderID != o.ID:
		t.Refuse(fault.ErrInvalidValue.At(t.Path("order")...))
		return
	case stored.AmountMinor != t.amount.Minor || stored.Currency != t.amount.Currency:
		t.Refuse(fault.ErrInvalidValue.At(t.Path("amount")...))
		return
	case !here && stored.Method != t.method:
		t.Refuse(fault.ErrInvalidValue.At(t.Path("method")...))
		return
	case !here && !stored.OccurredAt.Equal(in.OccurredAt):
		t.Refuse(fault.ErrInvalidValue.At(t.Path("occurredAt")...))
		return
	}
	p := stored
	for _, of := range o.Edges.Payments { // the order's own copy of it
		if of.ID == stored.ID {
			p = of
		}
	}
	t.ID, t.Outcome = p.ID, scalar.UpsertUnchanged
	if p.Status != in.Status {
		if !maySettle(p.Status, in.Status) {
			t.Refuse(ErrIllegalTransition.With("fromState", string(p.Status)).With("toState", string(in.Status)).At(t.Path("status")...))
			return
		}
		b.touch(o)
		t.Outcome = scalar.UpsertUpdated
		b.updated++
		if p.Status = in.Status; p.Status == payment.StatusSUCCEEDED {
			b.c.receive(o, p, b.tx.Now)
		}
	} else if other || p.SourceUpdatedAt != nil && !in.SourceUpdatedAt.After(*p.SourceUpdatedAt) {
		return
	}
	if !other {
		p.Source, p.ExternalID, p.SourceUpdatedAt = &in.External.Source, &in.External.ID, &in.SourceUpdatedAt
	}
	b.c.settle(p)
}

// maySettle says whether a payment goes from one state to another: forward
// only, and no more once it is settled.
func maySettle(from, to payment.Status) bool {
	switch from {
	case payment.StatusPENDING:
		return true
	case payment.StatusAUTHORIZED:
		return to != payment.StatusPENDING
	}
	return false
}

func (b *booking) touch(o *ent.Order) {
	if _, there := b.from[o.ID]; !there {
		b.from[o.ID] = standing(o)
		b.orders = append(b.orders, o)
	}
}

// end stores what was booked, gives back what is owed to wallets, and tells
// where orders moved.
func (b *booking) end(ctx context.Context) error {
	if err := saveOrders(ctx, b.tx, b.orders); err != nil {
		return err
	}
	if err := b.c.write(ctx, b.tx); err != nil {
		return err
	}
	touched := make([]uuid.UUID, len(b.orders))
	for i, o := range b.orders {
		touched[i] = o.ID
	}
	if err := b.papers(ctx, b.tx, touched...); err != nil {
		return err
	}
	if err := b.repay(ctx, b.tx, b.c); err != nil {
		return err
	}
	byOwner(b.orders)
	err := b.ending(ctx, b.tx, b.orders, func(e *ending) error {
		for _, o := range b.orders {
			if standing(o) == b.from[o.ID] {
				continue
			}
			if err := e.moved(ctx, o, b.from[o.ID]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if b.created+b.updated == 0 {
		return nil
	}
	return b.tx.Audit(ctx, "payment.upsert", uuid.Nil, scalar.ID{}, map[string]any{"created": b.created, "updated": b.updated})
}

// byOwner sorts orders as everybody locks accounts.
func byOwner(orders []*ent.Order) {
	slices.SortFunc(orders, func(a, b *ent.Order) int {
		return slices.Compare(append(a.OwnerID[:], a.ID[:]...), append(b.OwnerID[:], b.ID[:]...))
	})
}
