package bot

import (
	"context"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
)

// ticketKey reads the ticket's id of an input.
func ticketKey(id scalar.ID) (uuid.UUID, error) {
	key, err := id.As("tkt")
	if err != nil {
		return key, fault.ErrInvalidID.At("input", "ticketId")
	}
	return key, nil
}

// RequestOperator hands a ticket over to people; where they have it already
// nothing changes. Faults: INVALID_ID, NOT_FOUND, TICKET_CLOSED, TICKET_MERGED;
// FORBIDDEN to staff and to who may only read it.
func (b *Bot) RequestOperator(ctx context.Context, in RequestOperatorInput) (*ent.Ticket, error) {
	return b.judge(ctx, in.TicketID, func(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
		switch {
		case t.Status == ticket.StatusCLOSED:
			return support.ErrTicketClosed.With("mutation", "reopenTicket")
		case t.BotState != ticket.BotStateANSWERING:
			return nil
		}
		return b.route(ctx, tx, t)
	})
}

// Confirm takes the customer's word on the bot's answer: it helped, and the
// ticket is closed; or it did not, and people get it, also where the bot was
// done with it and it was closed. Saying the same again changes nothing. Faults:
// INVALID_ID, NOT_FOUND, NO_BOT_ANSWER, BOT_DONE with outcome where it helped
// after all, TICKET_CLOSED, TICKET_MERGED; FORBIDDEN to staff and to who may
// only read it.
func (b *Bot) Confirm(ctx context.Context, in ConfirmBotAnswerInput) (*ent.Ticket, error) {
	return b.judge(ctx, in.TicketID, func(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
		want := ticket.BotOutcomeROUTED
		if in.Helped {
			want = ticket.BotOutcomeCONFIRMED
		}
		switch {
		case t.BotState == ticket.BotStateNONE:
			return ErrNoBotAnswer.At("input", "ticketId")
		case t.BotState == ticket.BotStateDONE && *t.BotOutcome == want:
			return nil
		case t.BotState == ticket.BotStateDONE && in.Helped:
			return ErrBotDone.At("input", "ticketId").With("outcome", string(*t.BotOutcome))
		case t.BotState == ticket.BotStateANSWERING && t.Status == ticket.StatusCLOSED: // at this moment; its end is being noted
			return support.ErrTicketClosed.With("mutation", "reopenTicket")
		}
		if answered, err := tx.TicketMessage.Query().Where(public(t.ID)...).Where(ticketmessage.AuthorKindEQ(ticketmessage.AuthorKindBOT)).Exist(ctx); err != nil {
			return err
		} else if !answered {
			return ErrNoBotAnswer.At("input", "ticketId")
		}
		if !in.Helped {
			return b.failed(ctx, tx, t)
		}
		if err := b.Tickets.MoveIn(ctx, tx, t, ticket.StatusCLOSED, ticket.StatusReasonRESOLVED, nil); err != nil {
			return err
		}
		return b.end(ctx, tx, t, want)
	})
}

// failed gives a ticket to people in which the bot's answer did not help, as its
// customer says; one that was closed meanwhile is open again.
func (b *Bot) failed(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
	switch {
	case t.Status == ticket.StatusCLOSED:
		if err := b.Tickets.MoveIn(ctx, tx, t, ticket.StatusOPEN, ticket.StatusReasonREOPENED, nil); err != nil {
			return err
		}
	case t.BotState == ticket.BotStateDONE: // they have it
		return b.end(ctx, tx, t, ticket.BotOutcomeROUTED)
	}
	return b.route(ctx, tx, t)
}

// judge runs what only the customer's side may do with a ticket, and gives the
// ticket after it.
func (b *Bot) judge(ctx context.Context, id scalar.ID, do func(ctx context.Context, tx *store.Tx, t *ent.Ticket) error) (*ent.Ticket, error) {
	key, err := ticketKey(id)
	if err != nil {
		return nil, err
	}
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := b.Tickets.LockMineIn(ctx, tx, key, "input", "ticketId")
		if err != nil {
			return err
		}
		return do(ctx, tx, t)
	})
	if err != nil {
		return nil, err
	}
	return b.Tickets.ByKey(ctx, key)
}

// hold locks a ticket for the bot's own work; nil where there is none any more.
// One that was merged is done with: nobody speaks in it.
func (b *Bot) hold(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Ticket, error) {
	t, err := b.Tickets.LockIn(ctx, tx, id)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil, nil
	case errors.Is(err, support.ErrTicketMerged):
		return nil, tx.Ticket.Update().Where(ticket.ID(id), ticket.BotStateEQ(ticket.BotStateANSWERING)).
			SetBotState(ticket.BotStateDONE).SetBotOutcome(ticket.BotOutcomeROUTED).ClearBotDueAt().Exec(ctx)
	}
	return t, err
}

// route gives a ticket to people, and says so in its timeline.
func (b *Bot) route(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
	if err := b.note(ctx, tx, t, "routed"); err != nil {
		return err
	}
	return b.end(ctx, tx, t, ticket.BotOutcomeROUTED)
}

// end notes how the bot's work ended; routing hears it.
func (b *Bot) end(ctx context.Context, tx *store.Tx, t *ent.Ticket, outcome ticket.BotOutcome) error {
	err := tx.Ticket.UpdateOneID(t.ID).SetBotState(ticket.BotStateDONE).SetBotOutcome(outcome).ClearBotDueAt().Exec(ctx)
	if err != nil {
		return err
	}
	t.BotState, t.BotOutcome, t.BotDueAt = ticket.BotStateDONE, &outcome, nil
	return b.Tickets.ChangedIn(ctx, tx, t, true, "bot")
}

// note writes an event into the timeline, in the language of the ticket.
func (b *Bot) note(ctx context.Context, tx *store.Tx, t *ent.Ticket, text string) error {
	_, err := b.Tickets.SayIn(ctx, tx, t, support.Said{
		Kind: ticketmessage.KindEVENT, Author: ticketmessage.AuthorKindSYSTEM,
		Body: locale.Text(t.Locale, "support.bot.event."+text, nil), Data: map[string]any{"bot": text},
	})
	return err
}

// gone says how the bot's work ended where the customer says nothing more: he
// has read its answer, or he has not.
func gone(ctx context.Context, tx *store.Tx, t *ent.Ticket) (ticket.BotOutcome, error) {
	if t.PublicSeq == 0 {
		return ticket.BotOutcomeABANDONED, nil
	}
	seen, err := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(t.ID), ticketparticipant.ReadSeqGTE(t.PublicSeq)).Exist(ctx)
	if err != nil || !seen {
		return ticket.BotOutcomeABANDONED, err
	}
	return ticket.BotOutcomeASSUMED, nil
}
