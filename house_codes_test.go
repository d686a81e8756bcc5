package main

import (
	"encoding/json"
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declared is one fault.New of the tree.
type declared struct {
	code, kind string
	names      []string // the variables that hold it: ErrTooFewPoints
	params     []string // of With, wherever it is called
	at         string
}

// promised are codes of the contract that nothing raises yet, with the issue
// that will; their texts are written already.
var promised = map[string]string{}

// shown are the kinds that graph/errors.go makes userErrors of.
var shown = []string{"Invalid", "Refused", "Conflict", "NotFound"}

// declaredFaults finds every fault.New("CODE") of the product, by code.
func declaredFaults(t *testing.T) map[string]*declared {
	t.Helper()
	faults := map[string]*declared{}
	for _, f := range goFiles(t) {
		if f.isTest() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, v := range n.Values {
					if d := newFault(f, v); d != nil && i < len(n.Names) {
						kept := keepFault(t, faults, d)
						kept.names = append(kept.names, n.Names[i].Name)
					}
				}
			case *ast.CallExpr:
				if d := newFault(f, n); d != nil {
					keepFault(t, faults, d)
				}
			}
			return true
		})
	}
	if len(faults) < 10 {
		t.Fatal("the faults of the tree are not found any more: mend declaredFaults")
	}
	return faults
}

func keepFault(t *testing.T, faults map[string]*declared, d *declared) *declared {
	t.Helper()
	had := faults[d.code]
	if had == nil {
		faults[d.code] = d
		return d
	}
	if had.kind != d.kind {
		t.Errorf("%s: %s is %s here and %s at %s: a code has one kind", d.at, d.code, d.kind, had.kind, had.at)
	}
	return had
}

// newFault reads fault.New(fault.Refused, "CODE"), and New inside the package.
func newFault(f houseFile, e ast.Expr) *declared {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return nil
	}
	last := func(e ast.Expr) (before, name string) {
		switch e := e.(type) {
		case *ast.Ident:
			return "", e.Name
		case *ast.SelectorExpr:
			if x, ok := e.X.(*ast.Ident); ok {
				return x.Name, e.Sel.Name
			}
		}
		return "", ""
	}
	pkg, name := last(call.Fun)
	lit, isText := call.Args[1].(*ast.BasicLit)
	if name != "New" || !isText || pkg != "fault" && (pkg != "" || f.ast.Name.Name != "fault") {
		return nil
	}
	_, kind := last(call.Args[0])
	code, err := strconv.Unquote(lit.Value)
	if err != nil {
		return nil
	}
	return &declared{code: code, kind: kind, at: f.fset.Position(call.Pos()).String()}
}

// givenParams finds ErrX.At(…).With("available", n), and funcs that do so with
// a fault they are given, and says which facts a code carries.
func givenParams(t *testing.T, faults map[string]*declared) {
	t.Helper()
	byName, adds := map[string]*declared{}, map[string][]string{} // func -> params
	for _, d := range faults {
		for _, name := range d.names {
			byName[name] = d
		}
	}
	var within string // the func that is being looked at
	eachCall := func(each func(f houseFile, call *ast.CallExpr)) {
		for _, f := range goFiles(t) {
			if f.isTest() {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if fn, ok := n.(*ast.FuncDecl); ok {
					within = f.dir() + "." + fn.Name.Name
				}
				if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 {
					each(f, call)
				}
				return true
			})
		}
	}
	eachCall(func(_ houseFile, call *ast.CallExpr) {
		with, isMethod := call.Fun.(*ast.SelectorExpr)
		lit, isText := call.Args[0].(*ast.BasicLit)
		if !isMethod || !isText || with.Sel.Name != "With" {
			return
		}
		param := strings.Trim(lit.Value, `"`)
		if d := byName[rootName(with.X)]; d != nil {
			d.params = append(d.params, param)
		} else {
			adds[within] = append(adds[within], param)
		}
	})
	eachCall(func(f houseFile, call *ast.CallExpr) {
		if fn, ok := call.Fun.(*ast.Ident); ok {
			if d := byName[rootName(call.Args[0])]; d != nil {
				d.params = append(d.params, adds[f.dir()+"."+fn.Name]...)
			}
		}
	})
}

// rootName is the variable that a chain of calls begins with.
func rootName(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.CallExpr:
			e = x.Fun
		case *ast.SelectorExpr:
			switch x.Sel.Name {
			case "With", "At", "Because", "After":
				e = x.X
			default:
				return x.Sel.Name
			}
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// documented reads a table of docs/errors.md: code -> the rest of its row.
func documented(t *testing.T, heading string) map[string]string {
	t.Helper()
	codes := map[string]string{}
	for _, row := range houseTable(t, "docs/errors.md", heading) {
		for _, code := range ticks(row[0]) {
			codes[code] = strings.Join(row[1:], " | ")
		}
	}
	return codes
}

var paramNames = regexp.MustCompile(`params\.(\w+)`)

func TestHouseCodes(t *testing.T) {
	t.Parallel()
	faults := declaredFaults(t)
	givenParams(t, faults)
	enum := sdl(t).Types["ErrorCode"].EnumValues
	top, user := documented(t, "## Top-level codes"), documented(t, "## Codes of userErrors")
	for _, code := range slices.Sorted(maps.Keys(faults)) {
		d := faults[code]
		inEnum := enum.ForName(code) != nil
		if _, isTop := top[code]; !isTop && !inEnum {
			t.Errorf("%s: %s is not in enum ErrorCode (schema/base.graphqls), nor a top-level code of docs/errors.md", d.at, code)
		}
		if _, isTop := top[code]; !isTop && !slices.Contains(shown, d.kind) {
			t.Errorf("%s: %s is %s, which is top-level: put it into docs/errors.md, Top-level codes, or give it another kind", d.at, code, d.kind)
		}
		if inEnum && !slices.Contains(shown, d.kind) {
			t.Errorf("%s: %s is %s and can never be a userError: take it out of enum ErrorCode", d.at, code, d.kind)
		}
		for _, p := range d.params {
			if !strings.Contains(user[code]+top[code], "`"+p+"`") {
				t.Errorf("docs/errors.md: %s carries params.%s: put `%s` into its row", code, p, p)
			}
		}
	}
	for _, v := range enum {
		if faults[v.Name] == nil {
			t.Errorf("%s: nothing declares fault.New(…, %q): declare it in its domain, or take it out", where(v.Position), v.Name)
		}
		if _, ok := user[v.Name]; !ok {
			t.Errorf("docs/errors.md: a row for `%s` is missing in Codes of userErrors", v.Name)
		}
		for _, m := range paramNames.FindAllStringSubmatch(v.Description, -1) {
			if !strings.Contains(user[v.Name], "`"+m[1]+"`") {
				t.Errorf("docs/errors.md: the SDL says that %s carries params.%s: put `%s` into its row", v.Name, m[1], m[1])
			}
			if d := faults[v.Name]; d != nil && !slices.Contains(d.params, m[1]) {
				t.Errorf("%s: %s promises params.%s, but nobody gives it: .With(%q, …)", where(v.Position), v.Name, m[1], m[1])
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(user)) {
		if enum.ForName(code) == nil {
			t.Errorf("docs/errors.md: `%s` is no value of enum ErrorCode: take its row out", code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(top)) {
		if faults[code] == nil && promised[code] == "" {
			t.Errorf("docs/errors.md: nothing declares the top-level code `%s`", code)
		}
		if faults[code] != nil && promised[code] != "" {
			t.Errorf("%s: %s is raised now: take it out of promised", faults[code].at, code)
		}
	}
}

func TestHouseCodeTexts(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{"unknown": true}
	for code := range promised {
		codes[code] = true
	}
	for code := range declaredFaults(t) {
		codes[code] = true
	}
	pages, err := filepath.Glob("internal/locale/messages/*/fault.json")
	if err != nil || len(pages) < 2 {
		t.Fatal("no texts", pages, err)
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]any{}
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			if texts["fault."+code] == nil {
				t.Errorf("%s: write the text fault.%s", filepath.ToSlash(page), code)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(texts)) {
			if code, ok := strings.CutPrefix(id, "fault."); !ok || !codes[code] {
				t.Errorf("%s: %s is the text of no code: take it out", filepath.ToSlash(page), id)
			}
		}
	}
}

// TestHouseCodesAreProduced looks for each userErrors code in a story's answer,
// or for the code or its variable in a test.
func TestHouseCodesAreProduced(t *testing.T) {
	t.Parallel()
	schema, faults := sdl(t), declaredFaults(t)
	var tests, stories strings.Builder
	err := houseWalk(func(path, text string) error {
		switch {
		case strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, "house_"):
			tests.WriteString(text)
		case strings.HasSuffix(path, ".txtar"):
			stories.WriteString(text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := map[string]bool{} // codes that are words of other enums too
	for _, d := range definitions(schema) {
		for _, v := range d.EnumValues {
			elsewhere[v.Name] = elsewhere[v.Name] || d.Name != "ErrorCode"
		}
	}
	for _, v := range schema.Types["ErrorCode"].EnumValues {
		found := strings.Contains(stories.String(), `"code": "`+v.Name+`"`) ||
			!elsewhere[v.Name] && strings.Contains(tests.String(), `"`+v.Name+`"`)
		if d := faults[v.Name]; d != nil {
			for _, name := range d.names {
				found = found || regexp.MustCompile(`\b`+name+`\b`).MatchString(tests.String())
			}
		}
		if !found {
			t.Errorf("%s: no test and no story produces %s", where(v.Position), v.Name)
		}
	}
}
