package webhook

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"kabinet/ent/generated/webhookendpoint"
	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/store"
)

// Hearers hear every kind that can be told outside. They lock nothing but the
// endpoints whose deliveries they write, and who locks an endpoint locks no
// person after it.
func (w *Webhooks) Hearers() []store.Hearer {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Kind
	}
	return []store.Hearer{{Name: "webhook", Kinds: names, Own: true, On: w.hear}}
}

// hear makes one delivery for each endpoint that is told such facts: once for a
// fact and an endpoint, whoever hears it again. A paused one gets it too; its
// job holds it.
func (w *Webhooks) hear(ctx context.Context, tx *store.Tx, e event.Stored) error {
	ctx = asSystem(ctx)
	all, err := tx.WebhookEndpoint.Query().Where(webhookendpoint.StatusNEQ(webhookendpoint.StatusDISABLED)).Order(webhookendpoint.ByID()).
		Select(webhookendpoint.FieldID, webhookendpoint.FieldEvents).All(ctx)
	if err != nil {
		return err
	}
	for _, to := range all {
		if !slices.Contains(to.Events, e.Kind) {
			continue
		}
		id := uuid.Must(uuid.NewV7())
		// Where the endpoint goes at this moment there is nobody to tell.
		made, err := tx.Exec(ctx, `INSERT INTO webhook_deliveries (id, created_at, updated_at, endpoint_id, event_id, kind, subject_kind, subject_id, occurred_at, payload, test, status, attempts, round, due_at)
			SELECT ?, ?, ?, id, ?, ?, ?, ?, ?, ?, ?, 'QUEUED', '[]', 1, ? FROM webhook_endpoints WHERE id = ? ON CONFLICT (endpoint_id, event_id) DO NOTHING`,
			id, tx.Now, tx.Now, e.EventID, e.Kind, e.SubjectKind, e.SubjectID, e.CreatedAt, string(e.Payload), false, tx.Now, to.ID)
		if err != nil {
			return err
		}
		if made == 0 {
			continue
		}
		if err := job.Enqueue(ctx, tx, deliver{Delivery: id, Round: 1, Try: 1}, nil); err != nil {
			return err
		}
	}
	return nil
}
