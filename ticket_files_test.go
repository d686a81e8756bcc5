package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"kabinet/ent/generated/membership"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A file of a message is fetched by whoever may read the message, at that
// moment and in the session that asked, and by nobody else; somebody else's
// upload is nobody's to send.
//
// security F8, J5, S4
func TestFilesOfMessages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		check(t, w.app.people.AddMember(storetest.System(), w.uuid(t, "acme"), w.uuid(t, "bob"), "Owner"))
		carol, bob, agent, alice := step{name: "carol", as: "carol", company: "acme"}, step{name: "bob", as: "bob", company: "acme"}, step{name: "agent", as: "support"}, step{name: "alice", as: "alice"}
		file := w.upload(t, "carol")
		do := func(who step, query, path string) string {
			t.Helper()
			answer := w.send(t, who, query)
			v, ok := dig(answer, "data."+path)
			if !ok {
				t.Fatalf("%s: %v", query, answer)
			}
			return fmt.Sprint(v)
		}
		ticket := do(carol, `mutation { openTicket(input: {subject: "Broken", body: "See"}) { ticket { id } userErrors { code } } }`, "openTicket.ticket.id")
		send := func(who step, files string) map[string]any {
			return w.send(t, who, fmt.Sprintf(`mutation { replyToTicket(input: {ticketId: %q, body: "here", clientMessageId: "c", attachmentIds: [%s]}) { message { id attachments { id title mime size } } userErrors { code path } } }`, ticket, files))
		}
		if code, _ := dig(send(bob, fmt.Sprintf("%q", file)), "data.replyToTicket.userErrors.0.code"); code != "NOT_FOUND" {
			t.Errorf("bob sends carol's file: %v", code)
		}
		if code, _ := dig(send(carol, fmt.Sprintf("%q, %q", file, file)), "data.replyToTicket.userErrors.0.code"); code != "INVALID_VALUE" {
			t.Errorf("one file twice: %v", code)
		}
		first, again := send(carol, fmt.Sprintf("%q", file)), send(carol, fmt.Sprintf("%q", file))
		message, ok := dig(first, "data.replyToTicket.message.id")
		if same, _ := dig(again, "data.replyToTicket.message.id"); !ok || same != message {
			t.Fatalf("%v %v", first, again)
		}
		if code, _ := dig(send(carol, ""), "data.replyToTicket.userErrors.0.code"); code != "IDEMPOTENCY_KEY_REUSED" {
			t.Errorf("the same id without the file: %v", code)
		}
		url := func(who step) string {
			v, _ := dig(w.send(t, who, fmt.Sprintf(`{ ticket(id: %q) { messages(last: 1) { nodes { attachments { title url } } } } }`, ticket)), "data.ticket.messages.nodes.0.attachments.0.url")
			if v == nil {
				return ""
			}
			return v.(string)
		}
		status := func(presents, address string) int {
			t.Helper()
			resp, _ := w.bytes(t, presents, http.MethodGet, address, "")
			return resp.StatusCode
		}
		mine, colleagues, staffs := url(carol), url(bob), url(agent)
		for who, address := range map[string]string{"carol": mine, "bob": colleagues, "support": staffs} {
			if address == "" || status("nobody", address) != 200 || status(who, address) != 200 || status("alice", address) != 404 {
				t.Errorf("%s: %q", who, address)
			}
		}
		if v := url(alice); v != "" {
			t.Errorf("alice has %s", v)
		}
		hide := func(to string) {
			do(agent, fmt.Sprintf(`mutation { setTicketMessageVisibility(input: {messageId: "%v", visibility: %s}) { message { visibility } userErrors { code } } }`, message, to), "setTicketMessageVisibility.message.visibility")
		}
		hide("STAFF")
		if a, b := status("carol", mine), status("support", staffs); a != 404 || b != 200 {
			t.Errorf("hidden: its sender gets %d, staff %d", a, b)
		}
		hide("ALL")
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Update().Where(membership.UserID(w.uuid(t, "bob"))).SetStatus(membership.StatusENDED).Exec(ctx)
		}))
		if a, b := status("carol", mine), status("nobody", colleagues); a != 200 || b != 404 {
			t.Errorf("shown again: %d; to who is no colleague any more %d", a, b)
		}
		do(agent, fmt.Sprintf(`mutation { removeTicketMessage(input: {messageId: "%v"}) { message { isRemoved } userErrors { code } } }`, message), "removeTicketMessage.message.isRemoved")
		if a, b := status("carol", mine), status("support", staffs); a != 404 || b != 404 || url(agent) != "" {
			t.Errorf("removed: %d %d %s", a, b, url(agent))
		}
	})
}
