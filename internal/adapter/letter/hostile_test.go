package letter_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"kabinet/internal/adapter/letter"
)

// A relay repeats what a stranger typed as his return path: nothing in it is a
// result.
func TestForgedResults(t *testing.T) {
	t.Parallel()
	const relay = "Authentication-Results: mx.shop.example; "
	for name, c := range map[string]struct {
		header string
		want   letter.Verdict
	}{
		"a result in quotes":         {relay + `spf=pass smtp.mailfrom="x; dmarc=pass; y"@evil.example; dmarc=fail header.from=example.com`, letter.Failed},
		"a result in quotes alone":   {relay + `spf=pass smtp.mailfrom="x; dmarc=pass; y"@evil.example`, letter.Unknown},
		"a comment in quotes":        {relay + `spf=pass smtp.mailfrom="("@evil.example; dmarc=fail header.from=example.com`, letter.Failed},
		"an escaped quote":           {relay + `spf=pass smtp.mailfrom="\"; dmarc=pass"@evil.example; dmarc=fail`, letter.Failed},
		"a comment in a comment":     {relay + `spf=none (a (b) ; dmarc=pass); dmarc=fail`, letter.Failed},
		"a quote without an end":     {relay + `spf=pass smtp.mailfrom="x; dmarc=pass`, letter.Failed},
		"a comment without an end":   {relay + `spf=pass (x; dmarc=pass`, letter.Failed},
		"not in quotes, yet refused": {relay + "spf=pass smtp.mailfrom=x; dmarc=pass; dmarc=fail", letter.Failed},
		"of another domain":          {relay + "dmarc=pass header.from=evil.example", letter.Failed},
		"of its own domain":          {relay + "dmarc=pass header.from=Example.com.", letter.Passed},
		"no result":                  {relay + "none", letter.Unknown},
		"a name that begins so":      {"Authentication-Results: mx.shop.example.evil.example; dmarc=pass", letter.Unknown},
		"a name in quotes":           {`Authentication-Results: "mx.shop.example"; dmarc=pass`, letter.Unknown},
	} {
		if got := parse(t, c.header+"\nFrom: a@example.com\n\nx").Verdict("mx.shop.example"); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Programs there are that give all their letters one Message-ID.
func TestOneMessageID(t *testing.T) {
	t.Parallel()
	of := func(day, subject string) string {
		return parse(t, "From: a@example.com\nMessage-ID: <1@x>\nDate: Sat, "+day+" Nov 2026 15:00:00 +0300\nSubject: "+subject+"\n\nx").Key
	}
	first, again := of("21", "a"), of("21", "a")
	if first == of("28", "a") || first == of("21", "b") || first != again {
		t.Error("letters with one Message-ID are taken for one")
	}
}

func part(header, body string) string { return "--b\n" + header + "\n\n" + body + "\n" }

const mixed = "From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n"

// security J3: what is sent to cost.
func TestBombs(t *testing.T) {
	t.Parallel()
	nested := "From: a@example.com\nContent-Type: multipart/mixed; boundary=b0\n\n"
	for i := range 10_000 {
		nested += fmt.Sprintf("--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i+1)
	}
	attachments := mixed + strings.Repeat(part("Content-Disposition: attachment; filename=a.txt", "x"), 1000) + "--b--"
	recipients := "From: a@example.com\nTo: " + strings.Repeat("a@example.com, ", 5000) + "b@example.com\n\nx"
	for name, raw := range map[string]string{"10,000 levels": nested, "1,000 attachments": attachments} {
		if _, err := letter.Read(strings.NewReader(raw)); !errors.Is(err, letter.ErrTooMany) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := letter.Read(strings.NewReader(recipients)); !errors.Is(err, letter.ErrTooLarge) { // all in a line
		t.Errorf("%v", err)
	}
	zeros := parse(t, mixed+part("Content-Type: text/plain", "Hello")+part("Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64",
		strings.Repeat(strings.Repeat("A", 76)+"\n", 100_000))+"--b--")
	if len(zeros.Files) != 1 || len(zeros.Files[0].Bytes) != 5_700_000 || zeros.Text != "Hello" {
		t.Errorf("%d files, %q", len(zeros.Files), zeros.Text)
	}
}

// What somebody wrote is never lost, however odd his letter is.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	long := strings.TrimSpace(strings.Repeat("One sentence of many. ", 15_000))
	wrapped := strings.ReplaceAll(long, ". One", ".\nOne")
	if l := parse(t, "From: a@example.com\n\n"+wrapped); len(l.Files) != 1 || l.Files[0].Name != "letter.txt" || len(l.Files[0].Bytes) < len(long) || len(l.Text) < 200_000 {
		t.Errorf("a long text: %d files, %d bytes of text", len(l.Files), len(l.Text))
	}
	inside := "See my answers below.\n\nFrom: Shop <support@shop.example>\nSent: Saturday, November 21, 2026 2:00 PM\nTo: Anna\nSubject: Re: Where is it?\n\nWhere do you live?\nIN ELM STREET."
	if l := parse(t, "From: a@example.com\n\n"+inside); l.Text != "See my answers below." || !strings.HasSuffix(l.Whole, "IN ELM STREET.") {
		t.Errorf("answers inside a quote: %q, %q", l.Text, l.Whole)
	}
	picture := `<p>Before</p><img src="data:image/png;base64,` + strings.Repeat(strings.Repeat("A", 1000)+"\n", 500) + `"><p>After</p>`
	if l := parse(t, "From: a@example.com\nContent-Type: text/html\n\n"+picture); l.Text != "Before\n\nAfter" {
		t.Errorf("a picture in the page: %.100q", l.Text)
	}
	small := "Content-Type: image/png; name=error.png\nContent-Transfer-Encoding: base64\nContent-Disposition: "
	png := base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n"))
	for disposition, want := range map[string]int{"attachment": 1, "inline": 0} {
		if l := parse(t, strings.Replace(mixed, "mixed", "related", 1)+part("Content-Type: text/html", "<p>See</p>")+part(small+disposition, png)+"--b--"); len(l.Files) != want {
			t.Errorf("a small picture, %s: %d files", disposition, len(l.Files))
		}
	}
	// A report that somebody sends on is his letter, not a server's.
	sent := parse(t, mixed+part("Content-Type: text/plain", "Your letters come back to me!")+part("Content-Type: message/delivery-status", "Final-Recipient: rfc822; a@example.com\nAction: failed")+"--b--")
	if sent.Report != nil || sent.Automatic != "" || sent.Text != "Your letters come back to me!" || len(sent.Files) != 1 {
		t.Errorf("%+v", sent)
	}
	nul := parse(t, "From: a@example.com\nSubject: a\x00b\n\nc\x00d")
	if nul.Subject != "ab" && nul.Subject != "a b" || nul.Text != "cd" {
		t.Errorf("%q %q", nul.Subject, nul.Text)
	}
	if empty := parse(t, "From: a@example.com\nSubject: Call me\n\n"); empty.Text != "" || empty.Subject != "Call me" {
		t.Errorf("%+v", empty)
	}
}
