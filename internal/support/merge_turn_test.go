package support_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
)

// Several tickets go into one, one after the other, and their talk is there in
// the order in which they came.
func TestMergeSeveralIntoOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		into := w.open(t, alice)
		for _, body := range []string{"first", "second", "third"} {
			from := w.open(t, alice)
			// The same name in each of them; the first that comes keeps it.
			if _, _, err := w.tickets.Reply(alice, support.ReplyToTicketInput{TicketID: from.GlobalID(), Body: body, ClientMessageID: ptr("m")}); err != nil {
				t.Fatal(err)
			}
			w.reply(t, sam, from, "answer to the "+body)
			a, b := w.merge(t, from, into)
			if *a.MergedIntoID != into.ID || b.MergedIntoID != nil {
				t.Fatalf("%v into %v", a, b)
			}
			if n, s := w.unread(t, alice, a.GlobalID()), w.unread(t, sam, a.GlobalID()); n != 0 || s != 0 {
				t.Errorf("what was merged has %d and %d unread", n, s)
			}
		}
		want := []string{"MESSAGE Alice: I am waiting."}
		for _, body := range []string{"first", "second", "third"} {
			want = append(want, "MESSAGE Alice: I am waiting.", "MESSAGE Alice: "+body, "MESSAGE Sam: answer to the "+body)
		}
		wantLines(t, w.talk(t, alice, into.ID), want...)
		if links, err := w.tickets.Links(alice, into); err != nil || len(links) != 3 {
			t.Errorf("links %v, %v", links, err)
		}
		if n, s := w.unread(t, alice, into.GlobalID()), w.unread(t, sam, into.GlobalID()); n != 3 || s != 7 {
			t.Errorf("%d unread by her, %d by staff", n, s)
		}
		named := db.Client.TicketMessage.Query().Where(ticketmessage.TicketID(into.ID), ticketmessage.ClientID("m")).OnlyX(sam)
		if named.Body != "first" {
			t.Errorf("the name is that of %q", named.Body)
		}
	})
}

// Many go into one at the same moment, and the one goes elsewhere meanwhile:
// none is lost, none is there twice, and all lead to the end.
func TestMergeManyIntoOneAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		into, end := w.open(t, alice), w.open(t, alice)
		var from []*ent.Ticket
		for i := range 6 {
			tkt, err := w.tickets.Open(alice, support.OpenTicketInput{Subject: "s", Body: fmt.Sprint("body ", i)})
			if err != nil {
				t.Fatal(err)
			}
			from = append(from, tkt)
		}
		merge := func(a, b *ent.Ticket) error {
			_, _, err := w.tickets.Merge(sam, support.MergeTicketsInput{TicketID: a.GlobalID(), IntoID: b.GlobalID()})
			return err
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused := map[*ent.Ticket]bool{}
		for i, f := range from {
			wg.Go(func() {
				err := merge(f, into)
				if err == nil {
					return
				}
				if c, ok := fault.As(err); !ok || c.Code != support.ErrTicketMerged.Code || c.Params["ticketId"] != end.GlobalID().String() {
					t.Error(i, err)
				}
				mu.Lock()
				defer mu.Unlock()
				refused[f] = true
			})
		}
		wg.Go(func() {
			if err := merge(into, end); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		for f := range refused {
			if err := merge(f, end); err != nil {
				t.Error(err)
			}
		}
		if n := db.Client.Ticket.Query().Where(ticket.MergedIntoID(end.ID)).CountX(sam); n != 7 {
			t.Errorf("%d of 7 lead to the end", n)
		}
		lines := w.talk(t, alice, end.ID)
		if len(lines) != 8 {
			t.Errorf("%d messages: %q", len(lines), lines)
		}
		if s := w.unread(t, sam, end.GlobalID()); s != 8 {
			t.Errorf("staff have %d unread", s)
		}
	})
}

// What nobody has answered in the ticket that goes is owed in the one that
// stays; what was answered, or closed, is not. A date that was promised stays
// promised.
func TestMergeKeepsWhatIsOwed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var acts []support.Act
		w.tickets.Clock = func(_ context.Context, _ *store.Tx, m support.Moment) error {
			acts = append(acts, m.Act)
			return nil
		}
		alice, sam := storetest.As(w.alice), staff(w.sam)
		for name, c := range map[string]struct {
			do   func(from, into *ent.Ticket)
			want string
		}{
			"asked":             {func(_, _ *ent.Ticket) {}, "[CUSTOMER_WROTE MERGED]"},
			"asked, and a note": {func(from, _ *ent.Ticket) { w.note(t, from, "n") }, "[CUSTOMER_WROTE MERGED]"},
			"answered":          {func(from, _ *ent.Ticket) { w.reply(t, sam, from, "yes") }, "[MERGED]"},
			"both answered":     {func(from, into *ent.Ticket) { w.reply(t, sam, into, "yes"); w.reply(t, sam, from, "yes") }, "[MERGED]"},
			"asked again":       {func(from, _ *ent.Ticket) { w.reply(t, sam, from, "yes"); w.reply(t, alice, from, "why?") }, "[CUSTOMER_WROTE MERGED]"},
			"taken back": {func(from, _ *ent.Ticket) {
				w.reply(t, sam, from, "yes")
				m, _ := w.reply(t, alice, from, "why?")
				if _, _, err := w.remove(alice, m); err != nil {
					t.Fatal(err)
				}
			}, "[MERGED]"},
			"closed": {func(from, _ *ent.Ticket) {
				if _, err := w.tickets.Close(alice, support.CloseTicketInput{TicketID: from.GlobalID()}); err != nil {
					t.Fatal(err)
				}
			}, "[MERGED]"},
		} {
			from, into := w.open(t, alice), w.open(t, alice)
			c.do(from, into)
			acts = nil
			if w.merge(t, from, into); fmt.Sprint(acts) != c.want {
				t.Errorf("%s: %v", name, acts)
			}
		}
		later, sooner := db.Clock.Now().Add(48*time.Hour), db.Clock.Now().Add(24*time.Hour)
		snooze := func(until *time.Time) *ent.Ticket {
			tkt := w.open(t, alice)
			w.reply(t, sam, tkt, "wait")
			if until == nil {
				return tkt
			}
			_, err := w.tickets.SetStatus(sam, support.SetTicketStatusInput{TicketID: tkt.GlobalID(), Status: ptr(ticket.StatusSNOOZED), Reason: ptr(ticket.StatusReasonWAITING_FOR_DATE), SnoozedUntilAt: until})
			if err != nil {
				t.Fatal(err)
			}
			return tkt
		}
		for _, c := range []struct{ from, into, want *time.Time }{{&later, nil, &later}, {&later, &sooner, &sooner}, {&sooner, &later, &sooner}, {nil, &later, &later}, {nil, nil, nil}} {
			_, b := w.merge(t, snooze(c.from), snooze(c.into))
			if (b.SnoozedUntilAt == nil) != (c.want == nil) || c.want != nil && !b.SnoozedUntilAt.Equal(*c.want) || b.Status != ticket.StatusSNOOZED {
				t.Errorf("%v into %v: %v", c.from, c.into, b.SnoozedUntilAt)
			}
		}
	})
}

// A secret that was said in a ticket that is merged can be taken away in both;
// by staff alone, and nothing else can be done there.
func TestTakeAwayFromMerged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		from, into := w.open(t, alice), w.open(t, alice)
		m, _ := w.reply(t, alice, from, "secret")
		w.merge(t, from, into)
		_, _, err := w.tickets.EditMessage(alice, support.EditTicketMessageInput{MessageID: m.GlobalID(), Body: "x"})
		wantFault(t, err, support.ErrTicketMerged, "input", "messageId")
		_, _, err = w.remove(alice, m)
		wantFault(t, err, support.ErrTicketMerged, "input", "messageId")
		if f, _ := fault.As(err); f.Params["ticketId"] != into.GlobalID().String() {
			t.Errorf("%v", f.Params)
		}
		w.see(t, m, ticketmessage.VisibilitySTAFF)
		wantLines(t, w.talk(t, alice, from.ID), "MESSAGE Alice: I am waiting.")
		w.see(t, m, ticketmessage.VisibilityALL)
		if _, _, err := w.remove(sam, m); err != nil {
			t.Fatal(err)
		}
		wantLines(t, w.talk(t, alice, from.ID), "MESSAGE Alice: I am waiting.", "MESSAGE Alice: ")
		copied := db.Client.TicketMessage.Query().Where(ticketmessage.CopiedFromID(m.ID)).OnlyX(sam)
		if _, _, err := w.remove(sam, copied); err != nil {
			t.Fatal(err)
		}
		if w.fresh(t, from).Status != ticket.StatusCLOSED || w.fresh(t, from).MergedIntoID == nil {
			t.Errorf("it stands otherwise: %v", w.fresh(t, from))
		}
		_, err = w.tickets.Type(alice, support.StartTypingInput{TicketID: scalar.ID{Prefix: "tkt", UUID: from.ID}})
		wantFault(t, err, support.ErrTicketMerged, "input", "ticketId")
	})
}
