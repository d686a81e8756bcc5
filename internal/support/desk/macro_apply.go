package desk

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Apply does all acts of a macro to a ticket in one transaction, signed by the
// caller. Faults: INVALID_ID, NOT_FOUND, STALE_OBJECT, TICKET_MERGED, and at
// the act those of its verb: TICKET_CLOSED, VARIABLE_EMPTY, INVALID_VALUE,
// REQUIRED, TOO_LONG; FORBIDDEN.
func (q *Queue) Apply(ctx context.Context, in ApplyMacroInput) (*ent.Ticket, error) {
	if err := may(ctx, "ticket", "write"); err != nil {
		return nil, err
	}
	key, err := keyOf(in.TicketID, ticketPrefix, "input", "ticketId")
	if err != nil {
		return nil, err
	}
	by, err := keyOf(in.MacroID, macroPrefix, "input", "macroId")
	if err != nil {
		return nil, err
	}
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := q.Tickets.LockIn(ctx, tx, key, "input", "ticketId")
		if err != nil {
			return err
		}
		if err := checkRevision(t.Revision, &in.Revision, "revision"); err != nil {
			return err
		}
		m, err := macroShown(ctx, tx, by, "input", "macroId")
		if err != nil {
			return err
		}
		for i, a := range m.Acts {
			if err := q.do(ctx, tx, t, a); err != nil {
				return inAct(err, i)
			}
		}
		return tx.Audit(ctx, "ticket.apply_macro", t.OwnerID, t.GlobalID(), map[string]any{"macro": m.GlobalID().String(), "version": m.Version, "name": m.Name})
	})
	if err != nil {
		return nil, err
	}
	return q.Tickets.ByKey(ctx, key)
}

// inAct says in which act a refusal was: its path begins there, for the input
// named the macro alone.
func inAct(err error, i int) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	path := []string{"acts"}
	path = at(path, i)
	if len(f.Path) > 1 {
		path = append(path, f.Path[1:]...)
	}
	return f.At(path...)
}

// do does one act to a locked ticket.
func (q *Queue) do(ctx context.Context, tx *store.Tx, t *ent.Ticket, a schema.MacroAct) error {
	switch MacroActKind(a.Kind) {
	case ActReply, ActNote:
		return q.say(ctx, tx, t, a)
	case ActSetStatus:
		in := support.SetTicketStatusInput{Status: word[ticket.Status](a.Status), Reason: word[ticket.StatusReason](a.Reason)}
		if a.Hours > 0 {
			until := tx.Now.Add(time.Duration(a.Hours) * time.Hour)
			in.SnoozedUntilAt = &until
		}
		return q.Tickets.SetIn(ctx, tx, t, in)
	case ActSetPriority:
		return q.Tickets.SetIn(ctx, tx, t, support.SetTicketStatusInput{Priority: word[ticket.Priority](a.Priority)})
	case ActAssign:
		return q.hand(ctx, tx, t, handing{person: personOf(ctx, a.To), toPerson: true})
	case ActSetTeam:
		h := handing{toTeam: true}
		if id := idIn(a.To); id != nil {
			h.team = &id.UUID
		}
		return q.hand(ctx, tx, t, h)
	}
	return fault.ErrInvalidValue.At("input", "kind")
}

// personOf is to whom an act gives a ticket.
func personOf(ctx context.Context, to string) *uuid.UUID {
	if to == string(TargetMe) {
		me := viewer.From(ctx).UserID
		return &me
	}
	if id := idIn(to); id != nil {
		return &id.UUID
	}
	return nil
}

// say answers, or adds a note. A text whose variable has no value is not sent
// to a customer.
func (q *Queue) say(ctx context.Context, tx *store.Tx, t *ent.Ticket, a schema.MacroAct) error {
	texts := a.Texts
	if id := idIn(a.CannedID); id != nil {
		r, err := replyShown(ctx, tx.Client, id.UUID, "input", "cannedReplyId")
		if err != nil {
			return err
		}
		texts = r.Texts
	}
	said := support.Said{Kind: ticketmessage.KindMESSAGE}
	if MacroActKind(a.Kind) == ActNote {
		said.Kind = ticketmessage.KindNOTE
	}
	r, err := rendered(ctx, tx.Client, t, texts)
	if err != nil {
		return err
	}
	if len(r.Missing) > 0 && said.Kind == ticketmessage.KindMESSAGE {
		return ErrVariableEmpty.At("input", "texts").With("variable", r.Missing[0])
	}
	if utf8.RuneCountInString(r.Text) > longestText {
		return fault.ErrTooLong.At("input", "texts").With("limit", longestText)
	}
	said.Body = r.Text
	_, err = q.Tickets.SayIn(ctx, tx, t, said)
	return err
}
