package notify_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// crew is a desk of operators by name, and a team that some are of.
type crew struct {
	*world
	team   uuid.UUID
	people map[string]uuid.UUID
}

func newCrew(t *testing.T, db *storetest.DB) *crew {
	t.Helper()
	c := &crew{world: newWorld(t, db), people: map[string]uuid.UUID{}}
	c.write(t, func(ctx context.Context, tx *store.Tx) error {
		team, err := tx.SupportTeam.Create().SetName("All").Save(ctx)
		if err != nil {
			return err
		}
		c.team = team.ID
		for _, p := range []struct {
			name                          string
			operator, team, away, blocked bool
			left                          bool
		}{
			{name: "sam"}, {name: "sue", operator: true, team: true}, {name: "sid", operator: true, team: true, away: true},
			{name: "max", operator: true}, {name: "ann", operator: true, team: true, blocked: true}, {name: "gone", operator: true, team: true, left: true},
		} {
			u := tx.User.Create().SetDisplayName(p.name)
			if p.blocked {
				u.SetStatus(user.StatusBLOCKED)
			}
			made, err := u.Save(ctx)
			if err != nil {
				return err
			}
			c.people[p.name] = made.ID
			m := tx.Membership.Create().SetUserID(made.ID).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(uuid.New())
			if p.left {
				m.SetValidUntilAt(tx.Now)
			}
			if err := m.Exec(ctx); err != nil {
				return err
			}
			if !p.operator {
				continue
			}
			o := tx.Operator.Create().SetUserID(made.ID).SetAway(p.away)
			if p.team {
				o.SetTeamID(c.team)
			}
			if err := o.Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return c
}

// late makes a ticket late and says who is told, by name.
func (c *crew) late(t *testing.T, warning bool, fill func(*ent.TicketCreate)) (told []string) {
	t.Helper()
	before := map[string]int{}
	for name, id := range c.people {
		before[name] = len(c.feed(t, id))
	}
	var made *ent.Ticket
	c.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
		create := tx.Ticket.Create().SetOwnerID(c.alice).SetUserID(c.alice).SetNumber(uuid.NewString()).SetSubject("Late").
			SetLevelStatus(ticket.LevelStatusBREACHED).SetDueAt(tx.Now).SetLastActivityAt(tx.Now)
		fill(create)
		made, err = create.Save(ctx)
		return err
	})
	c.tell(t, event.TicketOverdue{TicketID: made.ID, Number: made.Number, Target: "FIRST_REPLY", Round: 1, Warning: warning, At: time.Now()}, store.ToTicket(made.ID, event.ToStaff))
	c.hear(t)
	for name, id := range c.people {
		if n := len(c.feed(t, id)) - before[name]; n > 0 {
			told = append(told, fmt.Sprint(name, map[bool]string{true: "", false: " twice"}[n == 1]))
		}
	}
	slices.Sort(told)
	return told
}

// That a ticket is late is told to whoever has it; where he is there no more,
// or nobody has it, to the operators of its team; of one in no team to all of
// them. Who is away, blocked or has left is told nothing, and nobody of his own.
func TestWhoIsToldThatATicketIsLate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := newCrew(t, db)
		for name, a := range map[string]struct {
			warning bool
			fill    func(*ent.TicketCreate)
			want    []string
		}{
			"somebody has it":         {false, func(n *ent.TicketCreate) { n.SetAssigneeID(c.people["sam"]).SetTeamID(c.team) }, []string{"sam"}},
			"nobody of a team has it": {false, func(n *ent.TicketCreate) { n.SetTeamID(c.team) }, []string{"sue"}},
			"he left, the team has":   {false, func(n *ent.TicketCreate) { n.SetAssigneeID(c.people["gone"]).SetTeamID(c.team) }, []string{"sue"}},
			"he is blocked, no team":  {false, func(n *ent.TicketCreate) { n.SetAssigneeID(c.people["ann"]) }, []string{"max", "sue"}},
			"of no team":              {false, func(*ent.TicketCreate) {}, []string{"max", "sue"}},
			"of an operator himself":  {false, func(n *ent.TicketCreate) { n.SetUserID(c.people["sue"]).SetTeamID(c.team) }, nil},
			"a warning":               {true, func(n *ent.TicketCreate) { n.SetTeamID(c.team).SetLevelStatus(ticket.LevelStatusIMMINENT_BREACH) }, []string{"sue"}},
			"a warning overtaken":     {true, func(n *ent.TicketCreate) { n.SetTeamID(c.team).SetLevelStatus(ticket.LevelStatusPAUSED) }, nil},
		} {
			if got := c.late(t, a.warning, a.fill); !slices.Equal(got, a.want) {
				t.Errorf("%s: told %v, not %v", name, got, a.want)
			}
		}
		if n := len(c.feed(t, c.alice)); n != 0 {
			t.Errorf("the customer is told %d times", n)
		}
	})
}
