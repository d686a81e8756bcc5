// Package mail sends letters through an SMTP server. It owns how a letter is put
// together and which failures are worth another try; it never renders a text,
// keeps no queue and writes no table. Whoever calls retries: a job. For
// demonstrations and tests it has a server that delivers nothing.
package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Message is one letter to one person.
type Message struct {
	To      string // an address alone, without a name
	Subject string // control characters become spaces
	Text    string // required
	HTML    string // optional, the same in HTML
	ID      string // optional, [A-Za-z0-9._-]; the same on every try, so that a mailbox can tell a repeat

	// Unsubscribe is where one POST ends such letters (RFC 8058), an address of
	// https; optional.
	Unsubscribe string

	// Of a talk by mail; all optional.
	ReplyTo    string   // an address alone: where an answer goes
	ReturnTo   string   // an address alone: where is told that it did not arrive; the sender when empty
	InReplyTo  string   // a Message-ID without brackets
	References []string // the same; what has no domain is ours and gets the sender's
	Loop       string   // an address alone: X-Loop, by which its owner knows a letter that comes back
	ByPerson   bool     // somebody wrote it: it is not marked as automatic
	Files      []File   // what goes with it
}

// File is what is attached to a letter. Control characters and signs of the
// direction of writing are taken out of its name.
type File struct {
	Name, Mime string
	Bytes      []byte
}

// Sender delivers one letter. Its error is ErrPermanent when the same letter
// will never be taken, ErrTemporary when it may be later; neither names the
// recipient, for errors are logged.
type Sender func(ctx context.Context, m Message) error

// The two kinds of failure, for errors.Is.
var (
	ErrTemporary = errors.New("mail not sent for now")
	ErrPermanent = errors.New("mail refused")
)

// messageID is what may stand between the brackets of a Message-ID.
var messageID = regexp.MustCompile(`^[!-;=?-~]{1,250}$`)

// checkTalk refuses what could not stand in the headers of a talk.
func (m Message) checkTalk() error {
	for _, address := range []string{m.ReplyTo, m.ReturnTo, m.Loop} {
		if address == "" {
			continue
		}
		a, err := netmail.ParseAddress(address)
		if err != nil || a.Name != "" || a.Address != address || strings.ContainsFunc(address, unicode.IsControl) {
			return fmt.Errorf("%w: not an address to answer to", ErrPermanent)
		}
	}
	for _, id := range append([]string{m.InReplyTo}, m.References...) {
		if id != "" && !messageID.MatchString(id) {
			return fmt.Errorf("%w: not the id of a letter", ErrPermanent)
		}
	}
	return nil
}

// shown drops what no name of a file is made of.
func shown(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '/' || r == '\\' || r == '"' || r == utf8.RuneError {
		return -1
	}
	return r
}

var mimeType = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]{1,100}$`)

// longestLink is how many bytes of an address a header holds.
const longestLink = 1900

// unsubscribe is what may stand between the brackets of List-Unsubscribe.
var unsubscribe = regexp.MustCompile(`^https?://[!-;=?-~]+$`)

var idPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{0,200}$`)

// checked refuses what could smuggle a header in, and cleans the subject,
// which may hold a name or a title somebody typed.
func (m Message) checked() (Message, error) {
	if strings.ContainsFunc(m.To, unicode.IsControl) {
		return m, fmt.Errorf("%w: a control character in the address", ErrPermanent)
	}
	to, err := netmail.ParseAddress(m.To)
	if err != nil || to.Name != "" || to.Address != m.To {
		return m, fmt.Errorf("%w: not an address", ErrPermanent)
	}
	if m.Text == "" {
		return m, fmt.Errorf("%w: the letter has no text", ErrPermanent)
	}
	if !idPattern.MatchString(m.ID) {
		return m, fmt.Errorf("%w: the id has a character that a header cannot hold", ErrPermanent)
	}
	if m.Unsubscribe != "" && (len(m.Unsubscribe) > longestLink || !unsubscribe.MatchString(m.Unsubscribe)) {
		return m, fmt.Errorf("%w: not an address that a header can hold", ErrPermanent)
	}
	if err := m.checkTalk(); err != nil {
		return m, err
	}
	m.Files = slices.Clone(m.Files)
	for i, f := range m.Files {
		if !mimeType.MatchString(f.Mime) {
			m.Files[i].Mime = "application/octet-stream"
		}
		m.Files[i].Name = cmp.Or(strings.TrimSpace(strings.Map(shown, f.Name)), "file")
	}
	m.Subject = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, m.Subject))
	return m, nil
}
