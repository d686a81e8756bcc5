package broadcast

import (
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// where is a filter as one condition over users, and its values. Each part asks
// for one person by an index, so that a lot of 500 costs what 500 people cost,
// and a count walks the people once.
type where struct {
	b       strings.Builder
	args    []any
	dialect string
	at      time.Time // now, or when the broadcast began
}

// mostValues are how many values a statement has on either database.
const mostValues = 30_000

// compile makes the condition. Filters that are left out stand in NotIn. Fault:
// TOO_LONG where both databases could not take it.
func compile(d string, f schema.SegmentFilter, at time.Time) (*where, error) {
	w := &where{dialect: d, at: at}
	w.add(`users.status = 'ACTIVE'`)
	w.filter(f)
	if len(w.args) > mostValues {
		return nil, fault.ErrTooLong.At("filter").With("limit", mostValues)
	}
	return w, nil
}

// text is the condition with ? for values.
func (w *where) text() string { return w.b.String() }

// predicate is the condition for a query of ent.
func (w *where) predicate(s *entsql.Selector) {
	s.Where(entsql.P(func(b *entsql.Builder) {
		parts := strings.Split(w.text(), "?")
		for i, part := range parts {
			if i > 0 {
				b.Arg(w.args[i-1])
			}
			b.WriteString(part)
		}
	}))
}

func (w *where) add(text string, args ...any) {
	w.b.WriteString(text)
	w.args = append(w.args, args...)
}

// and begins a condition.
func (w *where) and(text string, args ...any) { w.add(` AND `+text, args...) }

// oneOf is that a column is one of some values.
func (w *where) oneOf(column string, values []any) {
	w.add(column+` IN (?`+strings.Repeat(`, ?`, len(values)-1)+`)`, values...)
}

func values[T any](all []T) []any {
	out := make([]any, len(all))
	for i, v := range all {
		out[i] = v
	}
	return out
}

// since is the time so many days ago; nil: there is none.
func (w *where) since(days *int) (time.Time, bool) {
	if days == nil {
		return time.Time{}, false
	}
	return w.ago(*days), true
}

func (w *where) ago(days int) time.Time { return w.at.Add(-time.Duration(days) * 24 * time.Hour) }

func (w *where) filter(f schema.SegmentFilter) {
	if len(f.UserIDs) > 0 {
		w.and(``)
		w.oneOf(`users.id`, values(f.UserIDs))
	}
	if len(f.Locales) > 0 {
		w.locales(f.Locales)
	}
	if len(f.Regions) > 0 {
		w.and(``)
		w.oneOf(`users.region`, values(f.Regions))
	}
	if len(f.Interests) > 0 {
		w.interests(f.Interests)
	}
	if len(f.Tiers) > 0 {
		w.and(`EXISTS (SELECT 1 FROM ledger_accounts a JOIN tiers t ON t.key_id = a.tier_id AND t.retired_at IS NULL WHERE a.owner_id = users.id AND a.kind = 'BONUS' AND `)
		w.oneOf(`t.handle`, values(f.Tiers))
		w.add(`)`)
	}
	if len(f.Clubs) > 0 {
		w.and(`EXISTS (SELECT 1 FROM clubs c JOIN club_members m ON m.club_id = c.id WHERE m.owner_id = users.id AND m.left_at IS NULL AND c.status <> 'DRAFT' AND `)
		w.oneOf(`c.handle`, values(f.Clubs))
		w.add(`)`)
	}
	w.deeds(f)
	w.times(f)
	for _, out := range f.NotIn {
		// What is not known of somebody (his region) leaves him in.
		w.and(`NOT coalesce((users.id = users.id`)
		w.filter(out)
		w.add(`), FALSE)`)
	}
}

func (w *where) locales(all []string) {
	for i, l := range all {
		if i == 0 {
			w.and(`(`)
		} else {
			w.add(` OR `)
		}
		w.add(`users.locale = ? OR substr(users.locale, 1, CAST(? AS integer)) = ?`, l, utf8.RuneCountInString(l)+1, l+"-")
	}
	w.add(`)`)
}

// interests are a JSON list; nothing said is null, of the database or of JSON.
func (w *where) interests(all []string) {
	if w.dialect == dialect.Postgres {
		w.and(`EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(users.interests) = 'array' THEN users.interests ELSE '[]' END) AS i(value) WHERE `)
	} else {
		w.and(`EXISTS (SELECT 1 FROM json_each(users.interests) AS i WHERE `)
	}
	w.oneOf(`i.value`, values(all))
	w.add(`)`)
}

// bought are orders that count.
const bought = `o.owner_id = users.id AND o.status IN ('PLACED', 'COMPLETED')`

// deeds are what people did.
func (w *where) deeds(f schema.SegmentFilter) {
	if s := f.Spent; s != nil {
		w.spent(*s)
	}
	if n := f.Orders; n != nil {
		text, args := `(SELECT count(*) FROM orders o WHERE `+bought, []any(nil)
		if since, some := w.since(n.Days); some {
			text, args = text+` AND o.placed_at >= ?`, append(args, since)
		}
		between(w, text+`)`, args, n.Min, n.Max)
	}
	if p := f.Bought; p != nil {
		// Not a join: SQLite would begin at all who bought it, for each person.
		w.and(`EXISTS (SELECT 1 FROM orders o WHERE ` + bought)
		w.within(`o.placed_at`, p.Days)
		w.and(`EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND l.cancelled < l.quantity`)
		w.products(*p, `l.product_id`, `l.category`)
		w.add(`))`)
	}
	if p := f.Viewed; p != nil {
		w.looked(*p, `viewed_products`, `v.viewed_at`)
	}
	if p := f.Wishes; p != nil {
		w.looked(*p, `wishlist_items`, `v.created_at`)
	}
	if len(f.Searched) > 0 {
		w.searched(f.Searched)
	}
}

func (w *where) spent(s schema.SegmentSum) {
	text, args := `(SELECT coalesce(sum(o.paid_minor - o.refunded_minor), 0) FROM orders o WHERE `+bought+` AND o.currency = ?`, []any{s.Currency}
	if since, some := w.since(s.Days); some {
		text, args = text+` AND o.placed_at >= ?`, append(args, since)
	}
	between(w, text+`)`, args, s.Min, s.Max)
}

// between bounds a number.
func between[N int | int64](w *where, number string, args []any, least, most *N) {
	switch {
	case least != nil && most != nil:
		w.and(number+` BETWEEN ? AND ?`, append(args, *least, *most)...)
	case least != nil:
		w.and(number+` >= ?`, append(args, *least)...)
	case most != nil:
		w.and(number+` <= ?`, append(args, *most)...)
	}
}

// within is that something was in the last so many days.
func (w *where) within(column string, days *int) {
	if since, some := w.since(days); some {
		w.and(column+` >= ?`, since)
	}
}

// looked are products that people have to do with without an order.
func (w *where) looked(p schema.SegmentOf, table, when string) {
	w.and(`EXISTS (SELECT 1 FROM ` + table + ` v WHERE v.user_id = users.id`)
	w.within(when, p.Days)
	if len(p.Categories) == 0 {
		w.products(p, `v.product_id`, ``)
	} else {
		w.and(`EXISTS (SELECT 1 FROM products p WHERE p.id = v.product_id`)
		w.products(p, `p.id`, `p.category`)
		w.add(`)`)
	}
	w.add(`)`)
}

// products are one of some, or of some categories and what stands below them.
func (w *where) products(p schema.SegmentOf, id, category string) {
	w.and(`(`)
	or := ``
	if len(p.ProductIDs) > 0 {
		w.oneOf(id, values(p.ProductIDs))
		or = ` OR `
	}
	for _, c := range p.Categories {
		w.add(or+category+` = ?`, c)
		for _, below := range below {
			w.add(` OR substr(`+category+`, 1, CAST(? AS integer)) = ?`, utf8.RuneCountInString(c+below), c+below)
		}
		or = ` OR `
	}
	w.add(`)`)
}

// below is how categories are written below others.
var below = []string{"/", " / ", ">", " > "}

// searched are searches in the knowledge base that have all words of a text.
func (w *where) searched(all []string) {
	in := `instr`
	if w.dialect == dialect.Postgres {
		in = `strpos`
	}
	w.and(`EXISTS (SELECT 1 FROM article_seekers s WHERE s.user_id = users.id AND (`)
	for i, text := range all {
		if i > 0 {
			w.add(` OR `)
		}
		for n, word := range store.SeekWords(text) {
			if n > 0 {
				w.add(` AND `)
			}
			w.add(in+`(' ' || s.words || ' ', ?) > 0`, " "+word+" ")
		}
	}
	w.add(`))`)
}

// How a person used his account himself. Sessions that ended are kept for 90
// days (account.Housekeeping); what is said of longer times counts sign-ins too.
const (
	ofSession   = `EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = users.id AND s.kind NOT IN ('ACTING', 'API_KEY') AND s.last_used_at >= ?)`
	ofSignIn    = ` OR EXISTS (SELECT 1 FROM audit_entries a WHERE a.owner_id = users.id AND a.action = 'account.sign_in' AND a.created_at >= ?)`
	daysSession = 90
)

// used is whether somebody used his account within so many days.
func (w *where) used(days int) {
	cut := w.ago(days)
	if days <= daysSession {
		w.add(ofSession, cut)
		return
	}
	w.add(`(`+ofSession+ofSignIn+`)`, cut, cut)
}

// times are when people came, and when they were born.
func (w *where) times(f schema.SegmentFilter) {
	if f.ActiveDays != nil {
		w.and(``)
		w.used(*f.ActiveDays)
	}
	if f.InactiveDays != nil {
		w.and(`users.created_at < ? AND NOT `, w.ago(*f.InactiveDays))
		w.used(*f.InactiveDays)
	}
	if j := f.JoinedDays; j != nil {
		if j.Min != nil {
			w.and(`users.created_at <= ?`, w.ago(*j.Min))
		}
		if j.Max != nil {
			w.and(`users.created_at > ?`, w.ago(*j.Max+1))
		}
	}
	if f.Birthday != nil {
		w.birthday(*f.Birthday)
	}
}

// birthday is within so many days from today, by UTC.
func (w *where) birthday(days int) {
	const day = `substr(users.birth_on, 6, 5)`
	if days >= 365 {
		w.and(`users.birth_on IS NOT NULL`)
		return
	}
	today := w.at.UTC().Truncate(24 * time.Hour)
	first, last := today.Format("01-02"), today.AddDate(0, 0, days).Format("01-02")
	join := ` AND `
	if first > last { // over the new year
		join = ` OR `
	}
	w.and(`(`+day+` >= ?`+join+day+` <= ?`, first, last)
	for d := range days + 1 {
		if on := today.AddDate(0, 0, d); on.Month() == time.March && on.Day() == 1 && on.AddDate(0, 0, -1).Day() == 28 {
			w.add(` OR ` + day + ` = '02-29'`)
		}
	}
	w.add(`)`)
}
