package limit

import (
	"math"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

// walk is one look over one document. Fragments are spread once in each merged
// selection set, as in execution, and steps bounds all work together, so that
// neither cycles nor doubling fragments cost more than Selections visits.
type walk struct {
	Shape
	doc        *ast.QueryDocument
	reached    map[string]bool
	state      map[*ast.FragmentDefinition]int
	steps      int
	aliases    int
	directives int
}

// Document checks one parsed, not yet validated document.
func (s Shape) Document(doc *ast.QueryDocument) *gqlerror.Error {
	w := &walk{Shape: s, doc: doc, reached: map[string]bool{}, state: map[*ast.FragmentDefinition]int{}}
	if err := w.fragments(); err != nil {
		return err
	}
	for _, op := range doc.Operations {
		w.aliases = 0
		w.directives += len(op.Directives)
		for _, v := range op.VariableDefinitions {
			w.directives += len(v.Directives)
			if err := w.literal(v.DefaultValue, 0); err != nil {
				return err
			}
		}
		if err := w.set([]ast.SelectionSet{op.SelectionSet}, 1, 0, false); err != nil {
			return err
		}
		if w.aliases > w.Limits.Aliases {
			return tooComplex("aliases", w.aliases, w.Limits.Aliases)
		}
	}
	// A fragment nobody spreads is validated all the same.
	for _, f := range doc.Fragments {
		if !w.reached[f.Name] {
			if err := w.set([]ast.SelectionSet{f.SelectionSet}, 2, 0, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// fragments refuses cycles and counts the directives in fragments once.
func (w *walk) fragments() *gqlerror.Error {
	for _, f := range w.doc.Fragments {
		w.directives += len(f.Directives)
		if name := w.visitFragment(f); name != "" {
			return wire.Refusal(fault.ErrInvalidRequest, "fragment "+strconv.Quote(clip(name))+" spreads itself")
		}
	}
	for _, op := range w.doc.Operations {
		w.visit(op.SelectionSet) // every fragment is visited: only directives are counted
	}
	if w.directives > w.Limits.Directives {
		return tooComplex("directives", w.directives, w.Limits.Directives)
	}
	return nil
}

// The states of a fragment while cycles are looked for.
const (
	visiting = 1
	visited  = 2
)

// visitFragment gives the name of a fragment that spreads itself, or "".
func (w *walk) visitFragment(f *ast.FragmentDefinition) string {
	switch w.state[f] {
	case visited:
		return ""
	case visiting:
		return f.Name
	}
	w.state[f] = visiting
	name := w.visit(f.SelectionSet)
	w.state[f] = visited
	return name
}

func (w *walk) visit(set ast.SelectionSet) (name string) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			w.directives += len(sel.Directives)
			name = w.visit(sel.SelectionSet)
		case *ast.InlineFragment:
			w.directives += len(sel.Directives)
			name = w.visit(sel.SelectionSet)
		case *ast.FragmentSpread:
			w.directives += len(sel.Directives)
			if f := w.doc.Fragments.ForName(sel.Name); f != nil {
				name = w.visitFragment(f)
			}
		}
		if name != "" {
			return name
		}
	}
	return ""
}

// group is all fields that answer under one response key of one object.
type group struct {
	name  string
	count int
	sets  []ast.SelectionSet
}

// set checks one merged selection set; level is 1 for root fields of an
// operation, depth is the number of counted fields above it, free is inside
// introspection.
func (w *walk) set(sets []ast.SelectionSet, level, depth int, free bool) *gqlerror.Error {
	groups := map[string]*group{}
	if err := w.collect(sets, groups, map[string]bool{}); err != nil {
		return err
	}
	if level == 1 && len(groups) > w.Limits.RootFields {
		return tooComplex("root fields", len(groups), w.Limits.RootFields)
	}
	for _, g := range groups {
		if g.count > w.Limits.SameKey {
			return tooComplex("fields with the same response key", g.count, w.Limits.SameKey)
		}
		inside, below := free, depth
		switch g.name {
		case "__schema", "__type":
			if !w.Introspection {
				return wire.Refusal(fault.ErrInvalidRequest, "introspection is turned off", "limit", "introspection")
			}
			inside = true
		case "edges", "node", "nodes":
			if level == 1 {
				below++
			}
		default:
			below++
		}
		if below > w.Limits.Depth && !inside {
			return tooComplex("levels", below, w.Limits.Depth)
		}
		if len(g.sets) == 0 {
			continue
		}
		if err := w.set(g.sets, level+1, below, inside); err != nil {
			return err
		}
	}
	return nil
}

// collect merges sets into groups, spreading each fragment once.
func (w *walk) collect(sets []ast.SelectionSet, groups map[string]*group, spread map[string]bool) *gqlerror.Error {
	for _, set := range sets {
		for _, sel := range set {
			if w.steps++; w.steps > w.Limits.Selections {
				return tooComplex("selections", nil, w.Limits.Selections)
			}
			var err *gqlerror.Error
			switch sel := sel.(type) {
			case *ast.Field:
				err = w.field(sel, groups)
			case *ast.InlineFragment:
				err = w.collect([]ast.SelectionSet{sel.SelectionSet}, groups, spread)
			case *ast.FragmentSpread:
				f := w.doc.Fragments.ForName(sel.Name)
				if f == nil || spread[f.Name] {
					continue
				}
				spread[f.Name], w.reached[f.Name] = true, true
				err = w.collect([]ast.SelectionSet{f.SelectionSet}, groups, spread)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) field(f *ast.Field, groups map[string]*group) *gqlerror.Error {
	if f.Alias != f.Name {
		w.aliases++
	}
	g := groups[f.Alias]
	if g == nil {
		g = &group{name: f.Name}
		groups[f.Alias] = g
	}
	g.count++
	if len(f.SelectionSet) > 0 {
		g.sets = append(g.sets, f.SelectionSet)
	}
	for _, a := range f.Arguments {
		if err := w.literal(a.Value, 0); err != nil {
			return below(err, a.Name)
		}
	}
	return nil
}

// literal refuses numbers that gqlparser panics on, U+0000, and deep input.
func (w *walk) literal(v *ast.Value, depth int) *gqlerror.Error {
	if v == nil {
		return nil
	}
	if depth > w.Limits.VariableDepth {
		return tooComplex("levels of input", nil, w.Limits.VariableDepth)
	}
	switch v.Kind {
	case ast.IntValue:
		if _, err := strconv.ParseInt(v.Raw, 10, 64); err != nil {
			return wire.Refusal(fault.ErrInvalidRequest, "an integer of the document is out of range")
		}
	case ast.FloatValue:
		if f, err := strconv.ParseFloat(v.Raw, 64); err != nil || math.IsInf(f, 0) {
			return wire.Refusal(fault.ErrInvalidRequest, "a number of the document is out of range")
		}
	case ast.StringValue, ast.BlockValue:
		if strings.Contains(v.Raw, nul) {
			return holdsNul()
		}
	}
	for i, c := range v.Children {
		if err := w.literal(c.Value, depth+1); err != nil {
			if c.Name == "" { // of a list
				return below(err, strconv.Itoa(i))
			}
			return below(err, c.Name)
		}
	}
	return nil
}
