package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// learned is what earlier answers, of all callers, have shown: values that are
// worth asking for.
type learned struct {
	ids     map[string][]string // by type; "" has all
	texts   map[string][]string // by Type.field
	cursors map[string][]string // by list and sort; "" has all
	keys    [][2]string
}

func newLearned() *learned {
	return &learned{ids: map[string][]string{}, texts: map[string][]string{}, cursors: map[string][]string{}}
}

// most is how many values of a kind are kept.
const most = 3000

func note(m map[string][]string, key, value string) {
	if len(m[key]) < most {
		m[key] = append(m[key], value)
	}
}

func (s *learned) note(field *ast.Field, value string) {
	if scalarOf := field.Definition.Type.Name(); scalarOf == "Cursor" {
		if list, sort, _, err := scalar.DecodeCursor(value); err == nil {
			note(s.cursors, list+" "+sort, value)
			note(s.cursors, "", value)
		}
	} else if scalarOf == "ID" && field.Name == "id" {
		note(s.ids, field.ObjectDefinition.Name, value)
		note(s.ids, "", value)
	} else if scalarOf == "String" {
		note(s.texts, field.ObjectDefinition.Name+"."+field.Name, value)
	}
}

// arguments draws those of a field, as literals and as variables.
func (a *asker) arguments(typ string, f *ast.FieldDefinition) string {
	at := place{list: typ + "." + f.Name, of: f.Type.Name()}
	said := map[string]any{}
	if sort := f.Arguments.ForName("sort"); sort != nil {
		at.sort = func(map[string]any) string { return bareOf(literalOf(sort.DefaultValue)) }
		if a.r.IntN(2) == 0 {
			said["sort"], at.sort = a.sort(sort, at)
		}
	}
	var leave []string
	if f.Arguments.ForName("first") != nil && f.Arguments.ForName("last") != nil {
		leave = pick(a.r, [][]string{{"last"}, {"last"}, {"last"}, {"first"}, {"first"}, {"first", "last"}})
	}
	for _, def := range f.Arguments {
		asked := a.r.IntN(3) == 0 || def.Type.NonNull || def.Name == "first" || def.Name == "last"
		if def.Name == "sort" || slices.Contains(leave, def.Name) || !asked {
			continue
		}
		at.name = def.Name
		said[def.Name] = a.literalOrVariable(def.Type, at)
	}
	if len(said) == 0 {
		return ""
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(said)) {
		parts = append(parts, name+": "+write(said[name]))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// sort draws the order of a connection, and how to know it.
func (a *asker) sort(def *ast.ArgumentDefinition, at place) (any, func(map[string]any) string) {
	v := a.literalOrVariable(def.Type, at)
	name, isVar := v.(varRef)
	if !isVar {
		return v, func(map[string]any) string { return bareOf(v) }
	}
	var declared *variable
	for _, d := range a.vars {
		if "$"+d.name == string(name) {
			declared = d
		}
	}
	return v, func(vars map[string]any) string {
		drawn, ok := vars[string(name)]
		switch {
		case ok:
			return bareOf(drawn)
		case declared.usual != "":
			return bareOf(declared.usually)
		}
		return bareOf(literalOf(def.DefaultValue))
	}
}

func literalOf(v *ast.Value) any {
	if v == nil || v.Kind == ast.NullValue {
		return nil
	}
	return bare(v.Raw)
}

func bareOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (a *asker) literalOrVariable(t *ast.Type, at place) any {
	if a.r.IntN(3) > 0 {
		return a.value(t, at, true, nil)
	}
	return a.variable(t, at)
}

// variable declares one, or takes one that is there.
func (a *asker) variable(t *ast.Type, at place) varRef {
	v := &variable{name: fmt.Sprint("v", len(a.vars)), typ: t, at: at}
	if at.name != "after" && at.name != "before" && a.r.IntN(4) == 0 {
		v.usually = a.value(t, at, false, nil)
		v.usual = write(v.usually)
	}
	a.vars = append(a.vars, v)
	return varRef("$" + v.name)
}

func (a *asker) drawAll(vars []*variable) map[string]any {
	drawn := map[string]any{}
	for _, v := range vars {
		switch must := v.typ.NonNull && v.usual == ""; {
		case !must && a.r.IntN(6) == 0:
		case !v.typ.NonNull && a.r.IntN(8) == 0:
			drawn["$"+v.name] = nil
		default:
			drawn["$"+v.name] = a.value(v.typ, v.at, false, drawn)
		}
	}
	return drawn
}

// value draws one; inside a literal parts of it may be variables.
func (a *asker) value(t *ast.Type, at place, literal bool, vars map[string]any) any {
	if !t.NonNull && a.r.IntN(12) == 0 {
		return nil
	}
	if t.Elem != nil {
		if a.r.IntN(12) == 0 {
			one := *t.Elem
			one.NonNull = true
			return a.value(&one, at, literal, vars) // stands for a list of itself
		}
		list := []any{}
		for range a.r.IntN(4) {
			list = append(list, a.value(t.Elem, at, literal, vars))
		}
		return list
	}
	def := a.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		return bare(pick(a.r, def.EnumValues).Name)
	case ast.InputObject:
		return a.object(def, literal, vars)
	}
	return a.scalar(t.NamedType, at, vars)
}

func (a *asker) object(def *ast.Definition, literal bool, vars map[string]any) any {
	out := map[string]any{}
	if def.Fields.ForName("source") != nil && len(def.Fields) == 2 && len(a.seen.keys) > 0 && a.r.IntN(4) > 0 {
		key := pick(a.r, a.seen.keys)
		return map[string]any{"source": key[0], "id": key[1]}
	}
	one := def.Directives.ForName("oneOf") != nil
	chosen, few := a.r.IntN(len(def.Fields)), a.r.IntN(3) == 0
	for i, f := range def.Fields {
		t := *f.Type
		if one {
			t.NonNull = true
		}
		if one && i != chosen || !t.NonNull && a.r.IntN(5) > 1 || !t.NonNull && few && a.r.IntN(len(def.Fields)) > 0 {
			continue
		}
		at := place{of: def.Name, name: f.Name}
		if literal && a.r.IntN(5) == 0 {
			out[f.Name] = a.variable(&t, at)
			continue
		}
		out[f.Name] = a.value(&t, at, literal, vars)
	}
	return out
}

func (a *asker) scalar(name string, at place, vars map[string]any) any {
	switch name {
	case "Int":
		return pick(a.r, []int{1, 1, 2, 2, 3, 3, 4, 5, 7, 11, 20})
	case "Boolean":
		return a.r.IntN(2) == 0
	case "Cursor":
		return a.cursor(at, vars)
	case "ID":
		return a.id(at)
	case "DateTime":
		at := storetest.Start.Add(-pick(a.r, []time.Duration{0, time.Hour, time.Hour + 100*time.Millisecond, 24 * time.Hour, 100 * 24 * time.Hour, -24 * time.Hour, 999}))
		return at.In(pick(a.r, []*time.Location{time.UTC, time.FixedZone("", 5400)})).Format(time.RFC3339Nano)
	}
	base := strings.TrimSuffix(strings.TrimSuffix(at.of, "Ref"), "Filter")
	if texts := a.seen.texts[base+"."+at.name]; len(texts) > 0 && a.r.IntN(5) > 0 {
		return pick(a.r, texts)
	}
	return pick(a.r, []string{"", "none", "erp", "TEA", "\u2028<'\"\\>", "a%"})
}

// cursor is one of the list in its sort; at times of another, or none at all.
func (a *asker) cursor(at place, vars map[string]any) any {
	sort := ""
	if at.sort != nil {
		sort = at.sort(vars)
	}
	if own := a.seen.cursors[at.list+" "+sort]; len(own) > 0 && a.r.IntN(12) > 0 {
		return pick(a.r, own)
	}
	if all := a.seen.cursors[""]; len(all) > 0 && a.r.IntN(2) == 0 {
		return pick(a.r, all)
	}
	return pick(a.r, []string{"", "nonsense", scalar.EncodeCursor(at.list, sort, scalar.Cursor{}), scalar.EncodeCursor(at.list, sort, scalar.Cursor{ID: someID, Value: "x"}),
		scalar.EncodeCursor(at.list, sort, scalar.Cursor{ID: someID, Value: int64(700)}), scalar.EncodeCursor(at.list, sort, scalar.Cursor{ID: someID})})
}

// id is mostly one of the kind that the argument's name or place asks for.
func (a *asker) id(at place) any {
	want := strings.ToLower(strings.TrimSuffix(at.of, "Ref"))
	if base := strings.TrimSuffix(strings.TrimSuffix(at.name, "s"), "Id"); base != "id" {
		want = strings.ToLower(base)
	}
	if a.r.IntN(8) > 0 {
		var fit []string
		for _, typ := range slices.Sorted(maps.Keys(a.seen.ids)) {
			if typ != "" && (strings.ToLower(typ) == want || len(fit) == 0 && strings.HasSuffix(strings.ToLower(typ), want)) {
				fit = a.seen.ids[typ]
			}
		}
		if len(fit) > 0 {
			return pick(a.r, fit)
		}
	}
	if all := a.seen.ids[""]; len(all) > 0 && a.r.IntN(4) > 0 {
		return pick(a.r, all)
	}
	return pick(a.r, []string{"", "order_", "nonsense", "order_00000000000000000000000000", scalar.ID{Prefix: "order", UUID: someID}.String()})
}

var someID = uuid.MustParse("01935d5c-3f00-7abc-8def-0123456789ab")

// write is a value as a literal.
func write(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case varRef:
		return string(v)
	case bare:
		return string(v)
	case string:
		b, _ := json.Marshal(v)
		return string(b)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = write(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+": "+write(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}
