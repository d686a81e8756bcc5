package compiled

import (
	"fmt"
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	gql "kabinet/graph/generated"
	"kabinet/internal/scalar"
)

// page is one connection of one request: its arguments and its rows' listing.
type page struct {
	listing       listing
	first, last   *int
	after, before *scalar.Cursor
	list, sort    string // what its cursors name
}

// connection is a list that is read page by page.
type connection struct {
	from, on string
	sorts    []string // the columns it may be sorted by, besides the id
	listing  listingOf
}

// arguments parses the arguments of a field as gqlgen does.
func (c *call) arguments(typ string, f graphql.CollectedField) (raw, args map[string]any, err error) {
	if len(f.Definition.Arguments) == 0 {
		return nil, nil, nil
	}
	raw = f.ArgumentMap(c.op.Variables)
	ctx := graphql.WithFieldContext(c.ctx, &graphql.FieldContext{Object: typ, Field: f})
	args, err = gql.Arguments(ctx, c.reads.ExecutableSchema, typ, f.Name, raw)
	return raw, args, err
}

// bind gives the listing of a field in a call.
func (k *compiler) bind(of listingOf, typ string, f graphql.CollectedField) func(c *call) (listing, error) {
	if of == nil {
		return func(*call) (listing, error) { return listing{}, nil }
	}
	return func(c *call) (listing, error) {
		_, args, err := c.arguments(typ, f)
		if err != nil {
			return listing{}, err
		}
		return of(c, args)
	}
}

// page settles the arguments of a connection, as entgql's Paginate does.
func (n connection) page(c *call, typ string, f graphql.CollectedField) (page, error) {
	raw, args, err := c.arguments(typ, f)
	if err != nil {
		return page{}, err
	}
	p := page{list: typ + "." + f.Name}
	p.after, _ = args["after"].(*scalar.Cursor)
	p.before, _ = args["before"].(*scalar.Cursor)
	p.first, _ = args["first"].(*int)
	p.last, _ = args["last"].(*int)
	if sort := raw["sort"]; sort != nil {
		p.sort = fmt.Sprint(sort)
	}
	if p.first != nil && p.last != nil || outside(p.first) || outside(p.last) {
		return page{}, errOdd
	}
	if p.first == nil && p.last == nil {
		usual := 20
		p.first = &usual
	}
	p.listing, err = n.listing(c, args)
	return p, err
}

func outside(n *int) bool { return n != nil && (*n < 1 || *n > 100) }

// listed is the listing of the page itself, with one row more than it shows.
func (p *page) listed() listing {
	l := p.listing
	direction := entgql.OrderDirectionAsc
	if l.desc {
		direction = entgql.OrderDirectionDesc
	}
	l.where = append(slices.Clip(l.where), scalar.Between(p.after, p.before, "id", l.by, direction)...)
	if p.last != nil {
		direction = direction.Reverse()
		l.limit = *p.last + 1
	} else {
		l.limit = *p.first + 1
	}
	l.order = []func(*sql.Selector){sql.OrderByField(l.by, direction.OrderTermOption()).ToFunc()}
	if l.by != "id" {
		l.order = append(l.order, sql.OrderByField("id", direction.OrderTermOption()).ToFunc())
	}
	return l
}

// view is a page as it is written: its rows in the list's order, and what
// lies beyond them.
type view struct {
	page           *page
	row, rows      []int32
	next, previous bool
}

func (p *page) view(row, items []int32) view {
	v := view{page: p, row: row, rows: items, next: p.before != nil, previous: p.after != nil}
	switch {
	case p.first != nil && len(items) == *p.first+1:
		v.next, v.rows = true, items[:*p.first]
	case p.last != nil && len(items) == *p.last+1:
		v.previous, v.rows = true, items[:*p.last]
	}
	if p.last != nil {
		slices.Reverse(v.rows) // they were read from the end
	}
	return v
}

// pageWriter writes one field of a connection.
type pageWriter = func(c *call, v *view) error

// place is a row of a page.
type place struct {
	page *page
	row  []int32
}

// paging compiles what is selected of a connection.
type paging struct {
	k          *compiler
	connection connection
	src, far   *source
	number     int  // of the page
	rows       bool // whether any row is read
}

func (n connection) compile(k *compiler, src *source, typ string, f graphql.CollectedField) (writer, error) {
	def := k.reads.Schema().Types[f.Definition.Type.Name()]
	if def == nil || def.Fields.ForName("nodes") == nil || k.reads.objects[def.Fields.ForName("nodes").Type.Name()] == nil {
		return nil, errNot
	}
	if n.from != "" {
		src.key(n.from)
	}
	pg := &paging{k: k, connection: n, src: src, far: k.source(k.reads.objects[def.Fields.ForName("nodes").Type.Name()]), number: len(k.plan.pages)}
	k.plan.pages = append(k.plan.pages, func(c *call) (page, error) { return n.page(c, typ, f) })
	var cells []cell[*view]
	for _, sub := range graphql.CollectFields(k.op, f.Selections, []string{def.Name}) {
		write, err := pg.field(def.Name, sub)
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell[*view]{key(sub), write})
	}
	write := writeObject(cells)
	number := pg.number
	if !pg.rows {
		return func(c *call, row []int32) error { return write(c, &view{page: &c.pages[number], row: row}) }, nil
	}
	at := src.part(&rows{from: pg.far, on: n.on, parent: n.from, many: true,
		listing: func(c *call) (listing, error) { return c.pages[number].listed(), nil }})
	return func(c *call, row []int32) error {
		return c.items(at(row), func(items []int32) error {
			v := c.pages[number].view(row, items)
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
			return c.writeList(far, v.rows, func(c *call, row []int32) error { return write(c, place{v.page, row}) })
		}, err
	case "pageInfo":
		pg.rows = true
		return pg.pageInfo(f)
	case "totalCount":
		number := pg.number
		at := pg.src.part(&count{object: pg.far.object, on: pg.connection.on, parent: pg.connection.from,
			listing: func(c *call) (listing, error) { return c.pages[number].listing, nil }})
		return func(c *call, v *view) error { return writeNumber(c, c.tape.at(at(v.row))) }, nil
	case "__typename":
		return typename[*view](typ), nil
	}
	return nil, errNot
}

// edge compiles an edge: a node and its cursor.
func (pg *paging) edge(f graphql.CollectedField) (func(c *call, at place) error, error) {
	typ := f.Definition.Type.Name()
	var cells []cell[place]
	for _, sub := range graphql.CollectFields(pg.k.op, f.Selections, []string{typ}) {
		var write func(c *call, at place) error
		switch sub.Name {
		case "node":
			node, err := pg.k.shape(pg.far, sub.Definition.Type.Name(), sub.Selections)
			if err != nil {
				return nil, err
			}
			write = func(c *call, at place) error { return node(c, at.row) }
		case "cursor":
			write = pg.cursor()
		case "__typename":
			write = typename[place](typ)
		default:
			return nil, errNot
		}
		cells = append(cells, cell[place]{key(sub), write})
	}
	return writeObject(cells), nil
}

// cursor compiles the place of a row: the value it is sorted by, and its id.
func (pg *paging) cursor() func(c *call, at place) error {
	far, id := pg.far, pg.far.column("id")
	sorts := map[string]int{}
	for _, name := range pg.connection.sorts {
		sorts[name] = far.column(name)
	}
	columns := far.object.stored().Columns
	return func(c *call, at place) (err error) {
		p, row := at.page, at.row
		var cursor scalar.Cursor
		if cursor.ID, err = c.tape.at(row[id]).uuid(); err != nil {
			return err
		}
		if by := p.listing.by; by != "id" {
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
		return c.writeString(scalar.EncodeCursor(p.list, p.sort, cursor))
	}
}

func (pg *paging) pageInfo(f graphql.CollectedField) (pageWriter, error) {
	cursor := func(nth func(v *view) int) pageWriter {
		far, write := pg.far, pg.cursor()
		return func(c *call, v *view) error {
			if len(v.rows) == 0 {
				return c.null()
			}
			return c.row(far, v.rows[nth(v)], func(c *call, row []int32) error { return write(c, place{v.page, row}) })
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
