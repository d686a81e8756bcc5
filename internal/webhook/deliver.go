package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/webhookdelivery"
	"kabinet/ent/generated/webhookendpoint"
	"kabinet/ent/schema"
	"kabinet/internal/job"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Queue is where messages wait for each other, apart from letters: a receiver
// that is slow must not keep those.
const Queue = "webhook"

// deliver is one try of one delivery. The job of a round that is over does
// nothing.
type deliver struct {
	Delivery uuid.UUID `json:"delivery"`
	Round    int       `json:"round"`
	Try      int       `json:"try"` // of the round, from 1
}

// Kind implements river.JobArgs.
func (deliver) Kind() string { return "webhook_deliver" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (deliver) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: Queue} }

// release sends what was held for an endpoint.
type release struct {
	Endpoint uuid.UUID `json:"endpoint"`
}

// Kind implements river.JobArgs.
func (release) Kind() string { return "webhook_release" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (release) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: Queue} }

// Work registers the jobs of this domain.
func (w *Webhooks) Work(workers *river.Workers) {
	job.Handle(workers, w.deliver)
	job.Handle(workers, w.release)
}

// outcome is what became of a try.
type outcome struct {
	attempt   *schema.WebhookAttempt // nil: it was not tried
	asked     time.Duration          // until the next one, as the other side asks
	roleEnded bool
}

// deliver tries once. Its row and the end of the job commit together; where
// the process dies before that, the other side gets the message again.
func (w *Webhooks) deliver(ctx context.Context, j *river.Job[deliver]) error {
	ctx = asSystem(ctx)
	d, err := w.Store.Client.WebhookDelivery.Query().Where(webhookdelivery.ID(j.Args.Delivery)).WithEndpoint().Only(ctx)
	if ent.IsNotFound(err) {
		return nil // the endpoint was deleted
	}
	if err != nil {
		return store.Translate(err)
	}
	var o outcome
	if d.Round == j.Args.Round && isDue(d) && wanted(d.Edges.Endpoint, d) {
		leave, free := w.enter(d.EndpointID)
		if !free {
			return river.JobSnooze(time.Second)
		}
		defer leave()
		if o, err = w.try(ctx, d.Edges.Endpoint, d); err != nil {
			return err
		}
	}
	return w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := w.settle(ctx, tx, j.Args, o); err != nil {
			return err
		}
		return job.Complete(ctx, tx, j)
	})
}

// isDue says that a delivery waits for a try.
func isDue(d *ent.WebhookDelivery) bool {
	return d.Status == webhookdelivery.StatusQUEUED || d.Status == webhookdelivery.StatusFAILED
}

// wanted says whether an endpoint is sent a message as it stands now.
func wanted(e *ent.WebhookEndpoint, d *ent.WebhookDelivery) bool {
	return d.Test || e.Status == webhookendpoint.StatusACTIVE && slices.Contains(e.Events, d.Kind)
}

// try reads the body and sends it. Its error is ours, not the other side's.
func (w *Webhooks) try(ctx context.Context, e *ent.WebhookEndpoint, d *ent.WebhookDelivery) (o outcome, err error) {
	within, cancel := context.WithTimeout(ctx, deliveryDeadline)
	defer cancel()
	began := time.Now()
	o.attempt = &schema.WebhookAttempt{At: w.Store.Now()}
	as, _, found, err := w.AsRole(within, e.RoleID)
	if err != nil {
		return o, err
	}
	if k, known := kindOf(d.Kind); !found || !known || !mayRead(as, k) {
		if !d.Test {
			return outcome{roleEnded: true}, nil
		}
		o.attempt.Failure = word(failureSelection)
		return o, nil
	}
	data, err := w.data(viewer.With(within, as), e.Selection, d)
	if ctx.Err() != nil {
		return o, ctx.Err() // we stop: it is tried again by whoever starts next
	}
	if err != nil {
		o.attempt.Failure, o.attempt.TookMs = word(failureSelection), int(time.Since(began).Milliseconds())
		return o, nil
	}
	message, fits, err := bodyOf(d, data).bytes()
	if err != nil {
		return o, err
	}
	if !fits {
		o.attempt.Failure = word(failureTooLarge)
		return o, nil
	}
	s, err := w.open(e.Secrets, e.ID)
	if err != nil {
		return o, err
	}
	reply := w.Send(within, Message{URL: e.Address, ID: d.GlobalID().String(), Secrets: s.signing(w.Store.Now()), Body: message})
	if ctx.Err() != nil && reply.Status == 0 {
		return o, ctx.Err()
	}
	o.asked, o.attempt.TookMs = reply.RetryAfter, int(reply.Took.Milliseconds())
	if reply.Status != 0 {
		o.attempt.ResponseStatus = &reply.Status
	}
	if reply.Failure != "" {
		o.attempt.Failure = &reply.Failure
	}
	return o, nil
}

func word(s string) *string { return &s }

// data is what an endpoint is told: what its selection gives to the viewer of
// ctx now, or the fact itself.
func (w *Webhooks) data(ctx context.Context, selection *string, d *ent.WebhookDelivery) (json.RawMessage, error) {
	if selection == nil {
		return w.factAtEdge(ctx, d.Payload)
	}
	return w.Ask(ctx, *selection, bodyOf(d, nil).given())
}

func bodyOf(d *ent.WebhookDelivery, data json.RawMessage) body {
	return body{
		Type: d.Kind, Timestamp: d.OccurredAt, EventID: d.EventID, SubjectID: scalar.ID{Prefix: d.SubjectKind, UUID: d.SubjectID}.String(),
		Test: d.Test, Data: data,
	}
}

// enter takes one of the places of an endpoint; leave gives it back.
func (w *Webhooks) enter(endpoint uuid.UUID) (leave func(), free bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy == nil {
		w.busy = map[uuid.UUID]int{}
	}
	if w.busy[endpoint] >= endpointAtOnce {
		return nil, false
	}
	w.busy[endpoint]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.busy[endpoint]--; w.busy[endpoint] == 0 {
			delete(w.busy, endpoint)
		}
	}, true
}

// errGone is what nobody waits for any more.
var errGone = errors.New("webhook: it is gone")

// holdBoth locks an endpoint and then one of its deliveries, as all who lock
// both do; errGone.
func holdBoth(ctx context.Context, tx *store.Tx, delivery uuid.UUID) (*ent.WebhookEndpoint, *ent.WebhookDelivery, error) {
	d, err := tx.WebhookDelivery.Get(ctx, delivery)
	if err != nil {
		return nil, nil, goneOr(err)
	}
	e, err := tx.WebhookEndpoint.Query().Where(webhookendpoint.ID(d.EndpointID), tx.Locking()).Only(ctx)
	if err != nil {
		return nil, nil, goneOr(err)
	}
	if d, err = tx.WebhookDelivery.Query().Where(webhookdelivery.ID(delivery), tx.Locking()).Only(ctx); err != nil {
		return nil, nil, goneOr(err)
	}
	return e, d, nil
}

func goneOr(err error) error {
	if ent.IsNotFound(err) {
		return errGone
	}
	return err
}
