package post_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/post"
	"kabinet/internal/viewer"
)

// An answer of staff goes to who takes part, says what it answers, and comes
// back by the address that it names. security J10: nothing in it is HTML.
func TestAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt, err := w.tickets.Open(alice, support.OpenTicketInput{Subject: `<img src=x> {{.Number}}`, Body: "x"})
		check(t, err)
		to := w.replyAddress(t, alice, tkt)
		w.take(t, w.letter("alice@example.com", to, "In Elm Street."))
		sent := w.reply(t, tkt, "Dear Alice,\n<script>alert(1)</script> & {{.Number}}")
		if len(sent) != 1 {
			t.Fatalf("%+v", sent)
		}
		o := sent[0]
		if o.To != "alice@example.com" || o.ReplyTo != to || o.ReturnTo != to || o.Automatic || o.Loop != here || o.InReplyTo != "m1@example.com" || len(o.References) != 2 ||
			o.Subject != "Re: <img src=x> {{.Number}} ["+tkt.Number+"]" || !strings.HasPrefix(o.ID, "kabinet.ticket.") {
			t.Errorf("%+v", o)
		}
		if strings.Contains(o.HTML, "<script") || strings.Contains(o.HTML, "<img") || !strings.Contains(o.HTML, "Dear Alice,<br>\n&lt;script&gt;") || !strings.HasPrefix(o.Text, "Dear Alice,\n<script>") || !strings.Contains(o.Text, "Sam") {
			t.Errorf("%s\n%s", o.Text, o.HTML)
		}
		if l := w.take(t, w.letter("alice@example.com", o.ReplyTo, "Thanks")); l.Reason != "" || *l.TicketID != tkt.ID {
			t.Errorf("%+v", l)
		}
		// What is hidden, removed or for staff goes to nobody.
		if _, err := w.tickets.AddNote(staff(w.sam), support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "note"}); err != nil {
			t.Fatal(err)
		}
		if sent := w.leave(t); len(sent) != 0 {
			t.Errorf("%+v", sent)
		}
		_, _, err = w.tickets.Reply(staff(w.sam), support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "secret"})
		check(t, err)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE ticket_messages SET visibility = 'STAFF' WHERE body = 'secret'`)
			return err
		})
		if sent := w.leave(t); len(sent) != 0 {
			t.Errorf("%+v", sent)
		}
	})
}

func TestReplyAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt := w.open(t, alice)
		his, hers := w.post.ReplyAddress(storetest.As(w.bob), tkt), w.replyAddress(t, alice, tkt)
		if his != nil && *his == hers {
			t.Error("two people have one address")
		}
		for name, ctx := range map[string]context.Context{"nobody": context.Background(), "staff": staff(w.sam)} {
			if to := w.post.ReplyAddress(ctx, tkt); to != nil {
				t.Errorf("%s: %s", name, *to)
			}
		}
		acting := viewer.From(alice)
		acting.ActingStaff = w.sam
		if to := w.post.ReplyAddress(viewer.With(alice, acting), tkt); to != nil {
			t.Errorf("who acts for her: %s", *to)
		}
		w.post.Address = ""
		if to := w.post.ReplyAddress(alice, tkt); to != nil || w.post.Ours(here) || w.post.Hearers() != nil {
			t.Errorf("no mail is taken in, and %v", to)
		}
	})
}

// Somebody without an account is answered by mail; his tickets become his when
// he proves the address in an account.
func TestStranger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		l := w.take(t, w.letter("new@example.org", here, "Hello"))
		id := *l.TicketID
		receipt := w.leave(t)
		if len(receipt) != 1 || receipt[0].To != "new@example.org" || receipt[0].ReplyTo == here {
			t.Fatalf("%+v", receipt)
		}
		sent := w.reply(t, w.ticket(t, id), "Good day")
		if len(sent) != 1 || sent[0].To != "new@example.org" || sent[0].InReplyTo != "m1@example.com" {
			t.Fatalf("%+v", sent)
		}
		to := sent[0].ReplyTo
		w.take(t, w.letter("new@example.org", to, "More"))
		if l := w.take(t, w.letter("other@example.org", to, "Me too")); l.Reason != "NOT_PROVEN" {
			t.Errorf("%+v", l)
		}
		w.confirm(t, "other.than@example.org") // somebody else proves another address
		if tkt := w.ticket(t, id); tkt.OwnerID != viewer.House {
			t.Errorf("%+v", tkt)
		}
		w.confirm(t, "new@example.org")
		tkt := w.ticket(t, id)
		if tkt.OwnerID != w.bob || tkt.UserID == nil || *tkt.UserID != w.bob || tkt.ContactEmail != nil {
			t.Fatalf("%+v", tkt)
		}
		bob := storetest.As(w.bob)
		list, err := w.tickets.Of(bob, w.bob, nil, support.Page{})
		check(t, err)
		if len(list.Edges) != 1 || w.Client.TicketMessage.Query().CountX(bob) != 3 {
			t.Errorf("bob sees %d tickets, %d messages", len(list.Edges), w.Client.TicketMessage.Query().CountX(bob))
		}
		w.want(t, tkt.GlobalID(), "ALL CUSTOMER: Hello", "ALL sam: Good day", "ALL CUSTOMER: More", w.timeline(t, id)[3])
		w.take(t, w.letter("new@example.org", to, "Mine now")) // the address of then still works
		if got := w.timeline(t, id); got[4] != "ALL bob: Mine now" {
			t.Errorf("%q", got)
		}
		if sent := w.reply(t, tkt, "Good"); len(sent) != 1 || sent[0].To != "bob@example.com" {
			t.Errorf("%+v", sent)
		}
	})
}

// confirm has bob prove an address.
func (w *world) confirm(t testing.TB, to string) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.ContactPoint.Create().SetUserID(w.bob).SetKind(contactpoint.KindEMAIL).SetValue(to).SetValueKey(to).SetVerifiedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		tx.Tell(event.ContactConfirmed{UserID: w.bob, ContactPointID: c.ID}, store.ToUser(w.bob))
		return nil
	})
	w.leave(t)
}

// Somebody whose address was proven before writes without proof, is answered
// there and answers: then the ticket is his.
func TestClaimByReply(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		l := w.take(t, w.letter("alice@example.com", here, "Hello"))
		w.leave(t)
		sent := w.reply(t, w.ticket(t, *l.TicketID), "Is it you?")
		if len(sent) != 1 {
			t.Fatalf("%+v", sent)
		}
		w.take(t, w.letter("alice@example.com", sent[0].ReplyTo, "It is I"))
		if tkt := w.ticket(t, *l.TicketID); tkt.OwnerID != w.alice {
			t.Errorf("%+v", tkt)
		}
		w.want(t, scalar.ID{UUID: *l.TicketID}, "ALL CUSTOMER: Hello", "ALL sam: Is it you?", "ALL alice: It is I")
	})
}

func TestLetters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		l := w.take(t, w.letter("new@example.org", here, "Hello"))
		none := w.letter("", here, "x")
		if err := w.post.Take(context.Background(), none); !errors.Is(err, post.ErrNoSender) {
			t.Error(err)
		}
		page, err := w.post.Letters(staff(w.sam), &scalar.ID{Prefix: "tkt", UUID: *l.TicketID}, nil, post.Page{})
		check(t, err)
		if len(page.Edges) != 1 {
			t.Errorf("%d letters of the ticket", len(page.Edges))
		}
		if page, err = w.post.Letters(staff(w.sam), nil, nil, post.Page{}); err != nil || len(page.Edges) != 2 || page.Edges[0].Node.Outcome != "REFUSED" {
			t.Errorf("%+v, %v", page, err)
		}
		if page, err = w.post.Letters(storetest.As(w.alice), nil, nil, post.Page{}); err != nil || len(page.Edges) != 0 {
			t.Errorf("a customer sees %+v, %v", page, err)
		}
		if _, err := w.post.Letters(staff(w.sam), &scalar.ID{Prefix: "usr", UUID: w.alice}, nil, post.Page{}); err == nil {
			t.Error("an id of another kind is taken")
		}
		w.Clock.Add(366 * 24 * 60 * 60 * 1e9)
		check(t, w.post.Forget(storetest.System()))
		if n := w.Client.Letter.Query().CountX(storetest.System()); n != 0 {
			t.Errorf("%d letters are remembered", n)
		}
		if n := w.Client.Ticket.Query().Where(ticket.ContactEmailNotNil()).CountX(storetest.System()); n != 1 {
			t.Errorf("%d tickets", n)
		}
	})
}
