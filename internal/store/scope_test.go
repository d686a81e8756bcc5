package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// acting is a context of a person who acts for a company with one reach.
func acting(user, company uuid.UUID, resource string, reach viewer.Reach) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: user, OwnerID: company, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: resource, Operation: "read"}: reach, {Resource: resource, Operation: "write"}: reach,
	}})
}

func makeOrder(t *testing.T, db *storetest.DB, owner, user uuid.UUID, number string) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Create().SetOwnerID(owner).SetUserID(user).SetNumber(number).SetCurrency("GBP").
			SetSubtotalMinor(100).SetTotalMinor(100).SetPlacedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		id = o.ID
		return tx.OrderLine.Create().SetOwnerID(owner).SetOrderID(o.ID).SetPosition(1).SetSku("A").SetTitle("a").
			SetQuantity(1).SetCurrency("GBP").SetUnitPriceMinor(100).SetTotalMinor(100).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestFenceOfCompanies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F11
		company := uuid.Must(uuid.NewV7())
		a, b := makeUser(t, db, "a"), makeUser(t, db, "b")
		makeOrder(t, db, company, a, "of-a")
		makeOrder(t, db, company, b, "of-b")
		makeOrder(t, db, b, b, "private-b")
		for _, c := range []struct {
			name              string
			ctx               context.Context
			orders, withLines int
		}{
			{"for himself", storetest.As(a), 0, 0},
			{"no permission", acting(a, company, "ticket", viewer.ReachOwner), 0, 0},
			{"his own", acting(a, company, "order", viewer.ReachOwn), 1, 1},
			{"all of the company", acting(a, company, "order", viewer.ReachOwner), 2, 2},
			{"nobody", context.Background(), 0, 0},
			{"staff", viewer.With(context.Background(), viewer.Viewer{UserID: a, OwnerID: a, Staff: true,
				Grants: map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "read"}: viewer.ReachAll}}), 3, 3},
		} {
			orders, err := db.Client.Order.Query().WithLines().All(c.ctx)
			if err != nil {
				t.Fatal(c.name, err)
			}
			lines := 0
			for _, o := range orders {
				lines += len(o.Edges.Lines)
			}
			if len(orders) != c.orders || lines != c.withLines {
				t.Errorf("%s: %d orders with %d lines, want %d with %d", c.name, len(orders), lines, c.orders, c.withLines)
			}
		}
	})
}

func TestFenceOfTickets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F1 F3
		a, b, stranger := makeUser(t, db, "a"), makeUser(t, db, "b"), makeUser(t, db, "c")
		left := storetest.Start.Add(time.Hour)
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			ticket := tx.Ticket.Create().SetOwnerID(a).SetUserID(a).SetNumber("T1").SetSubject("s").SetLastActivityAt(tx.Now).SetDueAt(tx.Now).SaveX(ctx)
			for i, visibility := range []string{"ALL", "STAFF"} {
				m := tx.TicketMessage.Create().SetOwnerID(a).SetTicketID(ticket.ID).SetSeq(int64(i + 1)).SetAuthorKind("STAFF").SetBody("x")
				if visibility == "STAFF" {
					m.SetVisibility("STAFF").SetKind("NOTE")
				}
				m.ExecX(ctx)
			}
			tx.TicketParticipant.Create().SetTicketID(ticket.ID).SetUserID(b).SetOwnerID(b).SetRole("FOLLOWER").ExecX(ctx)
			tx.TicketParticipant.Create().SetTicketID(ticket.ID).SetUserID(stranger).SetOwnerID(stranger).SetRole("FOLLOWER").SetLeftAt(left).ExecX(ctx)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name     string
			user     uuid.UUID
			messages int
		}{{"owner", a, 1}, {"participant", b, 1}, {"who left", stranger, 0}} {
			if n := db.Client.TicketMessage.Query().CountX(storetest.As(c.user)); n != c.messages {
				t.Errorf("%s sees %d messages, want %d: notes are for staff", c.name, n, c.messages)
			}
			if n := db.Client.Ticket.Query().CountX(storetest.As(c.user)); n != c.messages {
				t.Errorf("%s sees %d tickets, want %d", c.name, n, c.messages)
			}
		}
	})
}
