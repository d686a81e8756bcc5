package template

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	textplural "golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"kabinet/internal/locale"
	"kabinet/internal/scalar"
)

// reading is who reads: his language and his clock.
type reading struct {
	lang string
	zone string
	as   func(words string) string // what becomes of each value of a text; nil: nothing
}

// escaped is what a value says as it stands in a text.
func (r reading) escaped(words string) string {
	if r.as == nil {
		return words
	}
	return r.as(words)
}

// filters are how a value may be shown.
var filters = map[string]func(reading, any) (string, bool){
	"money":    reading.money,
	"date":     reading.date,
	"datetime": reading.datetime,
	"time":     reading.clock,
	"number":   reading.number,
}

const filterNames = "date, datetime, money, number or time"

// words are a value as the reader sees it. A value that its filter has no
// meaning for is shown as it is: it may be words already.
func (r reading) words(v any, filter string) string {
	if show := filters[filter]; show != nil {
		if text, ok := show(r, v); ok {
			return text
		}
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return cut(v, mostTaken)
	case ours:
		return cut(string(v), mostText)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return locale.DateTime(r.lang, v, r.zone)
	case map[string]any:
		text, _ := r.money(v)
		return text
	}
	if n, ok := whole(v); ok {
		return strconv.FormatInt(n, 10)
	}
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	if n, ok := v.(json.Number); ok {
		return cut(n.String(), mostTaken)
	}
	return ""
}

// ours is a value that is no parameter: what the message says as a whole, and
// where it leads. It may be long.
type ours string

// cut bounds a value and takes out what no text of ours holds: controls, and
// signs that turn the direction of what follows.
func cut(s string, most int) string {
	n := 0
	for i := range s { // no further than it is shown
		if n++; n > most {
			s = s[:i] + "…"
			break
		}
	}
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return c
		case unicode.IsControl(c), c == utf8.RuneError, c >= 0x202A && c <= 0x202E, c >= 0x2066 && c <= 0x2069:
			return -1
		}
		return c
	}, s)
}

// has says whether a condition holds.
func has(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return strings.TrimSpace(v) != ""
	case ours:
		return strings.TrimSpace(string(v)) != ""
	case bool:
		return v
	case map[string]any:
		return len(v) > 0
	}
	if n, ok := whole(v); ok {
		return n != 0
	}
	return true
}

// whole takes a whole number of any kind that JSON or Go has.
func whole(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case int32:
		return int64(n), true
	case float64:
		return int64(n), n == math.Trunc(n) && math.Abs(n) < 1<<53
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	case string:
		i, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
		return i, err == nil
	}
	return 0, false
}

// money is of {amount, currency}, as facts have it.
func (r reading) money(v any) (string, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return "", false
	}
	amount, _ := m["amount"].(string)
	code, _ := m["currency"].(string)
	sum, err := scalar.ParseMoney(amount, code)
	if err != nil {
		return "", false
	}
	return locale.Money(r.lang, sum.Minor, sum.Currency), true
}

// moment reads a time: day says that it is a day of no zone.
func moment(v any) (t time.Time, day, ok bool) {
	switch v := v.(type) {
	case time.Time:
		return v, false, true
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t, false, true
		}
		t, err := time.Parse(time.DateOnly, v)
		return t, true, err == nil
	}
	return t, false, false
}

func (r reading) date(v any) (string, bool) {
	t, day, ok := moment(v)
	if !ok {
		return "", false
	}
	if day {
		return locale.Date(r.lang, t, "UTC"), true
	}
	return locale.Date(r.lang, t, r.zone), true
}

func (r reading) datetime(v any) (string, bool) {
	t, day, ok := moment(v)
	switch {
	case !ok:
		return "", false
	case day:
		return r.date(v)
	}
	return locale.DateTime(r.lang, t, r.zone), true
}

func (r reading) clock(v any) (string, bool) {
	t, day, ok := moment(v)
	if !ok || day {
		return "", false
	}
	zone, err := time.LoadLocation(r.zone)
	if err != nil || r.zone == "Local" {
		zone = time.UTC
	}
	return t.In(zone).Format("15:04"), true
}

func (r reading) number(v any) (string, bool) {
	n, ok := whole(v)
	if !ok {
		return "", false
	}
	return message.NewPrinter(language.Make(r.lang)).Sprint(n), true
}

// forms are the plural forms that a language asks for, in the order in which
// they are written.
func forms(lang string) []textplural.Form {
	if lang == locale.Russian {
		return []textplural.Form{textplural.One, textplural.Few, textplural.Many}
	}
	return []textplural.Form{textplural.One, textplural.Other}
}

// form picks the plural form for a number, by the rules of CLDR. Of a fraction
// Russian takes the second: 1,5 балла.
func (r reading) form(v any, texts []string) string {
	n, ok := whole(v)
	if !ok {
		return texts[min(1, len(texts)-1)]
	}
	n = max(n, -n)
	if n < 0 { // the least number of all has no positive
		n = math.MaxInt64
	}
	found := textplural.Cardinal.MatchPlural(language.Make(r.lang), int(n%10_000_000), 0, 0, 0, 0)
	at := slices.Index(forms(r.lang), found)
	if at < 0 || at >= len(texts) {
		return texts[len(texts)-1]
	}
	return texts[at]
}

// lookup finds a value by its name: as it stands, or part by part.
func lookup(values map[string]any, name string) (any, bool) {
	if v, there := values[name]; there {
		return v, true
	}
	for {
		first, rest, more := strings.Cut(name, ".")
		v, there := values[first]
		if !more || !there {
			return v, there
		}
		inner, is := v.(map[string]any)
		if !is {
			return nil, false
		}
		values, name = inner, rest
	}
}

// fill puts values in. missing are names without a value that had to be shown.
// A text that is longer than mostText is not written to its end: it is of no
// use to anybody.
func (r reading) fill(all []part, values map[string]any) (text string, missing []string) {
	var b strings.Builder
	r.into(&b, all, values, &missing)
	return b.String(), missing
}

// lacks are the names that fill would find missing.
func (r reading) lacks(all []part, values map[string]any) (missing []string) {
	r.into(nil, all, values, &missing)
	return missing
}

func (r reading) into(b *strings.Builder, all []part, values map[string]any, missing *[]string) {
	for _, p := range all {
		if b != nil && b.Len() > mostText {
			return
		}
		v, there := lookup(values, p.name)
		if !there && (p.kind == value || p.kind == plural) {
			*missing = append(*missing, p.name)
		}
		switch {
		case b == nil && p.kind != choice: // what is missing was all that was asked
		case p.kind == plain:
			b.WriteString(p.text)
		case p.kind == value:
			b.WriteString(r.escaped(r.words(v, p.as)))
		case p.kind == plural:
			b.WriteString(r.escaped(r.form(v, p.forms)))
		default:
			if has(v) {
				r.into(b, p.then, values, missing)
			} else {
				r.into(b, p.other, values, missing)
			}
		}
	}
}
