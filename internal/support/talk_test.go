package support_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketedit"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

func (w *world) edit(t *testing.T, ctx context.Context, m *ent.TicketMessage, body string) *ent.TicketMessage {
	t.Helper()
	after, _, err := w.tickets.EditMessage(ctx, support.EditTicketMessageInput{MessageID: m.GlobalID(), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func (w *world) see(t *testing.T, m *ent.TicketMessage, to ticketmessage.Visibility) *ent.Ticket {
	t.Helper()
	_, after, err := w.tickets.SetMessageVisibility(staff(w.sam), support.SetTicketMessageVisibilityInput{MessageID: m.GlobalID(), Visibility: to})
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func (w *world) remove(ctx context.Context, m *ent.TicketMessage) (*ent.TicketMessage, *ent.Ticket, error) {
	return w.tickets.RemoveMessage(ctx, support.RemoveTicketMessageInput{MessageID: m.GlobalID()})
}

func (w *world) read(t *testing.T, ctx context.Context, tkt *ent.Ticket, upTo *int) *ent.Ticket {
	t.Helper()
	after, err := w.tickets.MarkRead(ctx, support.MarkTicketReadInput{TicketID: tkt.GlobalID(), UpTo: upTo})
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// One's own words can be changed while their time lasts; what they were is
// there for staff alone, and nobody changes the words of another.
func TestEditMessage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		m, was := w.reply(t, alice, tkt, "My card is 4111")
		db.Clock.Add(time.Minute)
		if after := w.edit(t, alice, m, "My card is lost"); after.Body != "My card is lost" || after.EditedAt == nil || !after.EditedAt.Equal(db.Clock.Now()) {
			t.Errorf("%+v", after)
		}
		w.edit(t, alice, m, "My card is lost") // again: nothing
		after := db.Client.Ticket.GetX(alice, tkt.ID)
		if after.Revision != was.Revision+1 || !after.LastActivityAt.Equal(was.LastActivityAt) || after.StaffSeq != was.StaffSeq {
			t.Errorf("the edit has moved %v to %v", was, after)
		}
		history, err := w.tickets.History(sam, m.GlobalID(), support.Page{})
		if err != nil || len(history.Edges) != 1 || history.Edges[0].Node.Body != "My card is 4111" || history.Edges[0].Node.ActorName != "Alice" || history.Edges[0].Node.Kind != ticketedit.KindEDIT {
			t.Errorf("on record %+v, %v", history, err)
		}
		if _, err = w.tickets.History(alice, m.GlobalID(), support.Page{}); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("alice reads the record: %v", err)
		}
		if n := db.Client.TicketEdit.Query().CountX(alice); n != 0 {
			t.Errorf("alice counts %d rows of it", n)
		}
		in := support.EditTicketMessageInput{MessageID: m.GlobalID(), Body: "x"}
		for ctx, want := range map[context.Context]*fault.Fault{sam: fault.ErrForbidden, storetest.As(w.bob): fault.ErrNotFound, context.Background(): fault.ErrNotFound} {
			_, _, err = w.tickets.EditMessage(ctx, in)
			wantFault(t, err, want)
		}
		db.Clock.Add(15 * time.Minute)
		_, _, err = w.tickets.EditMessage(alice, in)
		wantFault(t, err, support.ErrMessageFixed, "input", "messageId")
		if f, _ := fault.As(err); f.Params["until"] == nil {
			t.Errorf("%v does not say until when", f.Params)
		}
		note, err := w.tickets.AddNote(sam, support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "rude"})
		if err != nil {
			t.Fatal(err)
		}
		revision := db.Client.Ticket.GetX(alice, tkt.ID).Revision
		db.Clock.Add(24 * time.Hour)
		if w.edit(t, sam, note, "kind"); db.Client.Ticket.GetX(alice, tkt.ID).Revision != revision {
			t.Error("a note's edit has moved what alice sees")
		}
		if told := w.told(t, tkt.ID); told[len(told)-1].Visibility != event.ToStaff {
			t.Error("a note's edit is told to customers")
		}
		for i := range 49 {
			w.edit(t, sam, note, "word "+string(rune('A'+i)))
		}
		_, _, err = w.tickets.EditMessage(sam, support.EditTicketMessageInput{MessageID: note.GlobalID(), Body: "once more"})
		wantFault(t, err, support.ErrMessageFixed)
		_, _, err = w.tickets.EditMessage(alice, support.EditTicketMessageInput{MessageID: tkt.GlobalID(), Body: "x"})
		wantFault(t, err, fault.ErrInvalidID, "input", "messageId")
		_, _, err = w.tickets.EditMessage(alice, support.EditTicketMessageInput{MessageID: m.GlobalID(), Body: " "})
		wantFault(t, err, fault.ErrRequired, "input", "body")
	})
}

// What is taken back leaves its place: no words, no count of unread, not the
// last message; staff may take back anybody's, and nobody an event.
func TestRemoveMessage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		first := tkt.QueryMessages().OnlyX(alice)
		m, _ := w.reply(t, alice, tkt, "secret")
		after, stands, err := w.remove(alice, m)
		if err != nil || after.Body != "" || after.RemovedAt == nil || stands.StaffSeq != 1 || *stands.LastMessageID != first.ID {
			t.Fatalf("%+v %+v %v", after, stands, err)
		}
		told := len(w.told(t, tkt.ID))
		if _, _, err = w.remove(alice, m); err != nil || len(w.told(t, tkt.ID)) != told {
			t.Errorf("again: %v", err)
		}
		_, _, err = w.tickets.EditMessage(alice, support.EditTicketMessageInput{MessageID: m.GlobalID(), Body: "x"})
		wantFault(t, err, support.ErrMessageFixed)
		_, _, err = w.tickets.SetMessageVisibility(sam, support.SetTicketMessageVisibilityInput{MessageID: m.GlobalID(), Visibility: ticketmessage.VisibilitySTAFF})
		wantFault(t, err, support.ErrMessageFixed)
		db.Clock.Add(time.Hour)
		_, _, err = w.remove(alice, first)
		wantFault(t, err, support.ErrMessageFixed)
		_, _, err = w.remove(storetest.As(w.bob), first)
		wantFault(t, err, fault.ErrNotFound, "input", "messageId")
		if _, stands, err = w.remove(sam, first); err != nil || stands.LastMessageID != nil || stands.StaffSeq != 0 {
			t.Errorf("by staff: %+v %v", stands, err)
		}
		if _, err = w.tickets.Close(sam, support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		e := tkt.QueryMessages().Where(ticketmessage.KindEQ(ticketmessage.KindEVENT)).FirstX(sam)
		_, _, err = w.remove(sam, e)
		wantFault(t, err, support.ErrMessageFixed)
		if f, _ := fault.As(err); f.Params["kind"] != "EVENT" {
			t.Errorf("%v", f.Params)
		}
		history, err := w.tickets.History(sam, m.GlobalID(), support.Page{})
		if err != nil || len(history.Edges) != 1 || history.Edges[0].Node.Body != "secret" || history.Edges[0].Node.Kind != ticketedit.KindREMOVE {
			t.Errorf("on record %+v %v", history, err)
		}
	})
}

// What is unread follows what is hidden and shown, whoever has read how far.
func TestHiddenMessagesDoNotCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		one, _ := w.reply(t, sam, tkt, "one")
		two, _ := w.reply(t, sam, tkt, "two")
		upTo := int(one.Seq)
		if w.read(t, alice, tkt, &upTo); w.unread(t, alice, tkt.GlobalID()) != 1 {
			t.Errorf("read up to one: %d unread", w.unread(t, alice, tkt.GlobalID()))
		}
		for _, c := range []struct {
			m    *ent.TicketMessage
			to   ticketmessage.Visibility
			left int
			last *uuid.UUID
		}{
			{two, ticketmessage.VisibilitySTAFF, 0, &one.ID}, {two, ticketmessage.VisibilitySTAFF, 0, &one.ID},
			{two, ticketmessage.VisibilityALL, 1, &two.ID}, {one, ticketmessage.VisibilitySTAFF, 1, &two.ID},
			{one, ticketmessage.VisibilityALL, 1, &two.ID}, {one, ticketmessage.VisibilitySTAFF, 1, &two.ID}, {one, ticketmessage.VisibilityALL, 1, &two.ID},
		} {
			after := w.see(t, c.m, c.to)
			if got := w.unread(t, alice, tkt.GlobalID()); got != c.left || *after.LastMessageID != *c.last {
				t.Errorf("%s to %s: %d unread, the last is %s", c.m.Body, c.to, got, after.LastMessageID)
			}
		}
		if after := w.read(t, alice, tkt, nil); after.ReadByCustomerUpTo != two.Seq || w.unread(t, alice, tkt.GlobalID()) != 0 {
			t.Errorf("all read: %+v", after)
		}
		if after := w.read(t, alice, tkt, &upTo); after.ReadByCustomerUpTo != two.Seq || w.unread(t, alice, tkt.GlobalID()) != 0 {
			t.Errorf("a mark has moved back: %+v", after)
		}
		for m, want := range map[*ent.TicketMessage]bool{one: true, two: true, tkt.QueryMessages().Order(ticketmessage.BySeq()).FirstX(alice): false} {
			if seen, err := w.tickets.Seen(alice, m); err != nil || seen == nil || *seen != want {
				t.Errorf("%s seen: %v %v", m.Body, seen, err)
			}
		}
		if after := w.read(t, sam, tkt, nil); after.ReadByStaffUpTo != 1 {
			t.Errorf("staff have read up to %d", after.ReadByStaffUpTo)
		}
		for _, v := range []ticketmessage.Visibility{ticketmessage.VisibilityALL, ticketmessage.VisibilitySTAFF} {
			_, _, err := w.tickets.SetMessageVisibility(alice, support.SetTicketMessageVisibilityInput{MessageID: one.GlobalID(), Visibility: v})
			wantFault(t, err, fault.ErrForbidden)
		}
		note, err := w.tickets.AddNote(sam, support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "note"})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = w.tickets.SetMessageVisibility(sam, support.SetTicketMessageVisibilityInput{MessageID: note.GlobalID(), Visibility: ticketmessage.VisibilityALL})
		wantFault(t, err, support.ErrMessageFixed)
		_, err = w.tickets.MarkRead(alice, support.MarkTicketReadInput{TicketID: tkt.GlobalID(), UpTo: ptr(-1)})
		wantFault(t, err, fault.ErrOutOfRange, "input", "upTo")
	})
}

// A retry of what was hidden, edited or removed since doubles nothing, and
// shows nothing that the caller may not see.
func TestRetryAfterItWasChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt := w.open(t, alice)
		in := support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "hello", ClientMessageID: ptr("c-1")}
		m, _, err := w.tickets.Reply(alice, in)
		if err != nil {
			t.Fatal(err)
		}
		w.edit(t, alice, m, "hello again")
		if again, _, err := w.tickets.Reply(alice, in); err != nil || again.ID != m.ID || again.Body != "hello again" {
			t.Errorf("%+v %v", again, err)
		}
		w.see(t, m, ticketmessage.VisibilitySTAFF)
		if again, after, err := w.tickets.Reply(alice, in); err != nil || again != nil || after == nil {
			t.Errorf("hidden: %+v %v", again, err)
		}
		if n := tkt.QueryMessages().CountX(storetest.System()); n != 2 {
			t.Errorf("%d messages", n)
		}
	})
}

// Both sides follow what becomes of messages: to the customer a hidden one is
// gone and a shown one new; a note is nothing.
func TestUpdatedOfMessages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		hers, err := w.tickets.Updated(subscribe(t, alice), tkt.GlobalID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := w.tickets.Updated(subscribe(t, sam), tkt.GlobalID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := w.reply(t, sam, tkt, "draft")
		w.edit(t, sam, m, "better")
		got := take(t, hers, 2)
		w.see(t, m, ticketmessage.VisibilitySTAFF)
		got = append(got, take(t, hers, 1)...)
		w.see(t, m, ticketmessage.VisibilityALL)
		got = append(got, take(t, hers, 1)...)
		if _, _, err := w.remove(sam, m); err != nil {
			t.Fatal(err)
		}
		got = append(got, take(t, hers, 1)...)
		for i, want := range []struct {
			change support.TicketChange
			shown  bool
		}{{"ADDED", true}, {"UPDATED", true}, {"REMOVED", false}, {"ADDED", true}, {"REMOVED", true}} {
			u := got[i]
			if u.Change == nil || *u.Change != want.change || u.MessageID.UUID != m.ID || (u.Message != nil) != want.shown {
				t.Errorf("%d: alice got %+v", i, u)
			}
		}
		if got[4].Message.Body != "" {
			t.Errorf("a removed message says %q", got[4].Message.Body)
		}
		for i, u := range take(t, theirs, 5) {
			if want := []support.TicketChange{"ADDED", "UPDATED", "UPDATED", "UPDATED", "REMOVED"}[i]; *u.Change != want || u.Message == nil {
				t.Errorf("%d: staff got %+v", i, u)
			}
		}
	})
}

// A signal reaches whoever follows, but not its author, and of staff the
// customer learns neither presence nor notes; it moves no cursor and leaves no row.
func TestType(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		follow := func(ctx context.Context) <-chan *support.Update {
			u, err := w.tickets.Updated(subscribe(t, ctx), tkt.GlobalID(), nil)
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		hers, his, hers2 := follow(alice), follow(sam), follow(staff(w.sue))
		before := len(w.told(t, tkt.ID))
		say := func(ctx context.Context, kind support.TicketSignalKind, editing, note bool) {
			t.Helper()
			if until, err := w.tickets.Type(ctx, support.StartTypingInput{TicketID: tkt.GlobalID(), Kind: &kind, Editing: &editing, Note: &note}); err != nil || !until.After(db.Clock.Now()) {
				t.Fatalf("%v %v", until, err)
			}
		}
		say(alice, support.TicketSignalTyping, true, false)
		for _, u := range []*support.Update{take(t, his, 1)[0], take(t, hers2, 1)[0]} {
			if s := u.Signal; s == nil || s.Name != "Alice" || s.Side != ticketmessage.AuthorKindCUSTOMER || !s.Editing || s.UserID.UUID != w.alice || u.Ticket != nil || u.Cursor == "" {
				t.Errorf("%+v", u)
			}
		}
		say(sam, support.TicketSignalPresent, true, false)
		say(sam, support.TicketSignalTyping, false, true)
		take(t, hers2, 2)
		quiet(t, hers)
		quiet(t, his)
		say(sam, support.TicketSignalTyping, false, false)
		if s := take(t, hers, 1)[0].Signal; s.Name != "Sam" || s.UserID != nil {
			t.Errorf("alice learns %+v", s)
		}
		if after := len(w.told(t, tkt.ID)); after != before {
			t.Errorf("%d rows were written", after-before)
		}
		// What is over, forged or of another person's future is skipped.
		for _, f := range []map[string]any{
			{"u": w.sam, "k": "TYPING", "s": "STAFF", "n": "x", "t": db.Clock.Now().Add(-time.Second)},
			{"u": w.sam, "k": "TYPING", "s": "STAFF", "n": "x", "t": db.Clock.Now().Add(time.Hour)},
			{"u": w.sam, "k": "NOTHING", "s": "STAFF", "n": "x", "t": db.Clock.Now().Add(time.Second)},
		} {
			b, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			w.tickets.Streams.Hub.Signal(live.Signal{Stream: tkt.ID, Payload: b})
		}
		w.tickets.Streams.Hub.Signal(live.Signal{Stream: tkt.ID, Payload: []byte("garbage")})
		quiet(t, hers)
	})
}

func TestTypeRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt := w.open(t, alice)
		in := support.StartTypingInput{TicketID: tkt.GlobalID()}
		_, err := w.tickets.Type(storetest.As(w.bob), in)
		wantFault(t, err, fault.ErrNotFound, "input", "ticketId")
		_, err = w.tickets.Type(alice, support.StartTypingInput{TicketID: scalar.ID{Prefix: "usr", UUID: tkt.ID}})
		wantFault(t, err, fault.ErrInvalidID, "input", "ticketId")
		_, err = w.tickets.Type(alice, support.StartTypingInput{TicketID: tkt.GlobalID(), Note: ptr(true)})
		wantFault(t, err, fault.ErrInvalidValue, "input", "note")
		n := 1 // the last counted too
		for ; err == nil || !errors.Is(err, fault.ErrRateLimited); n++ {
			if _, err = w.tickets.Type(alice, in); n > 30 {
				t.Fatal("nothing bounds her")
			}
		}
		if _, err = w.tickets.Type(storetest.As(w.alice), in); !errors.Is(err, fault.ErrRateLimited) {
			t.Error(err)
		}
		db.Clock.Add(10 * time.Second)
		if _, err = w.tickets.Type(alice, in); err != nil {
			t.Errorf("after a while: %v", err)
		}
		// A colleague who only reads is there, but does not type.
		acme := member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner)
		theirs := w.open(t, acme)
		reader := member(w.dave, w.acme, viewer.ReachOwner, viewer.ReachNone)
		_, err = w.tickets.Type(reader, support.StartTypingInput{TicketID: theirs.GlobalID()})
		wantFault(t, err, fault.ErrForbidden)
		if _, err = w.tickets.Type(reader, support.StartTypingInput{TicketID: theirs.GlobalID(), Kind: ptr(support.TicketSignalPresent)}); err != nil {
			t.Error(err)
		}
	})
}

// The queue's stream is for staff alone, and goes on after a cursor.
func TestQueueChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		for _, ctx := range []context.Context{alice, context.Background(), member(w.sue, viewer.House, viewer.ReachOwner, viewer.ReachOwner)} {
			_, err := w.tickets.QueueChanged(ctx, nil)
			wantFault(t, err, fault.ErrForbidden)
		}
		hear := func() {
			t.Helper()
			for {
				n, err := db.Hear(storetest.System(), 100, w.tickets.Hearers(), func(_ context.Context, _ *store.Tx, _ string, _ event.Stored, err error) error { return err })
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					return
				}
			}
		}
		first, stop := context.WithCancel(sam)
		updates, err := w.tickets.QueueChanged(first, nil)
		if err != nil {
			t.Fatal(err)
		}
		tkt := w.open(t, alice)
		hear()
		u := take(t, updates, 1)[0]
		if u.Change != support.TicketChangeAdded || u.TicketID.UUID != tkt.ID || u.Ticket == nil || u.Cause != "ticket.opened" {
			t.Errorf("%+v", u)
		}
		stop()
		m, _ := w.reply(t, alice, tkt, "oh")
		w.edit(t, alice, m, "ah")
		hear()
		if updates, err = w.tickets.QueueChanged(subscribe(t, sam), &u.Cursor); err != nil {
			t.Fatal(err)
		}
		got := take(t, updates, 2)
		if got[0].Cause != "ticket.replied" || got[1].Cause != "ticket.message_changed" || got[1].Change != support.TicketChangeUpdated {
			t.Errorf("%+v %+v", got[0], got[1])
		}
		quiet(t, updates)
	})
}
