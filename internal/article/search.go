package article

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// looking is one search: words, for whom, in which languages, on which shelves.
type looking struct {
	words     []string // stems
	audiences []string
	order     []string    // languages, the best first
	shelves   []uuid.UUID // nil: all
}

// tiers are how well an article matches, the best first. One is in the best
// language and has all words in the title; two in title, keywords and summary; three
// anywhere; four has them in another language alone.
const tiers = 4

// A place in what was found is the tier and, within it, the number of the row
// from the newest: tier<<placeBits | (mostRows - row).
const (
	placeBits = 56
	mostRows  = 1<<placeBits - 1
)

// found is a row that was found.
type found struct {
	article, key uuid.UUID
	place        int64
}

// Search is a page of what is published, for the caller, and has all words of a
// text. A search that finds nothing is noted as a gap. Faults: INVALID_ID,
// NOT_FOUND of the shelf, REQUIRED, TOO_LONG, INVALID_VALUE, INVALID_REQUEST,
// INVALID_CURSOR.
func (a *Articles) Search(ctx context.Context, text string, lang *string, category *scalar.ID, p Page) (*ArticleHitConnection, error) {
	text, err := clean(&text, maxQuery, true, "text")
	if err != nil {
		return nil, err
	}
	s, err := p.span()
	if err != nil {
		return nil, err
	}
	l := looking{words: seek(text), order: languages(asked(ctx, lang))}
	if l.audiences, err = a.reach(ctx); err != nil {
		return nil, err
	}
	if category != nil {
		if l.shelves, err = a.shelvesOf(ctx, *category, true); err != nil {
			return nil, at(err, "categoryId")
		}
	}
	rows, err := a.page(ctx, l, s)
	if err != nil {
		return nil, err
	}
	c := &ArticleHitConnection{count: func(ctx context.Context) (int, error) { return a.count(ctx, l) }}
	rows, c.PageInfo = s.cut(rows)
	hits, err := a.show(ctx, l.words, rows)
	if err != nil {
		return nil, err
	}
	for i, h := range hits {
		if h != nil { // it was retired since
			c.Edges = append(c.Edges, &ArticleHitEdge{Node: h, Cursor: scalar.Cursor{ID: rows[i].key, Value: rows[i].place}})
		}
	}
	if s.from == 0 && s.to == math.MaxInt64 && category == nil {
		a.note(ctx, l.words, text, l.order[0], len(rows) == 0)
	}
	return c, nil
}

// page reads the rows of a page and one more: tier by tier, until it is full.
func (a *Articles) page(ctx context.Context, l looking, s span) (all []found, err error) {
	if len(l.words) == 0 {
		return nil, nil
	}
	for i := range tiers {
		tier := int64(i)
		if s.last {
			tier = tiers - 1 - tier
		}
		from, to := max(s.from, tier<<placeBits), min(s.to, (tier+1)<<placeBits-1)
		if from > to {
			continue
		}
		some, err := a.tier(ctx, l, tier, mostRows-to&mostRows, mostRows-from&mostRows, s.last, s.n+1-len(all))
		if err != nil {
			return nil, err
		}
		if all = append(all, some...); len(all) > s.n {
			break
		}
	}
	return all, nil
}

// tier reads rows of one tier, of numbers from low to high, the newest first, or
// the oldest.
func (a *Articles) tier(ctx context.Context, l looking, tier, low, high int64, oldest bool, n int) (all []found, err error) {
	match, args := a.match(l, tier)
	row := `w.id`
	if a.Store.Dialect() != dialect.Postgres {
		row = `article_index.rowid` // FTS5 gives what matches sorted by it
	}
	query := `SELECT w.article_id, w.key_id, ` + row + ` FROM ` + match + ` AND ` + row + ` BETWEEN ? AND ?`
	args = append(args, low, high)
	where, more := l.open("w")
	query, args = query+where, append(args, more...)
	where, more = a.better(l, tier)
	query, args = query+where+` ORDER BY `+row, append(args, more...)
	if !oldest {
		query += ` DESC`
	}
	rows, err := a.Store.Query(ctx, query+` LIMIT ?`, append(args, n)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f found
		var id int64
		if err := rows.Scan(&f.article, &f.key, &id); err != nil {
			return nil, store.Translate(err)
		}
		f.place = tier<<placeBits | (mostRows - id)
		all = append(all, f)
	}
	return all, store.Translate(rows.Err())
}

// match is the words of a tier as each database finds them, and its language.
func (a *Articles) match(l looking, tier int64) (string, []any) {
	title, heads := marked(inTitle, l.words), marked(inHeads, l.words)
	has, but := l.words, []string(nil)
	switch tier {
	case 0:
		has = title
	case 1:
		has, but = heads, title
	case 2:
		but = heads
	}
	language := ` AND w.locale = ?`
	if tier == tiers-1 {
		language = ` AND w.locale <> ?`
	}
	if a.Store.Dialect() == dialect.Postgres {
		q := asLexemes(has)
		if but != nil {
			q += " & !(" + asLexemes(but) + ")"
		}
		return `article_words AS w WHERE w.words @@ CAST(? AS tsquery)` + language, []any{q, l.order[0]}
	}
	q := asStrings(has)
	if but != nil {
		q = "(" + q + ") NOT (" + asStrings(but) + ")"
	}
	return `article_index CROSS JOIN article_words AS w ON w.id = article_index.rowid WHERE article_index MATCH ?` + language, []any{q, l.order[0]}
}

// better leaves out of the last tier what has the words in a better language as
// well: each article is found once.
func (a *Articles) better(l looking, tier int64) (string, []any) {
	if tier != tiers-1 {
		return "", nil
	}
	has, args := a.has("o", l.words)
	open, more := l.open("o")
	return ` AND NOT EXISTS (SELECT 1 FROM article_words AS o WHERE o.key_id = w.key_id AND ` + rank("o", l.order) + ` < ` + rank("w", l.order) + ` AND ` + has + open + `)`,
		append(args, more...)
}

// rank is where the language of a row stands. Languages are words of ours.
func rank(table string, order []string) string {
	s := `CASE ` + table + `.locale`
	for i, l := range order {
		s += ` WHEN '` + l + `' THEN ` + strconv.Itoa(i)
	}
	return s + ` ELSE ` + strconv.Itoa(len(order)) + ` END`
}

// has is whether a row that is there has all words.
func (a *Articles) has(table string, words []string) (string, []any) {
	if a.Store.Dialect() == dialect.Postgres {
		return table + `.words @@ CAST(? AS tsquery)`, []any{asLexemes(words)}
	}
	parts, args := make([]string, len(words)), make([]any, len(words))
	for i, w := range words {
		parts[i], args[i] = `instr(' ' || `+table+`.words || ' ', ?) > 0`, " "+w+" "
	}
	return strings.Join(parts, ` AND `), args
}

// open is the part of a condition that keeps rows for the audiences alone, and
// on the shelves.
func (l looking) open(table string) (string, []any) {
	to := `'` + strings.Join(l.audiences, `', '`) + `'` // words of ours
	s := ` AND ` + table + `.audience IN (` + to + `) AND (` + table + `.category_id IS NULL OR ` + table + `.category_id IN (SELECT c.id FROM article_categories AS c WHERE c.shown_to IN (` + to + `)))`
	if l.shelves == nil {
		return s, nil
	}
	args := make([]any, len(l.shelves))
	for i, id := range l.shelves {
		args[i] = id
	}
	return s + ` AND ` + table + `.category_id IN (?` + strings.Repeat(`, ?`, len(args)-1) + `)`, args
}

// count is how many articles there are in all.
func (a *Articles) count(ctx context.Context, l looking) (n int, err error) {
	if len(l.words) == 0 {
		return 0, nil
	}
	query, args := `article_index CROSS JOIN article_words AS w ON w.id = article_index.rowid WHERE article_index MATCH ?`, []any{asStrings(l.words)}
	if a.Store.Dialect() == dialect.Postgres {
		query, args = `article_words AS w WHERE w.words @@ CAST(? AS tsquery)`, []any{asLexemes(l.words)}
	}
	where, more := l.open("w")
	rows, err := a.Store.Query(ctx, `SELECT count(DISTINCT w.key_id) FROM `+query+where, append(args, more...)...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, store.Translate(err)
		}
	}
	return n, store.Translate(rows.Err())
}

// show reads what was found through the fence, in the same order; nil for what
// is not there any more.
func (a *Articles) show(ctx context.Context, words []string, rows []found) ([]*ArticleHit, error) {
	hits := make([]*ArticleHit, len(rows))
	ids := make([]uuid.UUID, len(rows))
	for i, f := range rows {
		ids[i] = f.article
	}
	if len(ids) == 0 {
		return hits, nil
	}
	some, err := a.Store.Client.Article.Query().Where(entarticle.IDIn(ids...), entarticle.StatusEQ(entarticle.StatusPUBLISHED)).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, r := range some {
		hits[slices.Index(ids, r.ID)] = hitOf(r, words)
	}
	return hits, nil
}

func hitOf(r *ent.Article, words []string) *ArticleHit {
	return &ArticleHit{Article: r, TitleMatches: matches([]rune(r.Title), words), Snippet: snippet(r.Summary, r.Body, words)}
}

func marked(mark string, words []string) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = mark + w
	}
	return all
}

func asLexemes(words []string) string { return "'" + strings.Join(words, "' & '") + "'" }

func asStrings(words []string) string { return `"` + strings.Join(words, `" AND "`) + `"` }

// span is a page asked for: places from and to, how many, and whether from the
// end.
type span struct {
	from, to      int64
	n             int
	last          bool
	after, before bool
}

// maxPage is how many a page holds at most.
const maxPage = 100

// span is which places are asked for. Faults: INVALID_REQUEST, INVALID_CURSOR.
func (p Page) span() (s span, err error) {
	s = span{to: math.MaxInt64, n: 20, last: p.Last != nil, after: p.After != nil, before: p.Before != nil}
	switch {
	case p.First != nil && p.Last != nil:
		return s, fault.ErrInvalidRequest
	case p.First != nil:
		s.n = *p.First
	case p.Last != nil:
		s.n = *p.Last
	}
	if s.n < 1 || s.n > maxPage {
		return s, fault.ErrInvalidRequest
	}
	if p.After != nil {
		if s.from, err = placeOf(p.After); err != nil {
			return s, err
		}
		s.from++
	}
	if p.Before != nil {
		if s.to, err = placeOf(p.Before); err != nil {
			return s, err
		}
		s.to--
	}
	return s, nil
}

func placeOf(c *scalar.Cursor) (int64, error) {
	if err := scalar.CheckPlaces("int", c); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(fmt.Sprint(c.Value), 10, 64)
	if err != nil || n < 0 || n >= tiers<<placeBits {
		return 0, fault.ErrInvalidCursor
	}
	return n, nil
}

// cut takes the row too many off, puts the rest in order and says where it stands.
func (s span) cut(rows []found) ([]found, pageInfo) {
	more := len(rows) > s.n
	if more {
		rows = rows[:s.n]
	}
	info := pageInfo{HasNextPage: more, HasPreviousPage: s.after}
	if s.last {
		slices.Reverse(rows)
		info = pageInfo{HasPreviousPage: more, HasNextPage: s.before}
	}
	if len(rows) > 0 {
		first, last := rows[0], rows[len(rows)-1]
		info.StartCursor, info.EndCursor = &scalar.Cursor{ID: first.key, Value: first.place}, &scalar.Cursor{ID: last.key, Value: last.place}
	}
	return rows, info
}
