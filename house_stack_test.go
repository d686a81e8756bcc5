package main

import (
	"go/ast"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// unfit are parts of our libraries that docs/security.md found wanting; each
// is a package and a name in it, or the whole package.
var unfit = map[string]string{
	"entgo.io/contrib/entgql.Transactioner":                               "it rolls counters and audit back; verbs open transactions by store.InTx", // security S7
	"github.com/99designs/gqlgen/graphql/handler.NewDefaultServer":        "it turns everything on; internal/web chooses",                            // security S5
	"github.com/99designs/gqlgen/graphql/handler/transport.POST":          "it echoes bad bodies; internal/web has its own",                          // security S3
	"github.com/99designs/gqlgen/graphql/handler/transport.GET":           "internal/web has its own",
	"github.com/99designs/gqlgen/graphql/handler/transport.MultipartForm": "files do not come through GraphQL",                               // security S4
	"github.com/99designs/gqlgen/graphql/handler/transport.Websocket":     "its close codes make clients storm; internal/web/socket",         // security S6
	"github.com/99designs/gqlgen/graphql/handler/transport.SSE":           "it ends the process on an error of a subscription",               // security S6
	"github.com/nats-io/nats.go/jetstream":                                "it acknowledges before it keeps; the database is the log",        // security S11
	"entgo.io/ent/privacy":                                                "ownership is in internal/store/scope.go and nowhere else",        // security F13
	"entgo.io/ent/entql":                                                  "filters are small and written by hand; ent's reach every column", // security S8
}

func TestHouseUnfit(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		imported := map[string]string{} // the name in the file -> path
		for _, spec := range f.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := unfit[path]; why != "" {
				t.Errorf("%s: %s: %s", f.fset.Position(spec.Pos()), path, why)
			}
			name := path[strings.LastIndex(path, "/")+1:]
			if spec.Name != nil {
				name = spec.Name.Name
			}
			imported[name] = path
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok {
				if why := unfit[imported[x.Name]+"."+s.Sel.Name]; why != "" {
					t.Errorf("%s: %s.%s: %s", f.fset.Position(n.Pos()), x.Name, s.Sel.Name, why)
				}
			}
			if s.Sel.Name == "JetStream" { // security S11
				t.Errorf("%s: %s", f.fset.Position(n.Pos()), unfit["github.com/nats-io/nats.go/jetstream"])
			}
			return true
		})
	}
}

// TestHousePins holds the versions whose successors or forerunners are unfit.
func TestHousePins(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for module, pinned := range map[string]string{
		"github.com/vektah/gqlparser/v2": "v2.5.64", // security S1: before it, one body ends the process
		"github.com/99designs/gqlgen":    "v0.17.95",
		"entgo.io/ent":                   "v0.14.5",
		"entgo.io/contrib":               "v0.7.0", // security S13
	} {
		if !regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module+" "+pinned) + `\b`).Match(b) {
			t.Errorf("go.mod: %s is pinned at %s: read docs/security.md and docs/adr before it moves", module, pinned)
		}
	}
	// security S13: a mixture of River's modules does not compile, or worse.
	for _, m := range regexp.MustCompile(`(?m)^\s*(github\.com/riverqueue/river\S*) (v\S+)`).FindAllStringSubmatch(string(b), -1) {
		if m[2] != "v0.34.0" {
			t.Errorf("go.mod: %s %s: all modules of River are v0.34.0", m[1], m[2])
		}
	}
}

// TestHouseNoWhereInputs keeps generated filters out of the contract.
func TestHouseNoWhereInputs(t *testing.T) { // security S8 F4
	t.Parallel()
	for _, d := range definitions(sdl(t)) {
		if strings.HasSuffix(d.Name, "WhereInput") || d.Fields.ForName("not") != nil {
			t.Errorf("%s: %s: filters are small inputs written by hand, over visible fields", where(d.Position), d.Name)
		}
	}
}
