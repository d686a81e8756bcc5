package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kabinet/internal/account"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// upload is a picture that somebody sent, by the id of its document.
func (w *world) upload(t *testing.T, who string) string {
	t.Helper()
	w.say(t, who, `mutation { uploadDocument(input: {title: "broken.png", size: 100000}) { document { id } link { url } userErrors { code } } }`, "uploadDocument.link.url")
	resp, body := w.bytes(t, "nobody", http.MethodPut, w.vars["uploadDocument.link.url"], drawing(t, 40))
	var got struct {
		Document struct{ ID, Mime string }
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 || !strings.HasPrefix(got.Document.Mime, "image/") {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	return got.Document.ID
}

// Photos of a return are pictures of its owner: staff who decide see them, and
// nobody shows another's as his own.
//
// security F1
func TestPhotosOfAReturn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		order := w.vars["aliceOrder"]
		w.say(t, "alice", fmt.Sprintf(`{ order(by: {id: %q}) { lines { id } } }`, order), "order.lines.0.id")
		var reasons struct{ Reasons []struct{ ID, Handle string } }
		check(t, json.Unmarshal([]byte(w.say(t, "alice", `{ reasons(kind: RETURN) { id handle } }`, "")), &reasons))
		damaged := ""
		for _, r := range reasons.Reasons {
			if r.Handle == "damaged" {
				damaged = r.ID
			}
		}
		mine, his := w.upload(t, "alice"), w.upload(t, "bob")
		w.say(t, "alice", `mutation { uploadDocument(input: {title: "a.png", size: 10}) { document { id } userErrors { code } } }`, "uploadDocument.document.id")
		ask := func(key string, photos ...string) string {
			list, err := json.Marshal(photos)
			check(t, err)
			return w.say(t, "alice", fmt.Sprintf(`mutation { requestReturn(input: {orderId: %q, lines: [{orderLineId: %q, quantity: 1, reasonId: %q}], photoIds: %s, idempotencyKey: %q}) { returnRequest { id photos { id mime } } userErrors { path code } } }`,
				order, w.vars["order.lines.0.id"], damaged, list, key), "requestReturn.returnRequest.id")
		}
		for key, c := range map[string]struct {
			photos []string
			want   string
		}{
			"none":          {[]string{}, `{"code":"PHOTO_REQUIRED","path":["input","photoIds"]}`},
			"another's":     {[]string{mine, his}, `{"code":"NOT_FOUND","path":["input","photoIds","1"]}`},
			"not sent yet":  {[]string{w.vars["uploadDocument.document.id"]}, `{"code":"NOT_FOUND","path":["input","photoIds","0"]}`},
			"no document":   {[]string{order}, `{"code":"INVALID_ID","path":["input","photoIds","0"]}`},
			"no such thing": {[]string{(scalar.ID{Prefix: "doc", UUID: [16]byte{6: 0x70, 8: 0x80}}).String()}, `{"code":"NOT_FOUND","path":["input","photoIds","0"]}`},
			"eleven":        {strings.Split(strings.Repeat(mine+" ", 11), " ")[:11], `{"code":"TOO_LONG","path":["input","photoIds"]}`},
		} {
			if got := ask(key, c.photos...); !strings.Contains(got, c.want) {
				t.Errorf("%s: %s", key, got)
			}
		}
		if got := ask("mine", mine); !strings.Contains(got, mine) {
			t.Fatalf("%s", got)
		}
		ret := w.vars["requestReturn.returnRequest.id"]
		seen := w.say(t, "staff", `{ returns { nodes { id photos { id title downloadUrl } } } }`, "returns.nodes.0.photos.0.downloadUrl")
		if !strings.Contains(seen, ret) || !strings.Contains(seen, mine) {
			t.Errorf("%s", seen)
		}
		if link := w.vars["returns.nodes.0.photos.0.downloadUrl"]; link != "" {
			if resp, body := w.bytes(t, "staff", http.MethodGet, link, ""); resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "image/") {
				t.Errorf("staff sees %d %.80s", resp.StatusCode, body)
			}
			if resp, _ := w.bytes(t, "bob", http.MethodGet, link, ""); resp.StatusCode != 404 {
				t.Errorf("Bob sees %d", resp.StatusCode)
			}
		} else {
			t.Error("staff gets no link to the photo")
		}
		if got := w.say(t, "bob", fmt.Sprintf(`{ node(id: %q) { id } }`, ret), ""); got != `{"node":null}` {
			t.Errorf("%s", got)
		}
	})
}

// Who of a company may ask for a return of what it bought: its Owner of all, a
// Buyer of his own, an Accountant reads and asks for none.
//
// security F1
func TestReturnsOfACompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		acme, err := scalar.ParseID(w.vars["acme"])
		check(t, err)
		add := func(who, role string) {
			id, err := scalar.ParseID(w.vars[who])
			check(t, err)
			check(t, w.app.people.AddMember(storetest.System(), acme.UUID, id.UUID, role))
		}
		erin, err := w.app.people.CreateUser(storetest.System(), account.CreateUser{Name: "Erin", Email: "erin@example.com", Password: password, Verified: true})
		check(t, err)
		w.vars["erin"] = scalar.ID{Prefix: "usr", UUID: erin}.String()
		add("erin", "Accountant")
		add("alice", "Owner")
		add("bob", "Buyer")
		placed := w.send(t, step{name: "place", as: "carol", company: "acme"}, `mutation { placeOrder(input: {lines: [{sku: "TEA", quantity: 2}], idempotencyKey: "p"}) { order { id lines { id } } userErrors { code } } }`)
		order, line := w.at(t, placed, "placeOrder.order.id"), w.at(t, placed, "placeOrder.order.lines.0.id")
		w.say(t, "staff", fmt.Sprintf(`mutation { setOrderStatus(input: {orderId: %q, paymentStatus: PAID, fulfillmentStatus: DELIVERED, idempotencyKey: "d"}) { userErrors { code } } }`, order), "")
		w.say(t, "carol", `{ reasons(kind: RETURN) { id } }`, "reasons.0.id")
		ask := func(who string) string {
			t.Helper()
			answer := w.send(t, step{name: who, as: who, company: "acme"}, fmt.Sprintf(`mutation { requestReturn(input: {orderId: %q, lines: [{orderLineId: %q, quantity: 1, reasonId: %q}], idempotencyKey: "r"}) { returnRequest { status } userErrors { code } } }`,
				order, line, w.vars["reasons.0.id"]))
			b, err := json.Marshal(answer)
			check(t, err)
			return string(b)
		}
		for who, want := range map[string]string{"erin": "FORBIDDEN", "bob": "NOT_FOUND"} {
			if got := ask(who); !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", who, got, want)
			}
		}
		if n := w.count(t, `SELECT count(*) FROM return_requests`); n != 0 {
			t.Errorf("%d returns", n)
		}
		if got := ask("carol"); !strings.Contains(got, "REQUESTED") {
			t.Errorf("%s", got)
		}
		if got := ask("alice"); !strings.Contains(got, "REQUESTED") { // her key is her own
			t.Errorf("%s", got)
		}
		if got := w.say(t, "staff", `{ returns { nodes { number status } } }`, ""); strings.Count(got, "REQUESTED") != 2 {
			t.Errorf("%s", got)
		}
	})
}
