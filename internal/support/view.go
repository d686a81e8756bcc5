package support

import ent "kabinet/ent/generated"

// Update is a message of ticketUpdated.
type Update struct {
	Cursor  string
	Kind    string
	Ticket  *ent.Ticket
	Message *ent.TicketMessage
}
