package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kabinet/internal/bonus"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
)

const dashboard = `{ me { displayName unreadCount
	orders(first: 10) { nodes { number statusLabel availableActions total { amount } customer { displayName }
		lines { title product { title } } payments { amount { amount } } refunds { amount { amount } } shipments { carrier } returns { number }
		events(first: 3) { nodes { kind } } } }
	bonusAccount { balance entries(first: 10) { nodes { label amount } } }
	tickets(first: 5) { nodes { subject unreadCount availableActions order { number } lastMessage { body isMine } messages(first: 3) { nodes { body } } } }
	notifications(first: 10) { nodes { title subjectId } } } }`

// The number of statements behind the dashboard does not grow with the rows.
func TestDashboardStatementsDoNotGrow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, err := scalar.ParseID(w.vars["alice"])
		check(t, err)
		ctx := storetest.As(alice.UUID)
		w.live(t, ctx, 0)
		w.settle(t)
		few, log := w.statements(t, dashboard)
		for i := range 12 {
			w.live(t, ctx, 1+i)
		}
		w.settle(t)
		many, more := w.statements(t, dashboard)
		if few == 0 || many != few {
			t.Errorf("%d statements before, %d with more rows:\n%s\n--- before\n%s", few, many, strings.Join(more, "\n"), strings.Join(log, "\n"))
		}
	})
}

func (w *world) statements(t *testing.T, query string) (n int, log []string) {
	t.Helper()
	var answer map[string]any
	n, log = w.db.RequestStatements(func() { answer = w.send(t, step{name: "dashboard", as: "alice"}, query) })
	if answer["errors"] != nil {
		t.Fatal(answer)
	}
	return n, log
}

// live makes an order, a ticket with a talk and points of Alice.
func (w *world) live(t testing.TB, ctx context.Context, i int) {
	t.Helper()
	placed, err := w.app.orders.Place(ctx, order.PlaceOrderInput{IdempotencyKey: fmt.Sprint("live", i), Lines: []*order.PlaceOrderLineInput{{Sku: "TEA", Quantity: 1}}})
	check(t, err)
	id := placed.Order.GlobalID()
	ticket, err := w.app.tickets.Open(ctx, support.OpenTicketInput{Subject: "s", Body: "b", OrderID: &id})
	check(t, err)
	_, _, err = w.app.tickets.Reply(ctx, support.ReplyToTicketInput{TicketID: ticket.GlobalID(), Body: "more"})
	check(t, err)
	_, err = w.app.points.Redeem(ctx, bonus.RedeemPointsInput{Amount: 1, IdempotencyKey: fmt.Sprint("spend", i)})
	check(t, err)
}
