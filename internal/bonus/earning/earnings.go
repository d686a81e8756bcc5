// Package earning owns what earns points: the rules of each programme, the
// orders and acts they look at, and why an entry is so many. It writes
// earning_rules and earning_uses, and posts into the ledger what a rule gives;
// it never spends or takes back, which is the business of package bonus, on
// which it stands.
package earning

import (
	"context"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/bonus"
	"kabinet/internal/store"
)

// Earnings is the service of this room.
type Earnings struct {
	Store  *store.Store
	Points *bonus.Points

	// EarnTo is whose account an order of an owner, made by a person, earns
	// into; server.go fills it in. Nil: the owner's.
	EarnTo func(ctx context.Context, tx *store.Tx, owner uuid.UUID, user *uuid.UUID) (uuid.UUID, error)

	// Acted hears of every act that may earn points, in the transaction that
	// notes it, before the points are given; server.go fills it in.
	Acted func(ctx context.Context, tx *store.Tx, a Act) error

	rules earningCache
	given givenCache
}

const (
	day = 24 * time.Hour
	// rulesLife is how long the rows of rules are believed: a change made by
	// another instance is seen this much later.
	rulesLife = 5 * time.Second
)

func isDry(b *bool) bool { return b != nil && *b }

// set puts a value where one is given.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
