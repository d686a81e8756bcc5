package account

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"maps"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Letter is what a mail or SMS is rendered from, and a job. It holds ids,
// never a code or an address: the job opens the sealed challenge itself
// (security J9).
type Letter struct {
	ChallengeID string `json:"challengeId"`
	N           int    `json:"n,omitempty"` // which of the challenge's addresses
}

// Kind implements river.JobArgs.
func (Letter) Kind() string { return "letter" }

// The templates; their texts are account.letter.<template>.… and, of an SMS,
// account.sms.<template>. Those of news are <newsTemplate><change>, with the
// texts security.<change>.….
const (
	LetterCode   = "code"      // proves an address
	LetterKnown  = "known"     // somebody registers with an address that has an account
	LetterTaken  = "taken"     // somebody adds an address that has another account
	LetterSignIn = "sign_in"   // a code to sign in or to confirm it is oneself
	LetterReset  = "reset"     // a way back in
	LetterUndo   = "undo"      // the login is another one now, and how to undo that
	LetterDelete = "delete"    // a code that deletes the account
	LetterClaim  = "claim"     // a code that takes over a guest's order
	letterFamily = "family"    // invites into a family
	newsTemplate = "security." // of news
)

// SentTo is an address or number, as it is sent to.
type SentTo struct {
	Kind contactpoint.Kind `json:"kind"`
	To   string            `json:"to"`
}

// sent is one letter of a challenge, sealed in its data.
type sent struct {
	SentTo
	Key      string          `json:"key,omitempty"` // what its limits count by
	Template string          `json:"template"`
	Locale   string          `json:"locale"`
	Code     string          `json:"code,omitempty"`
	Link     string          `json:"link,omitempty"`
	LinkEnds time.Time       `json:"linkEnds,omitzero"`
	Params   map[string]any  `json:"params,omitempty"`
	Again    bool            `json:"again,omitempty"` // resendCode may send another code
	Hidden   bool            `json:"hidden,omitempty"`
	Methods  []ChallengeKind `json:"methods,omitempty"`
	Own      bool            `json:"own,omitempty"` // the link answers this challenge
	Proven   bool            `json:"proven,omitempty"`
}

// linkIsDead says that a letter's link is good no more: the letter is not sent
// again, or its count would be spent on what helps nobody (security A5).
func (s sent) linkIsDead(now time.Time) bool { return !s.LinkEnds.IsZero() && !s.LinkEnds.After(now) }

// envelope is where the letters stand in a challenge's data.
type envelope struct {
	Sent []sent `json:"sent"`
}

// newsLife is how long word of a change may take to get out.
const newsLife = 24 * time.Hour

// Send hands one rendered letter to an adapter. id is the same on every try.
type Send func(ctx context.Context, to, subject, text, html, id string) error

// SendSMS hands one text to an adapter. to is E.164; id is the same on every try.
type SendSMS func(ctx context.Context, to, text, id string) error

// Senders are how letters leave.
type Senders struct {
	Mail Send
	SMS  SendSMS // nil: what should go by SMS goes nowhere
	// Permanent tells the errors that no other try can mend.
	Permanent func(error) bool
}

// post makes a challenge with letters in its data and hands them to the queue.
// data is a struct or nil; the letters stand beside its fields.
func (p *People) post(ctx context.Context, tx *store.Tx, n store.NewChallenge, data any, letters []sent) (store.Challenge, error) {
	all := map[string]json.RawMessage{}
	if data != nil {
		b, err := json.Marshal(data)
		if err != nil {
			return store.Challenge{}, err
		}
		if err := json.Unmarshal(b, &all); err != nil {
			return store.Challenge{}, err
		}
	}
	b, err := json.Marshal(letters)
	if err != nil {
		return store.Challenge{}, err
	}
	all["sent"] = b
	n.Data = all
	c, err := tx.MakeChallenge(ctx, p.o.Sealer, n)
	if err != nil {
		return store.Challenge{}, err
	}
	for i := range letters {
		if err := p.Mail(ctx, tx, Letter{ChallengeID: c.ID.String(), N: i}); err != nil {
			return store.Challenge{}, err
		}
	}
	return c, nil
}

// LinkLetter is a link to be sent, by which something is proven.
type LinkLetter struct {
	Purpose  string
	UserID   *uuid.UUID // nil: dropping a person's challenges leaves it in force
	To       []SentTo   // none: only the challenge is made
	Template string
	Locale   string
	Page     string // of the settings or of an allowed origin
	TimeZone string
	Life     time.Duration
	Data     any
}

// linkTries are the tries of a link, which holds 160 bits.
const linkTries = 5

// SendLink makes a challenge that a link answers, and sends the link; a text
// by SMS has none. It gives the challenge's id and the token, which is nowhere
// else but in the letter.
func (p *People) SendLink(ctx context.Context, tx *store.Tx, l LinkLetter) (scalar.ID, string, error) {
	token := credential.NewToken()
	var letters []sent
	for _, to := range l.To {
		letters = append(letters, sent{SentTo: to, Template: l.Template, Locale: l.Locale, Code: token, Link: l.Page, Own: true,
			Params: map[string]any{"date": locale.DateTime(l.Locale, tx.Now, l.TimeZone)}})
	}
	c, err := p.post(ctx, tx, store.NewChallenge{Purpose: l.Purpose, UserID: l.UserID, Secret: token, Tries: linkTries, Life: l.Life}, l.Data, letters)
	return scalar.ID{Prefix: "chl", UUID: c.ID}, token, err
}

// Link leads to a page with a challenge and its code in the fragment, which no
// server is ever sent: whoever fetches the page does nothing by it (security D6).
func Link(page string, challenge scalar.ID, code string) string {
	return page + "#challenge=" + challenge.String() + "&code=" + url.QueryEscape(code)
}

// SendLetter gives the job of a Letter. A letter whose challenge was answered,
// replaced or has expired is not sent, nor is one to nobody. An error that no
// other try can mend ends the job, the others are tried again. No error names
// the recipient.
func (p *People) SendLetter(out Senders) func(ctx context.Context, l Letter) error {
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
		var e envelope
		if err := c.Read(&e); err != nil || l.N < 0 || l.N >= len(e.Sent) {
			return job.Discard(errors.Join(errors.New("account: a letter without an address"), err))
		}
		key := id.String()
		if l.N > 0 {
			key += "-" + string(rune('a'+l.N%26))
		}
		err = p.sendOne(ctx, out, e.Sent[l.N], id, key)
		if err != nil && out.Permanent != nil && out.Permanent(err) {
			p.o.Log.WarnContext(ctx, "a letter was refused for good", "challenge", id, "error", err)
			return job.Discard(errors.New("account: the letter was refused"))
		}
		return err
	}
}

func (p *People) sendOne(ctx context.Context, out Senders, s sent, challenge uuid.UUID, id string) error {
	switch {
	case s.To == "": // nobody has this login
		return nil
	case s.Kind == contactpoint.KindPHONE && out.SMS == nil:
		p.o.Log.WarnContext(ctx, "an SMS goes nowhere, for KABINET_SMS_URL is not set", "challenge", id)
		return nil
	case s.Kind == contactpoint.KindPHONE:
		return out.SMS(ctx, s.To, p.words(s).sms, id)
	}
	to, ok := credential.ParseEmail(s.To)
	if !ok {
		return job.Discard(errors.New("account: a letter without an address"))
	}
	if s.Own {
		s.Link, s.Code = Link(s.Link, scalar.ID{Prefix: "chl", UUID: challenge}, s.Code), ""
	}
	w := p.words(s)
	text, html, err := w.render()
	if err != nil {
		return job.Discard(err)
	}
	return out.Mail(ctx, to.To, w.Subject, text, html, id)
}

//go:embed letter.html
var letterPage string

var letterTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("letter").Parse(letterPage)
})

// words are what a letter says. It holds nothing that a stranger typed, such
// as the name given at registration or what a device calls itself: a letter
// must not carry his words to somebody else. Its only link leads to an address
// of the settings or of an allowed origin.
type words struct {
	Lang, Subject, Lead, Code, Link, LinkText, Note string
	sms                                             string
}

func (p *People) words(s sent) words {
	params := map[string]any{"count": int(p.o.CodeTTL.Minutes()), "code": s.Code}
	maps.Copy(params, s.Params)
	say := func(id string) string { return locale.Text(s.Locale, id, params) }
	w := words{Lang: locale.Match(s.Locale)}
	if strings.HasPrefix(s.Template, newsTemplate) {
		w.Subject, w.Lead, w.Note = say(s.Template+".title"), say(s.Template+".body"), say("account.letter.news.note")
		w.sms = w.Subject + ". " + say("account.sms.news")
		return w
	}
	prefix := "account.letter." + s.Template
	w.Subject, w.Lead, w.Note = say(prefix+".subject"), say(prefix+".lead"), say(prefix+".note")
	w.sms = say("account.sms." + s.Template)
	if s.Template != LetterKnown && s.Template != LetterTaken && s.Template != letterFamily {
		w.Code = s.Code
	}
	if u, err := url.Parse(s.Link); err == nil && s.Link != "" && (u.Scheme == "https" || u.Scheme == "http") {
		w.Link, w.LinkText = s.Link, say(prefix+".link")
	}
	return w
}

func (w words) render() (text, page string, err error) {
	text = w.Lead + "\n\n"
	if w.Code != "" {
		text += "    " + w.Code + "\n\n"
	}
	if w.Link != "" {
		text += w.LinkText + ":\n" + w.Link + "\n\n"
	}
	text += w.Note + "\n"
	t, err := letterTemplate()
	if err != nil {
		return "", "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, w); err != nil {
		return "", "", err
	}
	return text, b.String(), nil
}
