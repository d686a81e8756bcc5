//go:build ignore

// The generator of ent/generated: entgql's templates, patched by anchored
// replacements that fail when an anchor is not found exactly once.
package main

import (
	"bytes"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	stored "kabinet/ent/template"
)

// patch replaces one anchor of a template.
type patch struct{ old, new string }

var pagination = []patch{
	// Cursors carry their list and sort: internal/scalar owns the codec.
	{"Cursor = entgql.Cursor[{{ $idType }}]", "Cursor = scalar.Cursor"},
	{`"github.com/vmihailenco/msgpack/v5"`, `"kabinet/internal/scalar"`},
	// The fields of a connection are found by name, so that an alias of
	// edges or nodes does not make the list look unselected.
	{"if f.Alias == name {", "if f.Alias == name && !connectionField(name) || f.Name == name && connectionField(name) {"},
	{"const (\n\t{{- range $field := list \"edges\" \"node\" \"pageInfo\" \"totalCount\" }}",
		`func connectionField(name string) bool {
	switch name {
	case edgesField, nodeField, nodesField, pageInfoField, totalCountField:
		return true
	}
	return false
}

// oneNodePath gives the path under which a connection's nodes are selected;
// nil when they are not, or under two paths at once: then nested edges load
// themselves, since both paths share their objects.
func oneNodePath(ctx context.Context, path ...string) []string {
	edges := append(append([]string(nil), path...), edgesField, nodeField)
	nodes := append(append([]string(nil), path...), nodesField)
	hasEdges, hasNodes := collectedField(ctx, edges...) != nil, collectedField(ctx, nodes...) != nil
	switch {
	case len(nodeFields(ctx, path...)) != 1:
		return nil
	case hasEdges && !hasNodes:
		return edges
	case hasNodes && !hasEdges:
		return nodes
	}
	return nil
}

// nodeFields gives every selection of a connection's nodes, under edges and
// under nodes, whatever they are called.
func nodeFields(ctx context.Context, path ...string) (all []graphql.CollectedField) {
	conn := collectedField(ctx, path...)
	if conn == nil {
		return nil
	}
	oc := graphql.GetOperationContext(ctx)
	for _, f := range graphql.CollectFields(oc, conn.Selections, nil) {
		switch f.Name {
		case nodesField:
			all = append(all, f)
		case edgesField:
			all = append(all, fieldsNamed(graphql.CollectFields(oc, f.Selections, nil), nodeField)...)
		}
	}
	return all
}

// noRows says that nothing of the rows themselves is selected.
func noRows(ctx context.Context, path ...string) bool {
	for _, name := range []string{edgesField, nodesField, pageInfoField} {
		if hasCollectedField(ctx, append(append([]string(nil), path...), name)...) {
			return false
		}
	}
	return true
}

const (
	{{- range $field := list "edges" "node" "nodes" "pageInfo" "totalCount" }}`},
	// Where the streams stood that tell of its changes, before it was read: by
	// the domain, where it is asked for.
	{"\tTotalCount int       `json:\"totalCount\"`\n", "\tTotalCount int       `json:\"totalCount\"`\n\tStreamPosition *string `json:\"streamPosition\"`\n"},
	{"func (c *{{ $conn }}) build(", `// Nodes are the items of the page without their cursors.
func (c *{{ $conn }}) Nodes() []*{{ $name }} {
	nodes := make([]*{{ $name }}, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

func (c *{{ $conn }}) build(`},
	// Pages hold 20 when nothing is said and 100 at most, nested lists too.
	{"func validateFirstLast(", `// pageSize is 20 when nothing is said.
func pageSize(first, last *int) *int {
	if first == nil && last == nil {
		n := 20
		return &n
	}
	return first
}

func validateFirstLast(`},
	{"const errInvalidPagination = \"INVALID_PAGINATION\"", "const errInvalidPagination = \"INVALID_REQUEST\""},
	{"case {{ $arg }} != nil && *{{ $arg }} < 0:", "case {{ $arg }} != nil && (*{{ $arg }} < 1 || *{{ $arg }} > 100):"},
	{"on a connection cannot be less than zero.", "on a connection must be between 1 and 100."},
	{`if err := validateFirstLast(first, last); err != nil {
		return nil, err
	}
	pager, err :=`, `first = pageSize(first, last)
	if err := validateFirstLast(first, last); err != nil {
		return nil, err
	}
	pager, err :=`},
	// Rows lie after one cursor and before the other, whichever end is counted
	// from: the stock template looks at both from the counted end. A value that
	// no row can have stops the query (security S8).
	{`direction := p.order.Direction
		if p.reverse {
			direction = direction.Reverse()
		}
		for _, predicate := range entgql.CursorsPredicate(after, before, {{ $defaultOrder }}.Field.column, p.order.Field.column, direction) {
			query = query.Where(predicate)
		}`, `if err := scalar.CheckPlaces(stored{{ $node.Name }}.Columns[p.order.Field.column].Kind, after, before); err != nil {
			return nil, err
		}
		for _, predicate := range scalar.Between(after, before, {{ $defaultOrder }}.Field.column, p.order.Field.column, p.order.Direction) {
			query = query.Where(predicate)
		}`},
	// No COUNT for pageInfo: the row after the page says enough.
	{"ignoredEdges := !hasCollectedField(ctx, edgesField)", "ignoredEdges := noRows(ctx)"},
	{"if hasCollectedField(ctx, totalCountField) || hasCollectedField(ctx, pageInfoField) {", "if hasCollectedField(ctx, totalCountField) {"},
	{`if field := collectedField(ctx, edgesField, nodeField); field != nil {
		if err := {{ $r }}.collectField(ctx, limit == 1, graphql.GetOperationContext(ctx), *field, []string{edgesField, nodeField}); err != nil {`,
		`if graphql.GetFieldContext(ctx) != nil {
		if err := {{ $r }}.collectNodes(ctx, graphql.GetOperationContext(ctx), nil); err != nil {`},
}

var collection = []patch{
	// The columns are those that Stored knows behind the fields asked for: the
	// stock choice by field name misses the columns behind methods.
	{"\tpath = append([]string(nil), path...)\n\t{{- $fields", `	path = append([]string(nil), path...)
	{{- with conditions $node }}
	if len(satisfies) > 0 {
		satisfies = mayAddCondition(satisfies, []string{ {{ range . }}"{{ . }}", {{ end }} })
	}
	{{- end }}
	selected := stored{{ $node.Name }}.key()
	{{- $fields`},
	{"\t\t{{- if $fields }}\n\t\tvar (\n\t\t\tunknownSeen bool\n\t\t\tfieldSeen = make(map[string]struct{}, len({{ $node.Package }}.Columns))\n\t\t\tselectedFields =\n\t\t\t{{- if $node.HasOneFieldID -}}\n\t\t\t\t[]string{ {{ $node.Package }}.{{ $node.ID.Constant }} }\n\t\t\t{{- else -}}\n\t\t\t\tmake([]string, 0, len({{ $node.Package }}.Columns))\n\t\t\t{{- end }}\n\t\t)\n\t\t{{- end }}\n\t\tfor _, field := range graphql.CollectFields(opCtx, collected.Selections, satisfies) {\n",
		"\t\tfields := graphql.CollectFields(opCtx, collected.Selections, satisfies)\n\t\tfor _, field := range fields {\n\t\t\tselected = stored{{ $node.Name }}.behind(selected, field.Name)\n"},
	{"\t\t\t\t\t\t{{- with $e.Field }}\n\t\t\t\t\t\t\tif _, ok := fieldSeen[{{ $node.Package }}.{{ .Constant }}]; !ok {\n\t\t\t\t\t\t\t\tselectedFields = append(selectedFields, {{ $node.Package }}.{{ .Constant }})\n\t\t\t\t\t\t\t\tfieldSeen[{{ $node.Package }}.{{ .Constant }}] = struct{}{}\n\t\t\t\t\t\t\t}\n\t\t\t\t\t\t{{- end }}\n", ""},
	{"\t\t\t\t{{- range $f := $fields }}\n\t\t\t\t\t{{- with fieldMapping $f }}\n\t\t\t\t\t\tcase {{ range $i, $m := . }}{{ if $i }}, {{ end }}\"{{ $m }}\"{{ end }}:\n\t\t\t\t\t\t\tif _, ok := fieldSeen[{{ $node.Package }}.{{ $f.Constant }}]; !ok {\n\t\t\t\t\t\t\t\tselectedFields = append(selectedFields, {{ $node.Package }}.{{ $f.Constant }})\n\t\t\t\t\t\t\t\tfieldSeen[{{ $node.Package }}.{{ $f.Constant }}] = struct{}{}\n\t\t\t\t\t\t\t}\n\t\t\t\t\t{{- end }}\n\t\t\t\t{{- end }}\n\t\t\t\t{{- if $fields }}\n\t\t\t\t\t{{- if $node.HasOneFieldID -}}\n\t\t\t\t\t\t{{- with fieldMapping $node.ID }}\n\t\t\t\t\t\tcase {{ range $i, $m := . }}{{ if $i }}, {{ end }}\"{{ $m }}\"{{ end }}:\n\t\t\t\t\t\t{{- end }}\n\t\t\t\t\t{{- end -}}\n\t\t\t\tcase \"__typename\":\n\t\t\t\tdefault:\n\t\t\t\t\tunknownSeen = true\n\t\t\t\t{{- end }}\n", ""},
	{"\t\t{{- if $fields }}\n\t\t\t{{- /* In case the schema was extended, a non-selected field might be used by a custom resolver. */}}\n\t\t\tif !unknownSeen {\n\t\t\t\t{{ $receiver }}.Select(selectedFields...)\n\t\t\t}\n\t\t{{- end }}\n", "\t\t{{ $receiver }}.Select(selected...)\n"},
	// Two names for one row share its object: what both ask for is read, and
	// the edges under them load themselves.
	{"\t\t\t\t\t\t{{- else }}\n\t\t\t\t\t\t\tif err := query.collectField(ctx, {{ $oneNode }}, opCtx, field, path, mayAddCondition(satisfies, {{ nodeImplementorsVar $e.Type }})...); err != nil {", "\t\t\t\t\t\t{{- else }}\n\t\t\t\t\t\t\t{{- if $e.Unique }}\n\t\t\t\t\t\t\tif same := fieldsNamed(fields, field.Name); len(same) > 1 {\n\t\t\t\t\t\t\t\tquery.selectFor(opCtx, same...)\n\t\t\t\t\t\t\t} else\n\t\t\t\t\t\t\t{{- end }}\n\t\t\t\t\t\t\tif err := query.collectField(ctx, {{ $oneNode }}, opCtx, field, path, mayAddCondition(satisfies, {{ nodeImplementorsVar $e.Type }})...); err != nil {"},
	{"{{ $names := nodePaginationNames $node -}}\n{{- $name := $names.Node -}}\n{{- $filter", `// selectFor selects the columns that fields of one row ask for; edges under
// them load themselves.
func ({{ $receiver }} *{{ $query }}) selectFor(opCtx *graphql.OperationContext, fields ...graphql.CollectedField) {
	selected := stored{{ $node.Name }}.key()
	for _, parent := range fields {
		for _, field := range graphql.CollectFields(opCtx, parent.Selections, nil) {
			selected = stored{{ $node.Name }}.behind(selected, field.Name)
		}
	}
	{{ $receiver }}.Select(selected...)
}

// collectNodes is collectField for the nodes of the connection at path.
func ({{ $receiver }} *{{ $query }}) collectNodes(ctx context.Context, opCtx *graphql.OperationContext, path []string, satisfies ...string) error {
	if one := oneNodePath(ctx, path...); one != nil {
		return {{ $receiver }}.collectField(ctx, false, opCtx, *collectedField(ctx, one...), one, satisfies...)
	}
	{{ $receiver }}.selectFor(opCtx, nodeFields(ctx, path...)...)
	return nil
}

// CollectUnder is CollectFields for what will be shown by a field under the
// present one, such as an object of a payload. Outside of GraphQL all columns
// are read; what is shown under two names loads its edges itself.
func ({{ $receiver }} *{{ $query }}) CollectUnder(ctx context.Context, path ...string) (*{{ $query }}, error) {
	fields, ok := fieldsUnder(ctx, path...)
	switch {
	case !ok:
		return {{ $receiver }}, nil
	case len(fields) == 1:
		ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: fields[0].ObjectDefinition.Name, Field: fields[0]})
		return {{ $receiver }}.CollectFields(ctx)
	}
	{{ $receiver }}.selectFor(graphql.GetOperationContext(ctx), fields...)
	return {{ $receiver }}, nil
}

{{ $names := nodePaginationNames $node -}}
{{- $name := $names.Node -}}
{{- $filter`},
	// Lists under several parents: the first rows of each, by the index.
	{"modify := entgql.LimitPerRow({{ $fk }}, limit, pager.orderExpr(query))", `parents := &listParents{}
									{{ $receiver }}.parents = append({{ $receiver }}.parents, parents)
									modify := scalar.PerParent(parents, {{ $fk }}, limit, pager.orderExpr(query))`},
	{`{{/* The two templates add done-like API`, `{{/* Whose lists PerParent bounds is noted before they load: the name sorts before namedges. */}}
{{- define "dialect/sql/query/fields/additional/list_parents" }}
	{{- if hasLists $.Edges }}
		parents []*listParents
	{{- end }}
{{- end }}
{{ define "dialect/sql/query/all/nodes/list_parents" }}
	{{- if hasLists $.Edges }}
		for _, parents := range {{ $.Scope.Receiver }}.parents {
			for _, n := range nodes {
				parents.Add(n.ID)
			}
		}
	{{- end }}
{{- end }}
{{/* The two templates add done-like API`},
	{"ignoredEdges := !hasCollectedField(ctx, append(path, edgesField)...)", "ignoredEdges := noRows(ctx, path...)"},
	{"if hasCollectedField(ctx, append(path, totalCountField)...) || hasCollectedField(ctx, append(path, pageInfoField)...) {",
		"if hasCollectedField(ctx, append(path, totalCountField)...) {"},
	{"path = append(path, edgesField, nodeField)\n\t\t\t\t\t\t\tif field := collectedField(ctx, path...); field != nil {\n\t\t\t\t\t\t\t\tif err := query.collectField(ctx, {{ $oneNode }}, opCtx, *field, path, mayAddCondition(satisfies, {{ nodeImplementorsVar $e.Type }})...); err != nil {\n\t\t\t\t\t\t\t\t\treturn err\n\t\t\t\t\t\t\t\t}\n\t\t\t\t\t\t\t}",
		"if err := query.collectNodes(ctx, opCtx, path, mayAddCondition(satisfies, {{ nodeImplementorsVar $e.Type }})...); err != nil {\n\t\t\t\t\t\t\t\treturn err\n\t\t\t\t\t\t\t}"},
	{"c := &Cursor{}\n\t\tif c.UnmarshalGQL(v) == nil {\n\t\t\targs[k] = c\n\t\t}",
		"if s, ok := v.(string); ok {\n\t\t\tif _, _, c, err := scalar.DecodeCursor(s); err == nil {\n\t\t\t\targs[k] = &c\n\t\t\t}\n\t\t}"},
	{"if err := validateFirstLast(args.first, args.last); err != nil {", "args.first = pageSize(args.first, args.last)\n\t\t\t\t\t\t\tif err := validateFirstLast(args.first, args.last); err != nil {"},
	{`"github.com/99designs/gqlgen/graphql"`, "\"github.com/99designs/gqlgen/graphql\"\n\t\"kabinet/internal/scalar\""},
}

var edges = []patch{
	// What loads itself reads what is asked for, too.
	{"result, err = {{ $r }}.Query{{ $e.StructField }}().All(ctx)", selfLoad + "result, err = query.All(ctx)"},
	{"result, err = {{ $r }}.Query{{ $e.StructField }}().Only(ctx)", selfLoad + "result, err = query.Only(ctx)"},
	{"opts := []{{ $opt }}{", "first = pageSize(first, last)\n\t\topts := []{{ $opt }}{"},
}

const selfLoad = `query := {{ $r }}.Query{{ $e.StructField }}()
				if stored{{ $n.Name }}.leadsTo(ctx, "{{ $e.Type.Name }}") {
					if query, err = query.CollectFields(ctx); err != nil {
						return nil, err
					}
				}
				`

func patched(name string, patches []patch, funcs template.FuncMap) *gen.Template {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "entgo.io/contrib").Output()
	if err != nil {
		log.Fatalf("entc: find entgo.io/contrib: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "entgql", "template", name+".tmpl"))
	if err != nil {
		log.Fatalf("entc: read template: %v", err)
	}
	for _, p := range patches {
		if n := bytes.Count(text, []byte(p.old)); n != 1 {
			log.Fatalf("entc: anchor found %d times in %s: %s", n, name, p.old)
		}
		text = bytes.Replace(text, []byte(p.old), []byte(p.new), 1)
	}
	return gen.MustParse(gen.NewTemplate("template/" + name + ".tmpl").Funcs(entgql.TemplateFuncs).Funcs(funcs).Parse(string(text)))
}

func main() {
	sdl := stored.Funcs("../schema")
	ex, err := entgql.NewExtension(
		entgql.WithTemplates(
			entgql.NodeTemplate, entgql.EnumTemplate,
			patched("collection", collection, sdl), patched("pagination", pagination, sdl), patched("edge", edges, sdl),
		),
		entgql.WithWhereInputs(false),
	)
	if err != nil {
		log.Fatalf("entc: %v", err)
	}
	err = entc.Generate("./schema", &gen.Config{
		Target:   "./generated",
		Package:  "kabinet/ent/generated",
		Features: []gen.Feature{gen.FeatureIntercept, gen.FeatureNamedEdges, gen.FeatureVersionedMigration},
		Templates: []*gen.Template{
			gen.MustParse(gen.NewTemplate("edge_types").
				Funcs(template.FuncMap{"trimSuffix": strings.TrimSuffix}).ParseFiles("template/edge_types.tmpl")),
			gen.MustParse(gen.NewTemplate("stored").
				Funcs(sdl).ParseFiles("template/stored.tmpl")),
		},
	}, entc.Extensions(ex))
	if err != nil {
		log.Fatalf("entc: %v", err)
	}
}
