package compiled

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// errNot says that a selection is not one that this package compiles.
var errNot = errors.New("compiled: not understood")

// plan is one operation, compiled.
type plan struct {
	source *source // one row without a table: a part for each root field
	roots  []root
	given  []func(*call) (given, error)
	texts  texts
	write  writer
}

type root struct{ field graphql.CollectedField }

// writer appends a value to the answer from the tokens of a row.
type writer = func(c *call, row []int32) error

// source is what is selected of one row: columns, then parts, as one array.
type source struct {
	object  *object
	columns []string
	parts   []part
	keys    []string // columns that parts refer to; not in the array
}

// part is one subselect of a row.
type part interface {
	sql(st *statement, c *call, parent string) error
}

// PostgreSQL gives a function no more arguments.
const mostArguments = 100

func (s *source) width() int { return len(s.columns) + len(s.parts) }

// column gives the place of a column in the array.
func (s *source) column(name string) int {
	for i, c := range s.columns {
		if c == name {
			return i
		}
	}
	s.columns = append(s.columns, name)
	return len(s.columns) - 1
}

// key notes a column that a part refers to.
func (s *source) key(name string) {
	if !slices.Contains(s.keys, name) {
		s.keys = append(s.keys, name)
	}
}

func (s *source) all(names []string) []int {
	at := make([]int, len(names))
	for i, name := range names {
		at[i] = s.column(name)
	}
	return at
}

// part adds a subselect and gives the way to its token: columns that come
// later still move it.
func (s *source) part(p part) func(row []int32) int32 {
	s.parts = append(s.parts, p)
	n := len(s.parts) - 1
	return func(row []int32) int32 { return row[len(s.columns)+n] }
}

// compiler makes one plan.
type compiler struct {
	ctx   context.Context
	reads *Reads
	op    *graphql.OperationContext
	plan  *plan
	made  []*source
}

func (k *compiler) source(o *object) *source {
	s := &source{object: o}
	k.made = append(k.made, s)
	return s
}

// compile makes the plan of an operation; errNot for one that has none.
func (s *Reads) compile(ctx context.Context, op *graphql.OperationContext) (*plan, error) {
	k := &compiler{ctx: ctx, reads: s, op: op, plan: &plan{}}
	k.plan.source = k.source(&object{})
	var cells []cell[[]int32]
	for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query"}) {
		field, ok := roots[f.Name]
		if !ok || len(f.Deferrables) > 0 {
			return nil, fmt.Errorf("%w: Query.%s", errNot, f.Name)
		}
		write, err := field.compile(k, k.plan.source, "Query", f)
		if err != nil {
			return nil, err
		}
		k.plan.roots = append(k.plan.roots, root{f})
		cells = append(cells, cell[[]int32]{key(f), write})
	}
	for _, src := range k.made {
		if src.width() > mostArguments {
			return nil, errNot
		}
	}
	k.plan.write = writeObject(cells)
	return k.plan, nil
}

// key is the field's name in the answer, with quotes and colon.
func key(f graphql.CollectedField) []byte { return []byte(strconv.Quote(f.Alias) + ":") }

// shape compiles the selection of a type whose rows src reads.
func (k *compiler) shape(src *source, typ string, sel ast.SelectionSet) (writer, error) {
	def := k.reads.Schema().Types[typ]
	if def == nil {
		return nil, errNot
	}
	if def.Kind != ast.Interface {
		return k.concrete(src, def, sel)
	}
	o := src.object
	variants := map[string]writer{}
	for _, concrete := range k.reads.Schema().GetPossibleTypes(def) {
		write, err := k.concrete(src, concrete, sel)
		if err != nil {
			return nil, err
		}
		variants[concrete.Name] = write
	}
	kind := src.column(o.kindColumn)
	return func(c *call, row []int32) error {
		text, err := c.tape.at(row[kind]).str()
		if err != nil {
			return err
		}
		write := variants[o.kind(text)]
		if write == nil {
			return errOdd
		}
		return write(c, row)
	}, nil
}

func (k *compiler) concrete(src *source, def *ast.Definition, sel ast.SelectionSet) (writer, error) {
	var cells []cell[[]int32]
	for _, f := range graphql.CollectFields(k.op, sel, append([]string{def.Name}, def.Interfaces...)) {
		if len(f.Deferrables) > 0 {
			return nil, errNot
		}
		write, err := k.field(src, def.Name, f)
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell[[]int32]{key(f), write})
	}
	write := writeObject(cells)
	if o := src.object; o.check != nil {
		at := src.all(o.checked)
		return func(c *call, row []int32) error {
			if err := o.check(c, c.columns(row, at)); err != nil {
				return err
			}
			return write(c, row)
		}, nil
	}
	return write, nil
}

func (k *compiler) field(src *source, typ string, f graphql.CollectedField) (writer, error) {
	if f.Name == "__typename" {
		return typename[[]int32](typ), nil
	}
	field := src.object.field(f.Name, f.Definition.Type)
	if field == nil {
		return nil, fmt.Errorf("%w: %s.%s", errNot, typ, f.Name)
	}
	write, err := field.compile(k, src, typ, f)
	if err != nil {
		return nil, err
	}
	if !f.Definition.Type.NonNull {
		return write, nil
	}
	// A null where the SDL allows none is an error of the ordinary way.
	return func(c *call, row []int32) error {
		from := len(c.out)
		if err := write(c, row); err != nil {
			return err
		}
		if string(c.out[from:]) == "null" {
			return errOdd
		}
		return nil
	}, nil
}
