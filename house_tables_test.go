package main

import (
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/migrate"
	"kabinet/internal/store"
)

// entTypes are ent's types by name: the clients of the generated client.
func entTypes() map[string]bool {
	types := map[string]bool{}
	for client := reflect.TypeOf(ent.Client{}); len(types) == 0; {
		for i := range client.NumField() {
			name, isClient := strings.CutSuffix(client.Field(i).Type.String(), "Client")
			if isClient && strings.HasPrefix(name, "*generated.") {
				types[strings.TrimPrefix(name, "*generated.")] = true
			}
		}
	}
	return types
}

func TestHouseScopes(t *testing.T) {
	t.Parallel()
	types := entTypes()
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if _, ok := store.Scopes[name]; !ok { // security F11
			t.Errorf("internal/store/scope.go: say whose a row of %s is: add it to Scopes", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(store.Scopes)) {
		if !types[name] {
			t.Errorf("internal/store/scope.go: there is no type %s: take it out of Scopes", name)
		}
	}
	if len(types) != len(migrate.Tables) {
		t.Errorf("%d types, %d tables: mend entTypes", len(types), len(migrate.Tables))
	}
}

var createTable = regexp.MustCompile("(?i)CREATE TABLE (?:IF NOT EXISTS )?[`\"]?(\\w+)")

// plainTables are those of the migrations that ent does not know.
func plainTables(t *testing.T) []string {
	t.Helper()
	byEnt := map[string]bool{}
	for _, table := range migrate.Tables {
		byEnt[table.Name] = true
	}
	found := map[string]bool{}
	files, err := filepath.Glob("ent/migrations/*/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range createTable.FindAllStringSubmatch(string(b), -1) {
			if !byEnt[m[1]] && !strings.HasPrefix(m[1], "new_") { // a copy, to change a table on SQLite
				found[m[1]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// writers reads "Who writes which table": table -> the directories that do.
func writers(t *testing.T) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for _, row := range houseTable(t, "ARCHITECTURE.md", "## Who writes which table") {
		for _, table := range ticks(row[0]) {
			rows[table] = append(rows[table], ticks(row[1])...)
		}
	}
	return rows
}

func TestHouseTables(t *testing.T) {
	t.Parallel()
	rows := writers(t)
	known := plainTables(t)
	for _, table := range migrate.Tables {
		known = append(known, table.Name)
	}
	for _, table := range known {
		if len(rows[table]) == 0 {
			t.Errorf("ARCHITECTURE.md: add a row for `%s` to Who writes which table", table)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(rows)) {
		if !slices.Contains(known, table) && !strings.HasPrefix(table, "river_") && table != "goose_db_version" {
			t.Errorf("ARCHITECTURE.md: there is no table `%s`: take its row out", table)
		}
		for _, dir := range rows[table] {
			if _, err := os.Stat(dir); err != nil {
				t.Errorf("ARCHITECTURE.md: `%s` writes `%s`, but there is no such directory", dir, table)
			}
		}
	}
}

// entWrites are the methods of a type's client that begin a write.
var entWrites = []string{"Create", "CreateBulk", "MapCreateBulk", "Update", "UpdateOne", "UpdateOneID", "Delete", "DeleteOne", "DeleteOneID"}

var sqlWrites = regexp.MustCompile("\\b(?:INSERT INTO|UPDATE|DELETE FROM)\\s+[`\"]?([a-z][a-z_]+)")

func TestHouseWriters(t *testing.T) {
	t.Parallel()
	rows, tableOf := writers(t), map[string]string{}
	types := slices.Sorted(maps.Keys(entTypes()))
	for _, table := range migrate.Tables {
		for _, name := range types {
			if strings.ReplaceAll(table.Name, "_", "") == plural(strings.ToLower(name)) {
				tableOf[name] = table.Name
			}
		}
	}
	if len(tableOf) != len(types) {
		t.Fatalf("%d of %d types have a table: mend plural", len(tableOf), len(types))
	}
	for _, f := range goFiles(t) {
		dir := f.dir()
		if f.isTest() || strings.HasSuffix(dir, "test") || strings.HasPrefix(dir, "bench") {
			continue // they make what they look at
		}
		wrote := func(table string, n ast.Node) {
			if dirs := rows[table]; len(dirs) > 0 && !slices.Contains(dirs, dir) {
				t.Errorf("%s: %s writes `%s`, which is written by %s alone: tell a fact or take a func; else change ARCHITECTURE.md, Who writes which table",
					f.fset.Position(n.Pos()), dir, table, strings.Join(dirs, ", "))
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if of, ok := n.X.(*ast.SelectorExpr); ok && reachesTables(f) && slices.Contains(entWrites, n.Sel.Name) && tableOf[of.Sel.Name] != "" {
					wrote(tableOf[of.Sel.Name], n)
				}
			case *ast.BasicLit:
				for _, m := range sqlWrites.FindAllStringSubmatch(n.Value, -1) {
					wrote(strings.ToLower(m[1]), n)
				}
			}
			return true
		})
	}
}

// reachesTables says that a file may hold a client of ent at all.
func reachesTables(f houseFile) bool {
	return strings.Contains(f.text, `"kabinet/ent/generated"`) || strings.Contains(f.text, `"kabinet/internal/store"`) || f.dir() == "internal/store"
}

// plural is ent's rule as far as our names need it.
func plural(name string) string {
	switch {
	case strings.HasSuffix(name, "series"):
		return name
	case strings.HasSuffix(name, "address"), strings.HasSuffix(name, "search"):
		return name + "es"
	case strings.HasSuffix(name, "y") && !strings.HasSuffix(name, "ey"):
		return strings.TrimSuffix(name, "y") + "ies"
	}
	return name + "s"
}

// TestHouseRooms wants a row for every directory of Go files.
func TestHouseRooms(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, row := range houseTable(t, "ARCHITECTURE.md", "## Rooms") {
		for _, dir := range ticks(row[0]) {
			rows[strings.TrimSuffix(dir, "/")] = true
		}
	}
	dirs := map[string]bool{}
	for _, f := range goFiles(t) {
		if strings.HasPrefix(f.path, "internal/") && !strings.Contains(f.path, "/testdata/") {
			dirs[f.dir()] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if !rows[dir] {
			t.Errorf("ARCHITECTURE.md: add a row for `%s/` to Rooms", dir)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(rows)) {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("ARCHITECTURE.md: there is no `%s`: take its row out of Rooms", dir)
		}
	}
}

// TestHouseAsSystem wants every step past the fence to be listed.
func TestHouseAsSystem(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, row := range houseTable(t, "ARCHITECTURE.md", "## Who may act as the system") {
		for _, file := range ticks(row[0]) {
			for _, name := range ticks(row[1]) {
				rows[file+" as "+name] = true
			}
		}
	}
	used := map[string]bool{}
	for _, call := range systemCalls(t) {
		if seen := used[call.row]; !seen && !rows[call.row] { // security F13
			t.Errorf("%s: a step past the fence: list `%s` in ARCHITECTURE.md, Who may act as the system, with the reason", call.at, call.row)
		}
		used[call.row] = true
	}
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		if !used[row] {
			t.Errorf("ARCHITECTURE.md: `%s` does not happen any more: take it out", row)
		}
	}
}

// systemCall is one viewer.AsSystem: "file as name".
type systemCall struct{ row, at string }

// systemCalls finds them, and the calls of a package's own asSystem.
func systemCalls(t *testing.T) (calls []systemCall) {
	t.Helper()
	wrapped := map[string]string{} // directory -> the name that its asSystem gives
	for range 2 {                  // the wrappers first, then their callers
		calls = nil
		for _, f := range goFiles(t) {
			if f.isTest() || f.path == "internal/viewer/viewer.go" || strings.HasSuffix(f.dir(), "storetest") || strings.HasPrefix(f.path, "bench/") {
				continue
			}
			within := ""
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if fn, ok := n.(*ast.FuncDecl); ok {
					within = fn.Name.Name
				}
				name, ok := systemName(n, wrapped[f.dir()])
				if ok && within == "asSystem" {
					wrapped[f.dir()] = name
				}
				if ok {
					calls = append(calls, systemCall{f.path + " as " + name, f.fset.Position(n.Pos()).String()})
				}
				return true
			})
		}
	}
	return calls
}

func systemName(n ast.Node, wrapped string) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	if fn, ok := call.Fun.(*ast.Ident); ok && fn.Name == "asSystem" {
		return wrapped, true
	}
	if s, ok := call.Fun.(*ast.SelectorExpr); !ok || s.Sel.Name != "AsSystem" || len(call.Args) != 2 {
		return "", false
	}
	if lit, ok := call.Args[1].(*ast.BasicLit); ok {
		return strings.Trim(lit.Value, `"`), true
	}
	return "…", true // not a literal
}
