package support

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"

	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// How long what a signal says holds, unless it is said again.
var signalLife = map[TicketSignalKind]time.Duration{TicketSignalTyping: 6 * time.Second, TicketSignalPresent: 30 * time.Second}

const (
	// mostSignals is how many signals one person sends in a window, of one instance.
	mostSignals  = 20
	signalWindow = 10 * time.Second
	// signalCheck is how often a listener's right to the ticket is asked while
	// nothing but signals come.
	signalCheck = 5 * time.Second
)

// transient is a signal on the bus. It is kept nowhere.
type transient struct {
	User    uuid.UUID                `json:"u"`
	Kind    TicketSignalKind         `json:"k"`
	Side    ticketmessage.AuthorKind `json:"s"`
	Name    string                   `json:"n"`
	Editing bool                     `json:"e,omitempty"`
	Note    bool                     `json:"i,omitempty"`
	Until   time.Time                `json:"t"`
}

// Type tells those who follow a ticket now that the caller types or is there,
// and says until when that holds. No row is written. Who may only read does
// not type. Faults: INVALID_ID, NOT_FOUND, TICKET_MERGED, INVALID_VALUE for a
// customer's note; RATE_LIMITED; FORBIDDEN.
func (s *Tickets) Type(ctx context.Context, in StartTypingInput) (*time.Time, error) {
	key, err := keyOf(in.TicketID, "tkt", "input", "ticketId")
	if err != nil {
		return nil, err
	}
	v, now := viewer.From(ctx), s.Store.Now()
	if wait := s.typists.count(v.UserID, now); wait > 0 {
		return nil, fault.ErrRateLimited.After(wait)
	}
	t, err := s.Store.Client.Ticket.Query().Where(entticket.ID(key)).Select(entticket.FieldOwnerID, entticket.FieldUserID, entticket.FieldMergedIntoID).Only(ctx)
	if err != nil {
		if err = store.Translate(err); fault.KindOf(err) == fault.NotFound {
			err = fault.ErrNotFound.At("input", "ticketId")
		}
		return nil, err
	}
	if t.MergedIntoID != nil {
		return nil, gone(ctx, s.Store.Client.Ticket, t, "input", "ticketId")
	}
	staff := onStaffSide(v, t)
	one := transient{User: v.UserID, Kind: TicketSignalTyping, Side: authorKind(v, staff), Editing: is(in.Editing), Note: is(in.Note)}
	if in.Kind != nil {
		one.Kind = *in.Kind
	}
	if one.Note && !staff {
		return nil, fault.ErrInvalidValue.At("input", "note")
	}
	if one.Kind == TicketSignalTyping && !mayWrite(v, t) {
		part, err := takesPart(ctx, s.Store.Client.TicketParticipant, t)
		if err == nil && !part {
			err = fault.ErrForbidden
		}
		if err != nil {
			return nil, store.Translate(err)
		}
	}
	if one.Name, err = s.Store.Client.User.Query().Where(entuser.ID(v.UserID)).Select(entuser.FieldDisplayName).String(ctx); err != nil {
		return nil, store.Translate(err)
	}
	one.Until = now.Add(signalLife[one.Kind])
	return &one.Until, s.tellSignal(key, one)
}

func (s *Tickets) tellSignal(of uuid.UUID, one transient) error {
	payload, err := json.Marshal(one)
	if err != nil {
		return err
	}
	return s.Streams.Say(live.Signal{Stream: of, Payload: payload})
}

func is(b *bool) bool { return b != nil && *b }

// hears is what the signals of a ticket are to somebody who follows it: nobody
// hears himself, and the customer's side neither who of staff is there nor
// that a note is written. What is no signal of ours, or over, is skipped.
func (s *Tickets) hears(v viewer.Viewer, staff bool, key uuid.UUID) func(ctx context.Context, one live.Signal, cursor string) (*Update, error) {
	var asked time.Time
	return func(ctx context.Context, one live.Signal, cursor string) (*Update, error) {
		var f transient
		now := s.Store.Now()
		switch err := json.Unmarshal(one.Payload, &f); {
		case err != nil, signalLife[f.Kind] == 0, f.User == v.UserID:
			return nil, nil
		case !now.Before(f.Until), f.Until.Sub(now) > signalLife[TicketSignalPresent]+time.Minute:
			return nil, nil
		}
		ofStaff := f.Side == ticketmessage.AuthorKindSTAFF
		if ofStaff && !staff && (f.Note || f.Kind == TicketSignalPresent) {
			return nil, nil
		}
		if now.Sub(asked) >= signalCheck { // security F6: an event is shown through the fence, a signal is not
			there, err := s.Store.Client.Ticket.Query().Where(entticket.ID(key)).Exist(ctx)
			if err != nil || !there {
				return nil, orGone(err)
			}
			asked = now
		}
		u := &Update{Cursor: cursor, Kind: "ticket.signal", Signal: &TicketSignal{Kind: f.Kind, Side: f.Side, Name: f.Name, Editing: f.Editing, Until: f.Until}}
		if staff || !ofStaff {
			u.Signal.UserID = &scalar.ID{Prefix: "usr", UUID: f.User}
		}
		return u, nil
	}
}

func orGone(err error) error {
	if err != nil {
		return store.Translate(err)
	}
	return fault.ErrNotFound
}

// typists counts the signals of each person in a window that begins with the
// first of them. It is of this instance alone and kept in memory: a row for
// each would cost more than what it guards.
type typists struct {
	mu    sync.Mutex
	all   map[uuid.UUID]typed
	swept time.Time
}

type typed struct {
	since time.Time
	n     int
}

// mostTypists is how many people are remembered before those whose window is
// over are forgotten.
const mostTypists = 10_000

// count counts one, and says how long to wait where there were too many.
func (ts *typists) count(who uuid.UUID, now time.Time) time.Duration {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.all == nil {
		ts.all = map[uuid.UUID]typed{}
	}
	if len(ts.all) >= mostTypists && (now.Sub(ts.swept) >= signalWindow || now.Before(ts.swept)) {
		ts.swept = now
		for id, t := range ts.all {
			if now.Sub(t.since) >= signalWindow {
				delete(ts.all, id)
			}
		}
	}
	t := ts.all[who]
	if now.Sub(t.since) >= signalWindow || now.Before(t.since) {
		t = typed{since: now}
	}
	if t.n >= mostSignals {
		return signalWindow - now.Sub(t.since)
	}
	t.n++
	ts.all[who] = t
	return 0
}
