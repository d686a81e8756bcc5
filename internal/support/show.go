package support

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketlink"
	"kabinet/ent/generated/ticketparticipant"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// shownAtMost bounds what is shown around one ticket.
const shownAtMost = 100

// AboutOf is what a ticket is about: the nearest of what was named.
func AboutOf(t *ent.Ticket) *About {
	for _, c := range []struct {
		kind   AboutKind
		prefix string
		key    *uuid.UUID
	}{
		{AboutKindReturn, "ret", t.ReturnID}, {AboutKindOrderLine, "line", t.LineID}, {AboutKindDocument, "doc", t.DocumentID},
		{AboutKindBonusEntry, "ent", t.EntryID},
	} {
		if c.key != nil {
			return &About{Kind: c.kind, ID: &scalar.ID{Prefix: c.prefix, UUID: *c.key}}
		}
	}
	switch {
	case t.BookingKey != nil:
		return &About{Kind: AboutKindBooking, BookingKey: t.BookingKey}
	case t.OrderID != nil:
		return &About{Kind: AboutKindOrder, ID: &scalar.ID{Prefix: "order", UUID: *t.OrderID}}
	}
	return nil
}

// Node is the thing that a ticket is about, as node(id:) gives it; nodes reads
// it, together for all tickets of an answer.
func (s *Tickets) Node(ctx context.Context, a *About, nodes func(ctx context.Context, ids []*scalar.ID) ([]ent.Noder, error)) (ent.Noder, error) {
	if a.ID == nil {
		return nil, nil
	}
	return s.things.Load(ctx, *a.ID, func(ctx context.Context, ids []scalar.ID) (map[scalar.ID]ent.Noder, error) {
		all, asked := make(map[scalar.ID]ent.Noder, len(ids)), make([]*scalar.ID, len(ids))
		for i := range ids {
			asked[i] = &ids[i]
		}
		found, err := nodes(ctx, asked)
		for i, n := range found {
			all[ids[i]] = n
		}
		return all, err
	})
}

// Links are the tickets that have to do with one, as far as the caller may see
// them, oldest first.
func (s *Tickets) Links(ctx context.Context, t *ent.Ticket) ([]*Link, error) {
	all, err := s.links.Load(ctx, t.ID, s.linksOf)
	if all == nil {
		all = []*Link{}
	}
	return all, store.Translate(err)
}

// linksOf are those of many tickets, in two statements.
func (s *Tickets) linksOf(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID][]*Link, error) {
	rows, err := s.Store.Client.TicketLink.Query().Where(ticketlink.TicketIDIn(tickets...)).Order(ticketlink.ByID()).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	others := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		others[i] = r.OtherID
	}
	q, err := s.Store.Client.Ticket.Query().Where(entticket.IDIn(others...)).CollectUnder(ctx, "ticket")
	if err != nil {
		return nil, err
	}
	found, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[uuid.UUID]*ent.Ticket, len(found))
	for _, t := range found {
		seen[t.ID] = t
	}
	all := map[uuid.UUID][]*Link{}
	for _, r := range rows {
		if t := seen[r.OtherID]; t != nil && len(all[r.TicketID]) < shownAtMost {
			all[r.TicketID] = append(all[r.TicketID], &Link{Kind: r.Kind, Ticket: t, CreatedAt: r.CreatedAt})
		}
	}
	return all, nil
}

// Participants are who takes part on the customer's side of a ticket that the
// caller was shown, longest first.
func (s *Tickets) Participants(ctx context.Context, t *ent.Ticket) ([]*Participant, error) {
	all, err := s.parts.Load(ctx, t.ID, s.participantsOf)
	if all == nil {
		all = []*Participant{}
	}
	return all, store.Translate(err)
}

// participantsOf are those of many tickets, in two statements. Colleagues may
// not read each other's rows, but see each other in a ticket.
func (s *Tickets) participantsOf(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID][]*Participant, error) {
	me := viewer.From(ctx).UserID
	system := viewer.AsSystem(ctx, "support.participants")
	rows, err := s.Store.Client.TicketParticipant.Query().Where(ticketparticipant.TicketIDIn(tickets...), ticketparticipant.LeftAtIsNil(), stillThere).
		Order(ticketparticipant.ByID()).All(system)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	users := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		users[i] = r.UserID
	}
	people, err := s.Store.Client.User.Query().Where(entuser.IDIn(users...)).Select(entuser.FieldID, entuser.FieldDisplayName).All(system)
	if err != nil {
		return nil, err
	}
	names := make(map[uuid.UUID]string, len(people))
	for _, u := range people {
		names[u.ID] = u.DisplayName
	}
	all := map[uuid.UUID][]*Participant{}
	for _, r := range rows {
		if len(all[r.TicketID]) < shownAtMost {
			all[r.TicketID] = append(all[r.TicketID], &Participant{ID: r.GlobalID(), UserID: scalar.ID{Prefix: "usr", UUID: r.UserID},
				Name: names[r.UserID], Role: r.Role, IsMe: r.UserID == me, JoinedAt: r.CreatedAt, ReadUpTo: r.ReadUpTo})
		}
	}
	return all, nil
}
