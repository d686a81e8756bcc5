package template

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The language, all of it:
//
//	{{ number }}                              the value of a variable
//	{{ order.total | money }}                 the same, as money, date, datetime, time or number
//	{{ plural count "балл" "балла" "баллов" }} the form that fits the number
//	{{ if note }}…{{ else }}…{{ end }}        where there is a value, and where there is none
//
// There are no loops, calls or sums: a text costs what it is long.

// part is a piece of a template.
type part struct {
	kind  partKind
	text  string   // of plain text
	name  string   // of the variable
	as    string   // the filter; empty: none
	forms []string // of plural
	then  []part   // of if
	other []part   // of else
	line  int
	col   int
}

type partKind int

const (
	plain partKind = iota
	value
	plural
	choice
)

// broken says what is wrong with a template, and where: line and column from 1.
type broken struct {
	code   string // of a fault
	field  string // title, text or html
	reason string
	line   int
	column int
	params map[string]any
}

func (b *broken) Error() string { return fmt.Sprintf("%d:%d: %s", b.line, b.column, b.reason) }

// reader reads a template from the left to the right.
type reader struct {
	text  string
	at    int
	parts int
	deep  int
	spans []span

	from, line, start int // where line begins was counted up to from
}

// span is where something between {{ and }} stands: from its first byte to
// after its last one. fork is a part of a condition.
type span struct {
	from, to int
	fork     bool
}

// parse reads a template. The error is a *broken.
func parse(text string) ([]part, error) {
	r := &reader{text: text, line: 1}
	all, closed, err := r.list()
	if err == nil && closed.word != "" {
		err = r.wrong(closed.at, "{{ "+closed.word+" }} without {{ if … }}")
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// place of a byte: places are asked for from the left to the right.
func (r *reader) where(at int) (line, column int) {
	if at < r.from {
		r.from, r.line, r.start = 0, 1, 0
	}
	for i := strings.IndexByte(r.text[r.from:at], '\n'); i >= 0; i = strings.IndexByte(r.text[r.from:at], '\n') {
		r.line, r.from = r.line+1, r.from+i+1
		r.start = r.from
	}
	return r.line, utf8.RuneCountInString(r.text[r.start:at]) + 1
}

func (r *reader) wrong(at int, reason string) error {
	line, column := r.where(at)
	return &broken{code: codeSyntax, reason: reason, line: line, column: column}
}

// ending is the {{ else }} or {{ end }} at which a list ended; no word: the text
// did.
type ending struct {
	word string
	at   int
}

// list reads to the end of the text or of a condition.
func (r *reader) list() (all []part, closed ending, err error) {
	for {
		open := strings.Index(r.text[r.at:], "{{")
		if open < 0 {
			all = appendPlain(all, r.text[r.at:])
			r.at = len(r.text)
			return all, ending{}, nil
		}
		all = appendPlain(all, r.text[r.at:r.at+open])
		begin := r.at + open
		r.at = begin + 2
		words, err := r.action(begin)
		if err != nil {
			return nil, ending{}, err
		}
		first := words[0].text
		r.spans = append(r.spans, span{begin, r.at, !words[0].quoted && (first == "if" || first == "else" || first == "end")})
		switch {
		case (first == "else" || first == "end") && !words[0].quoted:
			if len(words) > 1 {
				return nil, ending{}, r.wrong(words[1].at, "nothing follows "+first)
			}
			return all, ending{first, begin}, nil
		case first == "if" && !words[0].quoted:
			p, err := r.choice(begin, words)
			if err != nil {
				return nil, ending{}, err
			}
			all = append(all, p)
		default:
			p, err := r.shown(begin, words)
			if err != nil {
				return nil, ending{}, err
			}
			all = append(all, p)
		}
	}
}

func appendPlain(all []part, text string) []part {
	if text == "" {
		return all
	}
	return append(all, part{kind: plain, text: text})
}

// word is one of what stands between {{ and }}.
type word struct {
	text   string
	quoted bool
	at     int
}

// action reads what stands between {{ and }}: one word or more.
func (r *reader) action(begin int) (words []word, err error) {
	if r.parts++; r.parts > mostParts {
		return nil, r.wrong(begin, fmt.Sprintf("more than %d variables and conditions", mostParts))
	}
	for {
		r.at += len(r.text[r.at:]) - len(strings.TrimLeft(r.text[r.at:], " \t\r\n"))
		rest := r.text[r.at:]
		switch {
		case rest == "":
			return nil, r.wrong(begin, "{{ is not closed by }}")
		case strings.HasPrefix(rest, "}}"):
			r.at += 2
			if len(words) == 0 {
				return nil, r.wrong(begin, "nothing stands between {{ and }}")
			}
			return words, nil
		case rest[0] == '|':
			words = append(words, word{text: "|", at: r.at})
			r.at++
		case rest[0] == '"':
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 || strings.Contains(rest[1:1+end], "\n") {
				return nil, r.wrong(r.at, `a text between " and " is not closed`)
			}
			words = append(words, word{text: rest[1 : 1+end], quoted: true, at: r.at})
			r.at += end + 2
		default:
			n := nameLength(rest)
			if n == 0 {
				c, _ := utf8.DecodeRuneInString(rest)
				return nil, r.wrong(r.at, fmt.Sprintf("%q has no meaning here", c))
			}
			words = append(words, word{text: rest[:n], at: r.at})
			r.at += n
		}
	}
}

// nameLength is how long a name is that a text begins with: letters, digits and
// _, in parts that dots join.
func nameLength(s string) int {
	begins := true
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		switch {
		case letter, !begins && (c == '_' || c >= '0' && c <= '9'):
			begins = false
		case !begins && c == '.' && i+1 < len(s) && isLetter(s[i+1]):
			begins = true
		default:
			return i
		}
	}
	return len(s)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// choice reads an if up to its end.
func (r *reader) choice(begin int, words []word) (p part, err error) {
	p = part{kind: choice}
	p.line, p.col = r.where(begin)
	switch {
	case len(words) < 2 || words[1].quoted || words[1].text == "|":
		return p, r.wrong(begin, "if is followed by the name of a variable")
	case len(words) > 2:
		return p, r.wrong(words[2].at, "nothing follows the name of the variable")
	}
	p.name = words[1].text
	p.line, p.col = r.where(words[1].at)
	if r.deep++; r.deep > mostDeep {
		return p, r.wrong(begin, fmt.Sprintf("more than %d conditions in one another", mostDeep))
	}
	var closed ending
	if p.then, closed, err = r.list(); err != nil {
		return p, err
	}
	if closed.word == "else" {
		if p.other, closed, err = r.list(); err != nil {
			return p, err
		}
	}
	r.deep--
	switch closed.word {
	case "":
		return p, r.wrong(begin, "{{ if … }} is not closed by {{ end }}")
	case "else":
		return p, r.wrong(closed.at, "{{ else }} comes twice")
	}
	return p, nil
}

// shown reads a variable or a plural.
func (r *reader) shown(begin int, words []word) (p part, err error) {
	if words[0].text == "plural" && !words[0].quoted && len(words) > 1 {
		return r.plural(begin, words)
	}
	if words[0].quoted || words[0].text == "|" {
		return p, r.wrong(words[0].at, "the name of a variable is wanted")
	}
	p = part{kind: value, name: words[0].text}
	p.line, p.col = r.where(words[0].at)
	if len(words) == 1 {
		return p, nil
	}
	switch {
	case words[1].text != "|" || words[1].quoted:
		return p, r.wrong(words[1].at, "| or }} is wanted after the name of a variable")
	case len(words) < 3 || words[2].quoted || words[2].text == "|":
		return p, r.wrong(words[1].at, "| is followed by "+filterNames)
	case filters[words[2].text] == nil:
		return p, r.wrong(words[2].at, words[2].text+" is none of "+filterNames)
	case len(words) > 3:
		return p, r.wrong(words[3].at, "nothing follows "+words[2].text)
	}
	p.as = words[2].text
	return p, nil
}

func (r *reader) plural(begin int, words []word) (p part, err error) {
	if words[1].quoted || words[1].text == "|" {
		return p, r.wrong(words[1].at, "plural is followed by the name of a variable")
	}
	p = part{kind: plural, name: words[1].text}
	p.line, p.col = r.where(words[1].at)
	for _, w := range words[2:] {
		if !w.quoted {
			return p, r.wrong(w.at, `the forms of plural stand between " and "`)
		}
		p.forms = append(p.forms, w.text)
	}
	if len(p.forms) != 2 && len(p.forms) != 3 {
		return p, r.wrong(begin, fmt.Sprintf("plural has 2 forms in English and 3 in Russian, not %d", len(p.forms)))
	}
	return p, nil
}

// walk calls a func for every part, also of conditions, in their order.
func walk(all []part, each func(part)) {
	for _, p := range all {
		each(p)
		walk(p.then, each)
		walk(p.other, each)
	}
}
