package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// OnPromoCodesAssigned tells the customer that there are codes of his.
func (i *Inbox) OnPromoCodesAssigned(ctx context.Context, tx *store.Tx, e event.Stored, f event.PromoCodesAssigned) error {
	return i.giveOwn(ctx, tx, e, note{topic: entnotification.TopicPROMOTION, typ: "promo_codes.assigned", severity: entnotification.SeveritySUCCESS,
		params: map[string]any{"count": f.Count}})
}
