package list

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// FromOrder makes a shopping list of what an order held, at the prices of now,
// and says which skus could not be put on it. Faults: UNAUTHENTICATED,
// INVALID_ID, NOT_FOUND of the order or a line, REQUIRED, TOO_LONG,
// INVALID_VALUE, TOO_MANY_ITEMS.
func (l *Lists) FromOrder(ctx context.Context, in CreateShoppingListFromOrderInput) (saved *ent.ShoppingList, missing []string, err error) {
	v, err := me(ctx)
	if err != nil {
		return nil, nil, err
	}
	id, err := in.OrderID.As("order")
	if err != nil {
		return nil, nil, fault.ErrInvalidID.At("input", "orderId")
	}
	if in.Name != nil {
		if err := checkText(*in.Name, maxName, "input", "name"); err != nil {
			return nil, nil, err
		}
	}
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Query().Where(entorder.ID(id), entorder.OwnerIDIn(v.UserID, buyer(v))).WithLines().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "orderId")
		}
		if err != nil {
			return err
		}
		lines, err := in.chosen(o.Edges.Lines)
		if err != nil {
			return err
		}
		products, err := known(ctx, tx, lines)
		if err != nil {
			return err
		}
		var want []wanted
		want, missing = again(lines, products)
		name := o.Number
		if in.Name != nil {
			name = *in.Name
		}
		if saved, err = newList(ctx, tx, v, in.Shared, name); err != nil {
			return err
		}
		byID := map[uuid.UUID]*ent.Product{}
		for _, p := range products {
			byID[p.ID] = p
		}
		return put(ctx, tx, saved, nil, want, byID)
	})
	if err != nil {
		return nil, nil, err
	}
	return saved.Unwrap(), missing, nil
}

// chosen are the lines that are asked for, by position. Faults: INVALID_ID,
// NOT_FOUND.
func (in CreateShoppingListFromOrderInput) chosen(lines []*ent.OrderLine) ([]*ent.OrderLine, error) {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b *ent.OrderLine) int { return cmp.Compare(a.Position, b.Position) })
	if in.LineIDs == nil {
		return lines, nil
	}
	asked := map[uuid.UUID]bool{}
	for i, id := range in.LineIDs {
		line, err := id.As("line")
		if err != nil {
			return nil, fault.ErrInvalidID.At("input", "lineIds", strconv.Itoa(i))
		}
		if !slices.ContainsFunc(lines, func(l *ent.OrderLine) bool { return l.ID == line }) {
			return nil, fault.ErrNotFound.At("input", "lineIds", strconv.Itoa(i))
		}
		asked[line] = true
	}
	return slices.DeleteFunc(lines, func(l *ent.OrderLine) bool { return !asked[l.ID] }), nil
}

// known are the products of lines that the shop shows to the viewer, by sku.
func known(ctx context.Context, tx *store.Tx, lines []*ent.OrderLine) (map[string]*ent.Product, error) {
	found := map[string]*ent.Product{}
	var skus []string
	for _, l := range lines {
		skus = append(skus, l.Sku)
	}
	for part := range slices.Chunk(skus, maxItems) {
		products, err := tx.Product.Query().Where(product.SkuIn(part...), product.StatusNEQ(product.StatusDRAFT)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range products {
			found[p.Sku] = p
		}
	}
	return found, nil
}

// again is what to want to buy the lines again, and the skus that cannot be:
// their product is not known, or there is no more room.
func again(lines []*ent.OrderLine, products map[string]*ent.Product) (want []wanted, missing []string) {
	at := map[uuid.UUID]int{}
	missing = []string{}
	for _, l := range lines {
		p := products[l.Sku]
		if p == nil || at[p.ID] == 0 && len(want) == maxItems {
			if !slices.Contains(missing, l.Sku) {
				missing = append(missing, l.Sku)
			}
			continue
		}
		if i := at[p.ID]; i > 0 {
			want[i-1].quantity = min(want[i-1].quantity+l.Quantity, maxQuantity)
			continue
		}
		want = append(want, wanted{p.ID, min(l.Quantity, maxQuantity)})
		at[p.ID] = len(want)
	}
	return want, missing
}
