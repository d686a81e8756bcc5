package support

import (
	"cmp"
	"context"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketedit"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	// editTime is how long people may take back or change what both sides see.
	editTime = 15 * time.Minute
	// maxEdits bounds how often the words of one message are changed.
	maxEdits = 50
)

// ErrMessageFixed refuses to change a message: params.kind of one that never
// changes, removedAt of one that is gone, until where the time is over, limit
// where it was changed that often.
var ErrMessageFixed = fault.New(fault.Refused, "TICKET_MESSAGE_FIXED")

// alter runs a change of one message under its ticket's lock, and gives both
// as they are after it: no message where the caller does not see it any more.
// What staff take away they take away from merged tickets too, whose talk can
// still be read: merged says so. Faults: INVALID_ID, NOT_FOUND, TICKET_MERGED;
// FORBIDDEN.
func (s *Tickets) alter(ctx context.Context, id scalar.ID, merged bool, do func(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage) error) (*ent.TicketMessage, *ent.Ticket, error) {
	key, err := keyOf(id, "msg", "input", "messageId")
	if err != nil {
		return nil, nil, err
	}
	var of uuid.UUID
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		m, err := messageIn(ctx, tx, key)
		if err != nil {
			return err
		}
		t, err := lockAny(ctx, tx, m.TicketID, "input", "messageId")
		if err != nil {
			return err
		}
		if t.MergedIntoID != nil && (!merged || !onStaffSide(viewer.From(ctx), t)) {
			return gone(ctx, tx.Ticket, t, "input", "messageId")
		}
		if m, err = messageIn(ctx, tx, key); err != nil { // as it is under the lock
			return err
		}
		of = t.ID
		return do(ctx, tx, t, m)
	})
	if err != nil {
		return nil, nil, err
	}
	return s.written(ctx, of, key)
}

func messageIn(ctx context.Context, tx *store.Tx, key uuid.UUID) (*ent.TicketMessage, error) {
	m, err := tx.TicketMessage.Query().Where(ticketmessage.ID(key)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "messageId")
	}
	return m, err
}

// EditMessage changes the words of the caller's own message while its time
// lasts, or of his own note. What it was is kept. The same words change
// nothing. Faults: as alter, REQUIRED, TOO_LONG, INVALID_VALUE,
// TICKET_MESSAGE_FIXED; FORBIDDEN for somebody else's.
func (s *Tickets) EditMessage(ctx context.Context, in EditTicketMessageInput) (*ent.TicketMessage, *ent.Ticket, error) {
	body, err := checkBody(in.Body)
	if err != nil {
		return nil, nil, err
	}
	return s.alter(ctx, in.MessageID, false, func(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage) error {
		if err := mayAlter(viewer.From(ctx), m, tx.Now, false); err != nil || m.Body == body {
			return err
		}
		n, err := tx.TicketEdit.Query().Where(ticketedit.MessageID(m.ID), ticketedit.KindEQ(ticketedit.KindEDIT)).Count(viewer.AsSystem(ctx, "support.edit"))
		if err != nil {
			return err
		}
		if n >= maxEdits {
			return ErrMessageFixed.At("input", "messageId").With("limit", maxEdits)
		}
		if err := record(ctx, tx, t, m, ticketedit.KindEDIT); err != nil {
			return err
		}
		err = tx.TicketMessage.UpdateOneID(m.ID).SetBody(body).SetEditedAt(tx.Now).Exec(viewer.AsSystem(ctx, "support.edit"))
		if err != nil {
			return err
		}
		return s.altered(ctx, tx, t, m, event.MessageEdited)
	})
}

// mayAlter says whether the viewer may change or take back a message now; any
// says that it need not be his own, as to staff who remove it.
func mayAlter(v viewer.Viewer, m *ent.TicketMessage, now time.Time, any bool) error {
	switch until := m.CreatedAt.Add(editTime); {
	case m.Kind == ticketmessage.KindEVENT:
		return ErrMessageFixed.At("input", "messageId").With("kind", string(m.Kind))
	case m.RemovedAt != nil:
		return ErrMessageFixed.At("input", "messageId").With("removedAt", m.RemovedAt.UTC().Format(time.RFC3339))
	case any:
		return nil
	case m.AuthorID == nil || *m.AuthorID != v.UserID:
		return fault.ErrForbidden
	case m.Kind != ticketmessage.KindNOTE && !now.Before(until):
		return ErrMessageFixed.At("input", "messageId").With("until", until.UTC().Format(time.RFC3339))
	}
	return nil
}

// RemoveMessage takes a message back: the caller's own while its time lasts,
// to staff any. Its place stays without words and files; what it was is kept.
// Again it changes nothing. Faults: as EditMessage but for those of the text.
func (s *Tickets) RemoveMessage(ctx context.Context, in RemoveTicketMessageInput) (*ent.TicketMessage, *ent.Ticket, error) {
	return s.alter(ctx, in.MessageID, true, func(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage) error {
		v := viewer.From(ctx)
		staff := onStaffSide(v, t)
		if m.RemovedAt != nil && (staff || m.AuthorID != nil && *m.AuthorID == v.UserID) {
			return nil
		}
		if err := mayAlter(v, m, tx.Now, staff); err != nil {
			return err
		}
		if err := record(ctx, tx, t, m, ticketedit.KindREMOVE); err != nil {
			return err
		}
		err := tx.TicketMessage.UpdateOneID(m.ID).SetBody("").SetRemovedAt(tx.Now).Exec(viewer.AsSystem(ctx, "support.edit"))
		if err != nil {
			return err
		}
		if m.Visibility == ticketmessage.VisibilityALL {
			if err := recount(ctx, tx, t, m, -1); err != nil {
				return err
			}
		}
		return s.altered(ctx, tx, t, m, event.MessageRemoved)
	})
}

// SetMessageVisibility hides a message from the customer's side or shows it
// again, for staff. What it is already changes nothing. Faults: as alter,
// TICKET_MESSAGE_FIXED for notes, events and what was removed; FORBIDDEN.
func (s *Tickets) SetMessageVisibility(ctx context.Context, in SetTicketMessageVisibilityInput) (*ent.TicketMessage, *ent.Ticket, error) {
	return s.alter(ctx, in.MessageID, true, func(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage) error {
		if !onStaffSide(viewer.From(ctx), t) {
			return fault.ErrForbidden
		}
		if m.Kind != ticketmessage.KindMESSAGE {
			return ErrMessageFixed.At("input", "messageId").With("kind", string(m.Kind))
		}
		if err := mayAlter(viewer.From(ctx), m, tx.Now, true); err != nil || m.Visibility == in.Visibility {
			return err
		}
		kind, change, sign := ticketedit.KindHIDE, event.MessageHidden, int64(-1)
		if in.Visibility == ticketmessage.VisibilityALL {
			kind, change, sign = ticketedit.KindSHOW, event.MessageShown, 1
		}
		if err := record(ctx, tx, t, m, kind); err != nil {
			return err
		}
		err := tx.TicketMessage.UpdateOneID(m.ID).SetVisibility(in.Visibility).Exec(viewer.AsSystem(ctx, "support.edit"))
		if err != nil {
			return err
		}
		m.Visibility = in.Visibility
		if err := recount(ctx, tx, t, m, sign); err != nil {
			return err
		}
		return s.altered(ctx, tx, t, m, change)
	})
}

// record keeps what a message was, before it is changed.
func record(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, kind ticketedit.Kind) error {
	v, name := viewer.From(ctx), ""
	if !v.IsSystem() {
		var err error
		if name, err = nameOf(ctx, tx, v.UserID); err != nil {
			return err
		}
	}
	return tx.TicketEdit.Create().SetOwnerID(t.OwnerID).SetTicketID(t.ID).SetMessageID(m.ID).SetKind(kind).SetBody(m.Body).
		SetNillableActorID(v.Actor()).SetActorName(name).Exec(viewer.AsSystem(ctx, "support.edit"))
}

// recount takes a message that both sides saw out of what is unread, or puts
// it back: by -1 and +1. Who had read beyond it keeps his count of unread, who
// had not has one less, or one more. The last message is found anew.
func recount(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, by int64) error {
	if m.Kind != ticketmessage.KindMESSAGE {
		return nil
	}
	last, err := lastMessage(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	u := keep(tx, t)
	if last == nil {
		u.ClearLastMessageID()
	} else {
		u.SetLastMessageID(*last)
	}
	t.LastMessageID = last
	if m.AuthorKind == ticketmessage.AuthorKindCUSTOMER {
		t.StaffSeq = max(0, t.StaffSeq+by)
		if t.ReadByStaffUpTo >= m.Seq {
			t.StaffReadSeq += by
		}
		t.StaffReadSeq = min(max(0, t.StaffReadSeq), t.StaffSeq)
		return u.SetStaffSeq(t.StaffSeq).SetStaffReadSeq(t.StaffReadSeq).Exec(ctx)
	}
	t.PublicSeq = max(0, t.PublicSeq+by)
	_, err = tx.Exec(ctx, `UPDATE ticket_participants SET read_seq = CASE WHEN read_up_to < ? THEN read_seq WHEN read_seq + ? < 0 THEN 0 ELSE read_seq + ? END, updated_at = ?
		WHERE ticket_id = ?`, m.Seq, by, by, tx.Now, t.ID)
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE ticket_participants SET read_seq = ? WHERE ticket_id = ? AND read_seq > ?`, t.PublicSeq, t.ID, t.PublicSeq)
	}
	if err != nil {
		return err
	}
	return u.SetPublicSeq(t.PublicSeq).Exec(ctx)
}

// lastMessage is the last message that both sides see.
func lastMessage(ctx context.Context, tx *store.Tx, of uuid.UUID) (*uuid.UUID, error) {
	ids, err := tx.TicketMessage.Query().Where(ticketmessage.TicketID(of), ticketmessage.KindEQ(ticketmessage.KindMESSAGE),
		ticketmessage.VisibilityEQ(ticketmessage.VisibilityALL), ticketmessage.RemovedAtIsNil()).
		Order(ticketmessage.BySeq(sql.OrderDesc())).Limit(1).IDs(viewer.AsSystem(ctx, "support.edit"))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return &ids[0], nil
}

// altered raises the revision, so that nobody answers what is not there any
// more, tells those who follow, and puts on record what the staff's side did.
// What only staff see moves nothing and is told to staff.
func (s *Tickets) altered(ctx context.Context, tx *store.Tx, t *ent.Ticket, m *ent.TicketMessage, change event.MessageChange) error {
	to := []store.Stream{store.ToTicket(t.ID, event.ToStaff)}
	if m.Visibility == ticketmessage.VisibilityALL || change == event.MessageHidden {
		if err := keep(tx, t).AddRevision(1).Exec(ctx); err != nil {
			return err
		}
		t.Revision++
		to = toCustomers(t)
	}
	tx.Tell(event.TicketMessageChanged{
		TicketID: t.ID, OwnerID: t.OwnerID, UserID: t.UserID, Number: t.Number, MessageID: m.ID, Change: change,
		Status: string(t.Status), Reason: string(t.StatusReason),
	}, to...)
	if v := viewer.From(ctx); v.IsSystem() || !onStaffSide(v, t) {
		return nil
	}
	return tx.Audit(ctx, "ticket.message", t.OwnerID, t.GlobalID(), map[string]any{"messageId": m.GlobalID().String(), "change": string(change)})
}

// History is what a message was before each change of it, oldest first, for
// staff; their own tickets they see as customers do. Faults: INVALID_ID,
// NOT_FOUND, INVALID_CURSOR; FORBIDDEN.
func (s *Tickets) History(ctx context.Context, id scalar.ID, p Page) (*ent.TicketEditConnection, error) {
	key, err := keyOf(id, "msg", "messageId")
	if err != nil {
		return nil, err
	}
	m, err := s.Store.Client.TicketMessage.Query().Where(ticketmessage.ID(key)).WithTicket().Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	if m.Edges.Ticket == nil || !onStaffSide(viewer.From(ctx), m.Edges.Ticket) {
		return nil, fault.ErrForbidden
	}
	if own, err := s.asCustomer(ctx, m.TicketID); err != nil || own {
		return nil, cmp.Or(err, error(fault.ErrForbidden))
	}
	c, err := s.Store.Client.TicketEdit.Query().Where(ticketedit.MessageID(key)).Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithTicketEditOrder(&ent.TicketEditOrder{Direction: entgql.OrderDirectionAsc, Field: ent.DefaultTicketEditOrder.Field}))
	return c, store.Translate(err)
}
