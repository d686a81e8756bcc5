// Package compiled answers queries made only of stored fields, edges and known
// lists by one SQL statement that returns JSON, past gqlgen's resolvers and
// ent's rows. The statement goes through the same fence of ownership
// (internal/store/scope.go) at every table, and the answer is the same, byte
// for byte; what this package does not understand, or finds odd in the answer,
// goes the ordinary way. It is a matter of speed alone: with
// KABINET_COMPILED=off everything still works.
//
// It has one door, Wrap. It writes no table and refuses nothing.
//
// To read: describe.go says what a field of the SDL may be, the files of the
// domains (account.go, order.go, …) say it of each that is not plain; plan.go
// compiles a selection once per document, statement.go writes the SQL of one
// request, tape.go and write.go turn the database's JSON into the answer.
package compiled

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/live"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Options are what the descriptions of the domains need.
type Options struct {
	Store   *store.Store
	Streams *live.Streams
	Points  *bonus.Points
	Orders  *order.Orders
	// Admits says whether the caller may ask for a root field, by its @access.
	Admits func(ctx context.Context, field *ast.FieldDefinition) bool
}

// Reads is the ordinary schema with the short way in front of it.
type Reads struct {
	graphql.ExecutableSchema
	events  graphql.ExecutableSchemaWithEventContext // the same, where it has the optional half
	o       Options
	objects map[string]*object
	plans   plans
	calls   sync.Pool
}

// Wrap puts the short way in front of es.
func Wrap(es graphql.ExecutableSchema, o Options) graphql.ExecutableSchema {
	s := &Reads{ExecutableSchema: es, o: o, objects: objects()}
	s.calls.New = func() any { return new(call) }
	events, ok := es.(graphql.ExecutableSchemaWithEventContext)
	if !ok {
		return s
	}
	s.events = events
	return &withEvents{s}
}

type withEvents struct{ *Reads }

// ExecWithEventContext is Exec for subscriptions too.
func (s *withEvents) ExecWithEventContext(ctx context.Context) graphql.ResponseHandlerWithContext {
	if data, ok := s.Answer(ctx); ok {
		respond := graphql.OneShot(&graphql.Response{Data: data})
		return func(ctx context.Context) (context.Context, *graphql.Response) { return ctx, respond(ctx) }
	}
	return s.events.ExecWithEventContext(ctx)
}

// Exec answers the operation of ctx.
func (s *Reads) Exec(ctx context.Context) graphql.ResponseHandler {
	if data, ok := s.Answer(ctx); ok {
		return graphql.OneShot(&graphql.Response{Data: data})
	}
	return s.ExecutableSchema.Exec(ctx)
}

// Answer is the data of a query; not ok: it must go the ordinary way.
func (s *Reads) Answer(ctx context.Context) (data []byte, ok bool) {
	op := graphql.GetOperationContext(ctx)
	if op.Operation.Operation != ast.Query {
		return nil, false
	}
	p := s.plan(ctx, op)
	if p == nil {
		return nil, false
	}
	for _, root := range p.roots {
		if !s.o.Admits(ctx, root.field.Definition) {
			return nil, false
		}
	}
	c := s.calls.Get().(*call)
	defer s.calls.Put(c)
	*c = call{
		ctx: ctx, op: op, reads: s, who: viewer.From(ctx), now: s.o.Store.Now(), order: c.order,
		tape: c.tape, at: c.at[:0], out: c.out[:0], values: c.values[:0], given: c.given[:0], args: c.args[:0],
	}
	if err := c.run(p); err != nil {
		return nil, false // whatever it was, the ordinary way says it in its words
	}
	return append(make([]byte, 0, len(c.out)), c.out...), true
}

// call is one query on its way.
type call struct {
	ctx    context.Context
	op     *graphql.OperationContext
	reads  *Reads
	who    viewer.Viewer
	now    time.Time
	tape   tape
	at     []int32 // positions of the rows that are being written, innermost last
	values []value // the columns of the field that is being written
	out    []byte
	given  []given // the arguments of fields, by their number
	args   []any   // of the statement
	text   *text
	me     any       // the caller's id, as the database reads it
	order  ent.Order // scratch for the rules of package order
}

// run reads and writes; any error means that the answer is not to be used.
func (c *call) run(p *plan) error {
	for _, parse := range p.given {
		g, err := parse(c)
		if err != nil {
			return err
		}
		c.given = append(c.given, g)
	}
	var err error
	if c.text, err = p.statement(c); err != nil {
		return err
	}
	for _, arg := range c.text.args {
		own, err := c.own(arg)
		if err != nil {
			return err
		}
		c.args = append(c.args, own)
	}
	return c.reads.o.Store.ReadJSON(c.ctx, c.text.sql, c.args, func(json []byte) error {
		if err := c.tape.read(json); err != nil {
			return err
		}
		return c.row(p.source, 0, p.write)
	})
}

// row writes the row whose array is the token at i.
func (c *call) row(src *source, i int32, write writer) error {
	base := len(c.at)
	at, err := c.tape.items(i, c.at)
	if err != nil {
		return err
	}
	c.at = at
	if len(at)-base != src.width() {
		return errOdd
	}
	err = write(c, at[base:])
	c.at = c.at[:base]
	return err
}

// Ordinary is the schema behind the short way.
func Ordinary(es graphql.ExecutableSchema) graphql.ExecutableSchema {
	switch s := es.(type) {
	case *Reads:
		return s.ExecutableSchema
	case *withEvents:
		return s.ExecutableSchema
	}
	return es
}
