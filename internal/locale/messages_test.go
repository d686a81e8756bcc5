package locale

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
)

// raw reads a language's files as they are: id, then form ("other" for a text
// without forms), then template.
func raw(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	names, err := fs.Glob(messages, "messages/"+lang+"/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(messages, name)
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]any
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for id, v := range file {
			if _, twice := all[id]; twice {
				t.Errorf("%s: %s is there twice", name, id)
			}
			switch v := v.(type) {
			case string:
				all[id] = map[string]string{"other": v}
			case map[string]any:
				all[id] = map[string]string{}
				for form, text := range v {
					s, ok := text.(string)
					if !ok {
						t.Errorf("%s: %s.%s is no text: nest nothing", name, id, form)
					}
					all[id][form] = s
				}
			default:
				t.Errorf("%s: %s is neither a text nor plural forms", name, id)
			}
		}
	}
	return all
}

// pluralForms are what a text with forms must have.
var pluralForms = map[string][]string{
	English: {"one", "other"},
	Russian: {"few", "many", "one", "other"},
}

var param = regexp.MustCompile(`\.[A-Za-z]\w*`)

// params are the names that the templates of a message use.
func params(forms map[string]string) string {
	var names []string
	for _, text := range forms {
		for _, action := range regexp.MustCompile(`\{\{.*?\}\}`).FindAllString(text, -1) {
			names = append(names, param.FindAllString(action, -1)...)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

func TestLanguagesAreEquallyComplete(t *testing.T) {
	t.Parallel()
	english := raw(t, English)
	for _, lang := range Supported() {
		these := raw(t, lang)
		for id := range english {
			if these[id] == nil {
				t.Errorf("%s has no text for %s", lang, id)
			}
		}
		for id, forms := range these {
			if english[id] == nil {
				t.Errorf("%s: %s has no English", lang, id)
				continue
			}
			if got, want := params(forms), params(english[id]); got != want {
				t.Errorf("%s: %s uses %q, English %q", lang, id, got, want)
			}
		}
		if got, want := len(IDs(lang)), len(these); got != want {
			t.Errorf("%s: %d ids loaded of %d in the files", lang, got, want)
		}
	}
}

func TestEveryTemplateParses(t *testing.T) {
	t.Parallel()
	for _, lang := range Supported() {
		for id, forms := range raw(t, lang) {
			if len(forms) > 1 {
				var got []string
				for form := range forms {
					got = append(got, form)
				}
				if slices.Sort(got); !slices.Equal(got, pluralForms[lang]) {
					t.Errorf("%s: %s has the forms %v, want %v", lang, id, got, pluralForms[lang])
				}
			}
			for form, text := range forms {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s: %s.%s is empty", lang, id, form)
				}
				if _, err := template.New(id).Parse(text); err != nil {
					t.Errorf("%s: %s.%s: %v", lang, id, form, err)
				}
			}
		}
	}
}

// TestEveryFaultHasATextThatNeedsNoParams: a fault without params, and all of
// fault.go is such, still reads well.
func TestEveryFaultHasATextThatNeedsNoParams(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../fault/fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if name, ok := call.Fun.(*ast.Ident); !ok || name.Name != "New" {
			return true
		}
		if lit, ok := call.Args[1].(*ast.BasicLit); ok {
			code, _ := strconv.Unquote(lit.Value)
			codes = append(codes, code)
		}
		return true
	})
	if len(codes) < 18 {
		t.Fatalf("found only %v in fault.go", codes)
	}
	for _, code := range codes {
		for _, lang := range Supported() {
			text := ErrorMessage(lang, code, nil)
			if !loaded().ids[lang]["fault."+code] || strings.ContainsAny(text, "…{}<>") || strings.Contains(text, code) {
				t.Errorf("%s: %s reads %q", lang, code, text)
			}
		}
	}
}
