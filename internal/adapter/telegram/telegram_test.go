package telegram_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/adapter/telegram"
	"kabinet/internal/adapter/telegram/telegramtest"
)

type book struct {
	mu   sync.Mutex
	said []telegram.Said
	log  []string
}

func (b *book) hear(_ context.Context, s telegram.Said) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, s)
	if s.Text == "fail" && len(b.said) == 1 {
		return "", errors.New("the database is away")
	}
	if s.Blocked {
		return "", nil
	}
	return "<heard> & " + s.Text, nil
}

func (b *book) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, text)
}

func newBot(t *testing.T, api *telegramtest.API, b *book) *telegram.Bot {
	t.Helper()
	bot, err := telegram.New(telegram.Options{Token: telegramtest.Token, URL: api.URL, Poll: 2 * time.Second, Log: b.note})
	if err != nil {
		t.Fatal(err)
	}
	bot.Hear(b.hear)
	return bot
}

// Words of people are words: no markup of theirs comes through (security I).
func TestSend(t *testing.T) {
	t.Parallel()
	api := telegramtest.New(t)
	bot := newBot(t, api, &book{})
	name, err := bot.Name(t.Context())
	if err != nil || name != telegramtest.Name {
		t.Fatal(name, err)
	}
	ref, err := bot.Send(t.Context(), "7", telegram.Message{Title: `<a href="https://evil.example">Order</a>`, Text: "Ready & <b>waiting</b>", URL: "https://shop.example/o/1?a=1&b=2", Label: "Open"})
	if err != nil || ref == "" {
		t.Fatal(err)
	}
	want := telegramtest.Sent{Chat: "7", Text: "<b>&lt;a href=&#34;https://evil.example&#34;&gt;Order&lt;/a&gt;</b>\n\nReady &amp; &lt;b&gt;waiting&lt;/b&gt;",
		Button: "https://shop.example/o/1?a=1&b=2", Label: "Open", Mode: "HTML"}
	if got := api.Sent(7); len(got) != 1 || got[0] != want {
		t.Errorf("%+v", got)
	}
	if _, err := bot.Send(t.Context(), "7", telegram.Message{Title: strings.Repeat("😀", 3000), Text: strings.Repeat("<", 9000)}); err != nil {
		t.Fatal(err)
	}
	shown := strings.NewReplacer("&lt;", "<", "<b>", "", "</b>", "").Replace(api.Sent(7)[1].Text)
	if n := len([]rune(shown)); n > 4096 || n < 3000 || !strings.HasSuffix(shown, "<…") {
		t.Errorf("%d characters", n)
	}
	for said, shown := range map[string]string{"Ready\nCome\nReady": "<b>Ready</b>\n\nCome\nReady", "Ready": "<b>Ready</b>", "Ready-made": "<b>Ready</b>\n\nReady-made"} {
		_, err := bot.Send(t.Context(), "8", telegram.Message{Title: "Ready", Text: said})
		if all := api.Sent(8); err != nil || all[len(all)-1].Text != shown {
			t.Errorf("%q is sent as %v, %v", said, all, err)
		}
	}
	for _, chat := range []string{"", "x", "7; drop"} {
		if _, err := bot.Send(t.Context(), chat, telegram.Message{Text: "a"}); err == nil {
			t.Errorf("chat %q", chat)
		}
	}
}

// What Telegram answers is told apart, and no error names the token.
func TestSendRefused(t *testing.T) {
	t.Parallel()
	api := telegramtest.New(t)
	bot := newBot(t, api, &book{})
	for _, c := range []struct {
		answer          map[string]any
		word            string
		gone, permanent bool
		after           time.Duration
	}{
		{telegramtest.Refusal(403, "Forbidden: bot was blocked by the user", nil), "BLOCKED", true, true, 0},
		{telegramtest.Refusal(403, "Forbidden: user is deactivated", nil), "BLOCKED", true, true, 0},
		{telegramtest.Refusal(400, "Bad Request: chat not found", nil), "BLOCKED", true, true, 0},
		{telegramtest.Refusal(400, "Bad Request: can't parse entities", nil), "REFUSED", false, true, 0},
		{telegramtest.Refusal(429, "Too Many Requests: retry after 7", map[string]any{"retry_after": 7}), "RATE_LIMITED", false, false, 7 * time.Second},
		{telegramtest.Refusal(401, "Unauthorized", nil), "UNAUTHORIZED", false, false, 0},
		{telegramtest.Refusal(502, "Bad Gateway", nil), "CONNECTION", false, false, 0},
	} {
		api.Answer("sendMessage", c.answer)
		_, err := bot.Send(t.Context(), "7", telegram.Message{Text: "a"})
		var e *telegram.Error
		if !errors.As(err, &e) || e.Word != c.word || e.Gone != c.gone || e.Permanent != c.permanent || e.RetryAfter != c.after {
			t.Errorf("%v: %+v", c.answer, e)
		}
	}
	down, err := telegram.New(telegram.Options{Token: telegramtest.Token, URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = down.Send(t.Context(), "7", telegram.Message{Text: "a"})
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("down: %v", err)
	}
	if _, err := down.Name(t.Context()); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("down: %v", err)
	}
}

// What could not be taken for a moment is taken then: Telegram does not say it
// twice to who asks.
func TestListenAgain(t *testing.T) {
	t.Parallel()
	api, b := telegramtest.New(t), &book{}
	bot := newBot(t, api, b)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); bot.Listen(ctx) }()
	api.Say(7, "fail") // the first time
	api.Wait(7, 1)
	stop()
	<-done
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.said) != 2 || b.said[1].Text != "fail" {
		t.Errorf("%+v", b.said)
	}
}

// By long polling each word is heard once, and answered.
func TestListen(t *testing.T) {
	t.Parallel()
	api, b := telegramtest.New(t), &book{}
	bot := newBot(t, api, b)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	api.Say(7, "before")
	go func() { defer close(done); bot.Listen(ctx) }()
	api.Wait(7, 1)
	api.Say(7, "/start code")
	api.Update(map[string]any{"message": map[string]any{"message_id": 1, "date": 1, "text": "/start group", "chat": map[string]any{"id": -5, "type": "group"}, "from": telegramtest.Person(7)}})
	api.Update(map[string]any{"edited_message": map[string]any{"message_id": 1, "date": 1, "text": "/stop"}})
	api.Block(8)
	api.Say(9, "hi")
	api.Wait(9, 1)
	stop()
	<-done
	b.mu.Lock()
	defer b.mu.Unlock()
	want := []telegram.Said{{Chat: "7", Text: "before", Name: "@vera7", Language: "ru"}, {Chat: "7", Text: "/start code", Name: "@vera7", Language: "ru"}, {Chat: "8", Blocked: true}, {Chat: "9", Text: "hi", Name: "@vera9", Language: "ru"}}
	if len(b.said) != len(want) {
		t.Fatalf("%+v", b.said)
	}
	for i := range want {
		if b.said[i] != want[i] {
			t.Errorf("%d: %+v", i, b.said[i])
		}
	}
	if got := api.Sent(7); len(got) != 2 || got[1].Text != "&lt;heard&gt; &amp; /start code" {
		t.Errorf("%v", got)
	}
	if len(api.Sent(-5)) != 0 {
		t.Error("it talks in a group")
	}
}

// The webhook takes what comes with the secret alone, and what failed comes again.
func TestWebhook(t *testing.T) {
	t.Parallel()
	api, b := telegramtest.New(t), &book{}
	bot := newBot(t, api, b)
	srv := httptest.NewServer(bot.Webhook("new", "old"))
	t.Cleanup(srv.Close)
	post := func(secret, body string) int {
		req, err := http.NewRequest(http.MethodPost, srv.URL, bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		if secret != "" {
			req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	const said = `{"update_id":1,"message":{"message_id":1,"date":1,"text":"fail","chat":{"id":7,"type":"private"},"from":{"id":7,"first_name":"V"}}}`
	for secret, want := range map[string]int{"": 401, "wrong": 401} {
		if got := post(secret, said); got != want || len(b.said) != 0 {
			t.Errorf("%q: %d", secret, got)
		}
	}
	for _, c := range []struct {
		secret, body string
		want         int
	}{
		{"new", said, 503}, {"old", said, 204}, {"new", "{", 204}, {"new", `[]`, 204}, {"new", `{"update_id":2}`, 204},
		{"new", `{"update_id":2,"message":{"text":"x","chat":{"id":7,"type":"private"}}}`, 204}, {"new", `{"x":"` + strings.Repeat("x", 300<<10) + `"}`, 400},
	} {
		if got := post(c.secret, c.body); got != c.want {
			t.Errorf("%.80s: %d, want %d", c.body, got, c.want)
		}
	}
	if len(b.said) != 2 || len(api.Sent(7)) != 1 {
		t.Errorf("%+v, %v", b.said, api.Sent(7))
	}
	if err := bot.SetWebhook(t.Context(), srv.URL, "new"); err != nil {
		t.Fatal(err)
	}
	api.Say(7, "again")
	api.Wait(7, 2)
}
