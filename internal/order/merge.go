package order

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
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
	a.id, a.outcome = o.ID, UpsertOutcomeCreated
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
	}
}

// number is what people read out: as said, or made from the key.
func (a *arrival) number() string {
	if a.in.Number != nil {
		return *a.in.Number
	}
	return a.in.External.Source + "-" + a.in.External.ID
}

// merge brings a stored order to what the item says. Nothing touched means
// that it was so already. Faults: OUTDATED, INVALID_VALUE for what is fixed
// once stored, ILLEGAL_TRANSITION.
func (a *arrival) merge(c *changes, o *ent.Order, now time.Time) (*touched, error) {
	if stored := o.SourceUpdatedAt; stored != nil && a.in.SourceUpdatedAt.Before(*stored) {
		return nil, ErrOutdated.With("sourceUpdatedAt", stored.UTC().Format(time.RFC3339Nano)).At(a.path("sourceUpdatedAt")...)
	}
	if err := a.checkFixed(o); err != nil {
		return nil, err
	}
	t := &touched{o: o, from: standing(o)}
	to, err := bySource.move(t.from, a.want)
	if f, ok := fault.As(err); ok {
		return nil, f.At(a.path(f.Path[len(f.Path)-1])...)
	}
	a.id, a.outcome = o.ID, UpsertOutcomeUnchanged
	a.edit(c, t, now)
	if t.edited == nil && to == t.from {
		return nil, nil
	}
	a.bring(c, o, to, now)
	if o.PaymentStatus == entorder.PaymentStatusPAID {
		c.pay(o, o.TotalMinor-o.PaidMinor, payment.StatusSUCCEEDED, a.moment(now)) // shipping became dearer
	}
	o.SourceUpdatedAt = &a.in.SourceUpdatedAt
	a.outcome = UpsertOutcomeUpdated
	return t, nil
}

// checkFixed compares what must stay as it is stored. A guest's order may get
// its customer, once.
func (a *arrival) checkFixed(o *ent.Order) error {
	switch {
	case a.in.Number != nil && *a.in.Number != o.Number:
		return fault.ErrInvalidValue.At(a.path("number")...)
	case a.in.Currency != o.Currency:
		return fault.ErrInvalidValue.At(a.path("currency")...)
	case a.owner != o.OwnerID && o.OwnerID != viewer.House:
		return fault.ErrInvalidValue.At(a.path("customer")...)
	case !a.sameLines(o.Edges.Lines):
		return fault.ErrInvalidValue.At(a.path("lines")...)
	}
	return nil
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
