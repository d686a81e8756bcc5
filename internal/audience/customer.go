package audience

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/schema"
	"kabinet/internal/scalar"
)

// Customer is what is known of an owner, a person or a company, at a moment.
type Customer struct {
	ID           uuid.UUID
	Company      bool
	Locale       string
	RegisteredAt time.Time
	BirthOn      string           // YYYY-MM-DD; empty where it is not known
	Tiers        []string         // handles
	TierIDs      []uuid.UUID      // the same ones' key_id
	Clubs        []string         // handles
	ClubIDs      []uuid.UUID      // the same ones
	Spent        map[string]int64 // by currency, minor units: paid and not given back
	Orders       int64            // that were not cancelled
	LastOrderAt  *time.Time
	Metadata     map[string]any
	At           time.Time // when all this was so

	zone *time.Location
}

// GlobalID is the id at the edge.
func (c *Customer) GlobalID() scalar.ID {
	if c.Company {
		return scalar.ID{Prefix: "com", UUID: c.ID}
	}
	return scalar.ID{Prefix: "usr", UUID: c.ID}
}

// Reader reads rows past the fence: *store.Store outside a transaction,
// *store.Tx in one.
type Reader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// errNobody: there is no such owner.
var errNobody = errors.New("audience: there is no such customer")

// maxOf bounds the clubs and tiers of one owner that are looked at.
const maxOf = 200

// Load reads what is known of an owner in four statements, five for a company,
// whatever he has. It names the owner in each, since it reads past the fence:
// callers load the viewer, the owner he acts for, or whom staff asks about.
func Load(ctx context.Context, r Reader, owner uuid.UUID, now time.Time) (*Customer, error) {
	c := &Customer{ID: owner, At: now, Spent: map[string]int64{}, zone: time.UTC}
	for _, step := range []func(context.Context, Reader) error{c.person, c.groups, c.orders, c.lastOrder} {
		if err := step(ctx, r); err != nil {
			return nil, fmt.Errorf("audience: %w", err)
		}
	}
	return c, nil
}

// each calls scan for every row of a query.
func each(ctx context.Context, r Reader, scan func(*sql.Rows) error, query string, args ...any) error {
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

func (c *Customer) person(ctx context.Context, r Reader) error {
	var birth sql.NullString
	var zone string
	var free []byte
	found := false
	err := each(ctx, r, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&c.RegisteredAt, &c.Locale, &zone, &birth, &free)
	}, `SELECT created_at, locale, time_zone, birth_on, metadata FROM users WHERE id = ?`, c.ID)
	if err != nil {
		return err
	}
	if !found {
		c.Company = true
		err = each(ctx, r, func(rows *sql.Rows) error {
			found = true
			return rows.Scan(&c.RegisteredAt, &free)
		}, `SELECT created_at, metadata FROM companies WHERE id = ?`, c.ID)
	}
	if err == nil && !found {
		err = errNobody
	}
	if err != nil || len(free) == 0 {
		c.born(birth.String, zone)
		return err
	}
	c.born(birth.String, zone)
	return json.Unmarshal(free, &c.Metadata)
}

// born notes the birthday, and where on earth it is one.
func (c *Customer) born(on, zone string) {
	c.BirthOn = on
	if l, err := time.LoadLocation(zone); err == nil && zone != "Local" {
		c.zone = l
	}
}

// groups are the clubs joined and the tiers held.
func (c *Customer) groups(ctx context.Context, r Reader) error {
	return each(ctx, r, func(rows *sql.Rows) error {
		var club bool
		var id uuid.UUID
		var handle string
		err := rows.Scan(&club, &id, &handle)
		if club {
			c.ClubIDs, c.Clubs = append(c.ClubIDs, id), append(c.Clubs, handle)
		} else {
			c.TierIDs, c.Tiers = append(c.TierIDs, id), append(c.Tiers, handle)
		}
		return err
	}, `SELECT true AS club, joined.id AS id, joined.handle AS handle FROM (SELECT c.id, c.handle FROM club_members m JOIN clubs c ON c.id = m.club_id
			WHERE m.owner_id = ? AND m.left_at IS NULL AND c.status <> 'DRAFT' ORDER BY c.handle LIMIT ?) AS joined
		UNION ALL SELECT false, held.key_id, held.handle FROM (SELECT t.key_id, t.handle FROM ledger_accounts a JOIN tiers t ON t.key_id = a.tier_id AND t.retired_at IS NULL
			WHERE a.owner_id = ? AND a.kind = 'BONUS' ORDER BY t.handle LIMIT ?) AS held ORDER BY handle`, c.ID, maxOf, c.ID, maxOf)
}

func (c *Customer) orders(ctx context.Context, r Reader) error {
	return each(ctx, r, func(rows *sql.Rows) error {
		var currency string
		var n, spent int64
		err := rows.Scan(&currency, &n, &spent)
		c.Spent[currency], c.Orders = spent, c.Orders+n
		return err
	}, `SELECT currency, count(*), CAST(coalesce(sum(paid_minor - refunded_minor), 0) AS bigint) FROM orders
		WHERE owner_id = ? AND status IN ('PLACED', 'COMPLETED') GROUP BY currency`, c.ID)
}

func (c *Customer) lastOrder(ctx context.Context, r Reader) error {
	return each(ctx, r, func(rows *sql.Rows) error {
		c.LastOrderAt = new(time.Time)
		return rows.Scan(c.LastOrderAt)
	}, `SELECT placed_at FROM orders WHERE owner_id = ? AND status IN ('PLACED', 'COMPLETED') ORDER BY placed_at DESC, id DESC LIMIT 1`, c.ID)
}

// stranger says why a customer is none of those an audience names; empty where
// he is one of them.
func (c *Customer) stranger(a schema.Audience) string {
	named := a.UserIDs
	if c.Company {
		named = a.CompanyIDs
	}
	switch {
	case everyone(a), slices.Contains(named, c.ID), overlap(a.Clubs, c.Clubs), overlap(a.Tiers, c.Tiers):
		return ""
	case len(a.Clubs) > 0:
		return NotInClub
	case len(a.Tiers) > 0:
		return NotInTier
	}
	return NotNamed
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// Vars are the facts as Vars() names them.
func (c *Customer) Vars() map[string]any {
	age, month, toBirthday := c.birthday()
	spent := make(map[string]any, len(c.Spent))
	for currency, n := range c.Spent {
		spent[currency] = n
	}
	last := int64(-1)
	if c.LastOrderAt != nil {
		last = days(c.At.Sub(*c.LastOrderAt))
	}
	free := c.Metadata
	if free == nil {
		free = map[string]any{}
	}
	return map[string]any{
		"customer.id": c.GlobalID().String(), "customer.company": c.Company, "customer.locale": c.Locale,
		"customer.registeredDays": days(c.At.Sub(c.RegisteredAt)), "customer.age": age, "customer.birthMonth": month, "customer.daysToBirthday": toBirthday,
		"customer.tiers": list(c.Tiers), "customer.clubs": list(c.Clubs), "customer.spent": spent,
		"customer.orders": c.Orders, "customer.lastOrderDays": last, "customer.metadata": free,
	}
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func days(d time.Duration) int64 { return int64(d / (24 * time.Hour)) }

// birthday is the age in whole years, the month and the days to the next
// birthday, on the customer's own calendar. Who was born on 29 February has his
// birthday on 1 March in other years.
func (c *Customer) birthday() (age, month, toNext int64) {
	born, err := time.Parse(time.DateOnly, c.BirthOn)
	if err != nil {
		return -1, 0, -1
	}
	y, m, d := c.At.In(c.zone).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	this := time.Date(y, born.Month(), born.Day(), 0, 0, 0, 0, time.UTC)
	age = int64(y - born.Year())
	next := this
	if this.Before(today) {
		next = time.Date(y+1, born.Month(), born.Day(), 0, 0, 0, 0, time.UTC)
	} else if this.After(today) {
		age--
	}
	return age, int64(born.Month()), days(next.Sub(today))
}

// Nobody is a customer of whom nothing is known, for conditions tried out.
func Nobody(now time.Time) *Customer {
	return &Customer{At: now, RegisteredAt: now, Locale: "en", zone: time.UTC, Spent: map[string]int64{}}
}
