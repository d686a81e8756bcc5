package history

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/order"
	"kabinet/internal/store"
)

const (
	// few is up to how many orders are found by their words first and sorted
	// then. Of more, the list is walked in its order and each row is looked at:
	// where so many match, a page is full soon.
	few = 1_000
	// walk is how many orders are looked at for a page of common words, in
	// PostgreSQL. Words that are common and never meet are asked of the index.
	walk = 20_000
)

// Find is the condition that an order has all words of a text; owner names
// whose orders are listed, nil all. Of near, which is for whom the fence hides
// none and nothing else narrows, others may be left out. A text without a
// letter or a digit finds nothing.
func (h *History) Find(ctx context.Context, owner *uuid.UUID, text string, near *order.Near) (predicate.Order, error) {
	words := store.SeekWords(text)
	if len(words) == 0 {
		return func(s *sql.Selector) { s.Where(sql.False()) }, nil
	}
	if owner != nil {
		words = append(words, ownerWord(*owner))
	}
	by := byWords
	if h.Store.Dialect() == dialect.Postgres {
		by = byVector
	}
	if near != nil {
		return h.findNear(ctx, by, words, near)
	}
	var n []int
	err := h.read(ctx, by.count, []any{by.ask(words), few + 1}, func(scan func(...any) error) error {
		n = append(n, 0)
		return scan(&n[0])
	})
	if err != nil {
		return nil, err
	}
	if n[0] > few {
		return by.each(words), nil
	}
	return by.listed(words, nil), nil
}

// findNear is Find of near. PostgreSQL keeps what it finds in no order: of words
// that its planner takes for common the newest orders are looked at first.
func (h *History) findNear(ctx context.Context, by way, words []string, near *order.Near) (predicate.Order, error) {
	if by.sorted {
		return by.listed(words, near), nil
	}
	if n, err := h.guess(ctx, words); err != nil || n <= few {
		return by.listed(words, near), err
	}
	query, args := `SELECT w.id FROM (SELECT o.id, o.placed_at FROM orders AS o`, []any{}
	if near.After != nil {
		query, args = query+` WHERE (o.placed_at, o.id) < (?, ?)`, append(args, near.After.Value, near.After.ID)
	}
	query += ` ORDER BY o.placed_at DESC, o.id DESC LIMIT ?) AS w
		WHERE EXISTS (SELECT 1 FROM search_docs AS d WHERE d.object_id = w.id AND d.words @@ CAST(? AS tsquery) OFFSET 0)
		ORDER BY w.placed_at DESC, w.id DESC LIMIT ?`
	var ids []uuid.UUID
	err := h.read(ctx, query, append(args, walk, asLexemes(words), near.N), func(scan func(...any) error) error {
		ids = append(ids, uuid.Nil)
		return scan(&ids[len(ids)-1])
	})
	if err != nil {
		return nil, err
	}
	if len(ids) < near.N { // there may be others farther back
		return by.listed(words, near), nil
	}
	return entorder.IDIn(ids...), nil
}

// guess is how many orders PostgreSQL's planner thinks have all words: he keeps
// how common each is. Counting would find them all.
func (h *History) guess(ctx context.Context, words []string) (n float64, err error) {
	err = h.read(ctx, `EXPLAIN (FORMAT JSON) SELECT FROM search_docs WHERE words @@ CAST(? AS tsquery)`, []any{asLexemes(words)}, func(scan func(...any) error) error {
		var said []byte
		if err := scan(&said); err != nil {
			return err
		}
		var plans []struct {
			Plan struct {
				Rows float64 `json:"Plan Rows"`
			}
		}
		err := json.Unmarshal(said, &plans)
		for _, p := range plans {
			n = p.Plan.Rows
		}
		return err
	})
	return n, err
}

// read hands each row of a query to one.
func (h *History) read(ctx context.Context, query string, args []any, one func(scan func(...any) error) error) error {
	rows, err := h.Store.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := one(rows.Scan); err != nil {
			return store.Translate(err)
		}
	}
	return store.Translate(rows.Err())
}

// way is how a database looks for words.
type way struct {
	count  string // how many match, up to a number
	ask    func(words []string) string
	listed func(words []string, near *order.Near) predicate.Order // what is found, then its orders
	each   func(words []string) predicate.Order                   // orders, then whether they have the words
	sorted bool                                                   // what is found comes newest first by itself
}

// byVector is PostgreSQL's: words are lexemes already, so nothing is parsed.
// The ids come as one array and the rows of a common word by a query of their
// own: neither leaves the planner a guess at how many match.
var byVector = way{
	count: `SELECT count(*) FROM (SELECT 1 FROM search_docs WHERE words @@ CAST(? AS tsquery) LIMIT ?) AS m`,
	ask:   asLexemes,
	listed: func(words []string, near *order.Near) predicate.Order {
		return func(s *sql.Selector) {
			s.Where(sql.P(func(b *sql.Builder) {
				b.Ident(s.C("id")).WriteString(" = ANY(ARRAY(SELECT d.object_id FROM search_docs AS d WHERE d.words @@ CAST(").Arg(asLexemes(words)).WriteString(" AS tsquery)")
				if near != nil {
					if near.After != nil {
						b.WriteString(" AND (d.placed_at, d.object_id) < (").Args(near.After.Value, near.After.ID).WriteString(")")
					}
					b.WriteString(" ORDER BY d.placed_at DESC, d.object_id DESC LIMIT ").Arg(near.N)
				}
				b.WriteString("))")
			}))
		}
	},
	each: func(words []string) predicate.Order {
		return func(s *sql.Selector) {
			s.Where(sql.P(func(b *sql.Builder) {
				b.WriteString("EXISTS (SELECT 1 FROM search_docs AS d WHERE d.object_id = ").Ident(s.C("id")).
					WriteString(" AND d.words @@ CAST(").Arg(asLexemes(words)).WriteString(" AS tsquery) OFFSET 0)")
			}))
		}
	},
}

func asLexemes(words []string) string { return "'" + strings.Join(words, "' & '") + "'" }

// byWords is SQLite's: FTS5 finds them, and a row holds them between blanks.
var byWords = way{
	count: `SELECT count(*) FROM (SELECT 1 FROM search_words WHERE search_words MATCH ? LIMIT ?) AS m`,
	ask:   asStrings,
	listed: func(words []string, near *order.Near) predicate.Order {
		return func(s *sql.Selector) {
			s.Where(sql.P(func(b *sql.Builder) {
				b.Ident(s.C("id")).WriteString(" IN (SELECT d.object_id FROM search_words AS w CROSS JOIN search_docs AS d ON d.id = w.rowid & ").Arg(idMask).
					WriteString(" WHERE search_words MATCH ").Arg(asStrings(words))
				if near != nil {
					begin, end := secondOf(near)
					b.WriteString(" AND w.rowid <= ").Arg(end).
						WriteString(" AND w.rowid >= coalesce((SELECT rowid >> 30 << 30 FROM search_words WHERE search_words MATCH ").Arg(asStrings(words)).
						WriteString(" AND rowid < ").Arg(begin).WriteString(" ORDER BY rowid DESC LIMIT 1 OFFSET ").Arg(near.N - 1).WriteString("), 0)")
				}
				b.WriteString(")")
			}))
		}
	},
	each: func(words []string) predicate.Order {
		return func(s *sql.Selector) {
			s.Where(sql.P(func(b *sql.Builder) {
				b.WriteString("EXISTS (SELECT 1 FROM search_docs AS d WHERE d.object_id = ").Ident(s.C("id"))
				for _, w := range words {
					b.WriteString(" AND instr(' ' || d.words || ' ', ").Arg(" " + w + " ").WriteString(") > 0")
				}
				b.WriteString(")")
			}))
		}
	},
	sorted: true,
}

func asStrings(words []string) string { return `"` + strings.Join(words, `" "`) + `"` }

// A row of search_words is a second and, in its last 30 bits, an id of
// search_docs; see the migration.
const (
	idMask     = 1<<30 - 1
	lastSecond = 1<<33 - 1
)

// secondOf is the rows of the second in which a page begins: they are all
// looked at, for inside of it they are not sorted.
func secondOf(near *order.Near) (begin, end int64) {
	if near.After == nil {
		return math.MaxInt64, math.MaxInt64
	}
	at, _ := near.After.Value.(time.Time)
	begin = max(0, min(at.Unix(), lastSecond)) << 30
	return begin, begin | idMask
}
