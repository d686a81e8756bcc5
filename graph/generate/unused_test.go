package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The step inputMaps takes away what this function of gqlgen reads. entgql
// calls it for a list with a where-input, and such lists are not generated.
func TestNobodyUnmarshalsInputFromTheContext(t *testing.T) {
	t.Parallel()
	const name = "graphql.UnmarshalInputFromContext"
	seen, ents := 0, 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || filepath.ToSlash(filepath.Dir(path)) == "../../graph/generate" {
			return err
		}
		b, err := os.ReadFile(path)
		text := string(b)
		seen++
		switch {
		case !strings.Contains(text, name):
		case filepath.ToSlash(path) == "../../ent/generated/gql_collection.go":
			ents++
			if strings.Count(text, name) != 1 || strings.Count(text, "fieldArgs(ctx, ") != strings.Count(text, "fieldArgs(ctx, nil, ") {
				t.Errorf("%s has a where-input: strike the step inputMaps from process.go", path)
			}
		default:
			t.Errorf("%s calls %s: strike the step inputMaps from process.go", path, name)
		}
		return err
	})
	if err != nil || seen < 100 || ents != 1 {
		t.Fatalf("%d files read, %d of entgql: %v", seen, ents, err)
	}
}
