// Package locale owns the words people read: translated texts, amounts, dates
// and the choice of a language. The texts lie in messages/<language>, a file
// for each domain, which its domain writes; this package writes no table, knows
// no domain and never decides what is said, only how.
//
// An id is "<domain>.<name>", such as "fault.NOT_FOUND"; a template is Go's
// text/template over the params, such as {{.available}}. Nothing is escaped:
// whoever puts a text into HTML does that. An id with plural forms takes the
// one of params["count"]: one and other in English; one, few, many and other
// in Russian.
package locale

import (
	"golang.org/x/text/language"
)

// The languages that ship complete.
const (
	English = "en"
	Russian = "ru"
	Default = English
)

// Supported are the languages, the default one first.
func Supported() []string { return []string{English, Russian} }

var matcher = language.NewMatcher([]language.Tag{language.English, language.Russian})

// maxPreference bounds what is parsed; no browser sends as much.
const maxPreference = 512

// Match settles the language: the first of preferred that names a supported
// one, such as a saved preference, then an Accept-Language header, then the
// configured default. Each may be empty, a BCP 47 tag, a header or garbage.
// None: Default.
func Match(preferred ...string) string {
	for _, p := range preferred {
		if p == English || p == Russian {
			return p
		}
		if p == "" || len(p) > maxPreference {
			continue
		}
		tags, _, err := language.ParseAcceptLanguage(p)
		if err != nil {
			continue
		}
		for _, tag := range tags {
			// One at a time: with all at once the matcher weighs how near the
			// languages are, and answers Russian to a Ukrainian who reads English.
			if _, i, sure := matcher.Match(tag); sure >= language.High {
				return Supported()[i]
			}
		}
	}
	return Default
}
