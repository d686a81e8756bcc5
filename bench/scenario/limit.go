package scenario

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"kabinet/bench/data"
)

// limit asks the hand-written handlers: a path for each screen.
func limit(path func(w *data.World, u *data.Person, n uint64) string) func(*data.World, *data.Person, uint64) Call {
	return func(w *data.World, u *data.Person, n uint64) Call { return Call{Path: path(w, u, n), Token: u.Token} }
}

func fixed(path string) func(*data.World, *data.Person, uint64) string {
	return func(*data.World, *data.Person, uint64) string { return path }
}

var dashboardOfLimit = Way{
	Call: limit(fixed("/dashboard")),
	Counts: func(u *data.Person) map[string]int {
		page := newest(u.Orders, 0, 10)
		return map[string]int{"orders": len(page), "orders.lines": linesOf(page), "bonusAccount.entries": 10, "tickets": 2, "tickets.lastMessage": 2, "notifications": 10}
	},
}

var historyOfLimit = Way{
	Call: limit(func(_ *data.World, u *data.Person, _ uint64) string {
		_, o := middle(u)
		return "/history?" + url.Values{"placed": {o.Placed.Format(time.RFC3339Nano)}, "id": {o.ID.String()}}.Encode()
	}),
	Counts: func(u *data.Person) map[string]int {
		skip, _ := middle(u)
		return map[string]int{"orders": len(newest(u.Orders, skip, 20)), "hasNextPage": 1}
	},
}

var cardOfLimit = Way{
	Call: limit(func(_ *data.World, u *data.Person, _ uint64) string { return "/card?id=" + card(u).ID.String() }),
	Counts: func(u *data.Person) map[string]int {
		o := card(u)
		return map[string]int{"lines": len(o.Lines), "events": len(o.Events), "payments": 1, "shipments": 1}
	},
}

var threadOfLimit = Way{
	Call:   limit(func(_ *data.World, u *data.Person, _ uint64) string { return "/thread?id=" + u.Tickets[1].ID.String() }),
	Counts: func(*data.Person) map[string]int { return map[string]int{"messages": 20} },
}

var feedOfLimit = Way{
	Call:   limit(fixed("/feed")),
	Counts: func(*data.Person) map[string]int { return map[string]int{"notifications": 20} },
}

var signedInOfLimit = Way{
	Call:   limit(fixed("/signedin")),
	Counts: func(*data.Person) map[string]int { return map[string]int{"id": 1} },
}

var placeOfLimit = Way{
	Call: func(w *data.World, u *data.Person, n uint64) Call {
		var skus []string
		for _, p := range basket(w, n) {
			skus = append(skus, fmt.Sprintf(`{"sku":%q,"quantity":2}`, p.SKU))
		}
		return Call{Path: "/place", Token: u.Token, Body: fmt.Sprintf(`{"idempotencyKey":"bench%d","lines":[%s]}`, n, strings.Join(skus, ","))}
	},
	Counts: func(*data.Person) map[string]int { return map[string]int{"id": 1} },
}

var redeemOfLimit = Way{
	Call: func(_ *data.World, u *data.Person, n uint64) Call {
		return Call{Path: "/redeem", Token: u.Token, Body: fmt.Sprintf(`{"idempotencyKey":"bench%d","amount":1}`, n)}
	},
	Counts: func(*data.Person) map[string]int { return map[string]int{"id": 1} },
}

var upsertOfLimit = Way{
	Call: func(w *data.World, u *data.Person, n uint64) Call {
		c := upsertOfKabinet.Call(w, u, n) // the same body; the handler looks under variables.input
		c.Path = "/upsert"
		return c
	},
	Counts: func(*data.Person) map[string]int { return map[string]int{"outcomes": upsertSize} },
}
