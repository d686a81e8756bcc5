package list

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/listitem"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/shoppinglist"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Ordered is what orderShoppingList did.
type Ordered struct {
	Order    *ent.Order
	Gaps     []*ListGap // there too where it is refused with ORDER_HAS_GAPS
	Replayed *bool      // nil where nothing was done
}

// asked is the input of orderShoppingList, judged by itself.
type asked struct {
	list    uuid.UUID
	cart    bool
	items   []uuid.UUID // nil: all
	address *uuid.UUID
}

// Order places an order of what is on a list or in a cart, as far as it can be
// had. Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, TOO_LONG, ORDER_EMPTY,
// ORDER_HAS_GAPS, those of placeOrder and of idempotency keys.
func (l *Lists) Order(ctx context.Context, in OrderShoppingListInput) (Ordered, error) {
	v, err := me(ctx)
	if err != nil {
		return Ordered{}, err
	}
	a, err := in.check()
	if err != nil {
		return Ordered{}, err
	}
	if len(in.PromoCodes) == 0 || l.TryCodes == nil {
		return l.order(ctx, v, in, a)
	}
	var out Ordered
	err = l.TryCodes(ctx, func() (err error) {
		out, err = l.order(ctx, v, in, a)
		return err
	})
	return out, err
}

func (in OrderShoppingListInput) check() (a asked, err error) {
	if a.list, err = in.ID.As("list", "cart"); err != nil {
		return a, fault.ErrInvalidID.At("input", "id")
	}
	a.cart = in.ID.Prefix == "cart"
	for i, id := range in.ItemIDs {
		item, err := id.As("item")
		if err != nil {
			return a, fault.ErrInvalidID.At("input", "itemIds", strconv.Itoa(i))
		}
		a.items = append(a.items, item)
	}
	if in.ItemIDs != nil && len(a.items) == 0 {
		return a, ErrOrderEmpty.At("input", "itemIds")
	}
	if in.AddressID != nil {
		id, err := in.AddressID.As("adr")
		if err != nil {
			return a, fault.ErrInvalidID.At("input", "addressId")
		}
		a.address = &id
	}
	switch note := text(in.Note); {
	case len(in.PromoCodes) > maxCodes:
		return a, fault.ErrTooLong.With("limit", maxCodes).At("input", "promoCodes")
	case utf8.RuneCountInString(note) > maxNote:
		return a, fault.ErrTooLong.With("limit", maxNote).At("input", "note")
	case strings.ContainsRune(note, 0) || !utf8.ValidString(note):
		return a, fault.ErrInvalidValue.At("input", "note")
	}
	return a, nil
}

// kept is the first answer, for those that ask again.
type kept struct {
	OrderID uuid.UUID
	Gaps    []keptGap
}

type keptGap struct {
	Item, Product     uuid.UUID // Product zero: it was not for the caller
	Kind              ListGapKind
	Wanted, Available int64
	Seen              scalar.Money
	Now               *scalar.Money
}

func (l *Lists) order(ctx context.Context, v viewer.Viewer, in OrderShoppingListInput, a asked) (out Ordered, err error) {
	show := in.DryRun != nil && *in.DryRun
	said := struct { // the same for another owner is something else
		Owner uuid.UUID
		Input any
	}{v.OwnerID, in.bare()}
	id := uuid.Must(uuid.NewV7())
	var first kept
	var replayed bool
	err = l.Store.InDryTx(ctx, show, func(ctx context.Context, tx *store.Tx) (err error) {
		first, out = kept{OrderID: id}, Ordered{}
		replayed, err = tx.Once(ctx, "orderShoppingList", in.IdempotencyKey, said, &first, func() (err error) {
			out.Gaps, err = l.place(ctx, tx, v, id, in, a)
			first.Gaps = keep(out.Gaps)
			return err
		})
		switch {
		case err != nil:
			return err
		case replayed:
			if out.Gaps, err = regain(ctx, tx, first.Gaps); err != nil {
				return err
			}
		}
		if show {
			out.Order, err = l.Shown(ctx, tx, first.OrderID)
		}
		return err
	})
	if err != nil {
		return Ordered{Gaps: out.Gaps}, err
	}
	if out.Gaps == nil {
		out.Gaps = []*ListGap{}
	}
	if out.Replayed = &replayed; !show {
		out.Order, err = l.Selected(ctx, first.OrderID)
	}
	return out, err
}

// bare is the input that makes one request the same as another.
func (in OrderShoppingListInput) bare() OrderShoppingListInput {
	in.IdempotencyKey, in.DryRun = "", nil
	return in
}

// place orders what can be had of a list; of a cart goes what was ordered.
func (l *Lists) place(ctx context.Context, tx *store.Tx, v viewer.Viewer, id uuid.UUID, in OrderShoppingListInput, a asked) ([]*ListGap, error) {
	rows, err := a.hold(ctx, tx, v)
	if err != nil {
		return nil, err
	}
	lines, _, gaps, err := judge(toJudge(rows))
	if err != nil {
		return nil, err
	}
	switch accept := in.AcceptGaps != nil && *in.AcceptGaps; {
	case len(gaps) > 0 && !accept:
		return gaps, ErrOrderHasGaps.At("input", "acceptGaps")
	case len(lines) == 0:
		return gaps, ErrOrderEmpty.At("input", "id")
	}
	err = l.Place(ctx, tx, id, Basket{Lines: lines, AddressID: a.address, Note: in.Note, PromoCodes: in.PromoCodes})
	if f, ok := fault.As(err); ok && slices.Contains(f.Path, "lines") {
		err = f.At("input", "id") // the lines are the list's, not the input's
	}
	if err != nil || !a.cart {
		return gaps, err
	}
	return gaps, taken(ctx, tx, a.list, rows, lines)
}

// hold locks the list and reads what is asked for of it. Fault: NOT_FOUND.
func (a asked) hold(ctx context.Context, tx *store.Tx, v viewer.Viewer) ([]*ent.ListItem, error) {
	q := tx.ShoppingList.Query().Where(shoppinglist.ID(a.list), tx.Locking())
	if a.cart {
		q.Where(cartOf(v.UserID, buyer(v))...)
	} else {
		q.Where(mine(v, a.list)...)
	}
	if _, err := q.Only(ctx); ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	} else if err != nil {
		return nil, err
	}
	rows, err := itemsOf(ctx, tx.Client, a.list)
	if err != nil || a.items == nil {
		return rows, err
	}
	for i, id := range a.items {
		if !slices.ContainsFunc(rows, func(r *ent.ListItem) bool { return r.ID == id }) {
			return nil, fault.ErrNotFound.At("input", "itemIds", strconv.Itoa(i))
		}
	}
	return slices.DeleteFunc(rows, func(r *ent.ListItem) bool { return !slices.Contains(a.items, r.ID) }), nil
}

// taken takes out of a cart what was ordered of it; of what was had in part the
// rest stays.
func taken(ctx context.Context, tx *store.Tx, cart uuid.UUID, rows []*ent.ListItem, lines []BasketLine) error {
	ordered := map[string]int64{}
	for _, line := range lines {
		ordered[line.Sku] = line.Quantity
	}
	var gone []uuid.UUID
	for _, r := range rows {
		if r.Edges.Product == nil || ordered[r.Edges.Product.Sku] == 0 {
			continue
		}
		rest := r.Quantity - ordered[r.Edges.Product.Sku]
		if rest == 0 {
			gone = append(gone, r.ID)
			continue
		}
		if err := tx.ListItem.UpdateOneID(r.ID).SetQuantity(rest).Exec(ctx); err != nil {
			return err
		}
	}
	if _, err := tx.ListItem.Delete().Where(listitem.ListID(cart), listitem.IDIn(gone...)).Exec(ctx); err != nil {
		return err
	}
	return tx.ShoppingList.UpdateOneID(cart).AddRevision(1).Exec(ctx)
}

func keep(gaps []*ListGap) (all []keptGap) {
	for _, g := range gaps {
		k := keptGap{Item: g.ItemID.UUID, Kind: g.Kind, Wanted: g.Wanted, Available: g.Available, Seen: g.PriceSeen, Now: g.PriceNow}
		if g.Product != nil {
			k.Product = g.Product.ID
		}
		all = append(all, k)
	}
	return all
}

// regain is keep the other way, with the products as they are now.
func regain(ctx context.Context, tx *store.Tx, all []keptGap) (gaps []*ListGap, err error) {
	ids := make([]uuid.UUID, len(all))
	for i, k := range all {
		ids[i] = k.Product
	}
	found := map[uuid.UUID]*ent.Product{}
	if len(ids) > 0 {
		products, err := tx.Product.Query().Where(product.IDIn(ids...)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range products {
			found[p.ID] = p
		}
	}
	for _, k := range all {
		gaps = append(gaps, &ListGap{ItemID: scalar.ID{Prefix: "item", UUID: k.Item}, Product: found[k.Product], Kind: k.Kind,
			Wanted: k.Wanted, Available: k.Available, PriceSeen: k.Seen, PriceNow: k.Now})
	}
	return gaps, nil
}
