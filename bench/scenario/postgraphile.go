package scenario

import (
	"bytes"
	"fmt"

	"kabinet/bench/data"
	"kabinet/bench/documents"
)

// postgraphile asks PostGraphile; the person is a variable besides.
func postgraphile(name string, variables func(u *data.Person) map[string]any) func(*data.World, *data.Person, uint64) Call {
	text := documents.Text("postgraphile/" + name)
	return func(_ *data.World, u *data.Person, _ uint64) Call {
		return Call{Path: "/graphql", Token: u.Token, Body: operation{Query: text, Variables: variables(u)}.json()}
	}
}

func byUser(u *data.Person) map[string]any { return map[string]any{"user": u.ID.String()} }

var dashboardOfPostGraphile = Way{
	Call: postgraphile("dashboard", byUser),
	Counts: func(u *data.Person) map[string]int {
		page := newest(u.Orders, 0, 10)
		return map[string]int{
			"data.userByRowId.orders.nodes": len(page), "data.userByRowId.orders.nodes.orderLinesByOrderId.nodes": linesOf(page),
			"data.userByRowId.ledgerAccounts.nodes.entries.nodes": 10, "data.userByRowId.tickets.nodes.lastMessage.body": 2,
			"data.userByRowId.notifications.nodes": 10,
		}
	},
}

// historyOfPostGraphile first asks for the place of the order before the page:
// its cursors are its own.
var historyOfPostGraphile = Way{
	Learn: func(u *data.Person) Call {
		skip, _ := middle(u)
		return postgraphile("cursor", func(u *data.Person) map[string]any {
			return map[string]any{"user": u.ID.String(), "offset": skip - 1}
		})(nil, u, 0)
	},
	With: func(u *data.Person, answer []byte) (Call, error) {
		_, rest, ok := bytes.Cut(answer, []byte(`"cursor":"`))
		cursor, _, end := bytes.Cut(rest, []byte(`"`))
		if !ok || !end {
			return Call{}, fmt.Errorf("no cursor: %.300s", answer)
		}
		return postgraphile("history", func(u *data.Person) map[string]any {
			return map[string]any{"user": u.ID.String(), "after": string(cursor)}
		})(nil, u, 0), nil
	},
	Counts: func(u *data.Person) map[string]int {
		skip, _ := middle(u)
		return map[string]int{"data.userByRowId.orders.nodes": len(newest(u.Orders, skip, 20)), "data.userByRowId.orders.pageInfo.endCursor": 1}
	},
}

var cardOfPostGraphile = Way{
	Call: postgraphile("card", func(u *data.Person) map[string]any { return map[string]any{"id": card(u).ID.String()} }),
	Counts: func(u *data.Person) map[string]int {
		o := card(u)
		return map[string]int{
			"data.orderByRowId.orderLinesByOrderId.nodes": len(o.Lines), "data.orderByRowId.orderEventsByOrderId.nodes": len(o.Events),
			"data.orderByRowId.paymentsByOrderId.nodes": 1, "data.orderByRowId.shipmentsByOrderId.nodes": 1,
		}
	},
}

var threadOfPostGraphile = Way{
	Call: postgraphile("thread", func(u *data.Person) map[string]any {
		return map[string]any{"user": u.ID.String(), "id": u.Tickets[1].ID.String()}
	}),
	Counts: counts(map[string]int{"data.ticketByRowId.ticketMessagesByTicketId.nodes": 20}),
}

var feedOfPostGraphile = Way{Call: postgraphile("feed", byUser), Counts: counts(map[string]int{"data.userByRowId.notifications.nodes": 20})}

var signedInOfPostGraphile = Way{Call: postgraphile("signedin", byUser), Counts: counts(map[string]int{"data.userByRowId.rowId": 1})}
