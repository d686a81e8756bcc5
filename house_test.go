package main

// The house tests hold what ARCHITECTURE.md promises: arrows, sizes, names,
// the contract of the SDL, error codes, who owns and who writes each table,
// stories and security cases. They read files and open no database, so they
// are quick. One finding is one line that says what to do.

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// houseFile is one file of the tree, by its path with slashes.
type houseFile struct {
	path, text string
	ast        *ast.File // of Go files
	fset       *token.FileSet
}

func (f houseFile) dir() string  { return filepath.ToSlash(filepath.Dir(f.path)) }
func (f houseFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// outside is what no person wrote, or what git does not keep.
var outside = regexp.MustCompile(`^(\.git|data|ent/generated|graph/generated)$|(^|/)(node_modules|\.cache)$`)

// houseGo parses every hand-written Go file once for all tests.
var houseGo = sync.OnceValues(func() ([]houseFile, error) {
	var files []houseFile
	err := houseWalk(func(path, text string) error {
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err == nil && !ast.IsGenerated(parsed) {
			files = append(files, houseFile{path, text, parsed, fset})
		}
		return err
	})
	return files, err
})

func goFiles(t *testing.T) []houseFile {
	t.Helper()
	files, err := houseGo()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func houseWalk(each func(path, text string) error) error {
	return filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		path = filepath.ToSlash(path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && outside.MatchString(path):
			return fs.SkipDir
		case d.IsDir() || !d.Type().IsRegular():
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return each(path, string(b))
	})
}

// houseTable gives the cells of the first table under a heading of a page.
func houseTable(t *testing.T, page, heading string) [][]string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s: no heading %q", page, heading)
	}
	var rows [][]string
	for line := range strings.SplitSeq(rest, "\n") {
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 || strings.HasPrefix(line, "#") {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, `\|`, "\x00"), "|"), "|")
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "\x00", "|")
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("%s: no table under %q", page, heading)
	}
	return rows[2:] // without the head and its line
}

var quoted = regexp.MustCompile("`([^`]+)`")

// ticks gives what stands between backticks.
func ticks(cell string) []string {
	var out []string
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestHouseSizes(t *testing.T) {
	t.Parallel()
	perPackage := map[string]int{}
	for _, f := range goFiles(t) {
		lines, most := strings.Count(f.text, "\n"), 400
		if f.isTest() {
			most = 500
		} else if !strings.HasSuffix(f.path, ".resolvers.go") { // one for each file of the SDL
			perPackage[f.dir()]++
		}
		if lines > most {
			t.Errorf("%s: %d lines, at most %d: find its second subject and give it a file", f.path, lines, most)
		}
		if f.isTest() {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			from, to := f.fset.Position(fn.Pos()).Line, f.fset.Position(fn.End()).Line
			if n := to - from + 1; n > 50 {
				t.Errorf("%s:%d: func %s has %d lines, at most 50: name its steps", f.path, from, fn.Name.Name, n)
			}
		}
	}
	delete(perPackage, "ent/schema") // one table a file, however many tables
	for dir, n := range perPackage {
		if n > 30 {
			t.Errorf("%s: %d files, at most 30: look for a second subject", dir, n)
		}
	}
}

// TestHouseResolvers keeps rules out of the edge: a resolver asks a domain.
func TestHouseResolvers(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if !strings.HasSuffix(f.path, ".resolvers.go") {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			at := f.fset.Position(fn.Pos())
			if fn.Recv == nil {
				t.Errorf("%s: func %s: a helper belongs to a domain, or to a file of graph without .resolvers", at, fn.Name.Name)
			}
			if n := f.fset.Position(fn.Body.Rbrace).Line - f.fset.Position(fn.Body.Lbrace).Line - 1; n > 6 {
				t.Errorf("%s: %s has %d lines, at most 6: what it decides belongs to a domain", at, fn.Name.Name, n)
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "panic" {
						t.Errorf("%s: %s is not written yet", at, fn.Name.Name)
					}
				}
				return true
			})
		}
	}
}

// forbiddenNames say nothing of what is inside.
var forbiddenNames = regexp.MustCompile(`(^|_)(utils?|commons?|helpers?|base|managers?|types?|models?|misc|stuff)(_|$)`)

func TestHouseNames(t *testing.T) {
	t.Parallel()
	kept := map[string]bool{
		"graph/base.resolvers.go": true, // gqlgen names it after schema/base.graphqls
	}
	for _, f := range goFiles(t) {
		name, _, _ := strings.Cut(filepath.Base(f.path), ".")
		if forbiddenNames.MatchString(strings.TrimSuffix(name, "_test")) && !kept[f.path] {
			t.Errorf("%s: name the file after what is in it", f.path)
		}
		if forbiddenNames.MatchString(strings.TrimSuffix(f.ast.Name.Name, "_test")) {
			t.Errorf("%s: name package %s after what it holds", f.path, f.ast.Name.Name)
		}
	}
}

// leftovers are patterns that no kept file may hold; they are written so that
// this file does not hold them either.
var leftovers = map[string]*regexp.Regexp{
	"finish it, or write an issue":                     regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`),
	"a path of somebody's machine: use a relative one": regexp.MustCompile(`(^|[\s"'=(:` + "`" + `])/(work|root|home)/`),
	"a registry belongs to the machine, not the tree":  regexp.MustCompile(`(?m)^\s*(registry\s*=|(export )?GO(PROXY|NOSUMDB|NOSUMCHECK)=)|"resolved": "https?://[^"]*"|index-` + `url`),
}

func TestHouseLeftovers(t *testing.T) {
	t.Parallel()
	texts := regexp.MustCompile(`\.(go|md|sql|graphqls|sh|ya?ml|m?js|jsx|json|tmpl|txtar|mod|npmrc)$|(^|/)(Makefile|run)$`)
	err := houseWalk(func(path, text string) error {
		if !texts.MatchString(path) {
			return nil
		}
		for todo, pattern := range leftovers {
			if at := pattern.FindStringIndex(text); at != nil {
				t.Errorf("%s:%d: %q: %s", path, 1+strings.Count(text[:at[0]], "\n"), strings.TrimSpace(text[at[0]:at[1]]), todo)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// skips are the tests that may say no, with the reason.
var skips = map[string]string{
	"bench/chaos/chaos_test.go":          "it needs PostgreSQL and the signals of Linux, which make test has: there it must run",
	"internal/store/pgtest/main_test.go": "go test ./... must work where there is no PostgreSQL; make test proves it ran",
}

func TestHouseSkips(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, f := range goFiles(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok || s.Sel.Name != "Skip" && s.Sel.Name != "Skipf" && s.Sel.Name != "SkipNow" {
				return true
			}
			if x, ok := s.X.(*ast.Ident); !ok || x.Name != "t" && x.Name != "b" {
				return true
			}
			if used[f.path] = true; skips[f.path] == "" {
				t.Errorf("%s: a skipped test has not passed: run it, or give its reason in skips", f.fset.Position(n.Pos()))
			}
			return true
		})
	}
	for path := range skips {
		if !used[path] {
			t.Errorf("%s skips nothing any more: take it out of skips", path)
		}
	}
}
