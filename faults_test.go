package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"kabinet/internal/adapter/mail"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// The disk is full: what is written is refused as UNAVAILABLE and leaves
// nothing, reads go on, and with room again everything works as it was.
//
// security L6
func TestDiskFull(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		files := filepath.Join(t.TempDir(), "files")
		w := newWorldOf(t, db, map[string]string{"KABINET_FILES_URL": "file://" + files}, nil)
		w.say(t, "alice", `mutation { uploadDocument(input: {title: "broken.png", size: 100000}) { document { id } link { url } userErrors { code } } }`, "uploadDocument.link.url")
		link := w.vars["uploadDocument.link.url"]
		w.settle(t)
		give := func(n int) string {
			return w.answer(t, "staff", fmt.Sprintf(`mutation { adjustPoints(input: {userId: %q, amount: 1, reason: %q, idempotencyKey: "full-%d"}) { entry { amount } userErrors { code } } }`, w.vars["alice"], strings.Repeat("room ", 90), n))
		}
		balance := func() (points int) {
			answer := w.send(t, step{as: "alice"}, `{ me { bonusAccounts { balance } } }`)
			v, ok := dig(answer, "data.me.bonusAccounts.0.balance")
			if !ok {
				t.Fatalf("reads must go on: %v", answer)
			}
			_, err := fmt.Sscan(fmt.Sprint(v), &points)
			check(t, err)
			return points
		}
		_ = give(0)
		before := balance()
		room := w.fillUp(t)
		given, refused := 0, 0
		for n := 1; n < 500 && refused < 5; n++ {
			answer := give(n - refused) // the refused one again
			switch {
			case strings.Contains(answer, `"code":"UNAVAILABLE"`):
				refused++
			case strings.Contains(answer, `"amount":"1"`), strings.Contains(answer, `"amount":1`):
				given++
			default:
				t.Fatalf("%s", answer)
			}
		}
		if refused < 5 || balance() != before+given {
			t.Fatalf("%d refused; %d given, and the balance went from %d to %d", refused, given, before, balance())
		}
		check(t, os.RemoveAll(files))
		check(t, os.WriteFile(files, nil, 0o600)) // no file can be made in it
		if got, body := w.bytes(t, "nobody", http.MethodPut, link, drawing(t, 40)); got.StatusCode != 503 {
			t.Errorf("a file that cannot be kept: %d %s", got.StatusCode, body)
		}
		room()
		check(t, os.Remove(files))
		check(t, os.Mkdir(files, 0o700))
		if answer := give(given + 1); strings.Contains(answer, `"code"`) || balance() != before+given+1 {
			t.Errorf("with room again: %s, and the balance is %d", answer, balance())
		}
		_ = w.upload(t, "alice")
		w.settle(t)
	})
}

// answer is what is said to a query, errors too.
func (w *world) answer(t testing.TB, who, query string) string {
	t.Helper()
	b, err := json.Marshal(w.send(t, step{name: "answer", as: who}, query))
	check(t, err)
	return string(b)
}

// fillUp leaves the database no room: SQLite by its own bound, PostgreSQL by the
// error that it answers with then.
func (w *world) fillUp(t *testing.T) (room func()) {
	t.Helper()
	do := func(statements ...string) {
		t.Helper()
		check(t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			for _, s := range statements {
				if _, err := tx.Exec(ctx, s); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	if w.db.Dialect() == dialect.SQLite { // of its one connection that writes; no less than it has
		do(`PRAGMA max_page_count = 1`)
		return func() { do(`PRAGMA max_page_count = 4294967294`) }
	}
	do(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`,
		`CREATE TRIGGER no_room BEFORE INSERT ON account_events EXECUTE FUNCTION no_room()`)
	return func() { do(`DROP TRIGGER no_room ON account_events`, `DROP FUNCTION no_room()`) }
}

// wire stands between an instance and PostgreSQL, and does to what they say
// what networks do.
type wire struct {
	url string
	lag atomic.Int64 // before each answer
	cut atomic.Bool  // the answer to COMMIT never comes
}

// newWire is nil with SQLite, which has none.
func newWire(t *testing.T, db *storetest.DB) *wire {
	t.Helper()
	if db.Dialect() == dialect.SQLite {
		return nil
	}
	u, err := url.Parse(db.URL)
	check(t, err)
	network, addr, q := "tcp", u.Host, u.Query()
	if dir := q.Get("host"); strings.HasPrefix(dir, "/") {
		port := q.Get("port")
		if port == "" {
			port = "5432"
		}
		network, addr = "unix", filepath.Join(dir, ".s.PGSQL."+port)
	}
	q.Del("host")
	q.Del("port")
	q.Set("sslmode", "disable")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	u.Host, u.RawQuery = ln.Addr().String(), q.Encode()
	w := &wire{url: u.String()}
	go func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial(network, addr)
			if err != nil {
				_ = in.Close()
				continue
			}
			go w.carry(in, out)
		}
	}()
	return w
}

func (w *wire) carry(in, out net.Conn) {
	var lost atomic.Bool
	go func() {
		defer out.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := in.Read(b)
			if err != nil {
				return
			}
			if w.cut.Load() && bytes.Contains(b[:n], []byte("COMMIT\x00")) {
				lost.Store(true)
			}
			if _, err := out.Write(b[:n]); err != nil {
				return
			}
		}
	}()
	defer in.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := out.Read(b)
		if err != nil || lost.Load() { // it has committed, and nobody hears of it
			return
		}
		time.Sleep(time.Duration(w.lag.Load()))
		if _, err := in.Write(b[:n]); err != nil {
			return
		}
	}
}

// The connection breaks while a transaction commits, and nobody knows what
// became of it: UNAVAILABLE, and the same call again does it once.
//
// security L3, S13
func TestCommitUnheardOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		far := w
		lost := newWire(t, db)
		if lost != nil {
			far = w.twinAt(t, lost.url)
		}
		give := func(n int) string {
			return far.answer(t, "staff", fmt.Sprintf(`mutation { adjustPoints(input: {userId: %q, amount: 1, reason: "A gift", idempotencyKey: "cut-%d"}) { entry { id } replayed userErrors { code } } }`, w.vars["alice"], n))
		}
		const times = 10
		for n := range times {
			if lost != nil {
				lost.cut.Store(true)
				if answer := give(n); !strings.Contains(answer, `"code":"UNAVAILABLE"`) {
					t.Errorf("cut off: %s", answer)
				}
				lost.cut.Store(false)
			}
			for range 2 {
				if answer := give(n); strings.Contains(answer, `"code"`) || lost != nil && !strings.Contains(answer, `"replayed":true`) {
					t.Errorf("again: %s", answer)
				}
			}
		}
		if got := w.count(t, `SELECT count(*) FROM ledger_entries WHERE kind = 'ADJUSTMENT'`); got != times {
			t.Errorf("%d entries of %d gifts", got, times)
		}
	})
}

// A database that answers too late, or lets nobody write: calls end with
// UNAVAILABLE in their time and leave nothing behind that piles up, the process
// lives, is not ready where nothing works, and goes on by itself afterwards.
//
// security L4
func TestSlowDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		at, slow := db.URL, newWire(t, db)
		if slow != nil {
			at = slow.url
		}
		s := start(t, t.TempDir(), []string{"KABINET_DATABASE_URL=" + at, "KABINET_MODE=development", "KABINET_RATE_NODES=0", "KABINET_SESSION_LOCK=0"}, "serve")
		far := &world{app: w.app, db: db, url: s.url, vars: w.vars, tokens: map[string]string{}} // its clock is the real one
		rename := func(name string) string {
			return far.answer(t, "alice", fmt.Sprintf(`mutation { updateProfile(input: {nickname: %q}) { userErrors { code } } }`, name))
		}
		if answer := rename("before"); strings.Contains(answer, `"code"`) {
			t.Fatal(answer)
		}
		goroutines := func() int { return s.metric(t, "go_goroutines") }
		before := goroutines()
		well := w.stall(t, slow)
		var wg sync.WaitGroup
		for n := range 40 {
			wg.Go(func() {
				if answer := rename(fmt.Sprint("slow ", n)); !strings.Contains(answer, `"code":"UNAVAILABLE"`) {
					t.Errorf("slow: %s", answer)
				}
			})
		}
		if status, body := s.get(t, "/healthz"); status != 200 {
			t.Errorf("it lives: %d %s", status, body)
		}
		if status, body := s.get(t, "/readyz"); slow != nil && status != 503 {
			t.Errorf("nothing works, and it is ready: %d %s", status, body)
		}
		wg.Wait()
		well()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			answer := rename("after")
			status, _ := s.get(t, "/readyz")
			if status == 200 && !strings.Contains(answer, `"code"`) && goroutines() < before+40 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("it does not come back: %s, ready %d, %d goroutines of %d before", answer, status, goroutines(), before)
			}
		}
		if got := far.answer(t, "alice", `{ me { nickname } }`); !strings.Contains(got, "after") {
			t.Errorf("%s", got)
		}
	})
}

// stall makes PostgreSQL answer late; of SQLite another process holds the lock
// of those who write.
func (w *world) stall(t *testing.T, slow *wire) (well func()) {
	t.Helper()
	if slow != nil {
		slow.lag.Store(int64(6 * time.Second))
		return func() { slow.lag.Store(0) }
	}
	held, free, over := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		over <- w.db.InTx(storetest.System(), func(context.Context, *store.Tx) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return func() { close(free); check(t, <-over) }
}

// metric is a gauge of /metrics.
func (s *server) metric(t *testing.T, name string) (n int) {
	t.Helper()
	_, body := s.get(t, "/metrics")
	_, rest, ok := strings.Cut(body, "\n"+name+" ")
	if _, err := fmt.Sscan(rest, &n); !ok || err != nil {
		t.Fatalf("%s is not in /metrics: %v", name, err)
	}
	return n
}

// The mail server is away for an hour: people register all the same, what was
// for then is tried again, and a letter comes once.
//
// security L16
func TestMailServerAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		box := newMailbox(t)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		defer ln.Close()
		var up atomic.Bool
		go func() { // hangs up until it is there
			for {
				in, err := ln.Accept()
				if err != nil {
					return
				}
				out, err := net.Dial("tcp", box.addr)
				if err != nil || !up.Load() {
					_ = in.Close()
					continue
				}
				go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
				go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			}
		}()
		w := newWorld(t, db)
		send, err := mail.SMTP("smtp://"+ln.Addr().String(), "Shop <account@shop.example>")
		check(t, err)
		w.posts(asAccountSends(send))
		w.say(t, "nobody", `mutation { register(input: {email: "erin@example.com", password: "correct horse battery", locale: "en", timeZone: "UTC"}) { challenge { id } userErrors { code } } }`, "register.challenge.id")
		const letters = `SELECT count(*) FROM river_job WHERE kind = 'letter' AND `
		until := func(what, where string) {
			t.Helper()
			for deadline := time.Now().Add(30 * time.Second); w.count(t, letters+where) == 0; time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the letter is not %s", what)
				}
			}
		}
		until("tried in vain", `state = 'retryable'`)
		if all := box.take(); len(all) != 0 {
			t.Fatalf("%q", all)
		}
		db.Clock.Add(time.Hour)
		up.Store(true)
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { // jobs have the clock of the database
			_, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = `+map[bool]string{true: `datetime('now', '-1 minute')`, false: `now()`}[tx.Store().Dialect() == dialect.SQLite]+` WHERE kind = 'letter'`)
			return err
		}))
		w.say(t, "nobody", `mutation { resendCode(input: {challengeId: "`+w.vars["register.challenge.id"]+`"}) { challenge { id } userErrors { code } } }`, "resendCode.challenge.id")
		w.settle(t)
		until("sent", `state = 'completed'`)
		all := box.take()
		ids := map[string]bool{}
		for _, raw := range all {
			_, rest, _ := strings.Cut(raw, "Message-ID: ")
			id, _, _ := strings.Cut(rest, "\r\n")
			if ids[id] || !strings.Contains(raw, "erin@example.com") {
				t.Errorf("a letter twice, or to somebody else: %s", raw)
			}
			ids[id] = true
		}
		if len(all) == 0 || len(all) > 2 { // the first one, where it still is of use, and the one asked for again
			t.Errorf("%d letters: %q", len(all), all)
		}
		digits := code.FindString(all[len(all)-1])
		if got := w.answer(t, "nobody", fmt.Sprintf(`mutation { confirmContact(input: {challengeId: %q, code: %q}) { userErrors { code } } }`, w.vars["resendCode.challenge.id"], digits)); strings.Contains(got, `"code"`) {
			t.Errorf("code %s: %s", digits, got)
		}
	})
}
