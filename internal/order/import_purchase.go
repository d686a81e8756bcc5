package order

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
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
func (b *portion) purchase(invoice Invoice) {
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
func (b *portion) event(o *importedOrder, kind string, at time.Time, amount int64, data map[string]any) {
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

// shelved is one product as the batch knows it.
type shelved struct {
	id       uuid.UUID
	title    string
	price    int64
	currency string
	at       time.Time // of the line that gave title or price last
	ours     bool      // of this source; others are pointed to, never changed
	changed  bool      // against the database
	missing  bool      // from the database
}

// loadShelf reads the products of the skus.
func (b *portion) loadShelf(ctx context.Context, skus map[string]bool) error {
	for some := range slices.Chunk(slices.Sorted(maps.Keys(skus)), 1_000) {
		args := make([]any, len(some))
		for i, sku := range some {
			args[i] = sku
		}
		rows, err := b.tx.Query(ctx, `SELECT sku, id, title, price_minor, currency, source = ?, source_updated_at FROM products WHERE sku IN (`+marks(len(args))+`)`,
			append([]any{b.src.Name()}, args...)...)
		if err != nil {
			return err
		}
		for rows.Next() {
			var sku string
			var ours *bool
			var at *time.Time
			p := &shelved{}
			if err := rows.Scan(&sku, &p.id, &p.title, &p.price, &p.currency, &ours, &at); err != nil {
				_ = rows.Close()
				return err
			}
			p.ours = ours != nil && *ours
			if at != nil {
				p.at = *at
			}
			b.shelf[sku] = p
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
}

// product gives the product of a line and lets it learn the line's title and
// price: the last in file order counts, unless it is older than what is known.
// No title (the sku instead) and no price (free) teach nothing.
func (b *portion) product(line InvoiceLine, invoice Invoice) *shelved {
	p := b.shelf[line.SKU]
	if p == nil {
		p = &shelved{id: newID(), title: line.Title, price: line.UnitPriceMinor, currency: invoice.Currency,
			at: invoice.At, ours: true, changed: true, missing: true}
		b.shelf[line.SKU] = p
		return p
	}
	if !p.ours || invoice.At.Before(p.at) || invoice.Currency != p.currency {
		return p
	}
	title, price := p.title, p.price
	if line.Title != line.SKU {
		title = line.Title
	}
	if line.UnitPriceMinor > 0 {
		price = line.UnitPriceMinor
	}
	if title != p.title || price != p.price {
		p.title, p.price, p.at, p.changed = title, price, invoice.At, true
	}
	return p
}

// writeShelf writes what is new or changed. A product that somebody else made
// in the meantime is pointed to.
func (b *portion) writeShelf(ctx context.Context) error {
	products, missing := productSheet, map[string]bool{}
	for _, sku := range slices.Sorted(maps.Keys(b.shelf)) {
		if p := b.shelf[sku]; p.changed {
			products.add(p.id, b.tx.Now, b.tx.Now, b.src.Name(), sku, p.at, sku, p.title, p.price, p.currency)
			if p.missing {
				missing[sku] = true
			}
		}
	}
	err := products.each(func(query string, args []any) error {
		rows, err := b.tx.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var sku string
			var id uuid.UUID
			if err := rows.Scan(&sku, &id); err != nil {
				return err
			}
			b.shelf[sku].id = id
			delete(missing, sku)
		}
		return rows.Err()
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	lines := map[string]*shelved{} // the lines point at these
	for sku := range missing {
		lines[sku] = b.shelf[sku]
	}
	if err := b.loadShelf(ctx, missing); err != nil {
		return err
	}
	for sku, p := range lines {
		p.id = b.shelf[sku].id
	}
	return nil
}
