package clock

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Hearers tell the staff's queue that a ticket is late (the queue is one stream
// that all tickets share, so it is not told in the transaction of an act), and
// let the clock go on when the bot hands a ticket over, which moves no state.
func (c *Clocks) Hearers() []store.Hearer {
	return []store.Hearer{
		{Name: "clock.queue", Kinds: []string{event.TicketOverdue{}.Kind()}, On: c.OnTicketOverdue},
		{Name: "clock.bot", Kinds: []string{event.TicketChanged{}.Kind()}, On: c.OnTicketChanged},
	}
}

// OnTicketOverdue tells the queue.
func (c *Clocks) OnTicketOverdue(_ context.Context, tx *store.Tx, e event.Stored) error {
	var f event.TicketOverdue
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("clock: read %s: %w", e.Kind, err)
	}
	tx.Tell(event.TicketQueueChanged{TicketID: f.TicketID, Number: f.Number, Cause: e.Kind}, store.ToQueue())
	return nil
}

// OnTicketChanged looks at the clock again when the bot is done. Looking twice
// changes nothing.
func (c *Clocks) OnTicketChanged(ctx context.Context, tx *store.Tx, e event.Stored) error {
	var f event.TicketChanged
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("clock: read %s: %w", e.Kind, err)
	}
	if !slices.Contains(f.Changed, "bot") {
		return nil
	}
	ctx = viewer.AsSystem(ctx, "support.clock")
	t, err := held(ctx, tx, f.TicketID)
	if ent.IsNotFound(err) {
		return nil // erased since
	}
	if err != nil {
		return err
	}
	return c.advance(ctx, tx, t, support.ActMoved)
}

// held is a ticket under its row lock.
func held(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Ticket, error) {
	if err := tx.Lock(ctx, "tickets", "id", id); err != nil {
		return nil, err
	}
	return tx.Ticket.Query().Where(entticket.ID(id)).Only(ctx)
}
