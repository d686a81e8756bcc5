package list

import (
	"context"
	"encoding/json"
	"fmt"

	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Hearers are the facts of products that wishers are told of, and those of
// people whose name stands beside reviews.
func (l *Lists) Hearers() []store.Hearer {
	return []store.Hearer{
		on("list.ProductPriceDropped", l.OnProductPriceDropped),
		on("list.ProductBackInStock", l.OnProductBackInStock),
		on("list.ProfileUpdated", l.OnProfileUpdated),
	}
}

// on reads the fact for a hearer.
func on[F event.Fact](name string, hear func(context.Context, *store.Tx, F) error) store.Hearer {
	var zero F
	return store.Hearer{Name: name, Kinds: []string{zero.Kind()}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f F
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, e.Kind, err)
		}
		return hear(viewer.AsSystem(ctx, "list.hear"), tx, f)
	}}
}

// OnProductPriceDropped begins to tell those who put the product aside.
func (l *Lists) OnProductPriceDropped(ctx context.Context, tx *store.Tx, f event.ProductPriceDropped) error {
	return job.Enqueue(ctx, tx, WishAlert{Product: f.ProductID}, nil)
}

// OnProductBackInStock begins to tell those who put the product aside.
func (l *Lists) OnProductBackInStock(ctx context.Context, tx *store.Tx, f event.ProductBackInStock) error {
	return job.Enqueue(ctx, tx, WishAlert{Product: f.ProductID, Stock: true}, nil)
}

// OnProfileUpdated brings the name beside a person's reviews up to date.
func (l *Lists) OnProfileUpdated(ctx context.Context, tx *store.Tx, f event.ProfileUpdated) error {
	name, err := authorName(ctx, tx, f.UserID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE reviews SET author_name = ?, updated_at = ? WHERE user_id = ? AND author_name IS DISTINCT FROM ?`, name, tx.Now, f.UserID, name)
	return err
}
