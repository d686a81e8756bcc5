package order

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/payment"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// touched is one order of a batch that is made or changed, with what the end
// of the transaction needs to know.
type touched struct {
	o       *ent.Order
	fresh   bool
	claimed bool     // it was a guest's
	edited  []string // fields that are no axis
	from    axes
}

// moment is when something happened that was told just now: never ahead.
func (a *arrival) moment(now time.Time) time.Time {
	if a.in.SourceUpdatedAt.After(now) {
		return now
	}
	return a.in.SourceUpdatedAt
}

// make puts a new order together: placed first, then brought to where it stands.
func (a *arrival) make(c *changes, products map[string]uuid.UUID, now time.Time) touched {
	in := a.in
	o := &ent.Order{
		ID: uuid.Must(uuid.NewV7()), OwnerID: a.owner, UserID: a.user, Number: a.number(),
		Source: &in.External.Source, ExternalID: &in.External.ID, SourceUpdatedAt: &in.SourceUpdatedAt, Metadata: in.Metadata,
		Status: entorder.StatusPLACED, PaymentStatus: entorder.PaymentStatusPENDING, FulfillmentStatus: entorder.FulfillmentStatusNEW,
		Channel: a.channel, Currency: in.Currency, PlacedAt: in.PlacedAt,
		SubtotalMinor: a.subtotal, DiscountMinor: a.discount, ShippingMinor: a.shipping, TaxMinor: a.tax,
	}
	for _, l := range a.lines {
		l.ProductID = nil
		if id, known := products[l.Sku]; known {
			l.ProductID = &id
		}
	}
	o.Edges.Lines = a.lines
	c.note(o, orderevent.KindPLACED, in.PlacedAt, a.total(), nil)
	t := touched{o: o, fresh: true, from: standing(o)}
	a.bring(c, o, a.want, now)
	a.ID, a.Outcome = o.ID, scalar.UpsertCreated
	return t
}

// bring moves an order along, a cancel included.
func (a *arrival) bring(c *changes, o *ent.Order, to axes, now time.Time) {
	cancels := to.Status == entorder.StatusCANCELLED && o.Status != to.Status
	if cancels {
		to.Status = o.Status
	}
	c.move(o, to, a.moment(now), parcel{})
	if cancels {
		c.cancel(o, a.moment(now), nil)
		c.giveBackOurs(o, now)
	}
}

// ours says whether money came through Kabinet, from a wallet or a provider: an
// outside system neither has it nor can give it back.
func ours(p *ent.Payment) bool {
	return p.Provider != nil && p.Kind == payment.KindPAYMENT && p.Status == payment.StatusSUCCEEDED
}

// giveBackOurs owes back what came through Kabinet for an order that its outside
// system cancelled; what came elsewhere that system gives back, and tells so.
func (c *changes) giveBackOurs(o *ent.Order, at time.Time) {
	for _, p := range o.Edges.Payments {
		if rest := p.AmountMinor - p.RefundedMinor; rest > 0 && ours(p) {
			c.refundOf(o, p, rest, payment.StatusPENDING, at)
			o.PaymentStatus = moneyBack(o)
		}
	}
}

// number is what people read out: as said, or made from the key.
func (a *arrival) number() string { return NumberOf(a.in) }

// NumberOf is the number of an order of an outside system: the one it says, or
// one of its key, which is there.
func NumberOf(in *UpsertOrderInput) string {
	if in.Number != nil {
		return *in.Number
	}
	return in.External.Source + "-" + in.External.ID
}

// merge brings a stored order to what the item says. Nothing touched means
// that it was so already, or that the item is out. Faults: OUTDATED,
// INVALID_VALUE for what is fixed once stored, ILLEGAL_TRANSITION.
func (a *arrival) merge(c *changes, o *ent.Order, now time.Time) *touched {
	if err := batch.Stale(o.SourceUpdatedAt, a.in.SourceUpdatedAt, a.Path("sourceUpdatedAt")...); err != nil {
		a.Refuse(err)
		return nil
	}
	if a.same {
		a.owner, a.user = o.OwnerID, o.UserID
	}
	if a.checkFixed(o); a.Out() {
		return nil
	}
	t := &touched{o: o, from: standing(o)}
	to := a.axes(o)
	if a.Out() {
		return nil
	}
	a.ID, a.Outcome = o.ID, scalar.UpsertUnchanged
	a.edit(c, t, now)
	if t.edited == nil && to == t.from {
		return nil
	}
	a.bring(c, o, to, now)
	if o.PaymentStatus == entorder.PaymentStatusPAID {
		c.pay(o, o.TotalMinor-o.PaidMinor, payment.StatusSUCCEEDED, a.moment(now)) // shipping became dearer
	}
	o.SourceUpdatedAt = &a.in.SourceUpdatedAt
	a.Outcome = scalar.UpsertUpdated
	return t
}

// axes are where the order goes. An axis that cannot go there stays, where the
// policy allows that. A payment that is known by its own key outweighs an order
// that knows of none, and money that came through Kabinet one that knows less of
// it than we do.
func (a *arrival) axes(o *ent.Order) axes {
	from, want := standing(o), a.want
	named := func(p *ent.Payment) bool { return p.Source != nil }
	if want.Payment == entorder.PaymentStatusPENDING && slices.ContainsFunc(o.Edges.Payments, named) ||
		slices.Index(moneyWay, want.Payment) < slices.Index(moneyWay, from.Payment) && slices.ContainsFunc(o.Edges.Payments, ours) {
		want.Payment = ""
	}
	for {
		to, err := bySource.move(from, want)
		f, ok := fault.As(err)
		if !ok {
			return to
		}
		axis := f.Path[len(f.Path)-1]
		if !a.Spare(f.At(a.Path(axis)...)) {
			return from
		}
		switch axis {
		case "paymentStatus":
			want.Payment = ""
		case "fulfillmentStatus":
			want.Fulfillment = ""
		default:
			want.Status = ""
		}
	}
}

// moneyWay is the payment axis in the order in which money travels it.
var moneyWay = []entorder.PaymentStatus{
	entorder.PaymentStatusPENDING, entorder.PaymentStatusAUTHORIZED, entorder.PaymentStatusPAID,
	entorder.PaymentStatusPARTIALLY_REFUNDED, entorder.PaymentStatusREFUNDED,
}

// checkFixed compares what must stay as it is stored, and does. A guest's order
// may get its customer, once.
func (a *arrival) checkFixed(o *ent.Order) {
	if a.in.Currency != o.Currency {
		a.Refuse(fault.ErrInvalidValue.At(a.Path("currency")...))
		return
	}
	for _, fixed := range []struct {
		field   string
		differs bool
	}{
		{"number", a.in.Number != nil && *a.in.Number != o.Number},
		{"customer", a.owner != o.OwnerID && o.OwnerID != viewer.House},
		{"lines", !a.sameLines(o.Edges.Lines)},
	} {
		if fixed.differs && !a.Spare(fault.ErrInvalidValue.At(a.Path(fixed.field)...)) {
			return
		}
	}
	if o.OwnerID != viewer.House {
		a.owner, a.user = o.OwnerID, o.UserID
	}
}

// edit takes over what is no axis. Absent metadata is unchanged.
func (a *arrival) edit(c *changes, t *touched, now time.Time) {
	o := t.o
	if a.owner != o.OwnerID {
		o.OwnerID, o.UserID, t.claimed = a.owner, a.user, true
		t.edited = append(t.edited, "customer")
	}
	if a.channel != o.Channel {
		o.Channel = a.channel
		t.edited = append(t.edited, "channel")
	}
	if !a.in.PlacedAt.Equal(o.PlacedAt) {
		o.PlacedAt = a.in.PlacedAt
		t.edited = append(t.edited, "placedAt")
	}
	if a.in.Metadata != nil && !sameData(a.in.Metadata, o.Metadata) {
		o.Metadata = a.in.Metadata
		t.edited = append(t.edited, "metadata")
	}
	if delta := a.shipping - o.ShippingMinor; delta != 0 {
		o.ShippingMinor = a.shipping
		t.edited = append(t.edited, "shipping")
		if o.Status != entorder.StatusCANCELLED { // of a cancelled order nothing is owed
			c.note(o, orderevent.KindEDITED, a.moment(now), delta, map[string]any{"changed": []string{"shipping"}})
		}
	}
}

// sameData compares free data as the database gives it back.
func sameData(a, b map[string]any) bool {
	var x, y any
	ja, errA := json.Marshal(a)
	jb, errB := json.Marshal(b)
	if errA != nil || errB != nil || json.Unmarshal(ja, &x) != nil || json.Unmarshal(jb, &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
