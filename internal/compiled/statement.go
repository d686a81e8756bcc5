package compiled

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// statement is SQL that is being written.
type statement struct {
	dialect string
	ctx     context.Context // of the stand-in for the caller
	text    strings.Builder
	args    []any
	names   int
	by      []string // of each connection, by the number of its arguments: the column it is sorted by
}

// listing says which rows a list has beyond its parent's, in which order.
type listing struct {
	where []func(*sql.Selector)
	order []func(*sql.Selector)
	limit int // 0: all
	// Of a connection, whose order is that of one column and the id.
	by   string
	desc bool
}

// listingOf gives the listing of a field with its arguments, as Go values. A
// value that may be another in the next call is a param, of given n.
type listingOf func(n int, args map[string]any) (listing, error)

// root writes the whole: one array with an element for each root field.
func (st *statement) root(c *call, p *plan) error {
	st.text.WriteString(st.pick("SELECT ", "SELECT json(")) // of the binary form
	if err := st.array(c, p.source, ""); err != nil {
		return err
	}
	st.text.WriteString(st.pick("", ")"))
	return nil
}

// array writes the array of one row of src, named by alias. On SQLite a
// subselect forgets that its text is JSON, but not that a blob is.
func (st *statement) array(c *call, src *source, alias string) error {
	st.text.WriteString(st.pick("json_build_array(", "jsonb_array("))
	columns := src.object.stored().Columns
	for i, name := range src.columns {
		if i > 0 {
			st.text.WriteString(", ")
		}
		if st.dialect == dialect.SQLite && columns[name].Kind == "json" {
			st.text.WriteString("json(CAST(")
			st.column(alias, name)
			st.text.WriteString(" AS TEXT))")
			continue
		}
		st.column(alias, name)
	}
	for i, p := range src.parts {
		if i > 0 || len(src.columns) > 0 {
			st.text.WriteString(", ")
		}
		if err := p.sql(st, c, alias); err != nil {
			return err
		}
	}
	st.text.WriteByte(')')
	return nil
}

func (st *statement) pick(postgres, sqlite string) string {
	if st.dialect == dialect.Postgres {
		return postgres
	}
	return sqlite
}

// column writes alias.name; both are ours, never a client's.
func (st *statement) column(alias, name string) {
	st.text.WriteString(alias)
	st.text.WriteString(`."`)
	st.text.WriteString(name)
	st.text.WriteByte('"')
}

// rows is the part that reads another table: as one array, or as a list.
type rows struct {
	from       *source
	on, parent string // far column = column of the parent; empty at the root
	many       bool
	listing    func(st *statement, c *call) (listing, error)
}

func (r *rows) sql(st *statement, c *call, parent string) error {
	l, err := r.listing(st, c)
	if err != nil {
		return err
	}
	st.names++
	alias := "s" + strconv.Itoa(st.names)
	st.text.WriteString("(SELECT ")
	if r.many {
		st.text.WriteString(st.pick("coalesce(json_agg(", "jsonb_group_array("))
	}
	if err := st.array(c, r.from, alias); err != nil {
		return err
	}
	if r.many {
		st.text.WriteString(st.pick("), '[]')", ")"))
	}
	st.text.WriteString(" FROM ")
	s, err := st.selector(c, r.from.object, alias, r.on, parent, r.parent)
	if err != nil {
		return err
	}
	for _, f := range l.where {
		f(s)
	}
	for _, f := range l.order {
		f(s)
	}
	if l.limit > 0 {
		s.Limit(l.limit)
	}
	for _, name := range r.from.columns {
		s.AppendSelect(s.C(name))
	}
	for _, name := range r.from.keys {
		if !slices.Contains(r.from.columns, name) {
			s.AppendSelect(s.C(name))
		}
	}
	st.selected(s)
	st.text.WriteString(" AS " + alias + ")")
	return nil
}

// count is the part that counts the rows of a list.
type count struct {
	object     *object
	on, parent string
	listing    func(st *statement, c *call) (listing, error)
}

func (n *count) sql(st *statement, c *call, parent string) error {
	l, err := n.listing(st, c)
	if err != nil {
		return err
	}
	st.names++
	s, err := st.selector(c, n.object, "s"+strconv.Itoa(st.names), n.on, parent, n.parent)
	if err != nil {
		return err
	}
	for _, f := range l.where {
		f(s)
	}
	st.selected(s.Count())
	return nil
}

// selector begins to read a table: through the fence, always.
func (st *statement) selector(c *call, o *object, alias, on, parent, key string) (*sql.Selector, error) {
	fence, err := c.reads.o.Store.Fence(st.ctx, o.typ)
	if err != nil {
		return nil, err
	}
	s := sql.Dialect(st.dialect).Select().From(sql.Table(o.stored().Table).As(strings.Replace(alias, "s", "t", 1)))
	if fence != nil {
		fence(s)
	}
	if on != "" {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(on)).WriteString(" = " + parent + `."` + key + `"`)
		}))
	}
	return s, nil
}

// selected writes a finished selector; its arguments go on where ours ended.
func (st *statement) selected(s *sql.Selector) {
	s.SetTotal(len(st.args))
	text, args := s.Query()
	st.text.WriteByte('(')
	st.text.WriteString(text)
	st.text.WriteByte(')')
	st.args = append(st.args, args...)
}
