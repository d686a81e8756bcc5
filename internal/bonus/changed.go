package bonus

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// BalanceChanged sends each change of the caller's own points after a cursor,
// from now on for nil: the counters as they were after that change, the account
// as it is when it is sent. Faults: UNAUTHENTICATED, INVALID_CURSOR,
// CURSOR_EXPIRED.
func (p *Points) BalanceChanged(ctx context.Context, after *string) (<-chan *BonusBalanceChange, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	ended := func(err error) { viewer.EndStream(ctx, err) }
	return live.Follow(ctx, p.Streams, after, []uuid.UUID{v.UserID}, ended,
		func(ctx context.Context, e event.Stored, cursor string) (*BonusBalanceChange, error) {
			if !strings.HasPrefix(e.Kind, "points.") {
				return nil, nil
			}
			var m event.PointsMove
			if err := json.Unmarshal(e.Payload, &m); err != nil {
				return nil, fmt.Errorf("bonus: read %s %s: %w", e.Kind, e.EventID, err)
			}
			if m.OwnerID != v.UserID { // of a company he acted for
				return nil, nil
			}
			return p.change(ctx, e, m, cursor)
		})
}

func (p *Points) change(ctx context.Context, e event.Stored, m event.PointsMove, cursor string) (*BonusBalanceChange, error) {
	c := &BonusBalanceChange{Cursor: cursor, Kind: e.Kind, Balance: m.Balance, Pending: m.Pending}
	accounts, err := p.Store.Client.LedgerAccount.Query().Where(ledgeraccount.ID(m.AccountID)).CollectUnder(ctx, "account")
	if err != nil {
		return nil, err
	}
	a, err := accounts.Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	if c.Account, err = p.Settled(ctx, a); err != nil {
		return nil, err
	}
	entries, err := p.Store.Client.LedgerEntry.Query().Where(ledgerentry.ID(m.EntryID)).CollectUnder(ctx, "entry")
	if err != nil {
		return nil, err
	}
	entry, err := entries.Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	c.Entry = ViewEntry(entry)
	return c, nil
}
