package support

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/ticketattachment"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// maxAttachments bounds the files of one message.
const maxAttachments = 10

// attachmentKeys are the documents that a message shall carry. Whose they are
// and whether they have come, Attach asks. Faults: TOO_LONG, INVALID_ID, and
// INVALID_VALUE for one that is named twice.
func attachmentKeys(ids []scalar.ID) ([]uuid.UUID, error) {
	if len(ids) > maxAttachments {
		return nil, fault.ErrTooLong.At("input", "attachmentIds").With("limit", maxAttachments)
	}
	keys := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		key, err := keyOf(id, "doc", "input", "attachmentIds")
		if err != nil {
			return nil, err
		}
		if slices.Contains(keys, key) {
			return nil, fault.ErrInvalidValue.At("input", "attachmentIds")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Attachments are the files of a message in their order; a removed one has none.
func (s *Tickets) Attachments(ctx context.Context, m *ent.TicketMessage) ([]*ent.TicketAttachment, error) {
	if m.RemovedAt != nil {
		return []*ent.TicketAttachment{}, nil
	}
	all, err := m.Attachments(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b *ent.TicketAttachment) int { return cmp.Compare(a.Position, b.Position) })
	return all, nil
}

// AttachmentURL is where a file can be fetched for the next minutes by the
// session that asks; nil where its owner has deleted it since.
func (s *Tickets) AttachmentURL(ctx context.Context, a *ent.TicketAttachment) (*string, error) {
	if s.FileURL == nil {
		return nil, nil
	}
	there, err := s.files.Load(ctx, a.DocumentID, s.ready)
	if err != nil || !there {
		return nil, err
	}
	return s.FileURL(ctx, a.ID), nil
}

// ready says which documents can be fetched. The attachment that names one was
// the caller's to see; the document is its owner's, so the system looks.
func (s *Tickets) ready(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	found, err := s.Store.Client.Document.Query().Where(entdocument.IDIn(ids...), entdocument.StatusEQ(entdocument.StatusREADY)).
		IDs(viewer.AsSystem(ctx, "support.attachment"))
	there := make(map[uuid.UUID]bool, len(found))
	for _, id := range found {
		there[id] = true
	}
	return there, store.Translate(err)
}

// Attached is the document behind an attachment, for a person who may read its
// message at this moment: whatever else is NOT_FOUND, a removed message to
// everybody and a hidden one or a note to the customer's side. It is asked
// when a link is opened (security J5).
func (s *Tickets) Attached(ctx context.Context, attachment, person uuid.UUID) (uuid.UUID, error) {
	ctx = viewer.AsSystem(ctx, "support.attachment")
	a, err := s.Store.Client.TicketAttachment.Query().Where(ticketattachment.ID(attachment)).WithMessage().Only(ctx)
	if err != nil {
		return uuid.Nil, store.Translate(err)
	}
	m := a.Edges.Message
	if m == nil || m.RemovedAt != nil {
		return uuid.Nil, fault.ErrNotFound
	}
	t, err := s.Store.Client.Ticket.Get(ctx, m.TicketID)
	if err != nil {
		return uuid.Nil, store.Translate(err)
	}
	reads, err := s.reads(ctx, t, m, person)
	if err == nil && !reads {
		err = fault.ErrNotFound
	}
	return a.DocumentID, err
}

// reads says whether a person may read a message now: as the fence does for a
// viewer, but for somebody who is known by his link alone.
func (s *Tickets) reads(ctx context.Context, t *ent.Ticket, m *ent.TicketMessage, person uuid.UUID) (bool, error) {
	opened := t.UserID != nil && *t.UserID == person
	if !opened && t.OwnerID != person {
		reach, err := s.reach(ctx, person, viewer.House)
		switch {
		case err != nil:
			return false, err
		case reach == viewer.ReachAll && m.Visibility == ticketmessage.VisibilityALL:
			return true, nil
		case reach == viewer.ReachAll: // security F8: not what is said about him
			own, err := sidesOf(ctx, s.Store, person, person, []uuid.UUID{t.ID})
			return !own[t.ID] && err == nil, err
		}
	}
	if m.Visibility != ticketmessage.VisibilityALL {
		return false, nil
	}
	if t.OwnerID == person {
		return true, nil
	}
	part, err := s.Store.Client.TicketParticipant.Query().Where(ticketparticipant.TicketID(t.ID), ticketparticipant.UserID(person),
		ticketparticipant.LeftAtIsNil(), stillThere).Exist(ctx)
	if err != nil || part {
		return part, store.Translate(err)
	}
	if t.OwnerID == viewer.House {
		return false, nil
	}
	reach, err := s.reach(ctx, person, t.OwnerID)
	return reach >= viewer.ReachOwner || reach == viewer.ReachOwn && opened, err
}

func (s *Tickets) reach(ctx context.Context, person, owner uuid.UUID) (viewer.Reach, error) {
	if s.Reach == nil {
		return viewer.ReachNone, nil
	}
	return s.Reach(ctx, person, owner, resource, "read")
}
