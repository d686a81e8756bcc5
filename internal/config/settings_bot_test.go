package config_test

import (
	"io"
	"strings"
	"testing"

	"kabinet/internal/config"
)

func TestBot(t *testing.T) {
	t.Parallel()
	const one, two = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="
	const url = "KABINET_BOT_URL=https://bot.example.com/kabinet"
	if cfg := parse(t, "serve", "KABINET_MODE=development"); cfg.Bot.Kind != config.BotOff {
		t.Errorf("%+v", cfg.Bot)
	}
	if cfg := parse(t, "serve", "KABINET_MODE=development", "KABINET_BOT=articles"); cfg.Bot.Kind != config.BotArticles {
		t.Errorf("%+v", cfg.Bot)
	}
	cfg := parse(t, "serve", "KABINET_MODE=development", "KABINET_BOT=hook", url, "KABINET_BOT_SECRET="+one+","+two)
	if b := cfg.Bot; b.Kind != config.BotHook || b.URL.String() != "https://bot.example.com/kabinet" || len(b.Secrets) != 2 || string(b.Secrets[1]) != "abcdefghijklmnopqrstuvwxyzabcdef" {
		t.Errorf("%+v", b)
	}
	for want, env := range map[string][]string{
		"KABINET_BOT is \"gpt\"":                        {"KABINET_BOT=gpt"},
		"KABINET_BOT_URL is not set":                    {"KABINET_BOT=hook", "KABINET_BOT_SECRET=" + one},
		"Example: KABINET_BOT_URL=https://bot.ex":       {"KABINET_BOT=hook", "KABINET_BOT_SECRET=" + one},
		"KABINET_BOT_SECRET is not set":                 {"KABINET_BOT=hook", url},
		"KABINET_BOT_SECRET is":                         {"KABINET_BOT=hook", url, "KABINET_BOT_SECRET=whsec_eA=="},
		"KABINET_BOT_URL is \"ftp://bot.example.com\"":  {"KABINET_BOT=hook", "KABINET_BOT_URL=ftp://bot.example.com", "KABINET_BOT_SECRET=" + one},
		"KABINET_BOT_URL is":                            {"KABINET_BOT=hook", "KABINET_BOT_URL=https://me:word@bot.example.com", "KABINET_BOT_SECRET=" + one},
		"KABINET_BOT_URL is \"http://bot.example.com\"": {"KABINET_BOT=hook", "KABINET_BOT_URL=http://bot.example.com", "KABINET_BOT_SECRET=" + one},
		"KABINET_BOT_URL is \"https://10.0.0.7:9000\"":  {"KABINET_BOT=hook", "KABINET_BOT_URL=https://10.0.0.7:9000", "KABINET_BOT_SECRET=" + one},
	} {
		_, _, err := config.Parse([]string{"serve"}, in(append(env, "KABINET_MODE=development")...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", env, err)
		}
		if err != nil && strings.Contains(err.Error(), "eA==") {
			t.Errorf("it shows the secret: %v", err)
		}
	}
	parse(t, "serve", "KABINET_MODE=development", "KABINET_BOT=hook", "KABINET_BOT_URL=http://10.0.0.7:9000/ask", "KABINET_BOT_SECRET="+one, "KABINET_WEBHOOK_ALLOW=10.0.0.0/8")
}
