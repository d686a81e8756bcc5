package outbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kabinet/internal/demo/outbox"
)

// newBox is an outbox behind a server, and what was said to its bot.
func newBox(t *testing.T) (*outbox.Outbox, *httptest.Server, *[]string) {
	t.Helper()
	var said []string
	o := &outbox.Outbox{Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }, Say: func(chat int64, text string) error {
		if text == "fail" {
			return errors.New("nobody is there")
		}
		said = append(said, fmt.Sprint(chat, " ", text))
		return nil
	}}
	mux := http.NewServeMux()
	for pattern, h := range o.Routes() {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return o, srv, &said
}

// head is what comes before the body of an answer.
type head struct {
	StatusCode int
	Header     http.Header
}

func get(t *testing.T, address string) (head, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return head{resp.StatusCode, resp.Header}, string(b)
}

// security I: whatever somebody calls himself, on the page it is text, and no
// link of a message runs anything.
func TestHostileWordsAreText(t *testing.T) {
	t.Parallel()
	o, srv, _ := newBox(t)
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'</pre></article>`
	o.Add(outbox.Message{Channel: outbox.Email, From: evil, To: evil, Title: evil, Text: evil, HTML: evil, URL: "javascript:alert(1)", Label: evil, Files: []string{evil}})
	o.Ways = []outbox.Way{{Channel: evil, Setting: evil, Leaves: true}, {Channel: evil}}
	resp, page := get(t, srv.URL+outbox.Path)
	if resp.StatusCode != http.StatusOK || strings.Contains(page, "<script") || strings.Contains(page, "<img") || strings.Contains(page, "javascript:") || strings.Count(page, "</article>") != 1 {
		t.Errorf("%d %s", resp.StatusCode, page)
	}
	if n := strings.Count(page, "&lt;script&gt;alert(1)"); n != 9 {
		t.Errorf("it is shown %d times: %s", n, page)
	}
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") {
		t.Error(policy)
	}
	resp, letter := get(t, srv.URL+outbox.Path+"/1")
	policy = resp.Header.Get("Content-Security-Policy")
	if letter != evil || !strings.HasPrefix(policy, "sandbox allow-popups") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("a letter by itself: %s %s", policy, letter)
	}
	for _, path := range []string{"/2", "/0", "/x", "/-1", "/1/2"} {
		if resp, _ := get(t, srv.URL+outbox.Path+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

// The newest come first, and no flood fills the memory.
func TestNewestFirstAndBounded(t *testing.T) {
	t.Parallel()
	o, srv, _ := newBox(t)
	for i := range 300 {
		o.Add(outbox.Message{Channel: outbox.SMS, To: "+442079460018", Text: fmt.Sprint("message ", i)})
	}
	all := listed(t, srv)
	if len(all) != 200 || all[0].Text != "message 299" || all[199].Text != "message 100" || all[0].ID != 300 {
		t.Errorf("%d messages, from %+v to %+v", len(all), all[0], all[len(all)-1])
	}
	for range 100 {
		o.Add(outbox.Message{Channel: outbox.Email, Text: strings.Repeat("я", 1<<20), HTML: strings.Repeat("x", 1<<20)})
	}
	size := 0
	all = listed(t, srv)
	for _, m := range all {
		size += len(m.Text) + len(m.HTML)
	}
	if len(all) < 10 || size > 16<<20 || len(all[0].Text) > 256<<10 || strings.ContainsRune(all[0].Text, '\uFFFD') {
		t.Errorf("%d messages of %d bytes", len(all), size)
	}
}

func listed(t *testing.T, srv *httptest.Server) []outbox.Message {
	t.Helper()
	_, text := get(t, srv.URL+outbox.Path+".json")
	var list struct{ Messages []outbox.Message }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list.Messages
}

// By the form somebody says something to the bot; a page of another origin, and
// what is no chat or no text, says nothing.
func TestSay(t *testing.T) {
	t.Parallel()
	o, srv, said := newBox(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	post := func(chat, text, origin string) int {
		req, err := http.NewRequest(http.MethodPost, srv.URL+outbox.Path, strings.NewReader(url.Values{"chat": {chat}, "text": {text}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, c := range []struct {
		chat, text, origin string
		want               int
	}{
		{"1001", " /start abc ", "", 303}, {" 7 ", "hello", srv.URL, 303}, {"7", "hello", "https://evil.example", 403},
		{"", "x", "", 400}, {"x", "x", "", 400}, {"-5", "x", "", 400}, {"0", "x", "", 400}, {"99999999999999999999", "x", "", 400},
		{"7", " ", "", 400}, {"7", strings.Repeat("я", 4097), "", 400}, {"7", strings.Repeat("x", 20<<10), "", 400}, {"7", "fail", "", 502},
	} {
		if got := post(c.chat, c.text, c.origin); got != c.want {
			t.Errorf("%s %.20s %s: %d, want %d", c.chat, c.text, c.origin, got, c.want)
		}
	}
	if got := strings.Join(*said, "; "); got != "1001 /start abc; 7 hello" {
		t.Errorf("said %s", got)
	}
	if all := listed(t, srv); len(all) != 3 || all[2].From != "1001" || all[2].Text != "/start abc" {
		t.Errorf("%+v", all)
	}
	o.Say = nil
	if got := post("7", "hello", ""); got != http.StatusNotFound {
		t.Errorf("without a bot: %d", got)
	}
	if _, page := get(t, srv.URL+outbox.Path); strings.Contains(page, "<form") {
		t.Error("without a bot there is a form")
	}
}
