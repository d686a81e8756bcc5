package clock

import (
	"context"
	"errors"

	"github.com/google/uuid"

	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// TickDue warns and breaks what is due, the longest due first, each ticket in a
// transaction of its own, and says how many. Under the ticket's lock it is
// asked again whether anything is due, so that of several at once one says it.
// It is for a periodic job.
func (c *Clocks) TickDue(ctx context.Context, limit int) (n int, err error) {
	ctx = viewer.AsSystem(ctx, "support.clock")
	due, err := c.Store.Client.Ticket.Query().Where(entticket.ClockAtLTE(c.Store.Now())).
		Order(entticket.ByClockAt(), entticket.ByID()).Limit(limit).IDs(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	var failed error
	for _, id := range due {
		ticked, err := c.tick(ctx, id)
		switch {
		case err != nil: // the others need not wait for this one
			failed = errors.Join(failed, err)
		case ticked:
			n++
		}
	}
	return n, failed
}

func (c *Clocks) tick(ctx context.Context, id uuid.UUID) (ticked bool, err error) {
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ticked = false
		t, err := held(ctx, tx, id)
		if err != nil || t.ClockAt == nil || t.ClockAt.After(tx.Now) {
			return err
		}
		ticked = true
		return c.advance(ctx, tx, t, "")
	})
	return ticked, err
}
