package scenario

import (
	"time"

	"kabinet/bench/data"
	"kabinet/bench/documents"
)

// graphjin asks GraphJin.
func graphjin(name string, variables func(u *data.Person) map[string]any) func(*data.World, *data.Person, uint64) Call {
	text := documents.Text("graphjin/" + name)
	return func(_ *data.World, u *data.Person, _ uint64) Call {
		o := operation{Query: text}
		if variables != nil {
			o.Variables = variables(u)
		}
		return Call{Path: "/graphql", Token: u.Token, Body: o.json()}
	}
}

func counts(c map[string]int) func(*data.Person) map[string]int {
	return func(*data.Person) map[string]int { return c }
}

var dashboardOfGraphJin = Way{
	Call: graphjin("dashboard", nil),
	Counts: func(u *data.Person) map[string]int {
		page := newest(u.Orders, 0, 10)
		return map[string]int{
			"data.users.orders": len(page), "data.users.orders.order_lines": linesOf(page), "data.users.ledger_accounts.ledger_entries": 10,
			"data.users.tickets": 2, "data.users.tickets.ticket_messages": 2, "data.users.notifications": 10,
		}
	},
}

var historyOfGraphJin = Way{
	Call: graphjin("history", func(u *data.Person) map[string]any {
		_, o := middle(u)
		return map[string]any{"placed": o.Placed.Format(time.RFC3339Nano)}
	}),
	Counts: func(u *data.Person) map[string]int {
		skip, _ := middle(u)
		return map[string]int{"data.orders": len(newest(u.Orders, skip, 20))}
	},
}

var cardOfGraphJin = Way{
	Call: graphjin("card", func(u *data.Person) map[string]any { return map[string]any{"id": card(u).ID.String()} }),
	Counts: func(u *data.Person) map[string]int {
		o := card(u)
		return map[string]int{"data.orders.order_lines": len(o.Lines), "data.orders.order_events": len(o.Events), "data.orders.payments": 1, "data.orders.shipments": 1}
	},
}

var threadOfGraphJin = Way{
	Call:   graphjin("thread", func(u *data.Person) map[string]any { return map[string]any{"id": u.Tickets[1].ID.String()} }),
	Counts: counts(map[string]int{"data.tickets.ticket_messages": 20, "data.tickets.ticket_participants": 1}),
}

var feedOfGraphJin = Way{Call: graphjin("feed", nil), Counts: counts(map[string]int{"data.users.notifications": 20})}

var signedInOfGraphJin = Way{Call: graphjin("signedin", nil), Counts: counts(map[string]int{"data.users.id": 1})}
