package desk

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/support"
)

// Update changes many tickets, each in a transaction of its own, and says what
// became of each. Faults of the whole: REQUIRED, TOO_MANY_ITEMS, INVALID_ID;
// FORBIDDEN. Refusals of one are in its Err: NOT_FOUND, OWN_TICKET,
// TICKET_MERGED and those of setTicketStatus and assignTicket.
func (q *Queue) Update(ctx context.Context, in UpdateTicketsInput) ([]Updated, error) {
	if err := may(ctx, "ticket", "write"); err != nil {
		return nil, err
	}
	switch {
	case len(in.TicketIds) == 0:
		return nil, fault.ErrRequired.At("input", "ticketIds")
	case len(in.TicketIds) > mostAtOnce:
		return nil, ErrTooManyItems.At("input", "ticketIds").With("limit", mostAtOnce)
	}
	ids := once(in.TicketIds)
	for i, id := range ids {
		if _, err := keyOf(id, ticketPrefix, at([]string{"input", "ticketIds"}, i)...); err != nil {
			return nil, err
		}
	}
	h, err := handingOf(in)
	if err != nil {
		return nil, err
	}
	done := make([]Updated, len(ids))
	for i, id := range ids {
		changed, err := q.updateOne(ctx, id.UUID, in, h)
		if err != nil && !refusal(err) {
			return nil, err
		}
		done[i] = Updated{TicketID: id, Changed: changed, Err: err}
	}
	return done, nil
}

func handingOf(in UpdateTicketsInput) (h handing, err error) {
	person, toPerson := in.AssigneeID.ValueOK()
	h.toPerson = toPerson
	if h.person, err = optionalKey(person, personPrefix, "input", "assigneeId"); err != nil {
		return h, err
	}
	h.toTeam = in.TeamID.IsSet()
	h.team, err = teamGiven(in.TeamID.ValueOK())
	return h, err
}

// refusal says whether a fault is of one ticket, and the others go on.
func refusal(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Refused, fault.Conflict, fault.NotFound:
		return true
	}
	return false
}

// updateOne changes one ticket and says whether anything did change.
func (q *Queue) updateOne(ctx context.Context, id uuid.UUID, in UpdateTicketsInput, h handing) (changed bool, err error) {
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		changed = false
		t, err := q.Tickets.LockIn(ctx, tx, id, "input", "ticketIds")
		if fault.KindOf(err) == fault.Forbidden { // staff may write any but their own
			return ErrOwnTicket.At("input", "ticketIds").Because(err)
		}
		if err != nil {
			return err
		}
		was := t.Revision
		if in.Status != nil || in.Reason != nil || in.SnoozedUntilAt != nil || in.Priority != nil {
			err := q.Tickets.SetIn(ctx, tx, t, support.SetTicketStatusInput{
				Status: in.Status, Reason: in.Reason, SnoozedUntilAt: in.SnoozedUntilAt, Priority: in.Priority,
			})
			if err != nil {
				return err
			}
		}
		if err := q.hand(ctx, tx, t, h); err != nil {
			return err
		}
		changed = t.Revision != was
		return nil
	})
	return changed && err == nil, err
}
