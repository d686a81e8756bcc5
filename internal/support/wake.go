package support

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"

	ent "kabinet/ent/generated"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// errAwake ends the transaction of a ticket that somebody else has moved.
var errAwake = errors.New("support: not snoozed any more")

// WakeSnoozed opens tickets whose time has come, the longest due first, each
// in a transaction of its own, and says how many. It is for a periodic job;
// several may run at once.
func (s *Tickets) WakeSnoozed(ctx context.Context, limit int) (n int, err error) {
	ctx = viewer.AsSystem(ctx, "support.wake")
	due, err := s.Store.Client.Ticket.Query().
		Where(entticket.StatusEQ(entticket.StatusSNOOZED), entticket.SnoozedUntilAtLTE(s.Store.Now())).
		Order(entticket.BySnoozedUntilAt(sql.OrderAsc()), entticket.ByID()).Limit(limit).IDs(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	var failed error
	for _, id := range due {
		_, err := s.act(ctx, func(ctx context.Context, tx *store.Tx) (*ent.Ticket, error) {
			t, err := s.lock(ctx, tx, scalar.ID{Prefix: "tkt", UUID: id})
			if err != nil {
				return nil, err
			}
			if t.Status != entticket.StatusSNOOZED || t.SnoozedUntilAt == nil || t.SnoozedUntilAt.After(tx.Now) {
				return nil, errAwake
			}
			next := stand{status: entticket.StatusOPEN, reason: entticket.StatusReasonREOPENED}
			return t, s.change(ctx, tx, t, "ticket.wake", next, t.Priority)
		})
		switch {
		case errors.Is(err, errAwake):
		case err != nil: // the others need not wait for this one
			failed = errors.Join(failed, err)
		default:
			n++
		}
	}
	return n, failed
}
