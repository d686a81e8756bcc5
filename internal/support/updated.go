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

// Updated follows one ticket on its own stream. The customer's side gets what
// is told to all; every event is shown through the fence as it stands then, and
// who may no longer see the ticket hears NOT_FOUND. Between the events come
// signals (typing.go). Faults at the start: INVALID_ID, NOT_FOUND,
// INVALID_CURSOR, CURSOR_EXPIRED.
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
	if staff && !viewer.From(ctx).IsSystem() { // security F8: nobody hears that something is said about him
		own, err := s.asCustomer(ctx, key)
		if err != nil {
			return nil, err
		}
		staff = !own
	}
	return live.FollowSignals(ctx, s.Streams, after, []uuid.UUID{key}, func(err error) { viewer.EndStream(ctx, err) },
		func(ctx context.Context, e event.Stored, cursor string) (*Update, error) {
			if e.Visibility != event.ToAll && !staff {
				return nil, nil
			}
			return s.update(ctx, e, cursor, staff)
		}, s.hears(viewer.From(ctx), staff, key))
}

// update is what an event is to the caller. A message that he does not see now
// comes without what it was: it was hidden or erased since, which the stream
// tells later. What is gone from him is named and not shown.
func (s *Tickets) update(ctx context.Context, e event.Stored, cursor string, staff bool) (*Update, error) {
	var f struct {
		MessageID *uuid.UUID
		Change    event.MessageChange
	}
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return nil, fmt.Errorf("support: read %s: %w", e.Kind, err)
	}
	u := &Update{Cursor: cursor, Kind: e.Kind}
	var err error
	if f.MessageID == nil {
		u.Ticket, err = s.byKey(ctx, e.StreamID)
		return u, err
	}
	if u.Ticket, u.Message, err = s.sharedRows(ctx, e.EventID, e.StreamID, *f.MessageID); err != nil {
		return nil, err
	}
	change := changeOf(f.Change, staff)
	if f.Change == event.MessageHidden && !staff {
		u.Message = nil
	}
	if u.Message == nil && change != TicketChangeRemoved {
		return u, nil
	}
	u.Change, u.MessageID = &change, &scalar.ID{Prefix: "msg", UUID: *f.MessageID}
	return u, nil
}

// changeOf says what a message's change is to a side; a fact without one is
// that the message was written.
func changeOf(c event.MessageChange, staff bool) TicketChange {
	switch {
	case c == "", c == event.MessageShown && !staff:
		return TicketChangeAdded
	case c == event.MessageRemoved, c == event.MessageHidden && !staff:
		return TicketChangeRemoved
	}
	return TicketChangeUpdated
}

// QueueChanged follows all tickets for staff, on the queue's own stream: one
// update for each fact about a ticket, with the ticket as it is then. Faults
// at the start: FORBIDDEN, INVALID_CURSOR, CURSOR_EXPIRED.
func (s *Tickets) QueueChanged(ctx context.Context, after *string) (<-chan *QueueUpdate, error) {
	if v := viewer.From(ctx); !v.Staff || v.Reach(resource, "read") != viewer.ReachAll {
		return nil, fault.ErrForbidden
	}
	return live.Follow(ctx, s.Streams, after, []uuid.UUID{store.StaffQueue}, func(err error) { viewer.EndStream(ctx, err) }, s.queued)
}

func (s *Tickets) queued(ctx context.Context, e event.Stored, cursor string) (*QueueUpdate, error) {
	var f event.TicketQueueChanged
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return nil, fmt.Errorf("support: read %s: %w", e.Kind, err)
	}
	u := &QueueUpdate{Cursor: cursor, Cause: f.Cause, Change: TicketChangeUpdated, TicketID: scalar.ID{Prefix: "tkt", UUID: f.TicketID}}
	if f.Cause == (event.TicketOpened{}).Kind() {
		u.Change = TicketChangeAdded
	}
	var err error
	if u.Ticket, err = s.byKey(ctx, f.TicketID); fault.KindOf(err) == fault.NotFound {
		u.Ticket, u.Change, err = nil, TicketChangeRemoved, nil
	}
	return u, err
}

// written re-reads a message and its ticket; there is no message where the
// caller does not see it (any more).
func (s *Tickets) written(ctx context.Context, of, id uuid.UUID) (*ent.TicketMessage, *ent.Ticket, error) {
	t, err := s.byKey(ctx, of)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.message(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil, t, nil
	}
	return m, t, err
}
