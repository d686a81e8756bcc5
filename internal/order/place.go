package order

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/product"
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
	products, err := onSale(ctx, tx, input.Lines)
	if err != nil {
		return nil, err
	}
	basket, err := price(input.Lines, products)
	if err != nil {
		return nil, err
	}
	o := &ent.Order{
		ID: id, OwnerID: v.OwnerID, UserID: &v.UserID, Number: s.number(tx.Now),
		Status: entorder.StatusPLACED, PaymentStatus: entorder.PaymentStatusPENDING, FulfillmentStatus: entorder.FulfillmentStatusNEW,
		Channel: entorder.ChannelONLINE, Currency: basket.currency, SubtotalMinor: basket.total, Note: input.Note, PlacedAt: tx.Now,
	}
	if o.Delivery, err = delivery(ctx, tx, input.AddressID); err != nil {
		return nil, err
	}
	why, err := s.reduce(ctx, tx, o, &basket, input.PromoCodes)
	if err != nil {
		return nil, err
	}
	c := &changes{actor: v.Actor()}
	c.note(o, orderevent.KindPLACED, tx.Now, basket.total-o.DiscountMinor, why)
	stored, err := storePlaced(ctx, tx, o, c, basket)
	if err != nil {
		return nil, err
	}
	if err := s.placed(ctx, tx, stored); err != nil || stored.PointsEarned != 0 || v.OwnerID != v.UserID {
		return nil, err
	}
	return stored, nil
}

// storePlaced stores an order with its lines and book, and takes the goods.
// Faults: OUT_OF_STOCK.
func storePlaced(ctx context.Context, tx *store.Tx, o *ent.Order, c *changes, basket priced) (*ent.Order, error) {
	var stored *ent.Order
	taken, err := tx.AtOnce(ctx, func(ctx context.Context) (err error) {
		if stored, err = createOrder(tx, o).Save(ctx); err != nil {
			return err
		}
		stored.Edges.Lines = basket.lines
		if err := createLines(ctx, tx, stored); err != nil {
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
func (s *Orders) placed(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	if err := s.earn(ctx, tx, o, Placed); err != nil {
		return err
	}
	to, err := audience(ctx, tx, o)
	if err != nil {
		return err
	}
	tx.Tell(event.OrderPlaced{
		OrderID: o.ID, OwnerID: o.OwnerID, UserID: o.UserID, Number: o.Number,
		TotalMinor: o.TotalMinor, Currency: o.Currency, PointsEarned: o.PointsEarned,
	}, to...)
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
func delivery(ctx context.Context, tx *store.Tx, id *scalar.ID) (map[string]any, error) {
	if id == nil {
		return nil, nil
	}
	a, err := tx.Address.Query().Where(address.ID(id.UUID), address.KindEQ(address.KindADDRESS)).Only(ctx)
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
func (s *Orders) earn(ctx context.Context, tx *store.Tx, o *ent.Order, m Moment) error {
	if s.Earn == nil || o.OwnerID == viewer.House {
		return nil
	}
	points, err := s.Earn(ctx, tx, o, o.Edges.Lines, m)
	if err != nil || points == 0 {
		return err
	}
	o.PointsEarned += points
	_, err = tx.AtOnce(ctx, func(ctx context.Context) error {
		if err := tx.Order.Update().Where(entorder.ID(o.ID)).SetPointsEarned(o.PointsEarned).Exec(ctx); err != nil {
			return err
		}
		return keepPoints(ctx, tx, o.Edges.Lines)
	})
	return err
}

// keepPoints stores each line's share.
func keepPoints(ctx context.Context, tx *store.Tx, lines []*ent.OrderLine) error {
	for part := range slices.Chunk(lines, atOnce) {
		var which strings.Builder
		var args, ids []any
		for _, l := range part {
			if l.Points != 0 {
				which.WriteString(" WHEN ? THEN CAST(? AS bigint)")
				args, ids = append(args, l.ID, l.Points), append(ids, l.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		args = append(append(args, tx.Now), ids...)
		_, err := tx.Exec(ctx, `UPDATE order_lines SET points = CASE id`+which.String()+` END, updated_at = ? WHERE id IN (`+marks(len(ids))+`)`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}
