package intake

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/scalar"
)

// valueKind is what a field holds.
type valueKind string

const (
	aText    valueKind = "a text"
	aWord    valueKind = "a word of a list"
	aNumber  valueKind = "a whole number"
	anAmount valueKind = "an amount"
	aTime    valueKind = "a time"
	aDate    valueKind = "a day"
	aList    valueKind = "a list"
	aBool    valueKind = "true or false"
	data     valueKind = "a JSON object"
)

// Cell is one value of a file.
type Cell struct {
	Text   string
	List   []string
	Null   bool
	Number bool
}

// Row is one row of a file.
type Row struct {
	Line int
	Cell func(column string) (Cell, bool)
}

// Trouble is what is wrong with a row: where, why, and what a person should
// know.
type Trouble struct {
	Line                int
	Column, Field, Code string
	Text                string
}

// record reads one row by a mapping; what it cannot read it keeps.
type record struct {
	m        *Mapping
	row      Row
	troubles []Trouble
}

// cell is what the file says for a field; said is false where nothing is, and
// null true where the field is to be wiped.
func (r *record) cell(name string) (c Cell, null, said bool) {
	f, mapped := r.m.Fields[name]
	if !mapped {
		return c, false, false
	}
	if f.Constant != nil {
		return Cell{Text: *f.Constant}, false, true
	}
	c, there := r.row.Cell(f.Column)
	if !there {
		return c, false, false
	}
	if c.Null {
		return c, true, true
	}
	if kind := fields[r.m.Kind][name]; kind != aText || c.List != nil {
		c.Text = strings.TrimSpace(c.Text)
	}
	if r.m.Guarded && strings.HasPrefix(c.Text, "'") {
		if rest := strings.TrimLeft(c.Text[1:], " \u00a0\u200b\ufeff"); rest != "" && (strings.ContainsAny(rest[:1], "=+-@\t\r\n") || rest[0] == 0xef) {
			c.Text = c.Text[1:]
		}
	}
	if c.Text == "" && c.List == nil {
		return c, f.Empty == "null", f.Empty == "null"
	}
	if len(f.Values) > 0 {
		meant, known := f.Values[c.Text]
		if !known {
			r.wrong(name, "%q is not among the values of the mapping: %s", short(c.Text), strings.Join(names(f.Values), ", "))
			return c, false, false
		}
		c.Text = meant
		if meant == "" {
			return c, true, true
		}
	}
	return c, false, true
}

// wrong keeps what is wrong with a field.
func (r *record) wrong(name, format string, args ...any) {
	r.troubles = append(r.troubles, Trouble{Line: r.row.Line, Column: r.m.Fields[name].Column, Field: name, Code: "INVALID_VALUE", Text: fmt.Sprintf(format, args...)})
}

// short is a text that fits into a message.
func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func (r *record) text(name string) string {
	c, _, _ := r.cell(name)
	return c.Text
}

// opt is a text that may be absent.
func (r *record) opt(name string) *string {
	c, null, said := r.cell(name)
	if !said || null {
		return nil
	}
	return &c.Text
}

// may is a text that may be absent, and null to wipe it.
func (r *record) may(name string) (v graphql.Omittable[*string]) {
	c, null, said := r.cell(name)
	switch {
	case !said:
		return v
	case null:
		return graphql.OmittableOf[*string](nil)
	}
	return graphql.OmittableOf(&c.Text)
}

// count is a whole number that may be absent, and null.
func (r *record) count(name string) (v graphql.Omittable[*int]) {
	c, null, said := r.cell(name)
	switch {
	case !said:
		return v
	case null:
		return graphql.OmittableOf[*int](nil)
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(c.Text, "\u00a0", ""), " ", ""), ".0"))
	if err != nil || n > math.MaxInt32*1_000_000 {
		r.wrong(name, "%q is no whole number", short(c.Text))
		return v
	}
	return graphql.OmittableOf(&n)
}

// amount is a decimal as the API takes it; nil where none is said.
func (r *record) amount(name, currency string) *string {
	c, null, said := r.cell(name)
	if !said || null {
		return nil
	}
	f := r.m.Fields[name]
	text := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(c.Text)
	if f.Decimal == "comma" {
		text = strings.Replace(strings.ReplaceAll(text, ".", "\x00"), ",", ".", 1)
	}
	if strings.Trim(strings.TrimPrefix(text, "-"), "0123456789.") != "" || strings.Count(text, ".") > 1 || text == "" || text == "." {
		r.wrong(name, "%q is no amount", short(c.Text))
		return nil
	}
	if f.Minor {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			r.wrong(name, "%q is no amount in smallest units", short(c.Text))
			return nil
		}
		text = scalar.Money{Minor: n, Currency: currency}.Amount()
	} else if whole, fraction, split := strings.Cut(text, "."); split { // 5.0000 of a database is 5
		if fraction = strings.TrimRight(fraction, "0"); fraction == "" {
			text = whole
		} else {
			text = whole + "." + fraction
		}
	}
	if _, err := scalar.UnmarshalDecimal(text); err != nil {
		r.wrong(name, "%q is no amount", short(c.Text))
		return nil
	}
	return &text
}

// checked is a text that the API's own scalar lets pass; "" where it does not.
func (r *record) checked(name string, read func(any) (string, error)) string {
	text := r.text(name)
	if text == "" {
		return ""
	}
	text, err := read(text)
	if err != nil {
		r.wrong(name, "%q: %s", short(r.text(name)), err)
	}
	return text
}

// link is an address of the web, and null to wipe it.
func (r *record) link(name string) graphql.Omittable[*string] {
	v := r.may(name)
	if v.Value() == nil {
		return v
	}
	text := r.checked(name, scalar.UnmarshalURL)
	if text == "" {
		return graphql.Omittable[*string]{}
	}
	return graphql.OmittableOf(&text)
}

// some is a text that may be absent.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// money is an amount in a currency; nil where none is said.
func (r *record) money(amount, currency string) *scalar.MoneyInput {
	code := r.checked(currency, scalar.UnmarshalCurrencyCode)
	a := r.amount(amount, code)
	if a == nil {
		return nil
	}
	return &scalar.MoneyInput{Amount: *a, Currency: code}
}

// when is a time; nil where none is said.
func (r *record) when(name string) *time.Time {
	c, null, said := r.cell(name)
	if !said || null {
		return nil
	}
	t, ok := r.m.moment(r.m.Fields[name].Date, c)
	if !ok || t.Year() < 1900 || t.Year() > 9999 {
		r.wrong(name, "%q is no time by %q", short(c.Text), cmp(r.m.Fields[name].Date, "ISO 8601"))
		return nil
	}
	return &t
}

// day is YYYY-MM-DD, and null to wipe it.
func (r *record) day(name string) (v graphql.Omittable[*string]) {
	c, null, said := r.cell(name)
	switch {
	case !said:
		return v
	case null:
		return graphql.OmittableOf[*string](nil)
	}
	t, ok := r.m.moment(r.m.Fields[name].Date, c)
	if !ok {
		r.wrong(name, "%q is no day by %q", short(c.Text), cmp(r.m.Fields[name].Date, "YYYY-MM-DD"))
		return v
	}
	text := t.Format(time.DateOnly)
	return graphql.OmittableOf(&text)
}

func cmp(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// excelZero is day 0 of workbooks, which hold 1900 for a leap year.
var excelZero = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// moment reads a time by a pattern.
func (m *Mapping) moment(pattern string, c Cell) (time.Time, bool) {
	number := func() (float64, bool) {
		f, err := strconv.ParseFloat(c.Text, 64)
		return f, err == nil && f > 0 && f < 1e11
	}
	switch {
	case pattern == "unix":
		n, ok := number()
		return time.Unix(int64(n), 0).UTC(), ok
	case pattern == "excel" || pattern == "" && c.Number:
		if days, ok := number(); ok && days < 3e6 {
			t := excelZero.Add(time.Duration(math.Round(days*86_400_000)) * time.Millisecond)
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), m.zone).UTC(), true
		}
		if pattern != "" {
			return time.Time{}, false
		}
	}
	layouts := []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}
	if pattern != "" {
		l, err := layout(pattern)
		if err != nil {
			return time.Time{}, false
		}
		layouts = []string{l}
	}
	for _, l := range layouts {
		if t, err := time.ParseInLocation(l, c.Text, m.zone); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// list is what stands between the split signs; nil where nothing is said.
func (r *record) list(name string) (list []string) {
	c, null, said := r.cell(name)
	if !said || null {
		return nil
	}
	if c.List != nil {
		return c.List
	}
	for part := range strings.SplitSeq(c.Text, cmp(r.m.Fields[name].Split, "|")) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func (r *record) truth(name string) *bool {
	c, null, said := r.cell(name)
	if !said || null {
		return nil
	}
	b, err := strconv.ParseBool(strings.ToLower(c.Text))
	if err != nil {
		r.wrong(name, "%q is neither true nor false", short(c.Text))
		return nil
	}
	return &b
}

// object is free data, a JSON object.
func (r *record) object(name string) map[string]any {
	c, null, said := r.cell(name)
	if !said || null {
		return nil
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(c.Text), &v); err != nil {
		r.wrong(name, "%q is no JSON object", short(c.Text))
		return nil
	}
	return v
}

// word is a value of an enum of the API; nil where none is said.
func word[T ~string](r *record, name string, known ...T) *T {
	c, null, said := r.cell(name)
	if !said || null {
		return nil
	}
	list := make([]string, len(known))
	for i, k := range known {
		if list[i] = string(k); string(k) == c.Text {
			return &k
		}
	}
	r.wrong(name, "%q is none of %s", short(c.Text), strings.Join(list, ", "))
	return nil
}
