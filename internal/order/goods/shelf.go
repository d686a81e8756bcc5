package goods

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	entproduct "kabinet/ent/generated/product"
	"kabinet/internal/batch"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// offer is a price and a stock, as they were at a time of the outside system.
type offer struct {
	price *scalar.Money // nil: not said
	stock graphql.Omittable[*int]
	at    *time.Time // nil: holds whatever is stored
}

// put writes the offer on a product, but for what is older than what is there:
// stale says that all of it is.
func (o offer) put(p *ent.Product) (changed, moved, stale bool) {
	taken := false
	said := func(there bool, at **time.Time) bool {
		if !there || o.at != nil && *at != nil && o.at.Before(**at) {
			return false
		}
		if o.at != nil && (*at == nil || o.at.After(**at)) {
			*at, moved = o.at, true
		}
		taken = true
		return true
	}
	if said(o.price != nil, &p.PriceSourceAt) && (o.price.Minor != p.PriceMinor || o.price.Currency != p.Currency) {
		p.PriceMinor, p.Currency, changed = o.price.Minor, o.price.Currency, true
	}
	if said(o.stock.IsSet(), &p.StockSourceAt) {
		var stock *int64
		if n := o.stock.Value(); n != nil {
			whole := int64(*n)
			stock = &whole
		}
		if !same(stock, p.Stock) {
			p.Stock, changed = stock, true
		}
	}
	return changed, moved, !taken && (o.price != nil || o.stock.IsSet())
}

// news tells of a product that got cheaper, and of one that can be had again.
func news(tx *store.Tx, was, now *ent.Product) {
	onHand := func(p *ent.Product) bool {
		return p.Status == entproduct.StatusACTIVE && (p.Stock == nil || *p.Stock > 0)
	}
	if was.Status != entproduct.StatusDRAFT && !onHand(was) && onHand(now) {
		tx.Tell(event.ProductBackInStock{ProductID: was.ID}, store.ToHouse())
	}
	if now.Status == entproduct.StatusACTIVE && now.Currency == was.Currency && now.PriceMinor < was.PriceMinor {
		tx.Tell(event.ProductPriceDropped{ProductID: was.ID, WasMinor: was.PriceMinor, NowMinor: now.PriceMinor, Currency: was.Currency}, store.ToHouse())
	}
}

// wanted are the products that a batch is about.
type wanted struct {
	ids      []uuid.UUID
	skus     []string
	bySource map[string][]string
	offers   bool // of each price and stock alone, and what tells it from others
}

func (w *wanted) sku(s string) { w.skus = append(w.skus, s) }
func (w *wanted) key(k scalar.ExternalKey) {
	if w.bySource == nil {
		w.bySource = map[string][]string{}
	}
	w.bySource[k.Source] = append(w.bySource[k.Source], k.ID)
}

// shelf is what is stored of a batch.
type shelf struct {
	byID  map[uuid.UUID]*ent.Product
	bySku map[string]*ent.Product
	byKey map[scalar.ExternalKey]*ent.Product
}

// find holds and reads the products.
func (w *wanted) find(ctx context.Context, tx *store.Tx) (shelf, error) {
	found := shelf{map[uuid.UUID]*ent.Product{}, map[string]*ent.Product{}, map[scalar.ExternalKey]*ent.Product{}}
	var any []predicate.Product
	if len(w.ids) > 0 {
		any = append(any, entproduct.IDIn(w.ids...))
	}
	if len(w.skus) > 0 {
		any = append(any, entproduct.SkuIn(w.skus...))
	}
	for source, ids := range w.bySource {
		any = append(any, entproduct.And(entproduct.Source(source), entproduct.ExternalIDIn(ids...)))
	}
	if len(any) == 0 {
		return found, nil
	}
	q := tx.Product.Query().Where(entproduct.Or(any...), tx.Locking()).Order(entproduct.ByID())
	if w.offers {
		q.Select(append([]string{entproduct.FieldSource, entproduct.FieldExternalID}, offerColumns...)...)
	}
	products, err := q.All(viewer.AsSystem(ctx, "order.upsert"))
	for _, p := range products {
		found.byID[p.ID], found.bySku[p.Sku] = p, p
		if p.Source != nil && p.ExternalID != nil {
			found.byKey[scalar.ExternalKey{Source: *p.Source, ID: *p.ExternalID}] = p
		}
	}
	return found, err
}

// sheet gathers products to be written, new ones and changed ones alike.
type sheet struct {
	tx               *store.Tx
	rows             batch.Sheet
	offers           bool // price and stock alone change
	created, updated int
}

// offerColumns are the price and the stock of a product, and what a row cannot
// do without.
var offerColumns = []string{"id", "created_at", "updated_at", "revision", "sku", "title", "status", "price_minor", "currency", "stock", "price_source_at", "stock_source_at"}

func newOfferSheet(tx *store.Tx) *sheet {
	return &sheet{tx: tx, offers: true, rows: batch.Sheet{
		Table: "products", Key: "id", Columns: offerColumns, Fixed: []string{"id", "created_at", "sku", "title", "status"},
	}}
}

func newSheet(tx *store.Tx) *sheet {
	return &sheet{tx: tx, rows: batch.Sheet{
		Table: "products", Key: "id",
		Columns: []string{"id", "created_at", "updated_at", "revision", "source", "external_id", "source_updated_at", "metadata",
			"sku", "title", "category", "image_url", "url", "price_minor", "currency", "stock", "status", "price_source_at", "stock_source_at"},
		Fixed: []string{"id", "created_at", "sku"},
	}}
}

// add takes a product that is new, or other than it was.
func (s *sheet) add(p *ent.Product) {
	if p.Revision == 0 {
		p.Revision = 1
		s.created++
	} else {
		s.updated++
	}
	s.touch(p)
}

// touch takes a product of which only the time of its last change moved.
func (s *sheet) touch(p *ent.Product) {
	if s.offers {
		s.rows.Add(p.ID, p.CreatedAt, s.tx.Now, p.Revision, p.Sku, p.Title, string(p.Status), p.PriceMinor, p.Currency, p.Stock, p.PriceSourceAt, p.StockSourceAt)
		return
	}
	s.rows.Add(p.ID, p.CreatedAt, s.tx.Now, p.Revision, p.Source, p.ExternalID, p.SourceUpdatedAt, batch.JSON(p.Metadata),
		p.Sku, p.Title, p.Category, p.ImageURL, p.URL, p.PriceMinor, p.Currency, p.Stock, string(p.Status), p.PriceSourceAt, p.StockSourceAt)
}

func (s *sheet) write(ctx context.Context, act string) error {
	if err := s.rows.Write(ctx, s.tx); err != nil || s.created+s.updated == 0 {
		return err
	}
	return s.tx.Audit(ctx, act, uuid.Nil, scalar.ID{}, map[string]any{"created": s.created, "updated": s.updated})
}

// same compares values that may be absent.
func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
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
