package support

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// StatusLabel says where a ticket stands in the caller's language.
func (s *Tickets) StatusLabel(ctx context.Context, t *ent.Ticket) string {
	return Label(viewer.From(ctx).Locale, t.StatusReason)
}

// AvailableActions are what the caller may do with a ticket now. Staff who
// stand on its customer's side all the same may do nothing (ownSide).
func (s *Tickets) AvailableActions(ctx context.Context, t *ent.Ticket) ([]TicketAction, error) {
	v := viewer.From(ctx)
	all := Actions(v, t)
	if v.IsSystem() || len(all) == 0 || !onStaffSide(v, t) {
		return all, nil
	}
	own, err := s.asCustomer(ctx, t.ID)
	if err != nil || own {
		all = []TicketAction{}
	}
	return all, err
}

// Actions are what v may do with a ticket, by its status, owner and user; of
// staff it is not asked whether they are members or take part.
func Actions(v viewer.Viewer, t *ent.Ticket) []TicketAction {
	if t.MergedIntoID != nil || !mayWrite(v, t) {
		return []TicketAction{}
	}
	return actions(t.Status, onStaffSide(v, t))
}

// EntryID is the id at the edge of the bonus entry a ticket is about.
func (s *Tickets) EntryID(t *ent.Ticket) *scalar.ID {
	if t.EntryID == nil {
		return nil
	}
	return &scalar.ID{Prefix: "ent", UUID: *t.EntryID}
}

// Assignee is for staff; null to everybody else, and to staff who may not see
// people.
func (s *Tickets) Assignee(ctx context.Context, t *ent.Ticket) (*ent.User, error) {
	if t.AssigneeID == nil || !onStaffSide(viewer.From(ctx), t) {
		return nil, nil
	}
	u, err := t.Assignee(ctx)
	return u, store.Translate(err)
}

// ContactEmail is the address of who wrote by mail without an account, for
// staff.
func (s *Tickets) ContactEmail(ctx context.Context, t *ent.Ticket) *string {
	if !onStaffSide(viewer.From(ctx), t) {
		return nil
	}
	return t.ContactEmail
}

// AuthorID is who wrote a message, for staff; in tickets on whose customer's
// side they stand they are told as little as customers.
func (s *Tickets) AuthorID(ctx context.Context, m *ent.TicketMessage) (*scalar.ID, error) {
	v := viewer.From(ctx)
	if m.AuthorID == nil || !v.IsSystem() && (!v.Staff || v.Reach(resource, "read") != viewer.ReachAll) {
		return nil, nil
	}
	if !v.IsSystem() {
		if own, err := s.asCustomer(ctx, m.TicketID); err != nil || own {
			return nil, err
		}
	}
	return &scalar.ID{Prefix: "usr", UUID: *m.AuthorID}, nil
}

// UnreadCount is how many messages of the other side the caller's has not read.
func (s *Tickets) UnreadCount(ctx context.Context, t *ent.Ticket) (int, error) {
	v := viewer.From(ctx)
	if onStaffSide(v, t) {
		return Unread(v, t, 0), nil
	}
	marks, err := t.Edges.ParticipantsOrErr()
	if ent.IsNotLoaded(err) {
		mine := t.QueryParticipants().Where(ticketparticipant.UserID(v.UserID))
		mine.Select(ticketparticipant.FieldUserID, ticketparticipant.FieldReadSeq)
		marks, err = mine.All(ctx)
	}
	if err != nil {
		return 0, store.Translate(err)
	}
	read := int64(0)
	for _, m := range marks {
		if m.UserID == v.UserID {
			read = m.ReadSeq
		}
	}
	return Unread(v, t, read), nil
}

// Unread is UnreadCount for a caller who has read up to a number.
func Unread(v viewer.Viewer, t *ent.Ticket, read int64) int {
	if onStaffSide(v, t) {
		return int(t.StaffSeq - t.StaffReadSeq)
	}
	return int(t.PublicSeq - read)
}

// IsMine says whether the caller wrote a message.
func (s *Tickets) IsMine(ctx context.Context, m *ent.TicketMessage) bool {
	v := viewer.From(ctx)
	return m.AuthorID != nil && v.SignedIn() && *m.AuthorID == v.UserID
}
