// Package template holds what entc.go generates ent/generated with: the
// templates, and for stored.tmpl what the SDL shows of each table: which columns
// stand behind a field, where an edge leads. It reads the SDL, so that a field
// nothing is known of stops the generator and not a reader.
package template

import (
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/field"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Shown is what the SDL shows of one table.
type Shown struct {
	As     []string            // the SDL's types over the row
	Fields map[string][]string // by field of the SDL: the columns it needs
	Edges  map[string]Edge
	Always []string
	Kinds  map[string]string // column -> kind
}

// Edge is a field that leads to other rows.
type Edge struct {
	*gen.Edge
	Connection bool
}

// annotation is schema.Shows or schema.Prefix as ent hands it on.
func annotation(n *gen.Type, name string) map[string]any {
	m, _ := n.Annotations[name].(map[string]any)
	return m
}

func texts(v any) (out []string) {
	list, _ := v.([]any)
	for _, s := range list {
		out = append(out, s.(string))
	}
	return out
}

// Funcs are what the templates ask of the SDL in a folder. They end the program
// when the SDL is wrong, and at a field that nothing is known of.
func Funcs(dir string) template.FuncMap {
	sdl := readSDL(dir)
	return template.FuncMap{
		"shows":      func(n *gen.Type) Shown { return shows(sdl, n) },
		"hasLists":   func(edges []*gen.Edge) bool { return slices.ContainsFunc(edges, isConnection) },
		"conditions": func(n *gen.Type) []string { return conditions(sdl, n) },
	}
}

// conditions are the type conditions of fragments that apply to a row which
// the SDL calls otherwise than ent; none where it does not.
func conditions(sdl *ast.Schema, n *gen.Type) (all []string) {
	for _, t := range texts(annotation(n, "Shows")["As"]) {
		for _, name := range append([]string{t}, sdl.Types[t].Interfaces...) {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

func readSDL(dir string) *ast.Schema {
	files, err := filepath.Glob(filepath.Join(dir, "*.graphqls"))
	if err != nil || len(files) == 0 {
		log.Fatalf("entc: no SDL in %s: %v", dir, err)
	}
	var sources []*ast.Source
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			log.Fatalf("entc: %v", err)
		}
		sources = append(sources, &ast.Source{Name: f, Input: string(text)})
	}
	sdl, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		log.Fatalf("entc: %v", err)
	}
	return sdl
}

func shows(sdl *ast.Schema, n *gen.Type) Shown {
	s := Shown{Fields: map[string][]string{}, Edges: map[string]Edge{}, Kinds: map[string]string{"id": "uuid"}}
	for _, f := range n.Fields {
		s.Kinds[f.StorageKey()] = kindOf(f)
	}
	told, types := annotation(n, "Shows"), []string{n.Name}
	if as := texts(told["As"]); len(as) > 0 {
		types = as
	}
	s.Always = texts(told["Always"])
	if annotation(n, "Prefix")["ByKind"] != nil {
		s.Always = append(s.Always, "kind")
	}
	named, _ := told["Fields"].(map[string]any)
	for _, t := range types {
		def := sdl.Types[t]
		if def == nil {
			continue // stored and never shown
		}
		s.As = append(s.As, t)
		for _, f := range def.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				s.Fields[f.Name] = s.columns(n, t, f.Name, texts(named[f.Name]))
			}
		}
	}
	for name := range named {
		if s.Fields[name] == nil {
			log.Fatalf("entc: Shows of %s names %s, which the SDL does not have", n.Name, name)
		}
	}
	return s
}

// columns are those behind one field: named, of an edge, or of its name.
func (s Shown) columns(n *gen.Type, typ, name string, named []string) []string {
	e := edgeOf(n, name)
	if e != nil {
		s.Edges[name] = *e
	}
	prefix := annotation(n, "Prefix")
	switch snake := snakeOf(name); {
	case len(named) > 0:
		for _, c := range named {
			if s.Kinds[c] == "" {
				log.Fatalf("entc: Shows of %s names column %s, which is not there", n.Name, c)
			}
		}
		return named
	case e != nil && e.OwnFK():
		return []string{e.Rel.Column()}
	case e != nil:
		return []string{"id"}
	case name == "id" && prefix["ByKind"] != nil:
		return []string{keyColumn(n), "kind"}
	case name == "id":
		return []string{keyColumn(n)}
	case s.Kinds[snake+"_minor"] != "" && s.Kinds["earn_currency"] != "":
		return []string{snake + "_minor", "earn_currency"}
	case s.Kinds[snake+"_minor"] != "":
		return []string{snake + "_minor", "currency"}
	case s.Kinds[snake] != "":
		return []string{snake}
	}
	log.Fatalf("entc: %s.%s is not stored under its name; say in ent/schema by Shows what it needs of %s", typ, name, n.Table())
	return nil
}

// keyColumn holds the UUID of the edge id.
func keyColumn(n *gen.Type) string {
	if column, _ := annotation(n, "Prefix")["Column"].(string); column == "KeyID" {
		return "key_id"
	}
	return "id"
}

// edgeOf is the edge that a field of the SDL shows, nil for none.
func edgeOf(n *gen.Type, name string) *Edge {
	for _, e := range n.Edges {
		mapped := says(e).Mapping
		if snakeOf(name) == e.Name && len(mapped) == 0 || slices.Contains(mapped, name) {
			return &Edge{e, isConnection(e)}
		}
	}
	return nil
}

func isConnection(e *gen.Edge) bool { return says(e).RelayConnection }

// says is what entgql is told of an edge.
func says(e *gen.Edge) (told entgql.Annotation) {
	if v, ok := e.Annotations[told.Name()]; ok {
		if err := told.Decode(v); err != nil {
			log.Fatalf("entc: %v", err)
		}
	}
	return told
}

func snakeOf(name string) string {
	var b strings.Builder
	for _, r := range name {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// kindOf says in which form a column's values come out of the database.
func kindOf(f *gen.Field) string {
	switch t := f.Type.Type; {
	case t == field.TypeEnum:
		return "enum"
	case t == field.TypeString:
		return "string"
	case t == field.TypeBool:
		return "bool"
	case t == field.TypeTime:
		return "time"
	case t == field.TypeUUID:
		return "uuid"
	case t == field.TypeJSON:
		return "json"
	case t == field.TypeBytes:
		return "bytes"
	case t == field.TypeFloat32, t == field.TypeFloat64:
		return "float"
	case t.Integer():
		return "int"
	}
	log.Fatalf("entc: column %s is of a kind nobody knows: %s", f.Name, f.Type)
	return ""
}
