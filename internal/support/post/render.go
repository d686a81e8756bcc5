package post

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"
	"sync"
	"time"

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
	Files             []string // what is said of those that are not in the letter
	Links             []link   // to those of them that have one
	Note              string
}

// link is a file that is fetched.
type link struct{ Name, URL string }

// answer is a message of staff, or of the bot, as a letter.
func (p *Post) answer(t *ent.Ticket, m *ent.TicketMessage, r recipient, f carried) (Outgoing, error) {
	params := map[string]any{"subject": t.Subject, "number": t.Number, "name": m.AuthorName}
	w := words{Lang: locale.Match(r.locale), By: m.AuthorName, Lines: strings.Split(m.Body, "\n")}
	w.Subject = locale.Text(r.locale, "support.post.answer.subject", params)
	if len(f.inAccount) > 0 {
		w.Files = append(w.Files, locale.Text(r.locale, "support.post.answer.files", map[string]any{"names": strings.Join(f.inAccount, ", ")}))
	}
	if w.Links = f.links; len(f.links) > 0 {
		w.Files = append(w.Files, locale.Text(r.locale, "support.post.answer.links", map[string]any{"days": int(FileLife / (24 * time.Hour))}))
	}
	w.Note = locale.Text(r.locale, "support.post.answer.note", params)
	o, err := w.letter()
	o.Files = f.files
	o.ID, o.Automatic = p.letterID(m.ID, r), m.AuthorKind != ticketmessage.AuthorKindSTAFF
	return o, err
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
	for _, said := range w.Files {
		text += said + "\n"
	}
	for _, l := range w.Links {
		text += "- " + l.Name + ": " + l.URL + "\n"
	}
	if len(w.Files) > 0 {
		text += "\n"
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
