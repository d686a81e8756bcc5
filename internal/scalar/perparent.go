package scalar

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// Parents are the rows whose lists are loaded together; they are known once
// the parents have been read.
type Parents struct{ ids []uuid.UUID }

// Add notes one.
func (p *Parents) Add(id uuid.UUID) { p.ids = append(p.ids, id) }

// PerParent bounds a list that is loaded for several parents at once to limit
// rows of each, in order; fk is the column that names the parent. Each parent's
// first rows are read by the index, and no more: entgql's LimitPerRow numbers
// all rows of all parents.
func PerParent(parents *Parents, fk string, limit int, order sql.Querier) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.SetDistinct(false)
		if len(parents.ids) < 2 {
			s.OrderExpr(order).Limit(limit)
			return
		}
		// Nothing below is written before s has been replaced: it is not asked again.
		key, table, columns := s.C(fk), s.TableName(), s.UnqualifiedColumns()
		first := s.Clone().Where(sql.P(func(b *sql.Builder) {
			b.WriteString(key).WriteString(" = ").Ident("parents").WriteByte('.').Ident("parent_key")
		})).OrderExpr(order).Limit(limit)
		few := onPostgres(parents.ids, first)
		if s.Dialect() != dialect.Postgres {
			few = onSQLite(parents.ids, first, table)
		}
		d := sql.Dialect(s.Dialect())
		*s = *d.Select(columns...).From(d.Table("few").As(table)).Prefix(few).OrderExpr(order)
	}
}

func onPostgres(parents []uuid.UUID, first *sql.Selector) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("WITH few AS (SELECT top.* FROM (VALUES ")
		for i, id := range parents {
			if i > 0 {
				b.Comma()
			}
			b.WriteByte('(').Arg(id).WriteString("::uuid)")
		}
		b.WriteString(") AS parents (parent_key) CROSS JOIN LATERAL (").Join(first).WriteString(") AS top)")
	})
}

// onSQLite finds the ids of the first rows, for want of LATERAL, and reads the
// rows by them.
func onSQLite(parents []uuid.UUID, first *sql.Selector, table string) sql.Querier {
	columns, id := first.SelectedColumns(), first.C("id")
	first.Select(id)
	return sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("WITH parents (parent_key) AS (VALUES ")
		for i, id := range parents {
			if i > 0 {
				b.Comma()
			}
			b.WriteByte('(').Arg(id).WriteByte(')')
		}
		b.WriteString("), few AS (SELECT ").IdentComma(columns...).WriteString(" FROM parents CROSS JOIN ").Ident(table).
			WriteString(" ON ").WriteString(id).WriteString(" IN (").Join(first).WriteString("))")
	})
}
