package main

import (
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

	"kabinet/internal/adapter/payment"
	"kabinet/internal/store/storetest"
)

// cardServer is a system of the business that tells of customers, by paths that
// have a secret each.
type cardServer struct {
	url string

	mu      sync.Mutex
	secrets map[string][]byte
	says    map[string]string // an answer; empty: nothing, with 204
	asked   map[string][]string
	ids     []string
}

func newCardServer(t *testing.T, now func() time.Time) *cardServer {
	c := &cardServer{secrets: map[string][]byte{}, says: map[string]string{}, asked: map[string][]string{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		c.mu.Lock()
		_, err := payment.Verify(q.Header, [][]byte{c.secrets[q.URL.Path]}, now(), body)
		says := c.says[q.URL.Path]
		c.asked[q.URL.Path] = append(c.asked[q.URL.Path], string(body))
		c.ids = append(c.ids, q.Header.Get("webhook-id"))
		c.mu.Unlock()
		switch {
		case err != nil || q.Method != http.MethodPost:
			w.WriteHeader(http.StatusUnauthorized)
		case q.URL.Path == "/slow":
			select {
			case <-q.Context().Done():
			case <-time.After(5 * time.Second):
			}
		case q.URL.Path == "/moved":
			http.Redirect(w, q, "/erp", http.StatusTemporaryRedirect)
		case says == "":
			w.WriteHeader(http.StatusNoContent)
		default:
			_, _ = io.WriteString(w, says)
		}
	}))
	t.Cleanup(srv.Close)
	c.url = srv.URL
	return c
}

func (c *cardServer) say(path, answer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.says[path] = answer
}

// knows has the server check a path by a secret.
func (c *cardServer) knows(path string, secret []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets[path] = secret
}

func (c *cardServer) times(path string) int { return len(c.questions(path)) }

func (c *cardServer) questions(path string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked[path])
}

// named are the ids that questions came with.
func (c *cardServer) named() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.ids))
}

// cardSource saves one at a path of the server, which learns its secret.
func (w *world) cardSource(t *testing.T, c *cardServer, path, more string) (id string) {
	t.Helper()
	answer := w.send(t, step{name: path, as: "staff"}, fmt.Sprintf(`mutation { saveCardSource(input: {name: %q, url: %q, %s}) { source { id } secret userErrors { code path params } } }`, path[1:], c.url+path, more))
	c.knows(path, secretOf(t, w.at(t, answer, "saveCardSource.secret")))
	return w.at(t, answer, "saveCardSource.source.id")
}

// outsideCard is a card as staff sees it.
type outsideCard struct {
	SourceName                                         string
	Title, Link, FetchedAt, ExpiresAt, Error, FailedAt *string
	IsFetching                                         bool
	Rows                                               []struct {
		Label, Value string
		Link         *string
	}
}

const outsideFields = `outsideCards { sourceName title rows { label value link } link fetchedAt expiresAt isFetching error failedAt }`

// outsideOf asks as an agent for what stands at a path of the answer.
func (w *world) outsideOf(t *testing.T, query, path string) map[string]outsideCard {
	t.Helper()
	answer := w.send(t, step{name: "outside", as: "support"}, query)
	list, ok := dig(answer, "data."+path+".outsideCards")
	if !ok || answer["errors"] != nil {
		t.Fatal(answer)
	}
	b, err := json.Marshal(list)
	check(t, err)
	var all []outsideCard
	check(t, json.Unmarshal(b, &all))
	cards := map[string]outsideCard{}
	for _, c := range all {
		cards[c.SourceName] = c
	}
	return cards
}

func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

const debts = `{"title": "Debts", "rows": [{"label": "<b>Debt</b>", "value": "7.00", "link": "https://erp.example/debt"}, {"label": "Since", "value": "May", "link": "javascript:alert(1)"}], "link": "https://erp.example/alice"}`

// Addresses of the business over real HTTP: each question is signed with the
// secret of its source and tells of the customer what is documented alone, the
// failure of one is its own, a card that is young is not asked for again, and
// one that fails later keeps what it told.
func TestCardSourcesAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, c := newWorldOf(t, db, map[string]string{"KABINET_WEBHOOK_ALLOW": "127.0.0.0/8"}, nil), newCardServer(t, db.Now)
		erp := w.cardSource(t, c, "/erp", `ttlSeconds: 60`)
		for _, path := range []string{"/html", "/large", "/moved", "/nothing", "/unsigned"} {
			w.cardSource(t, c, path, `position: 1`)
		}
		w.cardSource(t, c, "/slow", `timeoutMillis: 200`)
		c.say("/erp", debts)
		c.say("/html", "<html>")
		c.say("/large", `{"title": "`+strings.Repeat("x", 64<<10)+`"}`)
		c.knows("/unsigned", []byte("another secret of thirty-two byt"))

		look := func() map[string]outsideCard {
			t.Helper()
			return w.outsideOf(t, `{ customerCard(userId: "`+w.vars["alice"]+`") { `+outsideFields+` } }`, "customerCard")
		}
		got := look()
		e := got["erp"]
		if said(e.Title) != "Debts" || len(e.Rows) != 2 || e.Rows[0].Label != "<b>Debt</b>" || said(e.Rows[0].Link) != "https://erp.example/debt" || e.Rows[1].Link != nil || said(e.Link) != "https://erp.example/alice" ||
			said(e.FetchedAt) != "2026-11-21T12:00:00Z" || said(e.ExpiresAt) != "2026-11-21T12:01:00Z" || e.Error != nil || e.IsFetching {
			t.Errorf("%+v", e)
		}
		for name, want := range map[string]string{"html": "ANSWER_INVALID", "large": "ANSWER_TOO_LARGE", "moved": "REDIRECT", "unsigned": "STATUS", "slow": "TIMEOUT", "nothing": ""} {
			if o := got[name]; said(o.Error) != want || (o.FailedAt == nil) != (want == "") || (o.FetchedAt == nil) != (want != "") || o.Title != nil || len(o.Rows) != 0 || o.IsFetching {
				t.Errorf("%s: %+v", name, o)
			}
		}
		if want := `{"type":"customer.card","data":{"user":"` + w.vars["alice"] + `","externalIds":[],"locale":"en"}}`; c.questions("/erp")[0] != want {
			t.Errorf("asked %s, want %s", c.questions("/erp")[0], want)
		}
		if ids := c.named(); len(ids) != 7 || len(slices.Compact(ids)) != 7 || c.times("/erp") != 1 { // where one leads elsewhere is not gone
			t.Errorf("asked with %v", ids)
		}

		c.say("/erp", `{"title": "None", "rows": []}`)
		db.Clock.Add(20 * time.Second) // all are young, or failed a moment ago
		if got := look(); said(got["erp"].Title) != "Debts" || len(c.named()) != 7 {
			t.Errorf("%d questions, %+v", len(c.named()), got["erp"])
		}
		db.Clock.Add(15 * time.Second)
		if got := look(); said(got["erp"].Title) != "Debts" || c.times("/erp") != 1 || c.times("/html") != 2 || c.times("/nothing") != 1 {
			t.Errorf("%d questions, %+v", len(c.named()), got["erp"])
		}
		db.Clock.Add(25 * time.Second) // its minute is over
		if got := look(); said(got["erp"].Title) != "None" || len(got["erp"].Rows) != 0 || got["erp"].Link != nil || c.times("/erp") != 2 {
			t.Errorf("%+v", got["erp"])
		}
		t.Run("refresh", func(t *testing.T) { refreshCards(t, w, c, erp) })
	})
}

// refreshCards asks for cards however young they are.
func refreshCards(t *testing.T, w *world, c *cardServer, erp string) {
	refresh := func(more string) map[string]outsideCard {
		t.Helper()
		return w.outsideOf(t, `mutation { refreshOutsideCards(input: {userId: "`+w.vars["alice"]+`"`+more+`}) { `+outsideFields+` userErrors { code } } }`, "refreshOutsideCards")
	}
	c.say("/erp", `{"title": "Young", "rows": []}`)
	before := c.times("/html")
	if got := refresh(`, sourceIds: ["` + erp + `"]`); said(got["erp"].Title) != "Young" || len(got) != 7 || c.times("/erp") != 3 || c.times("/html") != before {
		t.Errorf("%d cards, %+v", len(got), got["erp"])
	}
	c.say("/erp", "broken")
	if got := refresh("")["erp"]; said(got.Title) != "Young" || said(got.Error) != "ANSWER_INVALID" || got.FailedAt == nil || c.times("/html") != before+1 {
		t.Errorf("%+v", got)
	}
	c.say("/erp", debts)
	answer := w.send(t, step{name: "secret", as: "staff"}, `mutation { saveCardSource(input: {id: "`+erp+`", revision: 1, newSecret: true}) { secret userErrors { code } } }`)
	if got := refresh("")["erp"]; said(got.Error) != "STATUS" || said(got.Title) != "Young" { // the server knows the former secret
		t.Errorf("%+v", got)
	}
	c.knows("/erp", secretOf(t, w.at(t, answer, "saveCardSource.secret")))
	if got := refresh("")["erp"]; said(got.Title) != "Debts" || got.Error != nil || got.FailedAt != nil {
		t.Errorf("%+v", got)
	}
	asked := c.times("/erp")
	w.send(t, step{name: "off", as: "staff"}, `mutation { saveCardSource(input: {id: "`+erp+`", revision: 2, enabled: false}) { userErrors { code } } }`)
	if got := refresh(""); len(got) != 6 || c.times("/erp") != asked {
		t.Errorf("a source that is off is asked or shown: %v", got)
	}
}
