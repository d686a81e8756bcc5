package goods

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entproduct "kabinet/ent/generated/product"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Result is what became of one product of a batch.
type Result struct {
	Product *ent.Product // nil where the item was not taken
	Outcome scalar.UpsertOutcome
	Err     error // faults: why it was refused, or which fields were left out
}

// ware is one product as a batch says it, judged by itself.
type ware struct {
	batch.Item
	in    *UpsertProductInput
	price *scalar.Money // nil: not said
	noKey bool          // its outside key was left out
}

// Upsert makes and changes products by sku. An absent field is unchanged. One
// result for each item, in their order. Faults of the whole: REQUIRED,
// TOO_LONG, FORBIDDEN, CONFLICT. Of an item: OUTDATED, DUPLICATE_KEY,
// INVALID_VALUE for a key that is another product's or another source's, and
// those of texts and numbers.
func (g *Goods) Upsert(ctx context.Context, input UpsertProductsInput) ([]Result, error) {
	how := batch.As(input.ErrorPolicy, input.DryRun)
	if err := check(ctx, len(input.Products)); err != nil {
		return nil, err
	}
	items := wares(how, input, g.Store.Now())
	done, err := batch.Run(ctx, g.Store, how, items, g.upsert)
	if err != nil {
		return nil, err
	}
	return results(ctx, g.Store, done)
}

// check holds a batch to its size and to staff who may write orders.
func check(ctx context.Context, n int) error {
	if viewer.From(ctx).Reach("order", "write") != viewer.ReachAll {
		return fault.ErrForbidden
	}
	return batch.Size(n, "products")
}

// results reads the products that the payload selects, all at once.
func results[T any, P interface {
	*T
	Base() *batch.Item
}](ctx context.Context, st *store.Store, done []P) ([]Result, error) {
	byID := map[uuid.UUID]*ent.Product{}
	if ids := batch.IDs[T](done); len(ids) > 0 && batch.Shown(ctx, "product") {
		q, err := st.Client.Product.Query().Where(entproduct.IDIn(ids...)).CollectUnder(ctx, "results", "product")
		if err != nil {
			return nil, err
		}
		products, err := q.All(ctx)
		if err != nil {
			return nil, store.Translate(err)
		}
		for _, p := range products {
			byID[p.ID] = p
		}
	}
	list := make([]Result, len(done))
	for i, p := range done {
		it := p.Base()
		list[i] = Result{Outcome: it.Outcome, Err: it.Err()}
		if it.Written() {
			list[i].Product = byID[it.ID]
		}
	}
	return list, nil
}

// wares judges each item by itself, and by the keys of those before it.
func wares(how batch.How, input UpsertProductsInput, now time.Time) []*ware {
	items := make([]*ware, len(input.Products))
	skus, keys := map[string]bool{}, map[scalar.ExternalKey]bool{}
	for i, in := range input.Products {
		own := *in // fields may be left out of it
		w := &ware{in: &own}
		w.Begin(how, "products", i)
		items[i] = w
		if w.read(now); w.Out() {
			continue
		}
		switch {
		case skus[in.Sku]:
			w.Refuse(batch.ErrDuplicateKey.With("externalId", in.Sku).At(w.Path("sku")...))
		case in.External != nil && keys[*in.External]:
			w.Refuse(batch.ErrDuplicateKey.With("externalId", in.External.ID).At(w.Path("external")...))
		}
		skus[in.Sku] = true
		if in.External != nil {
			keys[*in.External] = true
		}
	}
	return items
}

// read judges an item by itself. Faults: REQUIRED, TOO_LONG, INVALID_VALUE,
// OUT_OF_RANGE at its path.
func (w *ware) read(now time.Time) {
	in := w.in
	if err := batch.Said(in.Sku, maxKey, w.Path("sku")...); err != nil {
		w.Refuse(err)
		return
	}
	if in.External != nil {
		if err := batch.Key(in.External, w.Path("external")...); err != nil {
			w.Refuse(err)
			return
		}
	}
	if in.SourceUpdatedAt != nil {
		if err := batch.NotAhead(*in.SourceUpdatedAt, now, w.Path("sourceUpdatedAt")...); err != nil {
			w.Refuse(err)
			return
		}
	}
	var absent graphql.Omittable[*string]
	if in.Title != nil {
		if err := batch.Said(*in.Title, maxTitle, w.Path("title")...); err != nil && w.Spare(err) {
			in.Title = nil
		}
	}
	for _, t := range []struct {
		field string
		text  *graphql.Omittable[*string]
		most  int
	}{{"category", &in.Category, maxTitle}, {"imageUrl", &in.ImageURL, maxURL}, {"url", &in.URL, maxURL}} {
		if err := batch.Text(t.text.Value(), t.most, w.Path(t.field)...); err != nil && w.Spare(err) {
			*t.text = absent
		}
	}
	if err := batch.Metadata(in.Metadata, w.Path("metadata")...); err != nil && w.Spare(err) {
		in.Metadata = nil
	}
	if err := checkStock(in.Stock, w.Path("stock")...); err != nil && w.Spare(err) {
		in.Stock = graphql.Omittable[*int]{}
	}
	var err error
	if w.price, err = readPrice(in.Price, w.Path("price")...); err != nil && w.Spare(err) {
		w.price = nil
	}
}

func checkStock(said graphql.Omittable[*int], path ...string) error {
	if stock := said.Value(); stock != nil && (*stock < 0 || *stock > scalar.MaxPoints) {
		return fault.ErrOutOfRange.With("min", 0).With("max", int64(scalar.MaxPoints)).At(path...)
	}
	return nil
}

func readPrice(said *scalar.MoneyInput, path ...string) (*scalar.Money, error) {
	if said == nil {
		return nil, nil
	}
	m, err := said.Money()
	if err != nil {
		return nil, fault.ErrInvalidValue.Because(err).At(path...)
	}
	if m.Minor < 0 || m.Minor > scalar.MaxPoints {
		return nil, fault.ErrOutOfRange.With("min", 0).At(path...)
	}
	return &m, nil
}

func (g *Goods) upsert(ctx context.Context, tx *store.Tx, items []*ware) error {
	live := batch.InOrder(items, func(w *ware) string { return w.in.Sku })
	var want wanted
	for _, w := range live {
		want.sku(w.in.Sku)
		if w.in.External != nil {
			want.key(*w.in.External)
		}
	}
	found, err := want.find(ctx, tx)
	if err != nil {
		return err
	}
	sheet := newSheet(tx)
	for _, w := range live {
		p := found.bySku[w.in.Sku]
		if w.check(p, found.byKey); w.Out() {
			continue
		}
		if p == nil {
			w.ID, w.Outcome = uuid.Must(uuid.NewV7()), scalar.UpsertCreated
			fresh := &ent.Product{ID: w.ID, Sku: w.in.Sku, Status: entproduct.StatusACTIVE, CreatedAt: tx.Now}
			w.put(fresh)
			sheet.add(fresh)
			continue
		}
		now := *p
		w.ID, w.Outcome = p.ID, scalar.UpsertUnchanged
		switch changed, moved := w.put(&now); {
		case changed:
			w.Outcome = scalar.UpsertUpdated
			now.Revision++
			sheet.add(&now)
			news(tx, p, &now)
		case moved: // so that what is older is OUTDATED
			sheet.touch(&now)
		}
	}
	return sheet.write(ctx, "product.upsert")
}

// check judges an item by what is stored under its sku and its outside key.
func (w *ware) check(p *ent.Product, byKey map[scalar.ExternalKey]*ent.Product) {
	in := w.in
	if e := in.External; e != nil {
		owner := byKey[*e]
		foreign := p != nil && p.Source != nil && (*p.Source != e.Source || p.ExternalID == nil || *p.ExternalID != e.ID)
		if owner != nil && owner != p || foreign {
			if !w.Spare(fault.ErrInvalidValue.At(w.Path("external")...)) {
				return
			}
			w.noKey = true
		}
	}
	switch {
	case p == nil && in.Title == nil:
		w.Refuse(fault.ErrRequired.At(w.Path("title")...))
	case p == nil && w.price == nil:
		w.Refuse(fault.ErrRequired.At(w.Path("price")...))
	case p != nil && in.SourceUpdatedAt != nil:
		if err := batch.Stale(p.SourceUpdatedAt, *in.SourceUpdatedAt, w.Path("sourceUpdatedAt")...); err != nil {
			w.Refuse(err)
		}
	}
}

// put writes what the item says on a product: changed says that something is
// other than it was, moved that the time of a change is.
func (w *ware) put(p *ent.Product) (changed, moved bool) {
	in := w.in
	set := func(differs bool, write func()) {
		if differs {
			changed = true
			write()
		}
	}
	replace := func(said graphql.Omittable[*string], at **string) {
		set(said.IsSet() && !same(said.Value(), *at), func() { *at = said.Value() })
	}
	set(in.Title != nil && *in.Title != p.Title, func() { p.Title = *in.Title })
	set(in.Status != nil && *in.Status != p.Status, func() { p.Status = *in.Status })
	replace(in.Category, &p.Category)
	replace(in.ImageURL, &p.ImageURL)
	replace(in.URL, &p.URL)
	set(in.Metadata != nil && !sameData(in.Metadata, p.Metadata), func() { p.Metadata = in.Metadata })
	set(in.External != nil && !w.noKey && p.Source == nil, func() { p.Source, p.ExternalID = &in.External.Source, &in.External.ID })
	offer := offer{price: w.price, stock: in.Stock, at: in.SourceUpdatedAt}
	offered, later, _ := offer.put(p)
	changed, moved = changed || offered, later
	if at := in.SourceUpdatedAt; at != nil && (p.SourceUpdatedAt == nil || at.After(*p.SourceUpdatedAt)) {
		p.SourceUpdatedAt, moved = at, true
	}
	return changed, moved
}
