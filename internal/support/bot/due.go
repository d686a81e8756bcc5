package bot

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/store"
)

// Due ends the bot's turn in tickets where nobody said anything in time, the
// longest due first, each in a transaction of its own, and says how many it
// looked at: an answer that the customer read is taken as helpful, and closes
// the ticket; without one, and where he did not read it, people get the ticket.
// It is for a periodic job; several may run at once.
func (b *Bot) Due(ctx context.Context, limit int) (int, error) {
	ctx = asSystem(ctx)
	due, err := b.Store.Client.Ticket.Query().Where(ticket.BotDueAtLTE(b.Store.Now())).
		Order(ticket.ByBotDueAt(sql.OrderAsc()), ticket.ByID()).Limit(limit).IDs(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	var failed error
	for _, id := range due { // the others need not wait for one that fails
		failed = errors.Join(failed, b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return b.due(ctx, tx, id) }))
	}
	return len(due), failed
}

func (b *Bot) due(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	t, err := b.hold(ctx, tx, id)
	switch {
	case t == nil || err != nil:
		return err
	case t.BotDueAt == nil || t.BotDueAt.After(tx.Now):
		return nil // another instance, or somebody said something
	case !answers(t):
		return b.over(ctx, tx, t)
	}
	last, err := lastSaid(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	if last == nil || last.AuthorKind != ticketmessage.AuthorKindBOT {
		return b.route(ctx, tx, t)
	}
	outcome, err := gone(ctx, tx, t)
	if err != nil {
		return err
	}
	text := "assumed"
	if outcome == ticket.BotOutcomeABANDONED {
		text = "abandoned"
	}
	if err := b.note(ctx, tx, t, text); err != nil {
		return err
	}
	// The outcome first: who hears of the closing looks at it.
	if err := b.end(ctx, tx, t, outcome); err != nil || outcome == ticket.BotOutcomeABANDONED {
		return err // nothing is solved of which nobody knows: people have it now
	}
	return b.Tickets.MoveIn(ctx, tx, t, ticket.StatusCLOSED, ticket.StatusReasonRESOLVED, nil)
}

// over ends the bot's work where the ticket is closed or a person's.
func (b *Bot) over(ctx context.Context, tx *store.Tx, t *ent.Ticket) error {
	if t.BotState != ticket.BotStateANSWERING {
		return tx.Ticket.UpdateOneID(t.ID).ClearBotDueAt().Exec(ctx)
	}
	outcome := ticket.BotOutcomeROUTED
	if t.Status == ticket.StatusCLOSED && t.AssigneeID == nil {
		var err error
		if outcome, err = gone(ctx, tx, t); err != nil {
			return err
		}
	}
	return b.end(ctx, tx, t, outcome)
}
