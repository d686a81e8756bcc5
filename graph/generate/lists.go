package main

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
)

// crowds are the objects whose lists stay with a goroutine an element, for what
// hangs below an element is not read with the list.
var crowds = []string{"Node", "UpsertOrderResult", "UpsertProductResult"}

// lists marshals the elements of a list one after the other: without a context
// each where an element cannot fail, and as before where the selection asks for
// a field that may wait.
func lists(p *pkg) (int, error) {
	q := quiet{p, map[string]bool{}}
	n := 0
	for _, m := range sortedMethods(p) {
		if !strings.HasPrefix(m.Name.Name, "marshal") {
			continue
		}
		for _, s := range m.Body.List {
			set, ok := s.(*ast.AssignStmt)
			if !ok || len(set.Rhs) != 1 {
				continue
			}
			call, ok := isCall(set.Rhs[0], "graphql", "MarshalSliceConcurrently", 5)
			if !ok {
				continue
			}
			element, err := elementOf(call)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", m.Name.Name, err)
			}
			n++
			switch {
			case q.marshaler(element):
				p.replace(m.in, set, "ret := make(graphql.Array, len(v))\n\tfor i := range v {\n\t\tret[i] = ec."+element+"(ctx, sel, v[i])\n\t}")
			case crowded(element):
			default:
				p.between(m.in, call.Pos(), call.Args[4].Pos(), "marshalSlice(ctx, sel, len(v), ")
			}
		}
	}
	p.add("lists.generated.go", fmt.Sprintf(serial, waitingCases(waiting(p))))
	return n, nil
}

// elementOf gives the marshaler of an element.
func elementOf(call *ast.CallExpr) (string, error) {
	if f, ok := call.Args[4].(*ast.FuncLit); ok {
		if ret, ok := f.Body.List[len(f.Body.List)-1].(*ast.ReturnStmt); ok && len(ret.Results) == 1 {
			if inner, ok := ret.Results[0].(*ast.CallExpr); ok {
				if name, ok := ofEC(inner.Fun); ok && strings.HasPrefix(name, "marshal") {
					return name, nil
				}
			}
		}
	}
	return "", fmt.Errorf("an element is not marshalled by a method marshal…")
}

// crowded says whether an element is of a crowd; gqlgen's names are marshalN,
// the type of the SDL, 2 and the type of Go.
func crowded(element string) bool {
	return slices.ContainsFunc(crowds, func(c string) bool { return strings.HasPrefix(element[len("marshalN"):], c+"2") })
}

func waitingCases(fields map[string][]string) string {
	var b strings.Builder
	for _, object := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(&b, "\tcase %q:\n\t\tswitch field {\n\t\tcase \"%s\":\n\t\t\treturn true\n\t\t}\n", object, strings.Join(fields[object], `", "`))
	}
	return b.String()
}

const serial = `import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// marshalSlice is graphql.MarshalSliceConcurrently without goroutines, unless
// the elements are asked for a field that may wait.
func marshalSlice(ctx context.Context, sel ast.SelectionSet, length int, element func(context.Context, int) graphql.Marshaler) graphql.Array {
	if length > 1 && selectionWaits(sel) {
		return graphql.MarshalSliceConcurrently(ctx, length, 0, false, element)
	}
	ret := make(graphql.Array, length)
	places := make([]struct {
		graphql.FieldContext
		index int
	}, length)
	whole := true
	for i := range ret {
		place := &places[i]
		place.index = i
		place.Index = &place.index
		whole = marshalElement(graphql.WithFieldContext(ctx, &place.FieldContext), ret, i, element) && whole
	}
	if !whole {
		return nil
	}
	return ret
}

// marshalElement answers false for an element that panicked.
func marshalElement(ctx context.Context, ret graphql.Array, i int, element func(context.Context, int) graphql.Marshaler) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, r))
		}
	}()
	ret[i] = element(ctx, i)
	return true
}

// selectionWaits says whether a field that may wait is selected, however deep.
func selectionWaits(sel ast.SelectionSet) bool {
	for _, s := range sel {
		var below ast.SelectionSet
		switch s := s.(type) {
		case *ast.Field:
			if s.ObjectDefinition == nil || fieldWaits(s.ObjectDefinition.Name, s.Name) {
				return true
			}
			below = s.SelectionSet
		case *ast.InlineFragment:
			below = s.SelectionSet
		case *ast.FragmentSpread:
			below = s.Definition.SelectionSet
		}
		if selectionWaits(below) {
			return true
		}
	}
	return false
}

// fieldWaits says whether a field may wait for the database.
func fieldWaits(object, field string) bool {
	switch object {
%s	}
	return false
}
`
