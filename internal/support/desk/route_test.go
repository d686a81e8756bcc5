package desk_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/operator"
	"kabinet/ent/generated/supportteam"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
)

func TestTicketsAreGivenByTurn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		russians := w.team(t, desk.SaveSupportTeamInput{Name: "Russian", Locales: []string{"ru"}, Position: ptr(1)})
		returns := w.team(t, desk.SaveSupportTeamInput{Name: "Returns", Kinds: []ticket.Kind{ticket.KindRETURN, ticket.KindREFUND}, Assignment: ptr(supportteam.AssignmentMANUAL), Position: ptr(2)})
		all := w.team(t, desk.SaveSupportTeamInput{Name: "All", Position: ptr(3)})
		w.operator(t, w.sid, russians, desk.SaveOperatorInput{Locales: []string{"ru"}})
		w.operator(t, w.sam, all, desk.SaveOperatorInput{Capacity: ptr(2)})
		w.operator(t, w.sue, all, desk.SaveOperatorInput{Capacity: ptr(3)})
		open := func(who uuid.UUID, lang string, kind ticket.Kind) *ent.Ticket {
			t.Helper()
			db.Clock.Add(time.Second)
			tkt := w.open(t, customer(who, lang), support.OpenTicketInput{Kind: &kind})
			w.hear(t)
			return w.read(t, tkt.ID)
		}
		if got := open(w.alice, "ru", ticket.KindQUESTION); !has(got, w.sid) || *got.TeamID != russians.ID {
			t.Fatalf("the first that takes the language: %v", got)
		}
		if got := open(w.alice, "en", ticket.KindREFUND); got.AssigneeID != nil || *got.TeamID != returns.ID {
			t.Fatalf("a team by hand: %v", got)
		}
		count := map[uuid.UUID]int{}
		var last uuid.UUID
		for range 4 {
			got := open(w.alice, "en", ticket.KindQUESTION)
			if got.AssigneeID == nil || *got.AssigneeID == last {
				t.Fatalf("not by turn: %v", got)
			}
			last = *got.AssigneeID
			count[last]++
		}
		fifth := open(w.alice, "en", ticket.KindQUESTION)
		if count[w.sam] != 2 || count[w.sue] != 2 || !has(fifth, w.sue) {
			t.Fatalf("%v; who has room gets the fifth: %v", count, fifth)
		}
		waiting := open(w.alice, "en", ticket.KindQUESTION)
		if waiting.AssigneeID != nil || *waiting.TeamID != all.ID {
			t.Fatalf("nobody has room: %v", waiting)
		}
		// Who is done with one gets the next.
		if _, err := w.tickets.Close(agent(w.sue), support.CloseTicketInput{TicketID: fifth.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		w.hear(t)
		if got := w.read(t, waiting.ID); !has(got, w.sue) {
			t.Fatalf("who is done gets the next: %v", got)
		}
		// A bigger capacity is noticed by the clock.
		more := open(w.alice, "en", ticket.KindQUESTION)
		w.operator(t, w.sam, nil, desk.SaveOperatorInput{Capacity: ptr(3)})
		if n, err := w.queue.Due(storetest.System(), 100); err != nil || n != 1 || !has(w.read(t, more.ID), w.sam) {
			t.Fatalf("%d given, %v", n, err)
		}
		if n, err := w.queue.Due(storetest.System(), 100); err != nil || n != 0 {
			t.Fatalf("again: %d, %v", n, err)
		}
	})
}

func TestWhoIsGivenATicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		w.operator(t, w.sam, team, desk.SaveOperatorInput{Skills: []string{"Refunds "}, Locales: []string{"en"}})
		w.operator(t, w.sue, team, desk.SaveOperatorInput{Locales: []string{"de"}})
		give := func(tkt *ent.Ticket, skill *string) *ent.Ticket {
			t.Helper()
			id := team.GlobalID()
			_, err := w.queue.Assign(agent(w.sid), desk.AssignTicketInput{TicketID: tkt.GlobalID(), TeamID: graphql.OmittableOf(&id), Skill: graphql.OmittableOf(skill)})
			if err != nil {
				t.Fatal(err)
			}
			return w.read(t, tkt.ID)
		}
		if got := give(w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), ptr("REFUNDS")); !has(got, w.sam) || *got.Skill != "refunds" {
			t.Errorf("who knows it: %v", got)
		}
		if got := give(w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), ptr("brewing")); got.AssigneeID != nil {
			t.Errorf("nobody knows it: %v", got)
		}
		if got := give(w.open(t, customer(w.alice, "ru"), support.OpenTicketInput{}), nil); got.AssigneeID != nil {
			t.Errorf("nobody speaks it: %v", got)
		}
		// A member of staff is never given his own.
		if got := give(w.open(t, customer(w.sam, "en"), support.OpenTicketInput{}), nil); got.AssigneeID != nil {
			t.Errorf("his own: %v", got)
		}
		if _, err := w.queue.SetAway(agent(w.sam), desk.SetMyAvailabilityInput{Away: true}); err != nil {
			t.Fatal(err)
		}
		if got := give(w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), nil); got.AssigneeID != nil {
			t.Errorf("he is away: %v", got)
		}
		_, err := w.queue.SetAway(agent(w.sid), desk.SetMyAvailabilityInput{Away: true})
		wantFault(t, err, fault.ErrNotFound)
		_, err = w.queue.SetAway(reader(w.sam), desk.SetMyAvailabilityInput{})
		wantFault(t, err, fault.ErrForbidden)
	})
}

func TestPersonalManagerFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		w.operator(t, w.sam, team, desk.SaveOperatorInput{})
		w.operator(t, w.sue, nil, desk.SaveOperatorInput{Capacity: ptr(0)})
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(w.alice).SetManagerID(w.sue).Exec(ctx)
		})
		first := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		other := w.open(t, customer(w.bob, "en"), support.OpenTicketInput{})
		w.hear(t)
		if a, b := w.read(t, first.ID), w.read(t, other.ID); !has(a, w.sue) || !has(b, w.sam) {
			t.Fatalf("%v, %v", a, b)
		}
		w.operator(t, w.sue, nil, desk.SaveOperatorInput{Away: ptr(true)})
		second := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		w.hear(t)
		if got := w.read(t, second.ID); !has(got, w.sam) {
			t.Fatalf("she is away: %v", got)
		}
		// A ticket that the bot answers waits until it is done.
		third := w.open(t, customer(w.bob, "en"), support.OpenTicketInput{})
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ticket.UpdateOneID(third.ID).SetBotState(ticket.BotStateANSWERING).Exec(ctx)
		})
		w.hear(t)
		if got := w.read(t, third.ID); got.AssigneeID != nil {
			t.Fatalf("the bot's: %v", got)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			tkt, err := tx.Ticket.UpdateOneID(third.ID).SetBotState(ticket.BotStateDONE).Save(ctx)
			if err != nil {
				return err
			}
			return w.tickets.ChangedIn(ctx, tx, tkt, true, "bot")
		})
		w.hear(t)
		if got := w.read(t, third.ID); !has(got, w.sam) {
			t.Fatalf("the bot is done: %v", got)
		}
	})
}

// Fifty tickets are routed at once by two instances: nobody is given more than
// he has room for, and no room stays empty.
func TestFiftyAtOnceNeverExceedACapacity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		room := map[uuid.UUID]int{w.sam: 7, w.sue: 5, w.sid: 9}
		for who, n := range room {
			w.operator(t, who, team, desk.SaveOperatorInput{Capacity: &n})
		}
		ids := make([]uuid.UUID, 50)
		for i := range ids {
			ids[i] = w.open(t, customer(w.alice, "en"), support.OpenTicketInput{Subject: fmt.Sprint(i)}).ID
		}
		second, err := store.Open(context.Background(), store.Options{URL: db.URL, Clock: db.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = second.Close() })
		instances := []*desk.Queue{w.queue, {Store: second, Tickets: &support.Tickets{Store: second}}}
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() {
				q := instances[i%2]
				err := q.Store.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
					return q.OnTicket(ctx, tx, event.Stored{Kind: event.TicketOpened{}.Kind(), SubjectID: id, Payload: []byte(`{}`)})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for who, n := range room {
			if got := w.Client.Ticket.Query().Where(ticket.AssigneeID(who)).CountX(storetest.System()); got != n {
				t.Errorf("%s has %d of %d", who, got, n)
			}
		}
		if n := w.Client.Ticket.Query().Where(ticket.AssigneeIDIsNil(), ticket.TeamID(team.ID)).CountX(storetest.System()); n != 50-21 {
			t.Errorf("%d wait", n)
		}
	})
}

func TestClaimNext(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for i := range 6 {
			db.Clock.Add(time.Second)
			tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{Subject: fmt.Sprint(i)})
			w.write(t, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ticket.UpdateOneID(tkt.ID).SetUrgency(i % 3).SetDueAt(tx.Now.Add(-time.Duration(i) * time.Hour)).Exec(ctx)
			})
		}
		own := w.open(t, customer(w.sam, "en"), support.OpenTicketInput{Subject: "own"})
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ticket.UpdateOneID(own.ID).SetUrgency(3).Exec(ctx)
		})
		first, err := w.queue.Claim(agent(w.sam))
		if err != nil || first == nil {
			t.Fatal(first, err)
		}
		if got := w.read(t, first.ID); got.Subject != "5" || !has(got, w.sam) { // most urgent, then due first; never his own
			t.Fatalf("%v", got)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := map[uuid.UUID]int{}
		for i := range 8 {
			wg.Go(func() {
				tkt, err := w.queue.Claim(agent([]uuid.UUID{w.sid, w.sue}[i%2]))
				if err != nil {
					t.Error(err)
				}
				if tkt != nil {
					mu.Lock()
					got[tkt.ID]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(got) != 6 { // five, and Sam's own for a colleague
			t.Errorf("%v", got)
		}
		if none, err := w.queue.Claim(agent(w.sue)); none != nil || err != nil {
			t.Errorf("none waits: %v, %v", none, err)
		}
		_, err = w.queue.Claim(customer(w.alice, "en"))
		wantFault(t, err, fault.ErrForbidden)
	})
}

// Who leaves the staff has no tickets: they go back to be given to others.
func TestTicketsOfWhoLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		w.operator(t, w.sam, team, desk.SaveOperatorInput{})
		open, snoozed, closed := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), w.open(t, customer(w.bob, "en"), support.OpenTicketInput{})
		w.hear(t)
		if _, _, err := w.tickets.Reply(agent(w.sam), support.ReplyToTicketInput{TicketID: snoozed.GlobalID(), Body: "?"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Close(agent(w.sam), support.CloseTicketInput{TicketID: closed.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		byHand := w.open(t, customer(w.alice, "de"), support.OpenTicketInput{})
		if _, err := w.queue.Assign(agent(w.sam), desk.AssignTicketInput{TicketID: byHand.GlobalID(), AssigneeID: given(w.sid)}); err != nil {
			t.Fatal(err)
		}
		w.operator(t, w.sue, team, desk.SaveOperatorInput{})
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.User.UpdateOneID(w.sam).SetStatus(user.StatusBLOCKED).Exec(ctx); err != nil {
				return err
			}
			tx.Tell(event.SecurityChanged{UserID: w.sam, Change: "blocked"}, store.ToUser(w.sam))
			_, err := tx.Exec(ctx, `UPDATE memberships SET valid_until_at = ? WHERE user_id = ?`, tx.Now, w.sid)
			return err
		})
		w.hear(t)
		if a, b, c := w.read(t, open.ID), w.read(t, snoozed.ID), w.read(t, closed.ID); !has(a, w.sue) || b.AssigneeID != nil || !has(c, w.sam) {
			t.Fatalf("%v\n%v\n%v", a, b, c)
		}
		if n := w.Client.Operator.Query().Where(operator.UserID(w.sam)).CountX(storetest.System()); n != 0 {
			t.Error("he is an operator still")
		}
		db.Clock.Add(time.Minute) // Sid's membership ran out without a word
		if n, err := w.queue.Due(storetest.System(), 100); err != nil || n == 0 || has(w.read(t, byHand.ID), w.sid) {
			t.Fatalf("%d, %v", n, err)
		}
		_, err := w.queue.Assign(agent(w.sue), desk.AssignTicketInput{TicketID: open.GlobalID(), AssigneeID: given(w.sam)})
		wantFault(t, err, fault.ErrInvalidValue)
	})
}

func TestTeamsAndOperators(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		boss := head(w.boss)
		team := w.team(t, desk.SaveSupportTeamInput{Name: "All"})
		_, err := w.queue.SaveTeam(boss, desk.SaveSupportTeamInput{Name: " All"})
		wantFault(t, err, desk.ErrAlreadyTaken)
		_, err = w.queue.SaveTeam(boss, desk.SaveSupportTeamInput{Name: "Other", ID: ptr(team.GlobalID())})
		wantFault(t, err, fault.ErrRequired)
		_, err = w.queue.SaveTeam(boss, desk.SaveSupportTeamInput{Name: "Other", ID: ptr(team.GlobalID()), Revision: ptr(7)})
		wantFault(t, err, fault.ErrStaleObject)
		_, err = w.queue.SaveTeam(boss, desk.SaveSupportTeamInput{Name: "Other", Position: ptr(-1)})
		wantFault(t, err, fault.ErrOutOfRange)
		_, err = w.queue.SaveTeam(agent(w.sam), desk.SaveSupportTeamInput{Name: "Other"})
		wantFault(t, err, fault.ErrForbidden)
		for name, c := range map[string]struct {
			in   desk.SaveOperatorInput
			want *fault.Fault
		}{
			"a customer":   {desk.SaveOperatorInput{UserID: usr(w.alice)}, fault.ErrInvalidValue},
			"no such team": {desk.SaveOperatorInput{UserID: usr(w.sam), TeamID: graphql.OmittableOf(&scalar.ID{Prefix: "team", UUID: uuid.New()})}, fault.ErrNotFound},
			"a capacity":   {desk.SaveOperatorInput{UserID: usr(w.sam), Capacity: ptr(1001)}, fault.ErrOutOfRange},
			"no skill":     {desk.SaveOperatorInput{UserID: usr(w.sam), Skills: []string{" "}}, fault.ErrRequired},
			"a revision":   {desk.SaveOperatorInput{UserID: usr(w.sam), Revision: ptr(1)}, fault.ErrNotFound},
		} {
			_, err := w.queue.SaveOperator(boss, c.in)
			t.Log(name)
			wantFault(t, err, c.want)
		}
		o := w.operator(t, w.sam, team, desk.SaveOperatorInput{Skills: []string{"Tea", "tea "}, Away: ptr(true)})
		if o.Capacity != 10 || len(o.Skills) != 1 || !o.Away {
			t.Errorf("%+v", o)
		}
		if o = w.operator(t, w.sam, nil, desk.SaveOperatorInput{Capacity: ptr(4), Revision: ptr(1)}); o.TeamID == nil || !o.Away || len(o.Skills) != 1 || o.Capacity != 4 {
			t.Errorf("what is absent stays: %+v", o)
		}
		if n, err := w.queue.OpenTickets(boss, o); n != 0 || err != nil {
			t.Error(n, err)
		}
		tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		w.hear(t)
		if _, err := w.queue.DeleteTeam(boss, desk.DeleteSupportTeamInput{ID: team.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if got := w.read(t, tkt.ID); got.TeamID != nil {
			t.Errorf("its tickets wait for another: %v", got)
		}
		_, err = w.queue.DeleteTeam(boss, desk.DeleteSupportTeamInput{ID: team.GlobalID()})
		wantFault(t, err, fault.ErrNotFound)
		w.team(t, desk.SaveSupportTeamInput{Name: "French", Locales: []string{"fr"}})
		other := w.team(t, desk.SaveSupportTeamInput{Name: "Other", Kinds: []ticket.Kind{ticket.KindQUESTION}})
		if n, err := w.queue.Due(storetest.System(), 100); n != 1 || err != nil || *w.read(t, tkt.ID).TeamID != other.ID {
			t.Errorf("another team takes it: %d, %v", n, err)
		}
		if again := w.team(t, desk.SaveSupportTeamInput{Name: "All"}); again.ID != team.ID || again.Retired {
			t.Errorf("%v comes back as %v", team, again)
		}
	})
}
