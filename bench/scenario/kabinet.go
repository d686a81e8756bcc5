package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"kabinet/bench/data"
	"kabinet/bench/documents"
	"kabinet/internal/scalar"
)

// Persisted has kabinet asked by the hash of a document, whose text it has
// seen, rather than by the text.
var Persisted = false

type extensions struct {
	PersistedQuery struct {
		Version int    `json:"version"`
		Hash    string `json:"sha256Hash"`
	} `json:"persistedQuery"`
}

type operation struct {
	Query      string         `json:"query,omitempty"`
	Variables  map[string]any `json:"variables,omitempty"`
	Extensions *extensions    `json:"extensions,omitempty"`
}

func (o operation) json() string {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err) // all of it is ours
	}
	return string(b)
}

// kabinet asks for a document.
func kabinet(name string, variables func(w *data.World, u *data.Person, n uint64) map[string]any) func(*data.World, *data.Person, uint64) Call {
	text := documents.Text(name)
	return func(w *data.World, u *data.Person, n uint64) Call {
		o := operation{Query: text}
		if variables != nil {
			o.Variables = variables(w, u, n)
		}
		if Persisted && n != Register {
			o.Query, o.Extensions = "", persisted(text)
		}
		if n == Register {
			o.Extensions = persisted(text)
		}
		return Call{Path: "/graphql", Token: u.Token, Body: o.json()}
	}
}

// Register is the n of a call that shows kabinet a text with its hash.
const Register = 1

func persisted(text string) *extensions {
	sum := sha256.Sum256([]byte(text))
	var e extensions
	e.PersistedQuery.Version, e.PersistedQuery.Hash = 1, hex.EncodeToString(sum[:])
	return &e
}

var dashboardOfKabinet = Way{
	Call: kabinet("dashboard", nil),
	Counts: func(u *data.Person) map[string]int {
		page := newest(u.Orders, 0, 10)
		return map[string]int{
			"data.me.orders.nodes": len(page), "data.me.orders.nodes.lines": linesOf(page), "data.me.bonusAccount.entries.nodes": 10,
			"data.me.tickets.nodes": 2, "data.me.tickets.nodes.lastMessage.body": 2, "data.me.notifications.nodes": 10,
		}
	},
}

var historyOfKabinet = Way{
	Call: kabinet("history", func(_ *data.World, u *data.Person, _ uint64) map[string]any {
		_, o := middle(u)
		return map[string]any{"after": scalar.EncodeCursor("User.orders", "NEWEST", scalar.Cursor{ID: o.ID, Value: o.Placed})}
	}),
	Counts: func(u *data.Person) map[string]int {
		skip, _ := middle(u)
		return map[string]int{"data.me.orders.nodes": len(newest(u.Orders, skip, 20)), "data.me.orders.pageInfo.endCursor": 1}
	},
}

var cardOfKabinet = Way{
	Call: kabinet("card", func(_ *data.World, u *data.Person, _ uint64) map[string]any {
		return map[string]any{"id": data.TypeID("order", card(u).ID)}
	}),
	Counts: func(u *data.Person) map[string]int {
		o := card(u)
		return map[string]int{"data.order.lines": len(o.Lines), "data.order.events.nodes": len(o.Events), "data.order.payments": 1, "data.order.shipments": 1}
	},
}

var threadOfKabinet = Way{
	Call: kabinet("thread", func(_ *data.World, u *data.Person, _ uint64) map[string]any {
		return map[string]any{"id": data.TypeID("tkt", u.Tickets[1].ID)}
	}),
	Counts: func(*data.Person) map[string]int { return map[string]int{"data.ticket.messages.nodes": 20} },
}

var feedOfKabinet = Way{
	Call:   kabinet("feed", nil),
	Counts: func(*data.Person) map[string]int { return map[string]int{"data.me.notifications.nodes": 20} },
}

var signedInOfKabinet = Way{
	Call:   kabinet("signedin", nil),
	Counts: func(*data.Person) map[string]int { return map[string]int{"data.me.id": 1} },
}

// done stands in the answer of every mutation that was not refused.
var done = []string{`"userErrors":[]`}

var placeOfKabinet = Way{
	Call: kabinet("place", func(w *data.World, _ *data.Person, n uint64) map[string]any {
		var lines []map[string]any
		for _, p := range basket(w, n) {
			lines = append(lines, map[string]any{"sku": p.SKU, "quantity": 2})
		}
		return map[string]any{"input": map[string]any{"idempotencyKey": fmt.Sprint("bench", n), "lines": lines}}
	}),
	Must: done, Counts: func(*data.Person) map[string]int { return map[string]int{"data.placeOrder.order.id": 1} },
}

var redeemOfKabinet = Way{
	Call: kabinet("redeem", func(_ *data.World, _ *data.Person, n uint64) map[string]any {
		return map[string]any{"input": map[string]any{"idempotencyKey": fmt.Sprint("bench", n), "amount": 1}}
	}),
	Must: done, Counts: func(*data.Person) map[string]int { return map[string]int{"data.redeemPoints.entry.id": 1} },
}

var upsertOfKabinet = Way{
	Call: func(w *data.World, _ *data.Person, n uint64) Call {
		var orders []map[string]any
		for k := range upsertSize {
			var lines []map[string]any
			for _, p := range basket(w, n+uint64(k)) {
				lines = append(lines, map[string]any{"sku": p.SKU, "title": p.Title, "quantity": 2, "unitPrice": pounds(p.Price)})
			}
			orders = append(orders, map[string]any{
				"external": map[string]any{"source": "bench", "id": fmt.Sprintf("%d-%d", n, k)}, "sourceUpdatedAt": upsertTime, "placedAt": upsertTime,
				"customer": map[string]any{"id": data.TypeID("usr", bench(w)[(n+uint64(k))%uint64(len(bench(w)))].ID)}, "currency": "GBP", "lines": lines,
			})
		}
		staff := &data.Person{Token: w.StaffToken}
		return kabinet("upsert", func(*data.World, *data.Person, uint64) map[string]any {
			return map[string]any{"input": map[string]any{"orders": orders}}
		})(w, staff, n)
	},
	Must: done, Counts: func(*data.Person) map[string]int {
		return map[string]int{"data.upsertOrders.results.order.id": upsertSize}
	},
}

const upsertSize = 100

var upsertTime = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC).Format(time.RFC3339)

func pounds(pence int64) string { return fmt.Sprintf("%d.%02d", pence/100, pence%100) }

// basket is three products that a number names.
func basket(w *data.World, n uint64) (list [3]data.Product) {
	for i := range list {
		list[i] = w.Plan.Product(int((n + uint64(i)*7) % uint64(w.Plan.Products)))
	}
	return list
}
