package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// What HTML of letters may hold. It is a list of what is allowed: what programs
// of mail show, and nothing that runs, loads, frames or asks for input.
var (
	elements = set("a abbr b blockquote br center code div em font h1 h2 h3 h4 h5 h6 hr i img li ol p pre s small span strong sub sup table tbody td tfoot th thead tr u ul")
	frames   = set("html head meta title style body") // of the layout
	void     = set("br hr img meta")

	attributes = set("alt align bgcolor border cellpadding cellspacing class color colspan dir face height href id lang role rowspan size src style target title valign width" +
		" aria-hidden aria-label aria-describedby")
	metas    = set("charset content name")
	metaName = set("viewport color-scheme supported-color-schemes")

	addresses   = map[string][]string{"href": {"http", "https", "mailto", "tel"}, "src": {"http", "https"}}
	styleThreat = []string{"expression", "javascript:", "vbscript:", "behavior", "-moz-binding", "url(", "@import", "</", "\\", "/*"}
)

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(words) {
		all[w] = true
	}
	return all
}

// A variable, hidden, is x and then as many of these as it is long: no text of
// ours holds them.
const filling = '\x01'

// hidden writes over what stands between {{ and }}, as parse reads it, so that
// what stays is the HTML as it was written, in its place.
func hidden(text string, spans []span) string {
	b := []byte(text)
	for _, s := range spans {
		b[s.from] = 'x'
		for i := s.from + 1; i < s.to; i++ {
			b[i] = filling
		}
	}
	return string(b)
}

// page reads HTML from the left to the right.
type page struct {
	reader
	whole bool   // a layout
	forks []span // of conditions, those that are not passed yet
	open  []string
	opens []int
}

// checkHTML refuses HTML that letters may not hold. The error is a *broken.
func checkHTML(text string, layout bool) error {
	read := &reader{text: text, line: 1}
	if _, _, err := read.list(); err != nil {
		return err
	}
	p := &page{reader: reader{text: text, line: 1}, whole: layout}
	for _, s := range read.spans {
		if s.fork {
			p.forks = append(p.forks, s)
		}
	}
	t := html.NewTokenizer(strings.NewReader(hidden(text, read.spans)))
	for at := 0; ; {
		kind := t.Next()
		if kind == html.ErrorToken {
			break
		}
		begin := at
		at += len(t.Raw())
		if err := p.token(kind, t, begin); err != nil {
			return err
		}
	}
	if n := len(p.open); n > 0 {
		return p.refuse(p.opens[n-1], "<"+p.open[n-1]+">", "it is not closed")
	}
	return nil
}

func (p *page) refuse(at int, what, reason string) error {
	line, column := p.where(at)
	return &broken{code: codeHTML, reason: reason, line: line, column: column, params: map[string]any{"what": short(what)}}
}

func (p *page) token(kind html.TokenType, t *html.Tokenizer, at int) error {
	forked := p.forked(at, at+len(t.Raw()))
	if tag := kind == html.StartTagToken || kind == html.SelfClosingTagToken || kind == html.EndTagToken; tag && forked {
		return p.refuse(at, short(p.text[at:at+len(t.Raw())]), "a condition stands around elements, not inside of a tag")
	}
	switch kind {
	case html.CommentToken:
		return p.refuse(at, "<!--", "a comment is of no use to whoever reads it")
	case html.DoctypeToken:
		if !p.whole {
			return p.refuse(at, "<!DOCTYPE>", "it belongs to the layout")
		}
	case html.TextToken:
		if len(p.open) > 0 && p.open[len(p.open)-1] == "style" {
			return p.style(at, "<style>", strings.ToLower(string(t.Raw())), p.text[at:at+len(t.Raw())])
		}
	case html.EndTagToken:
		name, _ := t.TagName()
		return p.closed(at, string(name))
	case html.StartTagToken, html.SelfClosingTagToken:
		return p.opened(at, kind, t)
	}
	return nil
}

// forked says whether a condition begins, turns or ends in a piece of the text:
// pieces are asked for from the left to the right. In a tag each way through it
// would be another text than the one that is checked.
func (p *page) forked(from, to int) (found bool) {
	for len(p.forks) > 0 && p.forks[0].from < to {
		found, p.forks = found || p.forks[0].to > from, p.forks[1:]
	}
	return found
}

func (p *page) closed(at int, name string) error {
	n := len(p.open)
	if n == 0 || p.open[n-1] != name {
		return p.refuse(at, "</"+name+">", "it closes nothing that is open")
	}
	p.open, p.opens = p.open[:n-1], p.opens[:n-1]
	return nil
}

func (p *page) opened(at int, kind html.TokenType, t *html.Tokenizer) error {
	raw, more := t.TagName()
	name := string(raw)
	switch {
	case frames[name] && !p.whole:
		return p.refuse(at, "<"+name+">", "it belongs to the layout")
	case !elements[name] && !frames[name]:
		return p.refuse(at, "<"+name+">", "letters may not hold it")
	}
	for more {
		var key, value []byte
		key, value, more = t.TagAttr()
		if err := p.attribute(at, name, string(key), string(value)); err != nil {
			return err
		}
	}
	if !void[name] {
		p.open, p.opens = append(p.open, name), append(p.opens, at)
	}
	return nil
}

func (p *page) attribute(at int, element, name, v string) error {
	what := "<" + element + " " + name + ">"
	switch {
	case element == "meta" && metas[name]:
		if name == "name" && !metaName[strings.ToLower(v)] {
			return p.refuse(at, what, "it is of no use in a letter")
		}
		return nil
	case strings.ContainsRune(name, filling): // a variable, hidden
		return p.refuse(at, "<"+element+" {{ … }}>", "a variable stands in text, or in a value between quotes")
	case strings.HasPrefix(name, "on"):
		return p.refuse(at, what, "it would run a program")
	case !attributes[name]:
		return p.refuse(at, what, "letters may not hold it")
	case name == "style":
		return p.style(at, what, strings.ToLower(v), "")
	}
	allowed, address := addresses[name]
	if !address {
		return nil
	}
	if scheme := schemeOf(v); scheme != "" && !slices.Contains(allowed, scheme) {
		return p.refuse(at, what, fmt.Sprintf("an address begins with %s: or a variable", strings.Join(allowed, ":, ")))
	}
	return nil
}

// style refuses CSS that loads or runs; written is the text with its variables,
// which stand in no style sheet.
func (p *page) style(at int, what, css, written string) error {
	if strings.Contains(written, "{{") {
		return p.refuse(at, what, "variables may not stand in a style sheet")
	}
	if named.MatchString(css) {
		return p.refuse(at, what, "a variable in a style is a value: no part of the name of a property or of a function")
	}
	empty := hiddenVariable.ReplaceAllString(css, "")
	for _, threat := range styleThreat {
		if strings.Contains(css, threat) || strings.Contains(empty, threat) {
			return p.refuse(at, what, fmt.Sprintf("a style may not hold %s", threat))
		}
	}
	return nil
}

var (
	hiddenVariable = regexp.MustCompile(`x\x01+`)
	// named finds variables in what CSS reads as a name: it would be another one
	// with each value.
	named = regexp.MustCompile(`x\x01[\w\x01-]*\s*[(:]|@[\w-]*x\x01`)
)

// schemeOf is what stands before the colon of an address, as browsers see it:
// spaces and controls are nothing to them. Empty where there is none.
func schemeOf(address string) string {
	bare := strings.ToLower(strings.Map(func(c rune) rune {
		if c <= ' ' || c == 0x7F {
			return -1
		}
		return c
	}, address))
	end := strings.IndexAny(bare, ":/?#")
	if end < 0 || bare[end] != ':' {
		return ""
	}
	return bare[:end]
}

// short is the beginning of what somebody wrote.
func short(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
