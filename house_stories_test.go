package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"golang.org/x/tools/txtar"
)

// callers are who appears in stories, by what they stand for.
var callers = map[string]string{
	"nobody": "nobody", "alice": "customer", "bob": "customer", "carol": "customer", "erin": "customer",
	"staff": "staff", "support": "staff",
}

var (
	storyActor = regexp.MustCompile(`(?m)^\s*#\s*as\s+(\w+)`)
	storyToken = regexp.MustCompile(`(?m)^\s*#\s*token\s+\S+\s+as\s+(\w+)`)
	storyValue = regexp.MustCompile(`{{\w+}}`)
)

// seen is who calls a root field in the stories.
type seen map[string]map[string]bool // "Mutation.signIn" -> actor

func storyCalls(t *testing.T) seen {
	t.Helper()
	files, err := filepath.Glob("graph/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	calls := seen{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		made := map[string]bool{} // sessions of the story, which stand for nobody new
		for _, m := range storyToken.FindAllSubmatch(b, -1) {
			made[string(m[1])] = true
		}
		for _, step := range txtar.Parse(b).Files {
			if !strings.HasSuffix(step.Name, ".graphql") {
				continue
			}
			actor := "nobody"
			if m := storyActor.FindStringSubmatch(string(step.Data)); m != nil {
				actor = m[1]
			}
			if callers[actor] == "" && !made[actor] {
				t.Errorf("%s: %s: %q is nobody we know: see graph/testdata/README.md", filepath.Base(file), step.Name, actor)
			}
			doc, err := parser.ParseQuery(&ast.Source{Name: step.Name, Input: storyValue.ReplaceAllString(string(step.Data), "null")})
			if err != nil {
				t.Errorf("%s: %s does not parse: %v", filepath.Base(file), step.Name, err)
				continue
			}
			for _, op := range doc.Operations {
				root := strings.ToUpper(string(op.Operation[:1])) + string(op.Operation[1:])
				calls.note(doc, root, op.SelectionSet, actor)
			}
		}
	}
	return calls
}

func (s seen) note(doc *ast.QueryDocument, root string, set ast.SelectionSet, actor string) {
	for _, selection := range set {
		switch x := selection.(type) {
		case *ast.Field:
			key := root + "." + x.Name
			if s[key] == nil {
				s[key] = map[string]bool{}
			}
			s[key][actor] = true
		case *ast.InlineFragment:
			s.note(doc, root, x.SelectionSet, actor)
		case *ast.FragmentSpread:
			if f := doc.Fragments.ForName(x.Name); f != nil {
				s.note(doc, root, f.SelectionSet, actor)
			}
		}
	}
}

// TestHouseStories wants each root field to be called by nobody, by two
// different customers (the owner and another) and by staff.
func TestHouseStories(t *testing.T) { // security F2
	t.Parallel()
	schema, calls := sdl(t), storyCalls(t)
	for _, root := range roots(schema) {
		for _, f := range own(root.Fields) {
			key := root.Name + "." + f.Name
			count := map[string]int{}
			for actor := range calls[key] {
				count[callers[actor]]++
			}
			var missing []string
			if count["nobody"] == 0 {
				missing = append(missing, "nobody")
			}
			switch count["customer"] {
			case 0:
				missing = append(missing, "the owner", "another customer")
			case 1:
				missing = append(missing, "another customer")
			}
			if count["staff"] == 0 {
				missing = append(missing, "staff")
			}
			if len(missing) == 4 {
				t.Errorf("%s: no story in graph/testdata calls %s", where(f.Position), key)
			} else if len(missing) > 0 {
				t.Errorf("%s: no story calls %s as %s", where(f.Position), key, strings.Join(missing, ", "))
			}
		}
	}
	for key := range calls {
		root, name, _ := strings.Cut(key, ".")
		i := slices.IndexFunc(roots(schema), func(d *ast.Definition) bool { return d.Name == root })
		if i < 0 || roots(schema)[i].Fields.ForName(name) == nil && !strings.HasPrefix(name, "__") {
			t.Errorf("a story calls %s, which the SDL does not have", key)
		}
	}
}
