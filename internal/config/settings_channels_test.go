package config_test

import (
	"io"
	"strings"
	"testing"

	"kabinet/internal/config"
)

func TestChannels(t *testing.T) {
	t.Parallel()
	const token = "KABINET_TELEGRAM_TOKEN=123456789:AAhunter2_hunter2"
	cfg := parse(t, "serve", "KABINET_MODE=development", token, "KABINET_TELEGRAM_URL=http://127.0.0.1:9000", "KABINET_TELEGRAM_WEBHOOK=true", "KABINET_PUSH_CONTACT=ops@example.com")
	if c := cfg.Channels; c.Telegram.Token != "123456789:AAhunter2_hunter2" || !c.Telegram.Webhook || c.Telegram.URL.String() != "http://127.0.0.1:9000" || cfg.PushSubject() != "mailto:ops@example.com" {
		t.Errorf("%+v", c)
	}
	for want, env := range map[string][]string{
		"https://ops.example.com/push": {"KABINET_PUSH_CONTACT=https://ops.example.com/push"},
		"mailto:shop@example.com":      {"KABINET_MAIL_FROM=Shop <shop@example.com>"},
		"https://account.example.com":  {"KABINET_PUBLIC_URL=https://account.example.com"},
		"mailto:postmaster@localhost":  {"KABINET_PUBLIC_URL=http://localhost:8080"},
	} {
		if got := parse(t, "serve", append(env, "KABINET_MODE=development")...).PushSubject(); got != want {
			t.Errorf("%v: %s, want %s", env, got, want)
		}
	}
	for want, env := range map[string][]string{
		"KABINET_TELEGRAM_TOKEN is not set":                   {"KABINET_TELEGRAM_WEBHOOK=true"},
		"KABINET_TELEGRAM_TOKEN is":                           {"KABINET_TELEGRAM_TOKEN=hunter2"},
		"KABINET_TELEGRAM_URL is \"ftp://x.example\"":         {"KABINET_TELEGRAM_URL=ftp://x.example"},
		"KABINET_TELEGRAM_WEBHOOK is \"perhaps\"":             {"KABINET_TELEGRAM_WEBHOOK=perhaps"},
		"KABINET_PUSH_CONTACT is \"nobody\"":                  {"KABINET_PUSH_CONTACT=nobody"},
		"KABINET_PUSH_CONTACT is \"Ops <ops@example.com>\"":   {"KABINET_PUSH_CONTACT=Ops <ops@example.com>"},
		"KABINET_PUSH_CONTACT is \"http://ops.example.com\"":  {"KABINET_PUSH_CONTACT=http://ops.example.com"},
		"KABINET_PUSH_CONTACT is \"https://u:p@ops.example\"": {"KABINET_PUSH_CONTACT=https://u:p@ops.example"},
	} {
		_, _, err := config.Parse([]string{"serve"}, in(append(env, "KABINET_MODE=development")...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v: %v", env, err)
		}
	}
	_, _, err := config.Parse([]string{"serve"}, in("KABINET_SECRET_KEY="+goodKey, "KABINET_PUBLIC_URL=https://a.example", token, "KABINET_TELEGRAM_URL=http://api.example"), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "production mode needs https") {
		t.Errorf("%v", err)
	}
}
