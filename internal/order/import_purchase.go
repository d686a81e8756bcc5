package order

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// importedOrder is an order of this batch, or one of an earlier batch that a
// return of this batch changes.
type importedOrder struct {
	id, owner  uuid.UUID
	user       uuid.NullUUID
	number     string
	external   string
	country    string
	currency   string
	at         time.Time
	subtotal   int64
	total      int64
	paid       int64
	refunded   int64
	lastEvent  int64
	revision   int64
	payment    uuid.UUID // what refunds give back; nil when nothing was paid
	refundable int64     // of the payment
	lines      []*importedLine
	returned   bool // something came back
}

// importedLine is one line of an importedOrder.
type importedLine struct {
	id       uuid.UUID
	product  *shelved // of a fresh line that is a product's
	isGoods  bool
	sku      string
	title    string
	position int
	quantity int64
	price    int64
	open     int64 // neither cancelled nor returned
	returned int64
	changed  bool
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// purchase makes an order of an invoice: bought, paid and received as far as
// anybody knows. The set knows no parcels, so there are none.
func (b *batch) purchase(invoice Invoice) {
	o := &importedOrder{
		id: newID(), number: b.number(invoice), external: invoice.Number, country: invoice.Country,
		currency: invoice.Currency, at: invoice.At, revision: 1, total: invoice.TotalMinor(),
	}
	o.owner, o.user = b.owner(invoice)
	o.subtotal, o.paid, o.refundable = o.total, o.total, o.total
	if o.paid > 0 { // a payment of nothing is none
		o.payment = newID()
	}
	for i, line := range invoice.Lines {
		l := &importedLine{
			id: newID(), isGoods: line.Product, sku: line.SKU, title: line.Title, position: i + 1,
			quantity: line.Quantity, open: line.Quantity, price: line.UnitPriceMinor,
		}
		if line.Product {
			l.product = b.product(line, invoice)
		}
		o.lines = append(o.lines, l)
	}
	b.event(o, "PLACED", invoice.At, o.total, nil)
	b.fresh = append(b.fresh, o)
	b.counts.Orders++
	b.counts.Lines += int64(len(o.lines))
	b.counts.OrdersMinor += o.total
	if !o.user.Valid {
		b.counts.GuestOrders++
		return
	}
	b.byOwner[o.owner] = append(b.byOwner[o.owner], o)
	b.acts = append(b.acts, act{order: o.id, total: o.total})
}

// event adds an entry to the order's book. The amounts of a book add up to
// the order's total.
func (b *batch) event(o *importedOrder, kind string, at time.Time, amount int64, data map[string]any) {
	o.lastEvent++
	b.events.add(newID(), b.tx.Now, o.owner, o.id, o.lastEvent, kind, at, o.currency, amount, jsonText(data))
}

// jsonText is what both databases take as JSON; nil stays null.
func jsonText(data map[string]any) any {
	if data == nil {
		return nil
	}
	b, _ := json.Marshal(data) // strings and numbers of ours
	return string(b)
}

// paymentStatus says how the order is paid by now.
func (o *importedOrder) paymentStatus() string {
	switch {
	case o.refunded == 0:
		return "PAID"
	case o.refunded < o.paid:
		return "PARTIALLY_REFUNDED"
	}
	return "REFUNDED"
}

// fulfillmentStatus says where the goods are. Carriage and the like do not
// travel back, so they count only in an order that holds nothing else.
func (o *importedOrder) fulfillmentStatus() string {
	if !o.returned {
		return "DELIVERED"
	}
	openGoods, openOther, goods := false, false, false
	for _, l := range o.lines {
		goods = goods || l.isGoods
		openGoods = openGoods || l.isGoods && l.open > 0
		openOther = openOther || !l.isGoods && l.open > 0
	}
	if openGoods || !goods && openOther {
		return "PARTIALLY_RETURNED"
	}
	return "RETURNED"
}
