package support

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Update is a message of ticketUpdated.
type Update struct {
	Cursor  string
	Kind    string
	Ticket  *ent.Ticket
	Message *ent.TicketMessage
}

// Updated follows one ticket on its own stream. The customer's side gets what
// is told to all; every event is shown through the fence as it stands then, and
// who may no longer see the ticket hears NOT_FOUND. Faults at the start:
// INVALID_ID, NOT_FOUND, INVALID_CURSOR, CURSOR_EXPIRED.
func (s *Tickets) Updated(ctx context.Context, id scalar.ID, after *string) (<-chan *Update, error) {
	key, err := keyOf(id, "tkt", "ticketId")
	if err != nil {
		return nil, err
	}
	t, err := s.Store.Client.Ticket.Query().Where(entticket.ID(key)).Select(entticket.FieldOwnerID, entticket.FieldUserID).Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	staff := onStaffSide(viewer.From(ctx), t)
	return live.Follow(ctx, s.Streams, after, []uuid.UUID{key}, func(err error) { viewer.EndStream(ctx, err) },
		func(ctx context.Context, e event.Stored, cursor string) (*Update, error) {
			if e.Visibility != event.ToAll && !staff {
				return nil, nil
			}
			return s.update(ctx, e, cursor)
		})
}

func (s *Tickets) update(ctx context.Context, e event.Stored, cursor string) (*Update, error) {
	var f struct{ MessageID *uuid.UUID }
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return nil, fmt.Errorf("support: read %s: %w", e.Kind, err)
	}
	u := &Update{Cursor: cursor, Kind: e.Kind}
	var err error
	if u.Ticket, err = s.byKey(ctx, e.StreamID); err != nil {
		return nil, err
	}
	if f.MessageID == nil {
		return u, nil
	}
	u.Message, err = s.message(ctx, *f.MessageID)
	if fault.KindOf(err) == fault.NotFound {
		return u, nil // erased since
	}
	return u, err
}
