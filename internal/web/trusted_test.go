package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"kabinet/internal/web"
	"kabinet/internal/web/limit"
	"kabinet/internal/web/webtest"
)

const (
	trustedQuery  = "query Greeting($text: String) { echo(text: $text) }"
	trustedChange = `mutation Rename { rename(name: "x") { name } }`
	trustedStream = "subscription Ticks { ticks }"
)

func hashed(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// trusting is a site with a manifest; only: it takes nothing else.
func trusting(t *testing.T, only bool, change func(*web.Options, *webtest.Schema)) *site {
	t.Helper()
	return open(t, func(o *web.Options, schema *webtest.Schema) {
		m := limit.Manifest{Name: "m.json"}
		deep := nest(20)
		for _, text := range []string{trustedQuery, trustedChange, trustedStream, deep} {
			m.Documents = append(m.Documents, limit.ManifestDocument{ID: "sha256:" + hashed(text), Text: text})
		}
		var err error
		if o.Trusted, err = limit.Trust(schema.Schema(), o.Limits, false, m); err != nil {
			t.Fatal(err)
		}
		o.Trusted.Only = only
		if change != nil {
			change(o, schema)
		}
	})
}

func (s *site) post(t *testing.T, body map[string]any, header ...string) reply {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return s.do(t, "POST", "/graphql", string(b), append([]string{"Content-Type", "application/json", "Accept", "application/graphql-response+json"}, header...)...)
}

func persisted(hash string) map[string]any {
	return map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
}

// A trusted document is named in every way there is, on POST and GET.
func TestTrustedDocumentsByName(t *testing.T) {
	for _, only := range []bool{false, true} {
		s := trusting(t, only, nil)
		hash := hashed(trustedQuery)
		const want = `{"data":{"echo":"x"}}`
		for name, body := range map[string]map[string]any{
			"documentId":              {"documentId": "sha256:" + hash, "variables": map[string]any{"text": "a"}},
			"documentId bare":         {"documentId": hash},
			"its operation":           {"documentId": hash, "operationName": "Greeting"},
			"persistedQuery":          {"extensions": persisted(hash)},
			"persistedQuery prefixed": {"extensions": persisted("sha256:" + hash)},
			"empty query":             {"query": "", "extensions": persisted(hash)},
			"text":                    {"query": trustedQuery},
			"text and name":           {"query": trustedQuery, "documentId": "sha256:" + hash},
			"text and hash":           {"query": trustedQuery, "extensions": persisted(hash)},
			"deeper than others may":  {"documentId": hashed(nest(20))},
		} {
			if r := s.post(t, body); r.StatusCode != 200 || r.code(t) != "" || name != "deeper than others may" && r.body != want {
				t.Errorf("only %v: %s: %d %s", only, name, r.StatusCode, r.body)
			}
		}
		for _, query := range []string{
			"documentId=sha256:" + hash, "documentId=" + hash + "&variables=" + url.QueryEscape(`{"text":"a"}`),
			"extensions=" + url.QueryEscape(`{"persistedQuery":{"version":1,"sha256Hash":"`+hash+`"}}`),
		} {
			if r := s.do(t, "GET", "/graphql?"+query, ""); r.body != want {
				t.Errorf("only %v: GET %s: %d %s", only, query, r.StatusCode, r.body)
			}
		}
		r := s.do(t, "GET", "/graphql?documentId=sha256:"+hashed(trustedChange), "")
		if r.StatusCode != 405 {
			t.Errorf("a mutation by GET: %d %s", r.StatusCode, r.body)
		}
		if r := s.post(t, map[string]any{"documentId": hash, "variables": map[string]any{"text": []any{"a"}}}); r.code(t) != "INVALID_REQUEST" {
			t.Errorf("a wrong variable: %s", r.body)
		}
	}
}

// security G15: a name is worth nothing with another text, or of a wrong form.
func TestTrustedDocumentsMismatch(t *testing.T) {
	for _, only := range []bool{false, true} {
		s := trusting(t, only, nil)
		for name, body := range map[string]map[string]any{
			"other trusted text": {"query": trustedChange, "documentId": "sha256:" + hashed(trustedQuery)},
			"other text":         {"query": "{ echo }", "documentId": "sha256:" + hashed(trustedQuery)},
			"hash of another":    {"query": trustedQuery, "extensions": persisted(hashed("{ echo }"))},
			"number":             {"documentId": 1},
			"version":            {"extensions": map[string]any{"persistedQuery": map[string]any{"version": 2, "sha256Hash": hashed(trustedQuery)}}},
		} {
			if r := s.post(t, body); r.code(t) != "INVALID_REQUEST" || r.StatusCode != 400 {
				t.Errorf("only %v: %s: %d %s", only, name, r.StatusCode, r.body)
			}
		}
		for name, body := range map[string]map[string]any{
			"unknown":                      {"documentId": "sha256:" + hashed("{ echo }")},
			"unknown custom":               {"documentId": "x-ours:1"},
			"unknown hash":                 {"extensions": persisted(hashed("{ echo }"))},
			"of the client's extensions":   {"query": "", "extensions": map[string]any{"documentId": hashed(trustedQuery), "persistedQuery": persisted(hashed("a"))["persistedQuery"]}},
			"in letters of the other size": {"documentId": strings.ToUpper(hashed(trustedQuery))},
		} {
			if r := s.post(t, body); r.code(t) != "PERSISTED_QUERY_NOT_FOUND" || r.StatusCode != 400 {
				t.Errorf("only %v: %s: %d %s", only, name, r.StatusCode, r.body)
			}
		}
		if r := s.post(t, map[string]any{"documentId": ""}); r.code(t) != "INVALID_REQUEST" {
			t.Errorf("no name: %s", r.body)
		}
	}
}

// security G15: in the mode that takes nothing else, no text that is not in
// the manifest is run, kept, or explored.
func TestTrustedDocumentsOnly(t *testing.T) {
	s := trusting(t, true, func(o *web.Options, _ *webtest.Schema) { o.Development = true })
	for _, query := range []string{"{ echo }", trustedQuery + " ", "{ __schema { types { name } } }", "{", nest(21)} {
		r := s.post(t, map[string]any{"query": query})
		if r.StatusCode != 400 || r.code(t) != "INVALID_REQUEST" || !strings.Contains(r.body, "documentId") {
			t.Errorf("%q: %d %s", query, r.StatusCode, r.body)
		}
	}
	r := s.post(t, map[string]any{"query": "{ echo }", "extensions": persisted(hashed("{ echo }"))})
	if r.code(t) != "INVALID_REQUEST" {
		t.Errorf("registered: %s", r.body)
	}
	if r := s.post(t, map[string]any{"extensions": persisted(hashed("{ echo }"))}); r.code(t) != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("it was kept: %s", r.body)
	}
}

// Without the mode, other documents go on as before, and a documentId serves
// automatic persisted queries too.
func TestTrustedBesideOthers(t *testing.T) {
	s := trusting(t, false, nil)
	if r := s.post(t, map[string]any{"query": "{ echo }"}); r.body != `{"data":{"echo":"x"}}` {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	if r := s.post(t, map[string]any{"query": nest(20) + " "}); r.code(t) != "TOO_COMPLEX" {
		t.Errorf("what is not trusted is free of limits: %s", r.body)
	}
	id := "sha256:" + hashed("{ me { id } }")
	if r := s.post(t, map[string]any{"query": "{ me { id } }", "documentId": id}); r.code(t) != "" {
		t.Errorf("register: %s", r.body)
	}
	if r := s.post(t, map[string]any{"documentId": id}); r.body != `{"data":{"me":{"id":"x"}}}` {
		t.Errorf("known: %s", r.body)
	}
	if r := s.post(t, map[string]any{"extensions": persisted(hashed("{ me { id } }"))}); r.body != `{"data":{"me":{"id":"x"}}}` {
		t.Errorf("known by its hash: %s", r.body)
	}
}

func TestTrustedOnSockets(t *testing.T) {
	var ticks chan any
	s := trusting(t, true, func(_ *web.Options, schema *webtest.Schema) { ticks, _ = ticking(schema) })
	c := s.dial(t).init("alice")
	c.say(`{"id":"1","type":"subscribe","payload":{"documentId":"sha256:%s"}}`, hashed(trustedQuery))
	c.hear(`{"id":"1","type":"next","payload":{"data":{"echo":"x"}}}`)
	c.hear(`{"id":"1","type":"complete"}`)
	c.say(`{"id":"2","type":"subscribe","payload":{"query":"","extensions":{"persistedQuery":{"version":1,"sha256Hash":"%s"}}}}`, hashed(trustedStream))
	ticks <- 1
	c.hear(`{"id":"2","type":"next","payload":{"data":{"ticks":1}}}`)
	c.say(`{"id":"2","type":"complete"}`)
	c.subscribe("3", "{ echo }")
	if code := c.hearError("3"); code != "INVALID_REQUEST" {
		t.Errorf("a free text: %s", code)
	}
	c.say(`{"id":"4","type":"subscribe","payload":{"documentId":"sha256:%s"}}`, hashed("{ echo }"))
	if code := c.hearError("4"); code != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("an unknown one: %s", code)
	}
	c.say(`{"id":"5","type":"subscribe","payload":{"documentId":""}}`)
	c.closed(4400)
}
