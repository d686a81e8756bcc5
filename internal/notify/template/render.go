package template

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	ent "kabinet/ent/generated"
	"kabinet/ent/schema"
	"kabinet/internal/locale"
)

// Ask is a notification that is to be worded for a channel.
type Ask struct {
	Type     string
	Channel  string
	Locale   string // any that locale.Match understands
	TimeZone string // IANA
	Params   map[string]any
	Title    string // as the feed has it
	Body     string
	URL      string // where the button leads; empty: none
	Name     string // of the person; empty where it is not known
	Actions  []schema.NotificationAction

	UnsubscribeURL string // of letters
	PreferencesURL string

	// Items are notifications that one message gathers (a digest): they stand
	// below the body, one after another.
	Items []Item
}

// Item is one of several notifications in a message.
type Item struct{ Title, Body, URL string }

// Message is how a notification reads on a channel.
type Message struct {
	Title string // the headline or subject, one line; also of channels that have none, whose text begins with it
	Text  string // plain; of a letter with its frame, of SMS with the address
	HTML  string // of EMAIL alone
}

// Render words a notification for a channel: by the House's template in force,
// else by the compiled words. A template that cannot be filled in, because a
// value is missing, gives way to the compiled words and is logged; errors are
// the database's.
func (t *Templates) Render(ctx context.Context, a Ask) (Message, error) {
	return t.RenderIn(ctx, t.Store.Client, a)
}

// RenderIn is Render that reads through client, which inside a transaction is
// the transaction's.
func (t *Templates) RenderIn(ctx context.Context, client *ent.Client, a Ask) (Message, error) {
	f, err := t.inForce(ctx, client)
	if err != nil {
		return Message{}, err
	}
	w := wording{Ask: a, reading: reading{lang: locale.Match(a.Locale), zone: a.TimeZone}, business: f.business}
	at, layout := place{a.Type, a.Channel, w.lang}, place{LayoutType, Email, w.lang}
	own, frame := f.held[at], f.held[layout]
	for _, try := range [][2]*held{{own, frame}, {own, nil}, {nil, frame}} {
		if try[0] == nil && try[1] == nil {
			continue
		}
		m, err := w.message(either(try[0], builtInOf(at)), either(try[1], builtInOf(layout)))
		if err == nil {
			return m, nil
		}
		t.tell(ctx, a.Type+" "+a.Channel+" "+w.lang, "template cannot be filled in", "type", a.Type, "channel", a.Channel, "locale", w.lang, "error", err.Error())
	}
	return w.message(builtInOf(at), builtInOf(layout))
}

// InApp is a notification of the feed as the House words it: as it is where
// there is no template. Not even the database's errors keep a notification from
// being made.
func (t *Templates) InApp(ctx context.Context, client *ent.Client, a Ask) (title, body string) {
	a.Channel = InApp
	f, err := t.inForce(ctx, client)
	if err != nil || f.held[place{a.Type, InApp, locale.Match(a.Locale)}] == nil {
		return a.Title, a.Body
	}
	m, err := t.RenderIn(ctx, client, a)
	if err != nil || m.Title == "" {
		return a.Title, a.Body
	}
	return m.Title, m.Text
}

func either(h, or *held) *held {
	if h == nil {
		return or
	}
	return h
}

// tell logs what is wrong with a template, each once in ten minutes.
func (t *Templates) tell(ctx context.Context, key, text string, args ...any) {
	t.toldMu.Lock()
	defer t.toldMu.Unlock()
	now := t.Store.Now()
	if last, told := t.told[key]; told && now.Sub(last) < 10*time.Minute {
		return
	}
	if t.told == nil || len(t.told) > 1000 {
		t.told = map[string]time.Time{}
	}
	t.told[key] = now
	log := t.Log
	if log == nil {
		log = slog.Default()
	}
	log.WarnContext(ctx, text, args...)
}

// wording is one message at work.
type wording struct {
	Ask
	reading
	business string
}

// values are what a template may name: what is common to all types, over the
// type's own.
func (w wording) values() map[string]any {
	all := make(map[string]any, len(w.Params)+8)
	for k, v := range w.Params {
		all[k] = v
	}
	all["message.title"], all["message.body"], all["message.url"] = w.Title, ours(w.Body), ours(w.URL)
	all["customer.name"], all["business"] = w.Name, w.business
	return all
}

// errMissing says which values a template lacks.
type errMissing struct{ names []string }

func (e errMissing) Error() string { return "no value for " + strings.Join(e.names, ", ") }

func lacking(names []string) error {
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return errMissing{slices.Compact(names)}
}

// message fills a template in, and for a letter its frame.
func (w wording) message(h, frame *held) (m Message, err error) {
	values := w.values()
	title, lacks := w.fill(h.title, values)
	if len(h.title) == 0 {
		title = w.Title
	}
	text, more := w.fill(h.text, values)
	lacks = append(lacks, more...)
	if len(text) > mostText {
		return m, errTooLarge
	}
	m = Message{Title: headline(title), Text: tidy(text)}
	if w.Channel != Email {
		m.Text += w.itemsText()
		if w.Channel == SMS && w.URL != "" {
			m.Text += " " + w.URL
		}
		if len(m.Text) > mostText {
			return m, errTooLarge
		}
		return m, lacking(lacks)
	}
	content := template.HTML("")
	if h.html == nil {
		content = paragraphs(m.Text)
	} else {
		filled, more, err := h.html.fill(w.reading, values, nil)
		if err != nil {
			return m, err
		}
		lacks, content = append(lacks, more...), template.HTML(filled) //nolint:gosec // filled in by html/template
	}
	if err := lacking(lacks); err != nil {
		return m, err
	}
	return w.letter(m, content+w.itemsHTML()+w.buttons(), frame)
}

// letter puts the frame around a message.
func (w wording) letter(m Message, content template.HTML, frame *held) (Message, error) {
	values := w.values()
	values["message.title"], values["preheader"] = m.Title, preheader(m.Text)
	values["unsubscribeUrl"], values["preferencesUrl"] = ours(w.UnsubscribeURL), ours(w.PreferencesURL)
	values["content"] = ours(m.Text + w.itemsText() + w.linksText())
	text, lacks := w.fill(frame.text, values)
	page := frame.html
	if page == nil {
		page = builtInOf(place{LayoutType, Email, w.lang}).html
	}
	full, more, err := page.fill(w.reading, values, map[string]template.HTML{"content": content})
	if err == nil {
		err = lacking(append(lacks, more...))
	}
	if err == nil && len(text) > mostText {
		err = errTooLarge
	}
	m.Text, m.HTML = tidy(text), full
	return m, err
}

// headline is one line of bounded length.
func headline(s string) string {
	s = strings.Join(strings.Fields(cut(s, mostText)), " ")
	if utf8.RuneCountInString(s) > mostTitle {
		s = string([]rune(s)[:mostTitle-1]) + "…"
	}
	return s
}

// tidy takes out what conditions leave: spaces at ends of lines, and more than
// one empty line.
func tidy(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	out := lines[:0]
	for _, line := range lines {
		line = strings.TrimRight(line, " \t\r")
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}

func preheader(text string) string {
	const most = 120
	s := strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-1]) + "…"
	}
	return s
}

// paragraphs are plain text as HTML.
func paragraphs(text string) template.HTML {
	var b strings.Builder
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		b.WriteString(`<p style="margin:0 0 16px 0;">`)
		b.WriteString(strings.ReplaceAll(template.HTMLEscapeString(p), "\n", "<br>"))
		b.WriteString("</p>\n")
	}
	return template.HTML(b.String()) //nolint:gosec // escaped above
}

func (w wording) itemsText() string {
	var b strings.Builder
	for _, i := range w.Items {
		fmt.Fprintf(&b, "\n\n• %s", headline(i.Title))
		if body := tidy(cut(i.Body, mostText)); body != "" {
			b.WriteString("\n" + body)
		}
		if i.URL != "" {
			b.WriteString("\n" + i.URL)
		}
	}
	return b.String()
}

var pieces = template.Must(template.New("pieces").Parse(`{{define "item"}}<p style="margin:16px 0 4px 0;font-weight:bold;">` +
	`{{if .URL}}<a href="{{.URL}}" style="color:#1a56db;">{{.Title}}</a>{{else}}{{.Title}}{{end}}</p><p style="margin:0;">{{.Body}}</p>{{end}}` +
	`{{define "link"}}<p style="margin:16px 0 0 0;"><a href="{{.URL}}" style="color:#1a56db;">{{.Title}}</a></p>{{end}}`))

func piece(name string, i Item) template.HTML {
	var b strings.Builder
	if err := pieces.ExecuteTemplate(&b, name, i); err != nil {
		return ""
	}
	return template.HTML(b.String()) //nolint:gosec // filled in by html/template
}

func (w wording) itemsHTML() (all template.HTML) {
	for _, i := range w.Items {
		all += piece("item", Item{headline(i.Title), tidy(cut(i.Body, mostText)), i.URL})
	}
	return all
}

// links are the actions that lead somewhere.
func (w wording) links() (all []Item) {
	for _, a := range w.Actions {
		label := a.Labels[w.lang]
		if label == "" {
			label = a.Labels[locale.Default]
		}
		if a.URL != "" && label != "" {
			all = append(all, Item{Title: headline(label), URL: a.URL})
		}
	}
	return all
}

func (w wording) buttons() (all template.HTML) {
	for _, l := range w.links() {
		all += piece("link", l)
	}
	return all
}

func (w wording) linksText() string {
	var b strings.Builder
	for _, l := range w.links() {
		fmt.Fprintf(&b, "\n\n%s: %s", l.Title, l.URL)
	}
	return b.String()
}

// sourceOf is a template as it is kept.
func sourceOf(row *ent.NotificationTemplate) source {
	s := source{text: row.Text}
	if row.Title != nil {
		s.title = *row.Title
	}
	if row.HTML != nil {
		s.html = *row.HTML
	}
	return s
}
