package list

import (
	"context"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/wishlistitem"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Wishes is a page of what a person put aside, newest first.
func (l *Lists) Wishes(ctx context.Context, user uuid.UUID, p Page) (*ent.WishlistItemConnection, error) {
	page, err := l.Store.Client.WishlistItem.Query().Where(wishlistitem.UserID(user)).
		Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithWishlistItemOrder(&ent.WishlistItemOrder{
			Direction: entgql.OrderDirectionDesc, Field: ent.DefaultWishlistItemOrder.Field,
		}))
	return page, store.Translate(err)
}

// AddWish puts a product aside, or changes what is told of it. Faults:
// UNAUTHENTICATED, INVALID_ID, NOT_FOUND of the product, TOO_MANY_ITEMS.
func (l *Lists) AddWish(ctx context.Context, in AddToWishlistInput) (*ent.WishlistItem, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.ProductID.As("prd")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "productId")
	}
	var saved *ent.WishlistItem
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		p, err := shown(ctx, tx, id)
		if err != nil {
			return err
		}
		if saved, err = in.change(ctx, tx, v.UserID, id); !ent.IsNotFound(err) {
			return err
		}
		// One at a time of one person, for the bound. What is there is changed
		// without: alerts hold wishes when they come to people.
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		if saved, err = in.change(ctx, tx, v.UserID, id); !ent.IsNotFound(err) {
			return err
		}
		n, err := tx.WishlistItem.Query().Where(wishlistitem.UserID(v.UserID)).Count(ctx)
		if err != nil {
			return err
		}
		if n >= maxWishes {
			return ErrTooManyItems.With("limit", maxWishes)
		}
		saved, err = tx.WishlistItem.Create().SetUserID(v.UserID).SetProductID(id).
			SetPriceSeenMinor(p.PriceMinor).SetPriceToldMinor(p.PriceMinor).SetCurrency(p.Currency).
			SetNillablePriceDrop(in.PriceDrop).SetNillableBackInStock(in.BackInStock).Save(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return saved.Unwrap(), nil
}

// change changes what is told of a wish that is there; ent's NotFound of none.
func (in AddToWishlistInput) change(ctx context.Context, tx *store.Tx, user, product uuid.UUID) (*ent.WishlistItem, error) {
	w, err := tx.WishlistItem.Query().Where(wishlistitem.UserID(user), wishlistitem.ProductID(product), tx.Locking()).Only(ctx)
	if err != nil || in.PriceDrop == nil && in.BackInStock == nil {
		return w, err
	}
	return tx.WishlistItem.UpdateOneID(w.ID).SetNillablePriceDrop(in.PriceDrop).SetNillableBackInStock(in.BackInStock).Save(ctx)
}

// RemoveWish takes a product off the wishlist and gives the id that is gone;
// nil where it was not there. Faults: UNAUTHENTICATED, INVALID_ID.
func (l *Lists) RemoveWish(ctx context.Context, in RemoveFromWishlistInput) (gone *scalar.ID, err error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.ProductID.As("prd")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "productId")
	}
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		w, err := tx.WishlistItem.Query().Where(wishlistitem.UserID(v.UserID), wishlistitem.ProductID(id), tx.Locking()).Only(ctx)
		if gone = nil; ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		key := w.GlobalID()
		gone = &key
		return tx.WishlistItem.DeleteOneID(w.ID).Exec(ctx)
	})
	return gone, err
}

// shown is a product that the viewer may know of. Fault: NOT_FOUND.
func shown(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Product, error) {
	p, err := tx.Product.Query().Where(product.ID(id), product.StatusNEQ(product.StatusDRAFT)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "productId")
	}
	return p, err
}
