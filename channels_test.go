package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/adapter/push/pushtest"
	"kabinet/internal/adapter/telegram/telegramtest"
	"kabinet/internal/store/storetest"
)

// ask sends an operation and wants neither errors nor userErrors.
func (w *world) ask(t *testing.T, who, query string) map[string]any {
	t.Helper()
	answer := w.send(t, step{name: query, as: who}, w.expand(t, query))
	if text := fmt.Sprint(answer); answer["errors"] != nil || strings.Contains(text, "userErrors:[map") {
		t.Fatalf("%s: %s", query, text)
	}
	return answer
}

func (w *world) get(t *testing.T, answer map[string]any, path string) string {
	t.Helper()
	v, ok := dig(answer["data"], path)
	if !ok {
		t.Fatalf("no %s in %v", path, answer)
	}
	return fmt.Sprint(v)
}

// soon waits until it is so.
func soon(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

const orderStatus = `mutation { setOrderStatus(input: {orderId: "{{bobOrder}}", fulfillmentStatus: %s, idempotencyKey: "%s"}) { userErrors { code params } } }`

func registers(b *pushtest.Browser) string {
	return fmt.Sprintf(`mutation { registerPushEndpoint(input: {web: {endpoint: %q, p256dh: %q, auth: %q}}) { endpoint { id } userErrors { code params } } }`, b.Endpoint, b.P256dh, b.Auth)
}

// Staff changes an order, and the customer's browser and chat are told, each by
// its own protocol; who took the browser over is not told what is his, and an
// address that is gone is not tried again.
func TestChannelsTell(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldOf(t, db, map[string]string{"KABINET_TELEGRAM_TOKEN": telegramtest.Token, "KABINET_PUSH_ALLOW": "127.0.0.0/8", "KABINET_PUSH_CONTACT": "ops@example.com"}, nil)
		service := pushtest.New(t, time.Now) // signatures go by the clock of the machine
		browser := service.Subscribe(t)
		ctx, stop := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { w.app.hearTelegram(ctx) })
		t.Cleanup(func() { stop(); wg.Wait() })

		w.ask(t, "bob", registers(browser))
		w.telegram.Say(7, "/start "+w.get(t, w.ask(t, "bob", `mutation { linkMessenger(input: {messenger: TELEGRAM}) { startCode userErrors { code } } }`), "linkMessenger.startCode"))
		w.telegram.Wait(7, 1)
		w.ask(t, "bob", `mutation { updateNotificationPreferences(input: {choices: [{topic: ORDER, channel: WEB_PUSH, wanted: true}, {topic: ORDER, channel: TELEGRAM, wanted: true}, {topic: SECURITY, channel: TELEGRAM, wanted: false}, {topic: SECURITY, channel: WEB_PUSH, wanted: false}]}) { userErrors { code params } } }`)
		w.settle(t)
		pushed, chatted := len(service.Got(browser)), len(w.telegram.Sent(7))

		w.ask(t, "staff", fmt.Sprintf(orderStatus, "SHIPPED", "a"))
		w.settle(t)
		soon(t, "the browser is told", func() bool { return len(service.Got(browser)) == pushed+1 })
		soon(t, "the chat is told", func() bool { return len(w.telegram.Sent(7)) == chatted+1 })
		got, sent := service.Got(browser)[pushed], w.telegram.Sent(7)[chatted]
		note := w.ask(t, "bob", `{ me { notifications(first: 1) { nodes { id title body } } } }`)
		title, body := w.get(t, note, "me.notifications.nodes.0.title"), w.get(t, note, "me.notifications.nodes.0.body")
		if got.Fields["title"] != title || got.Fields["body"] != body || got.Fields["notificationId"] != w.get(t, note, "me.notifications.nodes.0.id") || got.Subject != "mailto:ops@example.com" {
			t.Errorf("pushed %q for %s, want %s: %s", got.Fields, got.Subject, title, body)
		}
		if !strings.Contains(sent.Text, "<b>"+title+"</b>") || sent.Mode != "HTML" || sent.Label != "Open" || !strings.HasPrefix(sent.Button, "http") {
			t.Errorf("chatted %v", sent)
		}

		// Alice signs in at that browser: what is Bob's goes to his chat alone.
		w.ask(t, "alice", registers(browser))
		w.ask(t, "staff", fmt.Sprintf(orderStatus, "DELIVERED", "b"))
		w.settle(t)
		soon(t, "the chat is told", func() bool { return len(w.telegram.Sent(7)) == chatted+2 })
		if n := len(service.Got(browser)); n != pushed+1 {
			t.Errorf("%d came to a browser that is not his", n)
		}
	})
}

// What staff's webhooks may call is nothing that a customer may have called.
func TestPushStaysOutside(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, storetest.Open(t), map[string]string{"KABINET_WEBHOOK_ALLOW": "127.0.0.0/8"}, nil)
	service := pushtest.New(t, time.Now)
	query := registers(service.Subscribe(t))
	if got := fmt.Sprint(w.send(t, step{name: query, as: "bob"}, query)); !strings.Contains(got, "PUSH_ADDRESS_REFUSED") {
		t.Error(got)
	}
}

// Of two instances one asks Telegram, and when it ends the other goes on.
func TestOneAsksTelegram(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldOf(t, db, map[string]string{"KABINET_TELEGRAM_TOKEN": telegramtest.Token}, nil)
		var wg sync.WaitGroup
		defer wg.Wait()
		var stops []func() // and waits until it has
		for range 2 {
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			wg.Go(func() { defer close(done); w.app.hearTelegram(ctx) })
			stops = append(stops, func() { stop(); <-done })
			defer stop()
			w.telegram.Say(7, "hello") // answered by whoever it is
			w.telegram.Wait(7, len(stops))
		}
		stops[0]() // both have one bot here, which has counted what it read
		w.telegram.Say(7, "and again")
		w.telegram.Wait(7, 3)
		if n := w.telegram.AtOnce(); n != 1 {
			t.Errorf("%d asked at once", n)
		}
	})
}
