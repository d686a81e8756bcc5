package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The step inputMaps takes away what this function of gqlgen reads.
func TestNobodyUnmarshalsInputFromTheContext(t *testing.T) {
	t.Parallel()
	const name = "UnmarshalInputFrom" + "Context"
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "graphql."+name) {
			t.Errorf("%s calls graphql.%s: strike the step inputMaps from process.go first", path, name)
		}
		seen++
		return err
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d files read: %v", seen, err)
	}
}
