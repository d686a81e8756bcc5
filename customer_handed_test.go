package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// What goes to a new personal manager, and from a former one: tickets on whose
// customer's side the caller or the new manager stands stay where they are.
func TestManagerTakesNoTicketOfHisOwnSide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		open := func(s step, subject string) string {
			return w.at(t, w.send(t, s, `mutation { openTicket(input: {subject: "`+subject+`", body: "x"}) { ticket { id } userErrors { code } } }`), "openTicket.ticket.id")
		}
		own, followed, companys := open(step{as: "carol"}, "Own"), open(step{as: "carol"}, "Followed"), open(step{as: "carol", company: "acme"}, "Company's")
		w.participates(t, followed, "support")
		give := func(s step, manager, moved string) {
			t.Helper()
			answer := w.send(t, s, `mutation { setPersonalManager(input: {userId: "`+w.vars["carol"]+`", managerId: `+manager+`}) { movedTickets userErrors { code path } } }`)
			if got := fmt.Sprint(answer); !strings.Contains(got, "movedTickets:"+moved+" ") {
				t.Errorf("%s tickets should go to %s: %s", moved, manager, got)
			}
		}
		has := func(want string) {
			t.Helper()
			var got []string
			for _, id := range []string{own, followed, companys} {
				name, _ := dig(w.send(t, step{as: "staff"}, `{ ticket(id: "`+id+`") { assignee { displayName } } }`), "data.ticket.assignee.displayName")
				got = append(got, fmt.Sprint(name))
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s, want %s", s, want)
			}
		}
		support, staff := `"`+w.vars["support"]+`"`, `"`+w.vars["staff"]+`"`
		give(step{as: "staff"}, support, "2") // not the one that he takes part in
		has("Support <nil> Support")
		give(step{as: "staff"}, "null", "2")
		has("<nil> <nil> <nil>")

		check(t, w.app.people.AddMember(storetest.System(), w.uuid(t, "acme"), w.uuid(t, "support"), "Buyer"))
		give(step{as: "staff"}, support, "1") // nor his own company's
		has("Support <nil> <nil>")
		give(step{as: "staff"}, staff, "3")
		has("Staff Staff Staff")

		check(t, w.app.people.AddMember(storetest.System(), w.uuid(t, "acme"), w.uuid(t, "staff"), "Buyer"))
		w.settle(t)
		give(step{as: "staff", company: "acme"}, "null", "2") // who acts for the company does not move its tickets
		has("<nil> <nil> Staff")
	})
}

// participates has somebody follow a ticket of Carol.
func (w *world) participates(t *testing.T, ticket, who string) {
	t.Helper()
	id, err := scalar.ParseID(ticket)
	check(t, err)
	check(t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.TicketParticipant.Create().SetTicketID(id.UUID).SetOwnerID(w.uuid(t, "carol")).SetUserID(w.uuid(t, who)).SetRole(ticketparticipant.RoleFOLLOWER).Exec(ctx)
	}))
}
