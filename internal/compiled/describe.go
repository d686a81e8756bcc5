package compiled

import (
	"maps"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
)

// object says how an object or interface type of the SDL is stored. What is
// plain (a column of the same name, money, the id, an edge to one row) is known
// from ent.Stored; the rest the files of the domains describe.
type object struct {
	typ    string           // ent type
	fields map[string]field // what is not plain
	// Of an interface: the column that tells the types apart.
	kindColumn string
	kind       func(value string) string
	// Looks at columns of each row before anything is written; may be nil.
	checked []string
	check   func(c *call, v []value) error
}

// field is one field of the SDL: it adds what it needs to src and gives the
// writer of its value.
type field interface {
	compile(k *compiler, src *source, typ string, f graphql.CollectedField) (writer, error)
}

func (o *object) stored() ent.StoredType { return ent.Stored[o.typ] }

// field is nil for what is neither plain nor described.
func (o *object) field(name string, typ *ast.Type) field {
	if f := o.fields[name]; f != nil {
		return f
	}
	stored := o.stored()
	columns := stored.Fields[name]
	if e, ok := stored.Edges[name]; ok && e.Own && e.Unique {
		return one{from: e.Column, on: "id"}
	}
	switch {
	case name == "id":
		return idField{}
	case typ.Elem == nil && typ.NamedType == "Money" && len(columns) == 2:
		return money{}
	case typ.Elem == nil && len(columns) == 1 && sameName(columns[0], name):
		if write := plainWriters[plainKind{typ.NamedType, stored.Columns[columns[0]].Kind}]; write != nil {
			return plain(write)
		}
		if stored.Columns[columns[0]].Kind == "enum" {
			return plain(writeText)
		}
	}
	return nil
}

// sameName says whether a field is named as its column: then nothing but the
// column stands behind it.
func sameName(column, field string) bool {
	return strings.EqualFold(strings.ReplaceAll(column, "_", ""), field)
}

// plainKind is a scalar of the SDL over a column of a kind.
type plainKind struct{ scalar, column string }

var plainWriters = map[plainKind]func(c *call, v value) error{
	{"String", "string"}: writeText, {"URL", "string"}: writeText, {"Locale", "string"}: writeText,
	{"TimeZone", "string"}: writeText, {"Date", "string"}: writeText, {"EmailAddress", "string"}: writeText,
	{"CurrencyCode", "string"}: writeText,
	{"Int", "int"}:             writeNumber, {"Points", "int"}: writeNumber,
	{"Boolean", "bool"}: writeBool, {"DateTime", "time"}: writeTime, {"JSON", "json"}: writeJSON,
}

// plain is a field that shows one column.
type plain func(c *call, v value) error

func (p plain) compile(_ *compiler, src *source, _ string, f graphql.CollectedField) (writer, error) {
	at := src.column(src.object.stored().Fields[f.Name][0])
	return func(c *call, row []int32) error { return p(c, c.tape.at(row[at])) }, nil
}

// computed is a field that Go makes of the columns that ent.Stored names.
type computed func(c *call, v []value) error

func (p computed) compile(_ *compiler, src *source, _ string, f graphql.CollectedField) (writer, error) {
	at := src.all(src.object.stored().Fields[f.Name])
	return func(c *call, row []int32) error { return p(c, c.columns(row, at)) }, nil
}

// columns are good until the next call.
func (c *call) columns(row []int32, at []int) []value {
	c.values = c.values[:0]
	for _, i := range at {
		c.values = append(c.values, c.tape.at(row[i]))
	}
	return c.values
}

// idField is the id at the edge.
type idField struct{}

func (idField) compile(_ *compiler, src *source, _ string, _ graphql.CollectedField) (writer, error) {
	stored := src.object.stored()
	at, byKind := src.column(stored.IDColumn), -1
	if len(stored.PrefixByKind) > 0 {
		byKind = src.column("kind")
	}
	return func(c *call, row []int32) error {
		prefix := stored.Prefix
		if byKind >= 0 {
			kind, err := c.tape.at(row[byKind]).str()
			if err != nil {
				return err
			}
			if p, ok := stored.PrefixByKind[kind]; ok {
				prefix = p
			}
		}
		return c.writeID(prefix, c.tape.at(row[at]))
	}, nil
}

// money is an amount in minor units and its currency.
type money struct{}

func (money) compile(k *compiler, src *source, _ string, f graphql.CollectedField) (writer, error) {
	at := src.all(src.object.stored().Fields[f.Name])
	var cells []cell[[]int32]
	for _, sub := range graphql.CollectFields(k.op, f.Selections, []string{"Money"}) {
		var write writer
		switch sub.Name {
		case "amount":
			write = func(c *call, row []int32) error { return c.writeAmount(c.tape.at(row[at[0]]), c.tape.at(row[at[1]])) }
		case "currency":
			write = func(c *call, row []int32) error { return writeText(c, c.tape.at(row[at[1]])) }
		case "__typename":
			write = typename[[]int32]("Money")
		default:
			return nil, errNot
		}
		cells = append(cells, cell[[]int32]{key(sub), write})
	}
	return writeObject(cells), nil
}

// within is an object made of columns of the row it stands in.
type within map[string]string // field -> column

func (w within) compile(k *compiler, src *source, _ string, f graphql.CollectedField) (writer, error) {
	name := f.Definition.Type.Name()
	var cells []cell[[]int32]
	for _, sub := range graphql.CollectFields(k.op, f.Selections, []string{name}) {
		if sub.Name == "__typename" {
			cells = append(cells, cell[[]int32]{key(sub), typename[[]int32](name)})
			continue
		}
		column, ok := w[sub.Name]
		write := plainWriters[plainKind{sub.Definition.Type.Name(), src.object.stored().Columns[column].Kind}]
		if !ok || write == nil {
			return nil, errNot
		}
		at := src.column(column)
		cells = append(cells, cell[[]int32]{key(sub), func(c *call, row []int32) error { return write(c, c.tape.at(row[at])) }})
	}
	return writeObject(cells), nil
}

// one is another row: the one whose column on is our column from.
type one struct {
	from, on string
	listing  listingOf // further conditions; may be nil
	must     bool      // where it is missing, the ordinary way makes it
	settle   settle    // looks at the arguments in each call; may be nil
}

func (o one) compile(k *compiler, src *source, typ string, f graphql.CollectedField) (writer, error) {
	far, write, err := k.far(f)
	if err != nil {
		return nil, err
	}
	listing, err := k.bind(o.listing, o.settle, typ, f)
	if err != nil {
		return nil, err
	}
	if o.from != "" {
		src.key(o.from)
	}
	at := src.part(&rows{from: far, on: o.on, parent: o.from, listing: listing})
	return func(c *call, row []int32) error {
		i := at(row)
		if !c.tape.at(i).null() {
			return c.row(far, i, write)
		}
		if o.must {
			return errOdd
		}
		return c.null()
	}, nil
}

// many is a whole list of other rows.
type many struct {
	from, on string
	listing  listingOf
}

func (m many) compile(k *compiler, src *source, typ string, f graphql.CollectedField) (writer, error) {
	far, write, err := k.far(f)
	if err != nil {
		return nil, err
	}
	listing, err := k.bind(m.listing, nil, typ, f)
	if err != nil {
		return nil, err
	}
	src.key(m.from)
	at := src.part(&rows{from: far, on: m.on, parent: m.from, many: true, listing: listing})
	return func(c *call, row []int32) error {
		return c.items(at(row), func(items []int32) error { return c.writeList(far, items, write) })
	}, nil
}

// never is a field that always goes the ordinary way.
type never struct{}

func (never) compile(*compiler, *source, string, graphql.CollectedField) (writer, error) {
	return nil, errNot
}

// far compiles what is selected of the rows that a field leads to.
func (k *compiler) far(f graphql.CollectedField) (*source, writer, error) {
	obj := k.reads.objects[f.Definition.Type.Name()]
	if obj == nil {
		return nil, nil, errNot
	}
	far := k.source(obj)
	write, err := k.shape(far, f.Definition.Type.Name(), f.Selections)
	return far, write, err
}

// objects are the types that are understood.
func objects() map[string]*object {
	all := map[string]*object{}
	for _, of := range []map[string]*object{accountObjects, orderObjects, bonusObjects, supportObjects, notifyObjects} {
		maps.Copy(all, of)
	}
	return all
}
