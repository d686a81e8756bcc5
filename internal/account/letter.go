package account

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"sync"

	"github.com/google/uuid"

	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/locale"
)

// Letter is what a mail is rendered from, and a job. It holds ids, never a
// code or an address: the job opens the sealed challenge itself (security J9).
type Letter struct {
	ChallengeID string `json:"challengeId"`
	Template    string `json:"template"`
	Locale      string `json:"locale"`
}

// Kind implements river.JobArgs.
func (Letter) Kind() string { return "letter" }

// The templates; their texts are account.letter.<template>.…
const (
	letterCode  = "code"
	letterKnown = "known"
	// letterFamily invites into a family.
	letterFamily = "family"
)

// Send hands one rendered letter to an adapter. id is the same on every try.
type Send func(ctx context.Context, to, subject, text, html, id string) error

// SendLetter gives the job of a Letter. A letter whose challenge was answered,
// replaced or has expired is not sent. permanent tells the errors of send that
// no other try can mend; they end the job, the others are tried again. No
// error names the recipient.
func (p *People) SendLetter(send Send, permanent func(error) bool) func(ctx context.Context, l Letter) error {
	return func(ctx context.Context, l Letter) error {
		id, err := uuid.Parse(l.ChallengeID)
		if err != nil {
			return job.Discard(errors.New("account: a letter without a challenge"))
		}
		c, err := p.Store.OpenChallenge(ctx, p.o.Sealer, id)
		if errors.Is(err, fault.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		var r registration
		if err := c.Read(&r); err != nil {
			return job.Discard(err)
		}
		to, ok := credential.ParseEmail(r.Email)
		if !ok {
			return job.Discard(errors.New("account: a letter without an address"))
		}
		subject, text, html, err := render(l, r.Code, int(p.o.CodeTTL.Minutes()))
		if err != nil {
			return job.Discard(err)
		}
		err = send(ctx, to.To, subject, text, html, id.String())
		if err != nil && permanent(err) {
			p.o.Log.WarnContext(ctx, "a letter was refused for good", "challenge", id, "error", err)
			return job.Discard(errors.New("account: the letter was refused"))
		}
		return err
	}
}

//go:embed letter.html
var letterPage string

var letterTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("letter").Parse(letterPage)
})

// render writes a letter. It holds nothing that a stranger typed, such as the
// name given at registration: a letter must not carry his words to somebody else.
func render(l Letter, code string, minutes int) (subject, text, page string, err error) {
	if l.Template != letterCode && l.Template != letterKnown && l.Template != letterFamily {
		return "", "", "", fmt.Errorf("account: no letter %q", l.Template)
	}
	say := func(part string) string {
		return locale.Text(l.Locale, "account.letter."+l.Template+"."+part, map[string]any{"count": minutes})
	}
	content := struct{ Lang, Subject, Lead, Code, Note string }{
		Lang: locale.Match(l.Locale), Subject: say("subject"), Lead: say("lead"), Note: say("note"),
	}
	text = content.Lead + "\n\n"
	if l.Template == letterCode {
		content.Code = code
		text += "    " + code + "\n\n"
	}
	text += content.Note + "\n"
	t, err := letterTemplate()
	if err != nil {
		return "", "", "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, content); err != nil {
		return "", "", "", err
	}
	return content.Subject, text, b.String(), nil
}
