package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/adapter/letter"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

const deliverySecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// ordersTea lets somebody order, which is told him.
func (w *world) ordersTea(t *testing.T, who string) {
	t.Helper()
	key := fmt.Sprint(w.db.Clock.Now().UnixNano(), time.Now().UnixNano())
	w.do(t, who, `mutation { placeOrder(input: {lines: [{sku: "TEA", quantity: 1}], idempotencyKey: "`+key+`"}) { userErrors { code } } }`)
	w.settle(t)
}

// newest is the newest message to a person by a channel, in some fields.
func (w *world) newest(t *testing.T, who, channel, fields string) string {
	t.Helper()
	return w.say(t, "staff", `{ deliveries(filter: {customerId: "`+w.vars[who]+`", channel: [`+channel+`]}, first: 1) { nodes { `+fields+` } } }`, "")
}

// Letters over real servers: the first is down, the second takes them, with the
// headers of one click, which then stops them (RFC 8058).
func TestNotificationLetters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		out := newMailbox(t)
		w := newWorldOf(t, db, map[string]string{
			"KABINET_SMTP_URL": "smtp://127.0.0.1:1?tls=none", "KABINET_MAIL_FROM": "Shop <account@shop.example>", "KABINET_SMTP_FALLBACK_URL": "smtp://" + out.addr,
		}, nil)
		out.take()
		w.ordersTea(t, "alice")
		header, l := w.caught(t, out)
		id := regexp.MustCompile(`^<dly_[0-9a-z]{26}@shop\.example>$`)
		if !id.MatchString(header.Get("Message-Id")) || header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || header.Get("To") != "<alice@example.com>" {
			t.Errorf("%v", header)
		}
		if !strings.Contains(header.Get("Content-Type"), "multipart/alternative") || l.Subject == "" || !strings.Contains(l.Text, "3.50") {
			t.Errorf("%s: %s", header.Get("Content-Type"), l.Text)
		}
		if got := w.newest(t, "alice", "EMAIL", "status provider address attempts { provider failure }"); !strings.Contains(got, `"status":"SENT"`) || !strings.Contains(got, `"provider":"smtp-fallback"`) ||
			!strings.Contains(got, `"a***@example.com"`) || strings.Contains(got, "alice@") || !strings.Contains(got, `"CONNECTION"`) {
			t.Error(got)
		}
		link, err := url.Parse(strings.Trim(header.Get("List-Unsubscribe"), "<>"))
		check(t, err)
		resp, err := http.PostForm(w.url+link.Path, url.Values{"List-Unsubscribe": {"One-Click"}})
		check(t, err)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status)
		}
		w.ordersTea(t, "alice")
		if all := out.take(); len(all) != 0 {
			t.Errorf("%d letters after one click", len(all))
		}
	})
}

// A server that does not like us is no word on the letter, and the next one is
// asked; one that knows no such mailbox ends it. The code is on record.
func TestNotificationLettersRefused(t *testing.T) {
	for name, c := range map[string]struct {
		said  string // to RCPT
		wants []string
	}{
		"us":          {"", []string{`"SENT"`, `"smtp-fallback"`, `"status":550`, `"failure":"STATUS"`}},
		"the mailbox": {"550 5.1.1 no such user", []string{`"DEAD"`, `"reason":"GONE"`, `"status":550`, `"failure":"GONE"`}},
		"its owner":   {"550 5.7.1 not from you", []string{`"DEAD"`, `"reason":"REFUSED"`, `"status":550`, `"failure":"REFUSED"`}},
	} {
		t.Run(name, func(t *testing.T) {
			out := newMailbox(t)
			w := newWorldOf(t, storetest.Open(t), map[string]string{
				"KABINET_SMTP_URL": "smtp://" + rudeServer(t, c.said) + "?tls=none", "KABINET_MAIL_FROM": "Shop <account@shop.example>", "KABINET_SMTP_FALLBACK_URL": "smtp://" + out.addr,
			}, nil)
			w.ordersTea(t, "alice")
			got := w.newest(t, "alice", "EMAIL", "status reason provider attempts { provider status failure }")
			for _, want := range c.wants {
				if !strings.Contains(got, want) {
					t.Errorf("nothing of %s in %s", want, got)
				}
			}
		})
	}
}

// rudeServer is a mail server that refuses the recipient, or else the sender.
func rudeServer(t *testing.T, recipient string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
	talk := func(c net.Conn) {
		defer func() { _ = c.Close() }()
		_, _ = fmt.Fprint(c, "220 mx.example ready\r\n")
		for in := bufio.NewScanner(c); in.Scan(); {
			answer := "250 2.0.0 fine"
			switch word := strings.ToUpper(in.Text()); {
			case strings.HasPrefix(word, "EHLO"):
				answer = "250-mx.example\r\n250 ENHANCEDSTATUSCODES"
			case strings.HasPrefix(word, "MAIL") && recipient == "":
				answer = "550 5.7.1 this account is suspended"
			case strings.HasPrefix(word, "RCPT"):
				answer = recipient
			case word == "QUIT":
				answer = "221 2.0.0 bye"
			}
			_, _ = fmt.Fprint(c, answer+"\r\n")
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go talk(c)
		}
	}()
	return l.Addr().String()
}

// otherSide is whom signed messages go to: it believes what is signed,
// and answers as it is told.
type otherSide struct {
	url string
	now func() time.Time

	mu     sync.Mutex
	status int
	after  string
	got    []map[string]any
	ids    []string
}

func newProvider(t *testing.T, now func() time.Time) *otherSide {
	t.Helper()
	p := &otherSide{now: now, status: http.StatusOK}
	secret := secretOf(t, deliverySecret)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m map[string]any
		if _, err := payment.Verify(r.Header, [][]byte{secret}, p.now(), body); err != nil || json.Unmarshal(body, &m) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got, p.ids = append(p.got, m), append(p.ids, r.Header.Get("webhook-id"))
		if p.after != "" {
			w.Header().Set("Retry-After", p.after)
		}
		w.WriteHeader(p.status)
		_, _ = fmt.Fprintf(w, `{"id": "theirs-%d"}`, len(p.got))
	}))
	t.Cleanup(srv.Close)
	p.url = srv.URL
	return p
}

func (p *otherSide) answers(status int, after string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.after = status, after
}

func (p *otherSide) taken() ([]map[string]any, []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]map[string]any(nil), p.got...), append([]string(nil), p.ids...)
}

// signedWorld sends by signed messages; alice has a number and wants them.
func signedWorld(t *testing.T, db *storetest.DB) (*world, *otherSide) {
	t.Helper()
	p := newProvider(t, db.Clock.Now)
	w := newWorldOf(t, db, map[string]string{
		"KABINET_WHATSAPP_URL": p.url + "/whatsapp", "KABINET_WHATSAPP_SECRET": deliverySecret, "KABINET_DELIVERY_SECRET": deliverySecret,
	}, nil)
	id, err := scalar.ParseID(w.vars["alice"])
	check(t, err)
	check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.ContactPoint.Create().SetUserID(id.UUID).SetKind(contactpoint.KindPHONE).SetValue("+44 20 7946 0018").SetValueKey("+442079460018").SetVerifiedAt(tx.Now).SetIsPrimary(true).Exec(ctx)
	}))
	w.do(t, "alice", `mutation { updateNotificationPreferences(input: {choices: [{type: "order.placed", channel: WHATSAPP, wanted: true}]}) { userErrors { code } } }`)
	return w, p
}

// A channel by signed messages: later, never, gone, and what is said of them.
func TestSignedChannel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, p := signedWorld(t, db)
		p.answers(http.StatusTooManyRequests, "60")
		w.ordersTea(t, "alice")
		const fields = "id status reason providerRef address attempts { status failure }"
		if got := w.newest(t, "alice", "WHATSAPP", fields+" dueAt"); !strings.Contains(got, `"FAILED"`) || !strings.Contains(got, `"status":429`) || !strings.Contains(got, `"address":"+44***18"`) {
			t.Fatal(got)
		}
		p.answers(http.StatusOK, "")
		db.Clock.Add(50 * time.Second)
		w.settle(t)
		if _, ids := p.taken(); len(ids) != 1 {
			t.Fatalf("tried %d times within the minute that was asked for", len(ids))
		}
		db.Clock.Add(15 * time.Second)
		w.settle(t)
		got, ids := p.taken()
		if len(ids) != 2 || ids[0] != ids[1] || !strings.HasPrefix(ids[0], "dly_") {
			t.Fatal(ids)
		}
		data, _ := got[1]["data"].(map[string]any)
		about, _ := data["data"].(map[string]any)
		if got[1]["type"] != "message.send" || data["channel"] != "WHATSAPP" || data["to"] != "+442079460018" || data["id"] != ids[1] || about["type"] != "order.placed" {
			t.Errorf("%v", got[1])
		}
		if s := w.newest(t, "alice", "WHATSAPP", fields); !strings.Contains(s, `"status":"SENT"`) || !strings.Contains(s, `"providerRef":"theirs-2"`) {
			t.Error(s)
		}
		for status, want := range map[int]string{http.StatusGone: `"reason":"GONE"`, http.StatusUnprocessableEntity: `"reason":"REFUSED"`} {
			p.answers(status, "")
			w.ordersTea(t, "alice")
			if s := w.newest(t, "alice", "WHATSAPP", "status reason"); !strings.Contains(s, `"DEAD"`) || !strings.Contains(s, want) {
				t.Errorf("%d: %s", status, s)
			}
		}
		p.answers(http.StatusOK, "")
		if s := w.say(t, "staff", `mutation { retryDeliveries(input: {filter: {channel: [WHATSAPP]}, limit: 1}) { retried more userErrors { code } } }`, ""); !strings.Contains(s, `"retried":1`) || !strings.Contains(s, `"more":true`) {
			t.Error(s)
		}
		if s := w.say(t, "staff", `mutation { retryDeliveries(input: {filter: {}}) { retried more userErrors { code } } }`, ""); !strings.Contains(s, `"retried":1`) || !strings.Contains(s, `"more":false`) {
			t.Error(s)
		}
		w.settle(t)
		if s := w.say(t, "staff", `{ deliveries(filter: {channel: [WHATSAPP], status: [SENT]}) { totalCount } }`, ""); !strings.Contains(s, `"totalCount":3`) {
			t.Error(s)
		}
	})
}

// tells is a provider's word on a message, signed.
func (w *world) tells(t *testing.T, channel, body, secret string, ago time.Duration) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, w.url+"/deliveries/"+channel, bytes.NewReader([]byte(body)))
	check(t, err)
	payment.Sign(req.Header, secretOf(t, secret), "msg-1", w.db.Clock.Now().Add(-ago), []byte(body))
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// What providers say of messages: signed, fresh, of this channel, and once.
func TestDeliveryWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, _ := signedWorld(t, db)
		w.ordersTea(t, "alice")
		said := func(word, what string) string { return `{"type": "message.` + word + `", "data": {` + what + `}}` }
		const theirs, other = `"ref": "theirs-1"`, "whsec_MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
		for _, c := range []struct {
			channel, body, secret string
			ago                   time.Duration
			want                  int
		}{
			{"whatsapp", said("delivered", theirs), other, 0, 401},
			{"whatsapp", said("delivered", theirs), deliverySecret, time.Hour, 401},
			{"whatsapp", said("delivered", theirs), deliverySecret, -time.Hour, 401},
			{"whatsapp", said("eaten", theirs), deliverySecret, 0, 400},
			{"whatsapp", said("delivered", ``), deliverySecret, 0, 400},
			{"whatsapp", `[`, deliverySecret, 0, 400},
			{"pigeon", said("delivered", theirs), deliverySecret, 0, 400},
			{"sms", said("delivered", theirs), deliverySecret, 0, 404},
			{"whatsapp", said("delivered", `"id": "dly_01h455vb4pex5vsknk084sn02q"`), deliverySecret, 0, 404},
			{"whatsapp", `{"type": "` + strings.Repeat("x", 20<<10) + `"}`, deliverySecret, 0, 413},
		} {
			if got := w.tells(t, c.channel, c.body, c.secret, c.ago); got != c.want {
				t.Errorf("%s %.60s: %d, want %d", c.channel, c.body, got, c.want)
			}
		}
		const fields = "status openedAt clickedAt deliveredAt"
		if s := w.newest(t, "alice", "WHATSAPP", fields); !strings.Contains(s, `"SENT"`) {
			t.Fatal(s)
		}
		for _, word := range []string{"clicked", "opened", "opened"} { // what he did moves no status
			if got := w.tells(t, "whatsapp", said(word, theirs), deliverySecret, 0); got != 204 {
				t.Errorf("%s: %d", word, got)
			}
		}
		if s := w.newest(t, "alice", "WHATSAPP", fields); !strings.Contains(s, `"SENT"`) || strings.Contains(s, `"openedAt":null`) || strings.Contains(s, `"clickedAt":null`) {
			t.Error(s)
		}
		for range 2 {
			if got := w.tells(t, "whatsapp", said("delivered", theirs), deliverySecret, 0); got != 204 {
				t.Error(got)
			}
		}
		if got := w.tells(t, "whatsapp", said("bounced", theirs), deliverySecret, 0); got != 204 {
			t.Error(got)
		}
		if s := w.newest(t, "alice", "WHATSAPP", fields); !strings.Contains(s, `"status":"DELIVERED"`) {
			t.Error(s)
		}
	})
}

// A letter that comes back by mail to the address it says ends the mailbox.
func TestNotificationLetterReturned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		out := newMailbox(t)
		w := newWorldOf(t, db, map[string]string{
			"KABINET_SMTP_URL": "smtp://" + out.addr, "KABINET_MAIL_FROM": "Shop <account@shop.example>",
			"KABINET_SUPPORT_ADDRESS": "support@shop.example", "KABINET_MAIL_HOOK_SECRET": deliverySecret,
		}, nil)
		out.take()
		w.ordersTea(t, "alice")
		header, _ := w.caught(t, out)
		id, _, _ := strings.Cut(strings.Trim(header.Get("Message-Id"), "<>"), "@")
		back := w.app.returnPath(id)
		if back == "" || len(back) > 64+len("@shop.example") {
			t.Fatal(back)
		}
		forged := strings.Replace(back, "@", "a@", 1)
		for _, c := range []struct{ to, want string }{{forged, `"SENT"`}, {back, `"DEAD"`}} {
			w.reports(t, c.to)
			if s := w.newest(t, "alice", "EMAIL", "status reason"); !strings.Contains(s, c.want) {
				t.Errorf("after a report to %s: %s", c.to, s)
			}
		}
		w.ordersTea(t, "alice")
		if all := out.take(); len(all) != 0 {
			t.Errorf("%d letters to a mailbox that is gone", len(all))
		}
	})
}

// reports hands in what a server says of a letter that it could not deliver.
func (w *world) reports(t *testing.T, to string) {
	t.Helper()
	raw := strings.ReplaceAll(`From: MAILER-DAEMON@mx.example.com
To: `+to+`
Subject: Undelivered Mail Returned to Sender
Message-ID: <`+fmt.Sprint(time.Now().UnixNano())+`@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

No such user.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; alice@example.com
Action: failed
Status: 5.1.1

--b--
`, "\n", "\r\n")
	if _, err := letter.Read(strings.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if _, err := netmail.ParseAddress(to); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, w.url+"/hooks/mail", strings.NewReader(raw))
	check(t, err)
	payment.Sign(req.Header, secretOf(t, deliverySecret), "m", w.db.Clock.Now(), []byte(raw))
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatal(resp.Status)
	}
	w.settle(t)
}
