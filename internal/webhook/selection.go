package webhook

import (
	"context"
	"errors"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"kabinet/internal/fault"
)

// Bounds of a selection: those of any other document of the API.
const (
	selectionBytes  = 16 << 10
	selectionTokens = 1000
	selectionDepth  = 10
	selectionRoots  = 10
)

// variables are what a selection may declare, and the types it may declare them
// as: all are always given.
var variables = map[string][]string{
	"id":      {"ID!", "ID"},
	"kind":    {"String!", "String"},
	"eventId": {"String!", "String"},
}

// checkSelection reads a selection against the API. admits says which fields of
// Query the role may ask for. Faults: TOO_LONG, WEBHOOK_SELECTION_INVALID.
func checkSelection(ctx context.Context, schema *ast.Schema, admits func(context.Context, *ast.FieldDefinition) bool, text string) error {
	if len(text) > selectionBytes {
		return fault.ErrTooLong.At("input", "selection").With("limit", selectionBytes)
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, selectionTokens)
	if err != nil {
		return parsed(err)
	}
	if len(doc.Operations) != 1 || len(doc.Fragments) > 0 || doc.Operations[0].Operation != ast.Query {
		return unusable("one query without named fragments is wanted", nil)
	}
	op := doc.Operations[0]
	if p := tooDeep(op.SelectionSet, 1); p != nil {
		return unusable("it is too deep", p)
	}
	if list := validator.ValidateWithRules(schema, doc, nil); len(list) > 0 {
		return parsed(list[0])
	}
	for _, v := range op.VariableDefinitions {
		if !allowedVariable(v) {
			return unusable("$"+v.Variable+" is none of $id: ID!, $kind: String!, $eventId: String!", v.Position)
		}
	}
	return checkRoots(ctx, admits, op.SelectionSet)
}

// checkRoots looks at the fields of Query, which inline fragments may wrap.
func checkRoots(ctx context.Context, admits func(context.Context, *ast.FieldDefinition) bool, set ast.SelectionSet) error {
	fields, ok := roots(set, 0)
	if !ok || len(fields) > selectionRoots {
		return unusable("it asks for too many fields at once", nil)
	}
	for _, f := range fields {
		switch {
		case strings.HasPrefix(f.Name, "__") && f.Name != "__typename":
			return unusable("it looks at the API itself", f.Position)
		case f.Name != "__typename" && !admits(ctx, f.Definition):
			return unusable("the role may not ask for "+f.Name, f.Position)
		}
	}
	return nil
}

func roots(set ast.SelectionSet, depth int) (fields []*ast.Field, ok bool) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			fields = append(fields, s)
		case *ast.InlineFragment:
			inner, ok := roots(s.SelectionSet, depth+1)
			if !ok || depth > selectionDepth {
				return nil, false
			}
			fields = append(fields, inner...)
		}
	}
	return fields, true
}

// tooDeep gives where a selection goes deeper than it may; edges, node and nodes
// are not counted, as nowhere.
func tooDeep(set ast.SelectionSet, depth int) *ast.Position {
	for _, s := range set {
		var at *ast.Position
		switch s := s.(type) {
		case *ast.Field:
			inner := depth + 1
			if s.Name == "edges" || s.Name == "node" || s.Name == "nodes" {
				inner = depth
			}
			if at = s.Position; depth <= selectionDepth {
				at = tooDeep(s.SelectionSet, inner)
			}
		case *ast.InlineFragment:
			at = tooDeep(s.SelectionSet, depth)
		}
		if at != nil {
			return at
		}
	}
	return nil
}

func allowedVariable(v *ast.VariableDefinition) bool {
	for _, typ := range variables[v.Variable] {
		if v.Type.String() == typ {
			return v.DefaultValue == nil
		}
	}
	return false
}

// parsed is an error of the parser or the rules of GraphQL.
func parsed(err error) error {
	var e *gqlerror.Error
	if !errors.As(err, &e) {
		return unusable(err.Error(), nil)
	}
	if len(e.Locations) == 0 {
		return unusable(e.Message, nil)
	}
	return unusable(e.Message, &ast.Position{Line: e.Locations[0].Line, Column: e.Locations[0].Column})
}

func unusable(reason string, at *ast.Position) error {
	if at == nil {
		return ErrSelectionInvalid.At("input", "selection").With("reason", reason)
	}
	return ErrSelectionInvalid.At("input", "selection").With("reason", reason).With("line", at.Line).With("column", at.Column)
}
