package support

import (
	"context"
	"encoding/json"
	"fmt"

	"kabinet/internal/event"
	"kabinet/internal/store"
)

// Hearers tell the staff's queue what happened to tickets. The queue is one
// stream that all tickets share: raising its counter in a customer's
// transaction would make every customer wait for every other.
func (s *Tickets) Hearers() []store.Hearer {
	return []store.Hearer{{
		Name: "support.queue",
		Kinds: []string{
			event.TicketOpened{}.Kind(), event.TicketReplied{}.Kind(), event.TicketChanged{}.Kind(), event.TicketMessageChanged{}.Kind(),
		},
		On: s.OnTicket,
	}}
}

// OnTicket tells the queue of a fact about a ticket. The queue's fact is of
// another kind, or its telling would be heard again.
func (s *Tickets) OnTicket(_ context.Context, tx *store.Tx, e event.Stored) error {
	var f struct {
		Number, Status, Reason string
	}
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("support: read %s: %w", e.Kind, err)
	}
	tx.Tell(event.TicketQueueChanged{TicketID: e.SubjectID, Number: f.Number, Cause: e.Kind, Status: f.Status, Reason: f.Reason}, store.ToQueue())
	return nil
}
