package reward

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/audience"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// standing is what decides about rewards for one customer, whatever rewards
// are asked about: it is read once in an operation, in a fixed number of
// statements.
type standing struct {
	owner    uuid.UUID // uuid.Nil: nobody
	now      time.Time
	points   map[uuid.UUID]int64 // that can be spent, by programme
	hidden   bool                // the points are a company's, whose role does not see them
	had      map[uuid.UUID]int64 // ever, by reward
	lately   map[uuid.UUID][]had // of rewards with a limit in a period, oldest first
	customer *audience.Customer
}

// had is so many of a reward at a time.
type had struct {
	at time.Time
	n  int64
}

// maxPeriod is the longest period that a limit counts in, in days.
const maxPeriod = 366

// maxLately bounds what is read of an owner's exchanges.
const maxLately = 10_000

// held is an operation's standing, read at the first need.
type held struct {
	once     sync.Once
	standing *standing
	err      error
}

const extension = "kabinet.reward.standing"

// standing reads it once in an operation of GraphQL, and each time elsewhere.
func (r *Rewards) standing(ctx context.Context) (*standing, error) {
	if !graphql.HasOperationContext(ctx) {
		return r.readStanding(ctx)
	}
	stats := &graphql.GetOperationContext(ctx).Stats
	r.holding.Lock()
	h, _ := stats.GetExtension(extension).(*held)
	if h == nil {
		h = &held{}
		stats.SetExtension(extension, h)
	}
	r.holding.Unlock()
	h.once.Do(func() { h.standing, h.err = r.readStanding(ctx) })
	return h.standing, h.err
}

// changed makes the operation read the standing anew: a mutation changed it.
func (r *Rewards) changed(ctx context.Context) {
	if graphql.HasOperationContext(ctx) {
		r.holding.Lock()
		graphql.GetOperationContext(ctx).Stats.SetExtension(extension, &held{})
		r.holding.Unlock()
	}
}

func (r *Rewards) readStanding(ctx context.Context) (*standing, error) {
	s := &standing{owner: who(ctx), now: r.Store.Now(), points: map[uuid.UUID]int64{}}
	if s.owner == uuid.Nil {
		return s, nil
	}
	var err error
	if s.hidden = !seesPoints(ctx, s.owner); !s.hidden {
		if err := r.readPoints(ctx, s); err != nil {
			return nil, err
		}
	}
	by, err := customer(ctx, r.Store, s.owner)
	if err != nil {
		return nil, err
	}
	if s.had, err = everHad(ctx, r.Store, by); err != nil {
		return nil, err
	}
	if s.lately, err = latelyHad(ctx, r.Store, by, nil, s.now); err != nil {
		return nil, err
	}
	s.customer, err = audience.Load(ctx, r.Store, s.owner, s.now)
	return s, err
}

// seesPoints says whether the caller may know how many points an owner has: his
// own, or those of his company where his role reads or spends them.
func seesPoints(ctx context.Context, owner uuid.UUID) bool {
	v := viewer.From(ctx)
	return owner == v.UserID || max(v.Reach("bonus", "read"), v.Reach("bonus", "write")) >= viewer.ReachOwner
}

func (r *Rewards) readPoints(ctx context.Context, s *standing) error {
	accounts, err := r.Store.Client.LedgerAccount.Query().
		Where(ledgeraccount.OwnerID(s.owner), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).Limit(maxAccounts).All(asSystem(ctx))
	if err != nil {
		return store.Translate(err)
	}
	for _, a := range accounts {
		if a.ProgramID == nil {
			continue
		}
		if r.Settled != nil && a.NextDueAt != nil && !a.NextDueAt.After(s.now) {
			if a, err = r.Settled(ctx, a); err != nil {
				return err
			}
		}
		s.points[*a.ProgramID] += max(a.Active, 0)
	}
	return nil
}

// maxAccounts bounds an owner's accounts, one a programme.
const maxAccounts = 100

// everHad is how many of each reward a customer had and did not give back.
func everHad(ctx context.Context, q audience.Reader, by uuid.UUID) (map[uuid.UUID]int64, error) {
	all := map[uuid.UUID]int64{}
	rows, err := q.Query(ctx, `SELECT d.reward_id, CAST(sum(d.quantity) AS bigint) FROM `+hadBy+`
		WHERE d.refund_entry_id IS NULL GROUP BY d.reward_id`, by, by)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return nil, err
		}
		all[id] = n
	}
	return all, rows.Err()
}

// latelyHad is what a customer had in the last maxPeriod days of the rewards that
// limit it, oldest first; of one of them alone where one is named.
func latelyHad(ctx context.Context, q audience.Reader, by uuid.UUID, reward *uuid.UUID, now time.Time) (map[uuid.UUID][]had, error) {
	query := `SELECT d.reward_id, d.created_at, d.quantity FROM ` + hadBy + ` JOIN rewards r ON r.id = d.reward_id
		WHERE d.refund_entry_id IS NULL AND d.created_at > ? AND r.period_limit IS NOT NULL`
	args := []any{by, by, now.Add(-maxPeriod * day)}
	if reward != nil {
		query += ` AND d.reward_id = ?`
		args = append(args, *reward)
	}
	rows, err := q.Query(ctx, query+` ORDER BY d.created_at LIMIT ?`, append(args, maxLately)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[uuid.UUID][]had{}
	for rows.Next() {
		var id uuid.UUID
		var h had
		if err := rows.Scan(&id, &h.at, &h.n); err != nil {
			return nil, err
		}
		all[id] = append(all[id], h)
	}
	return all, rows.Err()
}

// admitted says whether a reward is meant for whom the standing is of.
func (s *standing) admitted(ctx context.Context, rw *ent.Reward) (bool, error) {
	if audience.Open(rw.Audience) {
		return true, nil
	}
	ok, _, err := audience.Admits(ctx, rw.Audience, s.customer)
	return ok, err
}

// lang is the caller's language.
func lang(ctx context.Context) string { return viewer.From(ctx).Locale }
