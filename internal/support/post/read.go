package post

import (
	"context"
	"time"

	"entgo.io/contrib/entgql"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/letter"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Page is a part of a list.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}

// Letters are those that came in, the newest first. Faults: INVALID_ID.
func (p *Post) Letters(ctx context.Context, ticketID *scalar.ID, outcome *letter.Outcome, page Page) (*ent.LetterConnection, error) {
	q := p.Store.Client.Letter.Query()
	if ticketID != nil {
		if ticketID.Prefix != "tkt" {
			return nil, fault.ErrInvalidID.At("ticketId")
		}
		q.Where(letter.TicketID(ticketID.UUID))
	}
	if outcome != nil {
		q.Where(letter.OutcomeEQ(*outcome))
	}
	newest := &ent.LetterOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultLetterOrder.Field}
	c, err := q.Paginate(ctx, page.After, page.First, page.Before, page.Last, ent.WithLetterOrder(newest))
	return c, store.Translate(err)
}

// kept is how long it is remembered that a letter came.
const kept = 365 * 24 * time.Hour

// Forget deletes what is known of letters that came long ago; what they said
// stays in their tickets.
func (p *Post) Forget(ctx context.Context) error {
	return p.Store.Sweep(ctx, "letters", "id", `created_at < ?`, p.Store.Now().Add(-kept))
}
