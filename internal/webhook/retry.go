package webhook

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/webhookdelivery"
	"kabinet/ent/generated/webhookendpoint"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Retry sends a message again, with as many tries as a new one. What is on its
// way already stays so.
//
// Faults: INVALID_ID, NOT_FOUND, WEBHOOK_NOT_ACTIVE; UNAUTHENTICATED, FORBIDDEN.
func (w *Webhooks) Retry(ctx context.Context, in RetryWebhookDeliveryInput) (*ent.WebhookDelivery, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := in.ID.As(deliveryPrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	var queued *ent.WebhookDelivery
	err = w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, d, err := holdBoth(ctx, tx, id)
		switch {
		case errors.Is(err, errGone):
			return fault.ErrNotFound.At("input", "id")
		case err != nil:
			return err
		case !d.Test && e.Status != webhookendpoint.StatusACTIVE:
			return ErrNotActive.At("input", "id").With("status", string(e.Status))
		case d.Status == webhookdelivery.StatusQUEUED:
			queued = d
			return nil
		}
		if queued, err = requeue(ctx, tx, d); err != nil {
			return err
		}
		return tx.Audit(ctx, "webhook.retry", viewer.House, d.GlobalID(), map[string]any{"from": string(d.Status), "endpointId": e.GlobalID().String()})
	})
	if err != nil {
		return nil, err
	}
	return queued.Unwrap(), nil // as it was then: it may be sent by now
}

// Tested is what a test gives: the body alone, or the message on its way.
type Tested struct {
	Body     map[string]any
	Delivery *ent.WebhookDelivery
	Replayed *bool // nil of a dry run
}

// Test sends a message that says test, once for a key, or only shows what its
// body would be.
//
// Faults: those of idempotency keys, INVALID_ID, NOT_FOUND, INVALID_VALUE, WEBHOOK_EVENT_NOT_ALLOWED,
// WEBHOOK_SELECTION_INVALID; UNAUTHENTICATED, FORBIDDEN.
func (w *Webhooks) Test(ctx context.Context, in TestWebhookInput) (Tested, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return Tested{}, err
	}
	e, d, err := w.sample(ctx, in)
	if err != nil {
		return Tested{}, err
	}
	if in.DryRun != nil && *in.DryRun {
		shown, err := w.show(ctx, e, d)
		return Tested{Body: shown}, err
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	var sent struct{ Delivery uuid.UUID }
	var replayed bool
	var queued *ent.WebhookDelivery // as it was then: it may be sent by now
	err = w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		sent.Delivery = d.ID
		replayed, err = tx.Once(ctx, "testWebhook", in.IdempotencyKey, bare, &sent, func() (err error) {
			queued, err = sendSample(ctx, tx, e, d, in.SubjectID)
			return err
		})
		return err
	})
	if err != nil {
		return Tested{}, err
	}
	if !replayed {
		return Tested{Delivery: queued.Unwrap(), Replayed: &replayed}, nil
	}
	queued, err = w.Store.Client.WebhookDelivery.Get(ctx, sent.Delivery)
	return Tested{Delivery: queued, Replayed: &replayed}, store.Translate(err)
}

// sendSample stores the delivery of a test and sends it.
func sendSample(ctx context.Context, tx *store.Tx, e *ent.WebhookEndpoint, d *ent.WebhookDelivery, subject scalar.ID) (*ent.WebhookDelivery, error) {
	if _, err := hold(ctx, tx, e.ID); err != nil {
		return nil, err
	}
	queued, err := tx.WebhookDelivery.Create().SetID(d.ID).SetEndpointID(e.ID).SetEventID(d.EventID).SetKind(d.Kind).SetSubjectKind(d.SubjectKind).SetSubjectID(d.SubjectID).
		SetOccurredAt(tx.Now).SetPayload(d.Payload).SetTest(true).SetAttempts([]schema.WebhookAttempt{}).SetDueAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	if err := job.Enqueue(ctx, tx, deliver{Delivery: d.ID, Round: 1, Try: 1}, nil); err != nil {
		return nil, err
	}
	return queued, tx.Audit(ctx, "webhook.test", viewer.House, e.GlobalID(), map[string]any{"kind": d.Kind, "subjectId": subject.String()})
}

// sample is the delivery of a test before it is stored.
func (w *Webhooks) sample(ctx context.Context, in TestWebhookInput) (*ent.WebhookEndpoint, *ent.WebhookDelivery, error) {
	id, err := in.ID.As(endpointPrefix)
	if err != nil {
		return nil, nil, fault.ErrInvalidID.At("input", "id")
	}
	e, err := w.Store.Client.WebhookEndpoint.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, nil, fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return nil, nil, store.Translate(err)
	}
	name := e.Events[0]
	if in.Kind != nil {
		name = *in.Kind
	}
	k, known := kindOf(name)
	switch {
	case !known:
		return nil, nil, fault.ErrInvalidValue.At("input", "kind").With("value", name)
	case !mayRead(viewer.From(ctx), k):
		return nil, nil, ErrEventNotAllowed.At("input", "kind").With("kind", name)
	case in.SubjectID.Prefix != k.prefix:
		return nil, nil, fault.ErrInvalidID.At("input", "subjectId")
	}
	return e, &ent.WebhookDelivery{
		ID: uuid.Must(uuid.NewV7()), EndpointID: e.ID, EventID: uuid.Must(uuid.NewV7()), Kind: k.Kind, SubjectKind: k.prefix, SubjectID: in.SubjectID.UUID,
		OccurredAt: w.Store.Now(), Payload: json.RawMessage(`{}`), Test: true,
	}, nil
}

// show is the body of a delivery as the caller's own role reads it.
func (w *Webhooks) show(ctx context.Context, e *ent.WebhookEndpoint, d *ent.WebhookDelivery) (map[string]any, error) {
	role, err := w.StaffRole(ctx, viewer.From(ctx).UserID)
	if err != nil {
		return nil, err
	}
	as, _, found, err := w.AsRole(ctx, role)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.ErrForbidden
	}
	data, err := w.data(viewer.With(ctx, as), e.Selection, d)
	if err != nil {
		return nil, ErrSelectionInvalid.At("input", "id").With("reason", err.Error())
	}
	text, fits, err := bodyOf(d, data).bytes()
	if err != nil {
		return nil, err
	}
	if !fits {
		return nil, ErrSelectionInvalid.At("input", "id").With("reason", "the body would have more than 64 KiB")
	}
	var shown map[string]any
	err = json.Unmarshal(text, &shown)
	return shown, err
}
