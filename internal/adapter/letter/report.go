package letter

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
)

// Report is what a server tells of a letter of ours (RFC 3464).
type Report struct {
	Recipients []Failure
	MessageID  string // of the letter it is about; empty where it does not say
}

// Failure is one recipient of a report.
type Failure struct {
	Address string // whom it did not reach
	Action  string // failed, delayed, delivered, relayed or expanded
	Status  string // such as 5.1.1
}

// Final says that sending again is of no use.
func (f Failure) Final() bool {
	return strings.EqualFold(f.Action, "failed") && (f.Status == "" || strings.HasPrefix(f.Status, "5"))
}

// Gone says that there is no such mailbox: another final word may be on this
// letter, or on this day, alone, such as of a mailbox that is full.
func (f Failure) Gone() bool {
	return f.Final() && (f.Status == "" || strings.HasPrefix(f.Status, "5.1."))
}

const maxReport = 64 << 10

// report reads the part that machines read: groups of fields with empty lines
// between, the first one about the server.
func (w *walker) report(e *message.Entity) error {
	if w.letter.Report == nil { // it is of another kind: a receipt of reading
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(e.Body, maxReport))
	if err != nil {
		return nil //nolint:nilerr // what cannot be read says nothing
	}
	br := bufio.NewReader(bytes.NewReader(append(b, "\r\n\r\n"...)))
	for range maxParts {
		h, err := textproto.ReadHeader(br)
		if err != nil {
			return nil //nolint:nilerr // the end, or nothing that can be read
		}
		to := typed(h.Get("Original-Recipient"))
		if final := typed(h.Get("Final-Recipient")); to == "" {
			to = final
		}
		if h.Get("Action") == "" && to == "" {
			if h.Len() == 0 && br.Buffered() == 0 {
				return nil
			}
			continue
		}
		w.letter.Report.Recipients = append(w.letter.Report.Recipients, Failure{
			Address: to, Action: strings.ToLower(line(h.Get("Action"), 20)), Status: line(firstWord(h.Get("Status")), 20),
		})
	}
	return nil
}

// typed is an address without its kind: "rfc822; a@b".
func typed(v string) string {
	_, address, ok := strings.Cut(v, ";")
	if !ok {
		return ""
	}
	return strings.Trim(line(address, 254), "<>")
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// reported reads the header of the letter that a report is about.
func (w *walker) reported(e *message.Entity) error {
	b, err := io.ReadAll(io.LimitReader(e.Body, maxReport))
	if err != nil || w.letter.Report == nil {
		return nil //nolint:nilerr // what cannot be read says nothing
	}
	h, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(append(b, "\r\n\r\n"...))))
	if err == nil && w.letter.Report.MessageID == "" {
		w.letter.Report.MessageID = firstID(h.Get("Message-Id"))
	}
	return nil
}

// automatic says why no person wrote a letter (RFC 3834, RFC 2919, and what was
// used before).
func (l *Letter) automatic() string {
	h := l.header
	if l.Report != nil {
		return WhyBounce
	}
	if path := strings.TrimSpace(h.Get("Return-Path")); path == "<>" {
		return WhyBounce
	}
	local, _, _ := strings.Cut(strings.ToLower(l.From.Address), "@")
	if local == "mailer-daemon" || local == "postmaster" {
		return WhyBounce
	}
	for f := h.FieldsByKey("Auto-Submitted"); f.Next(); {
		if v, _, _ := strings.Cut(f.Value(), ";"); !strings.EqualFold(strings.TrimSpace(v), "no") {
			return WhyAutoReply
		}
	}
	for _, field := range []string{"X-Autoreply", "X-Autorespond", "X-Autoreply-From", "X-Mail-Autoreply", "X-Auto-Reply-From"} {
		if v := strings.TrimSpace(h.Get(field)); v != "" && !strings.EqualFold(v, "no") {
			return WhyAutoReply
		}
	}
	if h.Has("List-Id") || h.Has("List-Unsubscribe") || h.Has("List-Post") {
		return WhyList
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "list", "junk":
		return WhyList
	case "auto_reply", "auto-reply":
		return WhyAutoReply
	}
	return ""
}

// silent says that a letter's writer wants no automatic answer, or would not
// read one.
func (l *Letter) silent() bool {
	v := strings.ToLower(l.header.Get("X-Auto-Response-Suppress"))
	local, _, _ := strings.Cut(strings.ToLower(l.From.Address), "@")
	return v != "" && v != "none" || strings.Contains(strings.NewReplacer("-", "", "_", "", ".", "").Replace(local), "noreply") || strings.HasPrefix(local, "donotreply")
}
