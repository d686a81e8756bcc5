package config_test

import (
	"io"
	"strings"
	"testing"

	"kabinet/internal/config"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	cfg := parse(t, "serve", "KABINET_MODE=development", "KABINET_SMTP_URL=smtp://one.example?from=a@shop.example", "KABINET_SMTP_FALLBACK_URL=smtp://two.example",
		"KABINET_WHATSAPP_URL=https://m.example.com/wa", "KABINET_WHATSAPP_SECRET="+secret, "KABINET_DELIVERY_SECRET="+secret)
	if m := cfg.Messages; m.FallbackSMTPURL != "smtp://two.example" || m.WhatsApp.URL.Path != "/wa" || len(m.WhatsApp.Secrets) != 1 || m.MobilePush.URL != nil || len(m.Secrets) != 1 || cfg.Mail.From != "a@shop.example" {
		t.Errorf("%+v", m)
	}
	for want, env := range map[string][]string{
		"KABINET_SMTP_URL":           {"KABINET_SMTP_FALLBACK_URL=smtp://two.example"},
		"KABINET_SMTP_FALLBACK_URL":  {"KABINET_SMTP_URL=smtp://one.example?from=a@shop.example", "KABINET_SMTP_FALLBACK_URL=http://two.example"},
		"KABINET_WHATSAPP_SECRET":    {"KABINET_WHATSAPP_URL=https://m.example.com"},
		"KABINET_WHATSAPP_URL":       {"KABINET_WHATSAPP_SECRET=" + secret},
		"KABINET_MOBILE_PUSH_SECRET": {"KABINET_MOBILE_PUSH_URL=https://m.example.com"},
		"KABINET_DELIVERY_SECRET is": {"KABINET_DELIVERY_SECRET=whsec_eA=="},
	} {
		_, _, err := config.Parse([]string{"serve"}, in(append(env, "KABINET_MODE=development")...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "eA==") {
			t.Errorf("%v: %v", env, err)
		}
	}
}
