package card

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"kabinet/internal/store"
)

// counted are the sums that the figures of one group are made of: whole
// numbers, so that both databases say the same.
type counted struct {
	opened, reopened, missedFirst, missedNext, missedResolve int64
	closed, replies                                          int64
	first, resolved                                          timed
	scored, scores, good                                     int64
}

// timed are the sums of how long something took; middle is the sum of the one
// or two values in the middle.
type timed struct{ count, sum, kept, middle, middles int64 }

type groups map[string]*counted

// of is a group, made where there is none.
func (g groups) of(key string) *counted {
	c := g[key]
	if c == nil {
		c = &counted{}
		g[key] = c
	}
	return c
}

func number(i int) string { return strconv.Itoa(i) }

// read runs the five statements, each over the index of the time it looks at:
// every span is one range of it.
func (s *SupportStatistics) read(ctx context.Context, spans []span, by SupportGroup) (groups, error) {
	all := groups{}
	for _, p := range []part{
		s.opened(all, spans, by), s.timed(all, spans, by, closing), s.timed(all, spans, by, answering), s.replies(all, spans, by), s.ratings(all, spans, by),
	} {
		if err := s.each(ctx, p.query, p.args, p.scan); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// part is one statement and how its rows are read.
type part struct {
	query string
	args  []any
	scan  func(*sql.Rows) error
}

func (s *SupportStatistics) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := s.cards.Store.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return store.Translate(err)
		}
	}
	return store.Translate(rows.Err())
}

// spanTable is the spans as a table. CROSS JOIN keeps SQLite from walking the
// other table for each of its rows.
func (s *SupportStatistics) spanTable(spans []span) (text string, args []any) {
	from, to := `?`, `?`
	if s.cards.postgres() {
		from, to = `CAST(? AS timestamptz)`, `CAST(? AS timestamptz)`
	}
	var b strings.Builder
	b.WriteString(`WITH span (n, a, b) AS (VALUES `)
	for i, sp := range spans {
		if i > 0 {
			b.WriteString(`, `)
		}
		b.WriteString(`('` + number(i) + `', ` + from + `, ` + to + `)`)
		args = append(args, sp.from, sp.to)
	}
	b.WriteString(`) `)
	return b.String(), args
}

// key is the expression that names the group of a row; operator is the column
// that says whose it is.
func key(by SupportGroup, operator string) string {
	switch by {
	case ByTeam:
		return `coalesce(CAST(t.team_id AS text), '')`
	case ByOperator:
		return `coalesce(CAST(` + operator + ` AS text), '')`
	case ByKind:
		return `CAST(t.kind AS text)`
	case ByChannel:
		return `CAST(t.channel AS text)`
	}
	return `span.n`
}

// narrowed are the conditions of the filter.
func (s *SupportStatistics) narrowed(args []any, operator string) (string, []any) {
	where := ``
	if s.team != nil {
		where, args = where+` AND t.team_id = ?`, append(args, *s.team)
	}
	if s.operator != nil {
		where, args = where+` AND `+operator+` = ?`, append(args, *s.operator)
	}
	return where, args
}

// from is the table of spans, and the tickets whose column at lies in them.
func (s *SupportStatistics) from(spans []span, by SupportGroup, at, columns string) (string, []any) {
	head, args := s.spanTable(spans)
	where, args := s.narrowed(args, `t.assignee_id`)
	return head + `SELECT ` + key(by, `t.assignee_id`) + ` AS k, ` + columns + ` FROM span CROSS JOIN tickets t
		WHERE t.` + at + ` >= span.a AND t.` + at + ` < span.b AND t.merged_into_id IS NULL` + where, args
}

func total(column string) string { return `CAST(coalesce(sum(` + column + `), 0) AS bigint)` }

func (s *SupportStatistics) opened(all groups, spans []span, by SupportGroup) part {
	query, args := s.from(spans, by, `created_at`, `count(*), `+total(`t.reopened`)+`, `+total(`t.first_reply_breaches`)+`, `+total(`t.next_reply_breaches`)+`, `+total(`t.resolve_breaches`))
	return part{query + ` GROUP BY 1`, args, func(rows *sql.Rows) error {
		var k string
		var c counted
		err := rows.Scan(&k, &c.opened, &c.reopened, &c.missedFirst, &c.missedNext, &c.missedResolve)
		g := all.of(k)
		g.opened, g.reopened, g.missedFirst, g.missedNext, g.missedResolve = c.opened, c.reopened, c.missedFirst, c.missedNext, c.missedResolve
		return err
	}}
}

// measure is what a target is measured by.
type measure struct{ at, seconds, breaches string }

var (
	closing   = measure{`closed_at`, `resolve_seconds`, `resolve_breaches`}
	answering = measure{`first_replied_at`, `first_reply_seconds`, `first_reply_breaches`}
)

// timed sums how long something took. The median is that of the one or two
// rows in the middle: neither database needs a function of its own for it.
func (s *SupportStatistics) timed(all groups, spans []span, by SupportGroup, m measure) part {
	inner, args := s.from(spans, by, m.at, `t.`+m.seconds+` AS s, t.`+m.breaches+` AS missed`)
	cut := strings.LastIndex(inner, `SELECT `)
	query := inner[:cut] + `SELECT k, count(*), count(s), ` + total(`s`) + `, ` + total(`CASE WHEN s IS NOT NULL AND missed = 0 THEN 1 ELSE 0 END`) + `, ` +
		total(`CASE WHEN s IS NOT NULL AND 2 * i BETWEEN many AND many + 2 THEN s ELSE 0 END`) + `, ` + total(`CASE WHEN s IS NOT NULL AND 2 * i BETWEEN many AND many + 2 THEN 1 ELSE 0 END`) + `
		FROM (SELECT k, s, missed, row_number() OVER (PARTITION BY k ORDER BY s NULLS LAST) AS i, count(s) OVER (PARTITION BY k) AS many FROM (` + inner[cut:] + `) took) ranked GROUP BY k`
	return part{query, args, func(rows *sql.Rows) error {
		var k string
		var n int64
		var t timed
		err := rows.Scan(&k, &n, &t.count, &t.sum, &t.kept, &t.middle, &t.middles)
		if g := all.of(k); m == closing {
			g.closed, g.resolved = n, t
		} else {
			g.first = t
		}
		return err
	}}
}

// replies are what staff wrote for everybody to read and has not taken back;
// copies that a merge made are not written again.
func (s *SupportStatistics) replies(all groups, spans []span, by SupportGroup) part {
	head, args := s.spanTable(spans)
	where, args := s.narrowed(args, `m.author_id`)
	query := head + `SELECT ` + key(by, `m.author_id`) + `, count(*) FROM span CROSS JOIN ticket_messages m JOIN tickets t ON t.id = m.ticket_id
		WHERE m.created_at >= span.a AND m.created_at < span.b AND m.kind = 'MESSAGE' AND m.author_kind = 'STAFF' AND m.visibility = 'ALL' AND m.copied_from_id IS NULL AND m.removed_at IS NULL` + where + ` GROUP BY 1`
	return part{query, args, func(rows *sql.Rows) error {
		var k string
		var n int64
		err := rows.Scan(&k, &n)
		all.of(k).replies = n
		return err
	}}
}

func (s *SupportStatistics) ratings(all groups, spans []span, by SupportGroup) part {
	query, args := s.from(spans, by, `rated_at`, `count(t.rating), `+total(`t.rating`)+`, `+total(`CASE WHEN t.rating >= 4 THEN 1 ELSE 0 END`))
	return part{query + ` GROUP BY 1`, args, func(rows *sql.Rows) error {
		var k string
		var n, sum, good int64
		err := rows.Scan(&k, &n, &sum, &good)
		g := all.of(k)
		g.scored, g.scores, g.good = n, sum, good
		return err
	}}
}
