package article

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// The bounds of a suggestion: of what is typed the first characters and words,
// of each word the newest articles that have it, so that it costs the same
// however many there are.
const (
	suggestText  = 1_000 // characters
	suggestWords = 12
	suggestEach  = 200
	maxSuggested = 10
)

// Suggest proposes articles for what is being typed, the best first, for the
// caller. Nothing is noted. Faults: OUT_OF_RANGE, INVALID_VALUE.
func (a *Articles) Suggest(ctx context.Context, text string, lang *string, limit *int) ([]*ArticleHit, error) {
	n := 5
	if limit != nil {
		n = *limit
	}
	if n < 1 || n > maxSuggested {
		return nil, fault.ErrOutOfRange.With("min", 1).With("max", maxSuggested).At("limit")
	}
	l, some, err := a.propose(ctx, text, asked(ctx, lang), n)
	if err != nil {
		return nil, err
	}
	hits, err := a.show(ctx, l.words, rowsOf(some))
	return slices.DeleteFunc(hits, func(h *ArticleHit) bool { return h == nil }), err
}

// Found is an article that answers a question, for a bot.
type Found struct {
	ID             uuid.UUID // the same in all versions and languages
	Locale         string
	Title, Summary string
	// Share is how much of what was asked the article has in title, keywords and
	// summary, 0 to 100; rare words weigh more.
	Share int
}

// Answer finds articles for a question, the best first, at most limit, as the
// viewer reads them: a bot asks as the customer does, or an article in one
// language would tell what it keeps for others in another. It notes nothing.
func (a *Articles) Answer(ctx context.Context, text, lang string, limit int) ([]Found, error) {
	l, some, err := a.propose(ctx, text, lang, max(1, min(limit, maxSuggested)))
	if err != nil {
		return nil, err
	}
	hits, err := a.show(ctx, l.words, rowsOf(some))
	if err != nil {
		return nil, err
	}
	all := make([]Found, 0, len(hits))
	for i, h := range hits {
		if h != nil { // it was retired since
			all = append(all, Found{ID: h.Article.KeyID, Locale: h.Article.Locale, Title: h.Article.Title, Summary: h.Article.Summary, Share: some[i].share})
		}
	}
	return all, nil
}

func rowsOf(some []proposal) []found {
	rows := make([]found, len(some))
	for i, p := range some {
		rows[i] = p.found
	}
	return rows
}

// proposal is an article with some of the words.
type proposal struct {
	found
	locale string
	heads  string
	score  int // of title, keywords and summary, by weight
	share  int // of the words that it has, by weight, of 100
}

// propose weighs articles that have words of a text in title, keywords or
// summary: rare words weigh more, those of the title most.
func (a *Articles) propose(ctx context.Context, text, lang string, n int) (looking, []proposal, error) {
	if r := []rune(text); len(r) > suggestText {
		text = string(r[:suggestText])
	}
	if _, err := clean(&text, suggestText, false, "text"); err != nil {
		return looking{}, nil, err
	}
	l := looking{words: seek(text), order: languages(lang)}
	slices.SortStableFunc(l.words, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // long words say more
	l.words = l.words[:min(len(l.words), suggestWords)]
	if len(l.words) == 0 {
		return l, nil, nil
	}
	var err error
	if l.audiences, err = a.reach(ctx); err != nil {
		return l, nil, err
	}
	rows, counts, err := a.candidates(ctx, l)
	if err != nil {
		return l, nil, err
	}
	weigh(rows, l, counts)
	return l, bestOf(rows, l.order, n), nil
}

// candidates are the newest articles with each of the words, and with all of
// them, in one statement; counts says how many have a word, up to suggestEach.
func (a *Articles) candidates(ctx context.Context, l looking) ([]proposal, map[string]int, error) {
	var query strings.Builder
	var args []any
	open, more := l.open("w")
	for i, w := range append([]string{""}, l.words...) {
		words := []string{w}
		if i == 0 {
			words = l.words
		} else {
			query.WriteString(` UNION ALL `)
		}
		from, match, row := a.headed(words)
		query.WriteString(`SELECT * FROM (SELECT w.article_id, w.key_id, w.locale, w.id, w.heads, CAST(? AS bigint) AS word FROM ` + from + open + ` ORDER BY ` + row + ` DESC LIMIT ?) AS part` + string(rune('a'+i)))
		args = append(append(append(append(args, i), match), more...), suggestEach)
	}
	rows, err := a.Store.Query(ctx, query.String(), args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	all, counts := []proposal{}, map[string]int{}
	seen := map[uuid.UUID]bool{}
	for rows.Next() {
		var p proposal
		var word int
		if err := rows.Scan(&p.article, &p.key, &p.locale, &p.place, &p.heads, &word); err != nil {
			return nil, nil, store.Translate(err)
		}
		if word > 0 {
			counts[l.words[word-1]]++
		}
		if !seen[p.article] {
			seen[p.article] = true
			all = append(all, p)
		}
	}
	return all, counts, store.Translate(rows.Err())
}

// headed is where articles with words in title, keywords or summary are found,
// what they are asked by and the column they are sorted by.
func (a *Articles) headed(words []string) (from string, match any, row string) {
	words = marked(inHeads, words)
	if a.Store.Dialect() == dialect.Postgres {
		return `article_words AS w WHERE w.words @@ CAST(? AS tsquery)`, asLexemes(words), `w.id`
	}
	return `article_index CROSS JOIN article_words AS w ON w.id = article_index.rowid WHERE article_index MATCH ?`, asStrings(words), `article_index.rowid`
}

// weigh scores what was found. A word weighs by how few articles have it.
func weigh(rows []proposal, l looking, counts map[string]int) {
	total := 0
	weight := make([]int, len(l.words))
	for i, w := range l.words {
		weight[i] = 2 + bits.Len(uint(suggestEach/max(1, counts[w])))
		total += weight[i]
	}
	for i := range rows {
		p := &rows[i]
		kept := " " + p.heads + " "
		has := 0
		for j, w := range l.words {
			switch {
			case strings.Contains(kept, " "+inTitle+w+" "):
				p.score, has = p.score+3*weight[j], has+weight[j]
			case strings.Contains(kept, " "+inHeads+w+" "):
				p.score, has = p.score+2*weight[j], has+weight[j]
			}
		}
		p.share = 100 * has / total
	}
}

// bestOf are the best of what was found, each article in its best language once;
// of equal ones the newest first. What has none of the words where it counts is
// not among them.
func bestOf(rows []proposal, order []string, n int) []proposal {
	slices.SortFunc(rows, func(a, b proposal) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(slices.Index(order, a.locale), slices.Index(order, b.locale)), cmp.Compare(b.place, a.place))
	})
	seen := map[uuid.UUID]bool{}
	var some []proposal
	for _, p := range rows {
		if p.score > 0 && !seen[p.key] && len(some) < n {
			seen[p.key] = true
			some = append(some, p)
		}
	}
	return some
}
