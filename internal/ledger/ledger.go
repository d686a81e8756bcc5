// Package ledger keeps double-entry books with lots, of points and of money:
// it knows accounts, entries and due times, and nothing of programmes, orders'
// worth or wallets. It alone writes ledger_accounts (but for the columns of
// tiers, which are internal/tier's, and number, label and visible, which are
// internal/wallet's), ledger_entries, ledger_lots and ledger_lot_moves; the
// domains call it. It never lets an entry change: a
// mistake is mended by another entry. It writes past the fence: whoever calls
// says whose account it is and has asked whether he may.
//
// An entry is one balanced pair of postings: +amount to (account, bucket),
// -amount to (contra, contra bucket). Every entry is written by a Book
// (book.go), which holds its account's row locked, so that entries are dense,
// chained by hash (chain.go) and agree with the lots (lots.go). Lots fall due
// by the clock: whoever opens a book settles them first (settle.go).
package ledger

import (
	"context"
	"strings"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// Books is the ledger: all accounts of everybody.
type Books struct {
	Store *store.Store

	// Terms says how lots of an account live that an entry made which says
	// explain; explain is empty where points are spent, or the account's newest
	// terms are meant. nil: lots neither expire nor slide.
	Terms func(ctx context.Context, tx *store.Tx, a *ent.LedgerAccount, explain []byte) (Terms, error)

	// OrdersKeepSpent says that orders are told what was spent on them, so that
	// Check compares the two.
	OrdersKeepSpent bool
}

// Terms are how lots live.
type Terms struct {
	Expires func(active time.Time) *time.Time // when those that become active then fall due; nil, or giving nil: never
	Sliding bool                              // whenever their owner earns or spends they live on as if they came then
	Grace   time.Duration                     // what comes back into lots that fell due lives so long; 0: it expires again
}

func (t Terms) expires(active time.Time) *time.Time {
	if t.Expires == nil {
		return nil
	}
	return t.Expires(active)
}

func (l *Books) terms(ctx context.Context, tx *store.Tx, a *ent.LedgerAccount, explain []byte) (Terms, error) {
	if l.Terms == nil {
		return Terms{}, nil
	}
	return l.Terms(ctx, tx, a, explain)
}

// What the books say no with.
var (
	// ErrTooFewPoints: params.available says how many there are.
	ErrTooFewPoints = fault.New(fault.Refused, "TOO_FEW_POINTS")
	// ErrInsufficientFunds: of an account of money; params.available in minor units.
	ErrInsufficientFunds = fault.New(fault.Refused, "INSUFFICIENT_FUNDS")
)

// IsPoints says whether a unit is one of points; else it is an ISO 4217 currency.
func IsPoints(unit string) bool { return strings.HasPrefix(unit, "PTS:") }

// TooFew is the refusal to take more than there is: TOO_FEW_POINTS of points,
// INSUFFICIENT_FUNDS of money, at input.amount, with what is available.
func TooFew(unit string, available int64) error {
	if IsPoints(unit) {
		return ErrTooFewPoints.At("input", "amount").With("available", max(available, 0))
	}
	return ErrInsufficientFunds.At("input", "amount").With("available", max(available, 0))
}

// spendable is what may be taken from an account: nobody spends what he does
// not have, whatever his debts; of an account of credit, down to its floor.
func spendable(a *ent.LedgerAccount) int64 {
	if a.Kind == ledgeraccount.KindCREDIT {
		return a.Active - a.Floor
	}
	return max(a.Active, 0)
}
