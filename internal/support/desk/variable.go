package desk

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// The variables that texts may hold between {{ and }}.
const (
	customerName = "customer.name"
	ticketNumber = "ticket.number"
	operatorName = "operator.name"
	orderNumber  = "order.number"
)

var variables = []string{customerName, ticketNumber, operatorName, orderNumber}

// each calls what comes between variables and the variables of a text by turn;
// at is where a variable begins. One that does not end goes to the end.
func each(text string, plain func(string), variable func(name, written string, at int)) {
	for done := 0; ; {
		open := strings.Index(text[done:], "{{")
		if open < 0 {
			plain(text[done:])
			return
		}
		open += done
		plain(text[done:open])
		end := strings.Index(text[open:], "}}")
		if end < 0 {
			variable(strings.TrimSpace(text[open+2:]), text[open:], open)
			return
		}
		written := text[open : open+end+2]
		variable(strings.TrimSpace(written[2:len(written)-2]), written, open)
		done = open + len(written)
	}
}

// checkVariables refuses the first variable that does not exist, with where it
// stands: line and column from 1.
func checkVariables(text string, path ...string) (err error) {
	each(text, func(string) {}, func(name, written string, at int) {
		if err != nil || slices.Contains(variables, name) && strings.HasSuffix(written, "}}") {
			return
		}
		before := text[:at]
		row := strings.Count(before, "\n") + 1
		column := utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1
		err = ErrUnknownVariable.At(path...).With("variable", short(name)).With("line", row).With("column", column)
	})
	return err
}

// short is the beginning of what somebody wrote.
func short(name string) string {
	const most = 60
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most])
	}
	return name
}

// fillIn puts values in as they are: what looks like a variable in one stays
// text. A variable without a value stays as it is written, and is missing.
func fillIn(text string, values map[string]string) (out string, missing []string) {
	var b strings.Builder
	lack := map[string]bool{}
	each(text, func(s string) { b.WriteString(s) }, func(name, written string, _ int) {
		if value := values[name]; value != "" {
			b.WriteString(value)
			return
		}
		b.WriteString(written)
		lack[name] = true
	})
	return b.String(), slices.Sorted(maps.Keys(lack))
}

// inLanguage is the text for a language: in it, in what it is a kind of, in
// English, in the first there is.
func inLanguage(texts map[string]string, lang string) (text, locale string) {
	general, _, _ := strings.Cut(lang, "-")
	for _, l := range append([]string{lang, general, "en"}, slices.Sorted(maps.Keys(texts))...) {
		if text, has := texts[l]; has {
			return text, l
		}
	}
	return "", ""
}
