// Package telegramtest is telegram.Pretend with what tests need beside it: what
// was sent so far, waiting for more, and answers that say no.
package telegramtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"kabinet/internal/adapter/telegram"
)

// Token is the token of the bot.
const Token = "123456789:AAtelegramtest_token_canary"

// Name is what the bot is called.
const Name = "kabinet_test_bot"

// API is the Bot API.
type API struct {
	URL string

	t       testing.TB
	bot     *telegram.Pretend
	mu      sync.Mutex
	changed chan struct{} // closed and made anew at every message
	sent    []Sent
	answers map[string]map[string]any // by method: in place of what it would answer
	polls   int                       // who polls at once
	most    int
}

// Sent is a message of the bot.
type Sent telegram.Sent

// New starts one; it ends with the test.
func New(t testing.TB) *API {
	t.Helper()
	a := &API{t: t, changed: make(chan struct{}), answers: map[string]map[string]any{}}
	a.bot = telegram.NewPretend(Token, Name, a.took)
	srv := httptest.NewServer(a)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	a.URL = srv.URL
	return a
}

func (a *API) took(s telegram.Sent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, Sent(s))
	close(a.changed)
	a.changed = make(chan struct{})
}

// Say is a person saying something to the bot in a chat of his own.
func (a *API) Say(chat int64, text string) { a.must(a.bot.Say(speaker(chat), text)) }

func speaker(chat int64) telegram.Speaker {
	return telegram.Speaker{Chat: chat, Name: "vera" + strconv.FormatInt(chat, 10), Language: "ru"}
}

// Block is a person blocking the bot.
func (a *API) Block(chat int64) {
	a.Update(map[string]any{"my_chat_member": map[string]any{"date": 1, "chat": map[string]any{"id": chat, "type": "private"}, "from": Person(chat),
		"old_chat_member": map[string]any{"status": "member", "user": Person(chat)},
		"new_chat_member": map[string]any{"status": "kicked", "user": Person(chat), "until_date": 0}}})
}

// Person is who is at a chat.
func Person(chat int64) map[string]any { return speaker(chat).User() }

// Update puts an update into the queue, and calls the webhook where one is set.
func (a *API) Update(u map[string]any) { a.must(a.bot.Update(u)) }

func (a *API) must(err error) {
	if err != nil {
		a.t.Error(err)
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
func (a *API) Hook() (url, secret string) { return a.bot.Hook() }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method, _ := a.bot.Method(r)
	a.mu.Lock()
	answer := a.answers[method]
	if method == "getUpdates" {
		a.polls++
		a.most = max(a.most, a.polls)
		defer func() { a.mu.Lock(); a.polls--; a.mu.Unlock() }()
	}
	a.mu.Unlock()
	if answer == nil {
		a.bot.ServeHTTP(w, r)
		return
	}
	code, _ := answer["error_code"].(int)
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(answer)
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
