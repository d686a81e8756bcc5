package order

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/product"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Place orders for the owner acted for, at the server's prices, and takes the
// goods off the shelf. Faults: ORDER_EMPTY, PRODUCT_UNAVAILABLE, OUT_OF_STOCK,
// CURRENCY_MISMATCH, NOT_FOUND of the address, those of promo codes, of texts
// and numbers, and of idempotency keys.
func (s *Orders) Place(ctx context.Context, input PlaceOrderInput) (Outcome, error) {
	if err := checkPlace(input); err != nil {
		return Outcome{}, err
	}
	bare := input
	bare.IdempotencyKey, bare.DryRun = "", nil
	id := uuid.Must(uuid.NewV7())
	place := func() (Outcome, error) {
		return s.once(ctx, "placeOrder", input.IdempotencyKey, input.DryRun, bare, id, func(ctx context.Context, tx *store.Tx) (*ent.Order, error) {
			return s.place(ctx, tx, id, input)
		})
	}
	if len(input.PromoCodes) == 0 || s.TryCodes == nil {
		return place()
	}
	var out Outcome
	err := s.TryCodes(ctx, func() (err error) {
		out, err = place()
		return err
	})
	return out, err
}

func checkPlace(input PlaceOrderInput) error {
	if err := checkBasket(input.Lines); err != nil {
		return err
	}
	if input.AddressID != nil {
		if _, err := input.AddressID.As("adr"); err != nil {
			return fault.ErrInvalidID.At("input", "addressId")
		}
	}
	return checkOptional(input.Note, maxNote, "input", "note")
}

func (s *Orders) place(ctx context.Context, tx *store.Tx, id uuid.UUID, input PlaceOrderInput) (*ent.Order, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	if v.OwnerID == viewer.House { // the business buys nothing of itself
		return nil, fault.ErrForbidden
	}
	stored, err := s.placing(ctx, tx, id, Placing{PlaceOrderInput: input, Owner: v.OwnerID, User: &v.UserID})
	if err != nil || stored.PointsEarned != 0 || v.OwnerID != v.UserID {
		return nil, err
	}
	return stored, nil
}

// Placing is an order that another verb places. Without an Owner it is the
// viewer's, for whom he acts.
type Placing struct {
	PlaceOrderInput // its key and dryRun are the other verb's

	Owner    uuid.UUID
	User     *uuid.UUID
	Delivery map[string]any       // where it goes, unless AddressID says it
	Guest    *schema.GuestContact // who has no account; Owner is the House then
	RepeatOf *uuid.UUID
}

// PlaceIn is Place in the transaction of another verb, which has its own key:
// the order as it is stored, with its lines. Whoever enters promo codes runs
// TryCodes around the transaction himself. Faults: those of Place, UNAUTHENTICATED,
// FORBIDDEN, and CONFLICT where the number is taken.
func (s *Orders) PlaceIn(ctx context.Context, tx *store.Tx, id uuid.UUID, p Placing) (*ent.Order, error) {
	if err := checkPlace(p.PlaceOrderInput); err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); p.Owner == uuid.Nil {
		if !v.SignedIn() {
			return nil, fault.ErrUnauthenticated
		}
		p.Owner, p.User = v.OwnerID, &v.UserID
	}
	if p.Owner == viewer.House && p.Guest == nil {
		return nil, fault.ErrForbidden
	}
	o, err := s.placing(ctx, tx, id, p)
	if errors.Is(err, errNumberTaken) {
		err = fault.ErrConflict
	}
	return o, err
}

// placing places an order, whoever asks. What may be seen is sold: goods are
// read as the viewer, also where the rest is done as the system.
func (s *Orders) placing(ctx context.Context, tx *store.Tx, id uuid.UUID, p Placing) (*ent.Order, error) {
	products, err := onSale(ctx, tx, p.Lines)
	if err != nil {
		return nil, err
	}
	basket, err := price(p.Lines, products)
	if err != nil {
		return nil, err
	}
	o := &ent.Order{
		ID: id, OwnerID: p.Owner, UserID: p.User, Number: s.number(tx.Now),
		Status: entorder.StatusPLACED, PaymentStatus: entorder.PaymentStatusPENDING, FulfillmentStatus: entorder.FulfillmentStatusNEW,
		Channel: entorder.ChannelONLINE, Currency: basket.currency, SubtotalMinor: basket.total, Note: p.Note, PlacedAt: tx.Now,
		Delivery: p.Delivery, Guest: p.Guest, RepeatOfID: p.RepeatOf,
	}
	if p.AddressID != nil {
		if o.Delivery, err = delivery(ctx, tx, p.AddressID); err != nil {
			return nil, err
		}
	}
	actor := viewer.From(ctx).Actor()
	if p.Guest != nil {
		ctx = viewer.AsSystem(ctx, "order.guest")
	}
	why, err := s.reduce(ctx, tx, o, &basket, p.PromoCodes)
	if err != nil {
		return nil, err
	}
	c := &changes{actor: actor}
	c.note(o, orderevent.KindPLACED, tx.Now, basket.total-o.DiscountMinor, why)
	stored, err := s.storePlaced(ctx, tx, o, c, basket)
	if err != nil {
		return nil, err
	}
	return stored, s.ending(ctx, tx, []*ent.Order{stored}, func(e *ending) error { return e.placed(ctx, stored) })
}

// storePlaced stores an order with its lines and book, and takes the goods.
// Faults: OUT_OF_STOCK.
func (s *Orders) storePlaced(ctx context.Context, tx *store.Tx, o *ent.Order, c *changes, basket priced) (*ent.Order, error) {
	var stored *ent.Order
	taken, err := tx.AtOnce(ctx, func(ctx context.Context) (err error) {
		if stored, err = createOrder(tx, o).Save(ctx); err != nil {
			return err
		}
		stored.Edges.Lines = basket.lines
		if err := s.createLines(ctx, tx, stored); err != nil {
			return err
		}
		if err := c.write(ctx, tx); err != nil {
			return err
		}
		return takeStock(ctx, tx, basket)
	})
	switch {
	case store.IsUnique(err):
		return nil, errNumberTaken
	case err != nil:
		return nil, err
	case len(basket.counted) > 0 && taken != int64(len(basket.counted)):
		return nil, outOfStock(ctx, tx, basket)
	}
	return stored, nil
}

// placed is the end of every placing: points, then the news.
func (e *ending) placed(ctx context.Context, o *ent.Order) error {
	if err := e.earn(ctx, o, Placed); err != nil {
		return err
	}
	e.tx.Tell(event.OrderPlaced{
		OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number,
		TotalMinor: o.TotalMinor, Currency: o.Currency, PointsEarned: o.PointsEarned,
	}, e.to(o)...)
	return nil
}

// onSale reads the products of a basket by sku.
func onSale(ctx context.Context, tx *store.Tx, lines []*PlaceOrderLineInput) (map[string]*ent.Product, error) {
	skus := make([]string, 0, len(lines))
	found := make(map[string]*ent.Product, len(lines))
	for _, l := range lines {
		if _, seen := found[l.Sku]; !seen {
			found[l.Sku] = nil
			skus = append(skus, l.Sku)
		}
	}
	products, err := tx.Product.Query().Where(product.SkuIn(skus...)).
		Select(product.FieldID, product.FieldSku, product.FieldTitle, product.FieldCategory, product.FieldImageURL, product.FieldURL,
			product.FieldPriceMinor, product.FieldCurrency, product.FieldStatus, product.FieldStock).All(ctx)
	for _, p := range products {
		found[p.Sku] = p
	}
	return found, err
}

// delivery is a saved address as it is now; later changes of it do not reach
// the order. Fault: NOT_FOUND.
func delivery(ctx context.Context, tx *store.Tx, id *scalar.ID, owners ...uuid.UUID) (map[string]any, error) {
	if id == nil {
		return nil, nil
	}
	q := tx.Address.Query().Where(address.ID(id.UUID), address.KindEQ(address.KindADDRESS))
	if len(owners) > 0 { // whoever sees more
		q.Where(address.OwnerIDIn(owners...))
	}
	a, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "addressId")
	}
	if err != nil {
		return nil, err
	}
	snapshot := map[string]any{"lines": a.Lines}
	for name, value := range map[string]*string{
		"name": a.Name, "phone": a.Phone, "country": a.Country, "city": a.City, "region": a.Region, "postalCode": a.PostalCode,
	} {
		if value != nil {
			snapshot[name] = *value
		}
	}
	return snapshot, nil
}

// letters of a number: none that sounds or looks like another.
const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

func (s *Orders) number(now time.Time) string {
	if s.Number != nil {
		return s.Number(now)
	}
	random := make([]byte, 6)
	_, _ = rand.Read(random) // never fails
	for i, b := range random {
		random[i] = letters[int(b)%len(letters)]
	}
	return now.Format("20060102") + "-" + string(random)
}

// earn gives the points of a moment, if the order earns any then, and notes on
// the order and its lines what they earned. Orders of guests earn nothing.
func (e *ending) earn(ctx context.Context, o *ent.Order, m Moment) error {
	if e.Earn == nil || o.OwnerID == viewer.House {
		return nil
	}
	points, err := e.Earn(ctx, e.tx, o, o.Edges.Lines, m)
	if err != nil || points == 0 {
		return err
	}
	o.PointsEarned += points
	if !slices.Contains(e.earned, o) {
		e.earned = append(e.earned, o)
	}
	return nil
}

// keepEarned stores what orders and their lines earned.
func (e *ending) keepEarned(ctx context.Context) error {
	if len(e.earned) == 0 {
		return nil
	}
	_, err := e.tx.AtOnce(ctx, func(ctx context.Context) error {
		var orders points
		var lines []*ent.OrderLine
		for _, o := range e.earned {
			orders = append(orders, o.ID, o.PointsEarned)
			lines = append(lines, o.Edges.Lines...)
		}
		return firstError(orders.keep(ctx, e.tx, "orders", "points_earned"), keepPoints(ctx, e.tx, lines))
	})
	return err
}

// keepPoints stores each line's share.
func keepPoints(ctx context.Context, tx *store.Tx, lines []*ent.OrderLine) error {
	var shares points
	for _, l := range lines {
		if l.Points != 0 {
			shares = append(shares, l.ID, l.Points)
		}
	}
	return shares.keep(ctx, tx, "order_lines", "points")
}

// points are ids, each with its points.
type points []any

// keep stores them in a column of a table, many at a time.
func (p points) keep(ctx context.Context, tx *store.Tx, table, column string) error {
	row := "(?, ?),"
	if tx.Store().Dialect() == dialect.Postgres {
		row = "(CAST(? AS uuid), CAST(? AS bigint)),"
	}
	for part := range slices.Chunk(p, 2*atOnce) {
		query := `UPDATE ` + table + ` SET ` + column + ` = v.column2, updated_at = ? FROM (VALUES ` +
			strings.TrimSuffix(strings.Repeat(row, len(part)/2), ",") + `) AS v WHERE ` + table + `.id = v.column1`
		if _, err := tx.Exec(ctx, query, append([]any{tx.Now}, part...)...); err != nil {
			return err
		}
	}
	return nil
}
