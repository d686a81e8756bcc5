package support_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// about makes a line and a return of an order.
func (w *world) about(t *testing.T, owner uuid.UUID, order scalar.ID) (line, back scalar.ID) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		l, err := tx.OrderLine.Create().SetOrderID(order.UUID).SetOwnerID(owner).SetPosition(1).SetSku("TEA").SetTitle("Tea").SetQuantity(1).
			SetCurrency("EUR").SetUnitPriceMinor(100).SetTotalMinor(100).Save(ctx)
		if err != nil {
			return err
		}
		r, err := tx.ReturnRequest.Create().SetOwnerID(owner).SetUserID(owner).SetOrderID(order.UUID).SetNumber(uuid.NewString()).
			SetCurrency("EUR").SetRequestedAt(tx.Now).SetLines(nil).SetAmountMinor(0).Save(ctx)
		if err != nil {
			return err
		}
		line, back = l.GlobalID(), r.GlobalID()
		return nil
	})
	return line, back
}

// A line and a return bring their order with them; another order beside them
// is refused at what contradicts it.
func TestOpenAboutTwoOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		order, _ := w.order(t, w.alice)
		other, _ := w.order(t, w.alice)
		line, back := w.about(t, w.alice, order)
		otherLine, _ := w.about(t, w.alice, other)
		for name, c := range map[string]struct {
			in    support.OpenTicketInput
			field string
		}{
			"a line":                     {support.OpenTicketInput{LineID: &line}, ""},
			"a return":                   {support.OpenTicketInput{ReturnID: &back}, ""},
			"all of one order":           {support.OpenTicketInput{OrderID: &order, LineID: &line, ReturnID: &back}, ""},
			"a line of another order":    {support.OpenTicketInput{OrderID: &other, LineID: &line}, "lineId"},
			"a return of another order":  {support.OpenTicketInput{OrderID: &other, ReturnID: &back}, "returnId"},
			"a line and another return":  {support.OpenTicketInput{LineID: &otherLine, ReturnID: &back}, "returnId"},
			"an order, its line, no his": {support.OpenTicketInput{OrderID: &other, LineID: &otherLine, ReturnID: &back}, "returnId"},
		} {
			in := c.in
			in.Subject, in.Body, in.ClientMessageID = "s", "b", ptr(name)
			for range 2 { // a retry is told the same
				tkt, err := w.tickets.Open(alice, in)
				if c.field != "" {
					t.Log(name)
					wantFault(t, err, fault.ErrInvalidValue, "input", c.field)
					continue
				}
				if err != nil || tkt.OrderID == nil || *tkt.OrderID != order.UUID {
					t.Errorf("%s: %v, %v", name, tkt, err)
				}
			}
		}
		if n := db.Client.Ticket.Query().CountX(storetest.System()); n != 3 {
			t.Errorf("%d tickets", n)
		}
	})
}

// What a client calls its message is its author's own: the same name by a
// colleague, or by staff, is another message, and tells nothing of the first.
func TestClientIDIsNoOracle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		carol, dave := member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner), member(w.dave, w.acme, viewer.ReachOwner, viewer.ReachOwner)
		tkt := w.open(t, carol)
		note, err := w.tickets.AddNote(staff(w.sam), support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "of Sam", ClientMessageID: ptr("c")})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[uuid.UUID]bool{note.ID: true}
		for who, body := range map[context.Context]string{carol: "of Carol", dave: "of Dave", staff(w.sue): "of Sue"} {
			for range 2 {
				m, _, err := w.tickets.Reply(who, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: body, ClientMessageID: ptr("c")})
				if err != nil || m.Body != body {
					t.Fatalf("%s: %v, %v", body, m, err)
				}
				seen[m.ID] = true
			}
		}
		if n := tkt.QueryMessages().Where(ticketmessage.ClientID("c")).CountX(storetest.System()); n != 4 || len(seen) != 4 {
			t.Errorf("%d messages, %d answers", n, len(seen))
		}
		// Nor does the name of a note become a message.
		_, _, err = w.tickets.Reply(staff(w.sam), support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "of Sam", ClientMessageID: ptr("c")})
		wantFault(t, err, fault.ErrIdempotencyKeyReused, "input", "clientMessageId")
	})
}

// Who was asked to take part types and follows while he does, and hears
// nothing from the moment on when he does not: not even that he was removed.
func TestRemovedParticipantHearsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.colleagues(t)
		carol, dave := member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner), storetest.As(w.dave)
		tkt := w.open(t, carol)
		in := support.StartTypingInput{TicketID: tkt.GlobalID()}
		_, err := w.tickets.Type(dave, in)
		wantFault(t, err, fault.ErrNotFound, "input", "ticketId")
		if _, err := w.tickets.AddParticipant(carol, support.AddTicketParticipantInput{TicketID: tkt.GlobalID(), UserID: usr(w.dave)}); err != nil {
			t.Fatal(err)
		}
		hers, err := w.tickets.Updated(subscribe(t, carol), tkt.GlobalID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		his, err := w.tickets.Updated(subscribe(t, dave), tkt.GlobalID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		// He is of acme, but his role there shows and lets him write no ticket.
		for _, ctx := range []context.Context{dave, member(w.dave, w.acme, viewer.ReachNone, viewer.ReachNone)} {
			if _, err := w.tickets.Type(ctx, in); err != nil {
				t.Fatal(err)
			}
			if s := take(t, hers, 1)[0].Signal; s == nil || s.Name != "Dave" {
				t.Errorf("carol hears %v", s)
			}
		}
		m, _ := w.reply(t, carol, tkt, "hello")
		if u := take(t, his, 1)[0]; u.Message == nil || u.Message.ID != m.ID {
			t.Errorf("dave hears %v", u)
		}
		if _, err := w.tickets.RemoveParticipant(carol, support.RemoveTicketParticipantInput{TicketID: tkt.GlobalID(), UserID: usr(w.dave)}); err != nil {
			t.Fatal(err)
		}
		w.reply(t, carol, tkt, "he is gone")
		if u, open := <-his; open {
			t.Errorf("dave hears %+v", u)
		}
		_, err = w.tickets.Type(dave, in)
		wantFault(t, err, fault.ErrNotFound, "input", "ticketId")
	})
}

// A file is fetched by who may read its message at that moment (security J5):
// as a member, as one who takes part, and neither after that has ended, though
// his row in the ticket is still open.
func TestAttachedAfterMembershipEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.colleagues(t)
		w.tickets.Attach = func(_ context.Context, _ *store.Tx, documents []uuid.UUID, _ *ent.Ticket) (all []support.Attachment, _ error) {
			for _, id := range documents {
				all = append(all, support.Attachment{DocumentID: id, Title: "<script>alert(1)</script>.pdf", Mime: "application/pdf", Size: 1})
			}
			return all, nil
		}
		carol := member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner)
		tkt := w.open(t, carol)
		if _, err := w.tickets.AddParticipant(carol, support.AddTicketParticipantInput{TicketID: tkt.GlobalID(), UserID: usr(w.dave)}); err != nil {
			t.Fatal(err)
		}
		m, _, err := w.tickets.Reply(carol, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "b", AttachmentIDs: []scalar.ID{{Prefix: "doc", UUID: uuid.New()}}})
		if err != nil {
			t.Fatal(err)
		}
		files, err := w.tickets.Attachments(carol, m)
		if err != nil || len(files) != 1 || files[0].Title != "<script>alert(1)</script>.pdf" {
			t.Fatal(files, err)
		}
		fetch := func(who uuid.UUID) error { _, err := w.tickets.Attached(t.Context(), files[0].ID, who); return err }
		for _, who := range []uuid.UUID{w.carol, w.dave} {
			if err := fetch(who); err != nil {
				t.Error(err)
			}
		}
		wantFault(t, fetch(w.bob), fault.ErrNotFound)
		wantFault(t, fetch(uuid.Nil), fault.ErrNotFound)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Update().Where(membership.OwnerID(w.acme)).SetStatus(membership.StatusENDED).Exec(ctx)
		})
		for _, who := range []uuid.UUID{w.carol, w.dave} { // she opened it and he was asked to take part
			wantFault(t, fetch(who), fault.ErrNotFound)
		}
		if names := w.names(t, staff(w.sam), tkt); len(names) != 0 {
			t.Errorf("staff see that %v take part", names)
		}
	})
}
