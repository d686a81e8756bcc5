package order

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

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
func (b *batch) loadShelf(ctx context.Context, skus map[string]bool) error {
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
func (b *batch) product(line InvoiceLine, invoice Invoice) *shelved {
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
func (b *batch) writeShelf(ctx context.Context) error {
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
