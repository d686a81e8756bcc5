package wallet

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// BalanceChanged sends each change of the wallets that the caller may see,
// his own and those of whom he acts for, after a cursor, from now on for nil:
// the balance as it was after that change, the wallet as it is when it is sent.
// Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_CURSOR, CURSOR_EXPIRED.
func (s *Wallets) BalanceChanged(ctx context.Context, after *string) (<-chan *WalletBalanceChange, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	if v.ActingStaff != uuid.Nil {
		return nil, fault.ErrForbidden
	}
	streams := []uuid.UUID{v.UserID}
	if v.OwnerID != uuid.Nil && v.OwnerID != v.UserID && v.OwnerID != viewer.House && isOwn(v, v.OwnerID, "read") {
		streams = append(streams, v.OwnerID)
	}
	ended := func(err error) { viewer.EndStream(ctx, err) }
	return live.Follow(ctx, s.Streams, after, streams, ended,
		func(ctx context.Context, e event.Stored, cursor string) (*WalletBalanceChange, error) {
			if e.Kind != (event.WalletChanged{}).Kind() {
				return nil, nil
			}
			var m event.WalletChanged
			if err := json.Unmarshal(e.Payload, &m); err != nil {
				return nil, fmt.Errorf("wallet: read %s %s: %w", e.Kind, e.EventID, err)
			}
			// What he did for a company is on his own stream too: it is shown on
			// the company's.
			if m.OwnerID != e.StreamID {
				return nil, nil
			}
			return s.balanceChange(ctx, m, cursor)
		})
}

func (s *Wallets) balanceChange(ctx context.Context, m event.WalletChanged, cursor string) (*WalletBalanceChange, error) {
	money := func(minor int64) scalar.Money { return scalar.Money{Minor: minor, Currency: m.Currency} }
	c := &WalletBalanceChange{Cursor: cursor, Cause: WalletEntryKind(m.Cause), Amount: money(m.Amount), Balance: money(m.Balance), Available: money(m.Available)}
	a, err := s.Store.Client.LedgerAccount.Query().Where(ledgeraccount.ID(m.AccountID)).Only(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	e, err := s.Store.Client.LedgerEntry.Query().Where(ledgerentry.ID(m.EntryID)).Only(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	c.Wallet, c.Entry = ViewAccount(a), s.entry(e)
	return c, nil
}
