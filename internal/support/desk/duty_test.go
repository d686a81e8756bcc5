package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/auditentry"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/operator"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
)

// Who is taken out of duty loses what is not closed, however much it is, and
// stays a member of the staff.
func TestDeleteOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		boss := head(w.boss)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		w.operator(t, w.sam, team, desk.SaveOperatorInput{Capacity: ptr(200)})
		snoozed, closed := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		for range 103 {
			w.open(t, customer(w.bob, "en"), support.OpenTicketInput{})
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ticket.Update().SetAssigneeID(w.sam).SetTeamID(team.ID).Exec(ctx)
		})
		if _, _, err := w.tickets.Reply(agent(w.sam), support.ReplyToTicketInput{TicketID: snoozed.GlobalID(), Body: "?"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Close(agent(w.sam), support.CloseTicketInput{TicketID: closed.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		w.operator(t, w.sue, team, desk.SaveOperatorInput{Capacity: ptr(102)})
		of := func(who uuid.UUID) int {
			return w.Client.Ticket.Query().Where(ticket.AssigneeID(who)).CountX(storetest.System())
		}
		for name, c := range map[string]struct {
			ctx  context.Context
			in   desk.DeleteOperatorInput
			want *fault.Fault
		}{
			"no right":     {agent(w.sue), desk.DeleteOperatorInput{UserID: usr(w.sam)}, fault.ErrForbidden},
			"a customer":   {customer(w.alice, "en"), desk.DeleteOperatorInput{UserID: usr(w.sam)}, fault.ErrForbidden},
			"another kind": {boss, desk.DeleteOperatorInput{UserID: team.GlobalID()}, fault.ErrInvalidID},
			"no operator":  {boss, desk.DeleteOperatorInput{UserID: usr(w.alice)}, fault.ErrNotFound},
			"stale":        {boss, desk.DeleteOperatorInput{UserID: usr(w.sam), Revision: ptr(7)}, fault.ErrStaleObject},
		} {
			if _, err := w.queue.DeleteOperator(c.ctx, c.in); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := of(w.sam); n != 105 {
			t.Fatalf("he has %d", n)
		}
		if _, err := w.queue.DeleteOperator(boss, desk.DeleteOperatorInput{UserID: usr(w.sam), Revision: ptr(1)}); err != nil {
			t.Fatal(err)
		}
		if a, b := of(w.sam), of(w.sue); a != 1 || b != 102 || !has(w.read(t, closed.ID), w.sam) || w.read(t, snoozed.ID).AssigneeID != nil {
			t.Fatalf("he has %d, she %d", a, b)
		}
		if n := w.Client.Operator.Query().Where(operator.UserID(w.sam)).CountX(storetest.System()); n != 0 {
			t.Error("he is an operator still")
		}
		_, err := w.queue.DeleteOperator(boss, desk.DeleteOperatorInput{UserID: usr(w.sam)})
		wantFault(t, err, fault.ErrNotFound)
		if n := w.Client.AuditEntry.Query().Where(auditentry.Action("support.delete_operator"), auditentry.ActorID(w.boss)).CountX(storetest.System()); n != 1 {
			t.Errorf("%d on record", n)
		}
	})
}

// Nobody is given a ticket of a company that he is a member of, or in which he
// takes part: not by turn, not as personal manager, not by hand, not by asking.
func TestOfOnesOwnCompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		w.operator(t, w.sam, team, desk.SaveOperatorInput{})
		acme := uuid.New()
		companys, followed, free := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), w.open(t, customer(w.bob, "en"), support.OpenTicketInput{})
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE tickets SET owner_id = ?, urgency = 3 WHERE id = ?`, acme, companys.ID); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE tickets SET urgency = 3 WHERE id = ?`, followed.ID); err != nil {
				return err
			}
			if err := tx.User.UpdateOneID(w.alice).SetManagerID(w.sam).Exec(ctx); err != nil {
				return err
			}
			if err := tx.TicketParticipant.Create().SetUserID(w.sam).SetOwnerID(w.alice).SetTicketID(followed.ID).Exec(ctx); err != nil {
				return err
			}
			return tx.Membership.Create().SetUserID(w.sam).SetOwnerID(acme).SetKind(membership.KindCOMPANY).SetRoleID(uuid.New()).Exec(ctx)
		})
		got, err := w.queue.Claim(agent(w.sam))
		if err != nil || got == nil || got.ID != free.ID {
			t.Fatalf("he takes %v, %v", got, err)
		}
		got, err = w.queue.Claim(agent(w.sam))
		if err != nil || got != nil {
			t.Fatalf("he takes %v, %v", got, err)
		}
		w.hear(t)
		if n, err := w.queue.Due(storetest.System(), 100); err != nil || n != 0 {
			t.Errorf("%d are given, %v", n, err)
		}
		for _, tkt := range []uuid.UUID{companys.ID, followed.ID} {
			if now := w.read(t, tkt); now.AssigneeID != nil || now.TeamID == nil {
				t.Errorf("it is given to %v", now)
			}
			_, err := w.queue.Assign(agent(w.sue), desk.AssignTicketInput{TicketID: scalar.ID{Prefix: "tkt", UUID: tkt}, AssigneeID: given(w.sam)})
			wantFault(t, err, fault.ErrInvalidValue)
			done, err := w.queue.Update(agent(w.sue), desk.UpdateTicketsInput{TicketIds: []scalar.ID{{Prefix: "tkt", UUID: tkt}}, AssigneeID: graphql.OmittableOf(ptr(usr(w.sam)))})
			if err != nil || done[0].Changed || !errors.Is(done[0].Err, fault.ErrInvalidValue) {
				t.Errorf("many at once: %+v, %v", done, err)
			}
		}
		w.operator(t, w.sue, team, desk.SaveOperatorInput{})
		if n, err := w.queue.Due(storetest.System(), 100); err != nil || n != 2 || !has(w.read(t, companys.ID), w.sue) || !has(w.read(t, followed.ID), w.sue) {
			t.Errorf("%d are given to her, %v", n, err)
		}
	})
}

// Ten who take the next at once take ten; the eleventh waits for nobody.
func TestTenClaimAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for range 11 {
			w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := map[uuid.UUID]int{}
		for i := range 10 {
			wg.Go(func() {
				tkt, err := w.queue.Claim(agent([]uuid.UUID{w.sid, w.sue, w.sam}[i%3]))
				if err != nil || tkt == nil {
					t.Error(tkt, err)
					return
				}
				mu.Lock()
				got[tkt.ID]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if len(got) != 10 {
			t.Errorf("ten took %d: %v", len(got), got)
		}
		if n := w.Client.Ticket.Query().Where(ticket.AssigneeIDIsNil()).CountX(storetest.System()); n != 1 {
			t.Errorf("%d wait", n)
		}
	})
}

// Of those who answer what they read at once one does; the others are told
// that it has changed, and nothing is said twice.
func TestAnswersAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		hello := w.macro(t, "hello", &desk.MacroActInput{Kind: desk.ActReply, Texts: texts("en", "Hello {{customer.name}}")})
		read := int(tkt.Revision)
		var mu sync.Mutex
		var wg sync.WaitGroup
		done, stale := 0, 0
		for i := range 8 {
			wg.Go(func() {
				ctx := agent([]uuid.UUID{w.sam, w.sue}[i%2])
				var err error
				if i < 4 {
					_, _, err = w.tickets.Reply(ctx, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "Hello", Revision: &read})
				} else {
					_, err = w.queue.Apply(ctx, desk.ApplyMacroInput{TicketID: tkt.GlobalID(), MacroID: hello.GlobalID(), Revision: read})
				}
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case errors.Is(err, fault.ErrStaleObject):
					stale++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if now := w.read(t, tkt.ID); done != 1 || stale != 7 || now.PublicSeq != 1 {
			t.Errorf("%d answered, %d were told, %d answers", done, stale, now.PublicSeq)
		}
	})
}

// A ticket that was being given to a team while that was deleted is found
// again; what people do to a ticket's team and skill is on record as that.
func TestTeamOfATicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		old, team := w.team(t, desk.SaveSupportTeamInput{Name: "Old"}), w.team(t, desk.SaveSupportTeamInput{Name: "New"})
		tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		id := old.GlobalID()
		if _, err := w.queue.Assign(agent(w.sam), desk.AssignTicketInput{TicketID: tkt.GlobalID(), TeamID: graphql.OmittableOf(&id), Skill: graphql.OmittableOf(ptr("tea"))}); err != nil {
			t.Fatal(err)
		}
		record := func(action string) (n int) {
			for _, e := range w.Client.AuditEntry.Query().Where(auditentry.ActorID(w.sam)).AllX(storetest.System()) {
				if e.Action != action {
					continue
				}
				if n++; action == "ticket.set_team" && e.Changes["team"] != id.String() {
					t.Errorf("on record: %v", e.Changes)
				}
			}
			return n
		}
		if a, b, c := record("ticket.set_team"), record("ticket.set_skill"), record("ticket.note"); a != 1 || b != 1 || c != 0 {
			t.Errorf("on record: team %d, skill %d, notes %d", a, b, c)
		}
		if _, err := w.queue.DeleteTeam(head(w.boss), desk.DeleteSupportTeamInput{ID: old.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ticket.UpdateOneID(tkt.ID).SetTeamID(old.ID).Exec(ctx)
		})
		db.Clock.Add(time.Minute)
		if n, err := w.queue.Due(storetest.System(), 100); err != nil || n != 1 || *w.read(t, tkt.ID).TeamID != team.ID {
			t.Errorf("%d, %v: %s", n, err, fmt.Sprint(w.read(t, tkt.ID).TeamID))
		}
	})
}

// A team that is deleted takes its name off what is not closed, however much it
// is, and staff who follow a ticket are told; who has one keeps it.
func TestDeleteTeamOfMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		first, closed := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		for range 101 {
			w.open(t, customer(w.bob, "en"), support.OpenTicketInput{})
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ticket.Update().SetAssigneeID(w.sam).SetTeamID(team.ID).Exec(ctx)
		})
		if _, err := w.tickets.Close(agent(w.sam), support.CloseTicketInput{TicketID: closed.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.queue.DeleteTeam(head(w.boss), desk.DeleteSupportTeamInput{ID: team.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		left := w.Client.Ticket.Query().Where(ticket.TeamID(team.ID)).AllX(storetest.System())
		if len(left) != 1 || left[0].ID != closed.ID {
			t.Errorf("%d are of it still", len(left))
		}
		if n := w.Client.Ticket.Query().Where(ticket.TeamIDIsNil(), ticket.AssigneeID(w.sam), ticket.Revision(2)).CountX(storetest.System()); n != 102 {
			t.Errorf("%d were changed", n)
		}
		told, err := w.ReadStream(context.Background(), first.ID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		var f event.TicketChanged
		last := told[len(told)-1]
		if err := json.Unmarshal(last.Payload, &f); err != nil {
			t.Fatal(err)
		}
		if last.Kind != f.Kind() || last.Visibility != event.ToStaff || !slices.Equal(f.Changed, []string{"team"}) {
			t.Errorf("told %s %s %s", last.Kind, last.Visibility, last.Payload)
		}
	})
}

// Who gives a ticket to a team, or says what it takes, without a word of a
// person leaves it with whoever has it.
func TestAssignLeavesWhoHasIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		w.operator(t, w.sam, team, desk.SaveOperatorInput{})
		tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		assign := func(in desk.AssignTicketInput) *ent.Ticket {
			t.Helper()
			in.TicketID = tkt.GlobalID()
			if _, err := w.queue.Assign(agent(w.boss), in); err != nil {
				t.Fatal(err)
			}
			return w.read(t, tkt.ID)
		}
		of := graphql.OmittableOf(ptr(team.GlobalID()))
		assign(desk.AssignTicketInput{AssigneeID: given(w.sue)})
		if got := assign(desk.AssignTicketInput{TeamID: of}); !has(got, w.sue) || got.TeamID == nil {
			t.Errorf("a team: %v", got)
		}
		if got := assign(desk.AssignTicketInput{Skill: graphql.OmittableOf(ptr("tea"))}); !has(got, w.sue) || got.Skill == nil {
			t.Errorf("a skill: %v", got)
		}
		if got := assign(desk.AssignTicketInput{TeamID: graphql.OmittableOf[*scalar.ID](nil), Skill: graphql.OmittableOf[*string](nil)}); !has(got, w.sue) || got.TeamID != nil || got.Skill != nil {
			t.Errorf("neither any more: %v", got)
		}
		if got := assign(desk.AssignTicketInput{AssigneeID: graphql.OmittableOf[*scalar.ID](nil), TeamID: of}); !has(got, w.sam) {
			t.Errorf("nobody, and by turn in a team: %v", got)
		}
		if got := assign(desk.AssignTicketInput{}); got.AssigneeID != nil {
			t.Errorf("nothing said: %v", got)
		}
	})
}

// A personal manager is given his customer's new tickets though he is no
// operator; not while he is away, nor once he has left.
func TestPersonalManagerWhoIsNoOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		w.operator(t, w.sam, team, desk.SaveOperatorInput{})
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(w.alice).SetManagerID(w.sid).Exec(ctx)
		})
		opened := func(who uuid.UUID) *ent.Ticket {
			t.Helper()
			tkt := w.open(t, customer(who, "en"), support.OpenTicketInput{})
			w.hear(t)
			return w.read(t, tkt.ID)
		}
		first := opened(w.alice)
		if !has(first, w.sid) || first.TeamID == nil {
			t.Errorf("her manager: %v", first)
		}
		if got := opened(w.bob); !has(got, w.sam) {
			t.Errorf("another's: %v", got)
		}
		w.operator(t, w.sid, nil, desk.SaveOperatorInput{Away: ptr(true)})
		if got := opened(w.alice); !has(got, w.sam) {
			t.Errorf("he is away: %v", got)
		}
		if _, err := w.queue.DeleteOperator(head(w.boss), desk.DeleteOperatorInput{UserID: usr(w.sid)}); err != nil {
			t.Fatal(err)
		}
		if got := w.read(t, first.ID); !has(got, w.sam) {
			t.Errorf("he went out of duty: %v", got)
		}
		if got := opened(w.alice); !has(got, w.sid) {
			t.Errorf("he is her manager still: %v", got)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE memberships SET status = 'ENDED' WHERE user_id = ?`, w.sid)
			return err
		})
		if got := opened(w.alice); !has(got, w.sam) {
			t.Errorf("he has left: %v", got)
		}
	})
}
