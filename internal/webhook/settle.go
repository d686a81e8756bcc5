package webhook

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/webhookdelivery"
	"kabinet/ent/generated/webhookendpoint"
	"kabinet/ent/schema"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// settle writes down what became of a try, of the delivery and of its endpoint,
// and puts the next try into the queue.
func (w *Webhooks) settle(ctx context.Context, tx *store.Tx, args deliver, o outcome) error {
	e, d, err := holdBoth(ctx, tx, args.Delivery)
	switch {
	case errors.Is(err, errGone):
		return nil
	case err != nil:
		return err
	case d.Round != args.Round || !isDue(d):
		return nil
	case o.roleEnded:
		if err := pauseEndpoint(ctx, tx, e, webhookendpoint.StatusReasonROLE_ENDED); err != nil {
			return err
		}
		return d.Update().SetStatus(webhookdelivery.StatusHELD).ClearDueAt().Exec(ctx)
	case o.attempt == nil:
		return park(ctx, tx, args, e, d)
	}
	u := d.Update().SetAttempts(kept(append(d.Attempts, *o.attempt)))
	if o.attempt.Failure == nil {
		if err := u.SetStatus(webhookdelivery.StatusDELIVERED).SetDeliveredAt(tx.Now).ClearDueAt().Exec(ctx); err != nil || d.Test {
			return err
		}
		return e.Update().SetFailures(0).ClearFailingSinceAt().SetLastOkAt(tx.Now).Exec(ctx)
	}
	gone := o.attempt.ResponseStatus != nil && *o.attempt.ResponseStatus == statusGone
	wait, again := pause(args.Try, rand.Float64(), o.asked)
	if again = again && !gone && !d.Test; again {
		// The queue's clock is the machine's, that of rows the store's.
		next := deliver{Delivery: d.ID, Round: d.Round, Try: args.Try + 1}
		if err := job.Enqueue(ctx, tx, next, &river.InsertOpts{Queue: Queue, ScheduledAt: time.Now().Add(wait)}); err != nil {
			return err
		}
		u.SetStatus(webhookdelivery.StatusFAILED).SetDueAt(tx.Now.Add(wait))
	} else {
		u.SetStatus(webhookdelivery.StatusDEAD).ClearDueAt()
	}
	if err := u.Exec(ctx); err != nil || d.Test {
		return err
	}
	return failed(ctx, tx, e, gone)
}

// park is for what is not tried now: the endpoint is not sent to, or not such
// events.
func park(ctx context.Context, tx *store.Tx, args deliver, e *ent.WebhookEndpoint, d *ent.WebhookDelivery) error {
	switch {
	case wanted(e, d): // since a moment ago
		return job.Enqueue(ctx, tx, args, nil)
	case e.Status == webhookendpoint.StatusPAUSED:
		return d.Update().SetStatus(webhookdelivery.StatusHELD).ClearDueAt().Exec(ctx)
	}
	return d.Update().SetStatus(webhookdelivery.StatusSKIPPED).ClearDueAt().Exec(ctx)
}

func kept(all []schema.WebhookAttempt) []schema.WebhookAttempt {
	return all[max(len(all)-keptAttempts, 0):]
}

// failed counts a failure of an endpoint, and pauses it after too many; one
// that says that nobody is there any more is switched off.
func failed(ctx context.Context, tx *store.Tx, e *ent.WebhookEndpoint, gone bool) error {
	since := tx.Now
	if e.FailingSinceAt != nil {
		since = *e.FailingSinceAt
	}
	n := e.Failures + 1
	if err := e.Update().SetFailures(n).SetFailingSinceAt(since).Exec(ctx); err != nil {
		return err
	}
	switch {
	case gone && e.Status != webhookendpoint.StatusDISABLED:
		if err := e.Update().AddRevision(1).SetStatus(webhookendpoint.StatusDISABLED).SetStatusReason(webhookendpoint.StatusReasonGONE).Exec(ctx); err != nil {
			return err
		}
		if err := skipHeld(ctx, tx, e.ID); err != nil {
			return err
		}
		return tx.Audit(ctx, "webhook.disable", viewer.House, e.GlobalID(), map[string]any{"reason": string(webhookendpoint.StatusReasonGONE)})
	case pausesNow(n, since, tx.Now):
		return pauseEndpoint(ctx, tx, e, webhookendpoint.StatusReasonREPEATED_FAILURE)
	}
	return nil
}

// pauseEndpoint pauses one that is sent to.
func pauseEndpoint(ctx context.Context, tx *store.Tx, e *ent.WebhookEndpoint, reason webhookendpoint.StatusReason) error {
	if e.Status != webhookendpoint.StatusACTIVE {
		return nil
	}
	if err := e.Update().AddRevision(1).SetStatus(webhookendpoint.StatusPAUSED).SetStatusReason(reason).Exec(ctx); err != nil {
		return err
	}
	return tx.Audit(ctx, "webhook.pause", viewer.House, e.GlobalID(), map[string]any{"reason": string(reason), "failures": e.Failures})
}

// releaseAtOnce is how many held deliveries go in one transaction.
const releaseAtOnce = 200

// release sends what was held, oldest first, while its endpoint is sent to.
func (w *Webhooks) release(ctx context.Context, j *river.Job[release]) error {
	ctx = asSystem(ctx)
	return w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, err := tx.WebhookEndpoint.Query().Where(webhookendpoint.ID(j.Args.Endpoint), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) || err == nil && e.Status != webhookendpoint.StatusACTIVE {
			return job.Complete(ctx, tx, j)
		}
		if err != nil {
			return err
		}
		held, err := tx.WebhookDelivery.Query().Where(webhookdelivery.EndpointID(e.ID), webhookdelivery.StatusEQ(webhookdelivery.StatusHELD)).
			Order(webhookdelivery.ByID()).Limit(releaseAtOnce).All(ctx)
		if err != nil {
			return err
		}
		for _, d := range held {
			if _, err := requeue(ctx, tx, d); err != nil {
				return err
			}
		}
		if len(held) == releaseAtOnce {
			if err := job.Enqueue(ctx, tx, j.Args, nil); err != nil {
				return err
			}
		}
		return job.Complete(ctx, tx, j)
	})
}

// requeue begins a new round of a delivery.
func requeue(ctx context.Context, tx *store.Tx, d *ent.WebhookDelivery) (*ent.WebhookDelivery, error) {
	d, err := d.Update().SetStatus(webhookdelivery.StatusQUEUED).SetDueAt(tx.Now).ClearDeliveredAt().AddRound(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	return d, job.Enqueue(ctx, tx, deliver{Delivery: d.ID, Round: d.Round, Try: 1}, nil)
}
