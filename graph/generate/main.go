// Command generate makes graph/generated: it runs gqlgen, then works over what
// gqlgen wrote. It finds its places in the syntax tree and stops when one is not
// found as often as it should be, so that another gqlgen cannot undo a lever in
// silence. It owns every file of graph/generated and touches no other but the
// stubs of resolvers that gqlgen adds to graph.
//
// Run it from the root of the module:
//
//	go run ./graph/generate            # what make generate does
//	go run ./graph/generate -raw DIR   # gqlgen's own output into DIR/graph/generated
//
// The raw output is what the processed one is held against by tools/equality.sh.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

func main() {
	raw := flag.String("raw", "", "write gqlgen's own output below this `directory` and change nothing else")
	flag.Parse()
	if err := run(*raw); err != nil {
		fmt.Fprintln(os.Stderr, "graph/generate:", err)
		os.Exit(1)
	}
}

func run(raw string) error {
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		return err
	}
	cfg.SkipValidation = true // the processed code is built below
	if raw != "" {
		return generateRaw(cfg, raw)
	}
	if err := api.Generate(cfg); err != nil {
		return err
	}
	if err := process(cfg.Exec.DirName); err != nil {
		return err
	}
	build := exec.Command("go", "build", "./graph/...")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	return build.Run()
}

// generateRaw makes gqlgen believe that dir is the module, so that the files in
// it belong to the same package as those of the tree, which stay as they are.
func generateRaw(cfg *config.Config, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	out := filepath.Join(dir, "graph", "generated")
	module := filepath.Join(dir, "go.mod")
	if _, err := os.Stat(module); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s must not be there: -raw wants an empty directory", module)
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(module, []byte("module kabinet\n"), 0o666); err != nil {
		return err
	}
	cfg.Exec.DirName = out
	cfg.Model.Filename = filepath.Join(out, filepath.Base(cfg.Model.Filename))
	cfg.Resolver = config.ResolverConfig{}
	return api.Generate(cfg)
}
