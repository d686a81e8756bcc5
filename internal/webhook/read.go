package webhook

import (
	"context"

	"entgo.io/contrib/entgql"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/webhookdelivery"
	"kabinet/ent/generated/webhookendpoint"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Endpoints are all of them, by name.
//
// Faults: UNAUTHENTICATED, FORBIDDEN.
func (w *Webhooks) Endpoints(ctx context.Context) ([]*ent.WebhookEndpoint, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	q, err := w.Store.Client.WebhookEndpoint.Query().Order(webhookendpoint.ByName(), webhookendpoint.ByID()).Limit(mostEndpoints).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	all, err := q.All(ctx)
	return all, store.Translate(err)
}

// EventKinds are what can be told, by name.
//
// Faults: UNAUTHENTICATED, FORBIDDEN.
func (w *Webhooks) EventKinds(ctx context.Context) ([]*EventKind, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	all := make([]*EventKind, len(kinds))
	for i, k := range kinds {
		k.Allowed = mayRead(viewer.From(ctx), k)
		all[i] = &k
	}
	return all, nil
}

// newestEvent is the order of deliveries: an event's id begins with its time.
var newestEvent = &ent.WebhookDeliveryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.WebhookDeliveryOrderFieldEventID}

// Deliveries are those of all endpoints, the newest event first.
//
// Faults: INVALID_ID, INVALID_VALUE for a kind that nobody tells;
// UNAUTHENTICATED, FORBIDDEN.
func (w *Webhooks) Deliveries(ctx context.Context, f *WebhookDeliveryFilter, p Page) (*ent.WebhookDeliveryConnection, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	q := w.Store.Client.WebhookDelivery.Query()
	if f != nil {
		if err := f.narrow(q); err != nil {
			return nil, err
		}
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithWebhookDeliveryOrder(newestEvent))
	return c, store.Translate(err)
}

func (f *WebhookDeliveryFilter) narrow(q *ent.WebhookDeliveryQuery) error {
	if f.EndpointID != nil {
		id, err := f.EndpointID.As(endpointPrefix)
		if err != nil {
			return fault.ErrInvalidID.At("filter", "endpointId")
		}
		q.Where(webhookdelivery.EndpointID(id))
	}
	if f.SubjectID != nil {
		q.Where(webhookdelivery.SubjectKind(f.SubjectID.Prefix), webhookdelivery.SubjectID(f.SubjectID.UUID))
	}
	if f.Status != nil {
		states := make([]webhookdelivery.Status, len(f.Status))
		for i, s := range f.Status {
			states[i] = webhookdelivery.Status(s)
		}
		q.Where(webhookdelivery.StatusIn(states...))
	}
	if f.Kind != nil {
		for _, name := range f.Kind {
			if _, known := kindOf(name); !known {
				return fault.ErrInvalidValue.At("filter", "kind").With("value", name)
			}
		}
		q.Where(webhookdelivery.KindIn(f.Kind...))
	}
	return nil
}

// RoleName is the name of the role that an endpoint's bodies are read as; nil
// where it has ended.
func (w *Webhooks) RoleName(ctx context.Context, e *ent.WebhookEndpoint) (*string, error) {
	_, name, found, err := w.AsRole(ctx, e.RoleID)
	if err != nil || !found {
		return nil, err
	}
	return &name, nil
}
