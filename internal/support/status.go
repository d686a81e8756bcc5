package support

import (
	"slices"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
)

// stand is where a ticket stands, and why.
type stand struct {
	status ticket.Status
	reason ticket.StatusReason
	until  *time.Time // of SNOOZED, where a date is known
}

// fitting are the reasons of each state; the first is taken when staff give none.
var fitting = map[ticket.Status][]ticket.StatusReason{
	ticket.StatusOPEN:    {ticket.StatusReasonIN_PROGRESS, ticket.StatusReasonNEW, ticket.StatusReasonNEW_REPLY, ticket.StatusReasonREOPENED},
	ticket.StatusSNOOZED: {ticket.StatusReasonWAITING_FOR_CUSTOMER, ticket.StatusReasonWAITING_FOR_DATE},
	ticket.StatusCLOSED:  {ticket.StatusReasonRESOLVED, ticket.StatusReasonCLOSED_BY_CUSTOMER, ticket.StatusReasonDUPLICATE, ticket.StatusReasonSPAM},
}

// fits says whether a reason is one of a state's.
func fits(status ticket.Status, reason ticket.StatusReason) bool {
	return slices.Contains(fitting[status], reason)
}

// urgency is a priority as a number, for the queue's order.
var urgency = map[ticket.Priority]int{
	ticket.PriorityLOW: 0, ticket.PriorityNORMAL: 1, ticket.PriorityHIGH: 2, ticket.PriorityURGENT: 3,
}

func standOf(t *ent.Ticket) stand { return stand{t.Status, t.StatusReason, t.SnoozedUntilAt} }

func (a stand) equal(b stand) bool {
	return a.status == b.status && a.reason == b.reason && (a.until == nil) == (b.until == nil) && (a.until == nil || a.until.Equal(*b.until))
}

// afterCustomer is the stand after a customer's message: somebody should act.
func afterCustomer(now stand) stand {
	switch {
	case now.status == ticket.StatusCLOSED:
		return stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonREOPENED}
	case now.reason == ticket.StatusReasonNEW:
		return now // nobody has answered yet
	}
	return stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonNEW_REPLY}
}

// afterStaff is the stand after an answer of staff.
func afterStaff() stand {
	return stand{status: ticket.StatusSNOOZED, reason: ticket.StatusReasonWAITING_FOR_CUSTOMER}
}

// orCall is afterStaff, but for the call that is still to come: that is waited
// for, whatever was written before it.
func orCall(t *ent.Ticket, now time.Time) stand {
	if t.CallbackAt == nil || !t.CallbackAt.After(now) {
		return afterStaff()
	}
	return stand{status: ticket.StatusSNOOZED, reason: ticket.StatusReasonWAITING_FOR_DATE, until: t.CallbackAt}
}

// checkStand is the stand that staff ask for. Faults: REQUIRED and
// INVALID_VALUE at reason and snoozedUntilAt.
func checkStand(was stand, in SetTicketStatusInput, now time.Time) (stand, error) {
	next := was
	if in.Status != nil && *in.Status != was.status {
		next = stand{status: *in.Status, reason: fitting[*in.Status][0]}
		if next.status == ticket.StatusOPEN && was.status == ticket.StatusCLOSED {
			next.reason = ticket.StatusReasonREOPENED
		}
	}
	if in.SnoozedUntilAt != nil {
		switch {
		case next.status != ticket.StatusSNOOZED, !in.SnoozedUntilAt.After(now):
			return was, fault.ErrInvalidValue.At("input", "snoozedUntilAt")
		case in.Reason == nil && next.status != was.status:
			next.reason = ticket.StatusReasonWAITING_FOR_DATE
		}
		until := in.SnoozedUntilAt.UTC().Truncate(time.Microsecond)
		next.until = &until
	}
	if in.Reason != nil {
		if !slices.Contains(fitting[next.status], *in.Reason) {
			return was, fault.ErrInvalidValue.At("input", "reason").With("status", string(next.status))
		}
		next.reason = *in.Reason
	}
	if next.reason == ticket.StatusReasonWAITING_FOR_DATE && next.until == nil {
		return was, fault.ErrRequired.At("input", "snoozedUntilAt")
	}
	return next, nil
}

// actions are what a side may do with a ticket; each would work.
func actions(status ticket.Status, staff bool) []TicketAction {
	switch {
	case status != ticket.StatusCLOSED:
		return []TicketAction{TicketActionReply, TicketActionClose}
	case staff:
		return []TicketAction{TicketActionReopen}
	}
	return []TicketAction{TicketActionReply, TicketActionReopen}
}
