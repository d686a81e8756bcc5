package main

import (
	"strconv"
	"strings"
	"testing"

	"kabinet/internal/adapter/telegram/telegramtest"
)

// storyTelegram gives a story that has a bot the API that it speaks to.
func (w *world) storyTelegram(t testing.TB, env, more map[string]string) {
	t.Helper()
	if more["KABINET_TELEGRAM_TOKEN"] == "" || more["KABINET_TELEGRAM_URL"] != "" {
		return
	}
	w.telegram = telegramtest.New(t)
	env["KABINET_TELEGRAM_URL"] = w.telegram.URL
}

// sayToBot is `# telegram 7 /start abc`: it comes by the webhook, and what the
// bot answers is kept.
func (w *world) sayToBot(t testing.TB, line string) {
	t.Helper()
	number, text, _ := strings.Cut(line, " ")
	chat, err := strconv.ParseInt(number, 10, 64)
	if err != nil || w.telegram == nil {
		t.Fatalf("# telegram %s: %v", line, err)
	}
	if url, _ := w.telegram.Hook(); url == "" {
		check(t, w.app.telegram.SetWebhook(t.Context(), w.url+"/hooks/telegram", w.app.telegramSecrets()[0]))
	}
	before := len(w.telegram.Sent(chat))
	if text == "BLOCK" {
		w.telegram.Block(chat)
		return
	}
	w.telegram.Say(chat, text)
	if sent := w.telegram.Sent(chat); len(sent) > before {
		w.vars["bot"] = sent[len(sent)-1].Text
	}
}
