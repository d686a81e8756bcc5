package config_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kabinet/internal/config"
)

const goodKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// in is an environment that holds the pairs and nothing of the machine.
func in(pairs ...string) func(string) (string, bool) {
	vars := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		vars[name] = value
	}
	names := strings.Join(slices.Collect(maps.Keys(vars)), "\n")
	return func(name string) (string, bool) {
		if name == "" {
			return names, true
		}
		v, ok := vars[name]
		return v, ok
	}
}

func parse(t *testing.T, args string, env ...string) *config.Config {
	t.Helper()
	cfg, _, err := config.Parse(strings.Fields(args), in(env...), io.Discard)
	if err != nil {
		t.Fatalf("Parse(%q, %q): %v", args, env, err)
	}
	return cfg
}

func TestCommands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args string
		want config.Command
	}{
		{"--demo", config.Serve{Demo: true}},
		{"serve --demo", config.Serve{Demo: true}},
		{"--mode development", config.Serve{}},
		{"migrate up", config.MigrateUp{}},
		{"migrate status", config.MigrateStatus{}},
		{"import orders a.csv.gz --format online-retail --report r.csv", config.ImportOrders{File: "a.csv.gz", Format: "online-retail", Report: "r.csv"}},
		{"import orders a.csv --format online-retail --earn", config.ImportOrders{File: "a.csv", Format: "online-retail", Earn: true}},
		{"check ledger", config.CheckLedger{}},
		{"user create --email ann@example.com --name Ann --admin", config.UserCreate{Email: "ann@example.com", Name: "Ann", Admin: true}},
		{"version", config.Version{}},
		{"--database-url postgres://h/d migrate up", config.MigrateUp{}},
	}
	for _, tt := range tests {
		_, cmd, err := config.Parse(strings.Fields(tt.args), in(), io.Discard)
		if err != nil || !reflect.DeepEqual(cmd, tt.want) {
			t.Errorf("Parse(%q) = %#v, %v; want %#v", tt.args, cmd, err, tt.want)
		}
	}
}

func TestWrongCommandLine(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"nosuch", "migrate", "import orders", "import orders f", "import orders f --format nosuch",
		"user create", "--nosuch=1", "migrate up --demo", "user create --email a@b --password x",
	} {
		_, _, err := config.Parse(strings.Fields(args), in(), io.Discard)
		var usage *config.UsageError
		if !errors.As(err, &usage) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(%q) = %v; want one line of usage error", args, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	cfg := parse(t, "serve", "KABINET_SECRET_KEY="+goodKey)
	if cfg.Mode != config.Production || cfg.Development() || cfg.Demo {
		t.Errorf("mode %q, demo %v; want production", cfg.Mode, cfg.Demo)
	}
	if cfg.Database != (config.Database{Dialect: config.SQLite, Path: "./data/kabinet.db"}) {
		t.Errorf("database %+v", cfg.Database)
	}
	if cfg.Listen != "127.0.0.1:8080" || cfg.PublicURL.String() != "http://127.0.0.1:8080" {
		t.Errorf("listen %s, public %s", cfg.Listen, cfg.PublicURL)
	}
	wantSession := config.Session{
		Lock: 15 * time.Minute, Idle: 14 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour,
		StaffIdle: 30 * time.Minute, StaffAbsolute: 12 * time.Hour, StepUp: 10 * time.Minute,
		Access: 15 * time.Minute, Grace: 10 * time.Second,
		CodeTTL: 10 * time.Minute, CodeTries: 5, InitialPassword: 30 * 24 * time.Hour,
	}
	if cfg.Session != wantSession {
		t.Errorf("session %+v", cfg.Session)
	}
	if cfg.EventRetention != 30*24*time.Hour || cfg.Locale != "en" || cfg.TimeZone != time.UTC {
		t.Errorf("retention %s, locale %s, zone %s", cfg.EventRetention, cfg.Locale, cfg.TimeZone)
	}
	if cfg.Limits.Body != 128<<10 || cfg.Limits.Tokens != 1000 || cfg.Limits.PasswordHashes < 1 {
		t.Errorf("limits %+v", cfg.Limits)
	}
}

func TestDemoIsDevelopment(t *testing.T) {
	t.Parallel()
	for _, cfg := range []*config.Config{parse(t, "--demo"), parse(t, "", "KABINET_DEMO=true")} {
		if !cfg.Demo || !cfg.Development() {
			t.Errorf("demo %v, mode %s", cfg.Demo, cfg.Mode)
		}
	}
	if cfg := parse(t, "version", "KABINET_DEMO=true"); cfg.Demo || cfg.Development() {
		t.Error("a command other than serve became a demonstration")
	}
	if cfg := parse(t, "--no-demo --mode development", "KABINET_DEMO=true"); cfg.Demo {
		t.Error("--no-demo does not go before KABINET_DEMO")
	}
}

func TestFlagGoesBeforeVariable(t *testing.T) {
	t.Parallel()
	cfg := parse(t, "--demo --locale ru", "KABINET_LOCALE=en", "KABINET_LISTEN=:9000", "KABINET_TIME_ZONE=")
	if cfg.Locale != "ru" || cfg.Listen != ":9000" || cfg.TimeZone != time.UTC {
		t.Errorf("locale %s, listen %s, zone %s", cfg.Locale, cfg.Listen, cfg.TimeZone)
	}
	if got := cfg.PublicURL.String(); got != "http://localhost:9000" {
		t.Errorf("public url %s", got)
	}
	cfg = parse(t, "--demo", "KABINET_SMTP_URL=smtp://h:25?from=a@example.com")
	if cfg.Mail.From != "a@example.com" {
		t.Errorf("from %q; want that of the URL", cfg.Mail.From)
	}
	cfg = parse(t, "--demo", "KABINET_SMTP_URL=smtp://h:25?from=a@example.com", "KABINET_MAIL_FROM=Б <b@example.com>")
	if cfg.Mail.From != "Б <b@example.com>" {
		t.Errorf("from %q; want KABINET_MAIL_FROM", cfg.Mail.From)
	}
}

func TestAllProblemsAtOnceAndNoSecrets(t *testing.T) {
	t.Parallel()
	_, _, err := config.Parse([]string{"serve", "--origins", "https://*.example.com"}, in(
		"KABINET_DATABASE_URL=mysql://u:hunter2@h/d", "KABINET_LISTEN=8080", "KABINET_SECRET_KEY=hunter2",
		"KABINET_SMTP_URL=smtp://u:hunter2@h/path", "KABINET_NATS_URL=http://hunter2@h", "KABINET_EVENT_RETENTION=3x",
	), io.Discard)
	var problems config.Problems
	if !errors.As(err, &problems) || len(problems) != 7 {
		t.Fatalf("got %v; want 7 problems", err)
	}
	text := err.Error()
	if strings.Contains(text, "hunter2") || strings.Count(text, "\n") != 6 {
		t.Errorf("a secret or a broken line in:\n%s", text)
	}
	want := `KABINET_LISTEN is "8080": it is not host:port. Meaning: Address HTTP is served on. Example: KABINET_LISTEN=0.0.0.0:8080`
	if !strings.Contains(text, want+"\n") {
		t.Errorf("no line %q in:\n%s", want, text)
	}
	if !strings.Contains(text, `KABINET_ORIGINS (--origins) is "https://*.example.com": `) {
		t.Errorf("the flag is not named in:\n%s", text)
	}
}

func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	cfg := parse(t, "--demo --trusted-documents-only true", "KABINET_TRUSTED_DOCUMENTS=web/a.json, app/b.json")
	if !reflect.DeepEqual(cfg.TrustedDocuments, []string{"web/a.json", "app/b.json"}) || !cfg.TrustedOnly {
		t.Errorf("%q, only %v", cfg.TrustedDocuments, cfg.TrustedOnly)
	}
	if cfg := parse(t, "--demo"); cfg.TrustedDocuments != nil || cfg.TrustedOnly {
		t.Errorf("without being asked: %q, only %v", cfg.TrustedDocuments, cfg.TrustedOnly)
	}
	for says, env := range map[string]string{
		"KABINET_TRUSTED_DOCUMENTS is not set":                                  "KABINET_TRUSTED_DOCUMENTS_ONLY=true",
		`KABINET_TRUSTED_DOCUMENTS_ONLY is "perhaps": it must be true or false`: "KABINET_TRUSTED_DOCUMENTS_ONLY=perhaps",
	} {
		if _, _, err := config.Parse([]string{"--demo"}, in(env), io.Discard); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", env, err)
		}
	}
}

func TestHelpIsComplete(t *testing.T) {
	t.Parallel()
	var shown, help bytes.Buffer
	_, _, err := config.Parse([]string{"--demo", "--print-config"}, in(), &shown)
	if !errors.Is(err, config.Exit{}) {
		t.Fatalf("--print-config answered %v", err)
	}
	if _, _, err = config.Parse([]string{"serve", "--help"}, in(), &help); !errors.Is(err, config.Exit{}) {
		t.Fatalf("--help answered %v", err)
	}
	for line := range strings.Lines(shown.String()) {
		name := strings.Fields(line)[0]
		flag := "--" + strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "KABINET_"), "_", "-"))
		if name == "KABINET_DEMO" {
			flag = "--[no-]demo"
		}
		if !strings.Contains(help.String(), name) || !strings.Contains(help.String(), flag) {
			t.Errorf("help does not name %s and %s", name, flag)
		}
	}
	for _, args := range []string{"--help", "import orders --help", "migrate --help", "-h"} {
		help.Reset()
		if _, _, err := config.Parse(strings.Fields(args), in(), &help); !errors.Is(err, config.Exit{}) || help.Len() == 0 {
			t.Errorf("%s answered %v with %d bytes", args, err, help.Len())
		}
	}
}

func TestPrintConfigHidesSecrets(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_, _, err := config.Parse([]string{"--print-config", "--listen", ":1"}, in(
		"KABINET_SECRET_KEY="+goodKey, "KABINET_DATABASE_URL=postgres://u:hunt,er2@h/d?sslpassword=hunter2",
		"KABINET_SMTP_URL=smtps://u:hunter2@h?from=a@b.c", "KABINET_NATS_URL=nats://hunter2@h:1,tls://u:hunter2@g:2",
	), &out)
	if !errors.Is(err, config.Exit{}) {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "hunt", "er2", goodKey} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is shown in\n%s", secret, &out)
		}
	}
	rows := map[string][]string{}
	for line := range strings.Lines(out.String()) {
		f := strings.Fields(line)
		rows[f[0]] = f[1:]
	}
	for name, want := range map[string][]string{
		"KABINET_DATABASE_URL": {"postgres://u:xxxxx@h/d?sslpassword=xxxxx", "env"},
		"KABINET_NATS_URL":     {"nats://xxxxx@h:1,tls://u:xxxxx@g:2", "env"},
		"KABINET_SECRET_KEY":   {"(hidden)", "env"},
		"KABINET_LISTEN":       {":1", "flag"},
		"KABINET_PUBLIC_URL":   {"http://localhost:1", "default"},
		"KABINET_LOCALE":       {"en", "default"},
	} {
		if !reflect.DeepEqual(rows[name], want) {
			t.Errorf("%s shown as %q; want %q", name, rows[name], want)
		}
	}
}
