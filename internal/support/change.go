package support

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// lockStaff is lock for what only staff may do.
func (s *Tickets) lockStaff(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.Ticket, error) {
	if err := staffWrites(ctx); err != nil {
		return nil, err
	}
	key, err := keyOf(id, "tkt", "input", "ticketId")
	if err != nil {
		return nil, err
	}
	return s.LockIn(ctx, tx, key, "input", "ticketId")
}

// staffWrites refuses who is not of the staff that may change tickets.
func staffWrites(ctx context.Context) error {
	if v := viewer.From(ctx); !v.IsSystem() && (!v.Staff || v.Reach(resource, "write") != viewer.ReachAll) {
		return fault.ErrForbidden
	}
	return nil
}

// act runs a change of one ticket and gives the ticket after it.
func (s *Tickets) act(ctx context.Context, do func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error)) (*ent.Ticket, error) {
	var id uuid.UUID
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := do(ctx, tx)
		if err == nil {
			id = t.ID
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.byKey(ctx, id)
}

// Close closes a ticket: solved by staff, or closed by the customer. Faults:
// INVALID_ID, NOT_FOUND, TICKET_CLOSED; FORBIDDEN.
func (s *Tickets) Close(ctx context.Context, in CloseTicketInput) (*ent.Ticket, error) {
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		t, err := s.lock(ctx, tx, in.TicketID)
		if err != nil {
			return nil, err
		}
		if t.Status == ticket.StatusCLOSED {
			return nil, ErrTicketClosed
		}
		next := stand{status: ticket.StatusCLOSED, reason: ticket.StatusReasonCLOSED_BY_CUSTOMER}
		if onStaffSide(viewer.From(ctx), t) {
			next.reason = ticket.StatusReasonRESOLVED
		}
		return t, s.change(ctx, tx, t, "ticket.close", next, t.Priority)
	})
}

// Reopen opens a closed ticket again. Faults: INVALID_ID, NOT_FOUND,
// ILLEGAL_TRANSITION with fromState and toState; FORBIDDEN.
func (s *Tickets) Reopen(ctx context.Context, in ReopenTicketInput) (*ent.Ticket, error) {
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		t, err := s.lock(ctx, tx, in.TicketID)
		if err != nil {
			return nil, err
		}
		if t.Status != ticket.StatusCLOSED {
			return nil, ErrIllegalTransition.With("fromState", string(t.Status)).With("toState", string(ticket.StatusOPEN))
		}
		next := stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonREOPENED}
		return t, s.change(ctx, tx, t, "ticket.reopen", next, t.Priority)
	})
}

// SetStatus moves a ticket and sets its priority, for staff; what is the same
// already changes nothing. Faults: as checkStand, INVALID_ID, NOT_FOUND,
// STALE_OBJECT; FORBIDDEN.
func (s *Tickets) SetStatus(ctx context.Context, in SetTicketStatusInput) (*ent.Ticket, error) {
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		t, err := s.lockStaff(ctx, tx, in.TicketID)
		if err != nil {
			return nil, err
		}
		if err := checkRevision(t, in.Revision); err != nil {
			return nil, err
		}
		next, err := checkStand(standOf(t), in, tx.Now)
		if err != nil {
			return nil, err
		}
		priority := t.Priority
		if in.Priority != nil {
			priority = *in.Priority
		}
		return t, s.change(ctx, tx, t, "ticket.set_status", next, priority)
	})
}

// Update changes what kind of request a ticket is, what it is called, its
// language and what it is about, for staff; what is so already changes nothing.
// Another kind or language chooses its service level anew. Faults: REQUIRED,
// TOO_LONG, INVALID_VALUE, INVALID_ID; NOT_FOUND for a ticket that is none and
// for what is not its customer's; STALE_OBJECT, TICKET_MERGED; FORBIDDEN.
func (s *Tickets) Update(ctx context.Context, in UpdateTicketInput) (*ent.Ticket, error) {
	to, err := checkUpdate(in)
	if err != nil {
		return nil, err
	}
	return s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
		t, err := s.lockStaff(ctx, tx, in.TicketID)
		if err != nil {
			return nil, err
		}
		if err := checkRevision(t, &in.Revision); err != nil {
			return nil, err
		}
		return t, s.retell(ctx, tx, t, in, to)
	})
}

// checkUpdate checks what can be checked without the database.
func checkUpdate(in UpdateTicketInput) (opening, error) {
	about := OpenTicketInput{
		OrderID: in.OrderID.Value(), EntryID: in.EntryID.Value(), LineID: in.LineID.Value(), ReturnID: in.ReturnID.Value(),
		DocumentID: in.DocumentID.Value(), BookingKey: in.BookingKey.Value(),
	}
	var o opening
	if in.Subject != nil {
		subject, err := checkSubject(*in.Subject)
		if err != nil {
			return o, err
		}
		o.Subject = subject
	}
	if in.Locale != nil && !slices.Contains(locale.Supported(), *in.Locale) {
		return o, fault.ErrInvalidValue.At("input", "locale").With("allowed", locale.Supported())
	}
	return checkAbout(o, about)
}

// retell writes what has changed of a ticket, if anything, tells and audits it.
func (s *Tickets) retell(ctx context.Context, tx *store.Tx, t *ent.Ticket, in UpdateTicketInput, to opening) error {
	about, err := s.tied(ctx, tx, t, in, to)
	if err != nil {
		return err
	}
	var changed []string
	was := t.Kind
	if in.Kind != nil && *in.Kind != t.Kind {
		t.Kind, changed = *in.Kind, append(changed, "kind")
	}
	if in.Locale != nil && *in.Locale != t.Locale {
		t.Locale, changed = *in.Locale, append(changed, "locale")
	}
	anew := len(changed) > 0
	if in.Subject != nil && to.Subject != t.Subject {
		t.Subject, changed = to.Subject, append(changed, "subject")
	}
	if tie(t, about) {
		changed = append(changed, "about")
	}
	if len(changed) == 0 {
		return nil
	}
	u := keep(tx, t).SetKind(t.Kind).SetLocale(t.Locale).SetSubject(t.Subject).AddRevision(1)
	store.SetOr(t.OrderID, u.SetOrderID, u.ClearOrderID)
	store.SetOr(t.LineID, u.SetLineID, u.ClearLineID)
	store.SetOr(t.ReturnID, u.SetReturnID, u.ClearReturnID)
	store.SetOr(t.EntryID, u.SetEntryID, u.ClearEntryID)
	store.SetOr(t.DocumentID, u.SetDocumentID, u.ClearDocumentID)
	store.SetOr(t.BookingKey, u.SetBookingKey, u.ClearBookingKey)
	if err := u.Exec(ctx); err != nil {
		return err
	}
	t.Revision++
	tellChange(ctx, tx, t, changed, toCustomers(t)...)
	if anew {
		if err := s.moment(ctx, tx, t, standOf(t), ActPriority); err != nil {
			return err
		}
	}
	// Words of a customer are not put on record: they would outlive him.
	return tx.Audit(ctx, "ticket.update", t.OwnerID, t.GlobalID(), map[string]any{"changed": changed, "kind": [2]string{string(was), string(t.Kind)}})
}

// tied is what a ticket is about after a change. What is named must be of the
// ticket's owner or of who opened it, as openTicket asks of them, and a line
// and a return of its order; where a line or a return is named alone, the order
// is theirs.
func (s *Tickets) tied(ctx context.Context, tx *store.Tx, t *ent.Ticket, in UpdateTicketInput, to opening) (opening, error) {
	after := opening{OrderID: t.OrderID, LineID: t.LineID, ReturnID: t.ReturnID, EntryID: t.EntryID, DocumentID: t.DocumentID, BookingKey: t.BookingKey}
	var asked opening // what has to be looked up
	if in.OrderID.IsSet() || in.LineID.IsSet() || in.ReturnID.IsSet() {
		asked.LineID, asked.ReturnID, asked.OrderID = t.LineID, t.ReturnID, t.OrderID
		said(in.LineID.IsSet(), &asked.LineID, to.LineID)
		said(in.ReturnID.IsSet(), &asked.ReturnID, to.ReturnID)
		said(in.OrderID.IsSet() || to.LineID != nil || to.ReturnID != nil, &asked.OrderID, to.OrderID)
	}
	asked.EntryID, asked.DocumentID = to.EntryID, to.DocumentID
	var owners []any
	if t.OwnerID != viewer.House {
		owners = append(owners, t.OwnerID)
	}
	if t.UserID != nil {
		owners = append(owners, *t.UserID)
	}
	err := seen(viewer.AsSystem(ctx, "support.about"), tx, &asked, func(s *sql.Selector) { s.Where(sql.In(s.C("owner_id"), owners...)) })
	if err != nil {
		return after, err
	}
	if in.OrderID.IsSet() || in.LineID.IsSet() || in.ReturnID.IsSet() {
		after.OrderID, after.LineID, after.ReturnID = asked.OrderID, asked.LineID, asked.ReturnID
	}
	said(in.EntryID.IsSet(), &after.EntryID, to.EntryID)
	said(in.DocumentID.IsSet(), &after.DocumentID, to.DocumentID)
	said(in.BookingKey.IsSet(), &after.BookingKey, to.BookingKey)
	return after, nil
}

// said sets what was said.
func said[T any](is bool, v **T, to *T) {
	if is {
		*v = to
	}
}

// tie sets in t what it is about, and says whether that was something else.
func tie(t *ent.Ticket, o opening) bool {
	same := equal(t.OrderID, o.OrderID) && equal(t.LineID, o.LineID) && equal(t.ReturnID, o.ReturnID) &&
		equal(t.EntryID, o.EntryID) && equal(t.DocumentID, o.DocumentID) && equal(t.BookingKey, o.BookingKey)
	t.OrderID, t.LineID, t.ReturnID, t.EntryID, t.DocumentID, t.BookingKey = o.OrderID, o.LineID, o.ReturnID, o.EntryID, o.DocumentID, o.BookingKey
	return !same
}

func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// change writes stand and priority with their events, and tells and audits
// what has changed, if anything.
func (s *Tickets) change(ctx context.Context, tx *store.Tx, t *ent.Ticket, action string, next stand, priority ticket.Priority) error {
	was, wasPriority := standOf(t), t.Priority
	staff := onStaffSide(viewer.From(ctx), t)
	i, err := signed(ctx, tx, staff)
	if err != nil {
		return err
	}
	var changed []string
	u := tx.Ticket.UpdateOneID(t.ID)
	if !next.equal(was) {
		if err := s.stood(ctx, tx, t, i, next); err != nil {
			return err
		}
		move(tx, u, t, next).SetLastActivityAt(tx.Now)
		if next.status != was.status {
			changed = append(changed, "status")
		}
		changed = append(changed, "statusReason")
	}
	if priority != wasPriority {
		label := locale.Text(t.Locale, "support.priority."+string(priority), nil)
		i.data = map[string]any{"priority": string(priority), "was": string(wasPriority)}
		if err := happened(ctx, tx, t, i, "priority", map[string]any{"label": label}); err != nil {
			return err
		}
		u.SetPriority(priority).SetUrgency(urgency[priority])
		changed = append(changed, "priority")
	}
	if len(changed) == 0 {
		return nil
	}
	if err := u.SetSeq(t.Seq).AddRevision(1).Exec(ctx); err != nil {
		return err
	}
	t.Revision++
	t.Priority, t.Urgency = priority, urgency[priority]
	if !next.equal(was) {
		t.LastActivityAt = tx.Now
	}
	stands(t, next, tx.Now)
	tellChange(ctx, tx, t, changed, toCustomers(t)...)
	if err := s.changed(ctx, tx, t, was, wasPriority); err != nil || !staff {
		return err
	}
	return tx.Audit(ctx, action, t.OwnerID, t.GlobalID(), map[string]any{
		"status": [2]string{string(was.status), string(next.status)}, "reason": [2]string{string(was.reason), string(next.reason)},
		"priority": [2]string{string(wasPriority), string(priority)},
	})
}

// changed tells the clock.
func (s *Tickets) changed(ctx context.Context, tx *store.Tx, t *ent.Ticket, was stand, wasPriority ticket.Priority) error {
	if !standOf(t).equal(was) {
		if err := s.moment(ctx, tx, t, was, ActMoved); err != nil {
			return err
		}
	}
	if t.Priority == wasPriority {
		return nil
	}
	return s.moment(ctx, tx, t, standOf(t), ActPriority)
}

// stood writes the event of a new stand.
func (s *Tickets) stood(ctx context.Context, tx *store.Tx, t *ent.Ticket, by item, next stand) error {
	by.data = map[string]any{"status": string(next.status), "reason": string(next.reason)}
	if next.until != nil {
		by.data["until"] = next.until.Format(time.RFC3339)
		zone, err := zoneOf(ctx, tx, t)
		if err != nil {
			return err
		}
		return happened(ctx, tx, t, by, "snoozed", map[string]any{"date": locale.DateTime(t.Locale, *next.until, zone)})
	}
	return happened(ctx, tx, t, by, "status", map[string]any{"label": Label(t.Locale, next.reason)})
}

// Label is a stand in words, in a language (BCP 47).
func Label(lang string, reason ticket.StatusReason) string {
	return locale.Text(lang, "support.status."+string(reason), nil)
}
