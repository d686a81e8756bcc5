package letter

import (
	"strings"

	"golang.org/x/net/html"
)

// page reads text out of HTML: what is not words is dropped, and of what is
// quoted or a signature own knows nothing. Nothing is fetched and nothing run.
func page(source string) texts {
	p := &pageReader{}
	z := html.NewTokenizer(strings.NewReader(source))
	z.SetMaxBuf(maxPage)
	for {
		switch z.Next() {
		case html.ErrorToken:
			whole := collapse(p.whole.String())
			own := cut(collapse(p.own.String()))
			return texts{whole, own}
		case html.TextToken:
			p.text(string(z.Text())) // without entities
		case html.StartTagToken, html.SelfClosingTagToken:
			p.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(string(name))
		}
	}
}

// pageReader follows the elements that matter.
type pageReader struct {
	whole, own strings.Builder
	open       []element
	silent     int // inside what shows nothing
	quoted     int // inside a quote or a signature
	over       bool
	pre        int
}

type element struct {
	name           string
	silent, quoted bool
	pre            bool
	link           string
}

// deepest is how many elements are followed; those inside are text all the same.
const deepest = 500

var (
	voids  = words("area base br col embed hr img input link meta param source track wbr")
	hidden = words("script style head title template noscript svg math iframe object applet canvas audio video select textarea")
	blocks = words("p div h1 h2 h3 h4 h5 h6 ul ol table tr blockquote pre section article header footer address dl dt dd form fieldset center")
)

var unbroken = strings.NewReplacer("\r", " ", "\n", " ", "\t", " ")

func words(s string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

func (p *pageReader) write(s string) {
	p.whole.WriteString(s)
	if p.quoted == 0 && !p.over {
		p.own.WriteString(s)
	}
}

func (p *pageReader) text(s string) {
	if p.silent > 0 {
		return
	}
	if p.pre == 0 {
		s = unbroken.Replace(s)
	}
	p.write(s)
}

func (p *pageReader) start(t html.Token) {
	name := t.Data
	switch {
	case name == "br" || name == "hr":
		p.write("\n")
	case name == "li":
		p.write("\n- ")
	case name == "td" || name == "th":
		p.write(" ")
	case blocks[name]:
		p.write("\n")
	}
	if endsHere(t) {
		p.over = true
	}
	if voids[name] || t.Type == html.SelfClosingTagToken || len(p.open) >= deepest {
		return
	}
	e := element{name: name, silent: hidden[name] || hides(t), quoted: isQuote(t), pre: name == "pre"}
	if name == "a" && p.silent == 0 {
		if to := attribute(t, "href"); strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "http://") {
			e.link = line(to, 500)
		}
	}
	p.count(e, 1)
	p.open = append(p.open, e)
}

// end closes an element and those that were forgotten inside.
func (p *pageReader) end(name string) {
	at := len(p.open) - 1
	for ; at >= 0 && p.open[at].name != name; at-- {
	}
	if at < 0 {
		return
	}
	broken := false
	for i := len(p.open) - 1; i >= at; i-- {
		broken = broken || blocks[p.open[i].name]
		if to := p.open[i].link; to != "" && p.silent == 0 && !strings.HasSuffix(p.whole.String()[max(0, p.whole.Len()-len(to)):], to) {
			p.write(" (" + to + ")")
		}
		p.count(p.open[i], -1)
	}
	p.open = p.open[:at]
	if broken {
		p.write("\n")
	}
}

func (p *pageReader) count(e element, by int) {
	if e.silent {
		p.silent += by
	}
	if e.quoted {
		p.quoted += by
	}
	if e.pre {
		p.pre += by
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

// squeezed is a style without blanks, in lower case.
func squeezed(t html.Token) string {
	return strings.ToLower(strings.ReplaceAll(attribute(t, "style"), " ", ""))
}

// hides says that an element is not shown: what is meant for filters, not people.
func hides(t html.Token) bool {
	style := squeezed(t)
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

// quotes are the classes and ids by which clients mark what they quote, and
// signatures.
var (
	quoteClasses = words("gmail_quote gmail_quote_container gmail_attr gmail_signature yahoo_quoted moz-cite-prefix moz-signature moz-txt-sig " +
		"OutlookMessageHeader protonmail_quote protonmail_signature_block zmail_extra tutanota_quote mail-quote-collapse yandex_quote")
	quoteIDs = words("OLK_SRC_BODY_SECTION Signature AppleMailSignature ms-outlook-mobile-signature reply-intro mail-editor-reference-message-container")
	endIDs   = words("divRplyFwdMsg appendonsend")
)

func isQuote(t html.Token) bool {
	if t.Data == "blockquote" {
		return true
	}
	for class := range strings.FieldsSeq(attribute(t, "class")) {
		if quoteClasses[class] {
			return true
		}
	}
	return quoteIDs[attribute(t, "id")] || strings.EqualFold(attribute(t, "data-smartmail"), "gmail_signature")
}

// endsHere says that all that follows is the letter before: as Outlook marks it.
func endsHere(t html.Token) bool {
	if endIDs[attribute(t, "id")] {
		return true
	}
	style := squeezed(t)
	return t.Data == "div" && strings.Contains(style, "border:none") && (strings.Contains(style, "border-top:solid#e1e1e1") || strings.Contains(style, "border-top:solid#b5c4df"))
}

// collapse makes of blanks one, and of empty lines one.
func collapse(s string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(s, "\n") {
		b.WriteString(strings.Join(strings.Fields(strings.ReplaceAll(l, "\u00a0", " ")), " "))
		b.WriteByte('\n')
	}
	return b.String()
}
