package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kabinet/internal/adapter/letter"
	"kabinet/internal/adapter/mail"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/store/storetest"
)

// mailbox is an SMTP server that keeps what is sent to anybody.
type mailbox struct {
	addr string
	mu   sync.Mutex
	all  []string
}

// take gives the letters that came since it was asked last.
func (m *mailbox) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.all
	m.all = nil
	return all
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{}
	c, err := mail.Catch(mail.CatcherOptions{Took: func(l mail.Caught) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.all = append(m.all, string(l.Data))
	}})
	check(t, err)
	t.Cleanup(c.Close)
	m.addr = c.Addr
	return m
}

// mailWorld takes letters by SMTP at in, and its own arrive in out.
func mailWorld(t *testing.T, db *storetest.DB) (w *world, in string, out *mailbox) {
	t.Helper()
	w = newWorldOf(t, db, map[string]string{
		"KABINET_SUPPORT_ADDRESS": "support@shop.example", "KABINET_SMTP_LISTEN": "127.0.0.1:0", "KABINET_MAIL_FROM": "Shop <account@shop.example>",
		"KABINET_MAIL_TRUSTED_AUTHSERV": "mx.shop.example", "KABINET_MAIL_TRUSTED_RELAYS": "127.0.0.1", "KABINET_MAIL_HOOK_SECRET": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
	}, nil)
	out = newMailbox(t)
	send, err := mail.SMTP("smtp://"+out.addr, "Shop <account@shop.example>")
	check(t, err)
	w.app.postSends(parts{mail: send})
	server, err := w.app.postOffice()
	check(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		<-done
	})
	return w, ln.Addr().String(), out
}

// writes sends a letter by SMTP.
func writes(t *testing.T, in, from, to, text string, fields ...string) error {
	t.Helper()
	c, err := smtp.Dial(in)
	check(t, err)
	defer c.Close()
	raw := strings.Join(append(fields, "From: "+from, "To: "+to, "Subject: =?UTF-8?B?0JPQtNC1INC30LDQutCw0Lc/?=", fmt.Sprintf("Message-ID: <%d@mail.example.org>", time.Now().UnixNano()),
		"Content-Type: text/plain; charset=utf-8"), "\r\n") + "\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n") + "\r\n"
	return c.SendMail(from, []string{to}, strings.NewReader(raw))
}

// caught is the one letter that left.
func (w *world) caught(t *testing.T, out *mailbox) (netmail.Header, *letter.Letter) {
	t.Helper()
	w.settle(t)
	all := out.take()
	if len(all) != 1 {
		t.Fatalf("%d letters left: %q", len(all), all)
	}
	m, err := netmail.ReadMessage(strings.NewReader(all[0]))
	check(t, err)
	l, err := letter.Read(strings.NewReader(all[0]))
	check(t, err)
	return m.Header, l
}

func (w *world) talk(t *testing.T, who, ticket string) string {
	t.Helper()
	return w.say(t, who, `{ ticket(id: "`+ticket+`") { messages { nodes { kind authorKind authorName isMine body } } } }`, "")
}

// Support by mail, from end to end: somebody without an account writes, staff
// answers over HTTP, the answer is caught and answered, and seen over HTTP; then
// a customer whom the relay has proven, and strangers to both.
func TestSupportMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, in, out := mailWorld(t, db)
		check(t, writes(t, in, "new@example.org", "support@shop.example", "Где мой чай?\n\n-- \nИван"))
		receipt, _ := w.caught(t, out)
		if receipt.Get("Auto-Submitted") != "auto-generated" || !strings.Contains(receipt.Get("To"), "new@example.org") {
			t.Errorf("%v", receipt)
		}
		w.say(t, "staff", `{ ticketQueue { nodes { id subject } } }`, "ticketQueue.nodes.0.id")
		first := w.vars["ticketQueue.nodes.0.id"]
		w.say(t, "staff", `mutation { replyToTicket(input: {ticketId: "`+first+`", body: "Он в пути <b>"}) { message { id } userErrors { code } } }`, "replyToTicket.message.id")
		header, answer := w.caught(t, out)
		to, err := netmail.ParseAddress(header.Get("Reply-To"))
		check(t, err)
		if header.Get("Auto-Submitted") != "" || len(answer.InReplyTo) != 1 || !strings.Contains(answer.Text, "Он в пути <b>") || !strings.HasPrefix(answer.Subject, "Re: Где заказ? [T") {
			t.Errorf("%v %+v", header, answer)
		}
		check(t, writes(t, in, "new@example.org", to.Address, "Спасибо!\n\n21.11.2026, 14:00, Shop <account@shop.example>:\n> Он в пути"))
		check(t, writes(t, in, "eve@example.org", to.Address, "Отправьте его мне."))
		w.settle(t)
		got := w.talk(t, "staff", first)
		if !strings.Contains(got, `"authorKind":"CUSTOMER","authorName":"new@example.org","body":"Спасибо!"`) || strings.Count(got, `"CUSTOMER"`) != 2 || !strings.Contains(got, `"kind":"NOTE"`) {
			t.Errorf("%s", got)
		}
		if all := out.take(); len(all) != 0 {
			t.Errorf("a stranger was answered: %q", all)
		}
		if err := writes(t, in, "new@example.org", "bob@example.com", "relay"); err == nil {
			t.Error("it relays")
		}
		w.mailOfAlice(t, in, out)
		letters := w.say(t, "staff", `{ letters { nodes { sender outcome reason ticket { id } message { kind } } } }`, "")
		if strings.Count(letters, `"outcome"`) != 6 || strings.Count(letters, `"NOT_PROVEN"`) != 3 {
			t.Errorf("%s", letters)
		}
	})
}

// mailOfAlice is a customer's talk: her letter opens her ticket, and she answers
// through the other door.
func (w *world) mailOfAlice(t *testing.T, in string, out *mailbox) {
	t.Helper()
	check(t, writes(t, in, "Alice@example.com", "support@shop.example", "Where is my cup?", "Authentication-Results: mx.shop.example; dmarc=pass header.from=example.com"))
	w.caught(t, out)
	w.say(t, "alice", `{ me { tickets { nodes { id replyAddress lastMessage { body } } } } }`, "me.tickets.nodes.0.id")
	mine := w.vars["me.tickets.nodes.0.id"]
	w.say(t, "staff", `mutation { replyToTicket(input: {ticketId: "`+mine+`", body: "Which one?"}) { message { id } userErrors { code } } }`, "replyToTicket.message.id")
	header, _ := w.caught(t, out)
	to, err := netmail.ParseAddress(header.Get("Reply-To"))
	check(t, err)
	raw := []byte("From: alice@example.com\r\nTo: " + to.Address + "\r\nMessage-ID: <hook@example.com>\r\n\r\nThe blue one\r\n\r\nOn Sat, Nov 21, 2026 at 2:00 PM Shop <account@shop.example> wrote:\r\n> Which one?\r\n")
	hook := func(sign bool) int {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.url+"/hooks/mail", bytes.NewReader(raw))
		check(t, err)
		if sign {
			payment.Sign(r.Header, w.app.cfg.MailIn.Secrets[0], "m1", w.db.Clock.Now(), raw)
		}
		resp, err := http.DefaultClient.Do(r)
		check(t, err)
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if status := hook(false); status != http.StatusUnauthorized {
		t.Errorf("not signed: %d", status)
	}
	for range 2 { // security I6: the same one again is taken once
		if status := hook(true); status != http.StatusNoContent {
			t.Fatalf("signed: %d", status)
		}
	}
	check(t, writes(t, in, "eve@example.org", to.Address, "The red one"))
	w.settle(t)
	got := w.talk(t, "alice", mine)
	want := `{"ticket":{"messages":{"nodes":[{"authorKind":"CUSTOMER","authorName":"Alice","body":"Where is my cup?","isMine":true,"kind":"MESSAGE"},` +
		`{"authorKind":"STAFF","authorName":"Staff","body":"Which one?","isMine":false,"kind":"MESSAGE"},{"authorKind":"CUSTOMER","authorName":"Alice","body":"The blue one","isMine":true,"kind":"MESSAGE"}]}}}`
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
