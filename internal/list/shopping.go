package list

import (
	"context"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/listitem"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/shoppinglist"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ListsOf is a page of one owner's shopping lists, newest first; whether the
// viewer may see them the fence decides.
func (l *Lists) ListsOf(ctx context.Context, owner uuid.UUID, p Page) (*ent.ShoppingListConnection, error) {
	page, err := l.Store.Client.ShoppingList.Query().Where(shoppinglist.OwnerID(owner), shoppinglist.KindEQ(shoppinglist.KindSHOPPING)).
		Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithShoppingListOrder(&ent.ShoppingListOrder{
			Direction: entgql.OrderDirectionDesc, Field: ent.DefaultShoppingListOrder.Field,
		}))
	return page, store.Translate(err)
}

// OfCompany is ListsOf for the lists shared in a company. Fault: FORBIDDEN
// without ORDERS_READ in it.
func (l *Lists) OfCompany(ctx context.Context, company uuid.UUID, p Page) (*ent.ShoppingListConnection, error) {
	if !viewer.From(ctx).Reaches(company, "order", "read") {
		return nil, fault.ErrForbidden
	}
	return l.ListsOf(ctx, company, p)
}

// List finds a shopping list. Fault: NOT_FOUND; an id of another kind is
// INVALID_ID.
func (l *Lists) List(ctx context.Context, id scalar.ID) (*ent.ShoppingList, error) {
	key, err := id.As("list")
	if err != nil {
		return nil, err
	}
	q, err := l.Store.Client.ShoppingList.Query().Where(shoppinglist.ID(key), shoppinglist.KindEQ(shoppinglist.KindSHOPPING)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	s, err := q.Only(ctx)
	return s, store.Translate(err)
}

// ItemsOf is what is on a list, in its order, as it was collected with the list.
func (l *Lists) ItemsOf(ctx context.Context, s *ent.ShoppingList) ([]*ent.ListItem, error) {
	rows, err := s.Items(ctx)
	return byPosition(rows), err
}

// SaveList makes a shopping list, or changes one. Faults: UNAUTHENTICATED,
// REQUIRED, TOO_LONG, INVALID_ID, INVALID_VALUE, OUT_OF_RANGE, NOT_FOUND of the
// list or a product, STALE_OBJECT, TOO_MANY_ITEMS, FORBIDDEN to take back what
// somebody else shared.
func (l *Lists) SaveList(ctx context.Context, in SaveShoppingListInput) (*ent.ShoppingList, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	if in.Name != nil || in.ID == nil {
		if err := checkText(text(in.Name), maxName, "input", "name"); err != nil {
			return nil, err
		}
	}
	come, err := checkItems(in.Items)
	if err != nil {
		return nil, err
	}
	var saved *ent.ShoppingList
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		s, there, err := holdList(ctx, tx, v, in)
		if err != nil {
			return err
		}
		want := come
		if in.Items == nil {
			want = asWanted(there)
		}
		products, err := fresh(ctx, tx, there, want)
		if err != nil {
			return err
		}
		u := tx.ShoppingList.UpdateOneID(s.ID).SetOwnerID(s.OwnerID).SetNillableName(in.Name)
		if in.ID != nil {
			u.AddRevision(1)
		}
		if saved, err = u.Save(ctx); err != nil {
			return err
		}
		return put(ctx, tx, saved, there, want, products)
	})
	if err != nil {
		return nil, err
	}
	return saved.Unwrap(), nil
}

// holdList locks the list to change, or makes one; its owner is who it will be.
func holdList(ctx context.Context, tx *store.Tx, v viewer.Viewer, in SaveShoppingListInput) (s *ent.ShoppingList, there []*ent.ListItem, err error) {
	if in.ID == nil {
		s, err = newList(ctx, tx, v, in.Shared, *in.Name)
		return s, nil, err
	}
	id, err := in.ID.As("list")
	if err != nil {
		return nil, nil, fault.ErrInvalidID.At("input", "id")
	}
	s, err = tx.ShoppingList.Query().Where(mine(v, id)...).Where(tx.Locking()).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, nil, fault.ErrNotFound.At("input", "id")
	case err != nil:
		return nil, nil, err
	}
	if err := stale(in.Revision, s.Revision); err != nil {
		return nil, nil, err
	}
	if there, err = itemsOf(ctx, tx.Client, s.ID); err != nil || in.Shared == nil || *in.Shared == Shared(s) {
		return s, there, err
	}
	if Shared(s) && (s.UserID == nil || *s.UserID != v.UserID) {
		return nil, nil, fault.ErrForbidden
	}
	s.OwnerID, err = room(ctx, tx, v, in.Shared)
	return s, there, err
}

// mine is a shopping list that the viewer may change: his own, or of the owner
// he acts for. Staff sees the lists of others; to change them it acts for them.
func mine(v viewer.Viewer, id uuid.UUID) []predicate.ShoppingList {
	return []predicate.ShoppingList{shoppinglist.ID(id), shoppinglist.KindEQ(shoppinglist.KindSHOPPING), shoppinglist.OwnerIDIn(v.UserID, buyer(v))}
}

// room is whose a new list will be, once he has room for one. Faults:
// INVALID_VALUE where nobody is acted for with whom it could be shared,
// TOO_MANY_ITEMS.
func room(ctx context.Context, tx *store.Tx, v viewer.Viewer, shared *bool) (owner uuid.UUID, err error) {
	owner, table := v.UserID, "users"
	if shared != nil && *shared {
		if owner, table = buyer(v), "companies"; owner == v.UserID || v.Represents {
			return owner, fault.ErrInvalidValue.At("input", "shared")
		}
	}
	if err := tx.Lock(ctx, table, "id", owner); err != nil {
		return owner, err
	}
	n, err := tx.ShoppingList.Query().Where(shoppinglist.OwnerID(owner), shoppinglist.KindEQ(shoppinglist.KindSHOPPING)).Count(ctx)
	if err == nil && n >= maxLists {
		err = ErrTooManyItems.With("limit", maxLists)
	}
	return owner, err
}

func newList(ctx context.Context, tx *store.Tx, v viewer.Viewer, shared *bool, name string) (*ent.ShoppingList, error) {
	owner, err := room(ctx, tx, v, shared)
	if err != nil {
		return nil, err
	}
	return tx.ShoppingList.Create().SetOwnerID(owner).SetUserID(v.UserID).SetName(name).Save(ctx)
}

// DeleteList deletes a shopping list and gives the id that is gone. Faults:
// UNAUTHENTICATED, INVALID_ID, NOT_FOUND.
func (l *Lists) DeleteList(ctx context.Context, in DeleteShoppingListInput) (*scalar.ID, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.ID.As("list")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		there, err := tx.ShoppingList.Query().Where(mine(v, id)...).Where(tx.Locking()).Exist(ctx)
		if err != nil {
			return err
		}
		if !there {
			return fault.ErrNotFound.At("input", "id")
		}
		if _, err := tx.ListItem.Delete().Where(listitem.ListID(id)).Exec(ctx); err != nil {
			return err
		}
		return tx.ShoppingList.DeleteOneID(id).Exec(ctx)
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}
