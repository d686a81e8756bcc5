package support

import (
	"io"

	"kabinet/internal/scalar"
)

// TicketAction is what may be done with a ticket.
type TicketAction string

// The values of TicketAction.
const (
	TicketActionReply  TicketAction = "REPLY"  // replyToTicket would work
	TicketActionClose  TicketAction = "CLOSE"  // closeTicket would work
	TicketActionReopen TicketAction = "REOPEN" // reopenTicket would work
)

// MarshalGQL writes the value.
func (e TicketAction) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TicketAction) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, TicketActionReply, TicketActionClose, TicketActionReopen)
	return err
}
