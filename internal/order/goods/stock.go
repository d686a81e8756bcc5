package goods

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// offered is the price and the stock of one product, as a batch says them.
type offered struct {
	batch.Item
	in    *UpsertStockItemInput
	name  string // what tells one product from another in the batch
	offer offer
}

// UpsertStock takes over prices and stock of products that are there. One
// result for each item, in their order. Faults of the whole: REQUIRED,
// TOO_LONG, FORBIDDEN, CONFLICT. Of an item: NOT_FOUND, REQUIRED where neither
// is said, OUTDATED, DUPLICATE_KEY, INVALID_VALUE, OUT_OF_RANGE.
func (g *Goods) UpsertStock(ctx context.Context, input UpsertStockInput) ([]Result, error) {
	how := batch.As(input.ErrorPolicy, input.DryRun)
	if err := check(ctx, len(input.Products)); err != nil {
		return nil, err
	}
	items, names, now := make([]*offered, len(input.Products)), map[string]bool{}, g.Store.Now()
	for i, in := range input.Products {
		o := &offered{in: in}
		o.Begin(how, "products", i)
		items[i] = o
		if o.read(now); o.Out() {
			continue
		}
		if names[o.name] {
			o.Refuse(batch.ErrDuplicateKey.With("externalId", o.key()).At(o.Path("product")...))
		}
		names[o.name] = true
	}
	done, err := batch.Run(ctx, g.Store, how, items, g.upsertStock)
	if err != nil {
		return nil, err
	}
	return results(ctx, g.Store, done)
}

// read judges an item by itself.
func (o *offered) read(now time.Time) {
	in, err := o.in, error(nil)
	if o.name = nameOf(in.Product); o.name == "" {
		o.Refuse(fault.ErrNotFound.At(o.Path("product")...))
		return
	}
	if err := batch.NotAhead(in.SourceUpdatedAt, now, o.Path("sourceUpdatedAt")...); err != nil {
		o.Refuse(err)
		return
	}
	if in.Price == nil && !in.Stock.IsSet() {
		o.Refuse(fault.ErrRequired.At(o.Path("stock")...))
		return
	}
	o.offer = offer{stock: in.Stock, at: &in.SourceUpdatedAt}
	if err := checkStock(in.Stock, o.Path("stock")...); err != nil && o.Spare(err) {
		o.offer.stock = graphql.Omittable[*int]{}
	}
	if o.offer.price, err = readPrice(in.Price, o.Path("price")...); err != nil && o.Spare(err) {
		o.offer.price = nil
	}
	if !o.Out() && o.offer.price == nil && !o.offer.stock.IsSet() { // nothing is left of it
		o.Refuse(fault.ErrRequired.At(o.Path("stock")...))
	}
}

// nameOf tells one reference from another; empty for what cannot be a product.
func nameOf(ref *order.ProductRef) string {
	switch {
	case ref == nil:
	case ref.ID != nil && ref.ID.Prefix == "prd":
		return "id:" + ref.ID.UUID.String()
	case ref.Sku != nil && batch.Said(*ref.Sku, maxKey) == nil:
		return "sku:" + *ref.Sku
	case ref.External != nil && batch.Key(ref.External) == nil:
		return "key:" + ref.External.Source + "\x00" + ref.External.ID
	}
	return ""
}

// key is how a person reads the reference.
func (o *offered) key() string {
	switch ref := o.in.Product; {
	case ref.ID != nil:
		return ref.ID.String()
	case ref.Sku != nil:
		return *ref.Sku
	default:
		return ref.External.ID
	}
}

func (g *Goods) upsertStock(ctx context.Context, tx *store.Tx, items []*offered) error {
	live := batch.InOrder(items, func(o *offered) string { return o.name })
	want := wanted{offers: true}
	for _, o := range live {
		switch ref := o.in.Product; {
		case ref.ID != nil:
			want.ids = append(want.ids, ref.ID.UUID)
		case ref.Sku != nil:
			want.sku(*ref.Sku)
		default:
			want.key(*ref.External)
		}
	}
	found, err := want.find(ctx, tx)
	if err != nil {
		return err
	}
	sheet, taken := newOfferSheet(tx), map[uuid.UUID]bool{}
	for _, o := range live {
		p := found.named(o.in.Product)
		switch {
		case p == nil:
			o.Refuse(fault.ErrNotFound.At(o.Path("product")...))
			continue
		case taken[p.ID]: // by another name
			o.Refuse(batch.ErrDuplicateKey.With("externalId", o.key()).At(o.Path("product")...))
			continue
		}
		taken[p.ID] = true
		now := *p
		o.ID, o.Outcome = p.ID, scalar.UpsertUnchanged
		switch changed, moved, stale := o.offer.put(&now); {
		case stale:
			at := now.PriceSourceAt
			if o.offer.price == nil {
				at = now.StockSourceAt
			}
			o.Refuse(batch.Stale(at, o.in.SourceUpdatedAt, o.Path("sourceUpdatedAt")...))
		case changed:
			o.Outcome = scalar.UpsertUpdated
			now.Revision++
			sheet.add(&now)
			news(tx, p, &now)
		case moved:
			sheet.touch(&now)
		}
	}
	return sheet.write(ctx, "product.upsert_stock")
}

func (s shelf) named(ref *order.ProductRef) *ent.Product {
	switch {
	case ref.ID != nil:
		return s.byID[ref.ID.UUID]
	case ref.Sku != nil:
		return s.bySku[*ref.Sku]
	}
	return s.byKey[*ref.External]
}
