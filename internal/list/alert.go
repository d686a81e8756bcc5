package list

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/wishlistitem"
	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// WishAlert is the job that tells those who put a product aside; each run is
// one page of them, and it makes the next.
type WishAlert struct {
	Product uuid.UUID `json:"product"`
	Stock   bool      `json:"stock"` // that it is on hand again; else that it is cheaper
	After   uuid.UUID `json:"after"` // the wishes up to this one are done
}

// Kind implements river.JobArgs.
func (WishAlert) Kind() string { return "wish_alert" }

// wishersAtOnce is how many people one transaction tells: it locks them all.
const wishersAtOnce = 200

// admits is the fence's answer for an exclusive product and who wished it.
const admits = ` AND EXISTS (SELECT 1 FROM product_admissions AS pa WHERE pa.product_id = w.product_id AND (
	pa.kind = 'EVERYONE_SIGNED_IN' OR pa.kind = 'CUSTOMER' AND pa.subject_id = w.user_id
	OR pa.kind = 'CLUB' AND EXISTS (SELECT 1 FROM club_members AS cm WHERE cm.club_id = pa.subject_id AND cm.owner_id = w.user_id AND cm.left_at IS NULL)
	OR pa.kind = 'TIER' AND EXISTS (SELECT 1 FROM ledger_accounts AS la WHERE la.tier_id = pa.subject_id AND la.kind = 'BONUS' AND la.owner_id = w.user_id)))`

// wisher is one who is to be told.
type wisher struct {
	wish, user uuid.UUID
	was        int64 // the price told of last
}

// Alert tells one page of wishers. What the product is now counts, not what it
// was when the job was made: a price that rose again is no news.
func (l *Lists) Alert(ctx context.Context, j *river.Job[WishAlert]) error {
	ctx = viewer.AsSystem(ctx, "list.alert")
	return l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		p, err := tx.Product.Query().Where(product.ID(j.Args.Product), tx.Locking()).Only(ctx) // two jobs would tell the same twice
		if err != nil && !ent.IsNotFound(err) {
			return err
		}
		if p == nil || availability(p.Status, p.Stock) == ProductAvailabilityNotSold ||
			j.Args.Stock && availability(p.Status, p.Stock) != ProductAvailabilityAvailable {
			return job.Complete(ctx, tx, j)
		}
		page, err := wishers(ctx, tx, p, j.Args)
		if err != nil {
			return err
		}
		if err := tell(ctx, tx, p, j.Args.Stock, page); err != nil {
			return err
		}
		if len(page) == wishersAtOnce {
			next := j.Args
			next.After = page[len(page)-1].wish
			if err := job.Enqueue(ctx, tx, next, nil); err != nil {
				return err
			}
		}
		return job.Complete(ctx, tx, j)
	})
}

// wishers are those who are to be told, a page of them, by wish.
func wishers(ctx context.Context, tx *store.Tx, p *ent.Product, a WishAlert) (page []wisher, err error) {
	query := `SELECT w.id, w.user_id, w.price_told_minor FROM wishlist_items AS w WHERE w.product_id = ? AND w.id > ?`
	args := []any{p.ID, a.After}
	if a.Stock {
		query += ` AND w.back_in_stock AND (w.stock_told_at IS NULL OR w.stock_told_at <= ?)`
		args = append(args, tx.Now.Add(-tellEvery))
	} else {
		query += ` AND w.price_drop AND w.currency = ? AND w.price_told_minor > ?`
		args = append(args, p.Currency, p.PriceMinor)
	}
	if p.Exclusive {
		query += admits
	}
	rows, err := tx.Query(ctx, query+` ORDER BY w.id LIMIT ?`, append(args, wishersAtOnce)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var w wisher
		if err := rows.Scan(&w.wish, &w.user, &w.was); err != nil {
			return nil, err
		}
		page = append(page, w)
	}
	return page, rows.Err()
}

// tell tells a page of wishers, and notes that they were told.
func tell(ctx context.Context, tx *store.Tx, p *ent.Product, stock bool, page []wisher) error {
	if len(page) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(page))
	for i, w := range page {
		ids[i] = w.wish
		if stock {
			tx.Tell(event.WishBackInStock{WishID: w.wish, UserID: w.user, ProductID: p.ID, Title: p.Title}, store.ToUser(w.user))
			continue
		}
		tx.Tell(event.WishPriceDropped{WishID: w.wish, UserID: w.user, ProductID: p.ID, Title: p.Title,
			WasMinor: w.was, NowMinor: p.PriceMinor, Currency: p.Currency}, store.ToUser(w.user))
	}
	u := tx.WishlistItem.Update().Where(wishlistitem.IDIn(ids...))
	if stock {
		u.SetStockToldAt(tx.Now)
	} else {
		u.SetPriceToldMinor(p.PriceMinor)
	}
	return u.Exec(ctx)
}
