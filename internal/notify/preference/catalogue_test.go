package preference_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kabinet/internal/account"
	"kabinet/internal/locale"
	"kabinet/internal/notify/preference"
)

var looksLikeType = regexp.MustCompile(`^[a-z_]+\.[a-z_]*[a-z]$`)

// told are the types that hearers of internal/notify make: the texts of its
// files that look like one, but those that stand where a text is named.
func told(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../react*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	found := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[ast.Expr]bool{}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && (k.Name == "text" || k.Name == "id") {
					texts[n.Value] = true
				}
			case *ast.AssignStmt:
				for i, to := range n.Lhs {
					if s, ok := to.(*ast.SelectorExpr); ok && s.Sel.Name == "text" && i < len(n.Rhs) {
						texts[n.Rhs[i]] = true
					}
				}
			case *ast.BasicLit:
				typ, err := strconv.Unquote(n.Value)
				if n.Kind == token.STRING && err == nil && looksLikeType.MatchString(typ) && !texts[n] && !strings.HasPrefix(typ, "notify.") {
					found[typ] = filepath.Base(file)
				}
			}
			return true
		})
	}
	for _, change := range account.Changes {
		found["security."+string(change)] = "account.Changes"
	}
	return found
}

// Every type that a hearer makes stands in the catalogue, and the other way round.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	found, seen := told(t), map[string]bool{}
	for typ, where := range found {
		if _, known := preference.TypeOf(typ); !known {
			t.Errorf("%s makes %s: put it into catalogue.go", where, typ)
		}
	}
	for _, k := range preference.Types() {
		if seen[k.Type] {
			t.Errorf("%s stands twice", k.Type)
		}
		if seen[k.Type] = true; (found[k.Type] == "") != k.Sent {
			t.Errorf("%s: no hearer makes it, or one does and it is said to be sent", k.Type)
		}
		if k.Required && k.Commercial || !slices.Contains(k.Channels, preference.InApp) || k.Topic == "" || k.Severity == "" {
			t.Errorf("%+v cannot be", k)
		}
		for _, lang := range locale.Supported() {
			if name := (preference.Setting{Kind: k}).Name(lang); name == k.Type || name == "" {
				t.Errorf("%s has no name in %s", k.Type, lang)
			}
		}
	}
	if len(seen) < 100 {
		t.Errorf("%d types", len(seen))
	}
}

// What a text of internal/locale names is a variable of its type.
func TestVariables(t *testing.T) {
	t.Parallel()
	for _, k := range preference.Types() {
		if slices.Contains(k.Variables, "date") {
			t.Errorf("%s: every type has date", k.Type)
		}
		for _, lang := range locale.Supported() {
			params := map[string]any{"count": 3}
			for _, name := range append(slices.Clone(k.Variables), "date") {
				if name != "count" {
					params[name] = "<" + name + ">"
				}
			}
			for _, part := range []string{".title", ".body"} {
				id := "notify." + k.Type + part
				if strings.HasPrefix(k.Type, "security.") {
					id = k.Type + part
				}
				if text := locale.Text(lang, id, params); locale.Has(id) && strings.Contains(text, "<no value>") {
					t.Errorf("%s: %s names what is not among its variables: %s", id, lang, text)
				}
			}
		}
	}
}
