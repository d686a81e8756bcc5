package bonus

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Points is the service of this domain.
type Points struct {
	Store   *store.Store
	Streams *live.Streams

	// Spent tells an order, in the transaction that spends them, how many
	// points were spent on it; server.go fills it in. An order that is cancelled
	// forgets them itself.
	Spent func(ctx context.Context, tx *store.Tx, orderID uuid.UUID, points int64) error

	// Earned tells an order, in the transaction that changes them, by how much
	// the points that it earned change otherwise than by a return of its own.
	Earned func(ctx context.Context, tx *store.Tx, orderID uuid.UUID, points int64) error

	// ByEmail finds the member whose confirmed address it is; uuid.Nil: nobody.
	ByEmail func(ctx context.Context, tx *store.Tx, email string) (uuid.UUID, error)

	programs programCache
}

// Books are the ledger as points are kept in it: lots live by the version of
// the programme by which they were earned.
func (p *Points) Books() *ledger.Books {
	return &ledger.Books{Store: p.Store, Terms: p.lotTerms, OrdersKeepSpent: p.Spent != nil}
}

// Done is what a verb that moves points gives: all nil when it was refused.
type Done struct {
	Account  *Account
	Entry    Entry
	Replayed *bool
}

// replay gives the first answer again: the entry as it was made, the account
// as it is now. The ledger itself knows what was done under a key.
func (p *Points) replay(ctx context.Context, owner uuid.UUID, cause string) (Done, error) {
	accounts, err := p.Store.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).
		Limit(maxAccounts).All(ctx)
	if err != nil {
		return Done{}, store.Translate(err)
	}
	byID := make(map[uuid.UUID]*ent.LedgerAccount, len(accounts))
	for _, a := range accounts {
		byID[a.ID] = a
	}
	e, err := p.Store.Client.LedgerEntry.Query().Where(ledgerentry.AccountIDIn(slices.Collect(maps.Keys(byID))...), ledgerentry.CauseKey(cause)).
		Order(ledgerentry.ByID(sql.OrderDesc())).First(ctx)
	if err != nil {
		return Done{}, store.Translate(err)
	}
	again := true
	return Done{Account: ViewAccount(byID[e.AccountID]), Entry: ViewEntry(e), Replayed: &again}, nil
}

// once runs a verb that moves an owner's points once per idempotency key, of
// which input is all that it stands for: it gives what the verb held or, where
// the key was known, the first answer again. The verb's entry has the cause
// mutationCause.
func (p *Points) once(ctx context.Context, operation, key string, dry bool, owner uuid.UUID, input any, move func(ctx context.Context, tx *store.Tx) (*ledger.Book, *ent.LedgerEntry, error)) (Done, error) {
	var done Done
	var replayed bool
	err := p.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, operation, key, input, &struct{}{}, func() error {
			b, e, err := move(ctx, tx)
			if err != nil {
				return err
			}
			seen := newAbout(e)
			done = Done{Account: ViewAccount(b.Account()), Entry: viewEntry(e, seen)}
			if dry { // nothing of it can be read afterwards
				return seen.known(ctx, tx)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return Done{}, keyUsedUp(err) // what was written last, with the events
	}
	if replayed {
		return p.replay(ctx, owner, mutationCause(ctx, key))
	}
	done.Replayed = &replayed
	return done, nil
}

// spender is whose points the caller may spend: his own, or those of the
// company he acts for when his role lets him.
func spender(ctx context.Context) (uuid.UUID, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return uuid.Nil, fault.ErrUnauthenticated
	case v.OwnerID == uuid.Nil || v.OwnerID == v.UserID:
		return v.UserID, nil
	case v.Reach("bonus", "write") < viewer.ReachOwner:
		return uuid.Nil, fault.ErrForbidden
	}
	return v.OwnerID, nil
}

// Staff lets through who may do the operation on everybody's points. The
// ledger is written past the fence, so each staff verb asks here first.
func Staff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem(), v.Staff && v.Reach("bonus", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// Customer is the person a staff verb is about.
func Customer(ctx context.Context, tx *store.Tx, id scalar.ID) (uuid.UUID, error) {
	if id.Prefix != "usr" {
		return uuid.Nil, fault.ErrInvalidID.At("input", "userId")
	}
	var there bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE id = ?)`, id.UUID).Scan(&there)
	if err != nil {
		return uuid.Nil, err
	}
	if !there {
		return uuid.Nil, fault.ErrNotFound.At("input", "userId")
	}
	return id.UUID, nil
}

// ViewAccount gives the SDL's BonusAccount over a row, as it is stored: lots
// that fell due since are not settled: Points.Settled does that.
func ViewAccount(a *ent.LedgerAccount) *Account { return &Account{a} }
