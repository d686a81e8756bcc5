package support_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketlink"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// talk is the timeline of a ticket as somebody reads it, without events.
func (w *world) talk(t *testing.T, ctx context.Context, id uuid.UUID) (lines []string) {
	t.Helper()
	all, err := w.tickets.Store.Client.TicketMessage.Query().Where(ticketmessage.TicketID(id), ticketmessage.KindNEQ(ticketmessage.KindEVENT)).
		Order(ticketmessage.BySeq()).All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		lines = append(lines, fmt.Sprintf("%s %s: %s", m.Kind, m.AuthorName, m.Body))
	}
	return lines
}

func (w *world) note(t *testing.T, tkt *ent.Ticket, body string) *ent.TicketMessage {
	t.Helper()
	m, err := w.tickets.AddNote(staff(w.sam), support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func (w *world) merge(t *testing.T, from, into *ent.Ticket) (a, b *ent.Ticket) {
	t.Helper()
	a, b, err := w.tickets.Merge(staff(w.sam), support.MergeTicketsInput{TicketID: from.GlobalID(), IntoID: into.GlobalID()})
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

func TestMerge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var moments []string
		w.tickets.Clock = func(_ context.Context, _ *store.Tx, m support.Moment) error {
			moments = append(moments, fmt.Sprint(m.Act, " ", m.Was, " ", m.Ticket.Status))
			return nil
		}
		alice, sam := storetest.As(w.alice), staff(w.sam)
		into := w.open(t, alice)
		w.reply(t, sam, into, "On its way.")
		from, err := w.tickets.Open(alice, support.OpenTicketInput{Subject: "Again", Body: "Hello?", ClientMessageID: ptr("m-1")})
		if err != nil {
			t.Fatal(err)
		}
		w.note(t, from, "The same as before.")
		moments = nil
		a, b := w.merge(t, from, into)
		if a.Status != ticket.StatusCLOSED || a.StatusReason != ticket.StatusReasonDUPLICATE || a.MergedIntoID == nil || *a.MergedIntoID != b.ID || a.ClosedAt == nil {
			t.Errorf("merged: %v", a)
		}
		if b.Status != ticket.StatusOPEN || b.StatusReason != ticket.StatusReasonNEW_REPLY {
			t.Errorf("the other waited for the customer, who had written: %v", b)
		}
		wantLines(t, moments, "CUSTOMER_WROTE SNOOZED OPEN", "MERGED OPEN CLOSED")
		wantLines(t, w.talk(t, sam, b.ID), "MESSAGE Alice: I am waiting.", "MESSAGE Sam: On its way.", "MESSAGE Alice: Hello?", "NOTE Sam: The same as before.")
		wantLines(t, w.talk(t, alice, b.ID), "MESSAGE Alice: I am waiting.", "MESSAGE Sam: On its way.", "MESSAGE Alice: Hello?")
		if n := w.unread(t, sam, b.GlobalID()); n != 2 {
			t.Errorf("staff have %d unread", n)
		}
		copied, err := b.QueryMessages().Where(ticketmessage.CopiedFromIDNotNil()).Order(ticketmessage.BySeq()).All(sam)
		if err != nil || len(copied) != 2 || copied[0].ClientID == nil || *copied[0].ClientID != "m-1" || copied[1].Visibility != ticketmessage.VisibilitySTAFF {
			t.Errorf("copies: %v, %v", copied, err)
		}
		// A retry of what was sent before the merge, sent where it leads, is not doubled.
		_, _, err = w.tickets.Reply(alice, support.ReplyToTicketInput{TicketID: a.GlobalID(), Body: "Hello?", ClientMessageID: ptr("m-1")})
		wantFault(t, err, support.ErrTicketMerged)
		f, _ := fault.As(err)
		if f.Params["ticketId"] != b.GlobalID().String() || f.Params["number"] != b.Number {
			t.Errorf("where to go: %v", f.Params)
		}
		m, _, err := w.tickets.Reply(alice, support.ReplyToTicketInput{TicketID: b.GlobalID(), Body: "Hello?", ClientMessageID: ptr("m-1")})
		if err != nil || m.ID != copied[0].ID {
			t.Errorf("the retry: %v, %v", m, err)
		}
		for _, who := range []context.Context{alice, sam} {
			links, err := w.tickets.Links(who, a)
			if err != nil || len(links) != 1 || links[0].Kind != ticketlink.KindMERGED_INTO || links[0].Ticket.ID != b.ID {
				t.Errorf("links of the merged: %v, %v", links, err)
			}
			back, err := w.tickets.Links(who, b)
			if err != nil || len(back) != 1 || back[0].Kind != ticketlink.KindMERGED_FROM {
				t.Errorf("links of the other: %v, %v", back, err)
			}
			if acts, err := w.tickets.AvailableActions(who, a); err != nil || len(acts) != 0 {
				t.Errorf("actions: %v, %v", acts, err)
			}
		}
	})
}

// Every act on a merged ticket says where to go, at the end of the chain.
func TestMergedSaysWhereToGo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		one, two, three := w.open(t, alice), w.open(t, alice), w.open(t, alice)
		w.merge(t, one, two)
		w.merge(t, two, three)
		id := one.GlobalID()
		for name, act := range map[string]func() error{
			"reply": func() error {
				_, _, err := w.tickets.Reply(alice, support.ReplyToTicketInput{TicketID: id, Body: "b"})
				return err
			},
			"answer": func() error {
				_, _, err := w.tickets.Reply(sam, support.ReplyToTicketInput{TicketID: id, Body: "b"})
				return err
			},
			"note": func() error {
				_, err := w.tickets.AddNote(sam, support.AddInternalNoteInput{TicketID: id, Body: "b"})
				return err
			},
			"close":  func() error { _, err := w.tickets.Close(alice, support.CloseTicketInput{TicketID: id}); return err },
			"reopen": func() error { _, err := w.tickets.Reopen(alice, support.ReopenTicketInput{TicketID: id}); return err },
			"status": func() error {
				_, err := w.tickets.SetStatus(sam, support.SetTicketStatusInput{TicketID: id})
				return err
			},
			"again": func() error {
				_, _, err := w.tickets.Merge(sam, support.MergeTicketsInput{TicketID: id, IntoID: three.GlobalID()})
				return err
			},
			"into it": func() error {
				_, _, err := w.tickets.Merge(sam, support.MergeTicketsInput{TicketID: three.GlobalID(), IntoID: id})
				return err
			},
			"link": func() error {
				_, err := w.tickets.Link(sam, support.LinkTicketsInput{TicketID: id, OtherID: three.GlobalID()})
				return err
			},
			"leave": func() error { _, err := w.tickets.Leave(alice, support.LeaveTicketInput{TicketID: id}); return err },
			"a friend": func() error {
				_, err := w.tickets.AddParticipant(sam, support.AddTicketParticipantInput{TicketID: id, UserID: scalar.ID{Prefix: "usr", UUID: w.bob}})
				return err
			},
			"by a room": func() error {
				return w.InTx(sam, func(ctx context.Context, tx *store.Tx) error { _, err := w.tickets.LockIn(ctx, tx, one.ID); return err })
			},
		} {
			err := act()
			t.Log(name)
			wantFault(t, err, support.ErrTicketMerged)
			if f, _ := fault.As(err); f.Params["ticketId"] != three.GlobalID().String() {
				t.Errorf("%s: %v", name, f.Params)
			}
		}
	})
}

func TestMergeRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		one, two, bobs, sams := w.open(t, alice), w.open(t, alice), w.open(t, storetest.As(w.bob)), w.open(t, sam)
		merge := func(ctx context.Context, a, b *ent.Ticket, revision *int) error {
			_, _, err := w.tickets.Merge(ctx, support.MergeTicketsInput{TicketID: a.GlobalID(), IntoID: b.GlobalID(), Revision: revision})
			return err
		}
		wantFault(t, merge(sam, one, bobs, nil), support.ErrOwnersDiffer, "input", "intoId")
		wantFault(t, merge(sam, one, one, nil), fault.ErrInvalidValue, "input", "intoId")
		wantFault(t, merge(sam, one, two, ptr(7)), fault.ErrStaleObject, "input", "revision")
		wantFault(t, merge(sam, sams, one, nil), fault.ErrForbidden)
		wantFault(t, merge(sam, one, &ent.Ticket{ID: uuid.New()}, nil), fault.ErrNotFound, "input", "intoId")
		for _, ctx := range []context.Context{alice, storetest.As(w.bob), context.Background()} {
			wantFault(t, merge(ctx, one, two, nil), fault.ErrForbidden)
		}
		// Letters of two strangers are both the House's, and not of one owner.
		letters := [2]*ent.Ticket{}
		w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			for i, address := range []string{"x@example.com", "y@example.com"} {
				letters[i], _, err = w.tickets.OpenIn(ctx, tx, support.Opening{OwnerID: viewer.House, Subject: "s", ContactEmail: &address,
					First: support.Said{Author: ticketmessage.AuthorKindCUSTOMER, AuthorName: address, Body: "b", Channel: ticketmessage.ChannelEMAIL}})
				if err != nil {
					return err
				}
			}
			return nil
		})
		wantFault(t, merge(sam, letters[0], letters[1], nil), support.ErrOwnersDiffer)
		if n := db.Client.TicketLink.Query().CountX(storetest.System()); n != 0 {
			t.Errorf("%d links", n)
		}
	})
}

// Two who merge a pair the other way round, and many at once, leave one chain.
func TestMergeAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		one, two := w.open(t, storetest.As(w.alice)), w.open(t, storetest.As(w.alice))
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for i := range 8 {
			wg.Go(func() {
				a, b := one, two
				if i%2 == 1 {
					a, b = two, one
				}
				_, _, err := w.tickets.Merge(staff(w.sam), support.MergeTicketsInput{TicketID: a.GlobalID(), IntoID: b.GlobalID()})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if f, ok := fault.As(err); !ok || f.Code != "TICKET_MERGED" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := db.Client.Ticket.Query().Where(ticket.MergedIntoIDNotNil()).CountX(storetest.System()); done != 1 || n != 1 {
			t.Errorf("%d merges, %d merged", done, n)
		}
	})
}

func TestSplit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		second, _ := w.reply(t, alice, tkt, "And the cup is broken.")
		note := w.note(t, tkt, "Two things.")
		revision := int(w.fresh(t, tkt).Revision)
		in := support.SplitTicketInput{TicketID: tkt.GlobalID(), MessageIDs: []scalar.ID{note.GlobalID(), second.GlobalID()}, Subject: "A broken cup", Revision: &revision}
		old, created, err := w.tickets.Split(sam, in)
		if err != nil {
			t.Fatal(err)
		}
		if created.Subject != "A broken cup" || created.OwnerID != w.alice || created.Status != ticket.StatusOPEN || created.Number == old.Number {
			t.Errorf("new: %v", created)
		}
		wantLines(t, w.talk(t, sam, created.ID), "MESSAGE Alice: And the cup is broken.", "NOTE Sam: Two things.")
		wantLines(t, w.talk(t, alice, old.ID), "MESSAGE Alice: I am waiting.", "MESSAGE Alice: And the cup is broken.")
		if links, err := w.tickets.Links(alice, created); err != nil || len(links) != 1 || links[0].Kind != ticketlink.KindSPLIT_FROM || links[0].Ticket.ID != old.ID {
			t.Errorf("links: %v, %v", links, err)
		}
		if part, err := w.tickets.Participants(alice, created); err != nil || len(part) != 1 || part[0].Name != "Alice" || !part[0].IsMe {
			t.Errorf("participants: %v, %v", part, err)
		}
		w.reply(t, alice, created, "Any news?")
		_, _, err = w.tickets.Split(sam, in)
		wantFault(t, err, fault.ErrStaleObject) // a retry splits once

		bobs, _ := w.reply(t, storetest.As(w.bob), w.open(t, storetest.As(w.bob)), "Mine")
		for _, c := range []struct {
			ids  []scalar.ID
			want *fault.Fault
		}{
			{nil, fault.ErrRequired},
			{[]scalar.ID{bobs.GlobalID()}, fault.ErrNotFound},
			{[]scalar.ID{note.GlobalID()}, fault.ErrInvalidValue},
			{[]scalar.ID{second.GlobalID(), second.GlobalID()}, fault.ErrInvalidValue},
			{[]scalar.ID{tkt.GlobalID()}, fault.ErrInvalidID},
			{make([]scalar.ID, 101), fault.ErrTooLong},
		} {
			_, _, err := w.tickets.Split(sam, support.SplitTicketInput{TicketID: tkt.GlobalID(), MessageIDs: c.ids, Subject: "s"})
			wantFault(t, err, c.want, "input", "messageIds")
		}
		_, _, err = w.tickets.Split(alice, in)
		wantFault(t, err, fault.ErrForbidden)
	})
}

func (w *world) fresh(t *testing.T, tkt *ent.Ticket) *ent.Ticket {
	t.Helper()
	return w.Client.Ticket.GetX(storetest.System(), tkt.ID)
}

func TestLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		one, two, bobs := w.open(t, alice), w.open(t, alice), w.open(t, storetest.As(w.bob))
		link := func(a, b *ent.Ticket) {
			t.Helper()
			if _, err := w.tickets.Link(sam, support.LinkTicketsInput{TicketID: a.GlobalID(), OtherID: b.GlobalID()}); err != nil {
				t.Fatal(err)
			}
		}
		link(one, two)
		revision := w.fresh(t, one).Revision
		link(two, one) // the same the other way round
		link(one, bobs)
		if got := w.fresh(t, two).Revision; got != 2 || revision != 2 {
			t.Errorf("linked again raised the revision: %d", got)
		}
		mine, err := w.tickets.Links(alice, one)
		if err != nil || len(mine) != 1 || mine[0].Ticket.ID != two.ID {
			t.Errorf("Alice sees %v, %v", mine, err)
		}
		if all, err := w.tickets.Links(sam, one); err != nil || len(all) != 2 {
			t.Errorf("staff see %v, %v", all, err)
		}
		for range 2 {
			if _, err := w.tickets.Unlink(sam, support.UnlinkTicketsInput{TicketID: two.GlobalID(), OtherID: one.GlobalID()}); err != nil {
				t.Fatal(err)
			}
		}
		if left, err := w.tickets.Links(alice, two); err != nil || len(left) != 0 {
			t.Errorf("left: %v, %v", left, err)
		}
		_, err = w.tickets.Link(sam, support.LinkTicketsInput{TicketID: one.GlobalID(), OtherID: one.GlobalID()})
		wantFault(t, err, fault.ErrInvalidValue, "input", "otherId")
		_, err = w.tickets.Link(alice, support.LinkTicketsInput{TicketID: one.GlobalID(), OtherID: two.GlobalID()})
		wantFault(t, err, fault.ErrForbidden)
		for range 49 {
			link(one, w.open(t, alice))
		}
		_, err = w.tickets.Link(sam, support.LinkTicketsInput{TicketID: two.GlobalID(), OtherID: one.GlobalID()})
		wantFault(t, err, fault.ErrOutOfRange, "input", "otherId")
	})
}
