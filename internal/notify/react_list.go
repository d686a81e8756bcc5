package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// OnWishPriceDropped tells a person that what he put aside is cheaper.
func (i *Inbox) OnWishPriceDropped(ctx context.Context, tx *store.Tx, e event.Stored, f event.WishPriceDropped) error {
	return i.giveOwn(ctx, tx, e, note{
		topic: entnotification.TopicPROMOTION, typ: "wish.price_dropped", severity: entnotification.SeverityINFO,
		params: map[string]any{"title": f.Title, "was": money{f.WasMinor, f.Currency}, "now": money{f.NowMinor, f.Currency}},
	})
}

// OnWishBackInStock tells a person that what he put aside is on hand again.
func (i *Inbox) OnWishBackInStock(ctx context.Context, tx *store.Tx, e event.Stored, f event.WishBackInStock) error {
	return i.giveOwn(ctx, tx, e, note{
		topic: entnotification.TopicPROMOTION, typ: "wish.back_in_stock", severity: entnotification.SeverityINFO,
		params: map[string]any{"title": f.Title},
	})
}

// OnReviewModerated tells an author what became of his review.
func (i *Inbox) OnReviewModerated(ctx context.Context, tx *store.Tx, e event.Stored, f event.ReviewModerated) error {
	n := note{topic: entnotification.TopicSERVICE, typ: "review.published", severity: entnotification.SeveritySUCCESS, params: map[string]any{"title": f.Title}}
	if f.Status == "REJECTED" {
		n.typ, n.severity = "review.rejected", entnotification.SeverityINFO
	}
	return i.giveOwn(ctx, tx, e, n)
}
