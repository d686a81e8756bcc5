package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/store"
)

// Hearers ask the bot what customers wrote, and note when its work is over.
// They lock tickets.
func (b *Bot) Hearers() []store.Hearer {
	return []store.Hearer{
		on("support.bot.TicketOpened", b.OnTicketOpened),
		on("support.bot.TicketReplied", b.OnTicketReplied),
		on("support.bot.TicketChanged", b.OnTicketChanged),
	}
}

// on reads the fact for a hearer.
func on[F event.Fact](name string, hear func(context.Context, *store.Tx, F) error) store.Hearer {
	var zero F
	return store.Hearer{Name: name, Kinds: []string{zero.Kind()}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f F
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, e.Kind, err)
		}
		return hear(asSystem(ctx), tx, f)
	}}
}

// OnTicketOpened asks the bot, where the ticket is its.
func (b *Bot) OnTicketOpened(ctx context.Context, tx *store.Tx, f event.TicketOpened) error {
	return b.asked(ctx, tx, f.TicketID, f.MessageID)
}

// OnTicketReplied asks the bot what the customer wrote since. Where a person
// answered the bot is done.
func (b *Bot) OnTicketReplied(ctx context.Context, tx *store.Tx, f event.TicketReplied) error {
	switch {
	case f.Note:
		return nil
	case f.AuthorKind == "CUSTOMER":
		return b.asked(ctx, tx, f.TicketID, f.MessageID)
	case f.AuthorKind == "STAFF":
		return b.taken(ctx, tx, f.TicketID)
	}
	return nil
}

// moves are the changes of a ticket that end the bot's work: of staff all of
// them, of the customer those of the status.
var moves = []string{"status", "statusReason", "assignee", "team"}

// OnTicketChanged notes that a person took the ticket or moved it, that the
// customer left, or that he is back after the bot was done: then people get it.
// That people work on what was abandoned does not make it something else.
func (b *Bot) OnTicketChanged(ctx context.Context, tx *store.Tx, f event.TicketChanged) error {
	if !slices.ContainsFunc(f.Changed, func(what string) bool { return slices.Contains(moves, what) }) {
		return nil
	}
	t, err := b.its(ctx, tx, f.TicketID)
	switch {
	case t == nil || err != nil:
		return err
	case t.BotState == ticket.BotStateDONE && f.ByStaff && t.BotOutcome != nil && *t.BotOutcome == ticket.BotOutcomeABANDONED:
		return nil
	case t.BotState == ticket.BotStateDONE:
		return b.back(ctx, tx, t)
	case t.AssigneeID != nil, f.ByStaff:
		return b.end(ctx, tx, t, ticket.BotOutcomeROUTED)
	case t.Status == ticket.StatusCLOSED:
		outcome, err := gone(ctx, tx, t)
		if err != nil {
			return err
		}
		return b.end(ctx, tx, t, outcome)
	}
	return nil
}

// its locks a ticket that the bot has, or had; nil for others.
func (b *Bot) its(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Ticket, error) {
	is, err := tx.Ticket.Query().Where(ticket.ID(id), ticket.BotStateNEQ(ticket.BotStateNONE)).Exist(ctx)
	if err != nil || !is {
		return nil, err
	}
	return b.hold(ctx, tx, id)
}

// asked puts a message of the customer into the bot's queue.
func (b *Bot) asked(ctx context.Context, tx *store.Tx, id, message uuid.UUID) error {
	t, err := b.its(ctx, tx, id)
	switch {
	case t == nil || err != nil:
		return err
	case t.BotState == ticket.BotStateDONE:
		return b.back(ctx, tx, t)
	case !answers(t):
		return nil
	}
	// Whoever hears of it again does not shorten the time after the answer.
	last, err := lastSaid(ctx, tx, t.ID)
	if err != nil || last != nil && last.AuthorKind == ticketmessage.AuthorKindBOT {
		return err
	}
	if err := b.wait(ctx, tx, t, waitForBot); err != nil {
		return err
	}
	return job.Enqueue(ctx, tx, answer{Ticket: id, Message: message}, nil)
}

// taken ends the bot's work on a ticket that a person answered.
func (b *Bot) taken(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	t, err := b.its(ctx, tx, id)
	if t == nil || err != nil || t.BotState != ticket.BotStateANSWERING {
		return err
	}
	return b.end(ctx, tx, t, ticket.BotOutcomeROUTED)
}

// back gives a ticket to people that the bot was done with and that is open
// again: it did not help after all.
func (b *Bot) back(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
	if t.Status == ticket.StatusCLOSED || t.BotOutcome != nil && *t.BotOutcome == ticket.BotOutcomeROUTED {
		return nil
	}
	return b.end(ctx, tx, t, ticket.BotOutcomeROUTED)
}
