package main

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// watched are the objects whose fields a field middleware acts on: they keep
// all that gqlgen wrote. graph.JustSignedIn and graph.PlaceFirst are those that
// there are (server.go).
var watched = []string{"SignInPayload", "ConfirmContactPayload", "Query", "Mutation", "Subscription"}

// total are the marshalers of scalars that never fail, never answer null and
// never look at the context.
var total = map[string][]string{
	"graphql": {"MarshalString", "MarshalInt", "MarshalInt64", "MarshalBoolean"},
	"scalar": {"MarshalID", "MarshalDateTime", "MarshalDate", "MarshalPoints", "MarshalDecimal", "MarshalCurrencyCode",
		"MarshalEmailAddress", "MarshalURL", "MarshalTimeZone", "MarshalLocale", "MarshalStreamCursor"},
}

// directFields lets a field that cannot fail be marshalled where it stands: its
// value is obj.X or obj.X(), there is no directive, and nothing below it needs
// a field context for a path, a cursor or a middleware.
func directFields(p *pkg) (int, error) {
	q := quiet{p, map[string]bool{}}
	n := 0
	for _, m := range sortedMethods(p) {
		value, marshal, ok := q.direct(m.Name.Name)
		if !ok {
			continue
		}
		p.replace(m.in, m.Body, fmt.Sprintf("{\n\treturn ec.%s(ctx, field.Selections, %s)\n}", marshal, p.of(m.in, value)))
		n++
	}
	return n, nil
}

func sortedMethods(p *pkg) []method {
	list := make([]method, 0, len(p.methods))
	for _, m := range p.methods {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b method) int { return strings.Compare(a.Name.Name, b.Name.Name) })
	return list
}

// quiet knows which methods can neither fail nor look at the context.
type quiet struct {
	*pkg
	known map[string]bool
}

// direct gives the value and the marshaler of a field that may be marshalled
// where it stands.
func (q quiet) direct(name string) (value ast.Expr, marshal string, ok bool) {
	m := q.methods[name]
	if !q.isField(m) {
		return nil, "", false
	}
	result := onlyReturn(m.Body)
	if len(result) != 1 {
		return nil, "", false
	}
	call, ok := isCall(result[0], "graphql", "ResolveField", 9)
	if !ok || !isIdent(call.Args[5], "nil") { // a directive or a middleware
		return nil, "", false
	}
	if value = plain(call.Args[4]); value == nil {
		return nil, "", false
	}
	marshalled := onlyReturn(call.Args[6].(*ast.FuncLit).Body)
	if len(marshalled) != 1 {
		return nil, "", false
	}
	inner, isCall := marshalled[0].(*ast.CallExpr)
	if !isCall {
		return nil, "", false
	}
	marshal, ok = ofEC(inner.Fun)
	return value, marshal, ok && q.marshaler(marshal)
}

// isField says whether a method is that of a field of an object that no
// middleware acts on: _Order_number(ctx, field, obj).
func (q quiet) isField(m method) bool {
	if m.FuncDecl == nil || len(m.Type.Params.List) != 3 || !isName(m.Type.Params.List[1].Type, "graphql", "CollectedField") {
		return false
	}
	for _, object := range watched {
		if strings.HasPrefix(m.Name.Name, "_"+object+"_") {
			return false
		}
	}
	return true
}

// plain gives obj.X or obj.X() of a resolver that returns it and no error.
func plain(resolver ast.Expr) ast.Expr {
	f, ok := resolver.(*ast.FuncLit)
	if !ok {
		return nil
	}
	result := onlyReturn(f.Body)
	if len(result) != 2 || !isIdent(result[1], "nil") {
		return nil
	}
	value := result[0]
	if call, ok := value.(*ast.CallExpr); ok {
		if len(call.Args) > 0 {
			return nil
		}
		value = call.Fun
	}
	if sel, ok := value.(*ast.SelectorExpr); !ok || !isIdent(sel.X, "obj") {
		return nil
	}
	return result[0]
}

// marshaler says whether a method marshalNX or marshalOX is quiet.
func (q quiet) marshaler(name string) bool {
	return q.once(name, func() bool {
		m, ok := q.methods[name]
		return ok && strings.HasPrefix(name, "marshal") && q.block(m.Body)
	})
}

// once asks once for a name; what is asked for by itself is not quiet.
func (q quiet) once(name string, ask func() bool) bool {
	if is, ok := q.known[name]; ok {
		return is
	}
	q.known[name] = false
	q.known[name] = ask()
	return q.known[name]
}

// block says whether all that is called in a body is quiet. A test of a result
// against graphql.Null is passed over: no quiet marshaler gives it where the
// SDL says that there is a value.
func (q quiet) block(body ast.Node) bool {
	is := true
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if null, _ := isNull(n.Cond, "res"); null {
				return false
			}
			if null, _ := isNull(n.Cond, "e"); null {
				return false
			}
		case *ast.CallExpr:
			is = is && q.call(n)
		}
		return is
	})
	return is
}

func (q quiet) call(call *ast.CallExpr) bool {
	if name, ok := ofEC(call.Fun); ok {
		return strings.HasPrefix(name, "marshal") && q.marshaler(name) || q.object(name)
	}
	switch fun := call.Fun.(type) {
	case *ast.Ident: // conversions too, such as string(v)
		return slices.Contains([]string{"make", "len", "string", "int", "int64"}, fun.Name)
	case *ast.SelectorExpr:
		from, ok := fun.X.(*ast.Ident)
		return ok && slices.Contains(total[from.Name], fun.Sel.Name)
	}
	return false
}

// object says whether all fields of an object are marshalled where they stand.
func (q quiet) object(name string) bool {
	return q.once(name, func() bool {
		m, ok := q.methods[name]
		if !ok {
			return false
		}
		object, ok := m.object()
		fields := m.cases()
		if !ok || slices.Contains(watched, object) || len(fields) < 2 {
			return false
		}
		for field := range fields {
			if field == "__typename" {
				continue
			}
			if _, _, ok := q.direct("_" + object + "_" + field); !ok {
				return false
			}
		}
		return true
	})
}
