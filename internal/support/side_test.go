package support_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// security F8: a member of staff who belongs to the customer's company, or who
// takes part in the ticket, is a customer there. He sees no note, hears of
// none, gets no file of one, and does nothing, until that has ended.
func TestStaffOnTheCustomersSide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.tickets.Reach = func(_ context.Context, person, owner uuid.UUID, _, _ string) (viewer.Reach, error) {
			if owner == viewer.House && (person == w.sam || person == w.sue) {
				return viewer.ReachAll, nil
			}
			return viewer.ReachNone, nil // her role with acme lets her see none
		}
		w.tickets.Attach = func(_ context.Context, _ *store.Tx, documents []uuid.UUID, _ *ent.Ticket) (all []support.Attachment, _ error) {
			for _, id := range documents {
				all = append(all, support.Attachment{DocumentID: id, Title: "a.pdf", Mime: "application/pdf", Size: 1})
			}
			return all, nil
		}
		carol := member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner)
		for name, c := range map[string]struct {
			opener     context.Context
			begin, end func(ctx context.Context, tx *store.Tx, of *ent.Ticket) error
		}{
			"she belongs to the company": {carol, func(ctx context.Context, tx *store.Tx, _ *ent.Ticket) error {
				return tx.Membership.Create().SetUserID(w.sue).SetOwnerID(w.acme).SetKind(membership.KindCOMPANY).SetRoleID(uuid.New()).Exec(ctx)
			}, func(ctx context.Context, tx *store.Tx, _ *ent.Ticket) error {
				return tx.Membership.Update().Where(membership.OwnerID(w.acme)).SetStatus(membership.StatusENDED).Exec(ctx)
			}},
			"she takes part": {storetest.As(w.alice), func(ctx context.Context, tx *store.Tx, of *ent.Ticket) error {
				return tx.TicketParticipant.Create().SetUserID(w.sue).SetOwnerID(of.OwnerID).SetTicketID(of.ID).SetRole(ticketparticipant.RoleFOLLOWER).Exec(ctx)
			}, func(ctx context.Context, tx *store.Tx, of *ent.Ticket) error {
				return tx.TicketParticipant.Update().Where(ticketparticipant.TicketID(of.ID), ticketparticipant.UserID(w.sue)).SetLeftAt(tx.Now).Exec(ctx)
			}},
		} {
			t.Run(name, func(t *testing.T) {
				tkt := w.open(t, c.opener)
				w.write(t, func(ctx context.Context, tx *store.Tx) error { return c.begin(ctx, tx, tkt) })
				w.aside(t, tkt, func() {
					w.write(t, func(ctx context.Context, tx *store.Tx) error { return c.end(ctx, tx, tkt) })
				})
			})
		}
	})
}

// aside wants that sue is a customer in a ticket until end.
func (w *world) aside(t *testing.T, tkt *ent.Ticket, end func()) {
	t.Helper()
	sam, sue := staff(w.sam), staff(w.sue)
	followed, err := w.tickets.Updated(subscribe(t, sue), tkt.GlobalID(), nil)
	if err != nil {
		t.Fatal(err)
	}
	file := []scalar.ID{{Prefix: "doc", UUID: uuid.New()}}
	note, err := w.tickets.AddNote(sam, support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "She is rude.", AttachmentIDs: file})
	if err != nil {
		t.Fatal(err)
	}
	quiet(t, followed)
	said, _, err := w.tickets.Reply(sam, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "Hello", AttachmentIDs: file})
	if err != nil {
		t.Fatal(err)
	}
	if u := take(t, followed, 1)[0]; u.Message == nil || u.Message.ID != said.ID {
		t.Errorf("she hears %+v", u)
	}
	attached := func(m *ent.TicketMessage) error {
		files, err := w.tickets.Attachments(sam, m)
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		_, err = w.tickets.Attached(t.Context(), files[0].ID, w.sue)
		return err
	}
	sees := func() (notes, actions int, author *scalar.ID) {
		t.Helper()
		acts, err := w.tickets.AvailableActions(sue, w.fresh(t, tkt))
		if err != nil {
			t.Fatal(err)
		}
		if author, err = w.tickets.AuthorID(sue, said); err != nil {
			t.Fatal(err)
		}
		return w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(tkt.ID), ticketmessage.VisibilityEQ(ticketmessage.VisibilitySTAFF)).CountX(sue), len(acts), author
	}
	if notes, actions, author := sees(); notes != 0 || actions != 0 || author != nil {
		t.Errorf("she sees %d notes, %d actions, author %v", notes, actions, author)
	}
	if n := tkt.QueryMessages().CountX(sue); n != 2 {
		t.Errorf("she counts %d messages", n)
	}
	wantFault(t, attached(note), fault.ErrNotFound)
	if err := attached(said); err != nil {
		t.Error(err)
	}
	_, err = w.tickets.History(sue, note.GlobalID(), support.Page{})
	wantFault(t, err, fault.ErrNotFound)
	_, err = w.tickets.History(sue, said.GlobalID(), support.Page{})
	wantFault(t, err, fault.ErrForbidden)
	for _, do := range []func() error{
		func() error {
			_, _, err := w.tickets.Reply(sue, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "x"})
			return err
		},
		func() error {
			_, err := w.tickets.Update(sue, support.UpdateTicketInput{TicketID: tkt.GlobalID(), Revision: 2})
			return err
		},
	} {
		wantFault(t, do(), fault.ErrForbidden)
	}
	end()
	if notes, actions, author := sees(); notes != 1 || actions != 2 || author == nil || *author != usr(w.sam) {
		t.Errorf("after it she sees %d notes, %d actions, author %v", notes, actions, author)
	}
	if err := attached(note); err != nil {
		t.Error(err)
	}
	if _, err := w.tickets.History(sue, said.GlobalID(), support.Page{}); err != nil {
		t.Error(err)
	}
}

// All staff are members of the House, whose letters of strangers they answer;
// who wrote a message customers are not told.
func TestStaffOfTheHouse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam := staff(w.sam)
		var mailed *ent.Ticket
		w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			mailed, _, err = w.tickets.OpenIn(ctx, tx, support.Opening{OwnerID: viewer.House, Subject: "s", ContactEmail: ptr("x@example.com"),
				First: support.Said{Author: ticketmessage.AuthorKindCUSTOMER, AuthorName: "x@example.com", Body: "b", Channel: ticketmessage.ChannelEMAIL}})
			return err
		})
		mailed = w.fresh(t, mailed)
		if _, err := w.tickets.AddNote(sam, support.AddInternalNoteInput{TicketID: mailed.GlobalID(), Body: "n"}); err != nil {
			t.Fatal(err)
		}
		if n := mailed.QueryMessages().CountX(sam); n != 2 {
			t.Errorf("he sees %d messages", n)
		}
		if acts, err := w.tickets.AvailableActions(sam, w.fresh(t, mailed)); err != nil || len(acts) != 2 {
			t.Errorf("he may %v, %v", acts, err)
		}
		tkt := w.open(t, storetest.As(w.alice))
		m := tkt.QueryMessages().OnlyX(sam)
		for who, want := range map[context.Context]*scalar.ID{sam: ptr(usr(w.alice)), storetest.As(w.alice): nil, context.Background(): nil} {
			got, err := w.tickets.AuthorID(who, m)
			if err != nil || (got == nil) != (want == nil) || got != nil && *got != *want {
				t.Errorf("author %v, want %v: %v", got, want, err)
			}
		}
		first := mailed.QueryMessages().Where(ticketmessage.AuthorKindEQ(ticketmessage.AuthorKindCUSTOMER)).OnlyX(sam)
		if got, err := w.tickets.AuthorID(sam, first); err != nil || got != nil {
			t.Errorf("a letter of nobody's is of %v, %v", got, err)
		}
	})
}
