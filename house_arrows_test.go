package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// leaves import nothing of ours and may be imported by everybody below.
var leaves = []string{"internal/event", "internal/fault", "internal/locale", "internal/scalar", "internal/viewer"}

var domains = []string{
	"internal/account", "internal/article", "internal/bonus", "internal/campaign", "internal/document", "internal/list", "internal/notify", "internal/order",
	"internal/paper", "internal/privacy", "internal/profile", "internal/promotion", "internal/recommend", "internal/referral", "internal/reward", "internal/support", "internal/tier", "internal/wallet", "internal/webhook",
}

// beneath are below the domains: the books, rules as data, and what people
// prove themselves by.
var beneath = []string{"internal/audience", "internal/batch", "internal/credential", "internal/gather", "internal/ledger", "internal/picture", "internal/rule"}

// arrow says what the packages under a path may import of ours; each name
// stands for itself and what is below it.
type arrow struct {
	from string
	to   []string
}

// arrows are those of ARCHITECTURE.md; the longest path that fits counts.
func arrows() []arrow {
	with := func(more ...string) []string { return append(slices.Clone(leaves), more...) }
	list := []arrow{
		{"", nil}, // main wires everything; see mayImport
		{"bench", with("internal/config", "internal/store", "internal/web", "internal/live", "internal/job", "internal/ledger", "ent", "bench")},
		{"ent", nil},
		{"ent/schema", nil},
		{"ent/migrations", nil},
		{"ent/generated", []string{"ent/generated", "ent/schema", "internal/scalar", "internal/locale"}},
		{"graph", append(with("ent/generated", "graph/generated", "internal/audience", "internal/gather"), domains...)},
		{"graph/generated", append(with("ent/generated", "ent/schema", "internal/audience"), domains...)},
		{"internal/compiled", append(with("ent/generated", "graph/generated", "internal/store", "internal/live"), domains...)},
		{"internal/demo", append(with("ent/generated", "internal/store", "internal/audience", "internal/demo/outbox"), domains...)},
		{"internal/config", []string{"internal/fault", "internal/locale"}},
		{"internal/live", []string{"internal/event", "internal/fault"}},
		{"internal/store", with("ent/generated", "ent/migrations", "internal/store")},
		{"internal/store/storetest", with("ent/generated", "ent/migrations", "internal/store", "internal/ledger")}, // proves the books after every test
		{"internal/ledger", with("ent/generated", "internal/store", "internal/ledger")},
		{"internal/rule", []string{"internal/fault", "internal/locale"}},
		{"internal/credential", []string{"internal/fault"}},
		{"internal/batch", with("ent/generated", "internal/store")},
		{"internal/gather", nil},
		{"internal/intake", append(with("ent/generated", "internal/store", "internal/batch"), domains...)},
		{"internal/picture", nil},
		{"internal/audience", with("ent/generated", "ent/schema", "internal/store", "internal/rule")},
		{"internal/job", with("internal/store")},
		{"internal/adapter", leaves},
		{"internal/adapter/telegram/telegramtest", []string{"internal/adapter/telegram"}},
		{"internal/web", []string{"internal/fault", "internal/viewer", "internal/locale", "internal/web"}},
	}
	for _, leaf := range leaves {
		list = append(list, arrow{leaf, nil})
	}
	for _, domain := range domains {
		// ent/schema only for the Go types of JSON columns, such as schema.Grant
		list = append(list, arrow{domain, append(with("ent/generated", "ent/schema", "internal/store", "internal/live", "internal/job", domain), beneath...)})
	}
	return list
}

// entSchemaMay is all that a table's description may import.
var entSchemaMay = []string{"entgo.io/", "github.com/google/uuid"}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestHouseArrows(t *testing.T) {
	t.Parallel()
	rules := arrows()
	for _, p := range packages(t) {
		from := ours(p.ImportPath)
		rule, ok := ruleOf(rules, from)
		if !ok {
			t.Errorf("%s: no arrow is drawn for it: add it to house_arrows_test.go, .golangci.yml and ARCHITECTURE.md", from)
			continue
		}
		for _, imported := range p.Imports {
			switch {
			case imported != "kabinet" && !strings.HasPrefix(imported, "kabinet/"):
				if from == "ent/schema" && strings.Contains(strings.Split(imported, "/")[0], ".") && !under(entSchemaMay, imported) {
					t.Errorf("ent/schema -> %s: a table's description imports entgo.io and google/uuid alone", imported)
				}
			case !mayImport(rule, from, ours(imported)):
				t.Errorf("%s -> %s: this arrow does not exist: %s", from, ours(imported), instead(from, ours(imported)))
			}
		}
	}
}

// ours is a package's path in the tree, empty for main.
func ours(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, "kabinet"), "/")
}

func ruleOf(rules []arrow, from string) (best arrow, ok bool) {
	for _, r := range rules {
		if r.from == from || r.from != "" && strings.HasPrefix(from, r.from+"/") {
			if !ok || len(r.from) > len(best.from) {
				best, ok = r, true
			}
		}
	}
	return best, ok
}

func mayImport(rule arrow, from, to string) bool {
	if from == "" {
		return true
	}
	return slices.ContainsFunc(rule.to, func(allowed string) bool {
		return to == allowed || strings.HasPrefix(to, allowed+"/")
	})
}

func under(prefixes []string, path string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(path, p) })
}

func instead(from, to string) string {
	domain := func(path string) bool {
		return slices.ContainsFunc(domains, func(d string) bool { return path == d || strings.HasPrefix(path, d+"/") })
	}
	switch {
	case domain(from) && domain(to):
		return "tell a fact of internal/event, or take a func that server.go fills"
	case to == "graph" || strings.HasPrefix(to, "graph/") || to == "internal/compiled":
		return "only main imports " + to
	case strings.HasPrefix(to, "internal/adapter"):
		return "name the func you need and let server.go hand the adapter in"
	case strings.HasPrefix(from, "internal/web"):
		return "let server.go hand a func to web"
	}
	return "see ARCHITECTURE.md, Arrows"
}
