package compiled

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	gql "kabinet/graph/generated"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// given is the arguments of one field in one call.
type given struct {
	args map[string]any // as Go values
	key  string         // all of them that the text of the statement depends on …
	odd  bool           // … and not even that: the text is good for this call only
	// Of a connection:
	first, last   *int
	after, before *scalar.Cursor
	list, sort    string // what its cursors name
}

// settle looks at the arguments of a field and sets their key.
type settle func(g *given, raw map[string]any) error

// given numbers the arguments of a field, which each call parses; those
// without variables are parsed here and now.
func (k *compiler) given(typ string, f graphql.CollectedField, settle settle) (number int, err error) {
	parse := func(c *call) (given, error) {
		raw, g := f.ArgumentMap(c.op.Variables), given{list: typ + "." + f.Name}
		ctx := graphql.WithFieldContext(c.ctx, &graphql.FieldContext{Object: typ, Field: f})
		var err error
		if g.args, err = gql.Arguments(ctx, c.reads.ExecutableSchema, typ, f.Name, raw); err != nil {
			return g, err
		}
		if settle == nil {
			g.odd = true
			return g, nil
		}
		return g, settle(&g, raw)
	}
	if fixed(f.Arguments) {
		g, err := parse(&call{ctx: k.ctx, op: k.op, reads: k.reads})
		if err != nil {
			return 0, err
		}
		g.key, g.odd = "", false
		parse = func(*call) (given, error) { return g, nil }
	}
	k.plan.given = append(k.plan.given, parse)
	return len(k.plan.given) - 1, nil
}

// fixed says whether arguments hold no variable.
func fixed(args ast.ArgumentList) bool {
	for _, a := range args {
		if variable(a.Value) {
			return false
		}
	}
	return true
}

func variable(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, child := range v.Children {
		if variable(child.Value) {
			return true
		}
	}
	return false
}

// bind gives the listing of a field with its arguments.
func (k *compiler) bind(of listingOf, settle settle, typ string, f graphql.CollectedField) (func(*statement, *call) (listing, error), error) {
	if of == nil {
		of = func(int, map[string]any) (listing, error) { return listing{}, nil }
	}
	if len(f.Definition.Arguments) == 0 {
		return func(*statement, *call) (listing, error) { return of(-1, nil) }, nil
	}
	number, err := k.given(typ, f, settle)
	return func(_ *statement, c *call) (listing, error) { return of(number, c.given[number].args) }, err
}

// param is an argument of a statement that each call has anew.
type param func(c *call) (any, error)

// The text of a statement is kept for all callers before whom the fence puts
// the same conditions, so it is written for a stand-in: the ids of the caller
// and of cursors are such as nobody has, and each call puts its own in their
// place.
var standInPrefix = func() (b [8]byte) {
	_, _ = rand.Read(b[:]) // never fails
	return b
}()

const (
	userID = iota + 1
	ownerID
	afterID
	beforeID
)

func standIn(what, number int) uuid.UUID {
	var id uuid.UUID
	copy(id[:], standInPrefix[:])
	binary.BigEndian.PutUint32(id[8:], uint32(what))
	binary.BigEndian.PutUint32(id[12:], uint32(number))
	return id
}

// standInFor is v with other ids, where it has any.
func standInFor(v viewer.Viewer) viewer.Viewer {
	owner := standIn(ownerID, 0)
	switch v.OwnerID {
	case v.UserID:
		owner = standIn(userID, 0)
	case uuid.Nil:
		owner = uuid.Nil
	}
	if v.UserID != uuid.Nil {
		v.UserID = standIn(userID, 0)
	}
	v.OwnerID = owner
	return v
}

// own is the value of an argument in this call.
func (c *call) own(arg any) (any, error) {
	switch arg := arg.(type) {
	case param:
		return arg(c)
	case uuid.UUID:
		if [8]byte(arg[:8]) != standInPrefix {
			return arg, nil
		}
		switch number := binary.BigEndian.Uint32(arg[12:]); binary.BigEndian.Uint32(arg[8:]) {
		case userID:
			return c.userID()
		case ownerID:
			return c.who.OwnerID, nil
		case afterID:
			return c.given[number].after.ID, nil
		case beforeID:
			return c.given[number].before.ID, nil
		}
		return nil, errOdd
	}
	return arg, nil
}

// userID is the caller's id as text, which stands in many conditions at once.
func (c *call) userID() (any, error) {
	if c.me == nil {
		c.me = c.who.UserID.String()
	}
	return c.me, nil
}
