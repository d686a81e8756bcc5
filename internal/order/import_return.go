package order

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/ent/schema"
)

// candidateLines is how many lines of a customer, newest first, are looked at
// for the purchase that a cancellation cancels.
const candidateLines = 5_000

// piece is what a return takes of one order line.
type piece struct {
	line     *importedLine
	of       int // index in the return's lines
	quantity int64
}

// giveBack makes a return of a cancellation, and ties it to the order it
// cancels where one is found.
func (b *portion) giveBack(ctx context.Context, invoice Invoice) error {
	owner, user := b.owner(invoice)
	var tied *importedOrder
	var pieces []piece
	if user.Valid { // a guest's purchase cannot be told from other guests'
		best, err := b.cancelled(ctx, owner, invoice)
		if err != nil {
			return err
		}
		if best.order != nil {
			tied = best.order
			pieces, _ = match(tied.lines, invoice.Lines)
		}
	}
	b.counts.Returns++
	b.counts.ReturnsMinor += invoice.TotalMinor()
	if !user.Valid {
		b.counts.GuestReturns++
	}
	orderID := uuid.NullUUID{}
	if tied != nil {
		orderID = uuid.NullUUID{UUID: tied.id, Valid: true}
		b.settle(tied, invoice, pieces)
	}
	lines, err := json.Marshal(returnLines(invoice, pieces))
	if err != nil {
		return err
	}
	b.returns.add(newID(), b.tx.Now, b.tx.Now, owner, user, b.src.Name(), invoice.Number, invoice.At,
		orderID, b.number(invoice), "RETURN", "REFUNDED", string(lines), invoice.Currency, invoice.TotalMinor(), invoice.At, invoice.At)
	return nil
}

// settle books the pieces that came back: the order is worth that much less,
// and what was paid for them is given back, never more than was paid.
func (b *portion) settle(o *importedOrder, invoice Invoice, pieces []piece) {
	var amount int64
	whole := map[int]bool{}
	for _, p := range pieces {
		p.line.open -= p.quantity
		p.line.returned += p.quantity
		p.line.changed = true
		amount += p.quantity * invoice.Lines[p.of].UnitPriceMinor
		whole[p.of] = true
	}
	if len(whole) == len(invoice.Lines) {
		b.counts.TiedWhole++
	} else {
		b.counts.TiedPartly++
	}
	data := map[string]any{"return": b.number(invoice)}
	less := min(amount, o.total)
	o.total -= less
	o.returned = true
	o.revision++
	b.event(o, "RETURNED", invoice.At, -less, data)
	if refund := min(amount, o.paid-o.refunded, o.refundable); refund > 0 {
		o.refunded += refund
		o.refundable -= refund
		b.counts.RefundMinor += refund
		b.payments.add(newID(), b.tx.Now, b.tx.Now, o.owner, o.id, "REFUND", o.payment, "SUCCEEDED", o.currency, refund, 0, "EXTERNAL", invoice.At)
		b.event(o, "REFUNDED", invoice.At, 0, data)
	}
	if o.fulfillmentStatus() == "RETURNED" {
		b.acts = append(b.acts, act{order: o.id, undo: true})
	} else if b.Return != nil {
		b.acts = append(b.acts, act{order: o.id, part: true})
	}
}

// returnLines is the return as it is kept; a line that is tied to two lines of
// the order is two.
func returnLines(invoice Invoice, pieces []piece) []schema.ReturnLine {
	var lines []schema.ReturnLine
	for i, line := range invoice.Lines {
		r := schema.ReturnLine{SKU: line.SKU, Title: line.Title, Quantity: line.Quantity, AmountMinor: line.AmountMinor()}
		tied := false
		for _, p := range pieces {
			if p.of == i {
				r.OrderLineID, r.Quantity, r.AmountMinor = &p.line.id, p.quantity, p.quantity*line.UnitPriceMinor
				lines, tied = append(lines, r), true
			}
		}
		if !tied {
			lines = append(lines, r)
		}
	}
	return lines
}

// fit says how well an order fits a return: lines of it that the order holds
// in sufficient quantity, and how many of these at the same price.
type fit struct{ lines, priced int }

// match finds the order's pieces for each line of a return: all of a line or
// nothing of it, first what cost the same, in the order's own order.
func match(lines []*importedLine, wanted []InvoiceLine) (pieces []piece, f fit) {
	bySKU := map[string][]*importedLine{}
	for _, l := range lines {
		bySKU[l.sku] = append(bySKU[l.sku], l)
	}
	taken := map[*importedLine]int64{}
	for i, w := range wanted {
		left, samePrice := w.Quantity, true
		var found []piece
		for _, same := range []bool{true, false} {
			for _, l := range bySKU[w.SKU] {
				n := min(left, l.open-taken[l])
				if n > 0 && (l.price == w.UnitPriceMinor) == same {
					found = append(found, piece{l, i, n})
					left -= n
					samePrice = samePrice && same
				}
			}
		}
		if left > 0 {
			continue
		}
		for _, p := range found {
			taken[p.line] += p.quantity
		}
		pieces = append(pieces, found...)
		f.lines++
		if samePrice {
			f.priced++
		}
	}
	return pieces, f
}

// candidate is an order that may be the one a return cancels; order is nil
// while it was not read whole.
type candidate struct {
	id       uuid.UUID
	at       time.Time
	external string
	order    *importedOrder
	lines    []*importedLine
	fit      fit
}

// better prefers more lines, then more of them at the same price, then the
// later order.
func (c candidate) better(than candidate) bool {
	return cmp.Or(cmp.Compare(c.fit.lines, than.fit.lines), cmp.Compare(c.fit.priced, than.fit.priced),
		c.at.Compare(than.at), cmp.Compare(c.external, than.external)) > 0
}

// cancelled finds the purchase that a return of a customer cancels: of his
// orders of this source placed before, the one that fits best, if any does.
func (b *portion) cancelled(ctx context.Context, owner uuid.UUID, invoice Invoice) (candidate, error) {
	stored, err := b.candidates(ctx, owner, invoice)
	if err != nil {
		return candidate{}, err
	}
	for _, o := range b.byOwner[owner] {
		if !o.at.After(invoice.At) && o.currency == invoice.Currency {
			stored = append(stored, candidate{id: o.id, at: o.at, external: o.external, order: o, lines: o.lines})
		}
	}
	var best candidate
	for _, c := range stored {
		if _, c.fit = match(c.lines, invoice.Lines); c.fit.lines > 0 && c.better(best) {
			best = c
		}
	}
	if best.fit.lines > 0 && best.order == nil {
		best.order, err = b.hold(ctx, best.id)
	}
	return best, err
}

// candidates reads orders of batches before, with those of their lines that
// the return could mean; orders that this batch holds already are left out.
func (b *portion) candidates(ctx context.Context, owner uuid.UUID, invoice Invoice) (list []candidate, err error) {
	args := []any{owner, b.src.Name(), invoice.At, invoice.Currency}
	skus := map[string]bool{}
	for _, line := range invoice.Lines {
		if !skus[line.SKU] {
			skus[line.SKU] = true
			args = append(args, line.SKU)
		}
	}
	rows, err := b.tx.Query(ctx, `SELECT o.id, o.placed_at, o.external_id, l.sku, l.quantity - l.cancelled - l.returned, l.unit_price_minor
		FROM orders o JOIN order_lines l ON l.order_id = o.id
		WHERE o.owner_id = ? AND o.source = ? AND o.placed_at <= ? AND o.currency = ? AND o.status <> 'CANCELLED'
		AND l.quantity > l.cancelled + l.returned AND l.sku IN (`+marks(len(skus))+`)
		ORDER BY o.placed_at DESC, o.external_id DESC, l.position LIMIT ?`, append(args, candidateLines)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c candidate
		l := &importedLine{}
		if err := rows.Scan(&c.id, &c.at, &c.external, &l.sku, &l.open, &l.price); err != nil {
			return nil, err
		}
		if b.held[c.id] {
			continue
		}
		if len(list) == 0 || list[len(list)-1].id != c.id {
			list = append(list, c)
		}
		last := &list[len(list)-1]
		last.lines = append(last.lines, l)
	}
	return list, rows.Err()
}

// hold reads an order of a batch before whole and locks it, for the rest of
// the batch.
func (b *portion) hold(ctx context.Context, id uuid.UUID) (*importedOrder, error) {
	lock := ""
	if b.Store.Dialect() == dialect.Postgres {
		lock = ` FOR UPDATE`
	}
	o := &importedOrder{id: id}
	err := b.tx.QueryRow(ctx, `SELECT owner_id, user_id, external_id, currency, placed_at, total_minor, paid_minor, refunded_minor, event_seq, revision
		FROM orders WHERE id = ?`+lock, id).
		Scan(&o.owner, &o.user, &o.external, &o.currency, &o.at, &o.total, &o.paid, &o.refunded, &o.lastEvent, &o.revision)
	if err != nil {
		return nil, err
	}
	rows, err := b.tx.Query(ctx, `SELECT id, product_id IS NOT NULL, sku, quantity, quantity - cancelled - returned, unit_price_minor, returned
		FROM order_lines WHERE order_id = ? ORDER BY position`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		l := &importedLine{}
		if err := rows.Scan(&l.id, &l.isGoods, &l.sku, &l.quantity, &l.open, &l.price, &l.returned); err != nil {
			return nil, err
		}
		o.lines = append(o.lines, l)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	pays, err := b.tx.Query(ctx, `SELECT id, amount_minor - refunded_minor FROM payments
		WHERE order_id = ? AND kind = 'PAYMENT' AND status = 'SUCCEEDED' ORDER BY amount_minor - refunded_minor DESC, id LIMIT 1`, id)
	if err != nil {
		return nil, err
	}
	defer pays.Close()
	if pays.Next() {
		if err := pays.Scan(&o.payment, &o.refundable); err != nil {
			return nil, err
		}
	}
	b.held[id] = true
	b.stored = append(b.stored, o)
	b.byOwner[o.owner] = append(b.byOwner[o.owner], o)
	return o, pays.Err()
}
