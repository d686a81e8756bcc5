// Package webtest is a small schema made by hand, so that tests of the edge
// need none of the generated code. Only tests import it.
package webtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const sdl = `
scalar Cursor
scalar Points
enum Status { OPEN CLOSED }
input Range { after: Cursor, ids: [ID!] }
input Filter { text: String, status: Status, range: Range, ranges: [Range!], deeper: Filter }
interface Node { id: ID! }
type Query {
  me: User
  user(filter: Filter): User
  orders(first: Int, last: Int, after: Cursor, before: Cursor): OrderConnection!
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  echo(text: String, status: Status, points: Points): String
  slow: String
  boom: String
  fail: String
  fails: [String!]
}
type User implements Node {
  id: ID!
  name: String
  email: String
  friend: User
  addresses: [Address!]!
  tags: [String!]!
  orders(first: Int = 20, last: Int, after: Cursor, before: Cursor): OrderConnection!
}
type Address { city: String, owner: User }
type Line { title: String, order: Order }
type Order implements Node { id: ID!, number: String, lines: [Line!]!, buyer: User }
type PageInfo { hasNextPage: Boolean!, endCursor: Cursor }
type OrderEdge { cursor: Cursor!, node: Order! }
type OrderConnection { edges: [OrderEdge!]!, nodes: [Order!]!, pageInfo: PageInfo!, totalCount: Int! }
type Mutation { rename(name: String!): User, signIn: String, signOut: String, slow: String }
type Subscription { ticks(after: Cursor): Int!, beats(after: String): Beat!, refused: Int!, other: String }
type Beat { cursor: String, n: Int! }
`

// Schema answers every field with something of its type, but for those named
// in Fields ("Query.slow") and Streams ("ticks").
type Schema struct {
	Fields  map[string]func(ctx context.Context, args map[string]any) (any, error)
	Streams map[string]func(ctx context.Context, args map[string]any) (<-chan any, error)
	schema  *ast.Schema
}

var _ graphql.ExecutableSchema = (*Schema)(nil)

// New has no special fields yet.
func New() *Schema {
	return &Schema{
		Fields:  map[string]func(context.Context, map[string]any) (any, error){},
		Streams: map[string]func(context.Context, map[string]any) (<-chan any, error){},
		schema:  gqlparser.MustLoadSchema(&ast.Source{Name: "webtest", Input: sdl}),
	}
}

// Schema is graphql.ExecutableSchema's.
func (s *Schema) Schema() *ast.Schema { return s.schema }

// Complexity is graphql.ExecutableSchema's.
func (*Schema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

// Exec is graphql.ExecutableSchema's.
func (s *Schema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	root := map[ast.Operation]*ast.Definition{
		ast.Query: s.schema.Query, ast.Mutation: s.schema.Mutation, ast.Subscription: s.schema.Subscription,
	}[op.Operation.Operation]
	if op.Operation.Operation == ast.Subscription {
		return s.stream(ctx, op)
	}
	var once sync.Once
	return func(ctx context.Context) (resp *graphql.Response) {
		once.Do(func() {
			var b bytes.Buffer
			s.object(ctx, &b, op, root, op.Operation.SelectionSet)
			resp = &graphql.Response{Data: b.Bytes()}
		})
		return resp
	}
}

func (s *Schema) stream(ctx context.Context, op *graphql.OperationContext) graphql.ResponseHandler {
	f := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})[0]
	open := s.Streams[f.Name]
	if open == nil {
		graphql.AddError(ctx, errors.New("no such stream"))
		return nil
	}
	values, err := open(ctx, f.ArgumentMap(op.Variables))
	if err != nil {
		graphql.AddError(ctx, err)
		return nil
	}
	return func(ctx context.Context) *graphql.Response {
		select {
		case v, more := <-values:
			if !more {
				return nil
			}
			if whole, is := v.(*graphql.Response); is {
				return whole
			}
			data, _ := json.Marshal(map[string]any{f.Alias: v})
			return &graphql.Response{Data: data}
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Schema) object(ctx context.Context, b *bytes.Buffer, op *graphql.OperationContext, def *ast.Definition, set ast.SelectionSet) {
	satisfies := append([]string{def.Name}, def.Interfaces...)
	b.WriteByte('{')
	for i, f := range graphql.CollectFields(op, set, satisfies) {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(f.Alias)
		b.Write(name)
		b.WriteByte(':')
		s.field(ctx, b, op, def, f)
	}
	b.WriteByte('}')
}

func (s *Schema) field(ctx context.Context, b *bytes.Buffer, op *graphql.OperationContext, def *ast.Definition, f graphql.CollectedField) {
	if f.Name == "__typename" {
		b.WriteString(`"` + def.Name + `"`)
		return
	}
	if f.Name == "__schema" || f.Name == "__type" {
		if op.DisableIntrospection {
			graphql.AddError(ctx, errors.New("introspection disabled"))
		}
		b.WriteString("null")
		return
	}
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: def.Name, Field: f})
	if resolve := s.Fields[def.Name+"."+f.Name]; resolve != nil {
		v, err := guarded(ctx, resolve, f.ArgumentMap(op.Variables))
		if err != nil {
			graphql.AddError(ctx, err)
		}
		data, _ := json.Marshal(v)
		b.Write(data)
		return
	}
	s.value(ctx, b, op, f.Definition.Type, f.Selections)
}

func guarded(ctx context.Context, resolve func(context.Context, map[string]any) (any, error), args map[string]any) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, graphql.Recover(ctx, p)
		}
	}()
	return resolve(ctx, args)
}

func (s *Schema) value(ctx context.Context, b *bytes.Buffer, op *graphql.OperationContext, typ *ast.Type, set ast.SelectionSet) {
	if typ.Elem != nil {
		b.WriteByte('[')
		s.value(ctx, b, op, typ.Elem, set)
		b.WriteByte(']')
		return
	}
	def := s.schema.Types[typ.NamedType]
	switch {
	case def.Kind == ast.Object:
		s.object(ctx, b, op, def, set)
	case def.Kind == ast.Interface:
		s.object(ctx, b, op, s.schema.Types["User"], set)
	case def.Name == "Int":
		b.WriteByte('1')
	case def.Name == "Boolean":
		b.WriteString("true")
	default:
		b.WriteString(`"x"`)
	}
}
