// Package arrival takes over people whom an outside system knows, many at a
// time. It is a part of account and writes users and contact_points; addresses
// and clubs it hands to whoever owns them. It finds people by the keys of
// outside systems and by nothing else, never makes or changes a way to sign in,
// takes no contact point away, and does not believe an outside system about
// somebody who ever had a way to sign in: no batch can take over an account.
package arrival

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/user"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Arrivals is the service of this room.
type Arrivals struct {
	Store    *store.Store
	Country  string // ISO 3166-1 alpha-2, of phone numbers without +; empty: all need it
	Locale   string // of new people; en when empty
	TimeZone string // the same; UTC

	// CheckAddress judges a postal address by itself; the fault's path begins
	// with the address's field. profile knows the rules of countries.
	CheckAddress func(in *UpsertAddressInput) error
	// SaveAddresses makes postal addresses, or replaces those of the same
	// label, and names the people of whom anything was other than stored, and
	// those who would have too many; where it is only tried, nothing is written.
	// profile owns them.
	SaveAddresses func(ctx context.Context, tx *store.Tx, list map[uuid.UUID][]*UpsertAddressInput, try bool) (changed, full map[uuid.UUID]bool, err error)
	// Clubs are the clubs that can be joined, by their handles, of those asked
	// for. promotion owns them.
	Clubs func(ctx context.Context, tx *store.Tx, handles []string) (map[string]uuid.UUID, error)
	// Enrol puts people into clubs who are not in them yet, and names those
	// who joined one.
	Enrol func(ctx context.Context, tx *store.Tx, who map[uuid.UUID][]uuid.UUID) (joined map[uuid.UUID]bool, err error)
}

// Result is what became of one person of a batch.
type Result struct {
	User    *ent.User // nil where the item was not taken
	Outcome scalar.UpsertOutcome
	Err     error // faults: why it was refused, or which fields were left out
}

// UpsertUsers takes over people. One result for each item, in their order.
// Faults of the whole: REQUIRED, TOO_LONG, FORBIDDEN, CONFLICT. Of an item:
// OUTDATED, DUPLICATE_KEY, NOT_FOUND of staff, of whoever is erased and of an
// unknown club, ALREADY_TAKEN, TOO_MANY_ITEMS, INVALID_EMAIL, INVALID_PHONE, and
// those of texts and dates.
func (a *Arrivals) UpsertUsers(ctx context.Context, input UpsertUsersInput) ([]Result, error) {
	if viewer.From(ctx).Reach("user", "write") != viewer.ReachAll {
		return nil, fault.ErrForbidden
	}
	if err := batch.Size(len(input.Users), "users"); err != nil {
		return nil, err
	}
	how := batch.As(input.ErrorPolicy, input.DryRun)
	items, now := make([]*person, len(input.Users)), a.Store.Now()
	keys := map[scalar.ExternalKey]bool{}
	for i, in := range input.Users {
		own := *in // fields may be left out of it
		p := &person{in: &own}
		p.Begin(how, "users", i)
		items[i] = p
		if p.read(a, now); p.Out() {
			continue
		}
		if keys[*in.External] {
			p.Refuse(batch.ErrDuplicateKey.With("externalId", in.External.ID).At(p.Path("external")...))
		}
		keys[*in.External] = true
	}
	done, err := batch.Run(ctx, a.Store, how, items, a.upsert)
	if err != nil {
		return nil, err
	}
	return a.results(ctx, done)
}

// results reads the people that the payload selects, all at once.
func (a *Arrivals) results(ctx context.Context, done []*person) ([]Result, error) {
	byID := map[uuid.UUID]*ent.User{}
	if ids := batch.IDs(done); len(ids) > 0 && batch.Shown(ctx, "user") {
		q, err := a.Store.Client.User.Query().Where(user.IDIn(ids...)).CollectUnder(ctx, "results", "user")
		if err != nil {
			return nil, err
		}
		people, err := q.All(ctx)
		if err != nil {
			return nil, store.Translate(err)
		}
		for _, u := range people {
			byID[u.ID] = u
		}
	}
	results := make([]Result, len(done))
	for i, p := range done {
		results[i] = Result{Outcome: p.Outcome, Err: p.Err()}
		if p.Written() {
			results[i].User = byID[p.ID]
		}
	}
	return results, nil
}

func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "account.arrival") }
