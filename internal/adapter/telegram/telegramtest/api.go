// Package telegramtest is Telegram's Bot API on this machine, for tests: chats
// that a bot sends to, people who say things to it, by long polling and by
// webhook.
package telegramtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Token is the token of the bot.
const Token = "123456789:AAtelegramtest_token_canary"

// Name is what the bot is called.
const Name = "kabinet_test_bot"

// API is the Bot API.
type API struct {
	URL string

	t       testing.TB
	mu      sync.Mutex
	changed chan struct{} // closed and made anew at every change
	next    int64
	updates []map[string]any
	sent    []Sent
	hook    struct{ url, secret string }
	answers map[string]map[string]any // by method: in place of what it would answer
	polls   map[string]int            // by who polls at once
	most    int
}

// Sent is a message of the bot.
type Sent struct {
	Chat    string
	Text    string
	Button  string // the address of its button
	Label   string
	Mode    string
	Preview bool
}

// New starts one; it ends with the test.
func New(t testing.TB) *API {
	t.Helper()
	a := &API{t: t, changed: make(chan struct{}), next: 1, answers: map[string]map[string]any{}, polls: map[string]int{}}
	srv := httptest.NewServer(a)
	t.Cleanup(func() {
		a.mu.Lock()
		a.wake()
		a.mu.Unlock()
		srv.CloseClientConnections()
		srv.Close()
	})
	a.URL = srv.URL
	return a
}

func (a *API) wake() { close(a.changed); a.changed = make(chan struct{}) }

// Say is a person saying something to the bot in a chat of his own.
func (a *API) Say(chat int64, text string) {
	a.Update(map[string]any{"message": map[string]any{"message_id": 1, "date": 1, "text": text,
		"chat": map[string]any{"id": chat, "type": "private"}, "from": Person(chat)}})
}

// Block is a person blocking the bot.
func (a *API) Block(chat int64) {
	a.Update(map[string]any{"my_chat_member": map[string]any{"date": 1, "chat": map[string]any{"id": chat, "type": "private"}, "from": Person(chat),
		"old_chat_member": map[string]any{"status": "member", "user": Person(chat)},
		"new_chat_member": map[string]any{"status": "kicked", "user": Person(chat), "until_date": 0}}})
}

// Person is who is at a chat.
func Person(chat int64) map[string]any {
	return map[string]any{"id": chat, "is_bot": false, "first_name": "Vera", "username": "vera" + strconv.FormatInt(chat, 10), "language_code": "ru"}
}

// Update puts an update into the queue, and calls the webhook where one is set.
func (a *API) Update(u map[string]any) {
	a.mu.Lock()
	u["update_id"] = a.next
	a.next++
	url, secret := a.hook.url, a.hook.secret
	if url == "" {
		a.updates = append(a.updates, u)
	}
	a.wake()
	a.mu.Unlock()
	if url == "" {
		return
	}
	body, err := json.Marshal(u)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		a.t.Errorf("the webhook answered %s", resp.Status)
	}
}

// Answer has a method answer so from now on, nil: as it would; an error when it
// has an error_code.
func (a *API) Answer(method string, answer map[string]any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[method] = answer
}

// Sent is what the bot sent to a chat so far.
func (a *API) Sent(chat int64) (all []Sent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.sent {
		if s.Chat == strconv.FormatInt(chat, 10) {
			all = append(all, s)
		}
	}
	return all
}

// Wait waits until the bot has sent so many messages to a chat.
func (a *API) Wait(chat int64, n int) []Sent {
	a.t.Helper()
	for end := time.After(10 * time.Second); ; {
		a.mu.Lock()
		changed := a.changed
		a.mu.Unlock()
		if all := a.Sent(chat); len(all) >= n {
			return all
		}
		select {
		case <-changed:
		case <-end:
			a.t.Fatalf("the bot sent %d messages to chat %d, not %d", len(a.Sent(chat)), chat, n)
		}
	}
}

// AtOnce is how many asked for updates at once, at most.
func (a *API) AtOnce() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.most
}

// Hook is where the bot wants to be called.
func (a *API) Hook() (url, secret string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hook.url, a.hook.secret
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+Token+"/")
	if !ok {
		fail(w, http.StatusUnauthorized, "Unauthorized", nil)
		return
	}
	_ = r.ParseMultipartForm(1 << 20)
	a.mu.Lock()
	answer := a.answers[method]
	a.mu.Unlock()
	if answer != nil {
		code, _ := answer["error_code"].(int)
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	switch method {
	case "getMe":
		give(w, map[string]any{"id": 123456789, "is_bot": true, "first_name": "Kabinet", "username": Name})
	case "setWebhook":
		a.mu.Lock()
		a.hook.url, a.hook.secret = r.FormValue("url"), r.FormValue("secret_token")
		a.wake()
		a.mu.Unlock()
		give(w, true)
	case "deleteWebhook":
		a.mu.Lock()
		a.hook.url, a.hook.secret = "", ""
		a.mu.Unlock()
		give(w, true)
	case "getUpdates":
		a.getUpdates(w, r)
	case "sendMessage":
		a.sendMessage(w, r)
	default:
		fail(w, http.StatusNotFound, "Not Found: method not found", nil)
	}
}

func (a *API) getUpdates(w http.ResponseWriter, r *http.Request) {
	offset, _ := strconv.ParseInt(r.FormValue("offset"), 10, 64)
	seconds, _ := strconv.Atoi(r.FormValue("timeout"))
	a.mu.Lock()
	a.polls["now"]++
	a.most = max(a.most, a.polls["now"])
	a.mu.Unlock()
	defer func() { a.mu.Lock(); a.polls["now"]--; a.mu.Unlock() }()
	end := time.After(time.Duration(seconds) * time.Second)
	for {
		a.mu.Lock()
		var list []map[string]any
		var left []map[string]any
		for _, u := range a.updates {
			if u["update_id"].(int64) >= offset { // what is before was taken
				list, left = append(list, u), append(left, u)
			}
		}
		a.updates = left
		changed := a.changed
		a.mu.Unlock()
		if len(list) > 0 {
			give(w, list)
			return
		}
		select {
		case <-changed:
		case <-end:
			give(w, []any{})
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (a *API) sendMessage(w http.ResponseWriter, r *http.Request) {
	s := Sent{Chat: r.FormValue("chat_id"), Text: r.FormValue("text"), Mode: r.FormValue("parse_mode"), Preview: !strings.Contains(r.FormValue("link_preview_options"), `"is_disabled":true`)}
	var markup struct {
		Keyboard [][]struct{ Text, URL string } `json:"inline_keyboard"`
	}
	if raw := r.FormValue("reply_markup"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &markup); err != nil {
			fail(w, http.StatusBadRequest, "Bad Request: can't parse reply keyboard markup", nil)
			return
		}
		s.Button, s.Label = markup.Keyboard[0][0].URL, markup.Keyboard[0][0].Text
	}
	if s.Text == "" || len([]rune(s.Text)) > 20_000 {
		fail(w, http.StatusBadRequest, "Bad Request: message text is empty", nil)
		return
	}
	a.mu.Lock()
	a.sent = append(a.sent, s)
	n := len(a.sent)
	a.wake()
	a.mu.Unlock()
	id, _ := strconv.ParseInt(s.Chat, 10, 64)
	give(w, map[string]any{"message_id": n, "date": 1, "chat": map[string]any{"id": id, "type": "private"}, "text": s.Text})
}

func give(w http.ResponseWriter, result any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": result})
}

func fail(w http.ResponseWriter, code int, text string, more map[string]any) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(Refusal(code, text, more))
}

// Refusal is an answer that says no; more are its parameters, such as retry_after.
func Refusal(code int, text string, more map[string]any) map[string]any {
	answer := map[string]any{"ok": false, "error_code": code, "description": text}
	if more != nil {
		answer["parameters"] = more
	}
	return answer
}

// String is for messages of tests.
func (s Sent) String() string {
	return fmt.Sprintf("%s: %q [%s](%s)", s.Chat, s.Text, s.Label, s.Button)
}
