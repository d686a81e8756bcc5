package broadcast

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entbroadcast "kabinet/ent/generated/broadcast"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// longestWait is how far ahead a broadcast can be planned.
const longestWait = 366 * 24 * time.Hour

// Start begins a draft, now or at a time, if its audience is as somebody saw
// it. From then on it has its filter for itself. Faults: INVALID_ID, NOT_FOUND,
// STALE_OBJECT, OUT_OF_RANGE, INVALID_VALUE, ILLEGAL_TRANSITION, SEGMENT_CYCLE,
// AUDIENCE_CHANGED; UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) Start(ctx context.Context, in StartBroadcastInput) (*ent.Broadcast, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := keyOf(in.ID, broadcastPrefix, "input", "id")
	if err != nil {
		return nil, err
	}
	tolerance := 0
	if in.Tolerance != nil {
		tolerance = *in.Tolerance
	}
	if err := within(&in.ExpectedTotal, 0, maxInt32, "input", "expectedTotal"); err != nil {
		return nil, err
	}
	if err := within(&tolerance, 0, maxInt32, "input", "tolerance"); err != nil {
		return nil, err
	}
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return b.start(ctx, tx, id, in, tolerance) })
	if err != nil {
		return nil, err
	}
	return b.one(ctx, id)
}

const maxInt32 = 1<<31 - 1

func (b *Broadcasts) start(ctx context.Context, tx *store.Tx, id uuid.UUID, in StartBroadcastInput, tolerance int) error {
	one, err := hold(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := needRevision(one.Revision, &in.Revision); err != nil {
		return err
	}
	if one.Status != entbroadcast.StatusDRAFT {
		return transition(one.Status, entbroadcast.StatusRUNNING)
	}
	if in.StartsAt != nil && in.StartsAt.Sub(tx.Now) > longestWait {
		return fault.ErrInvalidValue.At("input", "startsAt")
	}
	setting, err := b.sent(ctx, tx.Client, one.Type)
	if err != nil {
		return under(err, "input", "id")
	}
	if !setting.Active {
		return fault.ErrInvalidValue.At("input", "id", "type").With("value", one.Type)
	}
	filter, err := b.frozen(ctx, tx, one)
	if err != nil {
		return under(err, "input", "id")
	}
	w, err := compile(b.Store.Dialect(), filter, tx.Now)
	if err != nil {
		return err
	}
	total, err := count(ctx, tx, w)
	if err != nil {
		return err
	}
	if d := total - in.ExpectedTotal; d > tolerance || -d > tolerance {
		return ErrAudienceChanged.At("input", "expectedTotal").With("expected", in.ExpectedTotal).With("actual", total)
	}
	u := one.Update().AddRevision(1).SetFilter(filter).SetSavedByID(viewer.From(ctx).UserID)
	if in.StartsAt != nil && in.StartsAt.After(tx.Now) {
		u.SetStatus(entbroadcast.StatusSCHEDULED).SetStartsAt(*in.StartsAt)
	} else {
		u.SetStatus(entbroadcast.StatusRUNNING).SetStartsAt(tx.Now).SetBeganAt(tx.Now).SetTotal(total)
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	return tx.Audit(ctx, "messaging.start_broadcast", viewer.House, one.GlobalID(), map[string]any{"total": total, "startsAt": in.StartsAt})
}

// frozen is the filter that a broadcast begins with: of its segment as it is
// now, with the filters of those that are left out.
func (b *Broadcasts) frozen(ctx context.Context, tx *store.Tx, one *ent.Broadcast) (schema.SegmentFilter, error) {
	f, of := one.Filter, uuid.Nil
	if one.SegmentID != nil {
		s, err := tx.Segment.Get(ctx, *one.SegmentID)
		if err != nil {
			return f, store.Translate(err)
		}
		f, of = s.Filter, s.ID
	}
	return resolve(ctx, tx.Client, f, of)
}

// Pause holds a broadcast that runs or waits: the lot at work is the last one.
// Faults: INVALID_ID, NOT_FOUND, ILLEGAL_TRANSITION; UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) Pause(ctx context.Context, in PauseBroadcastInput) (*ent.Broadcast, error) {
	return b.move(ctx, in.ID, "messaging.pause_broadcast", func(one *ent.Broadcast) (entbroadcast.Status, bool) {
		return entbroadcast.StatusPAUSED, one.Status == entbroadcast.StatusRUNNING || one.Status == entbroadcast.StatusSCHEDULED
	})
}

// Resume lets a broadcast that is held go on where it stopped. Faults: as Pause.
func (b *Broadcasts) Resume(ctx context.Context, in ResumeBroadcastInput) (*ent.Broadcast, error) {
	return b.move(ctx, in.ID, "messaging.resume_broadcast", func(one *ent.Broadcast) (entbroadcast.Status, bool) {
		if one.BeganAt == nil {
			return entbroadcast.StatusSCHEDULED, one.Status == entbroadcast.StatusPAUSED
		}
		return entbroadcast.StatusRUNNING, one.Status == entbroadcast.StatusPAUSED
	})
}

// Cancel ends a broadcast for good. Faults: as Pause.
func (b *Broadcasts) Cancel(ctx context.Context, in CancelBroadcastInput) (*ent.Broadcast, error) {
	return b.move(ctx, in.ID, "messaging.cancel_broadcast", func(one *ent.Broadcast) (entbroadcast.Status, bool) {
		return entbroadcast.StatusCANCELLED, one.Status != entbroadcast.StatusDONE && one.Status != entbroadcast.StatusCANCELLED
	})
}

func (b *Broadcasts) move(ctx context.Context, id scalar.ID, act string, to func(*ent.Broadcast) (entbroadcast.Status, bool)) (*ent.Broadcast, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	key, err := keyOf(id, broadcastPrefix, "input", "id")
	if err != nil {
		return nil, err
	}
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		one, err := hold(ctx, tx, key)
		if err != nil {
			return err
		}
		status, may := to(one)
		if !may {
			return transition(one.Status, status)
		}
		u := one.Update().AddRevision(1).SetStatus(status)
		if status == entbroadcast.StatusCANCELLED {
			u.SetEndedAt(tx.Now)
		}
		if err := u.Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, act, viewer.House, id, map[string]any{"from": string(one.Status), "done": one.Done})
	})
	if err != nil {
		return nil, err
	}
	return b.one(ctx, key)
}
