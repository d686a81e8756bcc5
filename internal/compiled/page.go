package compiled

import (
	"fmt"
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/scalar"
)

// connection is a list that is read page by page.
type connection struct {
	from, on string
	sorts    []string // the columns it may be sorted by, besides the id
	listing  listingOf
}

// page settles the arguments of a connection, as entgql's Paginate does.
func page(g *given, raw map[string]any) error {
	g.after, _ = g.args["after"].(*scalar.Cursor)
	g.before, _ = g.args["before"].(*scalar.Cursor)
	g.first, _ = g.args["first"].(*int)
	g.last, _ = g.args["last"].(*int)
	if sort := raw["sort"]; sort != nil {
		g.sort = fmt.Sprint(sort)
	}
	if g.first != nil && g.last != nil || outside(g.first) || outside(g.last) {
		return errOdd
	}
	if g.first == nil && g.last == nil {
		usual := 20
		g.first = &usual
	}
	g.key = fmt.Sprint(number(g.first), number(g.last), place(g.after), place(g.before), g.sort)
	g.odd = raw["filter"] != nil // it chooses conditions
	return nil
}

func outside(n *int) bool { return n != nil && (*n < 1 || *n > 100) }

func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// place tells apart no cursor, one by id, and one by a value and id.
func place(c *scalar.Cursor) string {
	switch {
	case c == nil:
		return "-"
	case c.Value == nil:
		return "i"
	}
	return "v"
}

// listed is the listing of a page, with one row more than it shows.
func (st *statement) listed(c *call, n int, far *object, of listingOf) (listing, error) {
	g := &c.given[n]
	l, err := of(n, g.args)
	if err != nil {
		return l, err
	}
	st.by[n] = l.by
	direction := entgql.OrderDirectionAsc
	if l.desc {
		direction = entgql.OrderDirectionDesc
	}
	kind := far.stored().Columns[l.by].Kind
	if err := scalar.CheckPlaces(kind, g.after, g.before); err != nil {
		return l, err
	}
	after := later(g.after, standIn(afterID, n), kind, func(c *call) *scalar.Cursor { return c.given[n].after })
	before := later(g.before, standIn(beforeID, n), kind, func(c *call) *scalar.Cursor { return c.given[n].before })
	l.where = append(slices.Clip(l.where), scalar.Between(after, before, "id", l.by, direction)...)
	if g.last != nil {
		direction = direction.Reverse()
		l.limit = *g.last + 1
	} else {
		l.limit = *g.first + 1
	}
	l.order = []func(*sql.Selector){sql.OrderByField(l.by, direction.OrderTermOption()).ToFunc()}
	if l.by != "id" {
		l.order = append(l.order, sql.OrderByField("id", direction.OrderTermOption()).ToFunc())
	}
	return l, nil
}

// later stands for a cursor that each call has anew.
func later(now *scalar.Cursor, id uuid.UUID, kind string, of func(c *call) *scalar.Cursor) *scalar.Cursor {
	if now == nil {
		return nil
	}
	stands := &scalar.Cursor{ID: id}
	if now.Value != nil {
		stands.Value = param(func(c *call) (any, error) { return of(c).Value, scalar.CheckPlaces(kind, of(c)) })
	}
	return stands
}

// view is a page as it is written: its rows in the list's order, and what
// lies beyond them.
type view struct {
	given          *given
	row, rows      []int32
	next, previous bool
}

func (g *given) view(row, items []int32) view {
	v := view{given: g, row: row, rows: items, next: g.before != nil, previous: g.after != nil}
	switch {
	case g.first != nil && len(items) == *g.first+1:
		v.next, v.rows = true, items[:*g.first]
	case g.last != nil && len(items) == *g.last+1:
		v.previous, v.rows = true, items[:*g.last]
	}
	if g.last != nil {
		slices.Reverse(v.rows) // they were read from the end
	}
	return v
}

// pageWriter writes one field of a connection.
type pageWriter = func(c *call, v *view) error

// paging compiles what is selected of a connection.
type paging struct {
	k          *compiler
	connection connection
	src, far   *source
	number     int  // of its arguments
	rows       bool // whether any row is read
}

func (n connection) compile(k *compiler, src *source, typ string, f graphql.CollectedField) (writer, error) {
	def := k.reads.Schema().Types[f.Definition.Type.Name()]
	if def == nil || def.Fields.ForName("nodes") == nil || k.reads.objects[def.Fields.ForName("nodes").Type.Name()] == nil {
		return nil, errNot
	}
	number, err := k.given(typ, f, func(g *given, raw map[string]any) error {
		if raw["filter"] != nil { // a bad one is refused, also where no row is asked for
			if _, err := n.listing(0, g.args); err != nil {
				return err
			}
		}
		return page(g, raw)
	})
	if err != nil {
		return nil, err
	}
	if n.from != "" {
		src.key(n.from)
	}
	pg := &paging{k: k, connection: n, src: src, far: k.source(k.reads.objects[def.Fields.ForName("nodes").Type.Name()]), number: number}
	var cells []cell[*view]
	for _, sub := range graphql.CollectFields(k.op, f.Selections, []string{def.Name}) {
		write, err := pg.field(def.Name, sub)
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell[*view]{key(sub), write})
	}
	write := writeObject(cells)
	if !pg.rows {
		return func(c *call, row []int32) error { return write(c, &view{given: &c.given[number], row: row}) }, nil
	}
	far := pg.far // pg itself knows the document, which the plan must not hold
	at := src.part(&rows{from: far, on: n.on, parent: n.from, many: true,
		listing: func(st *statement, c *call) (listing, error) { return st.listed(c, number, far.object, n.listing) }})
	return func(c *call, row []int32) error {
		return c.items(at(row), func(items []int32) error {
			v := c.given[number].view(row, items)
			return write(c, &v)
		})
	}, nil
}

func (pg *paging) field(typ string, f graphql.CollectedField) (pageWriter, error) {
	switch f.Name {
	case "nodes":
		pg.rows = true
		far := pg.far
		write, err := pg.k.shape(far, f.Definition.Type.Name(), f.Selections)
		return func(c *call, v *view) error { return c.writeList(far, v.rows, write) }, err
	case "edges":
		pg.rows = true
		far := pg.far
		write, err := pg.edge(f)
		return func(c *call, v *view) error {
			return c.writeList(far, v.rows, write)
		}, err
	case "pageInfo":
		pg.rows = true
		return pg.pageInfo(f)
	case "totalCount":
		number, of := pg.number, pg.connection.listing
		at := pg.src.part(&count{object: pg.far.object, on: pg.connection.on, parent: pg.connection.from,
			listing: func(_ *statement, c *call) (listing, error) { return of(number, c.given[number].args) }})
		return func(c *call, v *view) error { return writeNumber(c, c.tape.at(at(v.row))) }, nil
	case "__typename":
		return typename[*view](typ), nil
	}
	return nil, errNot
}

// edge compiles an edge: a node and its cursor.
func (pg *paging) edge(f graphql.CollectedField) (writer, error) {
	typ := f.Definition.Type.Name()
	var cells []cell[[]int32]
	for _, sub := range graphql.CollectFields(pg.k.op, f.Selections, []string{typ}) {
		var write writer
		switch sub.Name {
		case "node":
			node, err := pg.k.shape(pg.far, sub.Definition.Type.Name(), sub.Selections)
			if err != nil {
				return nil, err
			}
			write = node
		case "cursor":
			write = pg.cursor()
		case "__typename":
			write = typename[[]int32](typ)
		default:
			return nil, errNot
		}
		cells = append(cells, cell[[]int32]{key(sub), write})
	}
	return writeObject(cells), nil
}

// cursor compiles the place of a row: the value it is sorted by, and its id.
func (pg *paging) cursor() writer {
	far, id, number := pg.far, pg.far.column("id"), pg.number
	sorts := map[string]int{}
	for _, name := range pg.connection.sorts {
		sorts[name] = far.column(name)
	}
	columns := far.object.stored().Columns
	return func(c *call, row []int32) (err error) {
		var cursor scalar.Cursor
		if cursor.ID, err = c.tape.at(row[id]).uuid(); err != nil {
			return err
		}
		if by := c.text.by[number]; by != "id" {
			v := c.tape.at(row[sorts[by]])
			switch columns[by].Kind {
			case "time":
				cursor.Value, err = v.time()
			case "int":
				cursor.Value, err = v.int()
			default:
				err = errOdd
			}
			if err != nil {
				return err
			}
		}
		return c.writeString(scalar.EncodeCursor(c.given[number].list, c.given[number].sort, cursor))
	}
}

func (pg *paging) pageInfo(f graphql.CollectedField) (pageWriter, error) {
	cursor := func(nth func(v *view) int) pageWriter {
		far, write := pg.far, pg.cursor()
		return func(c *call, v *view) error {
			if len(v.rows) == 0 {
				return c.null()
			}
			return c.row(far, v.rows[nth(v)], write)
		}
	}
	var cells []cell[*view]
	for _, sub := range graphql.CollectFields(pg.k.op, f.Selections, []string{"PageInfo"}) {
		var write pageWriter
		switch sub.Name {
		case "hasNextPage":
			write = func(c *call, v *view) error { return c.writeBool(v.next) }
		case "hasPreviousPage":
			write = func(c *call, v *view) error { return c.writeBool(v.previous) }
		case "startCursor":
			write = cursor(func(*view) int { return 0 })
		case "endCursor":
			write = cursor(func(v *view) int { return len(v.rows) - 1 })
		case "__typename":
			write = typename[*view]("PageInfo")
		default:
			return nil, errNot
		}
		cells = append(cells, cell[*view]{key(sub), write})
	}
	return writeObject(cells), nil
}
