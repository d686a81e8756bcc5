package support

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Never is when a ticket is due whose clock does not run.
var Never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// opening is a checked OpenTicketInput; its JSON is what a retry must repeat.
type opening struct {
	Owner   uuid.UUID
	Subject string
	Body    string
	Kind    ticket.Kind
	OrderID *uuid.UUID
	EntryID *uuid.UUID
}

// Open opens a ticket of the acting owner with its first message. With a
// clientMessageId a retry within 48 hours gives the same ticket again. Faults:
// REQUIRED, TOO_LONG, INVALID_VALUE, INVALID_ID; NOT_FOUND for an order or
// entry that is not the caller's; IDEMPOTENCY_KEY_REUSED; UNAUTHENTICATED,
// FORBIDDEN.
func (s *Tickets) Open(ctx context.Context, in OpenTicketInput) (*ent.Ticket, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	o, err := checkOpen(v.OwnerID, in)
	if err != nil {
		return nil, err
	}
	var opened struct{ TicketID uuid.UUID }
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		open := func() (err error) {
			opened.TicketID, err = s.open(ctx, tx, o, in.ClientMessageID)
			return err
		}
		if in.ClientMessageID == nil {
			return open()
		}
		_, err := tx.Once(ctx, "openTicket", clientKey(*in.ClientMessageID), o, &opened, open)
		if errors.Is(err, fault.ErrIdempotencyKeyReused) {
			return fault.ErrIdempotencyKeyReused.At("input", "clientMessageId")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.byKey(ctx, opened.TicketID)
}

// checkOpen checks what can be checked without the database.
func checkOpen(owner uuid.UUID, in OpenTicketInput) (opening, error) {
	o := opening{Owner: owner, Kind: ticket.DefaultKind}
	var err error
	if o.Subject, err = checkSubject(in.Subject); err != nil {
		return o, err
	}
	if o.Body, err = checkBody(in.Body); err != nil {
		return o, err
	}
	if err = checkClientID(in.ClientMessageID); err != nil {
		return o, err
	}
	if o.OrderID, err = optionalKey(in.OrderID, "order", "input", "orderId"); err != nil {
		return o, err
	}
	if o.EntryID, err = optionalKey(in.EntryID, "ent", "input", "entryId"); err != nil {
		return o, err
	}
	if in.Kind != nil {
		o.Kind = *in.Kind
	}
	return o, nil
}

// clientKey keeps the ids that clients give to messages apart from the keys
// they give to payments, and within the length of one.
func clientKey(clientID string) string {
	sum := sha256.Sum256([]byte(clientID))
	return "message:" + hex.EncodeToString(sum[:])
}

func (s *Tickets) open(ctx context.Context, tx *store.Tx, o opening, clientID *string) (uuid.UUID, error) {
	v := viewer.From(ctx)
	if err := seen(ctx, tx, o); err != nil {
		return uuid.Nil, err
	}
	name, err := nameOf(ctx, tx, v.UserID)
	if err != nil {
		return uuid.Nil, err
	}
	t, _, err := s.openIn(ctx, tx, Opening{
		OwnerID: o.Owner, UserID: v.Actor(), Kind: o.Kind, Subject: o.Subject, Locale: v.Locale, OrderID: o.OrderID, EntryID: o.EntryID,
		First: Said{Author: ticketmessage.AuthorKindCUSTOMER, AuthorID: v.Actor(), AuthorName: name, Body: o.Body, ClientID: clientID},
	})
	if err != nil {
		return uuid.Nil, err
	}
	return t.ID, nil
}

func (s *Tickets) openIn(ctx context.Context, tx *store.Tx, o Opening) (*ent.Ticket, *ent.TicketMessage, error) {
	number, err := freeNumber(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	c := tx.Ticket.Create().SetNumber(number).SetSubject(o.Subject).SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).
		SetKind(cmp.Or(o.Kind, ticket.DefaultKind)).SetLocale(cmp.Or(o.Locale, ticket.DefaultLocale)).
		SetChannel(cmp.Or(o.Channel, ticket.DefaultChannel)).SetPriority(cmp.Or(o.Priority, ticket.DefaultPriority)).
		SetUrgency(urgency[cmp.Or(o.Priority, ticket.DefaultPriority)]).
		SetNillableOrderID(o.OrderID).SetNillableLineID(o.LineID).SetNillableReturnID(o.ReturnID).SetNillableEntryID(o.EntryID).
		SetNillableDocumentID(o.DocumentID).SetNillableBookingKey(o.BookingKey).
		SetNillableContactEmail(o.ContactEmail).SetNillableCallbackPhone(o.CallbackPhone).SetNillableCallbackAt(o.CallbackAt).
		SetLastActivityAt(tx.Now).SetDueAt(Never)
	if s.BotTakes != nil && s.BotTakes(ctx, o) {
		c.SetBotState(ticket.BotStateANSWERING)
	}
	t, err := c.Save(ctx)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.first(ctx, tx, t, o)
	if err != nil {
		return nil, nil, err
	}
	tx.Tell(event.TicketOpened{TicketID: t.ID, OwnerID: t.OwnerID, UserID: t.UserID, Number: t.Number, MessageID: m.ID}, toCustomers(t)...)
	return t, m, s.moment(ctx, tx, t, standOf(t), ActOpened)
}

// first writes the first message of a new ticket, and who opened it.
func (s *Tickets) first(ctx context.Context, tx *store.Tx, t *ent.Ticket, o Opening) (*ent.TicketMessage, error) {
	i, err := itemOf(ctx, tx, t, o.First)
	if err != nil {
		return nil, err
	}
	m, err := s.write(ctx, tx, t, i)
	if err != nil {
		return nil, err
	}
	u := keep(tx, t).SetLastMessageID(m.ID)
	if i.author == ticketmessage.AuthorKindCUSTOMER {
		u.SetStaffSeq(1)
		t.StaffSeq = 1
	} else {
		u.SetPublicSeq(1)
		t.PublicSeq = 1
	}
	if err := u.Exec(ctx); err != nil {
		return nil, err
	}
	t.LastMessageID = &m.ID
	if o.UserID == nil {
		return m, nil
	}
	return m, tx.TicketParticipant.Create().SetUserID(*o.UserID).SetOwnerID(t.OwnerID).SetTicketID(t.ID).
		SetRole(ticketparticipant.RoleREQUESTER).Exec(ctx)
}

// seen refuses an order or an entry that the caller cannot see.
func seen(ctx context.Context, tx *store.Tx, o opening) error {
	if o.OrderID != nil {
		if ok, err := tx.Order.Query().Where(entorder.ID(*o.OrderID)).Exist(ctx); err != nil || !ok {
			return orNotFound(err, "orderId")
		}
	}
	if o.EntryID != nil {
		if ok, err := tx.LedgerEntry.Query().Where(ledgerentry.ID(*o.EntryID)).Exist(ctx); err != nil || !ok {
			return orNotFound(err, "entryId")
		}
	}
	return nil
}

func orNotFound(err error, field string) error {
	if err != nil {
		return err
	}
	return fault.ErrNotFound.At("input", field)
}
