package main

import (
	goast "go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// sdl is the contract in schema/, as one schema.
func sdl(t *testing.T) *ast.Schema {
	t.Helper()
	paths, err := filepath.Glob("schema/*.graphqls")
	if err != nil || len(paths) == 0 {
		t.Fatal("no schema", err)
	}
	var sources []*ast.Source
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: filepath.ToSlash(path), Input: string(b)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// definitions are the types that this tree declares.
func definitions(schema *ast.Schema) []*ast.Definition {
	var defs []*ast.Definition
	for _, d := range schema.Types {
		if !d.BuiltIn {
			defs = append(defs, d)
		}
	}
	slices.SortFunc(defs, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return defs
}

func own(fields ast.FieldList) ast.FieldList {
	return slices.DeleteFunc(slices.Clone(fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
}

func roots(schema *ast.Schema) []*ast.Definition {
	return []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription}
}

// where is file and line, so that an editor can go there.
func where(p *ast.Position) string {
	if p == nil || p.Src == nil {
		return "schema"
	}
	return p.Src.Name + ":" + strconv.Itoa(p.Line)
}

func TestHouseDescriptions(t *testing.T) {
	t.Parallel()
	schema := sdl(t)
	described := func(text, what string, p *ast.Position) {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s: describe %s", where(p), what)
		}
	}
	for _, d := range definitions(schema) {
		described(d.Description, d.Name, d.Position)
		for _, f := range own(d.Fields) {
			described(f.Description, d.Name+"."+f.Name, f.Position)
			for _, a := range f.Arguments {
				if a.Name == "input" && d == schema.Mutation {
					continue // its type says it
				}
				described(a.Description, d.Name+"."+f.Name+"("+a.Name+":)", a.Position)
			}
		}
		for _, v := range d.EnumValues {
			described(v.Description, d.Name+"."+v.Name, v.Position)
		}
	}
	for _, d := range schema.Directives {
		if d.Position == nil || d.Position.Src.BuiltIn {
			continue
		}
		described(d.Description, "@"+d.Name, d.Position)
		for _, a := range d.Arguments {
			described(a.Description, "@"+d.Name+"("+a.Name+":)", a.Position)
		}
	}
}

var (
	upperSnake = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
	vagueTypes = regexp.MustCompile(`(List|Info|Data)$`)
)

func TestHouseSDLNames(t *testing.T) {
	t.Parallel()
	for _, d := range definitions(sdl(t)) {
		if vagueTypes.MatchString(d.Name) && d.Name != "PageInfo" && d.Name != "ShoppingList" { // Relay's, and what people call it
			t.Errorf("%s: %s: a type is named by a word of the business, without List, Info or Data", where(d.Position), d.Name)
		}
		for _, v := range d.EnumValues {
			if !upperSnake.MatchString(v.Name) {
				t.Errorf("%s: %s.%s: write enum values in UPPER_SNAKE", where(v.Position), d.Name, v.Name)
			}
		}
	}
}

func TestHouseRootFields(t *testing.T) {
	t.Parallel()
	schema := sdl(t)
	for _, root := range roots(schema) {
		for _, f := range own(root.Fields) {
			if f.Directives.ForName("access") == nil { // security F2
				t.Errorf("%s: %s.%s: say who may call it: @access(audience: […])", where(f.Position), root.Name, f.Name)
			}
		}
	}
	for _, f := range own(schema.Mutation.Fields) {
		name := strings.ToUpper(f.Name[:1]) + f.Name[1:]
		if n := len(f.Arguments); n > 1 || n == 1 && f.Arguments[0].Name != "input" {
			t.Errorf("%s: %s takes one argument, input: %sInput!, or none", where(f.Position), f.Name, name)
		}
		if n := len(f.Arguments); n == 1 && strings.TrimSuffix(f.Arguments[0].Type.String(), "!") != name+"Input" {
			t.Errorf("%s: the input of %s is named %sInput", where(f.Position), f.Name, name)
		}
		payload := schema.Types[f.Type.Name()]
		if !strings.HasSuffix(payload.Name, "Payload") || !f.Type.NonNull || f.Type.Elem != nil {
			t.Errorf("%s: %s gives %sPayload!", where(f.Position), f.Name, name)
			continue
		}
		if u := payload.Fields.ForName("userErrors"); u == nil || u.Type.String() != "[UserError!]!" {
			t.Errorf("%s: %s has userErrors: [UserError!]!", where(payload.Position), payload.Name)
		}
	}
}

// alwaysThere are the fields of a payload that may be non-null: lists that are
// empty when nothing was done.
var alwaysThere = []string{"userErrors", "warnings", "results", "recoveryCodes"}

func TestHousePayloads(t *testing.T) {
	t.Parallel()
	for _, d := range definitions(sdl(t)) {
		if !strings.HasSuffix(d.Name, "Payload") {
			continue
		}
		for _, f := range d.Fields {
			if f.Type.NonNull && !slices.Contains(alwaysThere, f.Name) {
				t.Errorf("%s: %s.%s must be nullable: there is nothing to give when the mutation is refused", where(f.Position), d.Name, f.Name)
			}
		}
	}
}

// isBatch says whether an input is of many items of an outside system. Each has
// a key and a time of its own, by which it comes twice without harm, so the
// whole has none: dryRun alone.
func isBatch(t *testing.T, schema *ast.Schema, d *ast.Definition) bool {
	if !slices.ContainsFunc(d.Fields, func(f *ast.FieldDefinition) bool { return f.Type.Name() == "ErrorPolicy" }) {
		return false
	}
	for _, list := range d.Fields {
		item := schema.Types[list.Type.Name()]
		if list.Type.Elem == nil || item == nil || item.Kind != ast.InputObject {
			continue
		}
		named := slices.ContainsFunc([]string{"external", "product", "sku"}, func(name string) bool {
			key := item.Fields.ForName(name)
			return key != nil && key.Type.NonNull
		})
		if !named || item.Fields.ForName("sourceUpdatedAt") == nil {
			t.Errorf("%s: an item of %s is known by its key and its sourceUpdatedAt, or coming twice does harm", where(item.Position), d.Name)
		}
	}
	return true
}

func TestHouseIdempotency(t *testing.T) {
	t.Parallel()
	schema := sdl(t)
	for _, d := range definitions(schema) {
		if d.Kind != ast.InputObject {
			continue
		}
		key, dry := d.Fields.ForName("idempotencyKey"), d.Fields.ForName("dryRun")
		if isBatch(t, schema, d) {
			if key != nil || dry == nil || dry.Type.String() != "Boolean" {
				t.Errorf("%s: %s: a batch has dryRun: Boolean, and no key of its own", where(d.Position), d.Name)
			}
			continue
		}
		if (key == nil) != (dry == nil) {
			t.Errorf("%s: %s: idempotencyKey and dryRun come together", where(d.Position), d.Name)
			continue
		}
		if key != nil && (key.Type.String() != "String!" || dry.Type.String() != "Boolean" || dry.DefaultValue == nil) {
			t.Errorf("%s: %s: write idempotencyKey: String! and dryRun: Boolean = false", where(d.Position), d.Name)
		}
	}
}

func TestHouseConnections(t *testing.T) {
	t.Parallel()
	schema := sdl(t)
	for _, d := range definitions(schema) {
		if node, ok := strings.CutSuffix(d.Name, "Connection"); ok {
			hasField(t, d, "edges", "["+node+"Edge!]!")
			hasField(t, d, "nodes", "["+node+"!]!")
			hasField(t, d, "pageInfo", "PageInfo!")
			hasField(t, d, "totalCount", "Int!")
		}
		if node, ok := strings.CutSuffix(d.Name, "Edge"); ok {
			hasField(t, d, "node", node+"!")
			hasField(t, d, "cursor", "Cursor!")
		}
		for _, f := range own(d.Fields) {
			if !strings.HasSuffix(f.Type.Name(), "Connection") {
				continue
			}
			if f.Type.NonNull == (d == schema.Query) {
				t.Errorf("%s: %s.%s: a list is never null, but for a root field, which is null where it is refused", where(f.Position), d.Name, f.Name)
			}
			for arg, typ := range map[string]string{"after": "Cursor", "before": "Cursor", "first": "Int", "last": "Int"} {
				if a := f.Arguments.ForName(arg); a == nil || a.Type.String() != typ {
					t.Errorf("%s: %s.%s takes %s: %s", where(f.Position), d.Name, f.Name, arg, typ)
				}
			}
		}
	}
}

func hasField(t *testing.T, d *ast.Definition, name, typ string) {
	t.Helper()
	if f := d.Fields.ForName(name); f == nil || f.Type.String() != typ {
		t.Errorf("%s: %s has %s: %s", where(d.Position), d.Name, name, typ)
	}
}

// TestHouseAutobind wants one Go type behind a name: gqlgen takes the first it
// finds, so a new type of another domain may take a name away without a word.
func TestHouseAutobind(t *testing.T) {
	t.Parallel()
	config, err := os.ReadFile("gqlgen.yml")
	if err != nil {
		t.Fatal(err)
	}
	holders := map[string][]string{}
	for name := range entTypes() {
		holders[name] = []string{"ent/generated"}
	}
	for _, f := range goFiles(t) {
		if f.isTest() || !strings.Contains(string(config), "  - kabinet/"+f.dir()+"\n") {
			continue
		}
		goast.Inspect(f.ast, func(n goast.Node) bool {
			if spec, ok := n.(*goast.TypeSpec); ok {
				holders[spec.Name.Name] = append(holders[spec.Name.Name], f.dir())
			}
			_, isFunc := n.(*goast.FuncDecl)
			return !isFunc
		})
	}
	for _, d := range definitions(sdl(t)) {
		if dirs := holders[d.Name]; len(dirs) > 1 && !strings.Contains(string(config), "\n  "+d.Name+": {") {
			t.Errorf("gqlgen.yml: %s is a type of %s: name the model of %s, or rename the others", d.Name, strings.Join(dirs, " and "), d.Name)
		}
	}
}
