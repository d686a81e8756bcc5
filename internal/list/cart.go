package list

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/shoppinglist"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Cart is what a person is about to buy: for the owner he acts for, or, where
// somebody else looks, for himself. Fault: NOT_FOUND where none was kept.
func (l *Lists) Cart(ctx context.Context, user uuid.UUID) (*Cart, error) {
	v := viewer.From(ctx)
	if v.UserID != user { // staff, who may look at a list of people
		row, err := l.carts.Load(ctx, user, l.cartsOf)
		if err == nil && row == nil {
			err = fault.ErrNotFound
		}
		if err != nil {
			return nil, store.Translate(err)
		}
		return &Cart{ShoppingList: row}, nil
	}
	row, err := l.Store.Client.ShoppingList.Query().Where(cartOf(user, buyer(v))...).Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	return &Cart{ShoppingList: row}, nil
}

// cartsOf are the carts that people keep for themselves, by person.
func (l *Lists) cartsOf(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]*ent.ShoppingList, error) {
	all := map[uuid.UUID]*ent.ShoppingList{}
	rows, err := l.Store.Client.ShoppingList.Query().Where(shoppinglist.KindEQ(shoppinglist.KindCART), shoppinglist.OwnerIDIn(people...), forHimself).All(ctx)
	for _, r := range rows {
		all[r.OwnerID] = r
	}
	return all, err
}

func forHimself(s *sql.Selector) {
	s.Where(sql.ColumnsEQ(s.C(shoppinglist.FieldForID), s.C(shoppinglist.FieldOwnerID)))
}

// Items is what is in a cart, in its order.
func (l *Lists) Items(ctx context.Context, c *Cart) ([]*ent.ListItem, error) {
	l.look(ctx, c)
	return c.items, c.err
}

// Totals is what a cart would cost now, by currency.
func (l *Lists) Totals(ctx context.Context, c *Cart) ([]*scalar.Money, error) {
	l.look(ctx, c)
	return c.totals, c.err
}

// Gaps are what is in the way of ordering a cart as it stands.
func (l *Lists) Gaps(ctx context.Context, c *Cart) ([]*ListGap, error) {
	l.look(ctx, c)
	return c.gaps, c.err
}

func (l *Lists) look(ctx context.Context, c *Cart) {
	c.once.Do(func() {
		c.items, c.totals, c.gaps = []*ent.ListItem{}, []*scalar.Money{}, []*ListGap{}
		rows, err := l.items.Load(ctx, c.ID, l.itemsByList)
		if err != nil {
			c.err = store.Translate(err)
			return
		}
		_, totals, gaps, err := judge(toJudge(rows))
		c.err = err
		c.items, c.gaps = append(c.items, rows...), append(c.gaps, gaps...)
		for i := range totals {
			c.totals = append(c.totals, &totals[i])
		}
	})
}

// SaveCart keeps the cart of the person for the owner he acts for. Faults:
// UNAUTHENTICATED, STALE_OBJECT, NOT_FOUND of a product, TOO_MANY_ITEMS,
// INVALID_ID, OUT_OF_RANGE, INVALID_VALUE.
func (l *Lists) SaveCart(ctx context.Context, in SaveCartInput) (*Cart, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	come, err := checkItems(in.Items)
	if err != nil {
		return nil, err
	}
	var saved *ent.ShoppingList
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c, made, err := holdCart(ctx, tx, v)
		if err != nil {
			return err
		}
		if made { // nothing was there to be read
			c.Revision = 0
		}
		if err := stale(in.Revision, c.Revision); err != nil {
			return err
		}
		there, err := itemsOf(ctx, tx.Client, c.ID)
		if err != nil {
			return err
		}
		products, err := fresh(ctx, tx, there, come)
		if err != nil {
			return err
		}
		want := come
		if in.Merge != nil && *in.Merge {
			if want, err = merged(asWanted(there), come); err != nil {
				return err
			}
		}
		if err := put(ctx, tx, c, there, want, products); err != nil {
			return err
		}
		saved, err = tx.ShoppingList.UpdateOneID(c.ID).SetRevision(c.Revision + 1).Save(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Cart{ShoppingList: saved.Unwrap()}, nil
}

// holdCart locks the viewer's cart, or makes it. The lock is of the cart alone:
// whoever orders it locks it too, and people last.
func holdCart(ctx context.Context, tx *store.Tx, v viewer.Viewer) (c *ent.ShoppingList, made bool, err error) {
	whom := buyer(v)
	find := tx.ShoppingList.Query().Where(cartOf(v.UserID, whom)...).Where(tx.Locking())
	if c, err = find.Clone().Only(ctx); !ent.IsNotFound(err) {
		return c, false, err
	}
	n, err := tx.Exec(ctx, `INSERT INTO shopping_lists (id, created_at, updated_at, revision, owner_id, user_id, kind, name, for_id)
		VALUES (?, ?, ?, 1, ?, ?, 'CART', '', ?) ON CONFLICT DO NOTHING`, uuid.Must(uuid.NewV7()), tx.Now, tx.Now, v.UserID, v.UserID, whom)
	if err != nil {
		return nil, false, err
	}
	c, err = find.Only(ctx)
	return c, n == 1, err
}

// cartOf names the cart of a person for an owner.
func cartOf(user, whom uuid.UUID) []predicate.ShoppingList {
	return []predicate.ShoppingList{shoppinglist.KindEQ(shoppinglist.KindCART), shoppinglist.OwnerID(user), shoppinglist.ForID(whom)}
}
