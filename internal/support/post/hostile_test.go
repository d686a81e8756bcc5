package post_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/letter"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/post"
	"kabinet/internal/viewer"
)

// Whatever is sent becomes a message that can be kept; what a message has no room
// for, or was cut as a quote, staff reads in the letter.
func TestOddLetters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt := w.open(t, alice)
		to := w.replyAddress(t, alice, tkt)
		many := w.letter("alice@example.com", to, strings.Repeat("я", 9_990))
		for i := range 100 {
			many.Left = append(many.Left, fmt.Sprintf("%d%s.exe", i, strings.Repeat("x", 200)))
		}
		l := w.take(t, many)
		if body := l.Edges.Message.Body; len([]rune(body)) > 10_000 || !strings.Contains(body, "\n- and 80 more") {
			t.Errorf("%d characters: %s", len([]rune(body)), body[len(body)-100:])
		}
		if whole := w.whole(t, l.Edges.Message.ID.String(), many.Key); whole == nil || *whole != many.Text {
			t.Error("a text that was shortened for its files is lost")
		}
		for name, c := range map[string]struct {
			from, text, whole string
			want              bool
		}{
			"a quote":                  {"alice@example.com", "See below.", "See below.\n\nFrom: Shop\nIN ELM STREET.", true},
			"nothing was cut":          {"alice@example.com", "Short", "Short", false},
			"a long one":               {"alice@example.com", strings.Repeat("x", 12_000), strings.Repeat("x", 12_000), true},
			"a long one of a stranger": {"eve@evil.example", strings.Repeat("x", 9_900), strings.Repeat("x", 9_900), true},
		} {
			in := w.letter(c.from, to, c.text)
			in.Whole = c.whole
			w.take(t, in)
			got := w.whole(t, name, in.Key)
			if (got != nil) != c.want || got != nil && *got != c.whole {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
}

// A file of somebody who writes for his company is his, and goes with his message.
func TestFileForACompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		carol := viewer.With(context.Background(), viewer.Viewer{UserID: w.carol, OwnerID: w.acme, Locale: "en", Grants: grants(viewer.ReachOwner)})
		in := w.letter("carol@example.com", w.replyAddress(t, carol, w.open(t, carol)), "See")
		in.Files = []post.File{{"a.txt", []byte("a")}}
		l := w.take(t, in)
		files := l.Edges.Message.QueryAttachments().QueryMessage().CountX(storetest.System())
		d := w.Client.Document.Query().OnlyX(storetest.System())
		if l.Reason != "" || *l.Edges.Message.AuthorID != w.carol || files != 1 || d.OwnerID != w.carol {
			t.Errorf("%+v, %d files, %+v", l, files, d)
		}
	})
}

// whole is all that a letter says, as staff reads it; a customer reads none.
func (w *world) whole(t testing.TB, _, key string) *string {
	t.Helper()
	l := w.kept(t, key)
	whole, err := w.post.Whole(staff(w.sam), l)
	check(t, err)
	if none, err := w.post.Whole(storetest.As(w.bob), l); err != nil || none != nil {
		t.Errorf("bob reads %v, %v", none, err)
	}
	return whole
}

// Who forges a customer's address does not silence him, and his server is told
// that a letter of nobody is not taken, each time.
func TestForgersSilenceNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for range 30 {
			w.take(t, w.letter("alice@example.com", here, "I am Alice"))
		}
		forged := w.letter("alice@example.com", here, "I am Alice")
		if err := w.post.Take(context.Background(), forged); !errors.Is(err, fault.ErrRateLimited) {
			t.Errorf("%v", err)
		}
		hers := w.letter("alice@example.com", here, "Where is my tea?")
		hers.Verdict = post.Passed
		if l := w.take(t, hers); l.Reason != "" || w.ticket(t, *l.TicketID).OwnerID != w.alice {
			t.Errorf("%+v", l)
		}
		nobody := w.letter("", here, "x")
		for range 2 {
			if err := w.post.Take(context.Background(), nobody); !errors.Is(err, post.ErrNoSender) {
				t.Errorf("%v", err)
			}
		}
		if l := w.kept(t, nobody.Key); l.Outcome != letter.OutcomeREFUSED || l.Reason != "NO_SENDER" {
			t.Errorf("%+v", l)
		}
	})
}

// Two programs that answer each other's letters and do not say that they are
// programs come to an end: the answers of ours are bounded.
func TestRobots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		letters := []post.Incoming{w.letter("robot@example.org", here, "Ticket 1 was opened at ours.")}
		ours := 0
		for range 100 {
			if len(letters) == 0 {
				break
			}
			in := letters[0]
			letters = letters[1:]
			if err := w.post.Take(context.Background(), in); err != nil && !errors.Is(err, fault.ErrRateLimited) {
				t.Fatal(err)
			}
			for _, o := range w.leave(t) {
				ours++ // it answers what it gets, where it is asked to and where nobody asked
				letters = append(letters, w.letter("robot@example.org", o.ReplyTo, "We have your letter."), w.letter("robot@example.org", here, "Re: "+o.Subject))
			}
		}
		if ours > 3 || len(letters) > 0 {
			t.Errorf("%d letters of ours, %d on their way", ours, len(letters))
		}
	})
}

// A ticket that was opened by mail is his who proves the address, with all that
// belongs to it, and nobody else's: not of who forges the address, knows the
// signed one, proves another address, or proves it when the ticket is somebody's.
func TestClaim(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := w.letter("new@example.org", here, "Hello")
		in.Files = []post.File{{"a.txt", []byte("a")}}
		id := *w.take(t, in).TicketID
		w.leave(t)
		tkt := w.ticket(t, id)
		other := *w.take(t, w.letter("new@example.org", here, "Another")).TicketID
		_, err := w.tickets.Link(staff(w.sam), support.LinkTicketsInput{TicketID: tkt.GlobalID(), OtherID: w.ticket(t, other).GlobalID()})
		check(t, err)
		_, err = w.tickets.AddNote(staff(w.sam), support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "A liar"})
		check(t, err)
		sent := w.reply(t, tkt, "Good day")
		to := sent[len(sent)-1].ReplyTo

		forged := w.letter("new@example.org", to, "Mine")
		forged.Verdict = post.Failed
		for _, in := range []post.Incoming{w.letter("alice@example.com", to, "Mine"), forged} {
			if l := w.take(t, in); l.Reason != "NOT_PROVEN" {
				t.Errorf("%+v", l)
			}
		}
		for _, user := range []string{"new@example.org.evil.example", "xnew@example.org"} {
			w.confirm(t, user)
		}
		if got := w.ticket(t, id); got.OwnerID != viewer.House || got.UserID != nil || *got.ContactEmail != "new@example.org" {
			t.Fatalf("%+v", got)
		}
		w.confirm(t, "new@example.org")
		w.owns(t, id.String())
		bob := storetest.As(w.bob)
		if n := w.Client.TicketMessage.Query().CountX(bob); n != 3 { // not the notes
			t.Errorf("bob reads %d messages", n)
		}
		for who, ctx := range map[string]context.Context{"alice": storetest.As(w.alice), "carol": storetest.As(w.carol)} {
			if n := w.Client.Ticket.Query().CountX(ctx) + w.Client.TicketMessage.Query().CountX(ctx); n != 0 {
				t.Errorf("%s sees %d", who, n)
			}
		}
		// The address becomes somebody else's: what was claimed stays bob's.
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE contact_points SET user_id = ?, is_primary = ? WHERE value_key = 'new@example.org'`, w.alice, false)
			return err
		})
		if l := w.take(t, w.letter("new@example.org", to, "Now it is mine")); l.Reason != "NOT_PROVEN" || w.ticket(t, id).OwnerID != w.bob {
			t.Errorf("%+v", l)
		}
	})
}

// owns wants every row of a ticket to be bob's.
func (w *world) owns(t testing.TB, id string) {
	t.Helper()
	for _, table := range []string{"tickets", "ticket_messages", "ticket_attachments", "ticket_edits", "ticket_links", "ticket_participants", "clock_events"} {
		column := "ticket_id"
		if table == "tickets" {
			column = "id"
		}
		rows, err := w.Query(context.Background(), `SELECT count(*) FROM `+table+` WHERE `+column+` = ? AND owner_id <> ?`, id, w.bob)
		check(t, err)
		n := -1
		for rows.Next() {
			check(t, rows.Scan(&n))
		}
		check(t, errors.Join(rows.Err(), rows.Close()))
		if n != 0 {
			t.Errorf("%d rows of %s are not bob's", n, table)
		}
	}
}

// A claim that fails half way changes nothing, and is done again.
func TestClaimIsOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := w.letter("new@example.org", here, "Hello")
		in.Files = []post.File{{"a.txt", []byte("a")}}
		id := *w.take(t, in).TicketID
		w.leave(t)
		fails := true
		w.post.Give = func(context.Context, *store.Tx, []uuid.UUID, uuid.UUID) error {
			if fails {
				return errors.New("the disk is on fire")
			}
			return nil
		}
		err := w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.ContactPoint.Create().SetUserID(w.bob).SetKind("EMAIL").SetValue("new@example.org").SetValueKey("new@example.org").SetVerifiedAt(tx.Now).Save(ctx)
			if err != nil {
				return err
			}
			return w.post.OnContactConfirmed(ctx, tx, event.Stored{}, event.ContactConfirmed{UserID: w.bob, ContactPointID: c.ID})
		})
		if err == nil {
			t.Fatal("it did not fail")
		}
		if n := w.Client.Ticket.Query().Where(ticket.OwnerID(w.bob)).CountX(storetest.System()); n != 0 {
			t.Errorf("%d tickets are bob's", n)
		}
		fails = false
		w.Clock.Add(time.Minute)
		w.confirm(t, "new@example.org")
		w.owns(t, id.String())
		if w.ticket(t, id).OwnerID != w.bob {
			t.Error("it is not done again")
		}
	})
}
