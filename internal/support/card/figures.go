package card

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// figures are what a card counts and names in words of its own: one statement
// for all of them, however many fields ask.
type figures struct {
	companies            []*CustomerCompany
	spent                []*CustomerSpending
	tickets              CustomerTickets
	scored, scores, good int64
}

type figuresOnce struct {
	once sync.Once
	all  *figures
	err  error
}

func (c *CustomerCard) figures(ctx context.Context) (*figures, error) {
	c.once.once.Do(func() { c.once.all, c.once.err = c.readFigures(ctx) })
	return c.once.all, c.once.err
}

// figuresOfTickets counts his own tickets and those of others that he takes
// part in, by state: ids, and scores given.
const figuresOfTickets = `SELECT 'TICKETS' AS part, status AS a, NULL AS b, NULL AS c, NULL AS d, CAST(count(*) AS bigint) AS n, CAST(count(rating) AS bigint) AS scored, CAST(coalesce(sum(rating), 0) AS bigint) AS scores,
	CAST(coalesce(sum(CASE WHEN rating >= 4 THEN 1 ELSE 0 END), 0) AS bigint) AS good
	FROM (SELECT t.status, t.rating FROM tickets t WHERE t.owner_id = ?
		UNION ALL SELECT t.status, t.rating FROM ticket_participants p JOIN tickets t ON t.id = p.ticket_id WHERE p.user_id = ? AND p.left_at IS NULL AND t.owner_id <> ?) mine
	GROUP BY status`

const figuresOfOrders = ` UNION ALL SELECT 'SPENT', currency, NULL, NULL, NULL, CAST(count(*) AS bigint), CAST(sum(total_minor) AS bigint), 0, 0
	FROM orders WHERE owner_id = ? AND status IN ('PLACED', 'COMPLETED') GROUP BY currency`

const figuresOfCompanies = ` UNION ALL SELECT 'COMPANY', name, role, kind, id, 0, 0, 0, 0 FROM (SELECT c.name AS name, r.name AS role, c.kind AS kind, CAST(c.id AS text) AS id
	FROM memberships m JOIN companies c ON c.id = m.owner_id JOIN roles r ON r.key_id = m.role_id AND r.retired_at IS NULL
	WHERE m.user_id = ? AND m.status = 'ACTIVE' AND m.kind IN ('COMPANY', 'FAMILY') AND (m.valid_until_at IS NULL OR m.valid_until_at > ?) ORDER BY m.id LIMIT 50) his`

// readFigures asks for the parts that the caller's role may read, and no others.
func (c *CustomerCard) readFigures(ctx context.Context) (*figures, error) {
	var query strings.Builder
	me := c.row.ID
	args := []any{me, me, me}
	query.WriteString(figuresOfTickets)
	v := viewer.From(ctx)
	if may(v, "order", "read") {
		query.WriteString(figuresOfOrders)
		args = append(args, me)
	}
	if may(v, "user", "read") {
		query.WriteString(figuresOfCompanies)
		args = append(args, me, c.cards.Store.Now())
	}
	rows, err := c.cards.Store.Query(ctx, query.String(), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	f := &figures{companies: []*CustomerCompany{}, spent: []*CustomerSpending{}}
	for rows.Next() {
		if err := f.scan(rows); err != nil {
			return nil, store.Translate(err)
		}
	}
	slices.SortFunc(f.spent, func(a, b *CustomerSpending) int {
		return cmp.Or(cmp.Compare(b.Orders, a.Orders), cmp.Compare(a.Amount.Currency, b.Amount.Currency))
	})
	return f, store.Translate(rows.Err())
}

// scan reads one row of one part.
func (f *figures) scan(rows *sql.Rows) error {
	var part, a string
	var role, kind, id sql.NullString
	var n, second, third, fourth int64
	if err := rows.Scan(&part, &a, &role, &kind, &id, &n, &second, &third, &fourth); err != nil {
		return err
	}
	switch part {
	case "TICKETS":
		f.tickets.Total += int(n)
		switch a {
		case "OPEN":
			f.tickets.Open = int(n)
		case "SNOOZED":
			f.tickets.Snoozed = int(n)
		}
		f.scored, f.scores, f.good = f.scored+second, f.scores+third, f.good+fourth
	case "SPENT":
		f.spent = append(f.spent, &CustomerSpending{Orders: int(n), Amount: scalar.Money{Minor: second, Currency: a}})
	case "COMPANY":
		key, err := uuid.Parse(id.String)
		if err != nil {
			return err
		}
		f.companies = append(f.companies, &CustomerCompany{ID: idOf("com", key), Name: a, RoleName: role.String, IsFamily: kind.String == "FAMILY"})
	}
	return nil
}
