package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// announce saves an announcement for everybody; more is input beside its texts.
func (w *world) announce(t *testing.T, title, body, more string) (id string, revision string) {
	t.Helper()
	texts, err := json.Marshal(body)
	check(t, err)
	query := fmt.Sprintf(`mutation { saveAnnouncement(input: {%s texts: [{locale: "en", title: "%s", body: %s}, {locale: "ru", title: "%s по-русски", body: %s}]}) { announcement { id revision } userErrors { code } } }`,
		more, title, texts, title, texts)
	answer := w.send(t, step{name: "announce", as: "staff"}, query)
	key, ok := dig(answer, "data.saveAnnouncement.announcement.id")
	if !ok {
		t.Fatalf("%v", answer)
	}
	n, _ := dig(answer, "data.saveAnnouncement.announcement.revision")
	return fmt.Sprint(key), fmt.Sprint(n)
}

// Those who ask the same and speak the same language are given one answer,
// written once; whoever asks for what is his own is answered alone.
func TestAnnouncementsAreWrittenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var written atomic.Int32
		w.app.edge.GraphQL().AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
			if f := graphql.GetFieldContext(ctx); f.Object == "Announcement" && f.Field.Name == "title" {
				written.Add(1)
			}
			return next(ctx)
		})
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE users SET locale = 'ru' WHERE id = ?`, w.uuid(t, "bob"))
			return err
		}))
		id, revision := w.announce(t, "One", "Body", `audience: EVERYBODY`)
		w.act(t, w.token(t, "alice"), fmt.Sprintf(`markAnnouncementRead(input: {id: "%s"})`, id))

		const same = `subscription { announcementAdded { __typename cursor change announcementId announcement { ... on Announcement { id title } ...rest } } } fragment rest on Announcement { body severity startsAt endsAt url }`
		own := map[string]string{
			"readAt":   `subscription { announcementAdded { announcement { title readAt dismissedAt } } }`,
			"revision": `subscription { announcementAdded { announcement { title revision status savedById } } }`,
			"skip":     `subscription { announcementAdded { announcement { title body @skip(if: false) } } }`,
			"node":     `subscription { announcementAdded { announcement { title ... on Node { id } } } }`,
		}
		alike := map[string][]*listener{}
		const each = 4
		for range each {
			for _, who := range []string{"nobody", "alice", "bob"} {
				alike[who] = append(alike[who], w.subscribe(t, step{name: who, as: who, take: 1}, same))
			}
		}
		alone := map[string]*listener{}
		for name, query := range own {
			for _, who := range []string{"alice", "bob", "staff"} {
				alone[name+" "+who] = w.subscribe(t, step{name: who, as: who, take: 1}, query)
			}
		}
		written.Store(0)
		w.announce(t, "Two", "Body", fmt.Sprintf(`id: "%s" revision: %s`, id, revision))

		first := map[string]string{}
		for who, all := range alike {
			for _, l := range all {
				got := l.messages(t)
				if len(got) != 1 {
					t.Fatalf("%s heard %v", who, got)
				}
				text := fmt.Sprint(got[0])
				if first[who] == "" {
					first[who] = text
				}
				if text != first[who] {
					t.Errorf("%s heard %s and %s", who, text, first[who])
				}
			}
		}
		if first["nobody"] != first["alice"] || first["alice"] == first["bob"] || !strings.Contains(first["alice"], "title:Two]") && !strings.Contains(first["alice"], "title:Two ") || !strings.Contains(first["bob"], "title:Two по-русски") {
			t.Errorf("nobody %s\nalice %s\nbob %s", first["nobody"], first["alice"], first["bob"])
		}
		field := func(name string) any {
			t.Helper()
			query, who, _ := strings.Cut(name, " ")
			got := alone[name].messages(t)
			if len(got) != 1 {
				t.Fatalf("%s heard %v", name, got)
			}
			v, _ := dig(got[0], "data.announcementAdded.announcement."+strings.NewReplacer("skip", "title", "node", "title").Replace(query))
			if title, _ := dig(got[0], "data.announcementAdded.announcement.title"); (title == "Two") == (who == "bob") {
				t.Errorf("%s heard %v", name, title)
			}
			return v
		}
		for name := range alone {
			v := field(name)
			if has := v != nil; has != (name == "readAt alice" || name == "revision staff" || strings.HasPrefix(name, "skip") || strings.HasPrefix(name, "node")) {
				t.Errorf("%s: %v", name, v)
			}
		}
		// Alone each, and together once a language, twice where two begin at once.
		if n := int(written.Load()); n < len(alone)+2 || n > len(alone)+4 {
			t.Errorf("%d followers alone and %d together made %d answers", len(alone), 3*each, n)
		}
	})
}

// Clients that never read are cut off, and while they are not, those who do read
// are not late.
//
// security L8
func TestWhoNeverReadsDelaysNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		aliases := ""
		for i := range 14 {
			aliases += fmt.Sprintf(" b%d: body", i)
		}
		query := `subscription { announcementAdded { announcement { title` + aliases + ` } } }`
		const idle = 40
		for i := range idle {
			w.deaf(t, query, i%2 == 0)
		}
		eventually := func(what string, ok func() bool) {
			t.Helper()
			for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("waited in vain for %s", what)
				}
			}
		}
		listeners := func() int { return w.app.bus.Hub().Stats().Subscriptions }
		eventually("those who never read", func() bool { return listeners() == idle })
		reader := w.subscribe(t, step{name: "reader", as: "alice"}, query)
		id, revision, more := "", "", `audience: EVERYBODY`
		var worst time.Duration
		end := time.Now().Add(time.Minute)
		for n := 1; listeners() > 1; n++ {
			if time.Now().After(end) {
				t.Fatalf("%d clients that do not read are still served", listeners()-1)
			}
			asked := time.Now()
			id, revision = w.announce(t, fmt.Sprintf("Number %d", n), strings.Repeat("x", 5000), more)
			more = fmt.Sprintf(`id: "%s" revision: %s`, id, revision)
			eventually("who reads", func() bool { return reader.count() == n })
			worst = max(worst, time.Since(asked))
		}
		// The time in which a write is given up, five seconds, is what one would
		// wait behind a client that does not read.
		if worst > 3*time.Second {
			t.Errorf("who reads waited %s for the others", worst)
		}
	})
}

// deaf subscribes over a socket or an event stream and never reads.
func (w *world) deaf(t *testing.T, query string, overSocket bool) {
	t.Helper()
	dialer := net.Dialer{Timeout: 5 * time.Second, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10) })
	}}
	if !overSocket {
		conn, err := dialer.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		check(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		body, err := json.Marshal(map[string]string{"query": query})
		check(t, err)
		_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		check(t, err)
		return
	}
	conn, resp, err := (&websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, NetDial: dialer.Dial}).Dial(strings.Replace(w.url, "http", "ws", 1)+"/graphql", http.Header{})
	check(t, err)
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	check(t, conn.WriteJSON(map[string]string{"type": "connection_init"}))
	check(t, conn.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": query}}))
}
