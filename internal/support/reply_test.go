package support_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
)

func TestReply(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		if n := w.unread(t, sam, tkt.GlobalID()); n != 1 {
			t.Errorf("staff have %d unread", n)
		}
		db.Clock.Add(time.Hour)
		m, after := w.reply(t, sam, tkt, "It is on its way.")
		if m.AuthorKind != ticketmessage.AuthorKindSTAFF || m.AuthorName != "Sam" || w.tickets.IsMine(alice, m) {
			t.Errorf("answer %v", m)
		}
		if after.Status != ticket.StatusSNOOZED || after.StatusReason != ticket.StatusReasonWAITING_FOR_CUSTOMER || after.Revision != 2 ||
			after.LastMessageID == nil || *after.LastMessageID != m.ID || !after.LastActivityAt.Equal(db.Clock.Now()) {
			t.Errorf("after the answer %v", after)
		}
		if n := w.unread(t, alice, tkt.GlobalID()); n != 1 {
			t.Errorf("alice has %d unread", n)
		}
		if _, after = w.reply(t, alice, tkt, "When?"); after.Status != ticket.StatusOPEN || after.StatusReason != ticket.StatusReasonNEW_REPLY {
			t.Errorf("after the question %v", after)
		}
		if n := w.unread(t, sam, tkt.GlobalID()); n != 2 {
			t.Errorf("staff have %d unread", n)
		}
		// Both sides read: once told, and again nothing.
		for _, ctx := range []struct {
			who  string
			read func() error
		}{
			{"alice", func() error {
				_, err := w.tickets.MarkRead(alice, support.MarkTicketReadInput{TicketID: tkt.GlobalID()})
				return err
			}},
			{"staff", func() error {
				_, err := w.tickets.MarkRead(sam, support.MarkTicketReadInput{TicketID: tkt.GlobalID()})
				return err
			}},
		} {
			before := len(w.told(t, tkt.ID))
			for range 2 {
				if err := ctx.read(); err != nil {
					t.Fatal(err)
				}
			}
			if told := w.told(t, tkt.ID); len(told) != before+1 || told[before].Visibility != "ALL" { // the other side sees up to where it was read
				t.Errorf("%s: %d facts of reading twice", ctx.who, len(told)-before)
			}
		}
		if a, s := w.unread(t, alice, tkt.GlobalID()), w.unread(t, sam, tkt.GlobalID()); a != 0 || s != 0 {
			t.Errorf("unread %d and %d", a, s)
		}
		// A customer's message opens a closed ticket, with an event before it.
		if _, err := w.tickets.Close(sam, support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		_, _, err := w.tickets.Reply(sam, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "x"})
		wantFault(t, err, support.ErrTicketClosed)
		m, after = w.reply(t, alice, tkt, "It has not come.")
		if after.Status != ticket.StatusOPEN || after.StatusReason != ticket.StatusReasonREOPENED || after.ClosedAt != nil {
			t.Errorf("opened again %v", after)
		}
		line := after.QueryMessages().Order(ticketmessage.BySeq()).AllX(alice)
		for i, l := range line {
			if l.Seq != int64(i)+1 {
				t.Errorf("number %d at %d", l.Seq, i)
			}
		}
		if e := line[len(line)-2]; e.Kind != ticketmessage.KindEVENT || e.Body != "New status: Opened again." || line[len(line)-1].ID != m.ID {
			t.Errorf("the end of the timeline %v", line[len(line)-2:])
		}
	})
}

// Twenty retries at once write one message, and count it once.
func TestReplyRetried(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, storetest.As(w.alice))
		in := support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "Hello?", ClientMessageID: ptr("m-1")}
		var wg sync.WaitGroup
		ids := make([]uuid.UUID, 20)
		for i := range ids {
			wg.Go(func() {
				m, _, err := w.tickets.Reply(storetest.As(w.alice), in)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = m.ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] || id == uuid.Nil {
				t.Fatalf("answers differ: %v", ids)
			}
		}
		if n := tkt.QueryMessages().CountX(storetest.System()); n != 2 {
			t.Errorf("%d messages", n)
		}
		if n := w.unread(t, staff(w.sam), tkt.GlobalID()); n != 2 {
			t.Errorf("staff have %d unread", n)
		}
		if told := w.told(t, tkt.ID); len(told) != 2 {
			t.Errorf("%d facts", len(told))
		}
		// A retry whose revision is stale by its own success is the same message still.
		in.Body, in.ClientMessageID, in.Revision = "We see.", ptr("m-2"), ptr(2)
		first, _, err := w.tickets.Reply(staff(w.sam), in)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := w.tickets.Reply(staff(w.sam), in)
		if err != nil || again.ID != first.ID {
			t.Errorf("again: %v, %v", again, err)
		}
		in.Body = "Other words"
		_, _, err = w.tickets.Reply(staff(w.sam), in)
		wantFault(t, err, fault.ErrIdempotencyKeyReused, "input", "clientMessageId")
		in.ClientMessageID = ptr("m-3")
		_, _, err = w.tickets.Reply(staff(w.sue), in)
		wantFault(t, err, fault.ErrStaleObject, "input", "revision")
	})
}

// Two sides write at once: nothing is lost, numbered twice or miscounted.
func TestReplyRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, storetest.As(w.alice))
		const each = 10
		var wg sync.WaitGroup
		for i := range each {
			wg.Go(func() {
				_, _, err := w.tickets.Reply(storetest.As(w.alice), support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: fmt.Sprint("q", i)})
				if err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				_, _, err := w.tickets.Reply(staff(w.sam), support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: fmt.Sprint("a", i)})
				if err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if _, err := w.tickets.MarkRead(storetest.As(w.alice), support.MarkTicketReadInput{TicketID: tkt.GlobalID()}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		seqs := tkt.QueryMessages().Order(ticketmessage.ByID()).Select(ticketmessage.FieldSeq).IntsX(storetest.System())
		for i, seq := range seqs {
			if seq != i+1 {
				t.Fatalf("order by id is not order by number: %v", seqs)
			}
		}
		after := db.Client.Ticket.GetX(storetest.System(), tkt.ID)
		if after.PublicSeq != each || after.StaffSeq != each+1 || after.Seq != 2*each+1 || len(seqs) != 2*each+1 {
			t.Errorf("counted %d, %d, %d", after.PublicSeq, after.StaffSeq, after.Seq)
		}
	})
}

func TestReplyRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, storetest.As(w.alice))
		in := support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "Let me in"}
		_, _, err := w.tickets.Reply(storetest.As(w.bob), in) // security F1
		wantFault(t, err, fault.ErrNotFound, "input", "ticketId")
		in.TicketID.Prefix = "order"
		_, _, err = w.tickets.Reply(storetest.As(w.alice), in)
		wantFault(t, err, fault.ErrInvalidID, "input", "ticketId")
		in.TicketID, in.Body = tkt.GlobalID(), ""
		_, _, err = w.tickets.Reply(storetest.As(w.alice), in)
		wantFault(t, err, fault.ErrRequired, "input", "body")
		_, err = w.tickets.MarkRead(storetest.As(w.bob), support.MarkTicketReadInput{TicketID: tkt.GlobalID()})
		wantFault(t, err, fault.ErrNotFound, "input", "ticketId")
		_, err = w.tickets.Close(storetest.As(w.bob), support.CloseTicketInput{TicketID: tkt.GlobalID()})
		wantFault(t, err, fault.ErrNotFound, "input", "ticketId")
	})
}
