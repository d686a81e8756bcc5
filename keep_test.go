package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/gorilla/websocket"

	"kabinet/internal/store/storetest"
)

// security L15: a backup under load is consistent, and whoever listened before
// a restore is told to read everything again.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := []string{"KABINET_DATABASE_URL=sqlite://./k.db", "KABINET_FILES_URL=file://./files"}
	check(t, os.MkdirAll(filepath.Join(dir, "files", "a"), 0o700))
	check(t, os.WriteFile(filepath.Join(dir, "files", "a", "paper"), []byte("paper"), 0o600))
	s := start(t, dir, env, "serve", "--demo")
	answer := s.post(t, "", `mutation { signIn(input: {login: "customer@example.com", password: "kabinet-demo"}) { session { token } } }`)
	got, _ := dig(answer, "data.signIn.session.token")
	token := fmt.Sprint(got)
	mark := func(s *server) (position, nickname string) {
		answer := s.post(t, token, `{ me { streamPosition nickname } }`)
		p, ok := dig(answer, "data.me.streamPosition")
		if !ok {
			t.Fatalf("nobody is signed in: %v", answer)
		}
		n, _ := dig(answer, "data.me.nickname")
		return fmt.Sprint(p), fmt.Sprint(n)
	}
	s.post(t, token, `mutation { updateProfile(input: {nickname: "before"}) { userErrors { code } } }`)
	position, _ := mark(s)

	// People change things all the while.
	done, stop := meanwhile(func(i, n int) {
		s.post(t, token, fmt.Sprintf(`mutation { a: updateProfile(input: {nickname: "n%d-%d"}) { userErrors { code } } b: redeemPoints(input: {amount: 1, idempotencyKey: "k%d-%d"}) { userErrors { code } } }`, i, n, i, n))
	})
	for done.Load() < 8 {
		time.Sleep(10 * time.Millisecond)
	}
	out, err := command(t, dir, env, "backup", "b.db").CombinedOutput()
	written := done.Load()
	if err != nil || !strings.Contains(string(out), "2 documents") {
		t.Fatalf("%v: %s", err, out)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "b.db"))
	check(t, err)
	fails(t, dir, env, "file already exists", "backup", "b.db")
	fails(t, dir, env, "in use", "restore", "b.db")
	stop()
	if now, err := os.ReadFile(filepath.Join(dir, "b.db")); err != nil || string(now) != string(kept) {
		t.Error("a second backup touched the first")
	}
	if written < 8 {
		t.Fatal("nobody wrote meanwhile")
	}
	s.post(t, token, `mutation { updateProfile(input: {nickname: "after"}) { userErrors { code } } }`)
	if code := s.stop(t); code != 0 {
		t.Fatalf("left with %d: %s", code, s.stderr)
	}

	check(t, os.WriteFile(filepath.Join(dir, "broken.db"), kept[:len(kept)/2], 0o600))
	fails(t, dir, env, "", "restore", "broken.db")
	check(t, os.WriteFile(filepath.Join(dir, "files", "a", "paper"), []byte("changed"), 0o600))
	out, err = command(t, dir, env, "restore", "b.db").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, pattern := range []string{"k.db.before-*", "files.before-*"} {
		if old, _ := filepath.Glob(filepath.Join(dir, pattern)); len(old) != 1 {
			t.Errorf("%s: %v: %s", pattern, old, out)
		}
	}
	if paper, err := os.ReadFile(filepath.Join(dir, "files", "a", "paper")); err != nil || string(paper) != "paper" {
		t.Errorf("the document is %q, %v", paper, err)
	}
	if out, err := command(t, dir, env, "check", "ledger").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	again := start(t, dir, env, "serve", "--demo")
	if _, nickname := mark(again); nickname == "after" || nickname == "" {
		t.Errorf("after the restore the nickname is %s", nickname)
	}
	if frames := again.listen(t, token, fmt.Sprintf(`subscription { notificationAdded(after: %q) { cursor } }`, position)); !strings.Contains(frames, "CURSOR_EXPIRED") {
		t.Errorf("a cursor of before: %s", frames)
	}
	if code := again.stop(t); code != 0 {
		t.Fatalf("left with %d", code)
	}
}

// The same with the tools of PostgreSQL, by the words of docs/keeping.md.
//
// security L15
func TestDumpAndRestore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		if db.Dialect() == dialect.SQLite { // TestBackupAndRestore
			return
		}
		w, other, dir := newWorld(t, db), storetest.Empty(t, db), t.TempDir()
		env := func(url string) []string {
			return []string{"KABINET_DATABASE_URL=" + url, "KABINET_MODE=development", "KABINET_SESSION_LOCK=0"}
		}
		s := start(t, dir, env(db.URL), "serve")
		far := &world{app: w.app, db: db, url: s.url, vars: w.vars, tokens: map[string]string{}} // its clock is the real one
		far.say(t, "alice", `{ me { streamPosition } }`, "me.streamPosition")
		before := far.vars["me.streamPosition"]
		far.token(t, "staff")
		done, stop := meanwhile(func(i, n int) {
			answer := s.post(t, far.tokens["staff"], fmt.Sprintf(`mutation { adjustPoints(input: {userId: %q, amount: 1, reason: "Meanwhile", idempotencyKey: "k%d-%d"}) { userErrors { code } } }`, w.vars["alice"], i, n))
			if answer["errors"] != nil {
				t.Errorf("%v", answer)
			}
		})
		for done.Load() < 8 {
			time.Sleep(10 * time.Millisecond)
		}
		run := func(name string, args ...string) {
			t.Helper()
			if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s (of PostgreSQL's bin directory, in PATH): %v: %s", name, err, out)
			}
		}
		dump := filepath.Join(dir, "monday.dump")
		run("pg_dump", "--format=custom", "--file="+dump, "--dbname="+db.URL)
		for written := done.Load(); done.Load() < written+4; {
			time.Sleep(10 * time.Millisecond)
		}
		stop()
		run("pg_restore", "--no-owner", "--dbname="+other.URL, dump)
		for _, args := range [][]string{{"restore", "--renew-epoch"}, {"check", "ledger"}} {
			if out, err := command(t, dir, env(other.URL), args...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %v: %s", args, err, out)
			}
		}
		again := start(t, dir, env(other.URL), "serve")
		kept := (&world{db: other}).count(t, `SELECT count(*) FROM ledger_entries WHERE kind = 'ADJUSTMENT'`)
		if kept < 8 || kept >= int(done.Load()) {
			t.Errorf("%d gifts of %d are in the dump", kept, done.Load())
		}
		if frames := again.listen(t, far.tokens["alice"], fmt.Sprintf(`subscription { notificationAdded(after: %q) { cursor } }`, before)); !strings.Contains(frames, "CURSOR_EXPIRED") {
			t.Errorf("a cursor of before: %s", frames)
		}
		if code := again.stop(t); code != 0 {
			t.Fatalf("left with %d", code)
		}
	})
}

// meanwhile lets four write, each call with a number of its own, until stop; done
// is how many calls have ended.
func meanwhile(write func(i, n int)) (done *atomic.Int64, stop func()) {
	done = &atomic.Int64{}
	var wg sync.WaitGroup
	over := make(chan struct{})
	for i := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				default:
				}
				write(i, n)
				done.Add(1)
			}
		})
	}
	return done, func() { close(over); wg.Wait() }
}

// fails runs a command that must fail, saying so.
func fails(t *testing.T, dir string, env []string, says string, args ...string) {
	t.Helper()
	out, err := command(t, dir, env, args...).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(out), says) {
		t.Errorf("%v: %v: %s", args, err, out)
	}
}

// listen subscribes and gives the first frame that answers.
func (s *server) listen(t *testing.T, token, query string) string {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, resp, err := dialer.Dial(strings.Replace(s.url, "http", "ws", 1)+"/graphql", http.Header{})
	check(t, err)
	_ = resp.Body.Close()
	defer conn.Close()
	check(t, conn.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"authorization": "Bearer " + token}}))
	var f frame
	check(t, conn.ReadJSON(&f))
	check(t, conn.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": query}}))
	check(t, conn.ReadJSON(&f))
	text, err := json.Marshal(f)
	check(t, err)
	return string(text)
}

// A new key is put in front of the old one: who is signed in stays so, and in
// the end nothing needs the old one. What a challenge and an authenticator app
// make of it, internal/store and internal/account/factor try.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const older, newer = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
	env := func(key string) []string {
		return []string{"KABINET_DATABASE_URL=sqlite://./k.db", "KABINET_SECRET_KEY=" + key}
	}
	s := start(t, dir, env(older), "serve", "--demo")
	answer := s.post(t, "", `mutation { signIn(input: {login: "customer@example.com", password: "kabinet-demo"}) { session { token } } }`)
	token, _ := dig(answer, "data.signIn.session.token")
	if code := s.stop(t); code != 0 {
		t.Fatalf("left with %d: %s", code, s.stderr)
	}
	out, err := command(t, dir, env(newer+","+older), "rotate-key").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "secrets of campaigns: ") || strings.Contains(string(out), "secrets of campaigns: 0 ") {
		t.Fatalf("%v: %s", err, out)
	}
	out, err = command(t, dir, env(newer), "rotate-key").CombinedOutput()
	if err != nil || strings.Contains(string(out), "none of the keys opens") || !strings.Contains(string(out), "secrets of campaigns: 0 ") {
		t.Fatalf("without the old key: %v: %s", err, out)
	}
	again := start(t, dir, env(newer), "serve", "--demo")
	answer = again.post(t, fmt.Sprint(token), `{ me { displayName } }`)
	if name, ok := dig(answer, "data.me.displayName"); !ok || name == nil {
		t.Errorf("signed out by a new key: %v", answer)
	}
	if code := again.stop(t); code != 0 {
		t.Fatalf("left with %d", code)
	}
}
