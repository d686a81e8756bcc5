package support

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// How long what was read for an event is shown to those who are woken by it,
// and how long it may take to read it.
const (
	sharing = time.Second
	reading = 10 * time.Second
)

// shared is what an event is about: read once for all who follow, whatever
// each of them may see of it.
type shared struct {
	done    chan struct{}
	ticket  *ent.Ticket
	message *ent.TicketMessage // nil: there is none (any more)
	err     error
}

// sharings are the events of this moment.
type sharings struct {
	mu sync.Mutex
	of map[uuid.UUID]*shared
}

// at gives what is shared of an event, and whether the caller is the first, who
// must read it.
func (s *sharings) at(event uuid.UUID) (one *shared, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one = s.of[event]; one != nil {
		return one, false
	}
	if s.of == nil {
		s.of = map[uuid.UUID]*shared{}
	}
	one = &shared{done: make(chan struct{})}
	s.of[event] = one
	time.AfterFunc(sharing, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.of, event)
	})
	return one, true
}

// sharedRows are copies of the ticket and the message of an event, as they are
// now. Whether the caller sees them is asked after they were read: of the
// message, whose fence is that of its ticket, and of the ticket where he does
// not see the message. message is nil where he does not. Fault: NOT_FOUND of
// the ticket.
func (s *Tickets) sharedRows(ctx context.Context, event, ticket, message uuid.UUID) (*ent.Ticket, *ent.TicketMessage, error) {
	one, first := s.shared.at(event)
	if first {
		one.read(ctx, s.Store.Client, ticket, message)
	}
	select {
	case <-one.done:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if one.err != nil { // another's bad luck is nobody else's
		m, t, err := s.written(ctx, ticket, message)
		return t, m, err
	}
	t := *one.ticket
	if one.message != nil {
		now, err := s.Store.Client.TicketMessage.Query().Where(ticketmessage.ID(message)).
			Select(ticketmessage.FieldRemovedAt, ticketmessage.FieldEditedAt).Only(ctx)
		switch {
		case err == nil && same(now.RemovedAt, one.message.RemovedAt) && same(now.EditedAt, one.message.EditedAt):
			m := *one.message
			return &t, &m, nil
		case err == nil: // changed since
			m, err := s.message(ctx, message)
			return &t, m, err
		case !ent.IsNotFound(err):
			return nil, nil, store.Translate(err)
		}
	}
	sees, err := s.Store.Client.Ticket.Query().Where(entticket.ID(ticket)).Exist(ctx)
	if err == nil && !sees {
		return nil, nil, fault.ErrNotFound
	}
	return &t, nil, store.Translate(err)
}

func same(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func (o *shared) read(ctx context.Context, c *ent.Client, ticket, message uuid.UUID) {
	defer close(o.done)
	ctx, cancel := context.WithTimeout(viewer.AsSystem(context.WithoutCancel(ctx), "support.updated"), reading)
	defer cancel()
	if o.ticket, o.err = c.Ticket.Get(ctx, ticket); o.err != nil {
		return
	}
	o.message, o.err = c.TicketMessage.Get(ctx, message)
	if ent.IsNotFound(o.err) {
		o.message, o.err = nil, nil
	}
}
