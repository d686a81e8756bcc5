// Package letter reads one letter of somebody we do not know: RFC 5322 and MIME,
// within bounds on size, parts, depth, header fields and lines. It gives who
// wrote, what he wrote himself without quotes and signatures, the files, and
// what says that no person wrote it at all. What is inside is a stranger's word:
// nothing here believes it, and nothing runs it. It writes no table and knows no
// ticket.
package letter

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // reads every alphabet
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"
)

// The bounds of a letter.
const (
	MaxBytes     = 25 << 20 // of the whole, as it came
	maxHeader    = 256 << 10
	maxFields    = 500
	maxLine      = 64 << 10  // of a line, as it came
	maxParts     = 100       // in all
	maxDepth     = 10        // of parts in parts
	maxText      = 256 << 10 // of one part's text, decoded; what is longer is a file too
	maxPage      = 2 << 20   // of one part's HTML, which may have pictures inside
	maxFiles     = 20        // more are named and left
	maxFileBytes = MaxBytes
	longestID    = 250 // of a Message-ID, in bytes
	mostIDs      = 50  // of References
)

// What is wrong with a letter that cannot be read. Sending it again helps nobody.
var (
	ErrTooLarge  = errors.New("letter: too large")
	ErrMalformed = errors.New("letter: not a letter")
	ErrTooMany   = errors.New("letter: too many parts, header fields or levels")
)

// Address is somebody as a header names him; Address is empty where it is none.
type Address struct{ Name, Address string }

// File is what was attached, decoded. Mime is what the sender says.
type File struct {
	Name, Mime string
	Bytes      []byte
}

// Letter is one letter, read. Its texts are valid UTF-8 without control
// characters but \n and \t.
type Letter struct {
	From       Address  // the only one of From; empty where there is none or are several
	To         []string // all that its header says it was for
	Subject    string
	MessageID  string // without brackets; empty where there is none that can be used
	InReplyTo  []string
	References []string
	Date       time.Time // as the sender says; zero where it says nothing
	Text       string    // what he wrote himself, or all where nothing is left of it
	Whole      string    // with quotes and signatures
	Files      []File
	Left       []string // names of files that were not read: too many, too deep, broken
	Automatic  string   // why no person wrote it: a word of Why…; empty where nothing says so
	Silent     bool     // it asks for no automatic answer
	Loops      []string // values of X-Loop
	Report     *Report  // of a delivery that failed or was delayed
	Size       int64    // bytes, as it came
	Key        string   // SHA-256 of Message-ID, sender, date and subject, or of all where it has no id; hex

	header message.Header
}

// Why a letter is no person's.
const (
	WhyAutoReply = "AUTO_REPLY"
	WhyList      = "LIST"
	WhyBounce    = "BOUNCE"
)

// Read reads a letter. Its errors are ErrTooLarge, ErrMalformed and ErrTooMany,
// or the reader's own.
func Read(r io.Reader) (*Letter, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxBytes {
		return nil, ErrTooLarge
	}
	if err := checkShape(raw); err != nil {
		return nil, err
	}
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: maxHeader + bufferAhead})
	if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil, fmt.Errorf("%w: %s", ErrMalformed, plainError(err))
	}
	l := &Letter{header: e.Header, Size: int64(len(raw))}
	l.readHeader()
	w := walker{letter: l}
	text, err := w.walk(e, 0, "")
	if err != nil {
		return nil, err
	}
	l.Whole, l.Text = tidy(text.whole), tidy(text.own)
	if l.Text == "" {
		l.Text = l.Whole
	}
	l.Automatic, l.Silent = l.automatic(), l.silent()
	l.Key = l.key(raw)
	return l, nil
}

// bufferAhead is what the reader of the header may have read of the body.
const bufferAhead = 8 << 10

func plainError(err error) string {
	if err == nil {
		return "empty"
	}
	return strings.ToValidUTF8(err.Error(), "?")
}

// checkShape bounds the header and the lines before anything is parsed.
func checkShape(raw []byte) error {
	fields, inHeader, read := 0, true, 0
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte{'\n'})
		if len(line) > maxLine {
			return fmt.Errorf("%w: a line", ErrTooLarge)
		}
		if inHeader {
			read += len(line) + 1
			switch {
			case len(bytes.TrimRight(line, "\r")) == 0:
				inHeader = false
			case line[0] != ' ' && line[0] != '\t':
				fields++
			}
			if fields > maxFields || read > maxHeader {
				return ErrTooMany
			}
		}
		raw = rest
	}
	if fields == 0 {
		return ErrMalformed
	}
	return nil
}

func (l *Letter) readHeader() {
	h := mail.Header{Header: l.header}
	l.From, l.To = l.sender(), l.recipients()
	l.Subject = line(l.text("Subject"), 500)
	l.MessageID = firstID(l.header.Get("Message-Id"))
	l.InReplyTo, l.References = ids(l.header.Get("In-Reply-To")), ids(l.header.Get("References"))
	if at, err := h.Date(); err == nil {
		l.Date = at.UTC()
	}
	for f := l.header.FieldsByKey("X-Loop"); f.Next(); {
		l.Loops = append(l.Loops, strings.ToLower(strings.TrimSpace(f.Value())))
	}
}

// sender is who From names. A letter with two of them is nobody's: what checked
// one for us may have read the other.
func (l *Letter) sender() Address {
	values := l.header.Values("From")
	if len(values) != 1 {
		return Address{}
	}
	list, err := mail.ParseAddressList(strings.ToValidUTF8(values[0], "?"))
	if err != nil || len(list) != 1 {
		return Address{}
	}
	return Address{Name: line(list[0].Name, 100), Address: list[0].Address}
}

// mostRecipients is how many addresses of a header are read.
const mostRecipients = 100

// recipients are the addresses that the header names, those of relays first.
func (l *Letter) recipients() (all []string) {
	for _, field := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"} {
		for f := l.header.FieldsByKey(field); f.Next(); {
			list, err := mail.ParseAddressList(strings.ToValidUTF8(f.Value(), "?"))
			if err != nil {
				continue
			}
			for _, a := range list {
				if len(all) < mostRecipients {
					all = append(all, a.Address)
				}
			}
		}
	}
	return all
}

// text is a field decoded, whatever its alphabet.
func (l *Letter) text(field string) string {
	v, err := l.header.Text(field)
	if err != nil {
		v = l.header.Get(field)
	}
	return asUTF8([]byte(v))
}

// key tells letters apart: the same one that is sent again has the same one.
// Programs there are that give all their letters one Message-ID, so the date
// and the subject count too.
func (l *Letter) key(raw []byte) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00", l.MessageID, strings.ToLower(l.From.Address), strings.TrimSpace(l.header.Get("Date")), l.Subject)
	if l.MessageID == "" { // relays put lines of their own on top, so only what the sender wrote counts
		h.Write(body(raw))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// body is what follows the header.
func body(raw []byte) []byte {
	br := bufio.NewReader(bytes.NewReader(raw))
	if _, err := textproto.ReadHeader(br); err != nil {
		return raw
	}
	b, err := io.ReadAll(br)
	if err != nil {
		return raw
	}
	return b
}

// ids are the Message-IDs of a field, without brackets.
func ids(value string) (found []string) {
	for part := range strings.FieldsSeq(value) {
		if id := oneID(part); id != "" && len(found) < mostIDs {
			found = append(found, id)
		}
	}
	return found
}

func firstID(value string) string {
	if found := ids(value); len(found) > 0 {
		return found[0]
	}
	return ""
}

// oneID is an id that can stand in a header of ours: no blank, no bracket, no
// control character.
func oneID(part string) string {
	id := strings.TrimSuffix(strings.TrimPrefix(part, "<"), ">")
	if id == "" || len(id) > longestID || !strings.Contains(id, "@") {
		return ""
	}
	for _, r := range id {
		if r <= ' ' || r >= 0x7f || r == '<' || r == '>' || r == '"' || r == '\\' {
			return ""
		}
	}
	return id
}

// line is a text in one line, of at most so many characters.
func line(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most])
	}
	return strings.TrimSpace(s)
}

// tidy leaves of a text what a message may hold: no control characters, no
// blanks at the ends of lines, no more than one empty line on end.
func tidy(s string) string {
	var b strings.Builder
	empty := 0
	for l := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		l = strings.TrimRightFunc(strings.Map(func(r rune) rune {
			switch {
			case r == '\u00a0':
				return ' '
			case r == '\t':
				return r
			case unicode.IsControl(r), r == '\ufeff', r == '\u200b':
				return -1
			}
			return r
		}, l), unicode.IsSpace)
		if l == "" {
			empty++
			continue
		}
		if b.Len() > 0 {
			b.WriteString(strings.Repeat("\n", min(empty, 1)+1))
		}
		empty = 0
		b.WriteString(l)
	}
	return b.String()
}
