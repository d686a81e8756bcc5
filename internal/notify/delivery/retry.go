package delivery

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Retry sends a message again, with as many tries as a new one. What is queued
// already stays so.
//
// Faults: INVALID_ID, NOT_FOUND, DELIVERY_NOT_RETRYABLE; UNAUTHENTICATED, FORBIDDEN.
func (d *Deliveries) Retry(ctx context.Context, in RetryDeliveryInput) (*ent.Delivery, error) {
	var queued *ent.Delivery
	err := d.change(ctx, in.ID, func(ctx context.Context, tx *store.Tx, row *ent.Delivery) error {
		switch row.Status {
		case entdelivery.StatusQUEUED:
			queued = row
			return nil
		case entdelivery.StatusDEAD, entdelivery.StatusFAILED, entdelivery.StatusSKIPPED:
		default:
			return ErrNotRetryable.At("input", "id").With("status", string(row.Status))
		}
		if err := again(ctx, tx, []*ent.Delivery{row}); err != nil {
			return err
		}
		if err := tx.Audit(ctx, "delivery.retry", row.UserID, row.GlobalID(), map[string]any{"from": string(row.Status), "channel": string(row.Channel)}); err != nil {
			return err
		}
		var err error
		queued, err = tx.Delivery.Get(ctx, row.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return queued.Unwrap(), nil // as it was then: it may be sent by now
}

// change holds a message for a member of staff who may change it.
func (d *Deliveries) change(ctx context.Context, of scalar.ID, do func(context.Context, *store.Tx, *ent.Delivery) error) error {
	if err := needStaff(ctx, "write"); err != nil {
		return err
	}
	id, err := of.As(prefix)
	if err != nil {
		return fault.ErrInvalidID.At("input", "id")
	}
	return d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Delivery.Query().Where(entdelivery.ID(id), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "id")
		}
		if err != nil {
			return err
		}
		return do(ctx, tx, row)
	})
}

// again begins a new round of messages. Those that went with another go with it
// again: they wait for whichever of them is sent first.
func again(ctx context.Context, tx *store.Tx, rows []*ent.Delivery) error {
	var alone []uuid.UUID
	var jobs []river.InsertManyParams
	for _, r := range rows {
		if r.SentWithID != nil && r.DigestKey != nil {
			continue
		}
		alone = append(alone, r.ID)
		jobs = append(jobs, river.InsertManyParams{Args: deliverOf(r, r.Round+1)})
	}
	fresh := tx.Delivery.Update().Where(entdelivery.IDIn(alone...)).SetStatus(entdelivery.StatusQUEUED).ClearStatusReason().SetDueAt(tx.Now).
		ClearSentAt().ClearDeliveredAt().ClearProvider().ClearProviderRef().ClearAskedAt().SetTries(0).AddRound(1)
	if err := fresh.Exec(ctx); err != nil {
		return err
	}
	with := tx.Delivery.Update().Where(entdelivery.DigestKeyNotNil(), entdelivery.Or(entdelivery.SentWithIDIn(alone...), entdelivery.And(entdelivery.IDIn(ids(rows)...), entdelivery.SentWithIDNotNil())),
		entdelivery.StatusIn(entdelivery.StatusDEAD, entdelivery.StatusSKIPPED, entdelivery.StatusHELD)).
		SetStatus(entdelivery.StatusHELD).SetStatusReason(entdelivery.StatusReasonDIGEST).SetDueAt(tx.Now).ClearSentWithID().ClearSentAt().ClearProvider().SetTries(0).AddRound(1)
	if err := with.Exec(ctx); err != nil {
		return err
	}
	return job.EnqueueAll(ctx, tx, jobs)
}

// Retried is how many messages are sent again, and whether there are more of
// them; nil of a refusal.
type Retried struct {
	Retried *int
	More    *bool
}

// RetryAll sends what was given up again, the oldest first.
//
// Faults: INVALID_ID, TOO_LONG, OUT_OF_RANGE; UNAUTHENTICATED, FORBIDDEN.
func (d *Deliveries) RetryAll(ctx context.Context, in RetryDeliveriesInput) (Retried, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return Retried{}, err
	}
	limit := mostRetried
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > mostRetried {
		return Retried{}, fault.ErrOutOfRange.At("input", "limit").With("min", 1).With("max", mostRetried)
	}
	var retried int
	var more bool
	err := d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		retried, more = 0, false
		q := tx.Delivery.Query().Where(entdelivery.StatusEQ(entdelivery.StatusDEAD), tx.Locking())
		if err := in.Filter.narrow(q, "input", "filter"); err != nil {
			return err
		}
		rows, err := q.Order(entdelivery.ByID()).Limit(limit + 1).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		if more = len(rows) > limit; more {
			rows = rows[:limit]
		}
		if err := again(ctx, tx, rows); err != nil {
			return err
		}
		retried = len(rows)
		return tx.Audit(ctx, "delivery.retry_all", viewer.House, scalar.ID{}, map[string]any{"retried": retried})
	})
	if err != nil {
		return Retried{}, err
	}
	return Retried{&retried, &more}, nil
}

// beingAsked says whether a provider is being asked just now to take a message,
// or the one that it goes with: nobody can take that back.
func beingAsked(ctx context.Context, tx *store.Tx, row *ent.Delivery) (bool, error) {
	if row.SentWithID != nil && row.Status == entdelivery.StatusHELD {
		leads, err := tx.Delivery.Query().Where(entdelivery.ID(*row.SentWithID), entdelivery.UserID(row.UserID), tx.Locking()).Only(ctx)
		if err != nil {
			return false, ent.MaskNotFound(err)
		}
		row = leads
	}
	return underWay(row, tx.Now) > 0, nil
}

// Cancel ends a message that was not sent yet; one that others were to go with
// leaves them to another.
//
// Faults: INVALID_ID, NOT_FOUND, DELIVERY_NOT_WAITING; UNAUTHENTICATED, FORBIDDEN.
func (d *Deliveries) Cancel(ctx context.Context, in CancelDeliveryInput) (*ent.Delivery, error) {
	var ended *ent.Delivery
	err := d.change(ctx, in.ID, func(ctx context.Context, tx *store.Tx, row *ent.Delivery) error {
		if row.Status == entdelivery.StatusSKIPPED && row.StatusReason != nil && *row.StatusReason == entdelivery.StatusReasonCANCELLED {
			ended = row
			return nil
		}
		asked, err := beingAsked(ctx, tx, row)
		if err != nil {
			return err
		}
		if asked || !stillWaits(row.Status) {
			return ErrNotWaiting.At("input", "id").With("status", string(row.Status))
		}
		if err := disband(ctx, tx, row); err != nil {
			return err
		}
		if ended, err = row.Update().SetStatus(entdelivery.StatusSKIPPED).SetStatusReason(entdelivery.StatusReasonCANCELLED).ClearDueAt().ClearSentWithID().Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "delivery.cancel", row.UserID, row.GlobalID(), map[string]any{"from": string(row.Status), "channel": string(row.Channel)})
	})
	if err != nil {
		return nil, err
	}
	return ended.Unwrap(), nil
}
