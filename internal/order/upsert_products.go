package order

import (
	"context"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	entproduct "kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ProductResult is what became of one product of a batch.
type ProductResult struct {
	Product *ent.Product // nil where it was refused
	Outcome UpsertOutcome
	Err     error // a fault, where it was refused
}

// ware is one product as a batch says it, judged by itself.
type ware struct {
	in      *UpsertProductInput
	at      int           // its place in the batch
	price   *scalar.Money // nil: not said
	outcome UpsertOutcome
	id      uuid.UUID
	err     error
}

func (w *ware) path(fields ...string) []string {
	return append([]string{"input", "products", strconv.Itoa(w.at)}, fields...)
}

func (w *ware) refuse(err error) { w.err, w.outcome = err, UpsertOutcomeRefused }

// UpsertProducts makes and changes products by sku, each on its own: a refused
// one does not stop the rest. An absent field is unchanged. One result for
// each item, in their order. Faults of the whole: REQUIRED, TOO_LONG,
// FORBIDDEN. Of an item: OUTDATED, DUPLICATE_KEY, INVALID_VALUE for a key that
// is another product's or another source's, and those of texts and numbers.
func (s *Orders) UpsertProducts(ctx context.Context, input UpsertProductsInput) ([]ProductResult, error) {
	if err := checkBatch(ctx, len(input.Products), "products"); err != nil {
		return nil, err
	}
	items := wares(input, s.Store.Now())
	var done []*ware
	err := retryTaken(func() error {
		return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			done = afresh(items)
			return s.upsertProducts(ctx, tx, done)
		})
	})
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, w := range done {
		if w.err == nil {
			ids = append(ids, w.id)
		}
	}
	q, err := s.Store.Client.Product.Query().Where(entproduct.IDIn(ids...)).CollectUnder(ctx, "results", "product")
	if err != nil {
		return nil, err
	}
	products, err := q.All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	byID := make(map[uuid.UUID]*ent.Product, len(products))
	for _, p := range products {
		byID[p.ID] = p
	}
	results := make([]ProductResult, len(done))
	for i, w := range done {
		results[i] = ProductResult{Outcome: w.outcome, Err: w.err}
		if w.err == nil {
			results[i].Product = byID[w.id]
		}
	}
	return results, nil
}

// wares judges each item by itself, and by the keys of those before it.
func wares(input UpsertProductsInput, now time.Time) []*ware {
	items := make([]*ware, len(input.Products))
	skus, keys := map[string]bool{}, map[scalar.ExternalKey]bool{}
	for i, in := range input.Products {
		w := &ware{in: in, at: i}
		items[i] = w
		if err := w.read(now); err != nil {
			w.refuse(err)
			continue
		}
		switch {
		case skus[in.Sku]:
			w.refuse(ErrDuplicateKey.With("externalId", in.Sku).At(w.path("sku")...))
		case in.External != nil && keys[*in.External]:
			w.refuse(ErrDuplicateKey.With("externalId", in.External.ID).At(w.path("external")...))
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
func (w *ware) read(now time.Time) error {
	in := w.in
	err := firstError(
		checkKey(in.Sku, maxKey, w.path("sku")...),
		checkOptional(in.Category.Value(), maxTitle, w.path("category")...),
		checkOptional(in.ImageURL.Value(), 2048, w.path("imageUrl")...),
		checkOptional(in.URL.Value(), 2048, w.path("url")...),
		checkMetadata(in.Metadata, w.path("metadata")...),
	)
	if err == nil && in.Title != nil {
		err = checkKey(*in.Title, maxTitle, w.path("title")...)
	}
	if err == nil && in.External != nil {
		err = firstError(
			checkKey(in.External.Source, maxSource, w.path("external", "source")...),
			checkKey(in.External.ID, maxKey, w.path("external", "id")...))
	}
	if err != nil {
		return err
	}
	if latest := now.Add(clockSkew); in.SourceUpdatedAt != nil && in.SourceUpdatedAt.After(latest) {
		return fault.ErrOutOfRange.With("max", latest.Format(time.RFC3339Nano)).At(w.path("sourceUpdatedAt")...)
	}
	if stock := in.Stock.Value(); stock != nil && (*stock < 0 || *stock > scalar.MaxPoints) {
		return fault.ErrOutOfRange.With("min", 0).With("max", int64(scalar.MaxPoints)).At(w.path("stock")...)
	}
	if in.Price == nil {
		return nil
	}
	m, err := in.Price.Money()
	if err != nil {
		return fault.ErrInvalidValue.Because(err).At(w.path("price")...)
	}
	if m.Minor < 0 {
		return fault.ErrOutOfRange.With("min", 0).At(w.path("price")...)
	}
	w.price = &m
	return nil
}

// shelf is what is stored of a batch: by sku, and who has each outside key.
type shelf struct {
	bySku map[string]*ent.Product
	byKey map[scalar.ExternalKey]*ent.Product
}

// findProducts holds and reads the products that a batch is about.
func findProducts(ctx context.Context, tx *store.Tx, items []*ware) (shelf, error) {
	found := shelf{map[string]*ent.Product{}, map[scalar.ExternalKey]*ent.Product{}}
	var skus []string
	bySource := map[string][]string{}
	for _, w := range items {
		if w.err != nil {
			continue
		}
		skus = append(skus, w.in.Sku)
		if e := w.in.External; e != nil {
			bySource[e.Source] = append(bySource[e.Source], e.ID)
		}
	}
	if len(skus) == 0 {
		return found, nil
	}
	wanted := []predicate.Product{entproduct.SkuIn(skus...)}
	for source, ids := range bySource {
		wanted = append(wanted, entproduct.And(entproduct.Source(source), entproduct.ExternalIDIn(ids...)))
	}
	products, err := tx.Product.Query().Where(entproduct.Or(wanted...), tx.Locking()).Order(entproduct.ByID()).All(viewer.AsSystem(ctx, "order.upsert"))
	for _, p := range products {
		found.bySku[p.Sku] = p
		if p.Source != nil && p.ExternalID != nil {
			found.byKey[scalar.ExternalKey{Source: *p.Source, ID: *p.ExternalID}] = p
		}
	}
	return found, err
}

func (s *Orders) upsertProducts(ctx context.Context, tx *store.Tx, items []*ware) error {
	found, err := findProducts(ctx, tx, items)
	if err != nil {
		return err
	}
	var fresh []*ent.ProductCreate
	updated := 0
	for _, w := range inOrder(items, func(w *ware) string { return w.in.Sku }) {
		if w.err != nil {
			continue
		}
		p := found.bySku[w.in.Sku]
		if err := w.check(p, found.byKey); err != nil {
			w.refuse(err)
			continue
		}
		if p == nil {
			fresh = append(fresh, w.create(tx))
			continue
		}
		changed, err := w.update(ctx, tx, p)
		if err != nil {
			return err
		}
		if changed {
			updated++
		}
	}
	if len(fresh) > 0 {
		if err := tx.Product.CreateBulk(fresh...).Exec(ctx); err != nil {
			return err
		}
	}
	if len(fresh)+updated == 0 {
		return nil
	}
	return tx.Audit(ctx, "product.upsert", uuid.Nil, scalar.ID{}, map[string]any{"created": len(fresh), "updated": updated})
}

// check judges an item by what is stored under its sku and its outside key.
func (w *ware) check(p *ent.Product, byKey map[scalar.ExternalKey]*ent.Product) error {
	in := w.in
	if e := in.External; e != nil {
		owner := byKey[*e]
		foreign := p != nil && p.Source != nil && (*p.Source != e.Source || p.ExternalID == nil || *p.ExternalID != e.ID)
		if owner != nil && owner != p || foreign {
			return fault.ErrInvalidValue.At(w.path("external")...)
		}
	}
	switch {
	case p == nil && in.Title == nil:
		return fault.ErrRequired.At(w.path("title")...)
	case p == nil && w.price == nil:
		return fault.ErrRequired.At(w.path("price")...)
	case p != nil && p.SourceUpdatedAt != nil && in.SourceUpdatedAt != nil && in.SourceUpdatedAt.Before(*p.SourceUpdatedAt):
		return ErrOutdated.With("sourceUpdatedAt", p.SourceUpdatedAt.UTC().Format(time.RFC3339Nano)).At(w.path("sourceUpdatedAt")...)
	}
	return nil
}

func (w *ware) create(tx *store.Tx) *ent.ProductCreate {
	in := w.in
	w.id, w.outcome = uuid.Must(uuid.NewV7()), UpsertOutcomeCreated
	b := tx.Product.Create().SetID(w.id).SetSku(in.Sku).SetTitle(*in.Title).SetPriceMinor(w.price.Minor).SetCurrency(w.price.Currency).
		SetNillableCategory(in.Category.Value()).SetNillableImageURL(in.ImageURL.Value()).SetNillableURL(in.URL.Value()).
		SetNillableStatus(in.Status).SetNillableSourceUpdatedAt(in.SourceUpdatedAt)
	if stock := in.Stock.Value(); stock != nil {
		b.SetStock(int64(*stock))
	}
	if in.External != nil {
		b.SetSource(in.External.Source).SetExternalID(in.External.ID)
	}
	if in.Metadata != nil {
		b.SetMetadata(in.Metadata)
	}
	return b
}

// update writes what is other than it is stored, if anything is.
func (w *ware) update(ctx context.Context, tx *store.Tx, p *ent.Product) (changed bool, err error) {
	in := w.in
	w.id, w.outcome = p.ID, UpsertOutcomeUnchanged
	u := tx.Product.Update().Where(entproduct.ID(p.ID))
	set := func(differs bool, write func()) {
		if differs {
			changed = true
			write()
		}
	}
	replace := func(said graphql.Omittable[*string], stored *string, write func(string) *ent.ProductUpdate, wipe func() *ent.ProductUpdate) {
		set(said.IsSet() && !same(said.Value(), stored), func() {
			if v := said.Value(); v != nil {
				write(*v)
			} else {
				wipe()
			}
		})
	}
	set(in.Title != nil && *in.Title != p.Title, func() { u.SetTitle(*in.Title) })
	set(w.price != nil && *w.price != p.Price(), func() { u.SetPriceMinor(w.price.Minor).SetCurrency(w.price.Currency) })
	set(in.Status != nil && *in.Status != p.Status, func() { u.SetStatus(*in.Status) })
	replace(in.Category, p.Category, u.SetCategory, u.ClearCategory)
	replace(in.ImageURL, p.ImageURL, u.SetImageURL, u.ClearImageURL)
	replace(in.URL, p.URL, u.SetURL, u.ClearURL)
	set(in.Metadata != nil && !sameData(in.Metadata, p.Metadata), func() { u.SetMetadata(in.Metadata) })
	set(in.External != nil && p.Source == nil, func() { u.SetSource(in.External.Source).SetExternalID(in.External.ID) })
	if stock := in.Stock.Value(); in.Stock.IsSet() {
		set(stock == nil && p.Stock != nil, func() { u.ClearStock() })
		set(stock != nil && (p.Stock == nil || *p.Stock != int64(*stock)), func() { u.SetStock(int64(*stock)) })
	}
	newer := in.SourceUpdatedAt != nil && (p.SourceUpdatedAt == nil || in.SourceUpdatedAt.After(*p.SourceUpdatedAt))
	if newer { // also where nothing else changed, so that what is older is OUTDATED
		u.SetSourceUpdatedAt(*in.SourceUpdatedAt)
	}
	if changed {
		w.outcome = UpsertOutcomeUpdated
		u.AddRevision(1)
	}
	if !changed && !newer {
		return false, nil
	}
	return changed, u.Exec(ctx)
}
