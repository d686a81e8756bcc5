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
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// crew is a desk of operators by name, a team that some are of and one that
// nobody is; and the role of those who may write tickets.
type crew struct {
	*world
	team, empty, writes uuid.UUID
	people              map[string]uuid.UUID
}

// role makes a role of the staff with one grant.
func (c *crew) role(ctx context.Context, tx *store.Tx, name, operation, reach string) (uuid.UUID, error) {
	r, err := tx.Role.Create().SetOwnerID(viewer.House).SetName(name).SetAudience(role.AudienceSTAFF).
		SetPermissions([]schema.Grant{{Resource: "ticket", Operation: operation, Reach: reach}}).Save(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	return r.KeyID, nil
}

func (c *crew) teams(ctx context.Context, tx *store.Tx) error {
	for name, id := range map[string]*uuid.UUID{"All": &c.team, "Nobody": &c.empty} {
		team, err := tx.SupportTeam.Create().SetName(name).Save(ctx)
		if err != nil {
			return err
		}
		*id = team.ID
	}
	return nil
}

func newCrew(t *testing.T, db *storetest.DB) *crew {
	t.Helper()
	c := &crew{world: newWorld(t, db), people: map[string]uuid.UUID{}}
	c.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := c.teams(ctx, tx); err != nil {
			return err
		}
		if c.writes, err = c.role(ctx, tx, "Writes", "write", "ALL"); err != nil {
			return err
		}
		reads, err := c.role(ctx, tx, "Reads", "read", "ALL")
		if err != nil {
			return err
		}
		some, err := c.role(ctx, tx, "Some", "write", "OWN")
		if err != nil {
			return err
		}
		for _, p := range []struct {
			name                          string
			operator, team, away, blocked bool
			left                          bool
			role                          uuid.UUID
		}{
			{name: "rob", role: c.writes}, {name: "ron", role: reads}, {name: "ray", role: some},
			{name: "rex", role: c.writes, operator: true, away: true}, {name: "rik", role: c.writes, left: true}, {name: "rod", role: c.writes, blocked: true},
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
			m := tx.Membership.Create().SetUserID(made.ID).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(p.role)
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
// them; where there is none of those, to whoever may write tickets. Who is away,
// blocked or has left is told nothing, and nobody of his own.
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
			"of an operator himself":  {false, func(n *ent.TicketCreate) { n.SetUserID(c.people["sue"]).SetTeamID(c.team) }, []string{"rob"}},
			"of an empty team":        {false, func(n *ent.TicketCreate) { n.SetTeamID(c.empty) }, []string{"rob"}},
			"he left an empty team":   {false, func(n *ent.TicketCreate) { n.SetAssigneeID(c.people["rik"]).SetTeamID(c.empty) }, []string{"rob"}},
			"of who may write":        {false, func(n *ent.TicketCreate) { n.SetOwnerID(c.people["rob"]).SetUserID(c.people["rob"]).SetTeamID(c.empty) }, nil},
			"opened by who may write": {false, func(n *ent.TicketCreate) { n.SetUserID(c.people["rob"]).SetTeamID(c.empty) }, nil},
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

// A fresh house has no operators, and may have many who answer: not all of them
// are told.
func TestManyMayAnswerALateTicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := newCrew(t, db)
		c.write(t, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Operator.Delete().Exec(ctx); err != nil {
				return err
			}
			for n := range 60 {
				name := fmt.Sprint("w", n)
				made, err := tx.User.Create().SetDisplayName(name).Save(ctx)
				if err != nil {
					return err
				}
				c.people[name] = made.ID
				err = tx.Membership.Create().SetUserID(made.ID).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(c.writes).Exec(ctx)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if told := c.late(t, false, func(*ent.TicketCreate) {}); len(told) != 50 {
			t.Errorf("%d are told: %v", len(told), told)
		}
	})
}

// Who is given a ticket is told once, in his language and without a name; not
// who took it himself, who has it no more when that is heard, or has left; not
// of his own, and nobody else is told, the customer least of all.
func TestWhoIsToldThatHeWasGivenATicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := newCrew(t, db)
		all := map[string]uuid.UUID{"alice": c.alice}
		for name, id := range c.people {
			all[name] = id
		}
		for name, a := range map[string]struct {
			by, to, now, of string
			want            []string
		}{
			"by a colleague":      {by: "sue", to: "sam", now: "sam", want: []string{"sam"}},
			"by turn":             {to: "sue", now: "sue", want: []string{"sue"}},
			"who is away":         {to: "sid", now: "sid", want: []string{"sid"}},
			"he took it":          {by: "sam", to: "sam", now: "sam"},
			"it was given on":     {by: "sue", to: "sam", now: "max"},
			"it was taken back":   {by: "sue", to: "sam"},
			"who has left":        {by: "sue", to: "gone", now: "gone"},
			"who is blocked":      {by: "sue", to: "ann", now: "ann"},
			"his own":             {by: "sue", to: "sam", now: "sam", of: "sam"},
			"taken from somebody": {by: "sue"},
		} {
			before := map[string]int{}
			for who, id := range all {
				before[who] = len(c.feed(t, id))
			}
			as, f := storetest.System(), event.TicketChanged{Number: "T7", Changed: []string{"assignee"}, Status: "OPEN", ByStaff: true}
			if a.by != "" {
				as = storetest.As(all[a.by])
			}
			if a.to != "" {
				f.AssigneeID = ptr(all[a.to])
			}
			f.OwnerID = c.alice
			if a.of != "" {
				f.OwnerID = all[a.of]
			}
			f.UserID = &f.OwnerID
			c.write(t, func(ctx context.Context, tx *store.Tx) error {
				n := tx.Ticket.Create().SetOwnerID(f.OwnerID).SetUserID(f.OwnerID).SetNumber(uuid.NewString()).SetSubject("Broken cup").SetDueAt(tx.Now).SetLastActivityAt(tx.Now)
				if a.now != "" {
					n.SetAssigneeID(all[a.now])
				}
				made, err := n.Save(ctx)
				if err == nil {
					f.TicketID = made.ID
				}
				return err
			})
			if err := db.InTx(as, func(_ context.Context, tx *store.Tx) error {
				tx.Tell(f, store.ToTicket(f.TicketID, event.ToAll))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			c.hear(t)
			var told []string
			for who, id := range all {
				for _, n := range c.feed(t, id)[before[who]:] {
					told = append(told, who)
					if n.Type != "ticket.assigned" || n.Title != "You were given request T7" || n.Body != "Broken cup" || n.Data["assigneeId"] != nil {
						t.Errorf("%s: %v", name, n)
					}
				}
			}
			if !slices.Equal(told, a.want) {
				t.Errorf("%s: told %v, not %v", name, told, a.want)
			}
		}
	})
}
