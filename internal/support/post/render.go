package post

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"
	"sync"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/locale"
)

//go:embed letter.html
var letterPage string

var letterTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("letter").Parse(letterPage)
})

// words are what a letter says; the template escapes each of them.
type words struct {
	Lang, Subject, By string
	Lines             []string
	Files             string
	Note              string
}

// answer is a message of staff, or of the bot, as a letter.
func (p *Post) answer(t *ent.Ticket, m *ent.TicketMessage, r recipient) (Outgoing, error) {
	params := map[string]any{"subject": t.Subject, "number": t.Number, "name": m.AuthorName}
	w := words{Lang: locale.Match(r.locale), By: m.AuthorName, Lines: strings.Split(m.Body, "\n")}
	w.Subject = locale.Text(r.locale, "support.post.answer.subject", params)
	if names := fileNames(m); names != "" {
		id := "support.post.answer.files"
		if r.user == nil {
			id = "support.post.answer.filesAsk"
		}
		w.Files = locale.Text(r.locale, id, map[string]any{"names": names})
	}
	w.Note = locale.Text(r.locale, "support.post.answer.note", params)
	o, err := w.letter()
	o.ID, o.Automatic = p.letterID(m.ID, r), m.AuthorKind != ticketmessage.AuthorKindSTAFF
	return o, err
}

func fileNames(m *ent.TicketMessage) string {
	var names []string
	for _, a := range m.Edges.Attachments {
		names = append(names, a.Title)
	}
	return strings.Join(names, ", ")
}

// receipt says that a letter came.
func (p *Post) receipt(t *ent.Ticket, r recipient) (Outgoing, error) {
	params := map[string]any{"number": t.Number}
	w := words{Lang: locale.Match(r.locale), Lines: []string{locale.Text(r.locale, "support.post.receipt.lead", params)}}
	w.Subject = locale.Text(r.locale, "support.post.receipt.subject", params)
	w.Note = locale.Text(r.locale, "support.post.receipt.note", params)
	o, err := w.letter()
	o.ID, o.Automatic = p.letterID(t.ID, r), true
	return o, err
}

func (w words) letter() (Outgoing, error) {
	text := strings.Join(w.Lines, "\n") + "\n\n"
	if w.By != "" {
		text += w.By + "\n\n"
	}
	if w.Files != "" {
		text += w.Files + "\n\n"
	}
	text += "-- \n" + w.Note + "\n"
	t, err := letterTemplate()
	if err != nil {
		return Outgoing{}, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, w); err != nil {
		return Outgoing{}, err
	}
	return Outgoing{Subject: w.Subject, Text: text, HTML: b.String()}, nil
}
