package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"kabinet/internal/order"
	"kabinet/internal/store/storetest"
)

// Who acts for another hears of him until that ends: what happens next is not
// told, the socket is closed, and he does not come back. Nobody else's stream
// can be had at all.
//
// security F5, F6
func TestActingEndsWhileListening(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		behind, stop := context.WithCancel(context.Background())
		defer stop()
		go w.app.edge.Watch(behind)
		m := &matrix{w, t, map[string]string{}}
		m.represent()
		seat, _ := dig(w.do(t, "alice", `{ me { represents { id } } }`), "data.me.represents.0.id")
		m.keep(t, step{token: "actForCustomer.session.token", tokenFor: "agent"}, m.do(t, "staff", fmt.Sprintf(`mutation { actForCustomer(input: {userId: "%s", reason: "stream"}) { session { token } userErrors { code } } }`, w.vars["bob"])))
		for _, c := range []struct{ as, company, whose, by, end string }{
			{"alice", "kim", "kim", "staff", fmt.Sprintf(`endRepresentation(input: {representationId: "%v"})`, seat)},
			{"agent", "", "bob", "agent", `stopActing`},
		} {
			who := step{name: c.as, as: c.as, company: c.company, take: 1}
			l := w.subscribe(t, who, `subscription { accountEvents(kinds: ["order.placed"]) { cursor } }`)
			w.buys(t, c.whose, "before")
			for deadline := time.Now().Add(10 * time.Second); l.count() == 0 && time.Now().Before(deadline); {
				time.Sleep(5 * time.Millisecond)
			}
			w.act(t, w.tokens[c.by], c.end)
			w.buys(t, c.whose, "after")
			select {
			case <-l.end:
			case <-time.After(10 * time.Second):
				t.Errorf("%s still listens for %s", c.as, c.whose)
			}
			_ = l.conn.SetReadDeadline(time.Now().Add(time.Second))
			if _, _, err := l.conn.ReadMessage(); l.count() != 1 || !websocket.IsCloseError(err, 4401, 4403) {
				t.Errorf("%s heard %d orders of %s, and the socket ended with %v", c.as, l.count(), c.whose, err)
			}
			if got := w.refusal(t, who, `subscription { accountEvents { cursor } }`); !strings.Contains(got, "440") {
				t.Errorf("%s comes back to %s: %s", c.as, c.whose, got)
			}
		}
		for query, who := range map[string]step{
			fmt.Sprintf(`subscription { orderUpdated(orderId: "%s") { cursor } }`, w.vars["bobOrder"]): {as: "alice"},
			`subscription { orderUpdated(orderId: "ord_*") { cursor } }`:                               {as: "alice"},
			`subscription { accountEvents(after: ">") { cursor } }`:                                    {as: "alice"},
			`subscription { accountEvents { cursor } }`:                                                {as: "alice", company: "bob"},
			`subscription { notificationAdded { cursor } }`:                                            {as: "alice", company: "acme"},
		} {
			if got := w.refusal(t, who, query); got == "" {
				t.Errorf("%s for %q may %s", who.as, who.company, query)
			}
		}
	})
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.got)
}

func (w *world) buys(t *testing.T, who, key string) {
	t.Helper()
	_, err := w.app.orders.Place(storetest.As(w.uuid(t, who)), order.PlaceOrderInput{IdempotencyKey: "lost " + key, Lines: []*order.PlaceOrderLineInput{{Sku: "TEA", Quantity: 1}}})
	check(t, err)
}

// refusal is why a stream does not open: an error, or how the socket ended;
// nothing where it opens.
func (w *world) refusal(t *testing.T, s step, query string) string {
	t.Helper()
	conn, resp, err := (&websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}).Dial(strings.Replace(w.url, "http", "ws", 1)+"/graphql", http.Header{})
	check(t, err)
	_ = resp.Body.Close()
	defer conn.Close()
	hello := map[string]string{"company": w.vars[s.company], "authorization": "Bearer " + w.tokens[s.as]}
	_ = conn.WriteJSON(map[string]any{"type": "connection_init", "payload": hello})
	_ = conn.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": query}})
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	for {
		var f frame
		if err := conn.ReadJSON(&f); err != nil {
			if websocket.IsUnexpectedCloseError(err) || strings.Contains(err.Error(), "close") {
				return err.Error()
			}
			return "" // it waits for events
		}
		if f.Type == "error" {
			return string(f.Payload)
		}
	}
}

// After a person has gone his address leads nowhere: staff do not find it, his
// id opens nothing to anybody else, and who registers with it is somebody new.
//
// security F15
func TestNothingIsLeftToFind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldOf(t, db, map[string]string{"KABINET_DELETION_DELAY": "0"}, nil)
		search, old := `{ users(filter: {email: "alice@example.com"}) { totalCount nodes { id } } }`, w.vars["alice"]
		staff := func() string { return w.wire(t, search, "Authorization", "Bearer "+w.tokens["staff"]).body }
		if before := staff(); !strings.Contains(before, old) {
			t.Fatalf("before: %s", before)
		}
		w.delete(t, w.tokens["alice"])
		if after := staff(); !strings.Contains(after, `"totalCount":0`) {
			t.Errorf("staff finds %s", after)
		}
		a := w.wire(t, `mutation { register(input: {email: "alice@example.com", password: "staple battery horse"}) { challenge { id } session { token } user { id } userErrors { code } } }`)
		if a.at(t, "register.user.id") == old {
			t.Error("the same person again")
		}
		w.tokens["anew"] = a.at(t, "register.session.token")
		w.settle(t)
		a = w.wire(t, fmt.Sprintf(`mutation { confirmContact(input: {challengeId: "%s", code: "%s"}) { session { token } userErrors { code } } }`, a.at(t, "register.challenge.id"), w.vars["letter"]), "Authorization", "Bearer "+w.tokens["anew"])
		w.tokens["anew"] = a.at(t, "confirmContact.session.token")
		anew := w.wire(t, `{ me { orders { totalCount } tickets { totalCount } documents { totalCount } addresses { id } bonusAccount { balance } } }`, "Authorization", "Bearer "+w.tokens["anew"]).body
		if strings.Count(anew, `"totalCount":0`) != 3 || !strings.Contains(anew, `"addresses":[]`) || !strings.Contains(anew, `"balance":0`) {
			t.Errorf("the newcomer has %s", anew)
		}
		for _, who := range []string{"anew", "bob", "staff"} {
			for _, id := range []string{old, w.vars["aliceOrder"]} {
				got := w.wire(t, fmt.Sprintf(`{ node(id: %q) { __typename ... on User { displayName givenName contactPoints { value } } } }`, id), "Authorization", "Bearer "+w.tokens[who]).body
				if who != "staff" && !strings.Contains(got, `"node":null`) || strings.Contains(strings.ToLower(got), "alice") {
					t.Errorf("%s finds %s: %s", who, id, got)
				}
			}
		}
	})
}
