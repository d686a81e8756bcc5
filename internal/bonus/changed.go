package bonus

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// BalanceChanged sends each change of the caller's own points, and of those of
// the company or family that he acts for and may read, after a cursor, from now
// on for nil: the counters as they were after that change, the account as it is
// when it is sent. Faults: UNAUTHENTICATED, INVALID_CURSOR, CURSOR_EXPIRED.
func (p *Points) BalanceChanged(ctx context.Context, after *string) (<-chan *BonusBalanceChange, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	streams := []uuid.UUID{v.UserID}
	if v.OwnerID != uuid.Nil && v.OwnerID != v.UserID && max(v.Reach("bonus", "read"), v.Reach("bonus", "write")) >= viewer.ReachOwner {
		streams = append(streams, v.OwnerID)
	}
	ended := func(err error) { viewer.EndStream(ctx, err) }
	return live.Follow(ctx, p.Streams, after, streams, ended,
		func(ctx context.Context, e event.Stored, cursor string) (*BonusBalanceChange, error) {
			if !strings.HasPrefix(e.Kind, "points.") {
				return nil, nil
			}
			var m event.PointsMove
			if err := json.Unmarshal(e.Payload, &m); err != nil {
				return nil, fmt.Errorf("bonus: read %s %s: %w", e.Kind, e.EventID, err)
			}
			// Nothing moved yet, or it stands on the stream of its owner too.
			if m.EntryID == uuid.Nil || m.OwnerID != e.StreamID {
				return nil, nil
			}
			return p.change(ctx, e, m, cursor)
		})
}

func (p *Points) change(ctx context.Context, e event.Stored, m event.PointsMove, cursor string) (*BonusBalanceChange, error) {
	c := &BonusBalanceChange{Cursor: cursor, Kind: e.Kind, Balance: m.Balance, Pending: m.Pending, Held: m.Held}
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
	entry, err := p.Store.Client.LedgerEntry.Get(ctx, m.EntryID) // whole: the cause is made of it too
	if err != nil {
		return nil, store.Translate(err)
	}
	c.Entry, c.OwnerID = ViewEntry(entry), scalar.ID{Prefix: "usr", UUID: m.OwnerID}
	if m.OwnerID != viewer.From(ctx).UserID {
		c.OwnerID.Prefix = "com"
	}
	c.Cause = &BonusCause{Kind: entry.Kind, Label: Label(viewer.From(ctx).Locale, entry), OrderID: row{LedgerEntry: entry}.OrderID(), Reason: entry.Note}
	return c, nil
}
