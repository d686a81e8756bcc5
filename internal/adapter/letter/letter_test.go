package letter_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"kabinet/internal/adapter/letter"
)

func parse(t testing.TB, raw string) *letter.Letter {
	t.Helper()
	l, err := letter.Read(strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const whole = `Received: from mx.example.com by shop.example; Sat, 21 Nov 2026 12:00:01 +0000
From: =?UTF-8?B?0JDQvdC90LA=?= <Anna@Example.com>
To: support+t261121-4f7k2q-abc@shop.example
Subject: =?koi8-r?B?58TFIM3PyiDawcvB2j8=?=
Date: Sat, 21 Nov 2026 15:00:00 +0300
Message-ID: <CAF1@mail.example.com>
In-Reply-To: <ticket.1@shop.example>
References: <ticket.0@shop.example>
 <ticket.1@shop.example> "><script> <no-at>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/related; boundary="rel"

--rel
Content-Type: multipart/alternative; boundary="alt"

--alt
Content-Type: text/plain; charset=windows-1251
Content-Transfer-Encoding: quoted-printable

=C3=E4=E5 =EC=EE=E9 =E7=E0=EA=E0=E7?
--alt
Content-Type: text/html; charset=utf-8

<p>Где мой заказ?</p><img src="cid:logo">
--alt--
--rel
Content-Type: image/png; name="logo.png"
Content-ID: <logo>
Content-Disposition: inline
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--rel--
--outer
Content-Type: application/pdf
Content-Disposition: attachment; filename*=UTF-8''%D1%81%D1%87%D1%91%D1%82.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--outer
Content-Type: text/plain; name="..\\..\\etc\\passwd"
Content-Disposition: attachment

root
--outer--
`

func TestRead(t *testing.T) {
	t.Parallel()
	l := parse(t, whole)
	if l.From != (letter.Address{Name: "Анна", Address: "Anna@Example.com"}) || l.Subject != "Где мой заказ?" || l.Text != "Где мой заказ?" || l.MessageID != "CAF1@mail.example.com" {
		t.Errorf("%+v", l)
	}
	if fmt.Sprint(l.References, l.InReplyTo) != "[ticket.0@shop.example ticket.1@shop.example] [ticket.1@shop.example]" {
		t.Errorf("%q %q", l.References, l.InReplyTo)
	}
	if l.Date.Format("15:04 MST") != "12:00 UTC" || l.Automatic != "" || l.Silent || len(l.Left) != 0 {
		t.Errorf("%v %q %v", l.Date, l.Automatic, l.Left)
	}
	var files []string
	for _, f := range l.Files {
		files = append(files, fmt.Sprintf("%s %s %s", f.Name, f.Mime, f.Bytes))
	}
	if got := strings.Join(files, "|"); got != "счёт.pdf application/pdf %PDF-1.4\n|passwd text/plain root" { // security J1
		t.Errorf("%q", got)
	}
	again := parse(t, "X-Relay: 2\n"+whole)
	if again.Key != l.Key || len(l.Key) != 64 {
		t.Errorf("the same letter by another way has another key: %s %s", l.Key, again.Key)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	from := "From: a@example.com\nDate: Sat, 21 Nov 2026 15:00:00 +0300\n"
	a, b := parse(t, from+"Subject: x\n\none"), parse(t, "Received: by relay\n"+from+"Subject: x\n\none")
	if a.Key != b.Key {
		t.Error("a letter without a Message-ID is another one by another way")
	}
	if c := parse(t, from+"Subject: x\n\ntwo"); c.Key == a.Key {
		t.Error("two letters without a Message-ID are one")
	}
	one, two := parse(t, "From: a@example.com\nMessage-ID: <1@x>\n\na"), parse(t, "From: b@example.com\nMessage-ID: <1@x>\n\na")
	if one.Key == two.Key {
		t.Error("somebody else's Message-ID hides a letter")
	}
}

func TestSender(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"From: a@example.com":                      "a@example.com",
		"From: \"A, B\" <a@example.com>":           "a@example.com",
		"From: a@example.com, b@example.com":       "",
		"From: a@example.com\nFrom: b@example.com": "",
		"From: ":             "",
		"From: nobody":       "",
		"Sender: a@x.com":    "",
		"From: <>":           "",
		"From: =?x?B?!!?= <": "",
	} {
		if got := parse(t, header+"\nSubject: x\n\nhello").From.Address; got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestAutomatic(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Auto-Submitted: auto-replied":            letter.WhyAutoReply,
		"Auto-Submitted: auto-generated; x=1":     letter.WhyAutoReply,
		"Auto-Submitted: no":                      "",
		"X-Autoreply: yes":                        letter.WhyAutoReply,
		"Precedence: auto_reply":                  letter.WhyAutoReply,
		"Precedence: bulk":                        letter.WhyList,
		"List-Id: <news.example.com>":             letter.WhyList,
		"List-Unsubscribe: <https://example.com>": letter.WhyList,
		"Return-Path: <>":                         letter.WhyBounce,
		"Return-Path: <a@example.com>":            "",
		"X-Loop: support@shop.example":            "",
	} {
		l := parse(t, "From: a@example.com\n"+header+"\n\nI am away.")
		if l.Automatic != want {
			t.Errorf("%q: %q, want %q", header, l.Automatic, want)
		}
	}
	if l := parse(t, "From: no-reply@example.com\nX-Loop: Support@shop.example\n\nx"); !l.Silent || l.Loops[0] != "support@shop.example" {
		t.Errorf("%+v", l)
	}
	if l := parse(t, "From: MAILER-DAEMON@example.com\n\nx"); l.Automatic != letter.WhyBounce {
		t.Errorf("%+v", l)
	}
}

const bounce = `From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
To: support+t261121-4f7k2q-abc@shop.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system at host mx.example.com.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Sat, 21 Nov 2026 12:00:00 +0000

Final-Recipient: rfc822; anna@example.com
Original-Recipient: rfc822;Anna@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

Final-Recipient: rfc822; bob@example.com
Action: delayed
Status: 4.2.2

--b
Content-Type: text/rfc822-headers

From: Shop <support@shop.example>
Message-ID: <ticket.1@shop.example>
--b--
`

func TestGone(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]bool{"5.1.1": true, "5.1.10": true, "": true, "5.2.2": false, "5.7.1": false, "4.1.1": false} {
		if got := (letter.Failure{Action: "failed", Status: status}).Gone(); got != want {
			t.Errorf("%q: %v", status, got)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	l := parse(t, bounce)
	if l.Automatic != letter.WhyBounce || l.Report == nil || l.Report.MessageID != "ticket.1@shop.example" || len(l.Report.Recipients) != 2 {
		t.Fatalf("%+v %+v", l, l.Report)
	}
	if a, b := l.Report.Recipients[0], l.Report.Recipients[1]; a.Address != "Anna@example.com" || !a.Final() || b.Address != "bob@example.com" || b.Final() {
		t.Errorf("%+v %+v", a, b)
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header string
		want   letter.Verdict
	}{
		"none":               {"Subject: x", letter.Unknown},
		"pass":               {"Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom=a@example.com; dmarc=pass (p=REJECT) header.from=example.com", letter.Passed},
		"fail":               {"Authentication-Results: mx.shop.example 1; dkim=none; dmarc=fail header.from=example.com", letter.Failed},
		"somebody else's":    {"Authentication-Results: evil.example; dmarc=pass", letter.Unknown},
		"forged below":       {"Authentication-Results: mx.shop.example; dmarc=fail\nAuthentication-Results: mx.shop.example; dmarc=pass", letter.Failed},
		"forged under other": {"Authentication-Results: mx.other.example; spf=none\nAuthentication-Results: mx.shop.example; dmarc=pass", letter.Unknown},
		"in a comment":       {"Authentication-Results: mx.shop.example; spf=none (; dmarc=pass)", letter.Unknown},
		"spf alone":          {"Authentication-Results: mx.shop.example; spf=fail smtp.mailfrom=x", letter.Failed},
		"spf, but signed":    {"Authentication-Results: mx.shop.example; spf=fail; dkim=pass header.d=example.com", letter.Unknown},
		"in two":             {"Authentication-Results: MX.shop.example;\n spf=pass\nAuthentication-Results: mx.shop.example; dmarc=pass", letter.Passed},
	} {
		l := parse(t, c.header+"\nFrom: a@example.com\n\nx")
		if got := l.Verdict("mx.shop.example"); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if got := l.Verdict(""); got != letter.Unknown {
			t.Errorf("%s: nobody is trusted, and %v", name, got)
		}
	}
}

func TestAlphabets(t *testing.T) {
	t.Parallel()
	const head = "From: a@example.com\nContent-Type: text/plain"
	for name, raw := range map[string]string{
		"koi8-r":            head + "; charset=koi8-r\n\n\xf0\xd2\xc9\xd7\xc5\xd4",
		"windows-1251":      head + "; charset=\"windows-1251\"\n\n\xcf\xf0\xe8\xe2\xe5\xf2",
		"nobody says":       head + "\n\n\xcf\xf0\xe8\xe2\xe5\xf2",
		"an unknown one":    head + "; charset=x-mine\n\n\xcf\xf0\xe8\xe2\xe5\xf2",
		"utf-8, not said":   head + "\n\nПривет",
		"base64":            head + "; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("Привет")),
		"flowed":            head + "; charset=utf-8; format=flowed; delsp=yes\n\nПри \nвет",
		"no type":           "From: a@example.com\n\nПривет",
		"a type of nothing": "From: a@example.com\nContent-Type: ;;;\n\nПривет",
	} {
		if got := parse(t, raw).Text; got != "Привет" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Letters that are meant to cost (security J3, J4).
func TestBounds(t *testing.T) {
	t.Parallel()
	deep := "From: a@example.com\n"
	for i := range 15 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	many := "From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 200)
	for name, c := range map[string]struct {
		raw  string
		want error
	}{
		"empty":       {"", letter.ErrMalformed},
		"no header":   {"\n\nhello", letter.ErrMalformed},
		"too large":   {"From: a@example.com\n\n" + strings.Repeat(strings.Repeat("x", 1000)+"\n", 26_300), letter.ErrTooLarge},
		"a long line": {"From: a@example.com\n\n" + strings.Repeat("x", 70_000), letter.ErrTooLarge},
		"fields":      {strings.Repeat("X-A: b\n", 600) + "\nx", letter.ErrTooMany},
		"header":      {"From: a@example.com\n" + strings.Repeat("X-A: "+strings.Repeat("b", 1000)+"\n", 300) + "\nx", letter.ErrTooMany},
		"deep":        {deep, letter.ErrTooMany},
		"many":        {many, letter.ErrTooMany},
		"binary":      {"\x00\x01\x02\xff", letter.ErrMalformed},
	} {
		if _, err := letter.Read(strings.NewReader(c.raw)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	files := "From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Disposition: attachment; filename=a.txt\n\nx\n", 30) + "--b--"
	if l := parse(t, files); len(l.Files) != 20 || len(l.Left) != 10 || l.Left[0] != "a.txt" {
		t.Errorf("%d files, left %v", len(l.Files), l.Left)
	}
	broken := parse(t, "From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\n\n!!!!")
	if broken.Text != "Hello" || len(broken.Left) == 0 {
		t.Errorf("%+v", broken)
	}
}

func FuzzRead(f *testing.F) {
	for _, raw := range []string{whole, bounce, "From: a\n\n> b\nOn 2026 <a@b> wrote:\n", "From: a@b.c\nContent-Type: text/html\n\n<blockquote><a href=https://x>y</a></p></table><pre>z"} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := letter.Read(strings.NewReader(string(raw)))
		if err != nil {
			return
		}
		for _, s := range []string{l.Text, l.Whole, l.Subject, l.From.Name} {
			if strings.ToValidUTF8(s, "") != s || strings.ContainsAny(s, "\x00\r\x1b") {
				t.Fatalf("%q", s)
			}
		}
		for _, x := range l.Files {
			if strings.ContainsAny(x.Name, "/\\\r\n\x00") {
				t.Fatalf("%q", x.Name)
			}
		}
		l.Verdict("x")
	})
}
