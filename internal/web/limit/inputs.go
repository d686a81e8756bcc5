package limit

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

// Variables refuses variables that are too deep or too many before anything
// walks them.
type Variables struct {
	Limits Limits
	Bulk   func(context.Context) bool // nil: nobody
}

// ExtensionName is gqlgen's.
func (Variables) ExtensionName() string { return "KabinetVariables" }

// Validate is gqlgen's.
func (Variables) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses with INVALID_REQUEST, TOO_COMPLEX, or
// INVALID_VALUE where a text holds U+0000.
func (v Variables) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	most := v.Limits.VariableValues
	if v.Bulk != nil && v.Bulk(ctx) {
		most = v.Limits.BulkVariableValues
	}
	left := most
	return v.walk(p.Variables, 0, most, &left)
}

func (v Variables) walk(x any, depth, most int, left *int) *gqlerror.Error {
	if *left--; *left < 0 {
		return tooComplex("values in variables", nil, most)
	}
	// The variables' own map is level 0, its values 1.
	if depth > v.Limits.VariableDepth+1 {
		return tooComplex("levels of input", nil, v.Limits.VariableDepth)
	}
	switch x := x.(type) {
	case map[string]any:
		for key, e := range x {
			if strings.Contains(key, nul) {
				return holdsNul()
			}
			if err := v.walk(e, depth+1, most, left); err != nil {
				return below(err, key)
			}
		}
	case []any:
		for i, e := range x {
			if err := v.walk(e, depth+1, most, left); err != nil {
				return below(err, strconv.Itoa(i))
			}
		}
	case string:
		if strings.Contains(x, nul) {
			return holdsNul()
		}
	case json.Number:
		if _, err := strconv.ParseFloat(x.String(), 64); err != nil {
			return wire.Refusal(fault.ErrInvalidRequest, "a number of the variables is out of range")
		}
	}
	return nil
}

// nul is what PostgreSQL takes in no text and SQLite in all: no text of a
// request has it, on either.
const nul = "\x00"

func holdsNul() *gqlerror.Error {
	return wire.Refusal(fault.ErrInvalidValue, "a text holds U+0000", "path", []string{})
}

// below puts a key before the path of a refusal that has one.
func below(err *gqlerror.Error, key string) *gqlerror.Error {
	if path, ok := err.Extensions["path"].([]string); ok {
		err.Extensions["path"] = append([]string{key}, path...)
	}
	return err
}

// Inputs looks at what arguments hold once variables are filled in: the length
// of lists of ids, every cursor, and that a @oneOf object names one thing, which
// validation sees in literals only. It knows from the schema which arguments can
// hold any of these, so that others cost nothing.
type Inputs struct {
	Limits Limits
	// Check judges a value of scalar Cursor for the list ("User.orders") whose
	// argument it is, so that a bad one never reaches SQL. Nil: not looked at.
	Check func(list, value string) error
	Bulk  func(context.Context) bool

	schema *ast.Schema
	watch  map[string]bool // named input types that can hold a cursor, ids or a @oneOf
}

// ExtensionName is gqlgen's.
func (*Inputs) ExtensionName() string { return "KabinetInputs" }

// Validate learns the schema.
func (in *Inputs) Validate(es graphql.ExecutableSchema) error {
	in.schema = es.Schema()
	in.watch = map[string]bool{"Cursor": true, "ID": true}
	for name, def := range in.schema.Types {
		if oneOf(def) {
			in.watch[name] = true
		}
	}
	for changed := true; changed; {
		changed = false
		for name, def := range in.schema.Types {
			if def.Kind != ast.InputObject || in.watch[name] {
				continue
			}
			for _, f := range def.Fields {
				if in.watch[f.Type.Name()] {
					in.watch[name], changed = true, true
					break
				}
			}
		}
	}
	return nil
}

// MutateOperationContext refuses with INVALID_CURSOR or INVALID_REQUEST.
func (in *Inputs) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	c := inputCheck{in, ctx}
	for _, w := range in.watchedBy(op) {
		v, err := w.argument.Value.Value(op.Variables)
		if err != nil {
			return wire.Refusal(fault.ErrInvalidRequest, w.argument.Name+" is not a valid value")
		}
		if err := c.value(w.field, w.argument.Name, w.typ, v); err != nil {
			if p := w.field.Position; p != nil {
				err.Locations = []gqlerror.Location{{Line: p.Line, Column: p.Column}}
			}
			return err
		}
	}
	return nil
}

// watched is one argument of a document that must be looked at.
type watched struct {
	field    *ast.Field
	argument *ast.Argument
	typ      *ast.Type
}

// watchedBy finds the arguments of op to look at, once for each document.
func (in *Inputs) watchedBy(op *graphql.OperationContext) []watched {
	known := passageOf(op).plan(op)
	if known != nil {
		if list := known.watched.Load(); list != nil {
			return *list
		}
	}
	s := search{watch: in.watch, seen: map[*ast.FragmentDefinition]bool{}}
	s.set(op.Operation.SelectionSet)
	if known != nil {
		known.watched.Store(&s.found)
	}
	return s.found
}

// search is one walk over one operation, through each fragment once.
type search struct {
	watch map[string]bool
	seen  map[*ast.FragmentDefinition]bool
	found []watched
}

func (s *search) set(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			s.field(sel)
			s.set(sel.SelectionSet)
		case *ast.InlineFragment:
			s.set(sel.SelectionSet)
		case *ast.FragmentSpread:
			if sel.Definition != nil && !s.seen[sel.Definition] {
				s.seen[sel.Definition] = true
				s.set(sel.Definition.SelectionSet)
			}
		}
	}
}

func (s *search) field(f *ast.Field) {
	if f.Definition == nil {
		return
	}
	for _, arg := range f.Arguments {
		def := f.Definition.Arguments.ForName(arg.Name)
		if def != nil && s.watch[def.Type.Name()] {
			s.found = append(s.found, watched{f, arg, def.Type})
		}
	}
}

// inputCheck is one look at the values of one operation.
type inputCheck struct {
	*Inputs
	ctx context.Context
}

func (c inputCheck) value(f *ast.Field, arg string, typ *ast.Type, v any) *gqlerror.Error {
	if v == nil {
		return nil
	}
	if typ.Elem != nil {
		list := asList(v)
		if typ.Elem.NamedType == "ID" && len(list) > c.Limits.IDs && (c.Bulk == nil || !c.Bulk(c.ctx)) {
			return wire.Refusal(fault.ErrInvalidRequest,
				fmt.Sprintf("%s has %d ids, %d are allowed", arg, len(list), c.Limits.IDs),
				"limit", "ids", "value", len(list), "allowed", c.Limits.IDs)
		}
		for _, e := range list {
			if err := c.value(f, arg, typ.Elem, e); err != nil {
				return err
			}
		}
		return nil
	}
	if typ.NamedType == "Cursor" {
		return c.cursor(f, arg, v)
	}
	def := c.schema.Types[typ.NamedType]
	object, ok := v.(map[string]any)
	if def == nil || def.Kind != ast.InputObject || !ok {
		return nil
	}
	if oneOf(def) && named(object) != 1 {
		return wire.Refusal(fault.ErrInvalidRequest, "OneOf Input Object \""+def.Name+"\" must specify exactly one key.")
	}
	for _, field := range def.Fields {
		if !c.watch[field.Type.Name()] {
			continue
		}
		if err := c.value(f, arg, field.Type, object[field.Name]); err != nil {
			return err
		}
	}
	return nil
}

func oneOf(def *ast.Definition) bool {
	return def.Kind == ast.InputObject && def.Directives.ForName("oneOf") != nil
}

// named counts the keys of an object, -1 where one of them is null.
func named(object map[string]any) int {
	for _, v := range object {
		if v == nil {
			return -1
		}
	}
	return len(object)
}

// asList takes a list of any Go type, as gqlparser makes typed ones of single
// values, and a single value for a list of one.
func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Slice {
		return []any{v}
	}
	list := make([]any, rv.Len())
	for i := range list {
		list[i] = rv.Index(i).Interface()
	}
	return list
}

func (c inputCheck) cursor(f *ast.Field, arg string, v any) *gqlerror.Error {
	if c.Check == nil {
		return nil
	}
	s, ok := v.(string)
	if ok {
		parent := ""
		if f.ObjectDefinition != nil {
			parent = f.ObjectDefinition.Name
		}
		if c.Check(parent+"."+f.Name, s) == nil {
			return nil
		}
	}
	return wire.Refusal(fault.ErrInvalidCursor, arg+" is not a cursor of "+f.Name)
}
