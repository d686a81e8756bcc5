package support

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketlink"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The bounds of what stands around a ticket.
const (
	maxRelated = 50
	maxSplit   = 100
)

// Split opens a ticket of the same owner with copies of some messages, and
// gives the old and the new one. Who takes part in the old one does in the new
// one. Faults: REQUIRED, TOO_LONG, INVALID_VALUE, INVALID_ID; NOT_FOUND for a
// message that is not of the ticket, or was removed; STALE_OBJECT,
// TICKET_MERGED; FORBIDDEN.
func (s *Tickets) Split(ctx context.Context, in SplitTicketInput) (old, created *ent.Ticket, err error) {
	subject, err := checkSubject(in.Subject)
	if err != nil {
		return nil, nil, err
	}
	messages, err := keysOf(in.MessageIDs, "msg", maxSplit, "input", "messageIds")
	if err != nil {
		return nil, nil, err
	}
	if len(messages) == 0 {
		return nil, nil, fault.ErrRequired.At("input", "messageIds")
	}
	var of, made uuid.UUID
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := s.lockStaff(ctx, tx, in.TicketID)
		if err != nil {
			return err
		}
		if err := checkRevision(t, in.Revision); err != nil {
			return err
		}
		n, err := s.split(ctx, tx, t, subject, messages)
		if err == nil {
			of, made = t.ID, n.ID
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if old, err = s.byKey(ctx, of); err != nil {
		return nil, nil, err
	}
	created, err = s.byKeyUnder(ctx, made, "created")
	return old, created, err
}

func (s *Tickets) split(ctx context.Context, tx *store.Tx, t *ent.Ticket, subject string, messages []uuid.UUID) (*ent.Ticket, error) {
	if err := splittable(ctx, tx, t, messages); err != nil {
		return nil, err
	}
	by, err := signed(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	n, err := s.create(ctx, tx, Opening{
		OwnerID: t.OwnerID, UserID: t.UserID, Kind: t.Kind, Subject: subject, Locale: t.Locale, Channel: t.Channel, Priority: t.Priority,
		ContactEmail: t.ContactEmail, OrderID: t.OrderID, LineID: t.LineID, ReturnID: t.ReturnID, EntryID: t.EntryID,
		DocumentID: t.DocumentID, BookingKey: t.BookingKey,
	}, false)
	if err != nil {
		return nil, err
	}
	done, err := copyTalk(ctx, tx, t, n, messages)
	if err != nil {
		return nil, err
	}
	if err := mention(ctx, tx, n, by, "split_from", t); err != nil {
		return nil, err
	}
	if err := mention(ctx, tx, t, by, "split_into", n); err != nil {
		return nil, err
	}
	read, err := shareParticipants(ctx, tx, t, n, done)
	if err != nil {
		return nil, err
	}
	err = keep(tx, n).SetLastMessageID(*done.last).SetPublicSeq(done.public).SetStaffSeq(done.staff).
		SetStaffReadSeq(done.staff).SetReadByStaffUpTo(done.staffUpTo).SetReadByCustomerUpTo(read).Exec(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.link(ctx, tx, t, n, ticketlink.KindSPLIT_INTO, ticketlink.KindSPLIT_FROM); err != nil {
		return nil, err
	}
	tx.Tell(event.TicketOpened{TicketID: n.ID, OwnerID: n.OwnerID, UserID: n.UserID, Number: n.Number, MessageID: *done.last}, toCustomers(n)...)
	if err := s.moment(ctx, tx, n, standOf(n), ActOpened); err != nil {
		return nil, err
	}
	if err := s.ChangedIn(ctx, tx, t, true, "links"); err != nil {
		return nil, err
	}
	return n, tx.Audit(ctx, "ticket.split", t.OwnerID, t.GlobalID(), map[string]any{"into": n.GlobalID().String(), "messages": len(messages)})
}

// splittable refuses what cannot be the talk of a ticket of its own.
func splittable(ctx context.Context, tx *store.Tx, t *ent.Ticket, messages []uuid.UUID) error {
	talk, err := tx.TicketMessage.Query().Where(ticketmessage.IDIn(messages...), ticketmessage.TicketID(t.ID), ticketmessage.RemovedAtIsNil(),
		ticketmessage.KindIn(ticketmessage.KindMESSAGE, ticketmessage.KindNOTE)).
		Select(ticketmessage.FieldKind, ticketmessage.FieldVisibility).All(ctx)
	if err != nil {
		return err
	}
	if len(talk) != len(messages) {
		return fault.ErrNotFound.At("input", "messageIds")
	}
	for _, m := range talk {
		if m.Kind == ticketmessage.KindMESSAGE && m.Visibility == ticketmessage.VisibilityALL {
			return nil
		}
	}
	return fault.ErrInvalidValue.At("input", "messageIds")
}

// shareParticipants makes who takes part in one ticket take part in one that
// was split off; who had read all there has read all here. It gives up to
// where the customer's side has read.
func shareParticipants(ctx context.Context, tx *store.Tx, from, to *ent.Ticket, done copied) (read int64, err error) {
	system := viewer.AsSystem(ctx, "support.participants")
	here, err := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(from.ID)).Order(ticketparticipant.ByID()).All(system)
	if err != nil {
		return 0, err
	}
	rows := make([]*ent.TicketParticipantCreate, len(here))
	for i, p := range here {
		rows[i] = tx.TicketParticipant.Create().SetUserID(p.UserID).SetOwnerID(to.OwnerID).SetTicketID(to.ID).SetRole(p.Role).
			SetNillableLeftAt(p.LeftAt)
		if p.ReadSeq >= from.PublicSeq {
			rows[i].SetReadSeq(done.public).SetReadUpTo(done.publicUpTo)
			read = done.publicUpTo
		}
	}
	return read, tx.TicketParticipant.CreateBulk(rows...).Exec(system)
}

// link writes what two tickets have to do with each other, a row for each.
func (s *Tickets) link(ctx context.Context, tx *store.Tx, a, b *ent.Ticket, there, back ticketlink.Kind) error {
	actor := viewer.From(ctx).Actor()
	rows := []*ent.TicketLinkCreate{
		tx.TicketLink.Create().SetOwnerID(a.OwnerID).SetTicketID(a.ID).SetOtherID(b.ID).SetKind(there).SetNillableActorID(actor),
		tx.TicketLink.Create().SetOwnerID(b.OwnerID).SetTicketID(b.ID).SetOtherID(a.ID).SetKind(back).SetNillableActorID(actor),
	}
	return tx.TicketLink.CreateBulk(rows...).Exec(ctx)
}

// Link says that two tickets are related, of whatever owners. Faults:
// INVALID_ID, NOT_FOUND, INVALID_VALUE for a ticket with itself, OUT_OF_RANGE
// for more than 50 of a ticket, TICKET_MERGED; FORBIDDEN.
func (s *Tickets) Link(ctx context.Context, in LinkTicketsInput) (*ent.Ticket, error) {
	return s.relate(ctx, in, func(ctx context.Context, tx *store.Tx, a, b *ent.Ticket) error {
		for i, t := range []*ent.Ticket{a, b} {
			n, err := tx.TicketLink.Query().Where(ticketlink.TicketID(t.ID), ticketlink.KindEQ(ticketlink.KindRELATED)).Count(ctx)
			if err != nil {
				return err
			}
			if n >= maxRelated {
				return fault.ErrOutOfRange.At("input", [2]string{"ticketId", "otherId"}[i]).With("max", maxRelated)
			}
		}
		return s.link(ctx, tx, a, b, ticketlink.KindRELATED, ticketlink.KindRELATED)
	}, false)
}

// Unlink says that two tickets are not related after all. Faults: as Link.
func (s *Tickets) Unlink(ctx context.Context, in UnlinkTicketsInput) (*ent.Ticket, error) {
	return s.relate(ctx, LinkTicketsInput(in), func(ctx context.Context, tx *store.Tx, a, b *ent.Ticket) error {
		_, err := tx.TicketLink.Delete().Where(ticketlink.KindEQ(ticketlink.KindRELATED), ticketlink.Or(
			ticketlink.And(ticketlink.TicketID(a.ID), ticketlink.OtherID(b.ID)),
			ticketlink.And(ticketlink.TicketID(b.ID), ticketlink.OtherID(a.ID)))).Exec(ctx)
		return err
	}, true)
}

// relate changes whether two tickets are related, unless they stand so
// already, and tells the customers who may see both.
func (s *Tickets) relate(ctx context.Context, in LinkTicketsInput, change func(ctx context.Context, tx *store.Tx, a, b *ent.Ticket) error, related bool) (*ent.Ticket, error) {
	var keys [2]uuid.UUID
	var err error
	if keys[0], err = keyOf(in.TicketID, "tkt", "input", "ticketId"); err != nil {
		return nil, err
	}
	if keys[1], err = keyOf(in.OtherID, "tkt", "input", "otherId"); err != nil {
		return nil, err
	}
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		a, b, err := s.lockTwo(ctx, tx, keys, "otherId")
		if err != nil {
			return nil, err
		}
		is, err := tx.TicketLink.Query().Where(ticketlink.TicketID(a.ID), ticketlink.OtherID(b.ID), ticketlink.KindEQ(ticketlink.KindRELATED)).Exist(ctx)
		if err != nil || is != related {
			return a, err
		}
		if err := change(ctx, tx, a, b); err != nil {
			return nil, err
		}
		for _, t := range []*ent.Ticket{a, b} {
			if err := s.ChangedIn(ctx, tx, t, a.OwnerID == b.OwnerID, "links"); err != nil {
				return nil, err
			}
		}
		return a, tx.Audit(ctx, "ticket.link", a.OwnerID, a.GlobalID(), map[string]any{"other": b.GlobalID().String(), "related": !related})
	})
}
