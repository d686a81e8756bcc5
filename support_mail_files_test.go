package main

import (
	"context"
	"fmt"
	"net/http"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Staff's file goes with the answer, one that is too large for a letter behind a
// link that needs no account; the customer's own comes to staff, and is his when
// he proves his address.
//
// security J5
func TestFilesByMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, in, out := mailWorld(t, db)
		const from, to = "new@example.org", "support@shop.example"
		raw := "From: " + from + "\r\nTo: " + to + "\r\nMessage-ID: <f@example.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nPlease send me the manual.\r\n" +
			"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=order.txt\r\n\r\nT-1\r\n" +
			"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=photo.jpg\r\n\r\nMZ\x90\x00\x03\r\n--b--\r\n"
		if got := hands(t, in, from, to, raw); got != 250 {
			t.Fatal(got)
		}
		w.caught(t, out)
		w.say(t, "staff", `{ ticketQueue { nodes { id } } }`, "ticketQueue.nodes.0.id")
		ticket := w.vars["ticketQueue.nodes.0.id"]
		talk := w.say(t, "staff", fmt.Sprintf(`{ ticket(id: %q) { messages { nodes { body attachments { title mime url } } } } }`, ticket), "")
		if !strings.Contains(talk, `"mime":"text/plain","title":"order.txt","url":"http`) || strings.Contains(talk, `"title":"photo.jpg`) || !strings.Contains(talk, "- photo.jpg: files of this type are not taken") {
			t.Errorf("%s", talk)
		}
		w.answersWithFiles(t, ticket, out)
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			alice := w.uuid(t, "alice")
			c, err := tx.ContactPoint.Create().SetUserID(alice).SetKind(contactpoint.KindEMAIL).SetValue(from).SetValueKey(from).SetVerifiedAt(tx.Now).Save(ctx)
			if err == nil {
				tx.Tell(event.ContactConfirmed{UserID: alice, ContactPointID: c.ID}, store.ToUser(alice))
			}
			return err
		}))
		w.settle(t)
		w.say(t, "alice", fmt.Sprintf(`{ ticket(id: %q) { messages { nodes { attachments { url } } } } me { documents { totalCount } } }`, ticket), "ticket.messages.nodes.0.attachments.0.url")
		if resp, body := w.bytes(t, "alice", http.MethodGet, w.vars["ticket.messages.nodes.0.attachments.0.url"], ""); resp.StatusCode != 200 || strings.TrimSpace(body) != "T-1" {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
	})
}

// answersWithFiles answers a ticket of nobody's account with a file, in a letter
// and behind a link, and follows the link to its end.
func (w *world) answersWithFiles(t *testing.T, ticket string, out *mailbox) {
	t.Helper()
	file := w.upload(t, "staff")
	answer := func(id string) string {
		w.say(t, "staff", fmt.Sprintf(`mutation { replyToTicket(input: {ticketId: %q, body: "Here", clientMessageId: %q, attachmentIds: [%q]}) { message { id } userErrors { code } } }`, ticket, id, file), "replyToTicket.message.id")
		w.settle(t)
		all := out.take()
		if len(all) != 1 {
			t.Fatalf("%d letters left: %q", len(all), all)
		}
		return all[0]
	}
	m, err := netmail.ReadMessage(strings.NewReader(answer("a")))
	check(t, err)
	if kind := m.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/mixed") {
		t.Errorf("%s", kind)
	}
	w.app.post.MostAttached = 0
	raw := strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(answer("b"))
	address := regexp.MustCompile(`https?://\S+/files/att_[^\s"<]+`).FindString(raw)
	if address == "" {
		t.Fatalf("no link: %s", raw)
	}
	status := func(presents, address string) int {
		resp, _ := w.bytes(t, presents, http.MethodGet, address, "")
		return resp.StatusCode
	}
	if a, b, c := status("nobody", address), status("alice", address), status("nobody", address[:len(address)-4]+"AAAA"); a != 200 || b != 200 || c != 404 {
		t.Errorf("the link: %d, %d, another signature: %d", a, b, c)
	}
	show := func(to string) {
		w.say(t, "staff", fmt.Sprintf(`mutation { setTicketMessageVisibility(input: {messageId: %q, visibility: %s}) { message { id } userErrors { code } } }`, w.vars["replyToTicket.message.id"], to), "setTicketMessageVisibility.message.id")
	}
	show("STAFF")
	if got := status("nobody", address); got != 404 {
		t.Errorf("the message is hidden: %d", got)
	}
	show("ALL")
	if got := status("nobody", address); got != 200 {
		t.Errorf("it is shown again: %d", got)
	}
	w.db.Clock.Add(31 * 24 * time.Hour)
	clear(w.tokens) // sessions that nobody used have ended too
	if got := status("nobody", address); got != 404 {
		t.Errorf("a month later: %d", got)
	}
}
