package webhook

import (
	"context"

	"github.com/google/uuid"

	"kabinet/ent/generated/webhookdelivery"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Delete takes an endpoint away with its deliveries; the jobs of those find
// nothing and end.
//
// Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (w *Webhooks) Delete(ctx context.Context, in DeleteWebhookEndpointInput) (*scalar.ID, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := in.ID.As(endpointPrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, err := hold(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.WebhookDelivery.Delete().Where(webhookdelivery.EndpointID(id)).Exec(ctx); err != nil {
			return err
		}
		if err := tx.WebhookEndpoint.DeleteOne(e).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "webhook.delete", viewer.House, e.GlobalID(), map[string]any{"events": e.Events})
	})
	if err != nil {
		return nil, err
	}
	gone := scalar.ID{Prefix: endpointPrefix, UUID: id}
	return &gone, nil
}

// TrimDue deletes deliveries of events that are older than 30 days, at most
// limit of them, and says how many.
func (w *Webhooks) TrimDue(ctx context.Context, limit int) (n int, err error) {
	// An event's id begins with its time.
	oldest := firstAt(w.Store.Now().AddDate(0, 0, -keepDelivered).UnixMilli())
	err = w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := tx.WebhookDelivery.Query().Where(webhookdelivery.EventIDLT(oldest)).Order(webhookdelivery.ByEventID()).Limit(limit).IDs(ctx)
		if err != nil || len(ids) == 0 {
			n = 0
			return err
		}
		n, err = tx.WebhookDelivery.Delete().Where(webhookdelivery.IDIn(ids...)).Exec(ctx)
		return err
	})
	return n, err
}

// firstAt is the smallest UUIDv7 of a time in milliseconds.
func firstAt(ms int64) (id uuid.UUID) {
	for i := 5; i >= 0; i-- {
		id[i], ms = byte(ms), ms>>8
	}
	id[6] = 0x70
	return id
}
