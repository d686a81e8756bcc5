package card_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support/card"
)

func (w *world) managerFor(ctx context.Context) *card.PersonalManager {
	w.t.Helper()
	u, err := w.Store.Client.User.Get(storetest.System(), w.alice)
	w.must(err)
	m, err := w.ManagerOf(ctx, u)
	w.must(err)
	return m
}

func (w *world) set(manager *uuid.UUID) card.SetManager {
	w.t.Helper()
	in := card.SetPersonalManagerInput{UserID: usr(w.alice)}
	if manager != nil {
		in.ManagerID = ptr(usr(*manager))
	}
	done, err := w.SetPersonalManager(agent(w.sue), in)
	w.must(err)
	return done
}

func (w *world) assignee(id uuid.UUID) *uuid.UUID {
	w.t.Helper()
	row, err := w.Store.Client.Ticket.Get(storetest.System(), id)
	w.must(err)
	return row.AssigneeID
}

func TestPersonalManager(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		nobodys := w.ticket(w.alice, nil)
		victors := w.ticket(w.alice, func(c *ticketCreate) { c.SetAssigneeID(w.victor) })
		closed := w.ticket(w.alice, func(c *ticketCreate) { c.SetStatus(ticket.StatusCLOSED) })
		bobs := w.ticket(w.bob, nil)
		if done := w.set(&w.sue); *done.Moved != 1 || done.Manager.Name != "Sue" {
			t.Fatalf("%+v", done)
		}
		is := func(id uuid.UUID, want *uuid.UUID) {
			t.Helper()
			if got := w.assignee(id); (got == nil) != (want == nil) || got != nil && *got != *want {
				t.Errorf("%v, want %v", got, want)
			}
		}
		is(nobodys, &w.sue)
		is(victors, &w.victor)
		is(closed, nil)
		is(bobs, nil)
		// Again: nothing. Another: her tickets go along. None: they wait for anybody.
		if done := w.set(&w.sue); *done.Moved != 0 {
			t.Error("moved again")
		}
		if done := w.set(&w.victor); *done.Moved != 1 || done.Manager.Name != "Victor" {
			t.Errorf("%+v", done)
		}
		is(nobodys, &w.victor)
		if done := w.set(nil); *done.Moved != 2 || done.Manager != nil {
			t.Errorf("%+v", done)
		}
		is(victors, nil)
		if m := w.managerFor(storetest.As(w.alice)); m != nil {
			t.Errorf("%+v", m)
		}
		events, err := db.ReadStream(context.Background(), w.alice, 0, 100)
		if w.must(err); len(events) != 3 || events[0].Kind != "account.manager_changed" {
			t.Errorf("%+v", events)
		}
		if n := w.count(`SELECT count(*) FROM audit_entries WHERE action = 'customer.set_manager'`); n != 3 {
			t.Error("on record:", n)
		}
	})
}

func TestPersonalManagerRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			ctx     context.Context
			who     scalar.ID
			manager scalar.ID
			want    *fault.Fault
		}{
			"no colleague":   {agent(w.sue), usr(w.alice), usr(w.bob), fault.ErrNotFound},
			"nobody":         {agent(w.sue), usr(w.alice), usr(uuid.New()), fault.ErrNotFound},
			"no customer":    {agent(w.sue), usr(uuid.New()), usr(w.sue), fault.ErrNotFound},
			"oneself":        {agent(w.sue), usr(w.sue), usr(w.victor), card.ErrNotOnOneself},
			"his own":        {agent(w.sue), usr(w.victor), usr(w.victor), card.ErrNotOnOneself},
			"kind":           {agent(w.sue), usr(w.alice), scalar.ID{Prefix: "com", UUID: w.sue}, fault.ErrInvalidID},
			"kind too":       {agent(w.sue), scalar.ID{Prefix: "com", UUID: w.alice}, usr(w.sue), fault.ErrInvalidID},
			"a customer":     {storetest.As(w.alice), usr(w.alice), usr(w.sue), fault.ErrForbidden},
			"who only reads": {as(w.sue, may("ticket", "read")), usr(w.alice), usr(w.sue), fault.ErrForbidden},
			"signed out":     {context.Background(), usr(w.alice), usr(w.sue), fault.ErrUnauthenticated},
		} {
			if _, err := w.SetPersonalManager(c.ctx, card.SetPersonalManagerInput{UserID: c.who, ManagerID: &c.manager}); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Whose membership ended looks after nobody, and is given nobody.
		w.set(&w.victor)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Update().Where(membership.UserID(w.victor)).SetValidUntilAt(tx.Now.Add(-time.Second)).Exec(ctx)
		})
		if m := w.managerFor(storetest.As(w.alice)); m != nil {
			t.Errorf("%+v", m)
		}
		_, err := w.SetPersonalManager(agent(w.sue), card.SetPersonalManagerInput{UserID: usr(w.bob), ManagerID: ptr(usr(w.victor))})
		w.wants(err, fault.ErrNotFound, "input", "managerId")
	})
}

func TestManagerContacts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		point := func(of uuid.UUID, value string, proven bool) (id scalar.ID) {
			w.write(func(ctx context.Context, tx *store.Tx) error {
				c := tx.ContactPoint.Create().SetUserID(of).SetKind(contactpoint.KindEMAIL).SetValue(value).SetValueKey(value)
				if proven {
					c.SetVerifiedAt(tx.Now)
				}
				p, err := c.Save(ctx)
				if err == nil {
					id = p.GlobalID()
				}
				return err
			})
			return id
		}
		mine, private, unproven, alices := point(w.sue, "sue@example.com", true), point(w.sue, "home@example.com", true), point(w.sue, "new@example.com", false), point(w.alice, "alice@example.com", true)
		w.set(&w.sue)
		if m := w.managerFor(storetest.As(w.alice)); m.Name != "Sue" || len(m.Contacts) != 0 {
			t.Errorf("%+v", m)
		}
		share := func(ids ...scalar.ID) error {
			_, err := w.ShareContacts(agent(w.sue), card.ShareManagerContactsInput{ContactPointIds: ids})
			return err
		}
		w.must(share(mine, mine))
		m := w.managerFor(storetest.As(w.alice))
		if len(m.Contacts) != 1 || m.Contacts[0].Value != "sue@example.com" {
			t.Errorf("%+v", m.Contacts)
		}
		for name, id := range map[string]scalar.ID{"not proven": unproven, "a customer's": alices, "nobody's": {Prefix: "cpt", UUID: uuid.New()}} {
			if err := share(mine, id); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.wants(share(usr(w.sue)), fault.ErrInvalidID)
		w.wants(share(make([]scalar.ID, 11)...), fault.ErrTooLong)
		if w.managerFor(storetest.As(w.bob)) != nil {
			t.Error("bob sees whose manager alice has")
		}
		if m := w.managerFor(agent(w.victor)); m == nil {
			t.Error("staff does not")
		}
		// What is not proven any more is not shown, nor a manager who is blocked.
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.ContactPoint.Update().Where(contactpoint.ID(mine.UUID)).ClearVerifiedAt().Exec(ctx)
		})
		if m := w.managerFor(storetest.As(w.alice)); len(m.Contacts) != 0 {
			t.Errorf("%+v", m.Contacts)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(w.sue).SetStatus(entuser.StatusBLOCKED).Exec(ctx)
		})
		if m := w.managerFor(storetest.As(w.alice)); m != nil {
			t.Errorf("%+v", m)
		}
		_ = private
	})
}

// What he opened for a company goes along; a company's other tickets do not. As
// many as there are go, a lot at a time.
func TestPersonalManagerOfMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.set(&w.victor)
		var company uuid.UUID
		var acmes [3]uuid.UUID // opened by alice; by bob, alice takes part; by alice, merged
		w.write(func(ctx context.Context, tx *store.Tx) error {
			acme, err := tx.Company.Create().SetName("Acme").SetKind("COMPANY").Save(ctx)
			if err != nil {
				return err
			}
			company = acme.ID
			rows := make([]*ticketCreate, 450)
			for i := range rows {
				rows[i] = tx.Ticket.Create().SetNumber(number()).SetSubject("?").SetOwnerID(w.alice).SetUserID(w.alice).SetLastActivityAt(tx.Now).SetDueAt(tx.Now).SetAssigneeID(w.victor)
			}
			return tx.Ticket.CreateBulk(rows...).Exec(ctx)
		})
		for i, by := range []uuid.UUID{w.alice, w.bob, w.alice} {
			acmes[i] = w.ticket(company, func(c *ticketCreate) { c.SetUserID(by).SetAssigneeID(w.victor) })
			w.write(func(ctx context.Context, tx *store.Tx) error {
				if i == 2 {
					if _, err := tx.Exec(ctx, `UPDATE tickets SET merged_into_id = ? WHERE id = ?`, acmes[0], acmes[2]); err != nil {
						return err
					}
				}
				return tx.TicketParticipant.Create().SetTicketID(acmes[i]).SetOwnerID(company).SetUserID(w.alice).SetRole("FOLLOWER").Exec(ctx)
			})
		}
		if done := w.set(&w.sue); *done.Moved != 451 {
			t.Errorf("moved %d", *done.Moved)
		}
		for i, want := range []uuid.UUID{w.sue, w.victor, w.victor} {
			if got := w.assignee(acmes[i]); got == nil || *got != want {
				t.Errorf("%d: %v", i, got)
			}
		}
	})
}
