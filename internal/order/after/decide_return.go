package after

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// DecideReturn allows a return, in whole or in part, or refuses it. Staff only;
// it is put on record. Faults: ILLEGAL_TRANSITION, REQUIRED of the reason,
// INVALID_VALUE where nothing is allowed or a refusal says of what,
// OUT_OF_RANGE, DUPLICATE_KEY, NOT_FOUND, INVALID_ID, STALE_OBJECT, those of
// texts and idempotency keys; UNAUTHENTICATED, FORBIDDEN.
func (s *Acts) DecideReturn(ctx context.Context, in DecideReturnInput) (Returned, error) {
	if err := staff(ctx); err != nil {
		return Returned{}, err
	}
	if err := checkDecide(in); err != nil {
		return Returned{}, err
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	return s.once(ctx, "decideReturn", in.IdempotencyKey, in.DryRun, bare, func(ctx context.Context, tx *store.Tx) (*ent.ReturnRequest, *ent.Order, error) {
		return s.decide(ctx, tx, in)
	})
}

func checkDecide(in DecideReturnInput) error {
	rejects := in.Decision == ReturnDecisionReject
	switch {
	case len(in.Lines) > maxReturnLines:
		return fault.ErrTooLong.With("limit", maxReturnLines).At("input", "lines")
	case rejects && len(in.Lines) > 0:
		return fault.ErrInvalidValue.At("input", "lines")
	case rejects && in.LabelURL != nil:
		return fault.ErrInvalidValue.At("input", "labelUrl")
	case rejects && in.ReasonID == nil:
		return fault.ErrRequired.At("input", "reasonId")
	}
	return firstError(checkText(in.Note, maxNote, "input", "note"), checkText(in.LabelURL, 2048, "input", "labelUrl"))
}

func (s *Acts) decide(ctx context.Context, tx *store.Tx, in DecideReturnInput) (*ent.ReturnRequest, *ent.Order, error) {
	r, o, err := heldReturn(ctx, tx, in.ReturnID, in.Revision)
	if err != nil {
		return nil, nil, err
	}
	from, to := r.Status, returnrequest.StatusAPPROVED
	if in.Decision == ReturnDecisionReject {
		to = returnrequest.StatusREJECTED
	}
	if from != returnrequest.StatusREQUESTED { // what was decided is not decided anew
		to = returnrequest.StatusREQUESTED
	}
	if err := checkStep(from, to); err != nil {
		return nil, nil, err
	}
	lines, partial := r.Lines, false
	if to == returnrequest.StatusAPPROVED {
		if lines, partial, err = approved(r, in.Lines); err != nil {
			return nil, nil, err
		}
	}
	if partial && in.ReasonID == nil {
		return nil, nil, fault.ErrRequired.At("input", "reasonId")
	}
	var why *schema.ReturnReason
	if in.ReasonID != nil {
		chosenOne, err := reasonIn(ctx, tx, *in.ReasonID, ReasonKindRefuse, "input", "reasonId")
		if err != nil {
			return nil, nil, err
		}
		why = chosen(chosenOne)
	}
	r, err = stored(ctx, tx, r, func(u *ent.ReturnRequestUpdate) {
		u.SetStatus(to).SetLines(lines).SetAmountMinor(sum(lines, amountOf)).SetFeeMinor(sum(lines, feeOf)).SetDecidedAt(tx.Now).
			SetNillableDecidedByID(viewer.From(ctx).Actor()).SetNillableDecisionNote(in.Note).SetNillableLabelURL(in.LabelURL)
		if why != nil {
			u.SetRejectReason(why)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	return r, o, s.told(ctx, tx, o, r, from, partial, "return.decide")
}

// approved are the lines of a return with what is allowed of each, and whether
// that is less than was asked for.
func approved(r *ent.ReturnRequest, in []*DecidedReturnLineInput) ([]schema.ReturnLine, bool, error) {
	all := make([]said, len(in))
	for i, l := range in {
		all[i] = said{l.OrderLineID, l.Quantity}
	}
	n, err := quantities(all, limits(r), lineField)
	if err != nil {
		return nil, false, err
	}
	lines, partial, any := make([]schema.ReturnLine, len(r.Lines)), false, false
	for i, l := range r.Lines {
		quantity := l.Quantity
		if l.OrderLineID != nil {
			if less, named := n[*l.OrderLineID]; named {
				quantity = less
			}
			l = rescaled(l, quantity)
		}
		l.Approved = &quantity
		lines[i], partial, any = l, partial || quantity < l.Quantity, any || quantity > 0
	}
	if !any { // that is a refusal, and says why
		return nil, false, fault.ErrInvalidValue.At("input", "lines")
	}
	return lines, partial, nil
}

// limits is how many units count of each line of a return now.
func limits(r *ent.ReturnRequest) map[uuid.UUID]int64 {
	most := map[uuid.UUID]int64{}
	for _, l := range r.Lines {
		if l.OrderLineID != nil {
			most[*l.OrderLineID] = counted(l)
		}
	}
	return most
}

func lineField(i int, field string) []string {
	return []string{"input", "lines", strconv.Itoa(i), field}
}
