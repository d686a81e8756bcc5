package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"kabinet/ent/generated/membership"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A second instance over the same database, with a bus of its own, tells its
// listeners what happened in the first: the safety net finds it.
func TestTwoInstances(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security L5
		first := newWorld(t, db)
		second := first.twin(t)
		l := second.subscribe(t, step{name: "s", as: "alice", take: 2}, `subscription { notificationAdded { cursor unreadCount notification { title } } }`)
		for i := range 2 {
			answer := first.send(t, step{as: "alice"}, fmt.Sprintf(`mutation { placeOrder(input: {lines: [{sku: "TEA", quantity: 1}], idempotencyKey: "two%d"}) { userErrors { code } } }`, i))
			if answer["errors"] != nil {
				t.Fatal(answer)
			}
		}
		got := l.messages(t)
		if len(got) != 2 {
			t.Fatalf("%d messages arrived on the second instance: %v", len(got), got)
		}
		if a, b := fmt.Sprint(got[0]), fmt.Sprint(got[1]); a == b {
			t.Fatalf("one of them came twice: %s", a)
		}
	})
}

// twin is another instance over the same database.
func (w *world) twin(t *testing.T) *world {
	t.Helper()
	return w.twinAt(t, w.db.URL)
}

// twinAt comes to the database by another way.
func (w *world) twinAt(t *testing.T, url string) *world {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url, Clock: w.db.Clock.Now})
	check(t, err)
	secret, err := w.app.cfg.SecretKey() // the same, or it could not open what the first has sealed
	check(t, err)
	app, err := assemble(ctx, s, parts{cfg: w.app.cfg, log: testLogInto(&w.log), secret: secret})
	check(t, err)
	srv := httptest.NewServer(app.edge.Handler())
	behind, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { app.relay.Run(behind) })
	t.Cleanup(func() {
		_ = app.edge.Shutdown(ctx)
		srv.Close()
		stop()
		wg.Wait()
		app.close()
		_ = s.Close()
	})
	return &world{app: app, db: w.db, url: srv.URL, vars: w.vars, tokens: w.tokens}
}

// Staff who stops being staff is cut off within seconds, stream and all.
func TestRightsLostWhileListening(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F6
		w := newWorld(t, db)
		behind, stop := context.WithCancel(context.Background())
		defer stop()
		go w.app.edge.Watch(behind)
		token := w.token(t, "support")
		conn, resp, err := (&websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}).Dial(strings.Replace(w.url, "http", "ws", 1)+"/graphql", http.Header{})
		check(t, err)
		_ = resp.Body.Close()
		defer conn.Close()
		check(t, conn.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"authorization": "Bearer " + token}}))
		var ack frame
		check(t, conn.ReadJSON(&ack))
		check(t, conn.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": `subscription { accountEvents { cursor } }`}}))
		id, err := scalar.ParseID(w.vars["support"])
		check(t, err)
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Update().Where(membership.UserID(id.UUID)).SetStatus(membership.StatusENDED).Exec(ctx)
		}))
		check(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		for err == nil {
			_, _, err = conn.ReadMessage()
		}
		if !websocket.IsCloseError(err, 4403, 4401) {
			t.Fatalf("the stream ended with %v", err)
		}
	})
}
