package main

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		version string
		major   int
	}{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": {"15.18", 15},
		"postgres (PostgreSQL) 9.6.24\n":                         {"9.6.24", 9},
		"postgres (PostgreSQL) 19beta1\n":                        {"19beta1", 19},
		"something else":                                         {"", 0},
	} {
		if version, major := parseVersion(text); version != want.version || major != want.major {
			t.Errorf("%q became %q, %d", text, version, major)
		}
	}
}

// TestNewest uses stand-ins that only know --version.
func TestNewest(t *testing.T) {
	t.Parallel()
	fake := func(version string) string {
		dir := t.TempDir()
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
		for _, name := range []string{"initdb", "postgres"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	old, fine, better := fake("14.9"), fake("15.2"), fake("17.1")
	if bin, ok := newest(t.Context(), []string{t.TempDir(), fine, old, better}); !ok || bin.dir != better || bin.version != "17.1" {
		t.Errorf("chose %+v", bin)
	}
	if bin, ok := newest(t.Context(), []string{old}); ok {
		t.Errorf("took %s, which is too old", bin.version)
	}
}

// TestRun starts the real thing. It is skipped only where go test ./... runs
// alone on a machine without PostgreSQL.
func TestRun(t *testing.T) {
	bin, ok := newest(t.Context(), directories(t.Context()))
	if !ok {
		if os.Getenv("KABINET_TEST_REQUIRE_POSTGRES") != "" {
			t.Fatal(errNone)
		}
		t.Skip("no PostgreSQL on this machine")
	}
	t.Setenv(urlVariable, "")                  // make test has set it
	seen := filepath.Join(t.TempDir(), "seen") // made before TMPDIR is watched
	t.Setenv("TMPDIR", shortDir(t))

	code, err := run(t.Context(), []string{"sh", "-c", `printf %s "$` + urlVariable + `" > ` + seen + `; exit 7`})
	if code != 7 || err != nil {
		t.Fatalf("run answered %d, %v; want the command's 7", code, err)
	}
	text, err := os.ReadFile(seen)
	if u, parseErr := url.Parse(string(text)); err != nil || parseErr != nil || u.Scheme != "postgres" {
		t.Fatalf("the command saw %q, %v", text, err)
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}

	c, err := startCluster(t.Context(), bin)
	if err != nil {
		t.Fatal(err)
	}
	checkServer(t, c.url())
	if err := c.stop(); err != nil {
		t.Error(err)
	}
	if err := c.server.Process.Signal(os.Kill); err == nil {
		t.Error("the server outlived stop")
	}
}

func checkServer(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var lower, encoding string
	if err := db.QueryRow(`SELECT lower('ПОЧТА'), current_setting('server_encoding')`).Scan(&lower, &encoding); err != nil {
		t.Fatal(err)
	}
	if lower != "почта" || encoding != "UTF8" {
		t.Errorf("lower is %q, encoding %s", lower, encoding)
	}
	if _, err := db.Exec(`CREATE DATABASE other`); err != nil {
		t.Errorf("the user may not create a database: %v", err)
	}
}

// TestRunIsInterrupted ends the whole group of the command, and then the server.
func TestRunIsInterrupted(t *testing.T) {
	t.Setenv(urlVariable, "postgres://elsewhere/db") // the command alone is of interest
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	go func() {
		code, _ := run(ctx, []string{"sh", "-c", "sleep 60 & echo $! > " + pidFile + "; wait"})
		done <- code
	}()
	pid := ""
	for deadline := time.Now().Add(10 * time.Second); pid == "" && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(pidFile)
		pid = strings.TrimSpace(string(text))
	}
	if pid == "" {
		t.Fatal("the command did not start")
	}
	cancel()
	select {
	case code := <-done:
		if code == 0 {
			t.Error("an interrupted command counts as passed")
		}
	case <-time.After(grace):
		t.Fatal("run did not end")
	}
	if out, err := exec.Command("ps", "-o", "stat=", "-p", pid).Output(); err == nil && !strings.HasPrefix(string(out), "Z") {
		t.Errorf("the command's own child %s lives on: %s", pid, out)
	}
}

func TestRunUnknownCommand(t *testing.T) {
	t.Setenv(urlVariable, "postgres://elsewhere/db")
	if code, err := run(t.Context(), []string{"kabinet-no-such-command"}); code != 1 || err == nil {
		t.Errorf("run answered %d, %v; want 1 and why", code, err)
	}
}

// shortDir is a directory whose path leaves room for a socket's name, and which
// the server's user may enter.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
