package main

import (
	"go/ast"
	"strings"
	"testing"

	gqlast "github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// describedFields are the fields that the source of internal/compiled
// describes one by one, but for those that it never answers.
func describedFields(t *testing.T) (names []string) {
	t.Helper()
	vars := map[string]*ast.CompositeLit{}
	tables := []*ast.CompositeLit{}
	for _, f := range goFiles(t) {
		if f.dir() != "internal/compiled" || f.isTest() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			lit := literal(spec.Values[0])
			if lit == nil {
				return true
			}
			vars[spec.Names[0].Name] = lit
			if strings.HasSuffix(spec.Names[0].Name, "Objects") {
				tables = append(tables, lit)
			}
			return true
		})
	}
	add := func(typ string, fields *ast.CompositeLit) {
		for _, e := range fields.Elts {
			kv := e.(*ast.KeyValueExpr)
			if lit, ok := kv.Value.(*ast.CompositeLit); ok {
				if name, ok := lit.Type.(*ast.Ident); ok && name.Name == "never" {
					continue
				}
			}
			names = append(names, typ+"."+strings.Trim(kv.Key.(*ast.BasicLit).Value, `"`))
		}
	}
	if vars["roots"] == nil || len(tables) == 0 {
		t.Fatal("internal/compiled describes its fields in another way now: look again")
	}
	add("Query", vars["roots"])
	for _, table := range tables {
		for _, e := range table.Elts {
			kv := e.(*ast.KeyValueExpr)
			object := literal(kv.Value)
			if name, ok := kv.Value.(*ast.Ident); ok {
				object = vars[name.Name]
			}
			for _, e := range object.Elts {
				if field := e.(*ast.KeyValueExpr); field.Key.(*ast.Ident).Name == "fields" {
					add(strings.Trim(kv.Key.(*ast.BasicLit).Value, `"`), literal(field.Value))
				}
			}
		}
	}
	return names
}

// literal is a composite literal, or the one whose address is taken.
func literal(e ast.Expr) *ast.CompositeLit {
	if u, ok := e.(*ast.UnaryExpr); ok {
		e = u.X
	}
	lit, _ := e.(*ast.CompositeLit)
	return lit
}

// shrink takes selections out of a query while the two ways still disagree.
func (c *contest) shrink(who caller, text string, vars map[string]any, v *verdict) (string, *verdict) {
	for tries, n := 0, 0; tries < 400; tries++ {
		smaller, some := without(text, n)
		if !some {
			break
		}
		if again := c.send(who, smaller, vars); smaller != text && again.short && !again.agree() {
			text, v = smaller, again
			continue
		}
		n++
	}
	return text, v
}

// without is a document without its n-th selection, and without what nothing
// needs any more; not some: it has fewer.
func without(text string, n int) (smaller string, some bool) {
	doc, err := parser.ParseQuery(&gqlast.Source{Input: text})
	if err != nil {
		return "", false
	}
	left := n
	var drop func(set *gqlast.SelectionSet) bool
	drop = func(set *gqlast.SelectionSet) bool {
		for i, sel := range *set {
			if left == 0 {
				if *set = append((*set)[:i:i], (*set)[i+1:]...); len(*set) == 0 {
					*set = gqlast.SelectionSet{&gqlast.Field{Name: "__typename", Alias: "__typename"}}
				}
				return true
			}
			left--
			switch sel := sel.(type) {
			case *gqlast.Field:
				if drop(&sel.SelectionSet) {
					return true
				}
			case *gqlast.InlineFragment:
				if drop(&sel.SelectionSet) {
					return true
				}
			}
		}
		return false
	}
	for _, op := range doc.Operations {
		some = some || drop(&op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		some = some || drop(&f.SelectionSet)
	}
	return tidy(doc), some
}

// tidy drops the fragments and variables that are not used.
func tidy(doc *gqlast.QueryDocument) string {
	for {
		text := printed(doc)
		var kept gqlast.FragmentDefinitionList
		for _, f := range doc.Fragments {
			if strings.Contains(text, "... "+f.Name+"\n") || strings.Contains(text, "..."+f.Name+"\n") {
				kept = append(kept, f)
			}
		}
		if len(kept) == len(doc.Fragments) {
			break
		}
		doc.Fragments = kept
	}
	for _, op := range doc.Operations {
		defs := op.VariableDefinitions
		op.VariableDefinitions = nil
		text := printed(doc)
		for _, v := range defs {
			for _, end := range []string{")", ",", "}", "]", " ", "\n"} {
				if strings.Contains(text, "$"+v.Variable+end) {
					op.VariableDefinitions = append(op.VariableDefinitions, v)
					break
				}
			}
		}
	}
	return printed(doc)
}

func printed(doc *gqlast.QueryDocument) string {
	var b strings.Builder
	formatter.NewFormatter(&b).FormatQueryDocument(doc)
	return b.String()
}
