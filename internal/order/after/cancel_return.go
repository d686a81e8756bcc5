package after

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// CancelReturn takes a return back whose goods were not sent. Faults:
// ILLEGAL_TRANSITION, NOT_FOUND, INVALID_ID, those of idempotency keys.
func (s *Acts) CancelReturn(ctx context.Context, in CancelReturnInput) (Returned, error) {
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	return s.once(ctx, "cancelReturn", in.IdempotencyKey, in.DryRun, bare, func(ctx context.Context, tx *store.Tx) (*ent.ReturnRequest, *ent.Order, error) {
		return s.step(ctx, tx, in.ReturnID, returnrequest.StatusCANCELLED, "return.cancel", func(*ent.ReturnRequestUpdate) {})
	})
}

// SendReturn says that the goods of an approved return are on their way.
// Faults: ILLEGAL_TRANSITION, NOT_FOUND, INVALID_ID, those of texts and
// idempotency keys.
func (s *Acts) SendReturn(ctx context.Context, in SendReturnInput) (Returned, error) {
	if err := firstError(checkText(in.Carrier, maxCarrier, "input", "carrier"), checkText(in.TrackingNumber, maxCarrier, "input", "trackingNumber")); err != nil {
		return Returned{}, err
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	return s.once(ctx, "sendReturn", in.IdempotencyKey, in.DryRun, bare, func(ctx context.Context, tx *store.Tx) (*ent.ReturnRequest, *ent.Order, error) {
		return s.step(ctx, tx, in.ReturnID, returnrequest.StatusIN_TRANSIT, "return.send", func(u *ent.ReturnRequestUpdate) {
			u.SetNillableCarrier(in.Carrier).SetNillableTrackingNumber(in.TrackingNumber)
		})
	})
}

// step moves a return on, with nothing more to it than what change says.
func (s *Acts) step(ctx context.Context, tx *store.Tx, id scalar.ID, to returnrequest.Status, act string, change func(*ent.ReturnRequestUpdate)) (*ent.ReturnRequest, *ent.Order, error) {
	r, o, err := heldReturn(ctx, tx, id, nil)
	if err != nil {
		return nil, nil, err
	}
	from := r.Status
	if err := checkStep(from, to); err != nil {
		return nil, nil, err
	}
	r, err = stored(ctx, tx, r, func(u *ent.ReturnRequestUpdate) { change(u.SetStatus(to)) })
	if err != nil {
		return nil, nil, err
	}
	return r, o, s.told(ctx, tx, o, r, from, false, act)
}
