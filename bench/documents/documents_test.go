package documents

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Every document that kabinet is asked is one that its SDL allows.
func TestDocumentsFitTheSDL(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../schema/*.graphqls")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	var sources []*ast.Source
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: path, Input: string(b)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".graphql"); ok {
			checked++
			if _, err := gqlparser.LoadQueryWithRules(schema, Text(name), nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if checked < 9 {
		t.Errorf("%d documents", checked)
	}
}
