package support

import (
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
	first, err := signed(ctx, tx, false)
	if err != nil {
		return uuid.Nil, err
	}
	first.clientID, first.body = clientID, o.Body
	number, err := freeNumber(ctx, tx)
	if err != nil {
		return uuid.Nil, err
	}
	lang := v.Locale
	if lang == "" {
		lang = ticket.DefaultLocale
	}
	t, err := tx.Ticket.Create().SetNumber(number).SetKind(o.Kind).SetSubject(o.Subject).SetLocale(lang).
		SetOwnerID(o.Owner).SetUserID(v.UserID).SetNillableOrderID(o.OrderID).SetNillableEntryID(o.EntryID).
		SetLastActivityAt(tx.Now).SetDueAt(Never).SetStaffSeq(1).Save(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	m, err := add(ctx, tx, t, first)
	if err != nil {
		return uuid.Nil, err
	}
	if err := keep(tx, t).SetLastMessageID(m.ID).Exec(ctx); err != nil {
		return uuid.Nil, err
	}
	err = tx.TicketParticipant.Create().SetUserID(v.UserID).SetOwnerID(o.Owner).SetTicketID(t.ID).
		SetRole(ticketparticipant.RoleREQUESTER).Exec(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	tx.Tell(event.TicketOpened{TicketID: t.ID, OwnerID: t.OwnerID, UserID: t.UserID, Number: t.Number, MessageID: m.ID}, toCustomers(t)...)
	return t.ID, nil
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
