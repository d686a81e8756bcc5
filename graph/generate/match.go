package main

import (
	"go/ast"
	"go/token"
	"strings"
)

// isCall says whether an expression is a call of x.name with n arguments.
func isCall(e ast.Expr, x, name string, n int) (*ast.CallExpr, bool) {
	call, ok := e.(*ast.CallExpr)
	return call, ok && len(call.Args) == n && isName(call.Fun, x, name)
}

// isName says whether an expression is x.name.
func isName(e ast.Expr, x, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == name && isIdent(sel.X, x)
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// ofEC gives the name of a method that is called on the execution context.
func ofEC(e ast.Expr) (name string, ok bool) {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || !isIdent(sel.X, "ec") {
		return "", false
	}
	return sel.Sel.Name, true
}

// onlyReturn gives what a body of one return statement gives back.
func onlyReturn(body *ast.BlockStmt) []ast.Expr {
	if body == nil || len(body.List) != 1 {
		return nil
	}
	ret, ok := body.List[0].(*ast.ReturnStmt)
	if !ok {
		return nil
	}
	return ret.Results
}

// isNull says whether a condition is "name == graphql.Null" or "name == nil".
func isNull(cond ast.Expr, name string) (null, isNil bool) {
	b, ok := cond.(*ast.BinaryExpr)
	if !ok || b.Op != token.EQL || !isIdent(b.X, name) {
		return false, false
	}
	return isName(b.Y, "graphql", "Null"), isIdent(b.Y, "nil")
}

// object gives the type whose fields a method writes: _Order(ctx, sel, obj).
func (m method) object() (string, bool) {
	params := m.Type.Params.List
	if len(params) < 2 || !isName(params[1].Type, "ast", "SelectionSet") || !strings.HasPrefix(m.Name.Name, "_") {
		return "", false
	}
	return m.Name.Name[1:], true
}

// cases gives the fields of an object's method with their clauses, or nil for
// the method of an interface, which has no loop over fields.
func (m method) cases() map[string]*ast.CaseClause {
	var found map[string]*ast.CaseClause
	for _, s := range m.Body.List {
		loop, ok := s.(*ast.RangeStmt)
		if !ok || !isIdent(loop.X, "fields") {
			continue
		}
		for _, s := range loop.Body.List {
			choice, ok := s.(*ast.SwitchStmt)
			if !ok || !isName(choice.Tag, "field", "Name") {
				continue
			}
			found = map[string]*ast.CaseClause{}
			for _, c := range choice.Body.List {
				if c := c.(*ast.CaseClause); len(c.List) == 1 {
					found[strings.Trim(c.List[0].(*ast.BasicLit).Value, `"`)] = c
				}
			}
		}
	}
	return found
}
