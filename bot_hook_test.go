package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/adapter/payment"
	"kabinet/internal/store/storetest"
)

// hookBot is a bot of the business: it notes what it is asked and says what a
// test wants.
type hookBot struct {
	mu    sync.Mutex
	asked []string
	says  string
}

func (b *hookBot) answer(t *testing.T, secret []byte, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, err := payment.Verify(r.Header, [][]byte{secret}, now(), body); err != nil || r.URL.Path != "/ask" {
			t.Errorf("%s: %v", r.URL, err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked = append(b.asked, string(body))
		_, _ = io.WriteString(w, b.says)
	})
}

func (b *hookBot) say(answer string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.says = answer
}

func (b *hookBot) last(t *testing.T) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.asked) == 0 {
		t.Fatal("the bot was not asked")
	}
	return b.asked[len(b.asked)-1]
}

// A bot of the business behind its hook: it is told of nobody who he is, and
// what it offers is what the customer may read, whatever it names.
func TestBotByHook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		secret, b := []byte("0123456789abcdef0123456789abcdef"), &hookBot{}
		srv := httptest.NewServer(b.answer(t, secret, db.Now))
		t.Cleanup(srv.Close)
		w := newWorldOf(t, db, map[string]string{
			"KABINET_BOT": "hook", "KABINET_BOT_URL": srv.URL + "/ask", "KABINET_WEBHOOK_ALLOW": "127.0.0.0/8",
			"KABINET_BOT_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		}, nil)
		ask := func(s step, query, path string) string {
			t.Helper()
			answer := w.send(t, s, query)
			got, ok := dig(answer, "data."+path)
			if !ok {
				t.Fatalf("%s: %v", path, answer)
			}
			return fmt.Sprint(got)
		}
		staff, alice, carol := step{as: "staff"}, step{as: "alice"}, step{as: "carol", company: "acme"}
		article := func(audience string, publish bool) string {
			id := ask(staff, `mutation { saveArticle(input: {locale: "en", title: "For `+audience+`", body: "x", audience: `+audience+`}) { article { id } } }`, "saveArticle.article.id")
			if publish {
				ask(staff, `mutation { publishArticle(input: {id: "`+id+`", locale: "en"}) { article { status } } }`, "publishArticle.article.status")
			}
			return id
		}
		public, partners, draft := article("EVERYBODY", true), article("PARTNERS", true), article("EVERYBODY", false)
		named, _ := json.Marshal([]string{partners, draft, public, public, w.vars["alice"], "art_00000000000000000000000000", "<x>", ""})
		b.say(`{"action": "ANSWER", "text": "<script>alert(1)</script>", "articleIds": ` + string(named) + `}`)
		open := func(s step) string {
			return ask(s, `mutation { openTicket(input: {subject: "Parcel", body: "Where is it?"}) { ticket { id } } }`, "openTicket.ticket.id")
		}
		read := func(s step, id, path string) string {
			return ask(s, `{ ticket(id: "`+id+`") { status bot { state outcome } messages { nodes { authorKind body suggestedArticleIds } } } }`, "ticket."+path)
		}

		tkt := open(alice)
		w.settle(t)
		if got := read(alice, tkt, "messages.nodes.1"); got != "map[authorKind:BOT body:<script>alert(1)</script> suggestedArticleIds:["+public+"]]" {
			t.Errorf("alice reads %s", got)
		}
		for _, secret := range []string{"Alice", "alice", "usr_", "com_"} {
			if strings.Contains(b.last(t), secret) {
				t.Errorf("the bot is told of %s: %s", secret, b.last(t))
			}
		}
		ofCarol := open(carol)
		w.settle(t)
		if got := read(carol, ofCarol, "messages.nodes.1.suggestedArticleIds"); got != "["+partners+" "+public+"]" {
			t.Errorf("carol is offered %s", got)
		}

		for name, said := range map[string]string{
			"hand-off": `{"action": "HANDOFF"}`, "nothing": `{"action": "NOTHING", "text": "x"}`, "unknown": `{"action": "CLOSE", "text": "x"}`,
			"HTML": `<html>`, "10 MB": strings.Repeat(" ", 10<<20) + `{"action": "ANSWER", "text": "x"}`, "long": `{"action": "ANSWER", "text": "` + strings.Repeat("x", 4001) + `"}`,
		} {
			b.say(said)
			id := open(alice)
			w.settle(t)
			if got := read(alice, id, "bot"); got != "map[outcome:ROUTED state:DONE]" {
				t.Errorf("%s: %s", name, got)
			}
			if got := read(alice, id, "messages.nodes"); strings.Contains(got, "authorKind:BOT") {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
}
