package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// rawLetter is one letter, the same however often it is sent.
func rawLetter(id, from, to, text string) string {
	return "From: " + from + "\r\nTo: " + to + "\r\nSubject: Tea\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\nMessage-ID: <" + id + "@mail.example.org>\r\n\r\n" + text + "\r\n"
}

// hands gives a letter to a door and says how it was answered: 250, or why not.
func hands(t testing.TB, in, from, to, raw string) int {
	t.Helper()
	c, err := smtp.Dial(in)
	if err != nil {
		return 0
	}
	defer c.Close()
	err = c.SendMail(from, []string{to}, strings.NewReader(raw))
	var no *smtp.SMTPError
	switch {
	case err == nil:
		return 250
	case errors.As(err, &no):
		return no.Code
	}
	return 0
}

// The database is away behind one instance: the sender's server is told to try
// again, and its other tries, at whatever instance, lose and double nothing.
func TestMailWhileTheDatabaseIsAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, in, _ := mailWorld(t, db)
		away := w.twin(t)
		office, err := away.app.postOffice()
		check(t, err)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		go func() { _ = office.Serve(ln) }()
		t.Cleanup(func() { _ = office.Shutdown(context.Background()) })
		const from, to = "new@example.org", "support@shop.example"
		raw := rawLetter("one", from, to, "Where is my tea?")
		check(t, away.app.store.Close())
		for range 3 {
			if got := hands(t, ln.Addr().String(), from, to, raw); got != 451 {
				t.Errorf("the database is away: %d", got)
			}
		}
		// It goes away in the middle: what was written before is not there.
		rename := func(from, to string) {
			check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `ALTER TABLE `+from+` RENAME TO `+to)
				return err
			}))
		}
		rename("ticket_messages", "ticket_messages_away")
		if got := hands(t, in, from, to, raw); got != 451 {
			t.Errorf("half way: %d", got)
		}
		rename("ticket_messages_away", "ticket_messages")
		for range 3 {
			if got := hands(t, in, from, to, raw); got != 250 {
				t.Errorf("it is back: %d", got)
			}
		}
		got := w.say(t, "staff", `{ letters { totalCount } ticketQueue { totalCount nodes { messages { nodes { body } } } } }`, "")
		if want := `"letters":{"totalCount":1}`; !strings.Contains(got, want) || strings.Count(got, "Where is my tea?") != 1 {
			t.Errorf("%s", got)
		}
	})
}

// The binary is killed again and again while letters come: each that was
// answered with 250 is there, once, and so is each when its sender has tried
// again.
func TestMailKilled(t *testing.T) {
	dir := t.TempDir()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	in := ln.Addr().String()
	check(t, ln.Close())
	env := []string{"KABINET_MODE=development", "KABINET_DATABASE_URL=sqlite://" + dir + "/k.db", "KABINET_SUPPORT_ADDRESS=support@shop.example", "KABINET_SMTP_LISTEN=" + in}
	send := func(n int) int {
		from := fmt.Sprintf("p%d@example.org", n%40)
		return hands(t, in, from, "support@shop.example", rawLetter(fmt.Sprint(n), from, "support@shop.example", fmt.Sprintf("letter %d.", n)))
	}
	answered := map[int]bool{}
	n := 0
	for round := range 4 {
		s := start(t, dir, env, "serve")
		stop := time.AfterFunc(time.Duration(300+round*170)*time.Millisecond, func() { _ = s.cmd.Process.Kill() })
		for failed := 0; failed < 3 && n < 400; n++ {
			if answered[n] = send(n) == 250; !answered[n] {
				failed++
			}
		}
		stop.Stop()
		_ = s.cmd.Process.Kill()
		_, _ = s.cmd.Process.Wait()
	}
	start(t, dir, env, "serve")
	kept := keptLetters(t, dir)
	for i, yes := range answered {
		if yes && kept[i] != 1 {
			t.Errorf("letter %d was answered with 250 and is there %d times", i, kept[i])
		}
	}
	for i := range answered { // its server tries again, also where the answer was lost
		if got := send(i); got != 250 {
			t.Fatalf("letter %d, again: %d", i, got)
		}
	}
	kept = keptLetters(t, dir)
	for i := range answered {
		if kept[i] != 1 {
			t.Errorf("letter %d is there %d times", i, kept[i])
		}
	}
	t.Logf("%d letters", len(answered))
}

var letterNumber = regexp.MustCompile(`^letter (\d+)\.$`)

// keptLetters counts the messages of a database by their numbers.
func keptLetters(t *testing.T, dir string) map[int]int {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+dir+"/k.db?_pragma=busy_timeout(5000)")
	check(t, err)
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), `SELECT body FROM ticket_messages WHERE kind = 'MESSAGE'`)
	check(t, err)
	defer rows.Close()
	kept := map[int]int{}
	for rows.Next() {
		var body string
		check(t, rows.Scan(&body))
		if m := letterNumber.FindStringSubmatch(body); m != nil {
			var n int
			_, err := fmt.Sscan(m[1], &n)
			check(t, err)
			kept[n]++
		}
	}
	check(t, rows.Err())
	return kept
}

// With a relay that checks, a letter that went round it is nobody's, whatever it
// says of itself.
func TestMailRoundTheRelay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, _, _ := mailWorld(t, db)
		w.say(t, "alice", `mutation { openTicket(input: {subject: "Tea", body: "Where?"}) { ticket { id replyAddress } userErrors { code } } }`, "openTicket.ticket.replyAddress")
		to := w.vars["openTicket.ticket.replyAddress"]
		take := func(id string, relay bool) {
			raw := "Authentication-Results: mx.shop.example; dmarc=pass header.from=example.com\r\n" + rawLetter(id, "alice@example.com", to, "It is I, "+id)
			check(t, w.app.takeLetter(context.Background(), []byte(raw), []string{to}, false, relay))
		}
		take("round", false)
		take("through", true)
		got := w.say(t, "staff", `{ letters { nodes { reason message { kind body } } } }`, "")
		want := `{"message":{"body":"It is I, through","kind":"MESSAGE"},"reason":""}`
		if !strings.Contains(got, want) || !strings.Contains(got, `It is I, round","kind":"NOTE"},"reason":"NOT_PROVEN"`) {
			t.Errorf("%s", got)
		}
	})
}
