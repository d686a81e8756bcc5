package mail_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // reads every alphabet
	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"

	"kabinet/internal/adapter/mail"
)

const from = "Кабинет <account@shop.example>"

var letter = mail.Message{
	To: "ann@example.com", Subject: "Код подтверждения: 123456, никому его не сообщайте и не пересылайте",
	Text: "Ваш код: 123456\n.\nконец", HTML: "<p>Ваш код: <b>123456</b></p>", ID: "0198c0de-aaaa",
}

func sender(t *testing.T, url string, opts ...mail.Option) mail.Sender {
	t.Helper()
	send, err := mail.SMTP(url, from, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return send
}

// read takes a letter apart: its header and its parts by content type.
func read(t *testing.T, data []byte) (gomail.Header, map[string]string) {
	t.Helper()
	r, err := gomail.CreateReader(bytes.NewReader(data))
	if err != nil && !message.IsUnknownCharset(err) {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return r.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		header, ok := part.Header.(*gomail.InlineHeader)
		if !ok {
			t.Fatalf("an attachment: %v", part.Header)
		}
		kind, _, err := header.ContentType()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = strings.TrimSuffix(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n")
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	c := catch(t, nil, false, nil)
	if err := sender(t, "smtp://"+c.addr)(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	got := c.all()
	if len(got) != 1 || got[0].From != "account@shop.example" || got[0].To != letter.To {
		t.Fatalf("caught %+v", got)
	}
	header, parts := read(t, got[0].Data)
	if subject, err := header.Subject(); err != nil || subject != letter.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	if list, err := header.AddressList("From"); err != nil || len(list) != 1 || list[0].Name != "Кабинет" {
		t.Errorf("from %v, %v", list, err)
	}
	if id, err := header.MessageID(); err != nil || id != "0198c0de-aaaa@shop.example" {
		t.Errorf("message id %q, %v", id, err)
	}
	if header.Get("Auto-Submitted") != "auto-generated" || header.Get("Date") == "" || header.Get("User-Agent") != "" {
		t.Errorf("header %v", header.Map())
	}
	if parts["text/plain"] != letter.Text || parts["text/html"] != letter.HTML || len(parts) != 2 {
		t.Errorf("parts %q", parts)
	}
}

func TestTextAlone(t *testing.T) {
	t.Parallel()
	c := catch(t, nil, false, nil)
	m := letter
	m.HTML, m.ID = "", ""
	if err := sender(t, "smtp://"+c.addr)(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if _, parts := read(t, c.all()[0].Data); len(parts) != 1 || parts["text/plain"] != m.Text {
		t.Errorf("parts %q", parts)
	}
}

// A letter of a talk says what it answers, where to answer it and that a person
// wrote it; nothing can be smuggled in by it.
func TestTalk(t *testing.T) {
	t.Parallel()
	c := catch(t, nil, false, nil)
	m := letter
	m.ReplyTo, m.ReturnTo, m.Loop = "support+t1-abc@shop.example", "support+t1-abc@shop.example", "support@shop.example"
	m.InReplyTo, m.References, m.ByPerson = "CAF=1+x@mail.example.com", []string{"ticket.1", "CAF=1+x@mail.example.com"}, true
	send := sender(t, "smtp://"+c.addr)
	if err := send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := c.all()[0]
	h, _ := read(t, got.Data)
	if got.From != m.ReturnTo || h.Get("Reply-To") != "<"+m.ReplyTo+">" || h.Get("X-Loop") != m.Loop || h.Has("Auto-Submitted") {
		t.Errorf("from %s, %v", got.From, h.Map())
	}
	if h.Get("In-Reply-To") != "<CAF=1+x@mail.example.com>" || h.Get("References") != "<ticket.1@shop.example> <CAF=1+x@mail.example.com>" {
		t.Errorf("%q %q", h.Get("In-Reply-To"), h.Get("References"))
	}
	for _, change := range []func(m *mail.Message){
		func(m *mail.Message) { m.ReplyTo = "a@b\r\nBcc: eve@example.com" }, func(m *mail.Message) { m.ReturnTo = "A <a@b.example>" },
		func(m *mail.Message) { m.Loop = "x" }, func(m *mail.Message) { m.InReplyTo = "a@b>\r\nBcc: eve@example.com" },
		func(m *mail.Message) { m.References = []string{"a b@c"} }, func(m *mail.Message) { m.References = []string{"a<b@c"} },
	} {
		bad := m
		change(&bad)
		if err := send(t.Context(), bad); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%+v answered %v; want ErrPermanent", bad, err)
		}
	}
}

// security A10
func TestNoHeaderInjection(t *testing.T) {
	t.Parallel()
	c := catch(t, nil, false, nil)
	send := sender(t, "smtp://"+c.addr)
	for _, to := range []string{
		"ann@example.com\r\nBcc: eve@example.com", "ann@example.com\nDATA", "a@b\x00", "\"a\r\nBcc: e@e\"@example.com",
		"ann@example.com, eve@example.com", "Ann <ann@example.com>", "<ann@example.com>", "ann", "",
	} {
		m := letter
		m.To = to
		if err := send(t.Context(), m); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("to %q answered %v; want ErrPermanent", to, err)
		}
	}
	for _, m := range []mail.Message{
		{To: letter.To, Subject: "x", Text: "x", ID: "a>\r\nBcc: eve@example.com"},
		{To: letter.To, Subject: "x"},
	} {
		if err := send(t.Context(), m); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%+v answered %v; want ErrPermanent", m, err)
		}
	}
	if n := len(c.all()); n != 0 {
		t.Fatalf("%d of them arrived", n)
	}
	m := letter
	m.Subject = "Ann\r\nBcc: eve@example.com\r\n\r\nbody"
	if err := send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	header, parts := read(t, c.all()[0].Data)
	if subject, _ := header.Subject(); header.Has("Bcc") || !strings.HasPrefix(subject, "Ann  Bcc: eve") || len(parts) != 2 {
		t.Errorf("subject %q, header %v", subject, header.Map())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		step string
		code int
		want error
	}{
		{"MAIL", 451, mail.ErrTemporary}, {"MAIL", 550, mail.ErrPermanent},
		{"RCPT", 450, mail.ErrTemporary}, {"RCPT", 550, mail.ErrPermanent},
		{"DATA", 452, mail.ErrTemporary}, {"DATA", 554, mail.ErrPermanent},
	}
	for _, tt := range tests {
		c := catch(t, nil, false, map[string]*smtp.SMTPError{
			tt.step: {Code: tt.code, EnhancedCode: smtp.EnhancedCode{tt.code / 100, 1, 1}, Message: "no <ANN@example.com> here"},
		})
		err := sender(t, "smtp://"+c.addr)(t.Context(), letter)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s %d answered %v; want %v", tt.step, tt.code, err, tt.want)
			continue
		}
		// security J9: what is logged names no address
		if text := strings.ToLower(err.Error()); strings.Contains(text, "ann@") || !strings.Contains(text, "no <(recipient)> here") {
			t.Errorf("%s %d: %v", tt.step, tt.code, err)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, roots := certificate(t)
	with := mail.WithRootCAs(roots)
	starttls, implicit, plain := catch(t, cert, false, nil), catch(t, cert, true, nil), catch(t, nil, false, nil)
	tests := []struct {
		name string
		url  string
		at   *catcher
		opts []mail.Option
		want error
		tls  bool
		user string
	}{
		{"STARTTLS when offered", "smtp://" + starttls.addr, starttls, []mail.Option{with}, nil, true, ""},
		{"STARTTLS and a user", "smtp://ann:right@" + starttls.addr, starttls, []mail.Option{with}, nil, true, "ann"},
		{"smtps", "smtps://ann:right@" + implicit.addr, implicit, []mail.Option{with}, nil, true, "ann"},
		{"none by wish", "smtp://" + starttls.addr + "?tls=none", starttls, nil, nil, false, ""},
		{"a wrong password may be mended", "smtp://ann:wrong@" + starttls.addr, starttls, []mail.Option{with}, mail.ErrTemporary, false, ""},
		{"no password without TLS", "smtp://ann:right@" + plain.addr, plain, nil, mail.ErrTemporary, false, ""},
		{"required and not offered", "smtp://" + plain.addr + "?tls=required", plain, nil, mail.ErrTemporary, false, ""},
		{"an authority nobody trusts", "smtps://" + implicit.addr, implicit, nil, mail.ErrTemporary, false, ""},
	}
	for _, tt := range tests {
		before := len(tt.at.all())
		err := sender(t, tt.url, tt.opts...)(t.Context(), letter)
		got := tt.at.all()[before:]
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v; want %v", tt.name, err, tt.want)
			continue
		}
		if tt.want == nil && (len(got) != 1 || got[0].TLS != tt.tls || got[0].User != tt.user) || tt.want != nil && len(got) != 0 {
			t.Errorf("%s: caught %+v", tt.name, got)
		}
	}
}

// security L16
func TestServerDown(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	silent := sender(t, "smtp://"+addr, mail.WithTimeout(200*time.Millisecond))
	began := time.Now()
	if err := silent(t.Context(), letter); !errors.Is(err, mail.ErrTemporary) || time.Since(began) > 5*time.Second {
		t.Errorf("a silent server: %v after %s", err, time.Since(began))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began = time.Now()
	if err := sender(t, "smtp://"+addr)(ctx, letter); !errors.Is(err, mail.ErrTemporary) || time.Since(began) > 5*time.Second {
		t.Errorf("a deadline: %v after %s", err, time.Since(began))
	}
	if err := sender(t, "smtp://"+addr)(ctx, letter); !errors.Is(err, mail.ErrTemporary) {
		t.Errorf("a deadline that is past: %v", err)
	}
	_ = listener.Close()
	if err := silent(t.Context(), letter); !errors.Is(err, mail.ErrTemporary) {
		t.Errorf("no server: %v", err)
	}
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "mail.example.com:25", "http://h", "smtp://", "smtp://h?tls=perhaps", "smtp://u:hunter2@h:99999"} {
		if _, err := mail.SMTP(url, from); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := mail.SMTP("smtp://h", "nobody"); err == nil {
		t.Error("a sender that is no address was taken")
	}
	if _, err := mail.SMTP("smtps://h", from, mail.WithRootCAs(x509.NewCertPool())); err != nil {
		t.Error(err)
	}
}

// Files go with a letter under names that smuggle nothing in.
func TestFiles(t *testing.T) {
	t.Parallel()
	c := catch(t, nil, false, nil)
	m := letter
	m.Files = []mail.File{
		{Name: "счёт.pdf", Mime: "application/pdf", Bytes: []byte("%PDF-1.4")},
		{Name: "a\r\nBcc: eve@example.com\r\n\r\n\u202etxt.exe\"; x=\"../../b", Mime: "text/plain\r\nX-Evil: 1", Bytes: bytes.Repeat([]byte{0}, 1000)},
		{Name: "\x00", Mime: "text/plain"},
	}
	if err := sender(t, "smtp://"+c.addr)(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	r, err := gomail.CreateReader(bytes.NewReader(c.all()[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	if r.Header.Has("Bcc") || r.Header.Has("X-Evil") {
		t.Errorf("%v", r.Header.Map())
	}
	var got []string
	for {
		part, err := r.NextPart()
		if err != nil {
			break
		}
		h, ok := part.Header.(*gomail.AttachmentHeader)
		if !ok {
			continue
		}
		name, err := h.Filename()
		if err != nil {
			t.Error(err)
		}
		kind, _, _ := h.ContentType()
		b, _ := io.ReadAll(part.Body)
		if strings.ContainsAny(name, "\r\n/\\\"\u202e\x00") {
			t.Errorf("%q", name)
		}
		got = append(got, fmt.Sprintf("%s %s %d", name, kind, len(b)))
	}
	if len(got) != 3 || got[0] != "счёт.pdf application/pdf 8" || !strings.HasSuffix(got[1], "b application/octet-stream 1000") || got[2] != "file text/plain 0" {
		t.Errorf("%q", got)
	}
}
