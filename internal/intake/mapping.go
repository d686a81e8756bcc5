// Package intake takes over files of outside systems row by row, as a mapping
// says, and writes files that can be taken over again. It stands beside graph:
// it makes inputs out of cells and calls the verbs of the domains, and decides
// nothing that they decide. It never opens a file nor writes a table.
package intake

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// Kind is what the rows of a file are.
type Kind string

// The kinds.
const (
	Users    Kind = "users"
	Products Kind = "products"
	Stock    Kind = "stock"
	Orders   Kind = "orders"
)

// Mapping says what of a file becomes what. In JSON or YAML.
type Mapping struct {
	Kind      Kind             `yaml:"kind"`
	Format    string           `yaml:"format"`    // csv, xlsx or ndjson; by the file's name when empty
	Encoding  string           `yaml:"encoding"`  // of csv
	Delimiter string           `yaml:"delimiter"` // of csv
	Sheet     string           `yaml:"sheet"`     // of xlsx
	TimeZone  string           `yaml:"timeZone"`  // IANA, of dates that say none; UTC when empty
	Guarded   bool             `yaml:"guarded"`   // an apostrophe before what would be a formula is no part of the text
	Fields    map[string]Field `yaml:"fields"`

	zone *time.Location
}

// Field says whence one field comes.
type Field struct {
	Column   string            `yaml:"column"`
	Constant *string           `yaml:"constant"`
	Date     string            `yaml:"date"`    // DD.MM.YYYY HH:mm, unix or excel; ISO 8601 when empty
	Decimal  string            `yaml:"decimal"` // comma, or point when empty
	Minor    bool              `yaml:"minor"`   // an amount in the smallest units of its currency
	Values   map[string]string `yaml:"values"`  // what words of the file mean
	Split    string            `yaml:"split"`   // between the values of a list
	Empty    string            `yaml:"empty"`   // skip, or null: an empty cell wipes the field
}

// UnmarshalYAML takes the name of a column alone, too.
func (f *Field) UnmarshalYAML(b []byte) error {
	type plain Field
	var whole plain
	if err := yaml.UnmarshalWithOptions(b, &whole, yaml.Strict()); err == nil {
		*f = Field(whole)
		return nil
	} else if text := strings.TrimSpace(string(b)); strings.Contains(text, ":") && (strings.HasPrefix(text, "{") || strings.Contains(text, "\n") || strings.Contains(text, ": ")) && !strings.HasPrefix(text, `"`) {
		return err
	}
	return yaml.Unmarshal(b, &f.Column)
}

// ReadMapping reads a mapping and checks it by itself. The error names what is
// wrong, and where.
func ReadMapping(text []byte) (*Mapping, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("mapping: it is not UTF-8")
	}
	m := &Mapping{}
	if err := yaml.UnmarshalWithOptions(text, m, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("mapping: %s", strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	return m, m.check()
}

// Standard is the mapping of files whose columns are called as the fields are,
// such as those that Export writes.
func Standard(kind Kind, columns []string, format string) (*Mapping, error) {
	m := &Mapping{Kind: kind, Guarded: format == "csv", Fields: map[string]Field{}}
	known := fields[kind]
	if columns == nil { // of ndjson: what there is of them
		columns = slices.Sorted(maps.Keys(known))
	}
	for _, c := range columns {
		if _, there := known[c]; there {
			m.Fields[c] = Field{Column: c, Empty: "null"}
		}
	}
	return m, m.check()
}

func (m *Mapping) check() error {
	known, there := fields[m.Kind]
	if !there {
		return fmt.Errorf("mapping: kind %q is none of %s", m.Kind, strings.Join(names(fields), ", "))
	}
	if m.Encoding != "" && !slices.Contains([]string{"utf-8", "utf-16", "windows-1251"}, m.Encoding) {
		return fmt.Errorf("mapping: encoding %q is none of utf-8, utf-16, windows-1251", m.Encoding)
	}
	if m.Format != "" && !slices.Contains([]string{"csv", "xlsx", "ndjson"}, m.Format) {
		return fmt.Errorf("mapping: format %q is none of csv, xlsx, ndjson", m.Format)
	}
	if m.Delimiter == `\t` || m.Delimiter == "tab" {
		m.Delimiter = "\t"
	}
	if m.Delimiter != "" && (utf8.RuneCountInString(m.Delimiter) != 1 || strings.ContainsAny(m.Delimiter, "\"\r\n\ufeff")) {
		return fmt.Errorf("mapping: delimiter %q is not one sign", m.Delimiter)
	}
	m.zone = time.UTC
	if m.TimeZone != "" {
		zone, err := time.LoadLocation(m.TimeZone)
		if err != nil {
			return fmt.Errorf("mapping: timeZone %q is no time zone", m.TimeZone)
		}
		m.zone = zone
	}
	for _, name := range names(m.Fields) {
		kind, there := known[name]
		if !there {
			return fmt.Errorf("mapping: %s has no field %q; it has %s", m.Kind, name, strings.Join(names(known), ", "))
		}
		if err := m.Fields[name].check(name, kind); err != nil {
			return err
		}
	}
	for _, name := range needed[m.Kind] {
		if _, there := m.Fields[name]; !there {
			return fmt.Errorf("mapping: field %q of %s is needed", name, m.Kind)
		}
	}
	return nil
}

func (f Field) check(name string, kind valueKind) error {
	say := func(format string, args ...any) error {
		return fmt.Errorf("mapping: field %q: "+format, append([]any{name}, args...)...)
	}
	switch {
	case (f.Column == "") == (f.Constant == nil):
		return say("one of column and constant is needed")
	case f.Empty != "" && f.Empty != "skip" && f.Empty != "null":
		return say("empty %q is neither skip nor null", f.Empty)
	case f.Decimal != "" && f.Decimal != "comma" && f.Decimal != "point":
		return say("decimal %q is neither comma nor point", f.Decimal)
	case f.Date != "" && kind != aTime && kind != aDate:
		return say("date is for dates, and this is %s", kind)
	case (f.Decimal != "" || f.Minor) && kind != anAmount:
		return say("decimal and minor are for amounts, and this is %s", kind)
	case f.Split != "" && kind != aList:
		return say("split is for lists, and this is %s", kind)
	}
	if f.Date != "" && f.Date != "unix" && f.Date != "excel" {
		if _, err := layout(f.Date); err != nil {
			return say("%s", err)
		}
	}
	return nil
}

// Uses checks the mapping against the columns that a file has; nil asks nothing.
func (m *Mapping) Uses(columns []string) error {
	if columns == nil {
		return nil
	}
	for _, name := range names(m.Fields) {
		if c := m.Fields[name].Column; c != "" && !slices.Contains(columns, c) {
			have := slices.DeleteFunc(slices.Clone(columns), func(s string) bool { return s == "" })
			return fmt.Errorf("the file has no column %q, which the mapping takes for field %q; it has %s", c, name, strings.Join(have, ", "))
		}
	}
	return nil
}

// layout is a date's pattern as Go reads it.
func layout(pattern string) (string, error) {
	out := pattern
	for _, p := range [][2]string{{"YYYY", "2006"}, {"YY", "06"}, {"MM", "01"}, {"DD", "02"}, {"HH", "15"}, {"mm", "04"}, {"ss", "05"}, {"Z", "Z07:00"}} {
		out = strings.Replace(out, p[0], p[1], 1)
	}
	if !strings.Contains(out, "06") || !strings.Contains(out, "01") || !strings.Contains(out, "02") {
		return "", fmt.Errorf("date %q has no year, month and day: YYYY or YY, MM and DD; HH, mm, ss and Z may follow", pattern)
	}
	return out, nil
}

func names[K ~string, V any](m map[K]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, string(k))
	}
	slices.Sort(list)
	return list
}
