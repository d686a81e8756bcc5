package support

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/document"
	"kabinet/ent/generated/ledgerentry"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderline"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
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
	// Of a request of before these were known nothing is said of them.
	LineID     *uuid.UUID     `json:",omitempty"`
	ReturnID   *uuid.UUID     `json:",omitempty"`
	DocumentID *uuid.UUID     `json:",omitempty"`
	BookingKey *string        `json:",omitempty"`
	Channel    ticket.Channel `json:",omitempty"`
	Files      []uuid.UUID    `json:",omitempty"`
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
	if in.Kind != nil {
		o.Kind = *in.Kind
	}
	if o.Files, err = attachmentKeys(in.AttachmentIDs); err != nil {
		return o, err
	}
	return checkAbout(o, in)
}

// checkAbout checks what a ticket shall be about, and how it comes: nobody
// writes a letter or calls by openTicket.
func checkAbout(o opening, in OpenTicketInput) (opening, error) {
	for _, ref := range []struct {
		to            **uuid.UUID
		id            *scalar.ID
		prefix, field string
	}{
		{&o.OrderID, in.OrderID, "order", "orderId"}, {&o.EntryID, in.EntryID, "ent", "entryId"}, {&o.LineID, in.LineID, "line", "lineId"},
		{&o.ReturnID, in.ReturnID, "ret", "returnId"}, {&o.DocumentID, in.DocumentID, "doc", "documentId"},
	} {
		key, err := optionalKey(ref.id, ref.prefix, "input", ref.field)
		if err != nil {
			return o, err
		}
		*ref.to = key
	}
	if in.BookingKey != nil {
		if err := checkText(*in.BookingKey, maxBookingKey, "", "input", "bookingKey"); err != nil {
			return o, err
		}
		o.BookingKey = in.BookingKey
	}
	switch {
	case in.Channel == nil || *in.Channel == ticket.DefaultChannel:
	case *in.Channel == ticket.ChannelCHAT, *in.Channel == ticket.ChannelMESSENGER:
		o.Channel = *in.Channel
	default:
		return o, fault.ErrInvalidValue.At("input", "channel")
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
	if err := seen(ctx, tx, &o, anybodys); err != nil {
		return uuid.Nil, err
	}
	name, err := nameOf(ctx, tx, v.UserID)
	if err != nil {
		return uuid.Nil, err
	}
	t, _, err := s.openIn(ctx, tx, Opening{
		OwnerID: o.Owner, UserID: v.Actor(), Kind: o.Kind, Subject: o.Subject, Locale: v.Locale, Channel: o.Channel,
		OrderID: o.OrderID, EntryID: o.EntryID, LineID: o.LineID, ReturnID: o.ReturnID, DocumentID: o.DocumentID, BookingKey: o.BookingKey,
		First: Said{Author: ticketmessage.AuthorKindCUSTOMER, AuthorID: v.Actor(), AuthorName: name, Body: o.Body, ClientID: clientID,
			Channel: ticketmessage.Channel(o.Channel), DocumentIDs: o.Files},
	})
	if err != nil {
		return uuid.Nil, err
	}
	return t.ID, nil
}

func (s *Tickets) openIn(ctx context.Context, tx *store.Tx, o Opening) (*ent.Ticket, *ent.TicketMessage, error) {
	t, err := s.create(ctx, tx, o, s.BotTakes != nil && s.BotTakes(ctx, o))
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

// create makes the row of a ticket; bot: the bot answers first.
func (s *Tickets) create(ctx context.Context, tx *store.Tx, o Opening, bot bool) (*ent.Ticket, error) {
	number, err := freeNumber(ctx, tx)
	if err != nil {
		return nil, err
	}
	priority := cmp.Or(o.Priority, ticket.DefaultPriority)
	c := tx.Ticket.Create().SetNumber(number).SetSubject(o.Subject).SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).
		SetKind(cmp.Or(o.Kind, ticket.DefaultKind)).SetLocale(cmp.Or(o.Locale, ticket.DefaultLocale)).
		SetChannel(cmp.Or(o.Channel, ticket.DefaultChannel)).SetPriority(priority).SetUrgency(urgency[priority]).
		SetNillableOrderID(o.OrderID).SetNillableLineID(o.LineID).SetNillableReturnID(o.ReturnID).SetNillableEntryID(o.EntryID).
		SetNillableDocumentID(o.DocumentID).SetNillableBookingKey(o.BookingKey).
		SetNillableContactEmail(o.ContactEmail).SetNillableCallbackPhone(o.CallbackPhone).SetNillableCallbackAt(o.CallbackAt).
		SetLastActivityAt(tx.Now).SetDueAt(Never)
	if bot {
		c.SetBotState(ticket.BotStateANSWERING)
	}
	return c.Save(ctx)
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

// anybodys is every row that the fence lets through.
func anybodys(*entsql.Selector) {}

// seen refuses what the caller cannot see, or is not whose it must be; of a
// line and a return it is the order too.
func seen(ctx context.Context, tx *store.Tx, o *opening, whose func(*entsql.Selector)) error {
	if o.LineID != nil {
		l, err := tx.OrderLine.Query().Where(orderline.ID(*o.LineID), whose).Select(orderline.FieldOrderID).Only(ctx)
		if err != nil {
			return orNotFound(err, "lineId")
		}
		if err := sameOrder(o, l.OrderID, "lineId"); err != nil {
			return err
		}
	}
	if o.ReturnID != nil {
		r, err := tx.ReturnRequest.Query().Where(returnrequest.ID(*o.ReturnID), whose).Select(returnrequest.FieldOrderID).Only(ctx)
		if err != nil {
			return orNotFound(err, "returnId")
		}
		if r.OrderID != nil {
			if err := sameOrder(o, *r.OrderID, "returnId"); err != nil {
				return err
			}
		}
	}
	for _, ref := range []struct {
		id    *uuid.UUID
		field string
		there func(key uuid.UUID) (bool, error)
	}{
		{o.OrderID, "orderId", func(key uuid.UUID) (bool, error) {
			return tx.Order.Query().Where(entorder.ID(key), whose).Exist(ctx)
		}},
		{o.EntryID, "entryId", func(key uuid.UUID) (bool, error) {
			return tx.LedgerEntry.Query().Where(ledgerentry.ID(key), whose).Exist(ctx)
		}},
		{o.DocumentID, "documentId", func(key uuid.UUID) (bool, error) {
			return tx.Document.Query().Where(document.ID(key), document.VisibilityEQ(document.VisibilityALL), whose).Exist(ctx)
		}},
	} {
		if ref.id == nil {
			continue
		}
		if ok, err := ref.there(*ref.id); err != nil || !ok {
			return orNotFound(err, ref.field)
		}
	}
	return nil
}

// sameOrder takes the order of what a ticket is about; another one was not
// meant.
func sameOrder(o *opening, order uuid.UUID, field string) error {
	if o.OrderID != nil && *o.OrderID != order {
		return fault.ErrInvalidValue.At("input", field)
	}
	o.OrderID = &order
	return nil
}

func orNotFound(err error, field string) error {
	if err != nil && !ent.IsNotFound(err) {
		return err
	}
	return fault.ErrNotFound.At("input", field)
}

// digits leave out letters that are misheard or misread: I, L, O, U.
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// number makes what people read out: the day and six random digits, such as
// T261121-4F7K2Q. It tells nobody how many tickets there are.
func number(now time.Time) string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = digits[b[i]%byte(len(digits))]
	}
	return "T" + now.Format("060102") + "-" + string(b[:])
}

// freeNumber makes one that no ticket has.
func freeNumber(ctx context.Context, tx *store.Tx) (string, error) {
	for range 8 {
		n := number(tx.Now)
		var one int
		err := tx.QueryRow(ctx, `SELECT 1 FROM tickets WHERE number = ?`, n).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return n, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("support: no free ticket number for %s", tx.Now.Format(time.DateOnly))
}
