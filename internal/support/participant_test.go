package support_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

func usr(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: id} }

// colleagues makes carol and dave members of acme, of whom dave may see what
// he made himself.
func (w *world) colleagues(t *testing.T) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for _, id := range []uuid.UUID{w.carol, w.dave} {
			err := tx.Membership.Create().SetUserID(id).SetOwnerID(w.acme).SetKind(membership.KindCOMPANY).SetRoleID(uuid.New()).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	w.tickets.Reach = func(ctx context.Context, person, owner uuid.UUID, _, _ string) (viewer.Reach, error) {
		is, err := w.Client.Membership.Query().Where(membership.UserID(person), membership.OwnerID(owner), membership.StatusEQ(membership.StatusACTIVE)).Exist(storetest.System())
		if !is {
			return viewer.ReachNone, err
		}
		return viewer.ReachOwn, err
	}
}

func (w *world) names(t *testing.T, ctx context.Context, tkt *ent.Ticket) (names []string) {
	t.Helper()
	all, err := w.tickets.Participants(ctx, tkt)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		names = append(names, fmt.Sprint(p.Name, " ", p.Role))
	}
	return names
}

func TestParticipants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.colleagues(t)
		carol := member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner)
		dave, daveFor := storetest.As(w.dave), member(w.dave, w.acme, viewer.ReachOwn, viewer.ReachOwn)
		tkt := w.open(t, carol)
		add := func(ctx context.Context, who uuid.UUID) error {
			_, err := w.tickets.AddParticipant(ctx, support.AddTicketParticipantInput{TicketID: tkt.GlobalID(), UserID: usr(who)})
			return err
		}
		remove := func(ctx context.Context, who uuid.UUID) error {
			_, err := w.tickets.RemoveParticipant(ctx, support.RemoveTicketParticipantInput{TicketID: tkt.GlobalID(), UserID: usr(who)})
			return err
		}
		wantFault(t, add(dave, w.dave), fault.ErrNotFound, "input", "ticketId")
		wantFault(t, add(carol, w.bob), fault.ErrNotFound, "input", "userId") // no colleague
		wantFault(t, add(carol, w.sam), fault.ErrNotFound, "input", "userId")
		for range 2 {
			if err := add(carol, w.dave); err != nil {
				t.Fatal(err)
			}
		}
		wantLines(t, w.names(t, carol, tkt), "Carol REQUESTER", "Dave FOLLOWER")
		if n := w.fresh(t, tkt).Revision; n != 2 {
			t.Errorf("revision %d: added twice is added once", n)
		}
		w.reply(t, daveFor, tkt, "I know of it.") // by his own right it would not be his
		w.reply(t, dave, tkt, "So do I.")
		wantFault(t, add(dave, w.carol), fault.ErrForbidden) // he follows
		wantFault(t, remove(dave, w.carol), fault.ErrForbidden)
		if kinds := w.told(t, w.dave); len(kinds) != 1 || kinds[0].Kind != "ticket.changed" {
			t.Errorf("told Dave: %v", kinds)
		}
		for range 2 {
			if err := remove(carol, w.dave); err != nil {
				t.Fatal(err)
			}
		}
		wantFault(t, add(dave, w.dave), fault.ErrNotFound)
		_, _, err := w.tickets.Reply(dave, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "b"})
		wantFault(t, err, fault.ErrNotFound)
		if err := add(staff(w.sam), w.dave); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if id, err := w.tickets.Leave(dave, support.LeaveTicketInput{TicketID: tkt.GlobalID()}); err != nil && fault.KindOf(err) != fault.NotFound || err == nil && *id != tkt.GlobalID() {
				t.Fatal(id, err)
			}
		}
		wantLines(t, w.names(t, carol, tkt), "Carol REQUESTER")
		_, err = w.tickets.Leave(staff(w.sam), support.LeaveTicketInput{TicketID: tkt.GlobalID()})
		wantFault(t, err, fault.ErrForbidden)
		own := w.open(t, storetest.As(w.alice))
		_, err = w.tickets.Leave(storetest.As(w.alice), support.LeaveTicketInput{TicketID: own.GlobalID()})
		wantFault(t, err, fault.ErrInvalidValue, "input", "ticketId")
	})
}

// Whose membership has ended sees, hears and says nothing any more, though he
// took part; and nobody of the staff answers what is his company's.
func TestParticipantWhoseMembershipEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.colleagues(t)
		carol, dave := member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner), storetest.As(w.dave)
		tkt := w.open(t, carol)
		if _, err := w.tickets.AddParticipant(carol, support.AddTicketParticipantInput{TicketID: tkt.GlobalID(), UserID: usr(w.dave)}); err != nil {
			t.Fatal(err)
		}
		taken := &support.TicketFilter{TakesPart: ptr(true)}
		count := func() int {
			c, err := w.tickets.Of(dave, w.dave, taken, support.Page{})
			if err != nil {
				t.Fatal(err)
			}
			return len(c.Edges)
		}
		if count() != 1 {
			t.Error("he takes part")
		}
		if all, err := w.tickets.Of(dave, w.dave, nil, support.Page{}); err != nil || len(all.Edges) != 0 {
			t.Errorf("his own: %v, %v", all, err)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Update().Where(membership.UserID(w.dave)).SetStatus(membership.StatusENDED).Exec(ctx)
		})
		if count() != 0 {
			t.Error("he has gone")
		}
		_, _, err := w.tickets.Reply(dave, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "b"})
		wantFault(t, err, fault.ErrNotFound)
		_, err = w.tickets.Updated(dave, tkt.GlobalID(), nil)
		wantFault(t, err, fault.ErrNotFound)

		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Create().SetUserID(w.sue).SetOwnerID(w.acme).SetKind(membership.KindCOMPANY).SetRoleID(uuid.New()).Exec(ctx)
		})
		_, err = w.tickets.Close(staff(w.sue), support.CloseTicketInput{TicketID: tkt.GlobalID()})
		wantFault(t, err, fault.ErrForbidden)
		sues := w.open(t, staff(w.sue))
		_, err = w.tickets.SetStatus(staff(w.sue), support.SetTicketStatusInput{TicketID: sues.GlobalID(), Priority: ptr(ticket.PriorityURGENT)})
		wantFault(t, err, fault.ErrForbidden) // security F8: nobody answers himself
	})
}

func TestTicketFilter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		order, entry := w.order(t, w.alice)
		open := func(in support.OpenTicketInput) *ent.Ticket {
			t.Helper()
			in.Body = "b"
			tkt, err := w.tickets.Open(alice, in)
			if err != nil {
				t.Fatal(err)
			}
			return tkt
		}
		tea := open(support.OpenTicketInput{Subject: "Где мой чай?", OrderID: &order, Kind: ptr(ticket.KindCOMPLAINT)})
		cup := open(support.OpenTicketInput{Subject: "100% of a Cup", EntryID: &entry})
		room := open(support.OpenTicketInput{Subject: "A room", BookingKey: ptr("B-7"), Channel: ptr(ticket.ChannelCHAT)})
		w.reply(t, staff(w.sam), cup, "Here.")
		for name, c := range map[string]struct {
			filter support.TicketFilter
			want   []*ent.Ticket
		}{
			"kind":       {support.TicketFilter{Kind: []ticket.Kind{ticket.KindCOMPLAINT}}, []*ent.Ticket{tea}},
			"about":      {support.TicketFilter{AboutID: &entry}, []*ent.Ticket{cup}},
			"an order":   {support.TicketFilter{AboutID: &order}, []*ent.Ticket{tea}},
			"a booking":  {support.TicketFilter{BookingKey: ptr("B-7")}, []*ent.Ticket{room}},
			"text":       {support.TicketFilter{Text: ptr("МОЙ ЧАЙ")}, nil},
			"capitals":   {support.TicketFilter{Text: ptr("ЧАЙ")}, []*ent.Ticket{tea}},
			"a percent":  {support.TicketFilter{Text: ptr("%")}, []*ent.Ticket{cup}},
			"begun":      {support.TicketFilter{Text: ptr("cup")}, []*ent.Ticket{cup}},
			"a number":   {support.TicketFilter{Text: ptr(room.Number[:10])}, []*ent.Ticket{room}},
			"unread":     {support.TicketFilter{Unread: ptr(true)}, []*ent.Ticket{cup}},
			"read":       {support.TicketFilter{Unread: ptr(false)}, []*ent.Ticket{tea, room}},
			"since":      {support.TicketFilter{OpenedFrom: ptr(db.Now().Add(time.Second))}, nil},
			"until":      {support.TicketFilter{OpenedBefore: ptr(db.Now().Add(time.Second))}, []*ent.Ticket{tea, cup, room}},
			"takes part": {support.TicketFilter{TakesPart: ptr(true)}, []*ent.Ticket{tea, cup, room}},
		} {
			got, err := w.tickets.Of(alice, w.alice, &c.filter, support.Page{})
			if err != nil {
				t.Fatal(name, err)
			}
			seen := map[uuid.UUID]bool{}
			for _, e := range got.Edges {
				seen[e.Node.ID] = true
			}
			for _, tkt := range c.want {
				if !seen[tkt.ID] {
					t.Errorf("%s: %q is not there", name, tkt.Subject)
				}
			}
			if len(seen) != len(c.want) && name != "text" {
				t.Errorf("%s: %d tickets", name, len(seen))
			}
		}
		_, err := w.tickets.Of(alice, w.alice, &support.TicketFilter{AboutID: ptr(usr(w.bob))}, support.Page{})
		wantFault(t, err, fault.ErrInvalidID, "filter", "aboutId")
		if a := support.AboutOf(w.fresh(t, room)); a == nil || a.Kind != support.AboutKindBooking || *a.BookingKey != "B-7" {
			t.Errorf("about %v", a)
		}
		first, err := w.fresh(t, room).QueryMessages().First(alice)
		if err != nil || first.Channel != ticketmessage.ChannelCHAT {
			t.Errorf("first message %v, %v", first, err)
		}
	})
}
