package card_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/membership"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support/card"
	"kabinet/internal/viewer"
)

// furnish gives alice something of everything.
func (w *world) furnish() {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.ContactPoint.Create().SetUserID(w.alice).SetKind(contactpoint.KindEMAIL).SetValue("alice@example.com").SetValueKey("alice@example.com").SetVerifiedAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		acme, err := tx.Company.Create().SetName("Acme").SetKind("COMPANY").Save(ctx)
		if err != nil {
			return err
		}
		former, err := tx.Company.Create().SetName("Former").SetKind("COMPANY").Save(ctx)
		if err != nil {
			return err
		}
		buyer, err := tx.Role.Create().SetOwnerID(viewer.House).SetName("Buyer").SetAudience(role.AudienceCOMPANY).SetPermissions([]schema.Grant{}).Save(ctx)
		if err != nil {
			return err
		}
		if err := tx.Membership.Create().SetUserID(w.alice).SetOwnerID(acme.ID).SetKind(membership.KindCOMPANY).SetRoleID(buyer.KeyID).Exec(ctx); err != nil {
			return err
		}
		if err := tx.Membership.Create().SetUserID(w.alice).SetOwnerID(former.ID).SetKind(membership.KindCOMPANY).SetRoleID(buyer.KeyID).SetStatus(membership.StatusENDED).Exec(ctx); err != nil {
			return err
		}
		for i, o := range []struct {
			currency string
			minor    int64
			status   entorder.Status
		}{{"GBP", 100, "PLACED"}, {"GBP", 250, "COMPLETED"}, {"EUR", 70, "COMPLETED"}, {"GBP", 1000, "CANCELLED"}} {
			made, err := tx.Order.Create().SetNumber(number()).SetCurrency(o.currency).SetSubtotalMinor(o.minor).SetTotalMinor(o.minor).SetStatus(o.status).SetOwnerID(w.alice).SetUserID(w.alice).SetPlacedAt(tx.Now).Save(ctx)
			if err != nil {
				return err
			}
			if i > 1 {
				continue
			}
			c := tx.ReturnRequest.Create().SetOrderID(made.ID).SetOwnerID(w.alice).SetNumber(number()).SetCurrency("GBP").SetLines([]schema.ReturnLine{}).SetAmountMinor(1).SetRequestedAt(tx.Now)
			if i == 1 {
				c.SetStatus("REJECTED")
			}
			if err := c.Exec(ctx); err != nil {
				return err
			}
		}
		// A ticket of the company that alice takes part in, and one that she left.
		for i := range 2 {
			t, err := tx.Ticket.Create().SetNumber(number()).SetSubject("Acme's").SetOwnerID(acme.ID).SetUserID(w.alice).SetLastActivityAt(tx.Now).SetDueAt(tx.Now).SetRating(4).Save(ctx)
			if err != nil {
				return err
			}
			p := tx.TicketParticipant.Create().SetTicketID(t.ID).SetOwnerID(acme.ID).SetUserID(w.alice).SetRole(ticketparticipant.RoleREQUESTER)
			if i == 1 {
				p.SetLeftAt(tx.Now)
			}
			if err := p.Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	w.ticket(w.alice, nil)
	w.ticket(w.alice, func(c *ticketCreate) { c.SetStatus(ticket.StatusSNOOZED).SetRating(1) })
	w.ticket(w.alice, func(c *ticketCreate) { c.SetStatus(ticket.StatusCLOSED).SetRating(5) })
	w.ticket(w.bob, func(c *ticketCreate) { c.SetRating(2) })
	w.note(agent(w.sue), "one")
	w.source("erp", 1)
	w.set(&w.victor)
}

// parts reads all of a card that the caller may, and says what was null.
func (w *world) parts(ctx context.Context) (c *card.CustomerCard, null []string) {
	w.t.Helper()
	c, err := w.Of(ctx, usr(w.alice))
	w.must(err)
	is := func(name string, there bool, err error) {
		w.t.Helper()
		w.must(err)
		if !there {
			null = append(null, name)
		}
	}
	u, err := c.User(ctx)
	is("user", u != nil, err)
	contacts, err := c.Contacts(ctx)
	is("contacts", contacts != nil, err)
	companies, err := c.Companies(ctx)
	is("companies", companies != nil, err)
	orders, err := c.Orders(ctx)
	is("orders", orders != nil, err)
	if orders != nil {
		last, err := orders.Last(ctx)
		is("last orders", len(last) > 0, err)
	}
	returns, err := c.OpenReturns(ctx)
	is("returns", returns != nil, err)
	tickets, err := c.Tickets(ctx)
	is("tickets", tickets != nil, err)
	last, err := c.LastTickets(ctx)
	is("last tickets", last != nil, err)
	notes, err := c.Notes(ctx)
	is("notes", notes != nil, err)
	outside, err := c.OutsideCards(ctx)
	is("outside", outside != nil, err)
	manager, err := c.PersonalManager(ctx)
	is("manager", manager != nil, err)
	satisfied, err := c.Satisfaction(ctx)
	is("satisfaction", satisfied != nil, err)
	return c, null
}

func TestCard(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.furnish()
		w.tells = func(card.Question) card.Answer { return said("one") }
		ctx := chief(w.sue)
		c, null := w.parts(ctx)
		if len(null) > 0 {
			t.Error("null:", null)
		}
		companies, _ := c.Companies(ctx)
		if len(companies) != 1 || companies[0].Name != "Acme" || companies[0].RoleName != "Buyer" || companies[0].IsFamily || companies[0].ID.Prefix != "com" {
			t.Errorf("%+v", companies)
		}
		orders, _ := c.Orders(ctx)
		if orders.Count != 3 || len(orders.Spent) != 2 || orders.Spent[0].Orders != 2 || orders.Spent[0].Amount.Amount() != "3.50" || orders.Spent[0].Amount.Currency != "GBP" || orders.Spent[1].Amount.Amount() != "0.70" {
			t.Errorf("%+v", orders)
		}
		if last, _ := orders.Last(ctx); len(last) != 4 {
			t.Errorf("%d orders", len(last))
		}
		if returns, _ := c.OpenReturns(ctx); len(returns) != 1 {
			t.Errorf("%d returns", len(returns))
		}
		if n, _ := c.Tickets(ctx); n.Total != 4 || n.Open != 2 || n.Snoozed != 1 {
			t.Errorf("%+v", n)
		}
		if s, _ := c.Satisfaction(ctx); s.Answers != 3 || *s.Average != "3.33" || *s.GoodBasisPoints != 6667 {
			t.Errorf("%+v %s", s, *s.Average)
		}
		last, _ := c.LastTickets(ctx)
		for _, own := range last {
			if own.UserID == nil || *own.UserID != w.alice {
				t.Error("a stranger's ticket")
			}
		}
		if len(last) != 4 {
			t.Errorf("%d tickets", len(last))
		}
	})
}

// A part whose permission the role lacks is null, never an error.
func TestCardByRole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.furnish()
		for name, c := range map[string]struct {
			ctx  context.Context
			null string
		}{
			"agent":     {agent(w.sue), "user companies orders returns"},
			"of orders": {as(w.sue, may("ticket", "read"), may("order", "read")), "user companies"},
			"of people": {as(w.sue, may("ticket", "read"), may("user", "read")), "orders returns"},
			"chief":     {chief(w.sue), ""},
		} {
			shown, null := w.parts(c.ctx)
			if strings.Join(null, " ") != c.null {
				t.Errorf("%s: null are %v", name, null)
			}
			want := map[bool]string{true: "alice@example.com", false: "a…@example.com"}[name == "of people" || name == "chief"]
			if all, _ := shown.Contacts(c.ctx); len(all) != 1 || all[0].Value != want || want != "alice@example.com" && all[0].ValueKey != "" {
				t.Errorf("%s: %+v", name, all)
			}
		}
		for name, ctx := range map[string]context.Context{"a customer": storetest.As(w.alice), "of orders alone": as(w.sue, may("order", "read"))} {
			if _, err := w.Of(ctx, usr(w.alice)); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.Of(context.Background(), usr(w.alice)); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
		acting := viewer.From(chief(w.sue))
		acting.ActingStaff = w.victor
		if _, err := w.Of(viewer.With(context.Background(), acting), usr(w.alice)); !errors.Is(err, fault.ErrForbidden) {
			t.Error(err)
		}
	})
}

// A fixed number of statements, however much there is.
func TestCardStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.furnish()
		w.tells = func(card.Question) card.Answer { return said("one") }
		ctx := chief(w.sue)
		w.parts(ctx) // the outside cards are young then
		const want = 12
		for round := range 2 {
			n, list := db.Statements(func() { w.parts(ctx) })
			if n != want {
				t.Errorf("round %d: %d statements, not %d:\n%s", round, n, want, strings.Join(list, "\n"))
			}
			for range 30 {
				w.ticket(w.alice, nil)
				w.note(ctx, "more")
			}
		}
	})
}
