package post

import (
	"context"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/letter"
	"kabinet/ent/generated/ticketmessage"
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

// Whole is all that a letter says, where its message shows less; nil where it
// shows everything, and of a message that was removed. The caller's fence holds.
func (p *Post) Whole(ctx context.Context, l *ent.Letter) (*string, error) {
	if l.MessageID == nil {
		return nil, nil
	}
	return p.wholes.Load(ctx, *l.MessageID, p.readWholes)
}

func (p *Post) readWholes(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*string, error) {
	all, err := p.Store.Client.TicketMessage.Query().Where(ticketmessage.IDIn(ids...), ticketmessage.RemovedAtIsNil()).
		Select(ticketmessage.FieldID, ticketmessage.FieldData).All(ctx)
	found := make(map[uuid.UUID]*string, len(all))
	for _, m := range all {
		if whole, ok := m.Data["whole"].(string); ok {
			found[m.ID] = &whole
		}
	}
	return found, store.Translate(err)
}

// kept is how long it is remembered that a letter came.
const kept = 365 * 24 * time.Hour

// Forget deletes what is known of letters that came long ago; what they said
// stays in their tickets.
func (p *Post) Forget(ctx context.Context) error {
	return p.Store.Sweep(ctx, "letters", "id", `created_at < ?`, p.Store.Now().Add(-kept))
}
