package support

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// item is one entry of a timeline before it is written.
type item struct {
	kind       ticketmessage.Kind
	visibility ticketmessage.Visibility
	clientID   *string
	author     ticketmessage.AuthorKind
	authorID   *uuid.UUID
	name       string
	body       string
	data       map[string]any
	channel    ticketmessage.Channel
	source     string
	externalID string
	documents  []uuid.UUID
	copied     *uuid.UUID
}

// add writes an item under the ticket's lock and moves t.Seq; whoever changes
// the ticket afterwards keeps it (keep, below). The fence of the ticket was
// passed by lock; a person who takes part in another owner's ticket writes
// rows of that owner, so the row itself is made by the system.
func add(ctx context.Context, tx *store.Tx, t *ent.Ticket, i item) (*ent.TicketMessage, error) {
	t.Seq++
	c := tx.TicketMessage.Create().SetOwnerID(t.OwnerID).SetTicketID(t.ID).SetSeq(t.Seq).
		SetKind(i.kind).SetVisibility(i.visibility).SetNillableClientID(i.clientID).
		SetNillableAuthorID(i.authorID).SetAuthorKind(i.author).SetAuthorName(i.name).SetBody(i.body).SetNillableCopiedFromID(i.copied)
	if i.channel != "" {
		c.SetChannel(i.channel)
	}
	if i.source != "" {
		c.SetSource(i.source).SetExternalID(i.externalID)
	}
	if i.data != nil {
		c.SetData(i.data)
	}
	return c.Save(viewer.AsSystem(ctx, "support.timeline"))
}

// saidAlready finds what the author already wrote under a client id, or what
// an outside system brought, so that a retry never doubles. Faults:
// IDEMPOTENCY_KEY_REUSED when it was something else.
func saidAlready(ctx context.Context, tx *store.Tx, t *ent.Ticket, i item) (*ent.TicketMessage, error) {
	q := tx.TicketMessage.Query().Where(ticketmessage.TicketID(t.ID))
	switch {
	case i.clientID != nil && i.authorID != nil:
		q.Where(ticketmessage.AuthorID(*i.authorID), ticketmessage.ClientID(*i.clientID))
	case i.source != "":
		q.Where(ticketmessage.Source(i.source), ticketmessage.ExternalID(i.externalID))
	default:
		return nil, nil
	}
	m, err := q.WithAttachments().Only(viewer.AsSystem(ctx, "support.timeline")) // it may be hidden from its author since
	switch {
	case ent.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case m.EditedAt != nil || m.RemovedAt != nil: // what it was is not to be compared any more
		return m, nil
	case m.Kind != i.kind || m.Body != i.body || !carries(m, i.documents):
		return nil, fault.ErrIdempotencyKeyReused.At("input", "clientMessageId")
	}
	return m, nil
}

// carries says whether a message has these files and no other.
func carries(m *ent.TicketMessage, documents []uuid.UUID) bool {
	if len(m.Edges.Attachments) != len(documents) {
		return false
	}
	for _, a := range m.Edges.Attachments {
		if !slices.Contains(documents, a.DocumentID) {
			return false
		}
	}
	return true
}

// happened writes an EVENT into the timeline, in the language of the ticket.
func happened(ctx context.Context, tx *store.Tx, t *ent.Ticket, by item, text string, params map[string]any) error {
	by.kind, by.clientID, by.source, by.externalID, by.documents, by.channel = ticketmessage.KindEVENT, nil, "", "", nil, ""
	by.body = locale.Text(t.Locale, "support.event."+text, params)
	_, err := add(ctx, tx, t, by)
	return err
}

// signed is an item that everybody sees, signed by the caller.
func signed(ctx context.Context, tx *store.Tx, staff bool) (item, error) {
	v := viewer.From(ctx)
	i := item{kind: ticketmessage.KindMESSAGE, visibility: ticketmessage.VisibilityALL, author: authorKind(v, staff), authorID: v.Actor()}
	if v.IsSystem() {
		return i, nil
	}
	var err error
	i.name, err = nameOf(ctx, tx, v.UserID)
	return i, err
}

// keep writes the numbers that add has moved, and nothing a customer could see.
func keep(tx *store.Tx, t *ent.Ticket) *ent.TicketUpdateOne {
	return tx.Ticket.UpdateOneID(t.ID).SetSeq(t.Seq)
}

// move sets where the ticket stands.
func move(tx *store.Tx, u *ent.TicketUpdateOne, was *ent.Ticket, next stand) *ent.TicketUpdateOne {
	u.SetStatus(next.status).SetStatusReason(next.reason)
	if next.until != nil {
		u.SetSnoozedUntilAt(*next.until)
	} else {
		u.ClearSnoozedUntilAt()
	}
	switch {
	case next.status != ticket.StatusCLOSED:
		u.ClearClosedAt()
		if was.Status == ticket.StatusCLOSED {
			u.AddReopened(1)
		}
	case was.Status != ticket.StatusCLOSED:
		u.SetClosedAt(tx.Now)
	}
	return u
}

// stands sets in t what move has written, for what follows in its transaction.
func stands(t *ent.Ticket, next stand, now time.Time) {
	switch {
	case next.status != ticket.StatusCLOSED:
		t.ClosedAt = nil
	case t.Status != ticket.StatusCLOSED:
		t.ClosedAt = &now
	}
	if t.Status == ticket.StatusCLOSED && next.status != ticket.StatusCLOSED {
		t.Reopened++
	}
	t.Status, t.StatusReason, t.SnoozedUntilAt = next.status, next.reason, next.until
}

// tellChange tells the customer's side, or staff alone, what has changed.
func tellChange(ctx context.Context, tx *store.Tx, t *ent.Ticket, changed []string, to ...store.Stream) {
	tx.Tell(changeFact(ctx, t, changed...), to...)
}

func changeFact(ctx context.Context, t *ent.Ticket, changed ...string) event.TicketChanged {
	return event.TicketChanged{
		TicketID: t.ID, OwnerID: t.OwnerID, UserID: t.UserID, Number: t.Number, Changed: slices.Clone(changed),
		Status: string(t.Status), Reason: string(t.StatusReason), ByStaff: onStaffSide(viewer.From(ctx), t),
	}
}

// zoneOf is the time zone of who opened the ticket, in which its dates are
// written; agents may not read people, so the system looks.
func zoneOf(ctx context.Context, tx *store.Tx, t *ent.Ticket) (string, error) {
	if t.UserID == nil {
		return "UTC", nil
	}
	return tx.User.Query().Where(entuser.ID(*t.UserID)).Select(entuser.FieldTimeZone).String(viewer.AsSystem(ctx, "support.timeline"))
}
