package desk_test

import (
	"context"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
)

// What is opened for a date, as a call is, is given to nobody before: neither by
// turn, nor by the clock, nor to who asks for the next. Then it is.
func TestOpenedForADateIsGivenThen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.operator(t, w.sam, w.team(t, desk.SaveSupportTeamInput{Name: "All"}), desk.SaveOperatorInput{Capacity: ptr(2)})
		at := db.Clock.Now().Add(72 * time.Hour)
		var made *ent.Ticket
		w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			made, _, err = w.tickets.OpenIn(ctx, tx, support.Opening{
				OwnerID: w.alice, UserID: &w.alice, Kind: ticket.KindCALLBACK, Subject: "Call me",
				First: support.Said{Author: "CUSTOMER", AuthorID: &w.alice, AuthorName: "Alice", Body: "Please"},
			})
			if err != nil {
				return err
			}
			return w.tickets.MoveIn(ctx, tx, made, ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_DATE, &at)
		})
		w.hear(t)
		if n, err := w.queue.Due(storetest.System(), 100); n != 0 || err != nil {
			t.Errorf("%d given, %v", n, err)
		}
		if got, err := w.queue.Claim(agent(w.sue)); got != nil || err != nil {
			t.Errorf("claimed %v, %v", got, err)
		}
		if got := w.read(t, made.ID); got.AssigneeID != nil || got.Status != ticket.StatusSNOOZED {
			t.Errorf("before its time: %v", got)
		}
		db.Clock.Add(72 * time.Hour)
		if n, err := w.tickets.WakeSnoozed(context.Background(), 100); n != 1 || err != nil {
			t.Fatalf("woke %d, %v", n, err)
		}
		w.hear(t)
		if got := w.read(t, made.ID); !has(got, w.sam) || got.Status != ticket.StatusOPEN {
			t.Errorf("at its time: %v", got)
		}
	})
}
