package config_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"kabinet/internal/config"
)

// TestRefused gives each setting what it must not take. Every value must be
// refused by one problem that begins with the name of its variable.
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"KABINET_DATABASE_URL": {
			"kabinet.db", "sqlite:", "sqlite://", "sqlite:///", "sqlite://:memory:", "sqlite://a.db?x=1", "sqlite://%zz",
			"postgres://", "postgres://host", "postgres:///db", "mysql://h/d", "postgres//u@h/d",
		},
		"KABINET_LISTEN":         {"8080", "localhost", ":x", ":65536", ":-1", "http://a:80", "a b:80", ":http"},
		"KABINET_METRICS_LISTEN": {"x", "127.0.0.1:8080"},
		"KABINET_MODE":           {"prod", "Development", "test"},
		"KABINET_SECRET_KEY":     {"short", strings.Repeat("00", 32), "%%%", goodKey[:20], strings.Repeat("ab", 16)},
		"KABINET_PUBLIC_URL":     {"example.com", "ftp://a", "https://", "https://a?b=c", "https://u:p@a", "https://a#b", "http://example.com"},
		"KABINET_ORIGINS":        {"*", "null", "https://*.a", "a.example", "https://a/path", "https://a,b", "https://a?x"}, // security H2
		"KABINET_TRUSTED_PROXIES": {
			"x", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.1,proxy.example", // security A4
		},
		"KABINET_LOCALE":                 {"english", "xx", "de", "en_"},
		"KABINET_TIME_ZONE":              {"Mars", "Local", "../etc/passwd", "GMT+25"},
		"KABINET_NOTIFICATION_RETENTION": {"30", "1h", "-1d", "d", "99999d"},
		"KABINET_EVENT_RETENTION":        {"30", "30days", "-1h", "1s", "d", "1d-2h", "1d+2h", "99999d"},
		"KABINET_SMTP_URL":               {"mail.example.com", "http://h", "smtp://", "smtp://h/x?from=a@b", "smtp://h?from=x", "smtp://h?tls=maybe&from=a@b", "smtps://h?tls=none&from=a@b", "smtp://h?from=a@b&pool=3"},
		"KABINET_MAIL_FROM":              {"x", "a@b\r\nBcc: c@d"}, // security A10
		"KABINET_PAYMENT_URL":            {"pay.example.com", "ftp://a", "https://u:p@a", "https://a?b=c"},
		"KABINET_PAYMENT_SECRET":         {"x", ",", "whsec_AAAA", "whsec_" + goodKey + ",x"},
		"KABINET_NATS_URL":               {"localhost:4222", "http://h", "nats://h,x"},
		"KABINET_LOG_LEVEL":              {"verbose", "INFO+1", "0"},
		"KABINET_SESSION_LOCK":           {"-1m", "15d"},
		"KABINET_SESSION_IDLE":           {"91d", "1s"},
		"KABINET_STAFF_SESSION_ABSOLUTE": {"x"},
		"KABINET_CODE_TTL":               {"11m", "59s"}, // security D5
		"KABINET_CODE_TRIES":             {"0", "6", "x", "1.5"},
		"KABINET_INITIAL_PASSWORD_TTL":   {"59m", "366d"},
		"KABINET_BODY_LIMIT":             {"0", "1GiB", "128KB", "-1", "KiB"},
		"KABINET_PASSWORD_HASHES":        {"0", "many"},
		"KABINET_QUERY_TOKENS":           {"99", "15001"},
		"KABINET_DEMO":                   {"perhaps"},
	}
	for name, values := range tests {
		for _, v := range values {
			_, _, err := config.Parse([]string{"--mode", "production"}, in("KABINET_SECRET_KEY="+goodKey, name+"="+v), io.Discard)
			if name == "KABINET_MODE" {
				_, _, err = config.Parse(nil, in("KABINET_SECRET_KEY="+goodKey, name+"="+v), io.Discard)
			}
			var problems config.Problems
			if !errors.As(err, &problems) || len(problems) != 1 || !strings.HasPrefix(problems[0], name+" ") {
				t.Errorf("%s=%s answered %v; want one problem of that name", name, v, err)
			}
		}
	}
}

func TestRulesBetweenSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args string
		env  []string
		want string
	}{
		{"production needs a key", "serve", nil, "KABINET_SECRET_KEY is not set: it is required to serve in production mode"},
		{"demo is not for production", "--demo", []string{"KABINET_MODE=production"}, "KABINET_MODE is \"production\": --demo"},
		{"mail needs a sender", "--demo", []string{"KABINET_SMTP_URL=smtp://h:25"}, "KABINET_MAIL_FROM is not set: "},
		{"a provider needs a secret", "--demo", []string{"KABINET_PAYMENT_URL=https://a"}, "KABINET_PAYMENT_SECRET is not set: "},
		{"a provider needs https", "serve", []string{"KABINET_SECRET_KEY=" + goodKey, "KABINET_PAYMENT_URL=http://a", "KABINET_PAYMENT_SECRET=whsec_" + goodKey}, "KABINET_PAYMENT_URL is \"http://a\": "},
		{"lock before idle", "--demo --session-idle 5m", nil, "KABINET_SESSION_LOCK is \"15m\": it must not be longer than KABINET_SESSION_IDLE"},
	}
	for _, tt := range tests {
		_, _, err := config.Parse(strings.Fields(tt.args), in(tt.env...), io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v; want %q", tt.name, err, tt.want)
		}
	}
	for _, args := range []string{"migrate up", "check ledger", "version", "user create --email a@example.com"} {
		if _, _, err := config.Parse(strings.Fields(args), in(), io.Discard); err != nil {
			t.Errorf("%s in production without a key: %v", args, err)
		}
	}
}

func TestTaken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		setting string
		get     func(*config.Config) any
		want    any
	}{
		{"KABINET_DATABASE_URL=sqlite:///var/lib/k.db", func(c *config.Config) any { return c.Database }, config.Database{Dialect: config.SQLite, Path: "/var/lib/k.db"}},
		{"KABINET_DATABASE_URL=sqlite://k%20b.db", func(c *config.Config) any { return c.Database.Path }, "k b.db"},
		{"KABINET_DATABASE_URL=postgres:///d?host=/run/pg", func(c *config.Config) any { return c.Database }, config.Database{Dialect: config.Postgres, URL: "postgres:///d?host=/run/pg"}},
		{"KABINET_LISTEN=[::1]:0", func(c *config.Config) any { return c.PublicURL.String() }, "http://[::1]:0"},
		{"KABINET_LISTEN=0.0.0.0:81", func(c *config.Config) any { return c.PublicURL.String() }, "http://localhost:81"},
		{"KABINET_PUBLIC_URL=https://Shop.Example.com/kabinet/", func(c *config.Config) any { return c.PublicURL.String() }, "https://shop.example.com/kabinet"},
		{"KABINET_ORIGINS=https://A.example:443/, http://b:8081,", func(c *config.Config) any { return c.Origins }, []string{"https://a.example", "http://b:8081"}},
		{"KABINET_NOTIFICATION_RETENTION=180d", func(c *config.Config) any { return c.Notifications }, 180 * 24 * time.Hour},
		{"KABINET_EVENT_RETENTION=720h", func(c *config.Config) any { return c.EventRetention }, 720 * time.Hour},
		{"KABINET_EVENT_RETENTION=1d12h", func(c *config.Config) any { return c.EventRetention }, 36 * time.Hour},
		{"KABINET_LOCALE=ru-ru", func(c *config.Config) any { return c.Locale }, "ru-RU"},
		{"KABINET_TIME_ZONE=Europe/Moscow", func(c *config.Config) any { return c.TimeZone.String() }, "Europe/Moscow"},
		{"KABINET_BODY_LIMIT=65536", func(c *config.Config) any { return c.Limits.Body }, int64(65536)},
		{"KABINET_BODY_LIMIT=1MiB", func(c *config.Config) any { return c.Limits.Body }, int64(1 << 20)},
		{"KABINET_PASSWORD_HASHES=3", func(c *config.Config) any { return c.Limits.PasswordHashes }, 3},
		{"KABINET_PAYMENT_SECRET=whsec_" + goodKey + ", " + goodKey, func(c *config.Config) any { return len(c.Payment.Secrets) }, 2},
		{"KABINET_LOG_LEVEL=warn", func(c *config.Config) any { return c.LogLevel.String() }, "WARN"},
	}
	for _, tt := range tests {
		if got := tt.get(parse(t, "--demo", tt.setting)); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s became %v; want %v", tt.setting, got, tt.want)
		}
	}
	var got []string
	for _, prefix := range parse(t, "--demo", "KABINET_TRUSTED_PROXIES=10.1.2.3/8,192.168.1.4,fd00::1/64").TrustedProxies {
		got = append(got, prefix.String())
	}
	if want := []string{"10.0.0.0/8", "192.168.1.4/32", "fd00::/64"}; !reflect.DeepEqual(got, want) {
		t.Errorf("proxies %q; want %q", got, want)
	}
}
