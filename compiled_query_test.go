package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// asker makes random queries out of the SDL: it knows no field by name, so
// that a new one is asked for by itself.
type asker struct {
	r      *rand.Rand
	schema *ast.Schema
	seen   *learned
	shown  map[string]int  // Type.field: how often a value of it was compared
	known  map[string]bool // Type.field that the short way understands; nil: any will do
	query
	pure    bool // only what is known
	budget  int  // of fields
	aliases int
	said    map[string]string // Type.field -> the arguments it has where it has no alias
	pieces  []fragment
}

type fragment struct{ name, typ, text string }

// query is one document; its variables are drawn anew each time it is sent.
type query struct {
	text string
	vars []*variable
}

type variable struct {
	name, usual string // usual is its default, as a literal; "" for none
	usually     any
	typ         *ast.Type
	at          place
}

// place is where a value stands, which says what would be a likely one.
type place struct {
	list string // Parent.field of a connection
	of   string // the type of the field or input that has the argument
	name string
	sort func(vars map[string]any) string // of the connection
}

// varRef is a variable inside a literal, bare a name without quotes.
type (
	varRef string
	bare   string
)

// ask makes a document.
func (a *asker) ask() query {
	a.query = query{}
	a.said, a.pieces, a.aliases = map[string]string{}, nil, 0
	a.pure, a.budget = a.known != nil && a.r.IntN(4) > 0, 4+a.r.IntN(70)
	body := a.selection(a.schema.Query, 2+a.r.IntN(5))
	head := ""
	if len(a.vars) > 0 || a.r.IntN(2) == 0 {
		head = "query Q" + a.definitions()
	}
	text := head + " {" + body + "}"
	for _, f := range a.pieces {
		text += "\nfragment " + f.name + " on " + f.typ + " {" + f.text + "}"
	}
	if head != "" && a.r.IntN(20) == 0 {
		text += other
	}
	a.text = strings.TrimSpace(text)
	return a.query
}

// other is an operation that nobody asks for.
const other = "\nquery Other {node(id: \"none\") {id}}"

func (a *asker) definitions() string {
	if len(a.vars) == 0 {
		return ""
	}
	all := make([]string, len(a.vars))
	for i, v := range a.vars {
		all[i] = "$" + v.name + ": " + v.typ.String()
		if v.usual != "" {
			all[i] += " = " + v.usual
		}
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// through are the fields that lead to the rows of a list, and no deeper.
func through(name string) bool {
	return name == "edges" || name == "node" || name == "nodes" || name == "pageInfo"
}

func (a *asker) may(typ string, f *ast.FieldDefinition) bool {
	return !a.pure || a.known[typ+"."+f.Name] || typ == "Node"
}

// selection is what stands between the braces of def.
func (a *asker) selection(def *ast.Definition, depth int) string {
	var leaves, deeper ast.FieldList
	for _, f := range def.Fields {
		switch {
		case strings.HasPrefix(f.Name, "__") || !a.may(def.Name, f):
		case a.composite(f) == nil:
			leaves = append(leaves, f)
		case depth > 0 || through(f.Name):
			deeper = append(deeper, f)
		}
	}
	n := 1 + a.r.IntN(4)
	if def == a.schema.Query {
		n = 1 + a.r.IntN(3)
	}
	var parts []string
	for range n {
		switch {
		case len(deeper) > 0 && (len(leaves) == 0 || a.r.IntN(2) == 0):
			parts = append(parts, a.twice(def, pick(a.r, deeper), depth)...)
		case a.r.IntN(10) == 0 && (!a.pure || def != a.schema.Query):
			parts = append(parts, pick(a.r, []string{"__typename", "__typename", a.alias() + "__typename"}))
		case len(leaves) > 0:
			f := pick(a.r, leaves)
			if rarer := pick(a.r, leaves); a.shown[def.Name+"."+rarer.Name] < a.shown[def.Name+"."+f.Name] {
				f = rarer
			}
			parts = append(parts, a.head(def, f))
		}
	}
	if a.r.IntN(8) == 0 {
		for _, f := range leaves {
			parts = append(parts, a.head(def, f))
		}
	}
	if (!a.pure || def != a.schema.Query) && len(parts) == 0 {
		parts = append(parts, "__typename")
	}
	return strings.Join(a.split(def, append(parts, a.kinds(def, depth)...), depth), " ")
}

// twice is a field, and at times the same again with another selection: the
// two are merged.
func (a *asker) twice(def *ast.Definition, f *ast.FieldDefinition, depth int) []string {
	a.budget--
	if !through(f.Name) {
		depth--
	}
	if a.budget < 0 {
		depth = 0
	}
	head, to := a.head(def, f), a.composite(f)
	parts := []string{head + " {" + a.selection(to, depth) + "}"}
	if a.r.IntN(8) == 0 {
		parts = append(parts, head+" {"+a.selection(to, min(depth, 1))+"}")
	}
	return parts
}

// head is a field with alias and arguments.
func (a *asker) head(def *ast.Definition, f *ast.FieldDefinition) string {
	a.budget--
	key := def.Name + "." + f.Name
	if said, ok := a.said[key]; ok && (a.r.IntN(3) > 0 || a.aliases > 11) {
		return f.Name + said
	}
	_, ok := a.said[key]
	if len(f.Arguments) == 0 {
		if a.said[key] = ""; a.r.IntN(12) > 0 || a.aliases > 11 {
			return f.Name
		}
		return a.alias() + f.Name
	}
	arguments := a.arguments(def.Name, f)
	if !ok && (a.r.IntN(2) == 0 || a.aliases > 11) {
		a.said[key] = arguments
		return f.Name + arguments
	}
	return a.alias() + f.Name + arguments
}

func (a *asker) alias() string {
	a.aliases++
	return fmt.Sprintf("%s%d: ", pick(a.r, []string{"a", "_", "Id", "nodes"}), a.aliases)
}

// kinds are selections on the other types that a row may be seen as.
func (a *asker) kinds(def *ast.Definition, depth int) (parts []string) {
	if def == a.schema.Query || a.r.IntN(6) > 0 && def.Kind == ast.Object {
		return nil
	}
	var as []*ast.Definition
	for _, name := range def.Interfaces {
		as = append(as, a.schema.Types[name])
	}
	if def.Kind == ast.Interface {
		for _, d := range a.schema.GetPossibleTypes(def) {
			if a.understood(d) {
				as = append(as, d)
			}
		}
	}
	slices.SortFunc(as, func(x, y *ast.Definition) int { return strings.Compare(x.Name, y.Name) })
	for range min(len(as), a.r.IntN(3)) {
		to := pick(a.r, as)
		if to != def && to.Name != "Node" || def.Kind == ast.Object {
			deep := min(depth, 1)
			if def.Name == "Node" {
				deep = 0 // ent collects, and checks, lists of fragments that do not apply
			}
			parts = append(parts, "... on "+to.Name+" {"+a.selection(to, deep)+"}")
		}
	}
	return parts
}

// understood says whether any field of a type may be asked for.
func (a *asker) understood(def *ast.Definition) bool {
	return slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { return a.may(def.Name, f) })
}

// split moves some of the parts into fragments, and spreads known ones.
func (a *asker) split(def *ast.Definition, parts []string, depth int) []string {
	if len(parts) > 1 && a.r.IntN(5) == 0 {
		i := a.r.IntN(len(parts))
		text := strings.Join(parts[i:], " ")
		parts = append(slices.Clip(parts[:i]), pick(a.r, []string{"... {", "... on " + def.Name + " {"})+text+"}")
	}
	if len(parts) > 0 && a.r.IntN(8) == 0 {
		f := fragment{fmt.Sprint("F", len(a.pieces)), def.Name, parts[len(parts)-1]}
		a.pieces = append(a.pieces, f)
		parts[len(parts)-1] = "..." + f.name
	}
	for _, f := range a.pieces {
		if f.typ == def.Name && depth > 1 && def != a.schema.Query && a.r.IntN(10) == 0 {
			parts = append(parts, "..."+f.name)
		}
	}
	if !a.pure && a.r.IntN(60) == 0 {
		parts = append(parts, "... @include(if: "+pick(a.r, []string{"true", "false"})+") {__typename}")
	}
	return parts
}

// composite is the type that a field leads to; nil for a leaf.
func (a *asker) composite(f *ast.FieldDefinition) *ast.Definition {
	def := a.schema.Types[f.Type.Name()]
	if def != nil && (def.Kind == ast.Object || def.Kind == ast.Interface || def.Kind == ast.Union) {
		return def
	}
	return nil
}
