package scalar

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Translation is what staff write of a thing in one language: the input
// TranslationInput of the SDL.
type Translation struct {
	// The language.
	Locale string
	// What it is called.
	Name string
	// What it is, in a sentence or two.
	Description *string
	// The small print.
	Terms *string
}

// The keys of what Texts makes.
const (
	TextName        = "name"
	TextDescription = "description"
	TextTerms       = "terms"
)

// Limits of texts, in characters.
const (
	MaxTextName = 100
	MaxText     = 10_000
)

// BadText says which text is not one that can be kept. Its Path begins at the
// list: [texts 0 name].
type BadText struct {
	Path  []string
	Code  string // REQUIRED, TOO_LONG, INVALID_VALUE or DUPLICATE_KEY
	Limit int    // of TOO_LONG
}

// Error is for logs.
func (b *BadText) Error() string { return b.Code + " at " + strings.Join(b.Path, ".") }

// Texts are translations as they are stored: language -> key -> text. Languages
// that are not among the known ones are refused, the first one is required: it
// is what everybody else reads. path names the list.
func Texts(in []Translation, known []string, path ...string) (map[string]map[string]string, *BadText) {
	all := make(map[string]map[string]string, len(in))
	for i, t := range in {
		at := append(slices.Clone(path), strconv.Itoa(i))
		lang := strings.ToLower(strings.TrimSpace(t.Locale))
		switch {
		case !slices.Contains(known, lang):
			return nil, &BadText{Path: append(at, "locale"), Code: "INVALID_VALUE"}
		case all[lang] != nil:
			return nil, &BadText{Path: append(at, "locale"), Code: "DUPLICATE_KEY"}
		}
		all[lang] = map[string]string{}
		for _, f := range []struct {
			key   string
			text  *string
			limit int
		}{{TextName, &t.Name, MaxTextName}, {TextDescription, t.Description, MaxText}, {TextTerms, t.Terms, MaxText}} {
			if f.text == nil {
				continue
			}
			text, bad := CleanText(*f.text, f.limit)
			if bad == nil && text == "" && f.key == TextName {
				bad = &BadText{Code: "REQUIRED"}
			}
			if bad != nil {
				bad.Path = append(slices.Clone(at), f.key)
				return nil, bad
			}
			if text != "" {
				all[lang][f.key] = text
			}
		}
	}
	if len(known) > 0 && all[known[0]] == nil {
		return nil, &BadText{Path: path, Code: "REQUIRED"}
	}
	return all, nil
}

// CleanText is a text without spaces around it, at most limit characters, none
// of which a terminal or a database would choke on.
func CleanText(s string, limit int) (string, *BadText) {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }):
		return "", &BadText{Code: "INVALID_VALUE"}
	case utf8.RuneCountInString(s) > limit:
		return "", &BadText{Code: "TOO_LONG", Limit: limit}
	}
	return s, nil
}

// Pick is a stored text in the first of the languages that has it; empty where
// none has.
func Pick(texts map[string]map[string]string, key string, languages ...string) string {
	for _, lang := range languages {
		if text := texts[lang][key]; text != "" {
			return text
		}
	}
	return ""
}

// Translations are stored texts by language, as a form shows them to edit.
func Translations(texts map[string]map[string]string) []Translation {
	all := make([]Translation, 0, len(texts))
	for lang, of := range texts {
		t := Translation{Locale: lang, Name: of[TextName]}
		if s, ok := of[TextDescription]; ok {
			t.Description = &s
		}
		if s, ok := of[TextTerms]; ok {
			t.Terms = &s
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Translation) int { return strings.Compare(a.Locale, b.Locale) })
	return all
}
