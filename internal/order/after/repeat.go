package after

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Repeat orders again what an order held, at today's prices, for whom the
// caller acts. What differs is in the gaps, there too where it is refused.
// Faults: ORDER_HAS_GAPS where the caller does not accept them, ORDER_EMPTY where
// nothing is left, NOT_FOUND, INVALID_ID, those of placing an order.
func (s *Acts) Repeat(ctx context.Context, in RepeatOrderInput) (Repeated, error) {
	if _, err := in.OrderID.As("order"); err != nil {
		return Repeated{}, fault.ErrInvalidID.At("input", "orderId")
	}
	if in.AddressID != nil {
		if _, err := in.AddressID.As("adr"); err != nil {
			return Repeated{}, fault.ErrInvalidID.At("input", "addressId")
		}
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	var out Repeated
	var gaps []*RepeatGap // kept with the key: the answer given again has them too
	id := uuid.Must(uuid.NewV7())
	done, err := s.Orders.OnceWith(ctx, "repeatOrder", in.IdempotencyKey, in.DryRun, bare, id, &gaps, func(ctx context.Context, tx *store.Tx) (err error) {
		gaps, err = s.repeat(ctx, tx, id, in)
		return err
	})
	if out.Outcome = done; err == nil || len(gaps) > 0 {
		out.Gaps = named(viewer.From(ctx).Locale, gaps)
	}
	return out, err
}

// repeat places the order again and gives what differs, without messages, there
// too where it is refused for that.
func (s *Acts) repeat(ctx context.Context, tx *store.Tx, id uuid.UUID, in RepeatOrderInput) ([]*RepeatGap, error) {
	old, err := former(ctx, tx, in.OrderID.UUID)
	if err != nil {
		return nil, err
	}
	shelf, err := shelfOf(ctx, tx, old.Edges.Lines)
	if err != nil {
		return nil, err
	}
	a := repeat(old.Currency, old.Edges.Lines, shelf)
	show, accepts := in.DryRun != nil && *in.DryRun, in.AcceptGaps != nil && *in.AcceptGaps
	switch {
	case len(a.lines) == 0:
		return a.gaps, order.ErrOrderEmpty.At("input", "orderId")
	case len(a.gaps) > 0 && !accepts && !show:
		return a.gaps, ErrOrderHasGaps.At("input", "acceptGaps")
	}
	_, err = s.Orders.PlaceIn(ctx, tx, id, order.Placing{
		PlaceOrderInput: order.PlaceOrderInput{Lines: a.lines, AddressID: in.AddressID, Note: in.Note}, Delivery: old.Delivery, RepeatOf: &old.ID,
	})
	return a.gaps, err
}

// former reads the order to repeat, with its lines in their order: one of the
// caller's own, or of whom he acts for. What else staff may read is not theirs.
func former(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Order, error) {
	v := viewer.From(ctx)
	o, err := tx.Order.Query().Where(entorder.ID(id), entorder.OwnerIDIn(v.UserID, v.OwnerID), entorder.OwnerIDNEQ(viewer.House)).WithLines().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "orderId")
	}
	if err != nil {
		return nil, err
	}
	o.Edges.Lines, err = order.Lines(ctx, o)
	return o, err
}

// shelfOf is what may be sold to the caller of the skus of lines. A gift is
// given anew where it still is one, so it is not asked for.
func shelfOf(ctx context.Context, tx *store.Tx, lines []*ent.OrderLine) (map[string]*ent.Product, error) {
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = l.Sku
	}
	products, err := tx.Product.Query().Where(product.SkuIn(skus...)).All(ctx)
	shelf := make(map[string]*ent.Product, len(products))
	for _, p := range products {
		shelf[p.Sku] = p
	}
	return shelf, err
}

// named gives gaps their messages.
func named(lang string, gaps []*RepeatGap) []*RepeatGap {
	all := make([]*RepeatGap, len(gaps))
	for i, g := range gaps {
		shown := *g
		params := map[string]any{"title": g.Title, "wanted": g.Wanted, "available": g.Available, "then": locale.Money(lang, g.PriceThen.Minor, g.PriceThen.Currency)}
		if g.PriceNow != nil {
			params["now"] = locale.Money(lang, g.PriceNow.Minor, g.PriceNow.Currency)
		}
		shown.Message = locale.Text(lang, "order.gap."+strings.ToLower(string(g.Kind)), params)
		all[i] = &shown
	}
	return all
}
