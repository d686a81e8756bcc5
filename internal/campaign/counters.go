package campaign

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/rule"
)

// counters are what a customer did within a window.
type counters struct {
	orders, items, spent, categories, points int64
	acts                                     map[string]int64
}

// Vars are what the rules of achievements may name. Orders are those that are
// COMPLETED, by the time they were placed, less what was sent back.
func Vars() []rule.Var {
	return []rule.Var{
		{Name: "orders", Type: "int", Doc: "orders completed"},
		{Name: "items", Type: "int", Doc: "pieces bought in them, without those cancelled or sent back"},
		{Name: "spent", Type: "int", Doc: "what they cost less refunds, in minor units of the rule's currency"},
		{Name: "categories", Type: "int", Doc: "distinct categories bought from"},
		{Name: "points", Type: "int", Doc: "points earned, of all programmes"},
		{Name: "reviews", Type: "int", Doc: "acts called review"},
		{Name: "visits", Type: "int", Doc: "acts called visit"},
		{Name: "referrals", Type: "int", Doc: "acts called referral"},
		{Name: "acts", Type: "map", Doc: "acts by their name, as recordAct gave them: 'photo' in acts ? int(acts.photo) : 0"},
	}
}

var env = sync.OnceValues(func() (*rule.Env, error) { return rule.NewEnv(Vars()...) })

func (c counters) vars() map[string]any {
	acts := make(map[string]any, len(c.acts))
	for k, n := range c.acts {
		acts[k] = n
	}
	return map[string]any{
		"orders": c.orders, "items": c.items, "spent": c.spent, "categories": c.categories, "points": c.points,
		"reviews": c.acts["review"], "visits": c.acts["visit"], "referrals": c.acts["referral"], "acts": acts,
	}
}

// span is a window that counters are wanted for, and the currency of spent.
type span struct {
	from, to time.Time
	currency string
}

func (w window) span(currency string) span {
	sp := span{from: time.Unix(0, 0).UTC(), to: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), currency: currency}
	if w.from != nil {
		sp.from = *w.from
	}
	if w.to != nil {
		sp.to = *w.to
	}
	return sp
}

// reader reads past the fence: the store outside a transaction, the
// transaction in one.
type reader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// lasting are the accruals that stand: what was reversed is earned by nobody,
// what was kept of it is an accrual of its own.
const lasting = `e.kind = 'ACCRUAL' AND e.amount > 0 AND NOT EXISTS (SELECT 1 FROM ledger_entries r WHERE r.parent_id = e.id AND r.kind = 'REVERSAL')`

// bought counts, of a window: orders, pieces, money, categories.
const bought = `SELECT CAST(? AS bigint), (SELECT count(*) FROM orders o WHERE o.owner_id = ? AND o.status = 'COMPLETED' AND o.placed_at >= ? AND o.placed_at < ?),
 (SELECT CAST(coalesce(sum(l.quantity - l.cancelled - l.returned), 0) AS bigint) FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.owner_id = ? AND o.status = 'COMPLETED' AND o.placed_at >= ? AND o.placed_at < ?),
 (SELECT CAST(coalesce(sum(o.total_minor - o.refunded_minor), 0) AS bigint) FROM orders o WHERE o.owner_id = ? AND o.status = 'COMPLETED' AND o.currency = ? AND o.placed_at >= ? AND o.placed_at < ?),
 (SELECT count(DISTINCT l.category) FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.owner_id = ? AND o.status = 'COMPLETED' AND l.quantity > l.cancelled + l.returned AND o.placed_at >= ? AND o.placed_at < ?),
 (SELECT CAST(coalesce(sum(e.amount), 0) AS bigint) FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id WHERE a.owner_id = ? AND a.kind = 'BONUS' AND ` + lasting + ` AND e.created_at >= ? AND e.created_at < ?)`

const acted = `SELECT CAST(? AS bigint), handle, count(*) FROM campaign_acts WHERE owner_id = ? AND happened_at >= ? AND happened_at < ? GROUP BY handle`

// count works out the counters of an owner in windows: two statements, however
// many there are.
func count(ctx context.Context, r reader, owner uuid.UUID, spans []span) (map[span]counters, error) {
	all := make(map[span]counters, len(spans))
	if len(spans) == 0 {
		return all, nil
	}
	var buys, acts []string
	var buyArgs, actArgs []any
	for i, s := range spans {
		w := []any{owner, s.from, s.to}
		buys, acts = append(buys, bought), append(acts, acted)
		buyArgs = append(append(append(append(buyArgs, i), w...), w...), owner, s.currency, s.from, s.to)
		buyArgs = append(append(buyArgs, w...), w...)
		actArgs = append(append(actArgs, i), w...)
	}
	err := each(ctx, r, func(rows *sql.Rows) error {
		var i int
		var c counters
		err := rows.Scan(&i, &c.orders, &c.items, &c.spent, &c.categories, &c.points)
		c.acts = map[string]int64{}
		all[spans[i]] = c
		return err
	}, strings.Join(buys, "\nUNION ALL "), buyArgs...)
	if err != nil {
		return nil, err
	}
	return all, each(ctx, r, func(rows *sql.Rows) error {
		var i int
		var handle string
		var n int64
		if err := rows.Scan(&i, &handle, &n); err != nil {
			return err
		}
		all[spans[i]].acts[handle] = n
		return nil
	}, strings.Join(acts, "\nUNION ALL "), actArgs...)
}

type sqlRows = sql.Rows

// each calls scan for every row of a query.
func each(ctx context.Context, r reader, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := r.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
