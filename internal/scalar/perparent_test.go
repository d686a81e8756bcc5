package scalar_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// kids is a table of rows under parents.
type kids struct {
	*storetest.DB
	parents []uuid.UUID
}

// newKids makes one parent of many rows beside ten of five.
func newKids(t testing.TB, db *storetest.DB, many int) *kids {
	t.Helper()
	k := &kids{DB: db}
	id, of := "lower(hex(randomblob(16)))", "?"
	if db.Dialect() == dialect.Postgres {
		id, of = "gen_random_uuid()", "CAST(? AS uuid)"
	}
	err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for _, ddl := range []string{
			`CREATE TABLE kids (id uuid PRIMARY KEY, parent_id uuid NOT NULL, at bigint NOT NULL, note text NOT NULL)`,
			`CREATE INDEX kids_parent ON kids (parent_id, at, id)`,
		} {
			if _, err := tx.Exec(ctx, ddl); err != nil {
				return err
			}
		}
		for i := range 11 {
			n, parent := 5, uuid.Must(uuid.NewV7())
			if i == 0 {
				n = many
			}
			k.parents = append(k.parents, parent)
			_, err := tx.Exec(ctx, `INSERT INTO kids (id, parent_id, at, note) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST(? AS bigint))
				SELECT `+id+`, `+of+`, i / 3, 'a note of some length, as rows have' FROM n`, n, parent)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// load reads lists of several parents as ent does, bounded by modify; each row
// is parent and id, by parent, in order.
func (k *kids) load(t testing.TB, parents []uuid.UUID, where *sql.Predicate, modify func(*sql.Selector)) (rows []string, text string) {
	t.Helper()
	table := sql.Table("kids")
	s := sql.Dialect(k.Dialect()).Select(table.C("id"), table.C("parent_id"), table.C("at"), table.C("note")).From(table)
	ids := make([]any, len(parents))
	for i, p := range parents {
		ids[i] = p
	}
	s.Where(sql.In(s.C("parent_id"), ids...)).Where(where)
	modify(s)
	text, args := s.Query()
	found, err := k.Query(context.Background(), text, args...)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	defer found.Close()
	for found.Next() {
		var id, parent, note string
		var at int64
		if err := found.Scan(&id, &parent, &at, &note); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprint(parent, " ", at, " ", id))
	}
	// The order counts among the rows of one parent only.
	slices.SortStableFunc(rows, func(a, b string) int { return strings.Compare(a[:36], b[:36]) })
	return rows, text
}

func by(direction string) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		b.Ident("at").WriteString(" " + direction).Comma().Ident("id").WriteString(" " + direction)
	})
}

func parentsOf(ids []uuid.UUID) *scalar.Parents {
	p := &scalar.Parents{}
	for _, id := range ids {
		p.Add(id)
	}
	return p
}

// PerParent gives the rows that entgql's LimitPerRow gives, and numbers none.
func TestPerParentIsLimitPerRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		k := newKids(t, db, 40)
		for _, parents := range [][]uuid.UUID{k.parents, k.parents[:2], k.parents[:1], append([]uuid.UUID{uuid.New()}, k.parents...)} {
			for _, limit := range []int{1, 3, 6, 100} {
				for _, direction := range []string{"ASC", "DESC"} {
					where := func() *sql.Predicate { return sql.And(sql.GT("at", 0), sql.LT("at", 12)) }
					want, _ := k.load(t, parents, where(), entgql.LimitPerRow("parent_id", limit, by(direction)))
					got, text := k.load(t, parents, where(), scalar.PerParent(parentsOf(parents), "parent_id", limit, by(direction)))
					if !slices.Equal(got, want) || len(got) == 0 {
						t.Errorf("%d parents, %d %s:\n%s\nwant\n%s\n%s", len(parents), limit, direction, strings.Join(got, "\n"), strings.Join(want, "\n"), text)
					}
					if strings.Contains(text, "row_number") {
						t.Errorf("rows are numbered: %s", text)
					}
				}
			}
		}
	})
}

// One parent of 50,000 rows beside ten of five.
func BenchmarkPerParent(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		k := newKids(b, db, 50_000)
		for name, modify := range map[string]func() func(*sql.Selector){
			"LimitPerRow": func() func(*sql.Selector) { return entgql.LimitPerRow("parent_id", 4, by("DESC")) },
			"PerParent":   func() func(*sql.Selector) { return scalar.PerParent(parentsOf(k.parents), "parent_id", 4, by("DESC")) },
		} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if rows, _ := k.load(b, k.parents, sql.GT("at", -1), modify()); len(rows) != 44 {
						b.Fatal(len(rows))
					}
				}
			})
		}
	})
}
