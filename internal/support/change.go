package support

import (
	"context"
	"time"

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
