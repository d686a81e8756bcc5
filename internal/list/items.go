package list

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/listitem"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// me is who acts. Fault: UNAUTHENTICATED.
func me(ctx context.Context) (viewer.Viewer, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return v, fault.ErrUnauthenticated
	}
	return v, nil
}

// buyer is for whom a viewer buys: the owner acted for, or himself. The
// business buys nothing of itself.
func buyer(v viewer.Viewer) uuid.UUID {
	if v.OwnerID == uuid.Nil || v.OwnerID == viewer.House {
		return v.UserID
	}
	return v.OwnerID
}

// itemsOf reads what is on a list, in its order, beside the products as the
// fence shows them.
func itemsOf(ctx context.Context, c *ent.Client, list uuid.UUID) ([]*ent.ListItem, error) {
	return c.ListItem.Query().Where(listitem.ListID(list)).Order(listitem.ByPosition(), listitem.ByID()).WithProduct().All(ctx)
}

// itemsByList is itemsOf for many lists.
func (l *Lists) itemsByList(ctx context.Context, lists []uuid.UUID) (map[uuid.UUID][]*ent.ListItem, error) {
	all := map[uuid.UUID][]*ent.ListItem{}
	rows, err := l.Store.Client.ListItem.Query().Where(listitem.ListIDIn(lists...)).Order(listitem.ByPosition(), listitem.ByID()).WithProduct().All(ctx)
	for _, r := range rows {
		all[r.ListID] = append(all[r.ListID], r)
	}
	return all, err
}

// toJudge puts rows as judge takes them.
func toJudge(rows []*ent.ListItem) []item {
	items := make([]item, len(rows))
	for i, r := range rows {
		items[i] = item{id: r.ID, quantity: r.Quantity, seen: r.PriceSeen(), product: r.Edges.Product}
	}
	return items
}

func asWanted(rows []*ent.ListItem) []wanted {
	all := make([]wanted, len(rows))
	for i, r := range rows {
		all[i] = wanted{*r.ProductID, r.Quantity}
	}
	return all
}

// fresh reads the products of an input that are not on the list yet; only what
// is sold to the viewer can be put there. Fault: NOT_FOUND.
func fresh(ctx context.Context, tx *store.Tx, there []*ent.ListItem, come []wanted) (map[uuid.UUID]*ent.Product, error) {
	known := map[uuid.UUID]bool{}
	for _, r := range there {
		known[*r.ProductID] = true
	}
	var ids []uuid.UUID
	for _, w := range come {
		if !known[w.product] {
			ids = append(ids, w.product)
		}
	}
	found := map[uuid.UUID]*ent.Product{}
	if len(ids) == 0 {
		return found, nil
	}
	products, err := tx.Product.Query().Where(product.IDIn(ids...), product.StatusEQ(product.StatusACTIVE)).All(ctx)
	for _, p := range products {
		found[p.ID] = p
	}
	for i, w := range come {
		if err == nil && !known[w.product] && found[w.product] == nil {
			err = fault.ErrNotFound.At("input", "items", strconv.Itoa(i), "productId")
		}
	}
	return found, err
}

// put makes what is on a list what is wanted of it: what stays keeps its id,
// the price that was seen and when it came.
func put(ctx context.Context, tx *store.Tx, list *ent.ShoppingList, there []*ent.ListItem, want []wanted, products map[uuid.UUID]*ent.Product) error {
	stays := map[uuid.UUID]*ent.ListItem{}
	same := len(there) == len(want)
	for i, r := range there {
		stays[*r.ProductID] = r
		same = same && r.OwnerID == list.OwnerID && want[i] == wanted{*r.ProductID, r.Quantity}
	}
	if same {
		return nil
	}
	if _, err := tx.ListItem.Delete().Where(listitem.ListID(list.ID)).Exec(ctx); err != nil || len(want) == 0 {
		return err
	}
	rows := make([]*ent.ListItemCreate, len(want))
	for i, w := range want {
		id, came, seen := uuid.Must(uuid.NewV7()), tx.Now, scalar.Money{}
		if r := stays[w.product]; r != nil {
			id, came, seen = r.ID, r.CreatedAt, r.PriceSeen()
		} else {
			seen = products[w.product].Price()
		}
		rows[i] = tx.ListItem.Create().SetID(id).SetCreatedAt(came).SetOwnerID(list.OwnerID).SetListID(list.ID).SetPosition(i + 1).
			SetProductID(w.product).SetQuantity(w.quantity).SetPriceSeenMinor(seen.Minor).SetCurrency(seen.Currency)
	}
	return tx.ListItem.CreateBulk(rows...).Exec(ctx)
}

// stale is STALE_OBJECT where what was read is not what there is.
func stale(revision *int, now int64) error {
	if revision != nil && int64(*revision) != now {
		return fault.ErrStaleObject.At("input", "revision").With("revision", now)
	}
	return nil
}

// byPosition is a sorted copy: what is loaded may be shown by two fields at once.
func byPosition(rows []*ent.ListItem) []*ent.ListItem {
	rows = append(make([]*ent.ListItem, 0, len(rows)), rows...)
	slices.SortFunc(rows, func(a, b *ent.ListItem) int { return cmp.Compare(a.Position, b.Position) })
	return rows
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
