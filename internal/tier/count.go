package tier

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
)

// rows is what counts are read through: a transaction or the store.
type rows interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// number reads the one number that a statement gives.
func number(ctx context.Context, db rows, query string, args ...any) (n int64, err error) {
	r, err := db.Query(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for r.Next() {
		if err := r.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, r.Err()
}

// tally counts what an account did, each span once. It steps past the fence:
// whoever holds one may see the account.
type tally struct {
	db     rows
	acc    account
	now    time.Time
	earned map[span]int64
	spent  map[money]int64
}

type money struct {
	span
	currency string
}

func newTally(db rows, acc account, now time.Time) *tally {
	return &tally{db: db, acc: acc, now: now, earned: map[span]int64{}, spent: map[money]int64{}}
}

// of are the numbers that a tier looks at.
func (c *tally) of(ctx context.Context, t *ent.Tier, s span) (n numbers, err error) {
	if countsEarned(t) {
		if n.earned, err = c.points(ctx, s); err != nil {
			return n, err
		}
	}
	if countsSpent(t) {
		n.spent, err = c.money(ctx, money{s, t.Currency})
	}
	return n, err
}

// reached is the highest tier that the numbers of windows reach which end at
// one moment, lengthened to another; nil: none. Only tiers under one rank are
// looked at, all for a negative rank.
func (c *tally) reached(ctx context.Context, tiers []*ent.Tier, under int, at, to time.Time) (*ent.Tier, error) {
	for i := len(tiers) - 1; i >= 0; i-- {
		t := tiers[i]
		if under >= 0 && t.Rank >= under {
			continue
		}
		n, err := c.of(ctx, t, window(t, at, to))
		if err != nil {
			return nil, err
		}
		if qualifies(t, n) {
			return t, nil
		}
	}
	return nil, nil
}

// points are those that accruals of a span gave, without what was taken back
// of them, whenever that was. A return in part takes an accrual back whole and
// accrues again what stands of it (ledger.Kept): that counts when the first
// one did.
func (c *tally) points(ctx context.Context, s span) (int64, error) {
	if n, ok := c.earned[s]; ok {
		return n, nil
	}
	n, err := number(ctx, c.db, `WITH RECURSIVE earned(id, amount) AS (
			SELECT a.id, a.amount FROM ledger_entries a
			WHERE a.account_id = ? AND a.kind = 'ACCRUAL' AND a.created_at > ? AND a.created_at <= ?
				AND (a.cause_key NOT LIKE '%:keep' OR NOT EXISTS (SELECT 1 FROM ledger_entries r
					WHERE r.account_id = a.account_id AND r.kind = 'REVERSAL' AND r.cause_key || ':keep' = a.cause_key))
			UNION ALL
			SELECT k.id, k.amount FROM earned e
			JOIN ledger_entries r ON r.parent_id = e.id AND r.kind = 'REVERSAL'
			JOIN ledger_entries k ON k.account_id = r.account_id AND k.cause_key = r.cause_key || ':keep' AND k.kind = 'ACCRUAL')
		SELECT coalesce(sum(e.amount + coalesce(r.amount, 0)), 0) FROM earned e
		LEFT JOIN ledger_entries r ON r.parent_id = e.id AND r.kind = 'REVERSAL'`, c.acc.id, s.after, s.to)
	if err == nil {
		c.earned[s] = n
	}
	return n, err
}

// money is what was paid for completed orders that were placed in a span, in
// minor units, without what was given back. Orders of a family's members count
// for the family where they earned into its card.
func (c *tally) money(ctx context.Context, m money) (int64, error) {
	if n, ok := c.spent[m]; ok {
		return n, nil
	}
	const kept = `SELECT coalesce(sum(o.paid_minor - o.refunded_minor), 0) FROM orders o
		WHERE o.status = 'COMPLETED' AND o.currency = ? AND o.placed_at > ? AND o.placed_at <= ? AND `
	args := []any{m.currency, m.after, m.to, c.acc.owner}
	where := `o.owner_id = ?`
	if !c.acc.person {
		where = `(o.owner_id = ? OR o.id IN (SELECT e.order_id FROM ledger_entries e WHERE e.account_id = ? AND e.kind = 'ACCRUAL' AND e.order_id IS NOT NULL))`
		args = append(args, c.acc.id)
	}
	n, err := number(ctx, c.db, kept+where, args...)
	if err == nil {
		c.spent[m] = n
	}
	return n, err
}

// account is what a review needs to know of one.
type account struct {
	id, owner uuid.UUID
	person    bool // the owner is a person, not a company or a family
	program   uuid.UUID

	tier          *uuid.UUID // key_id
	until, review *time.Time
}
