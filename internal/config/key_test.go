package config_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kabinet/internal/config"
)

func TestSecretKeyForms(t *testing.T) {
	t.Parallel()
	want := make([]byte, 32)
	for i := range want {
		want[i] = byte(i)
	}
	for _, text := range []string{goodKey, strings.TrimRight(goodKey, "="), hex.EncodeToString(want)} {
		got, err := parse(t, "serve", "KABINET_SECRET_KEY="+text).SecretKey()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s became %x, %v", text, got, err)
		}
	}
	if _, err := parse(t, "migrate up").SecretKey(); err == nil {
		t.Error("production mode made a key of its own")
	}
}

func TestGeneratedKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "kabinet.db")
	var wg sync.WaitGroup
	keys := make([][]byte, 8)
	for i := range keys { // as many processes started at once
		cfg := parse(t, "--demo", "KABINET_DATABASE_URL=sqlite://"+file)
		wg.Go(func() { keys[i], _ = cfg.SecretKey() })
	}
	wg.Wait()
	for _, key := range keys {
		if len(key) != 32 || !bytes.Equal(key, keys[0]) {
			t.Fatalf("keys differ: %x and %x", keys[0], key)
		}
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Fatalf("left %v, %v; want the key alone", left, err)
	}
	path := file + ".key"
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file %v, %v; want mode 0600", info, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, "--demo", "KABINET_DATABASE_URL=sqlite://"+file).SecretKey(); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read was taken: %v", err)
	}
}

func TestReadPassword(t *testing.T) {
	t.Parallel()
	tests := []struct{ env, stdin, want string }{
		{"", "correct horse\nrest", "correct horse"},
		{"", " пароль \r\n", " пароль "},
		{"", "no newline", "no newline"},
		{"from env", "from stdin\n", "from env"},
		{"", "", ""},
		{"", "\n", ""},
		{"", strings.Repeat("x", 1024) + "\n", strings.Repeat("x", 1024)},
		{"", strings.Repeat("x", 1025) + "\n", ""},
		{strings.Repeat("x", 1025), "", ""},
	}
	for _, tt := range tests {
		_, cmd, err := config.Parse([]string{"user", "create", "--email", "a@example.com"}, in("KABINET_PASSWORD="+tt.env), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		got, err := cmd.(config.UserCreate).ReadPassword(strings.NewReader(tt.stdin), io.Discard)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("env %.20q, stdin %.20q gave %.20q, %v; want %.20q", tt.env, tt.stdin, got, err, tt.want)
		}
	}
}
