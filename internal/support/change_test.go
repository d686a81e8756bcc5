package support_test

import (
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/ent/generated/auditentry"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
	"kabinet/internal/viewer"
)

func TestCloseAndReopen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		_, err := w.tickets.Reopen(alice, support.ReopenTicketInput{TicketID: tkt.GlobalID()})
		wantFault(t, err, support.ErrIllegalTransition)
		after, err := w.tickets.Close(alice, support.CloseTicketInput{TicketID: tkt.GlobalID()})
		if err != nil || after.Status != ticket.StatusCLOSED || after.StatusReason != ticket.StatusReasonCLOSED_BY_CUSTOMER || after.ClosedAt == nil {
			t.Fatalf("closed by the customer: %v, %v", after, err)
		}
		_, err = w.tickets.Close(sam, support.CloseTicketInput{TicketID: tkt.GlobalID()})
		wantFault(t, err, support.ErrTicketClosed)
		for ctx, want := range map[context.Context][]support.TicketAction{
			alice: {support.TicketActionReply, support.TicketActionReopen}, sam: {support.TicketActionReopen},
		} {
			if got, err := w.tickets.AvailableActions(ctx, after); err != nil || len(got) != len(want) || got[0] != want[0] {
				t.Errorf("may %v, want %v: %v", got, want, err)
			}
		}
		if after, err = w.tickets.Reopen(alice, support.ReopenTicketInput{TicketID: tkt.GlobalID()}); err != nil || after.StatusReason != ticket.StatusReasonREOPENED {
			t.Fatalf("%v, %v", after, err)
		}
		if after, err = w.tickets.Close(sam, support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil || after.StatusReason != ticket.StatusReasonRESOLVED {
			t.Fatalf("%v, %v", after, err)
		}
		if got := w.tickets.StatusLabel(viewer.With(alice, viewer.Viewer{Locale: "ru"}), after); got != "Решено" {
			t.Errorf("label %q", got)
		}
		if n := db.Client.AuditEntry.Query().Where(auditentry.SubjectID(tkt.ID)).CountX(storetest.System()); n != 1 {
			t.Errorf("%d acts on record, want the one of staff", n)
		}
		if last := w.told(t, w.alice); last[len(last)-1].Kind != "ticket.changed" || len(last) != 4 {
			t.Errorf("alice was told %v", last)
		}
	})
}

func TestSetStatus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam := staff(w.sam)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(w.alice).SetTimeZone("Europe/Berlin").Exec(ctx)
		})
		tkt := w.open(t, storetest.As(w.alice))
		until := db.Clock.Now().Add(24 * time.Hour)
		in := support.SetTicketStatusInput{TicketID: tkt.GlobalID(), Status: ptr(ticket.StatusSNOOZED), SnoozedUntilAt: &until, Priority: ptr(ticket.PriorityHIGH), Revision: ptr(1)}
		after, err := w.tickets.SetStatus(sam, in)
		if err != nil || after.Status != ticket.StatusSNOOZED || after.StatusReason != ticket.StatusReasonWAITING_FOR_DATE ||
			after.SnoozedUntilAt == nil || !after.SnoozedUntilAt.Equal(until) || after.Priority != ticket.PriorityHIGH || after.Revision != 2 {
			t.Fatalf("%v, %v", after, err)
		}
		events := after.QueryMessages().Where(ticketmessage.KindEQ(ticketmessage.KindEVENT)).Order(ticketmessage.BySeq()).AllX(sam)
		if len(events) != 2 || events[0].Body != "Put off until 22 November 2026, 13:00 CET." || events[1].Body != "New priority: High." {
			t.Errorf("events %v", events)
		}
		_, err = w.tickets.SetStatus(sam, in)
		wantFault(t, err, fault.ErrStaleObject, "input", "revision")
		in.Revision = nil
		if again, err := w.tickets.SetStatus(sam, in); err != nil || again.Revision != 2 {
			t.Errorf("the same again: %v, %v", again, err)
		}
		in.Reason = ptr(ticket.StatusReasonSPAM)
		_, err = w.tickets.SetStatus(sam, in)
		wantFault(t, err, fault.ErrInvalidValue, "input", "reason")
		for _, ctx := range []context.Context{storetest.As(w.alice), storetest.As(w.bob), context.Background()} {
			_, err := w.tickets.SetStatus(ctx, in)
			wantFault(t, err, fault.ErrForbidden)
		}
		if n := db.Client.AuditEntry.Query().Where(auditentry.Action("ticket.set_status")).CountX(storetest.System()); n != 1 {
			t.Errorf("%d acts on record", n)
		}
	})
}

func TestAssign(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		tkt := w.open(t, alice)
		user := func(id uuid.UUID) graphql.Omittable[*scalar.ID] {
			return graphql.OmittableOf(&scalar.ID{Prefix: "usr", UUID: id})
		}
		in := desk.AssignTicketInput{TicketID: tkt.GlobalID(), AssigneeID: user(w.alice)}
		for _, nobody := range []uuid.UUID{w.alice, uuid.New()} {
			in.AssigneeID = user(nobody)
			_, err := w.desk().Assign(sam, in)
			wantFault(t, err, fault.ErrInvalidValue, "input", "assigneeId")
		}
		in.AssigneeID = user(w.sue)
		_, err := w.desk().Assign(alice, in)
		wantFault(t, err, fault.ErrForbidden)
		after, err := w.desk().Assign(sam, in)
		if err != nil || after.AssigneeID == nil || *after.AssigneeID != w.sue || after.Revision != 2 {
			t.Fatalf("%v, %v", after, err)
		}
		if u, err := w.tickets.Assignee(alice, after); u != nil || err != nil {
			t.Errorf("alice sees who: %v, %v", u, err)
		}
		for _, m := range tkt.QueryMessages().AllX(alice) {
			if m.Kind == ticketmessage.KindEVENT {
				t.Errorf("alice sees %q", m.Body)
			}
		}
		in.AssigneeID = user(w.sam)
		if _, err = w.desk().Assign(sam, in); err != nil {
			t.Fatal(err)
		}
		in.AssigneeID, in.Revision = graphql.OmittableOf[*scalar.ID](nil), ptr(2)
		_, err = w.desk().Assign(sam, in)
		wantFault(t, err, fault.ErrStaleObject, "input", "revision")
		in.Revision = ptr(3)
		if after, err = w.desk().Assign(sam, in); err != nil || after.AssigneeID != nil {
			t.Fatalf("%v, %v", after, err)
		}
		var seen []event.Visibility
		for _, e := range w.told(t, tkt.ID)[1:] {
			seen = append(seen, e.Visibility)
		}
		if len(seen) != 3 || seen[0] != event.ToAll || seen[1] != event.ToStaff || seen[2] != event.ToAll {
			t.Errorf("told %v", seen)
		}
		// Former staff cannot be given anything.
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE memberships SET status = 'ENDED' WHERE user_id = ?`, w.sue)
			return err
		})
		in.AssigneeID, in.Revision = user(w.sue), nil
		_, err = w.desk().Assign(sam, in)
		wantFault(t, err, fault.ErrInvalidValue, "input", "assigneeId")
	})
}

// Staff who may only read can change nothing.
func TestReadOnlyStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, storetest.As(w.alice))
		reader := viewer.With(context.Background(), viewer.Viewer{UserID: w.sam, OwnerID: w.sam, Staff: true, Grants: map[viewer.Permission]viewer.Reach{{Resource: "ticket", Operation: "read"}: viewer.ReachAll}})
		if _, err := w.tickets.Find(reader, tkt.GlobalID()); err != nil {
			t.Fatal(err)
		}
		_, _, err := w.tickets.Reply(reader, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "x"})
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.tickets.MarkRead(reader, support.MarkTicketReadInput{TicketID: tkt.GlobalID()})
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.tickets.AddNote(reader, support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "x"})
		wantFault(t, err, fault.ErrForbidden)
		if got, err := w.tickets.AvailableActions(reader, tkt); err != nil || len(got) != 0 {
			t.Errorf("may %v: %v", got, err)
		}
	})
}

func TestWakeSnoozed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam := staff(w.sam)
		var due []scalar.ID
		for i := range 4 {
			tkt := w.open(t, storetest.As(w.alice))
			until := db.Clock.Now().Add(time.Duration(i+1) * time.Hour)
			if _, err := w.tickets.SetStatus(sam, support.SetTicketStatusInput{TicketID: tkt.GlobalID(), Status: ptr(ticket.StatusSNOOZED), SnoozedUntilAt: &until}); err != nil {
				t.Fatal(err)
			}
			due = append(due, tkt.GlobalID())
		}
		// An answer takes the date away: it waits for the customer then.
		w.reply(t, sam, db.Client.Ticket.GetX(sam, due[1].UUID), "Meanwhile")
		if n, err := w.tickets.WakeSnoozed(context.Background(), 10); n != 0 || err != nil {
			t.Fatalf("woke %d, %v", n, err)
		}
		db.Clock.Add(3 * time.Hour)
		if n, err := w.tickets.WakeSnoozed(context.Background(), 1); n != 1 || err != nil {
			t.Fatalf("woke %d, %v", n, err)
		}
		if n, err := w.tickets.WakeSnoozed(context.Background(), 10); n != 1 || err != nil {
			t.Fatalf("woke %d, %v", n, err)
		}
		for i, want := range []ticket.Status{ticket.StatusOPEN, ticket.StatusSNOOZED, ticket.StatusOPEN, ticket.StatusSNOOZED} {
			if got := db.Client.Ticket.GetX(sam, due[i].UUID); got.Status != want || want == ticket.StatusOPEN && got.SnoozedUntilAt != nil {
				t.Errorf("%d is %s", i, got.Status)
			}
		}
		last := db.Client.Ticket.GetX(sam, due[0].UUID).QueryMessages().Order(ticketmessage.BySeq()).AllX(storetest.As(w.alice))
		if e := last[len(last)-1]; e.AuthorKind != ticketmessage.AuthorKindSYSTEM || e.AuthorID != nil || e.Body != "New status: Opened again." {
			t.Errorf("the event of waking: %v", e)
		}
	})
}
