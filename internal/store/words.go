package store

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kljensen/snowball/english"
	"github.com/kljensen/snowball/russian"
)

// The bounds of words that are kept for a search.
const (
	longestWord = 64 // bytes; what is longer is cut
	mostWords   = 4_000
	beginning   = 4 // characters from which the beginning of a word with a digit is enough
)

// KeepWords are the words of texts as a search finds them: folded (Fold),
// letters by their stem, so that every form of a Russian or English word is
// one, and words with a digit in them by each beginning too. Each once, sorted.
func KeepWords(texts ...string) []string {
	var words []string
	for _, text := range texts {
		for _, w := range split(text) {
			if strings.ContainsFunc(w, unicode.IsDigit) {
				runes := []rune(w)
				for n := beginning; n < len(runes); n++ {
					words = append(words, string(runes[:n]))
				}
			}
			words = append(words, stem(w))
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), mostWords)]
}

// SeekWords are the words that somebody looks for; all of them must be kept
// with what is found. None: the text has no letter and no digit.
func SeekWords(text string) []string {
	words := split(text)
	for i, w := range words {
		words[i] = stem(w)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// split gives the runs of letters and digits of a text, folded. Nothing else
// comes out of it, so that a word needs no quoting in either database.
func split(text string) []string {
	words := strings.FieldsFunc(Fold(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	for i, w := range words {
		if len(w) > longestWord {
			words[i] = strings.ToValidUTF8(w[:longestWord], "")
		}
	}
	return words
}

// stem cuts the ending off a word that is all Cyrillic or all Latin letters.
func stem(w string) string {
	all := func(in *unicode.RangeTable) bool {
		return !strings.ContainsFunc(w, func(r rune) bool { return !unicode.Is(in, r) })
	}
	stemmed := w
	switch {
	case all(unicode.Cyrillic):
		stemmed = russian.Stem(w, true)
	case all(unicode.Latin):
		stemmed = english.Stem(w, true)
	}
	if stemmed == "" {
		return w
	}
	return stemmed
}
