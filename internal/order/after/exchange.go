package after

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// exchangeTries is how often the receipt of an exchange is tried: at the last
// one nothing goes out in place of what came.
const exchangeTries = 3

// notPlaced is why the order of an exchange was refused: others took the goods
// meanwhile. The receipt is tried anew with what is left.
type notPlaced struct{ why error }

// Error is why.
func (n notPlaced) Error() string { return "after: no exchange: " + n.why.Error() }

// exchange places the order of what is wanted in place of what came, as far as
// it is to be had, and notes on the lines how much that is; nil: nothing is.
// What a customer sent back is here whatever became of his wish, so nothing of
// that wish is an error of the receipt. Without anew nothing goes out.
func (s *Acts) exchange(ctx context.Context, tx *store.Tx, o *ent.Order, lines []schema.ReturnLine, anew bool) (*ent.Order, error) {
	shelf, err := wantedShelf(ctx, tx, lines)
	if err != nil {
		return nil, err
	}
	if !anew || o.OwnerID == viewer.House && o.Guest == nil { // nobody knows where to
		shelf = nil
	}
	wanted := outgoing(o.Currency, lines, shelf)
	if len(wanted) == 0 {
		return nil, nil
	}
	other, err := s.Orders.PlaceIn(ctx, tx, uuid.Must(uuid.NewV7()), order.Placing{
		PlaceOrderInput: order.PlaceOrderInput{Lines: wanted}, Owner: o.OwnerID, User: o.UserID, Delivery: o.Delivery, Guest: o.Guest,
	})
	if _, refused := fault.As(err); refused {
		return nil, notPlaced{err}
	}
	return other, err
}

// wantedShelf is what is sold of the skus that lines want.
func wantedShelf(ctx context.Context, tx *store.Tx, lines []schema.ReturnLine) (map[string]*ent.Product, error) {
	var skus []string
	for _, l := range lines {
		if l.ExchangeSKU != nil {
			skus = append(skus, *l.ExchangeSKU)
		}
	}
	products, err := tx.Product.Query().Where(product.SkuIn(skus...), product.StatusEQ(product.StatusACTIVE)).All(ctx)
	shelf := make(map[string]*ent.Product, len(products))
	for _, p := range products {
		shelf[p.Sku] = p
	}
	return shelf, err
}

// outgoing is the rule: how much of what lines want goes out, from the first
// line on, in the currency of the order and no more than is in stock; it is
// noted on the lines.
func outgoing(currency string, lines []schema.ReturnLine, shelf map[string]*ent.Product) (wanted []*order.PlaceOrderLineInput) {
	taken := map[string]int64{}
	for i, l := range lines {
		if l.ExchangeSKU == nil {
			continue
		}
		var n int64
		if p := shelf[*l.ExchangeSKU]; p != nil && p.Currency == currency {
			n = *l.Received
			if p.Stock != nil {
				n = max(0, min(n, *p.Stock-taken[p.Sku]))
			}
		}
		lines[i].Exchanged = &n
		if n > 0 {
			taken[*l.ExchangeSKU] += n
			wanted = append(wanted, &order.PlaceOrderLineInput{Sku: *l.ExchangeSKU, Quantity: int(n)})
		}
	}
	return wanted
}
