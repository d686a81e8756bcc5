package limit

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

// Nodes keeps page sizes within bounds and refuses an operation that could
// answer with too many nodes. Lists multiply: 20 orders with their lines are
// 20 + 20*20. The sum is the complexity in the log.
type Nodes struct{ Limits Limits }

// ExtensionName is gqlgen's.
func (Nodes) ExtensionName() string { return "KabinetNodes" }

// Validate is gqlgen's.
func (Nodes) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses with INVALID_REQUEST or TOO_COMPLEX. A sum
// that no variable changes is remembered with the document.
func (n Nodes) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	p := passageOf(op)
	known := p.plan(op)
	if known != nil {
		if total := known.nodes.Load(); total > 0 {
			p.nodes = total - 1
			return nil
		}
	}
	total, varies, err := n.count(op.Operation, op.Variables)
	if err != nil {
		return err
	}
	p.nodes = total
	if err := n.within(total); err != nil {
		return err
	}
	if known != nil && !varies {
		known.nodes.Store(total + 1)
	}
	return nil
}

// count is the sum for one operation; varies: other variables may change it.
func (n Nodes) count(op *ast.OperationDefinition, vars map[string]any) (total int64, varies bool, err *gqlerror.Error) {
	c := &count{Limits: n.Limits, vars: vars}
	total = c.set(op.SelectionSet, 0)
	return total, c.varies, c.err
}

func (n Nodes) within(total int64) *gqlerror.Error {
	if total > int64(n.Limits.Nodes) {
		return tooComplex("nodes", total, n.Limits.Nodes)
	}
	return nil
}

// Complexity is the number of nodes op may answer with, 0 before it is known.
func Complexity(op *graphql.OperationContext) int64 {
	if p, ok := op.Stats.GetExtension(passageStat).(*passage); ok {
		return p.nodes
	}
	return 0
}

type fragmentPage struct {
	fragment *ast.FragmentDefinition
	page     int64
}

// count is one walk with the variables of one operation. A fragment costs the
// same wherever it is spread under the same page size, so it is walked once.
type count struct {
	Limits
	vars   map[string]any
	varies bool // a variable was asked
	known  map[fragmentPage]int64
	err    *gqlerror.Error
}

// set is the nodes below one object; page is above 0 right inside a
// connection, whose edges and nodes are as long as the page.
func (c *count) set(set ast.SelectionSet, page int64) int64 {
	var total int64
	for _, sel := range set {
		if c.err != nil {
			return 0
		}
		switch sel := sel.(type) {
		case *ast.Field:
			total = add(total, c.field(sel, page))
		case *ast.InlineFragment:
			total = add(total, c.set(sel.SelectionSet, page))
		case *ast.FragmentSpread:
			if sel.Definition == nil {
				continue
			}
			key := fragmentPage{sel.Definition, page}
			n, ok := c.known[key]
			if !ok {
				n = c.set(sel.Definition.SelectionSet, page)
				if c.known == nil {
					c.known = map[fragmentPage]int64{}
				}
				c.known[key] = n
			}
			total = add(total, n)
		}
	}
	return total
}

func (c *count) field(f *ast.Field, page int64) int64 {
	def := f.Definition
	if def == nil || len(f.Name) > 1 && f.Name[:2] == "__" {
		return 0
	}
	if def.Arguments.ForName("first") != nil || def.Arguments.ForName("last") != nil {
		return c.set(f.SelectionSet, c.page(f))
	}
	if def.Type.Elem == nil || len(f.SelectionSet) == 0 {
		return c.set(f.SelectionSet, 0)
	}
	length := int64(c.PlainList)
	if page > 0 && (f.Name == "edges" || f.Name == "nodes") {
		length = page
	} else if n, ok := c.ids(f); ok {
		length = n
	}
	return add(length, mul(length, c.set(f.SelectionSet, 0)))
}

// page is how many the client asks of a connection. A default of the schema
// steps back for what the client says of the other end.
func (c *count) page(f *ast.Field) int64 {
	first, haveFirst := c.said(f, "first")
	last, haveLast := c.said(f, "last")
	if !haveFirst && !haveLast {
		first, haveFirst = c.byDefault(f, "first")
		last, haveLast = c.byDefault(f, "last")
	}
	switch {
	case haveFirst && haveLast:
		c.refuse(f, "say first or last, not both", "limit", "page")
		return 0
	case haveFirst:
		return c.within(f, "first", first)
	case haveLast:
		return c.within(f, "last", last)
	}
	return int64(c.DefaultPage)
}

func (c *count) within(f *ast.Field, name string, n int64) int64 {
	if n < 1 || n > int64(c.Page) {
		c.refuse(f, fmt.Sprintf("%s is %d, it must be 1 to %d", name, n, c.Page),
			"limit", name, "value", n, "allowed", c.Page)
		return 0
	}
	return n
}

func (c *count) refuse(f *ast.Field, message string, facts ...any) {
	c.err = wire.Refusal(fault.ErrInvalidRequest, f.Name+": "+message, facts...)
	if f.Position != nil {
		c.err.Locations = []gqlerror.Location{{Line: f.Position.Line, Column: f.Position.Column}}
	}
}

// ids is the length of the list given as argument ids: nodes(ids:) answers
// with as many.
func (c *count) ids(f *ast.Field) (int64, bool) {
	arg := f.Arguments.ForName("ids")
	if arg == nil || f.Definition.Arguments.ForName("ids") == nil {
		return 0, false
	}
	c.varies = c.varies || hasVariable(arg.Value)
	v, err := arg.Value.Value(c.vars)
	list, ok := v.([]any)
	if err != nil || !ok {
		return 1, true
	}
	return int64(len(list)), true
}

// said is an Int argument given by the client; false when absent or null.
func (c *count) said(f *ast.Field, name string) (int64, bool) {
	arg := f.Arguments.ForName(name)
	if arg == nil {
		return 0, false
	}
	return c.number(arg.Value)
}

func (c *count) byDefault(f *ast.Field, name string) (int64, bool) {
	def := f.Definition.Arguments.ForName(name)
	if def == nil || def.DefaultValue == nil {
		return 0, false
	}
	return c.number(def.DefaultValue)
}

func (c *count) number(value *ast.Value) (int64, bool) {
	c.varies = c.varies || hasVariable(value)
	v, err := value.Value(c.vars)
	if err != nil {
		return math.MaxInt64, true
	}
	switch v := v.(type) {
	case nil:
		return 0, false
	case int64:
		return v, true
	case int:
		return int64(v), true
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, true
		}
	case string: // gqlparser lets "5" pass as an Int
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, true
		}
	}
	return math.MaxInt64, true // out of every range
}

func hasVariable(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, c := range v.Children {
		if hasVariable(c.Value) {
			return true
		}
	}
	return false
}

func add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func mul(a, b int64) int64 {
	if a != 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}
