package support_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kabinet/ent/generated/auditentry"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// security F3: a note reaches no customer by any way, and moves nothing that
// would betray it.
func TestNoteIsForStaffAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		before := db.Client.Ticket.GetX(alice, tkt.ID)
		followed, err := w.tickets.Updated(subscribe(t, alice), tkt.GlobalID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		staffs, err := w.tickets.Updated(subscribe(t, sam), tkt.GlobalID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(time.Hour)
		in := support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "He is rude.", ClientMessageID: ptr("n-1")}
		note, err := w.tickets.AddNote(sam, in)
		if err != nil || note.Kind != ticketmessage.KindNOTE {
			t.Fatalf("%v, %v", note, err)
		}
		if again, err := w.tickets.AddNote(sam, in); err != nil || again.ID != note.ID {
			t.Errorf("again: %v, %v", again, err)
		}
		after := db.Client.Ticket.GetX(alice, tkt.ID)
		if !after.LastActivityAt.Equal(before.LastActivityAt) || *after.LastMessageID != *before.LastMessageID || after.Revision != before.Revision ||
			after.PublicSeq != before.PublicSeq || after.Status != before.Status || after.StatusReason != before.StatusReason {
			t.Errorf("the note has moved %v to %v", before, after)
		}
		if n, m := tkt.QueryMessages().CountX(alice), tkt.QueryMessages().CountX(sam); n != 1 || m != 2 {
			t.Errorf("alice counts %d messages, staff %d", n, m)
		}
		if _, err := db.Client.TicketMessage.Get(alice, note.ID); fault.KindOf(store.Translate(err)) != fault.NotFound {
			t.Errorf("alice reads the note: %v", err)
		}
		if w.unread(t, alice, tkt.GlobalID()) != 0 || w.unread(t, sam, tkt.GlobalID()) != 1 {
			t.Error("a note is not unread to anybody")
		}
		if told := w.told(t, w.alice); len(told) != 1 {
			t.Errorf("alice was told %v", told)
		}
		if got := take(t, staffs, 1)[0]; got.Kind != "ticket.replied" || got.Message == nil || got.Message.ID != note.ID {
			t.Errorf("staff got %+v", got)
		}
		quiet(t, followed)
		w.reply(t, sam, tkt, "Dear Alice")
		got := take(t, followed, 1)[0]
		if got.Message == nil || got.Message.Body != "Dear Alice" || got.Ticket.PublicSeq != 1 {
			t.Errorf("alice got %+v", got)
		}
		// Resumed from before the note, she still gets the answer alone.
		e, err := w.ReadStream(context.Background(), tkt.ID, 0, 10)
		if err != nil || len(e) != 3 || e[1].Visibility != event.ToStaff {
			t.Fatalf("%v, %v", e, err)
		}
		if n := db.Client.AuditEntry.Query().Where(auditentry.Action("ticket.note")).AllX(storetest.System()); len(n) != 1 || strings.Contains(toText(n[0].Changes), "rude") {
			t.Errorf("on record %v", n)
		}
		_, err = w.tickets.AddNote(alice, in)
		wantFault(t, err, fault.ErrForbidden)
	})
}

func toText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// subscribe is a context that ends with the test.
func subscribe(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	t.Cleanup(cancel)
	return ctx
}

// security F5: nobody follows a ticket that is not his.
func TestUpdatedRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, storetest.As(w.alice))
		_, err := w.tickets.Updated(storetest.As(w.bob), tkt.GlobalID(), nil)
		wantFault(t, err, fault.ErrNotFound)
		_, err = w.tickets.Updated(context.Background(), tkt.GlobalID(), nil)
		wantFault(t, err, fault.ErrNotFound)
		queue := tkt.GlobalID()
		queue.UUID = store.StaffQueue // the stream of the queue is no ticket
		_, err = w.tickets.Updated(staff(w.sam), queue, nil)
		wantFault(t, err, fault.ErrNotFound)
		other := tkt.GlobalID()
		other.Prefix = "usr"
		_, err = w.tickets.Updated(storetest.As(w.alice), other, nil)
		wantFault(t, err, fault.ErrInvalidID)
		for _, cursor := range []string{"*", ">", "a.b", "ticket.*"} {
			_, err = w.tickets.Updated(storetest.As(w.alice), tkt.GlobalID(), &cursor)
			wantFault(t, err, fault.ErrInvalidCursor)
		}
		// A cursor of the account is not one of the ticket.
		position, err := w.tickets.Streams.Position(storetest.As(w.alice), w.alice)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.tickets.Updated(storetest.As(w.alice), tkt.GlobalID(), &position)
		wantFault(t, err, fault.ErrInvalidCursor)
	})
}

// A customer who comes back with his cursor gets what he missed, in order and
// once; who may no longer see the ticket hears so.
func TestUpdatedResumed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		first, stop := context.WithCancel(alice)
		updates, err := w.tickets.Updated(first, tkt.GlobalID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		w.reply(t, sam, tkt, "one")
		cursor := take(t, updates, 1)[0].Cursor
		stop()
		w.reply(t, sam, tkt, "two")
		if _, err := w.tickets.AddNote(sam, support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "hidden"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Close(sam, support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		ctx, ended := viewer.WithStream(subscribe(t, alice))
		if updates, err = w.tickets.Updated(ctx, tkt.GlobalID(), &cursor); err != nil {
			t.Fatal(err)
		}
		got := take(t, updates, 2)
		if got[0].Message == nil || got[0].Message.Body != "two" || got[1].Kind != "ticket.changed" || got[1].Message != nil || got[1].Ticket.Status != "CLOSED" {
			t.Errorf("resumed with %+v, %+v", got[0], got[1])
		}
		quiet(t, updates)
		w.write(t, func(ctx context.Context, tx *store.Tx) error { // the ticket is given to Bob
			if _, err := tx.Exec(ctx, `UPDATE tickets SET owner_id = ?, user_id = ? WHERE id = ?`, w.bob, w.bob, tkt.ID); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE ticket_participants SET left_at = ? WHERE ticket_id = ?`, tx.Now, tkt.ID)
			return err
		})
		if _, err := w.tickets.Reopen(sam, support.ReopenTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if u, open := <-updates; open { // security F6
			t.Errorf("alice still gets %+v", u)
		}
		wantFault(t, ended(), fault.ErrNotFound)
		wantExpired(t, db, w, tkt.ID, cursor)
	})
}

// In a ticket of his own a member of staff is a customer: what colleagues say
// among themselves is not for him, by whatever way he reads. security F3
func TestNoteAboutStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam, sue := staff(w.sam), staff(w.sue)
		tkt := w.open(t, sam)
		note, err := w.tickets.AddNote(sue, support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "watch out for him"})
		if err != nil {
			t.Fatal(err)
		}
		hidden, _ := w.reply(t, sue, tkt, "not for him")
		if _, _, err := w.tickets.SetMessageVisibility(sue, support.SetTicketMessageVisibilityInput{MessageID: hidden.GlobalID(), Visibility: "STAFF"}); err != nil {
			t.Fatal(err)
		}
		wantLines(t, w.talk(t, sam, tkt.ID), "MESSAGE Sam: I am waiting.")
		wantLines(t, w.talk(t, sue, tkt.ID), "MESSAGE Sam: I am waiting.", "NOTE Sue: watch out for him", "MESSAGE Sue: not for him")
		for _, m := range []scalar.ID{note.GlobalID(), hidden.GlobalID()} {
			_, err = w.tickets.History(sam, m, support.Page{})
			wantFault(t, err, fault.ErrNotFound)
			_, _, err = w.tickets.RemoveMessage(sam, support.RemoveTicketMessageInput{MessageID: m})
			wantFault(t, err, fault.ErrNotFound, "input", "messageId")
		}
		others := w.open(t, storetest.As(w.alice))
		w.note(t, others, "of hers")
		if n := len(w.talk(t, sam, others.ID)); n != 2 {
			t.Errorf("of another's ticket he reads %d", n)
		}
	})
}
