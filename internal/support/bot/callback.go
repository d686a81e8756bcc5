package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

const (
	furthestCall  = 90 * 24 * time.Hour
	nearestCall   = time.Minute // what is wished for later waits for its time
	mostCalls     = 5           // that one person waits for
	mostCallsADay = 20          // that he asked for in 24 hours, whatever became of them
	maxSubject    = 200
	maxBody       = 10_000
	maxClientID   = 100
)

// ErrTooManyItems refuses one more of what there are enough of; params.limit.
var ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")

// call is a checked RequestCallbackInput; its JSON is what a retry must repeat.
type call struct {
	Owner   uuid.UUID
	Phone   string
	At      time.Time
	Locale  string
	Subject *string
	Body    *string
	OrderID *uuid.UUID
}

// RequestCallback opens a ticket that asks for a call; it is put off until then,
// so that nobody is late with it before. With a clientMessageId a retry within
// 48 hours gives the same ticket again, also when its time has passed. Faults:
// INVALID_VALUE for a number or a language that is none, OUT_OF_RANGE for a time
// that is not in the next 90 days, REQUIRED, TOO_LONG, INVALID_ID; NOT_FOUND for
// an order that is not the caller's; TOO_MANY_ITEMS where he waits for 5 calls,
// or asked for 20 in 24 hours; IDEMPOTENCY_KEY_REUSED; UNAUTHENTICATED, FORBIDDEN.
func (b *Bot) RequestCallback(ctx context.Context, in RequestCallbackInput) (*ent.Ticket, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	c, err := checkCall(v, in)
	if err == nil && (c.At.Year() < 1 || c.At.Year() > 9999) { // JSON knows no such year
		err = checkTime(c.At, b.Store.Now())
	}
	if err != nil {
		return nil, err
	}
	var opened struct{ TicketID uuid.UUID }
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		open := func() (err error) {
			opened.TicketID, err = b.open(ctx, tx, c, in.ClientMessageID)
			return err
		}
		if in.ClientMessageID == nil {
			return open()
		}
		sum := sha256.Sum256([]byte(*in.ClientMessageID))
		_, err := tx.Once(ctx, "requestCallback", "message:"+hex.EncodeToString(sum[:]), c, &opened, open)
		if errors.Is(err, fault.ErrIdempotencyKeyReused) {
			return fault.ErrIdempotencyKeyReused.At("input", "clientMessageId")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return b.Tickets.ByKey(ctx, opened.TicketID)
}

// checkCall checks what can be checked without the database and the clock.
func checkCall(v viewer.Viewer, in RequestCallbackInput) (call, error) {
	c := call{Owner: v.OwnerID, At: in.At.UTC().Truncate(time.Microsecond), Locale: v.Locale}
	var ok bool
	if c.Phone, ok = credential.ParsePhone(in.Phone, ""); !ok {
		return c, fault.ErrInvalidValue.At("input", "phone")
	}
	if in.Locale != nil {
		c.Locale = locale.Match(*in.Locale)
		if base, _, _ := strings.Cut(*in.Locale, "-"); strings.ToLower(base) != c.Locale {
			return c, fault.ErrInvalidValue.At("input", "locale").With("allowed", locale.Supported())
		}
	}
	var err error
	if c.Subject, err = credential.Line(in.Subject, maxSubject, "input", "subject"); err != nil {
		return c, err
	}
	if in.Subject != nil && c.Subject == nil {
		return c, fault.ErrRequired.At("input", "subject")
	}
	if c.Body, err = credential.Text(in.Body, maxBody, true, "input", "body"); err != nil {
		return c, err
	}
	if id, err := credential.Line(in.ClientMessageID, maxClientID, "input", "clientMessageId"); err != nil {
		return c, err
	} else if in.ClientMessageID != nil && id == nil {
		return c, fault.ErrRequired.At("input", "clientMessageId")
	}
	if in.OrderID != nil {
		key, err := in.OrderID.As("order")
		if err != nil {
			return c, fault.ErrInvalidID.At("input", "orderId")
		}
		c.OrderID = &key
	}
	return c, nil
}

// checkTime wants a time in the next 90 days; min is the first full second.
func checkTime(at, now time.Time) error {
	last := now.Add(furthestCall)
	if at.After(now) && !at.After(last) {
		return nil
	}
	return fault.ErrOutOfRange.At("input", "at").With("min", now.Truncate(time.Second).Add(time.Second).Format(time.RFC3339)).With("max", last.Format(time.RFC3339))
}

func (b *Bot) open(ctx context.Context, tx *store.Tx, c call, clientID *string) (uuid.UUID, error) {
	v := viewer.From(ctx)
	if err := checkTime(c.At, tx.Now); err != nil {
		return uuid.Nil, err
	}
	if c.OrderID != nil {
		if seen, err := tx.Order.Query().Where(entorder.ID(*c.OrderID)).Exist(ctx); err != nil {
			return uuid.Nil, err
		} else if !seen {
			return uuid.Nil, fault.ErrNotFound.At("input", "orderId")
		}
	}
	// Two requests at the same moment are counted one after the other.
	me, err := tx.User.Query().Where(entuser.ID(v.UserID), tx.Locking()).Select(entuser.FieldDisplayName, entuser.FieldTimeZone).Only(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	if err := room(ctx, tx, v.UserID); err != nil {
		return uuid.Nil, err
	}
	subject, body := c.words(me.TimeZone)
	t, _, err := b.Tickets.OpenIn(ctx, tx, support.Opening{
		OwnerID: c.Owner, UserID: v.Actor(), Kind: ticket.KindCALLBACK, Subject: subject, Locale: c.Locale, Channel: ticket.ChannelPHONE,
		CallbackPhone: &c.Phone, CallbackAt: &c.At, OrderID: c.OrderID,
		First: support.Said{Author: ticketmessage.AuthorKindCUSTOMER, AuthorID: v.Actor(), AuthorName: me.DisplayName, Body: body, ClientID: clientID},
	})
	if err != nil {
		return uuid.Nil, err
	}
	if c.At.Sub(tx.Now) <= nearestCall {
		return t.ID, nil
	}
	// Its clock stands until then; who wakes it gives it to people.
	return t.ID, b.Tickets.MoveIn(ctx, tx, t, ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_DATE, &c.At)
}

// room refuses one call more than a person may wait for, or ask for in a day:
// what he closed himself does not make room for the next at once.
func room(ctx context.Context, tx *store.Tx, me uuid.UUID) error {
	for _, most := range []struct {
		limit int
		of    predicate.Ticket
	}{{mostCalls, ticket.StatusNEQ(ticket.StatusCLOSED)}, {mostCallsADay, ticket.CreatedAtGT(tx.Now.Add(-24 * time.Hour))}} {
		// By whom he takes part with: tickets have no index of who opened them.
		n, err := tx.Ticket.Query().Where(ticket.HasParticipantsWith(ticketparticipant.UserID(me)), ticket.UserID(me), ticket.KindEQ(ticket.KindCALLBACK), most.of).Count(asSystem(ctx))
		if err != nil {
			return err
		}
		if n >= most.limit {
			return ErrTooManyItems.With("limit", most.limit)
		}
	}
	return nil
}

// words are what the ticket is called and says where the customer wrote
// nothing. The number stands in a field of its own and never in a text.
func (c call) words(zone string) (subject, body string) {
	subject = locale.Text(c.Locale, "support.callback.subject", nil)
	body = locale.Text(c.Locale, "support.callback.body", map[string]any{"date": locale.DateTime(c.Locale, c.At, zone)})
	if c.Subject != nil {
		subject = *c.Subject
	}
	if c.Body != nil {
		body = *c.Body
	}
	return subject, body
}
