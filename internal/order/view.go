package order

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/schema"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// Refund is a payment that gave money back.
type Refund struct{ *ent.Payment }

// ReturnLine is one line of a return.
type ReturnLine struct {
	OrderLineID *scalar.ID
	Sku         string
	Title       string
	Quantity    int64
	Approved    *int64
	Received    *int64
	Amount      scalar.Money
	Fee         scalar.Money
	Reason      *ReturnReason
	ExchangeSku *string
	Exchanged   *int64
}

// ReturnReason is a reason of the catalogue as it was when it was chosen.
type ReturnReason struct {
	ReasonID scalar.ID
	Handle   string
	texts    map[string]map[string]string
}

// Name is what the reason is called, in the caller's language.
func (r *ReturnReason) Name(ctx context.Context) (string, error) {
	if name := scalar.Pick(r.texts, scalar.TextName, append([]string{viewer.From(ctx).Locale}, locale.Supported()...)...); name != "" {
		return name, nil
	}
	return r.Handle, nil
}

// ChosenReason shows a reason as a return keeps it; nil where nobody said one.
func ChosenReason(r *schema.ReturnReason) *ReturnReason {
	if r == nil {
		return nil
	}
	return &ReturnReason{ReasonID: scalar.ID{Prefix: "rsn", UUID: r.ReasonID}, Handle: r.Handle, texts: r.Texts}
}

// Update is a message of orderUpdated.
type Update struct {
	Cursor string
	Kind   string
	Order  *ent.Order
}

// Lines are an order's lines by position. Like the lists below they are loaded
// with the order where it was collected, and sorted here, since rows that are
// loaded for many orders at once come in any order.
func Lines(ctx context.Context, o *ent.Order) ([]*ent.OrderLine, error) {
	lines, err := o.Lines(ctx)
	return sorted(lines, func(a, b *ent.OrderLine) int { return a.Position - b.Position }), err
}

// Payments are the money that came in for an order, oldest first.
func Payments(ctx context.Context, o *ent.Order) ([]*ent.Payment, error) {
	return paymentsOf(ctx, o, payment.KindPAYMENT)
}

// Refunds are the money that went out again, oldest first.
func Refunds(ctx context.Context, o *ent.Order) ([]*Refund, error) {
	rows, err := paymentsOf(ctx, o, payment.KindREFUND)
	refunds := make([]*Refund, len(rows))
	for i, p := range rows {
		refunds[i] = &Refund{p}
	}
	return refunds, err
}

func paymentsOf(ctx context.Context, o *ent.Order, kind payment.Kind) ([]*ent.Payment, error) {
	all, err := o.Payments(ctx)
	payments := []*ent.Payment{}
	for _, p := range all {
		if p.Kind == kind {
			payments = append(payments, p)
		}
	}
	return sorted(payments, func(a, b *ent.Payment) int { return oldest(a.ID, b.ID) }), err
}

// Shipments are an order's parcels, oldest first.
func Shipments(ctx context.Context, o *ent.Order) ([]*ent.Shipment, error) {
	shipments, err := o.Shipments(ctx)
	return sorted(shipments, func(a, b *ent.Shipment) int { return oldest(a.ID, b.ID) }), err
}

// Returns are an order's returns, oldest first.
func Returns(ctx context.Context, o *ent.Order) ([]*ent.ReturnRequest, error) {
	returns, err := o.Returns(ctx)
	return sorted(returns, func(a, b *ent.ReturnRequest) int {
		return cmp.Or(a.RequestedAt.Compare(b.RequestedAt), oldest(a.ID, b.ID))
	}), err
}

// sorted is a sorted copy: what is loaded may be shown by two fields at once.
func sorted[T any](rows []*T, by func(a, b *T) int) []*T {
	rows = append(make([]*T, 0, len(rows)), rows...)
	slices.SortFunc(rows, by)
	return rows
}

// oldest sorts by id: version 7 carries the time.
func oldest(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

// CompanyID is the company an order was bought for; nil where a person or a
// guest bought.
func CompanyID(o *ent.Order) *scalar.ID {
	if o.OwnerID == viewer.House || o.UserID != nil && *o.UserID == o.OwnerID {
		return nil
	}
	return &scalar.ID{Prefix: "com", UUID: o.OwnerID}
}

// ReturnLines are the lines of a return.
func ReturnLines(r *ent.ReturnRequest) []*ReturnLine {
	lines := make([]*ReturnLine, len(r.Lines))
	for i, l := range r.Lines {
		lines[i] = &ReturnLine{
			Sku: l.SKU, Title: l.Title, Quantity: l.Quantity, Approved: l.Approved, Received: l.Received, ExchangeSku: l.ExchangeSKU, Exchanged: l.Exchanged, Reason: ChosenReason(l.Reason),
			Amount: scalar.Money{Minor: l.AmountMinor, Currency: r.Currency}, Fee: scalar.Money{Minor: l.FeeMinor, Currency: r.Currency},
		}
		if l.OrderLineID != nil {
			lines[i].OrderLineID = &scalar.ID{Prefix: "line", UUID: *l.OrderLineID}
		}
	}
	return lines
}

// ReturnedOrderID is the order of a return; nil where it was not found.
func ReturnedOrderID(r *ent.ReturnRequest) *scalar.ID {
	if r.OrderID == nil {
		return nil
	}
	return &scalar.ID{Prefix: "order", UUID: *r.OrderID}
}

// Actions are what the caller of ctx may do with an order now: CANCEL exactly
// where cancelOrder would work, OPEN_TICKET where openTicket would.
func (s *Orders) Actions(ctx context.Context, o *ent.Order) []OrderAction {
	v := viewer.From(ctx)
	actions := []OrderAction{}
	if checkCancel(standing(o)) == nil && mayWrite(v, o, "order") && s.mayCancel(ctx, o) == nil {
		actions = append(actions, OrderActionCancel)
	}
	if o.OwnerID == v.UserID && v.SignedIn() || o.OwnerID == v.OwnerID && mayWrite(v, o, "ticket") {
		actions = append(actions, OrderActionOpenTicket)
	}
	if mayReview(v, o) {
		actions = append(actions, OrderActionReview)
	}
	own := v.SignedIn() && (o.OwnerID == v.UserID || o.OwnerID == v.OwnerID) && o.OwnerID != viewer.House
	if !mayWrite(v, o, "order") {
		return actions
	}
	at := standing(o)
	live := at.Status == entorder.StatusPLACED || at.Status == entorder.StatusCOMPLETED
	if own {
		actions = append(actions, OrderActionRepeat)
	}
	if own && live && !settled(at.Payment) && o.TotalMinor > o.PaidMinor {
		actions = append(actions, OrderActionPay)
	}
	if checkDeliver(at) == nil {
		actions = append(actions, OrderActionChangeAddress)
	}
	if live && (at.Fulfillment == entorder.FulfillmentStatusDELIVERED || at.Fulfillment == entorder.FulfillmentStatusPARTIALLY_RETURNED) {
		actions = append(actions, OrderActionRequestReturn)
	}
	return actions
}

// mayReview says whether the viewer bought and received goods of an order.
func mayReview(v viewer.Viewer, o *ent.Order) bool {
	at := standing(o)
	return v.SignedIn() && o.UserID != nil && *o.UserID == v.UserID && at.Status != entorder.StatusCANCELLED &&
		(at.Fulfillment == entorder.FulfillmentStatusDELIVERED || at.Fulfillment == entorder.FulfillmentStatusPARTIALLY_RETURNED)
}

// mayWrite is the fence's answer for an order that was read already.
func mayWrite(v viewer.Viewer, o *ent.Order, resource string) bool {
	switch {
	case !v.SignedIn():
		return false
	case o.OwnerID == v.UserID, v.Staff && v.Reach(resource, "write") == viewer.ReachAll:
		return true
	case o.OwnerID != v.OwnerID:
		return false
	}
	switch v.Reach(resource, "write") {
	case viewer.ReachNone:
		return false
	case viewer.ReachOwn:
		return o.UserID != nil && *o.UserID == v.UserID
	}
	return true
}

// Label says where an order stands, in a language (BCP 47): the word of the
// axis that says most.
func Label(lang string, o *ent.Order) string {
	at := standing(o)
	word := string(at.Status)
	if at.Status == entorder.StatusPLACED {
		word = string(at.Fulfillment)
		if at.Fulfillment == entorder.FulfillmentStatusNEW && at.Payment == entorder.PaymentStatusPAID {
			word = string(at.Payment)
		}
	}
	return locale.Text(lang, "order.status."+strings.ToLower(word), nil)
}
