package article

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// The bounds of what is kept of searches.
const (
	keptText       = 100   // characters; longer ones are not kept
	keptADay       = 5_000 // different searches; more are not begun, for anybody may search
	forgetting     = 366 * 24 * time.Hour
	forgettingOnce = 30 * 24 * time.Hour // what was looked for once alone may be of one person
)

// note counts a search, if it found nothing as a gap. A search is answered
// whether or not it can be counted.
func (a *Articles) note(ctx context.Context, words []string, text, lang string, empty bool) {
	text = strings.Join(strings.Fields(text), " ")
	if len(words) == 0 || len([]rune(text)) > keptText || private(text) || !a.noting.may(from(ctx), a.Store.Now()) {
		return
	}
	missed := 0
	if empty {
		missed = 1
	}
	stems := strings.Join(words, " ")
	err := a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := remember(ctx, tx, text); err != nil {
			return err
		}
		day := tx.Now.UTC().Format(time.DateOnly)
		n, err := tx.Exec(ctx, `UPDATE article_searches SET times = times + 1, empty = empty + ?, text = ?, updated_at = ? WHERE words = ? AND locale = ? AND on_date = ?`,
			missed, text, tx.Now, stems, lang, day)
		if err != nil || n > 0 {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM article_searches WHERE on_date = ?`, day).Scan(&n); err != nil || n >= keptADay {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO article_searches (id, created_at, updated_at, words, text, locale, on_date, times, empty) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)
			ON CONFLICT (words, locale, on_date) DO UPDATE SET times = article_searches.times + 1, empty = article_searches.empty + excluded.empty, text = excluded.text, updated_at = excluded.updated_at`,
			uuid.Must(uuid.NewV7()), tx.Now, tx.Now, stems, text, lang, day, missed)
		return err
	})
	if err != nil {
		slog.WarnContext(ctx, "a search was not counted", "error", err.Error())
	}
}

// Gaps is a page of what was looked for in vain, most often first, for staff.
// Faults: REQUIRED, INVALID_VALUE, OUT_OF_RANGE, INVALID_REQUEST,
// INVALID_CURSOR; FORBIDDEN.
func (a *Articles) Gaps(ctx context.Context, period ArticleGapPeriod, lang *string, p Page) (*ArticleGapConnection, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	if err := period.check(); err != nil {
		return nil, err
	}
	where, args := `on_date >= ? AND on_date <= ? AND empty > 0`, []any{period.From, period.To}
	if lang != nil {
		l, err := language(*lang, "locale")
		if err != nil {
			return nil, err
		}
		where, args = where+` AND locale = ?`, append(args, l)
	}
	s, err := p.span()
	if err != nil {
		return nil, err
	}
	c := &ArticleGapConnection{count: func(ctx context.Context) (int, error) { return a.countGaps(ctx, where, args) }}
	gaps, err := a.gaps(ctx, where, args, p, s)
	if err != nil {
		return nil, err
	}
	more := len(gaps) > s.n
	gaps = gaps[:min(len(gaps), s.n)]
	c.PageInfo = pageInfo{HasNextPage: more, HasPreviousPage: s.after}
	if s.last {
		slices.Reverse(gaps)
		c.PageInfo = pageInfo{HasPreviousPage: more, HasNextPage: s.before}
	}
	for _, g := range gaps {
		c.Edges = append(c.Edges, &ArticleGapEdge{Node: g.ArticleGap, Cursor: scalar.Cursor{ID: g.id, Value: g.Empty}})
	}
	if n := len(c.Edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c, a.lastTexts(ctx, where, args, gaps)
}

// check judges a period. Faults: INVALID_VALUE, OUT_OF_RANGE.
func (p ArticleGapPeriod) check() error {
	from, err := time.Parse(time.DateOnly, p.From)
	if err != nil {
		return fault.ErrInvalidValue.At("period", "from")
	}
	to, err := time.Parse(time.DateOnly, p.To)
	if err != nil || to.Before(from) {
		return fault.ErrInvalidValue.At("period", "to")
	}
	if to.Sub(from) >= maxPeriod*24*time.Hour {
		return fault.ErrOutOfRange.With("max", maxPeriod).At("period", "to")
	}
	return nil
}

// gap is a row of the report; id is of its first day, by which equals are sorted.
type gap struct {
	*ArticleGap
	id uuid.UUID
}

func (a *Articles) gaps(ctx context.Context, where string, args []any, p Page, s span) ([]gap, error) {
	query := `SELECT words, locale, missed, times, id, last_on FROM (SELECT words, locale, CAST(sum(empty) AS bigint) AS missed, CAST(sum(times) AS bigint) AS times,
		min(CAST(id AS text)) AS id, max(on_date) AS last_on FROM article_searches WHERE ` + where + ` GROUP BY words, locale) AS g WHERE 1 = 1`
	args = slices.Clone(args)
	for _, c := range []struct {
		at   *scalar.Cursor
		less string
	}{{p.After, `(missed < ? OR missed = ? AND id > ?)`}, {p.Before, `(missed > ? OR missed = ? AND id < ?)`}} {
		if c.at != nil {
			n, err := placeOf(c.at)
			if err != nil {
				return nil, err
			}
			query, args = query+` AND `+c.less, append(args, n, n, c.at.ID.String())
		}
	}
	if query += ` ORDER BY missed DESC, id LIMIT ?`; s.last {
		query = strings.Replace(query, `missed DESC, id LIMIT`, `missed, id DESC LIMIT`, 1)
	}
	rows, err := a.Store.Query(ctx, query, append(args, s.n+1)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []gap
	for rows.Next() {
		g := gap{ArticleGap: &ArticleGap{}}
		if err := rows.Scan(&g.Words, &g.Locale, &g.Empty, &g.Times, &g.id, &g.LastOn); err != nil {
			return nil, store.Translate(err)
		}
		all = append(all, g)
	}
	return all, store.Translate(rows.Err())
}

// lastTexts puts on gaps how somebody typed them last.
func (a *Articles) lastTexts(ctx context.Context, where string, args []any, gaps []gap) error {
	if len(gaps) == 0 {
		return nil
	}
	of := map[string]*ArticleGap{}
	args = slices.Clone(args)
	for _, g := range gaps {
		of[g.Locale+" "+g.Words] = g.ArticleGap
		args = append(args, g.Words)
	}
	rows, err := a.Store.Query(ctx, `SELECT words, locale, text FROM article_searches WHERE `+where+` AND words IN (?`+strings.Repeat(`, ?`, len(gaps)-1)+`) ORDER BY on_date`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var words, lang, text string
		if err := rows.Scan(&words, &lang, &text); err != nil {
			return store.Translate(err)
		}
		if g := of[lang+" "+words]; g != nil {
			g.Text = text
		}
	}
	return store.Translate(rows.Err())
}

func (a *Articles) countGaps(ctx context.Context, where string, args []any) (n int, err error) {
	rows, err := a.Store.Query(ctx, `SELECT count(*) FROM (SELECT 1 FROM article_searches WHERE `+where+` GROUP BY words, locale) AS g`, args...)
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

// ForgetSearches deletes what was looked for more than 366 days ago, and what was
// looked for once alone more than 30 days ago.
func (a *Articles) ForgetSearches(ctx context.Context) error {
	before := func(age time.Duration) string { return a.Store.Now().Add(-age).UTC().Format(time.DateOnly) }
	const once = `on_date < ? AND times = 1 AND NOT EXISTS (SELECT 1 FROM article_searches AS other
		WHERE other.words = article_searches.words AND other.locale = article_searches.locale AND other.id <> article_searches.id)`
	if err := a.Store.Sweep(ctx, "article_searches", "id", once, before(forgettingOnce)); err != nil {
		return err
	}
	return a.Store.Sweep(ctx, "article_searches", "id", `on_date < ?`, before(forgetting))
}
