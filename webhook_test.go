package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/role"
	"kabinet/ent/schema"
	"kabinet/internal/account"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/store/storetest"
)

// receiver is a system outside that is told what happens: it takes what comes
// to any path but those that say otherwise.
type receiver struct {
	url string
	mu  sync.Mutex
	got []received
}

type received struct {
	path   string
	header http.Header
	body   []byte
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.got = append(r.got, received{q.URL.Path, q.Header.Clone(), body})
		r.mu.Unlock()
		switch q.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/down":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

func (r *receiver) messages() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

// secretOf reads whsec_….
func secretOf(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	check(t, err)
	return b
}

// webhookWorld has an endpoint for placed orders, with a selection.
func webhookWorld(t *testing.T, db *storetest.DB) (w *world, to *receiver, end, secret string) {
	t.Helper()
	w, to = newWorldOf(t, db, map[string]string{"KABINET_WEBHOOK_ALLOW": "127.0.0.0/8"}, nil), newReceiver(t)
	end, secret = w.endpoint(t, "staff", to.url+"/hook", "order.placed", `query($id: ID!) { node(id: $id) { ... on Order { number lines { sku } } } again: node(id: $id) { id } }`)
	return w, to, end, secret
}

func (w *world) endpoint(t testing.TB, who, url, kind, selection string) (id, secret string) {
	t.Helper()
	answer := w.send(t, step{name: "save", as: who}, fmt.Sprintf(`mutation { saveWebhookEndpoint(input: {name: "Hook", url: %q, events: [%q], selection: %q}) { endpoint { id } secret userErrors { path code params } } }`, url, kind, selection))
	return w.at(t, answer, "saveWebhookEndpoint.endpoint.id"), w.at(t, answer, "saveWebhookEndpoint.secret")
}

func (w *world) at(t testing.TB, answer map[string]any, path string) string {
	t.Helper()
	v, ok := dig(answer["data"], path)
	if !ok {
		t.Fatalf("no %s in %v", path, answer)
	}
	return fmt.Sprint(v)
}

func (w *world) placed(t testing.TB, key string) (id, number string) {
	t.Helper()
	answer := w.send(t, step{name: key, as: "alice"}, fmt.Sprintf(`mutation { placeOrder(input: {lines: [{sku: "FREE", quantity: 1}], idempotencyKey: %q}) { order { id number } userErrors { code } } }`, key))
	return w.at(t, answer, "placeOrder.order.id"), w.at(t, answer, "placeOrder.order.number")
}

// What arrives is signed, has the subscriber's own selection, and comes once
// for an event, each with the id of its delivery; a new secret signs beside
// the former one, a revoked one not at all.
// security I5
func TestWebhooksArrive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, to, end, secret := webhookWorld(t, db)
		id, number := w.placed(t, "a")
		w.settle(t)
		got := to.messages()
		if len(got) != 1 {
			t.Fatalf("%d messages", len(got))
		}
		m := got[0]
		if _, err := payment.Verify(m.header, [][]byte{secretOf(t, secret)}, db.Clock.Now(), m.body); err != nil {
			t.Error(err)
		}
		flipped := append([]byte(nil), m.body...)
		flipped[3] ^= 1
		if _, err := payment.Verify(m.header, [][]byte{secretOf(t, secret)}, db.Clock.Now(), flipped); err == nil {
			t.Error("a changed body is signed")
		}
		var b struct {
			Type, EventID, SubjectID string
			Timestamp                time.Time
			Test                     *bool
			Data                     struct {
				Node struct {
					Number string
					Lines  []struct{ Sku string }
				}
				Again struct{ ID string }
			}
		}
		check(t, json.Unmarshal(m.body, &b))
		if b.Type != "order.placed" || b.SubjectID != id || b.Test != nil || !b.Timestamp.Equal(db.Clock.Now()) || b.Data.Node.Number != number || len(b.Data.Node.Lines) != 1 || b.Data.Again.ID != id {
			t.Errorf("%s", m.body)
		}
		answer := w.send(t, step{name: "list", as: "staff"}, `{ webhookDeliveries { nodes { id eventId status } } }`)
		if w.at(t, answer, "webhookDeliveries.nodes.0.id") != m.header.Get("webhook-id") || w.at(t, answer, "webhookDeliveries.nodes.0.eventId") != b.EventID {
			t.Errorf("%v is not %v", answer, m.header)
		}

		answer = w.send(t, step{name: "rotate", as: "staff"}, fmt.Sprintf(`mutation { rotateWebhookSecret(input: {id: %q, overlapHours: 1}) { secret userErrors { code } } }`, end))
		next := w.at(t, answer, "rotateWebhookSecret.secret")
		w.placed(t, "b")
		w.settle(t)
		db.Clock.Add(time.Hour)
		w.placed(t, "c")
		w.settle(t)
		got = to.messages()
		if len(got) != 3 {
			t.Fatalf("%d messages", len(got))
		}
		for i, want := range []struct {
			at          time.Time
			former, now bool
		}{{db.Clock.Now().Add(-time.Hour), true, true}, {db.Clock.Now(), false, true}} {
			m := got[i+1]
			_, err := payment.Verify(m.header, [][]byte{secretOf(t, secret)}, want.at, m.body)
			_, err2 := payment.Verify(m.header, [][]byte{secretOf(t, next)}, want.at, m.body)
			if (err == nil) != want.former || (err2 == nil) != want.now {
				t.Errorf("%d: %v %v", i, err, err2)
			}
		}
	})
}

// Bodies are read as the role of who saved the endpoint: where the role loses
// a permission, the endpoint is paused and nothing goes out; once the role has
// it again and the endpoint is saved, what was held goes.
func TestWebhooksKeepToTheRole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, to, end, _ := webhookWorld(t, db)
		all := w.administrator(t).Permissions
		w.grant(t, slices.DeleteFunc(slices.Clone(all), func(g schema.Grant) bool { return g.Resource == "order" && g.Operation == "read" }))
		w.placed(t, "a")
		w.settle(t)
		if got := to.messages(); len(got) != 0 {
			t.Fatalf("%s went out", got[0].body)
		}
		answer := w.send(t, step{name: "list", as: "staff"}, `{ webhookEndpoints { status statusReason revision } webhookDeliveries { nodes { status attempts { at } } } }`)
		if w.at(t, answer, "webhookEndpoints.0.statusReason") != "ROLE_ENDED" || w.at(t, answer, "webhookDeliveries.nodes.0.status") != "HELD" {
			t.Fatal(answer)
		}
		save := fmt.Sprintf(`mutation { saveWebhookEndpoint(input: {id: %q, revision: %s}) { endpoint { status } userErrors { code params } } }`, end, w.at(t, answer, "webhookEndpoints.0.revision"))
		answer = w.send(t, step{name: "save", as: "staff"}, save)
		if w.at(t, answer, "saveWebhookEndpoint.userErrors.0.code") != "WEBHOOK_EVENT_NOT_ALLOWED" {
			t.Fatal(answer)
		}
		w.grant(t, all)
		answer = w.send(t, step{name: "save", as: "staff"}, save)
		if w.at(t, answer, "saveWebhookEndpoint.endpoint.status") != "ACTIVE" {
			t.Fatal(answer)
		}
		w.settle(t)
		if got := to.messages(); len(got) != 1 {
			t.Fatalf("%d messages", len(got))
		}
	})
}

// administrator is the role in force.
func (w *world) administrator(t testing.TB) *ent.Role {
	t.Helper()
	r, err := w.db.Client.Role.Query().Where(role.Name(account.RoleAdministrator), role.RetiredAtIsNil()).Only(storetest.System())
	check(t, err)
	return r
}

// grant puts other permissions of it in force.
func (w *world) grant(t testing.TB, grants []schema.Grant) {
	t.Helper()
	r := w.administrator(t)
	_, err := w.app.people.SaveRole(storetest.System(), r.OwnerID, r.Name, r.Audience, grants)
	check(t, err)
}

// Two instances that hear and work the same queue send each event once, and a
// receiver that is down costs the other endpoint nothing.
func TestWebhooksOfSeveralInstances(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, to, _, _ := webhookWorld(t, db)
		other := w.twin(t).app
		w.endpoint(t, "staff", to.url+"/down", "order.placed", `{ __typename }`)
		const orders = 12
		var wg sync.WaitGroup
		for i := range orders {
			wg.Go(func() { w.placed(t, fmt.Sprint("many", i)) })
		}
		for _, k := range []*kabinet{w.app, other} {
			wg.Go(func() { check(t, untilDone(context.Background(), k.hear)) })
		}
		wg.Wait()
		w.settle(t)
		ids := map[string]int{}
		for _, m := range to.messages() {
			if m.path == "/hook" {
				ids[m.header.Get("webhook-id")]++
			}
		}
		if len(ids) != orders {
			t.Errorf("%d deliveries", len(ids))
		}
		for id, n := range ids {
			if n != 1 {
				t.Errorf("%s came %d times", id, n)
			}
		}
		if n := w.count(t, `SELECT count(*) FROM webhook_deliveries WHERE status = 'FAILED'`); n != orders {
			t.Errorf("%d wait for their next try", n)
		}
	})
}
