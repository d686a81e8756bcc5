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
	once    sync.Once
	ticket  *ent.Ticket
	message *ent.TicketMessage // nil: there is none (any more)
	err     error
}

// sharings are the events of this moment.
type sharings struct {
	mu sync.Mutex
	of map[uuid.UUID]*shared
}

func (s *sharings) at(event uuid.UUID) *shared {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of[event]
	if one == nil {
		if s.of == nil {
			s.of = map[uuid.UUID]*shared{}
		}
		one = &shared{}
		s.of[event] = one
		time.AfterFunc(sharing, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.of, event)
		})
	}
	return one
}

// sharedRows are copies of the ticket and the message of an event, as they are
// now. Whether the caller sees them is asked after they were read: of the
// message, whose fence is that of its ticket, and of the ticket where he does
// not see the message. message is nil where he does not. Fault: NOT_FOUND of
// the ticket.
func (s *Tickets) sharedRows(ctx context.Context, event, ticket, message uuid.UUID) (*ent.Ticket, *ent.TicketMessage, error) {
	one := s.shared.at(event)
	one.once.Do(func() { one.read(ctx, s.Store.Client, ticket, message) })
	if one.err != nil {
		return nil, nil, store.Translate(one.err)
	}
	t := *one.ticket
	if one.message != nil {
		sees, err := s.Store.Client.TicketMessage.Query().Where(ticketmessage.ID(message)).Exist(ctx)
		if err != nil {
			return nil, nil, store.Translate(err)
		}
		if sees {
			m := *one.message
			return &t, &m, nil
		}
	}
	sees, err := s.Store.Client.Ticket.Query().Where(entticket.ID(ticket)).Exist(ctx)
	if err == nil && !sees {
		return nil, nil, fault.ErrNotFound
	}
	return &t, nil, store.Translate(err)
}

func (o *shared) read(ctx context.Context, c *ent.Client, ticket, message uuid.UUID) {
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
