package article

import (
	"regexp"
	"strings"
	"unicode"

	"kabinet/internal/store"
)

// The bounds of a snippet, in characters.
const (
	snippetLength = 240
	snippetBefore = 60     // so much is shown before the first word that matches
	snippetSearch = 20_000 // so much of a body is looked at
)

// snippet is the part of summary and body that has most of the words; their
// beginning where none has.
func snippet(summary, body string, words []string) ArticleSnippet {
	runes := []rune(plain(summary))
	if all := matches(runes, words); len(all) > 0 || body == "" {
		return cut(runes, all)
	}
	text := []rune(body)
	inBody := []rune(plain(string(text[:min(len(text), snippetSearch)])))
	all := matches(inBody, words)
	if len(all) == 0 && len(runes) > 0 {
		return cut(runes, nil)
	}
	return cut(inBody, all)
}

// cut is the window of a text with most matches, at the ends of words.
func cut(text []rune, all []TextRange) ArticleSnippet {
	start := 0
	most := -1
	for i, m := range all {
		from := max(0, m.Start-snippetBefore)
		if from > 0 {
			for from < m.Start && !unicode.IsSpace(text[from-1]) {
				from++
			}
		}
		n := 0
		for _, o := range all[i:] {
			if o.Start+o.Length > from+snippetLength-2 {
				break
			}
			n++
		}
		if n > most {
			most, start = n, from
		}
	}
	length, end := snippetLength, len(text)
	lead, tail := "", ""
	if start > 0 {
		lead, length = "…", length-1
	}
	if end-start > length {
		end = start + length - 1
		for back := end; back > end-30 && back > start; back-- {
			if unicode.IsSpace(text[back]) {
				end = back
				break
			}
		}
		tail = "…"
	}
	s := ArticleSnippet{Text: lead + string(text[start:end]) + tail, Matches: []TextRange{}}
	for _, m := range all {
		if m.Start >= start && m.Start+m.Length <= end {
			s.Matches = append(s.Matches, TextRange{m.Start - start + len([]rune(lead)), m.Length})
		}
	}
	return s
}

// matches are where a text has words, by their stems.
func matches(text []rune, words []string) []TextRange {
	all := []TextRange{}
	begins := map[string]bool{}
	for _, w := range words {
		begins[beginningOf([]rune(w))] = true
	}
	for i := 0; i < len(text); {
		if !letter(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && letter(text[end]) {
			end++
		}
		if begins[beginningOf(text[i:end])] && isAny(string(text[i:end]), words) {
			all = append(all, TextRange{i, end - i})
		}
		i = end
	}
	return all
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// beginningOf is the first letter, folded: a stem keeps it.
func beginningOf(w []rune) string {
	if len(w) == 0 {
		return ""
	}
	return store.Fold(string(w[:1]))
}

// isAny says whether one word of a text is found by any of some.
func isAny(word string, words []string) bool {
	for _, kept := range store.KeepWords(word) {
		for _, w := range words {
			if kept == w {
				return true
			}
		}
	}
	return false
}

var (
	links  = regexp.MustCompile(`!?\[([^\]\n]*)\]\([^)\s]*(?: "[^"\n]*")?\)`)
	marks  = regexp.MustCompile("(?m)^[ \\t]*(?:#{1,6}|>|[-*+]|\\d{1,3}[.)]|```\\w*|\\|)[ \\t]*|[*_~`]{1,3}")
	blanks = regexp.MustCompile(`[\s\p{Zs}]+`)
)

// plain is Markdown without its marks, on one line. HTML in it is text and stays.
func plain(s string) string {
	s = links.ReplaceAllString(s, "$1")
	s = marks.ReplaceAllString(s, "")
	return strings.TrimSpace(blanks.ReplaceAllString(s, " "))
}
