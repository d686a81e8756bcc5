package config_test

import (
	"io"
	"strings"
	"testing"

	"kabinet/internal/config"
)

func TestMailIn(t *testing.T) {
	t.Parallel()
	const secret = "KABINET_MAIL_HOOK_SECRET=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	cfg := parse(t, "serve", "KABINET_MODE=development", "KABINET_SUPPORT_ADDRESS=Help@Example.com", "KABINET_SMTP_LISTEN=0.0.0.0:2525", secret, "KABINET_MAIL_TRUSTED_AUTHSERV=MX.example.com", "KABINET_MAIL_TRUSTED_RELAYS=10.0.0.25,fd00::/8")
	if in := cfg.MailIn; in.Address != "help@example.com" || in.Listen != "0.0.0.0:2525" || len(in.Secrets) != 1 || in.Trusted != "mx.example.com" || len(in.Relays) != 2 || in.Relays[0].String() != "10.0.0.25/32" {
		t.Errorf("%+v", in)
	}
	for want, env := range map[string][]string{
		"KABINET_SUPPORT_ADDRESS is not set":    {"KABINET_SMTP_LISTEN=0.0.0.0:2525"},
		"KABINET_SUPPORT_ADDRESS is \"a+b@":     {"KABINET_SUPPORT_ADDRESS=a+b@example.com"},
		"KABINET_SUPPORT_ADDRESS is \"A":        {"KABINET_SUPPORT_ADDRESS=A <a@example.com>"},
		"KABINET_SUPPORT_ADDRESS is \"x":        {"KABINET_SUPPORT_ADDRESS=" + strings.Repeat("x", 30) + "@example.com"},
		"KABINET_SUPPORT_ADDRESS is \"s@":       {"KABINET_SUPPORT_ADDRESS=s@localhost"},
		"KABINET_SMTP_KEY is not set":           {"KABINET_SUPPORT_ADDRESS=s@example.com", "KABINET_SMTP_CERT=/x.pem"},
		"KABINET_SMTP_LISTEN is":                {"KABINET_SUPPORT_ADDRESS=s@example.com", "KABINET_SMTP_LISTEN=127.0.0.1:8080"},
		"KABINET_MAIL_HOOK_SECRET is":           {"KABINET_SUPPORT_ADDRESS=s@example.com", "KABINET_MAIL_HOOK_SECRET=whsec_eA=="},
		"KABINET_MAIL_TRUSTED_RELAYS is not":    {"KABINET_SUPPORT_ADDRESS=s@example.com", "KABINET_SMTP_LISTEN=0.0.0.0:2525", "KABINET_MAIL_TRUSTED_AUTHSERV=mx.example.com"},
		"KABINET_MAIL_TRUSTED_AUTHSERV is \"a;": {"KABINET_MAIL_TRUSTED_AUTHSERV=a;b"},
	} {
		_, _, err := config.Parse([]string{"serve"}, in(append(env, "KABINET_MODE=development")...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", env, err)
		}
	}
}
