package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/compiled"
	"kabinet/internal/store/storetest"
)

// What two names show of one row is what each shows alone: none takes the
// columns, the lists or the arguments of the other.
func TestTwoNamesOfOneRow(t *testing.T) {
	for name, look := range map[string]func(graphql.ExecutableSchema) graphql.ExecutableSchema{"compiled": nil, "resolved": compiled.Ordinary} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w := newWorldWith(t, db, look)
				w.fill(t)
				for _, c := range twoNames {
					both := w.data(t, c.both)
					for at, alone := range c.alone {
						got, _ := dig(both, at)
						want, there := dig(w.data(t, alone.query), alone.at)
						if fmt.Sprint(got) != fmt.Sprint(want) || !there {
							t.Errorf("%s: %s is\n%v, alone\n%v", c.both, at, got, want)
						}
					}
				}
				w.twoInOnePayload(t)
			})
		})
	}
}

// alone is where one of the two stands by itself.
type alone struct{ query, at string }

const (
	firstOrder  = `{ me { orders(first: 1) { %s } } }`
	firstTicket = `{ me { tickets(first: 1) { nodes { %s } } } }`
)

var twoNames = []struct {
	both  string
	alone map[string]alone
}{
	{fmt.Sprintf(firstOrder, `edges { node { id } } more: edges { cursor node { number } } nodes { total { amount } } again: nodes { statusLabel lines { sku } }`), map[string]alone{
		"me.orders.edges.0": {fmt.Sprintf(firstOrder, `edges { node { id } }`), "me.orders.edges.0"},
		"me.orders.more.0":  {fmt.Sprintf(firstOrder, `edges { cursor node { number } }`), "me.orders.edges.0"},
		"me.orders.nodes.0": {fmt.Sprintf(firstOrder, `nodes { total { amount } }`), "me.orders.nodes.0"},
		"me.orders.again.0": {fmt.Sprintf(firstOrder, `nodes { statusLabel lines { sku } }`), "me.orders.nodes.0"},
	}},
	{fmt.Sprintf(firstOrder, `nodes { a: customer { id addresses { id } } b: customer { displayName addresses { city } } }`), map[string]alone{
		"me.orders.nodes.0.a": {fmt.Sprintf(firstOrder, `nodes { customer { id addresses { id } } }`), "me.orders.nodes.0.customer"},
		"me.orders.nodes.0.b": {fmt.Sprintf(firstOrder, `nodes { customer { displayName addresses { city } } }`), "me.orders.nodes.0.customer"},
	}},
	{fmt.Sprintf(firstTicket, `a: order { number events(first: 1) { nodes { kind } } } b: order { total { amount } events(first: 3) { nodes { occurredAt } pageInfo { hasNextPage } } }`), map[string]alone{
		"me.tickets.nodes.0.a": {fmt.Sprintf(firstTicket, `order { number events(first: 1) { nodes { kind } } }`), "me.tickets.nodes.0.order"},
		"me.tickets.nodes.0.b": {fmt.Sprintf(firstTicket, `order { total { amount } events(first: 3) { nodes { occurredAt } pageInfo { hasNextPage } } }`), "me.tickets.nodes.0.order"},
	}},
	{fmt.Sprintf(firstOrder, `nodes { a: events(first: 1) { nodes { seq } } b: events(last: 2) { edges { cursor } } }`), map[string]alone{
		"me.orders.nodes.0.a": {fmt.Sprintf(firstOrder, `nodes { events(first: 1) { nodes { seq } } }`), "me.orders.nodes.0.events"},
		"me.orders.nodes.0.b": {fmt.Sprintf(firstOrder, `nodes { events(last: 2) { edges { cursor } } }`), "me.orders.nodes.0.events"},
	}},
	{`{ node(id: "%aliceOrder") { id ... on Node { __typename } ... on Order { number } ... { ... on Order { a: number b: total { amount } } } } }`, map[string]alone{
		"node.number": {`{ order(by: {id: "%aliceOrder"}) { number } }`, "order.number"},
		"node.b":      {`{ order(by: {id: "%aliceOrder"}) { total { amount } } }`, "order.total"},
	}},
	{fmt.Sprintf(firstOrder, `pageInfo { startCursor hasNextPage }`), map[string]alone{
		"me.orders.pageInfo.startCursor": {fmt.Sprintf(firstOrder, `edges { cursor node { number placedAt } }`), "me.orders.edges.0.cursor"},
	}},
}

func (w *world) data(t *testing.T, query string) any {
	t.Helper()
	answer := w.send(t, step{name: "names", as: "alice"}, strings.ReplaceAll(query, "%aliceOrder", w.vars["aliceOrder"]))
	if answer["errors"] != nil {
		t.Fatal(query, answer)
	}
	return answer["data"]
}

// twoInOnePayload shows an order under two names where a mutation gives it.
func (w *world) twoInOnePayload(t *testing.T) {
	t.Helper()
	got := w.data(t, `mutation { placeOrder(input: {lines: [{sku: "FREE", quantity: 1}], idempotencyKey: "names"}) {
		a: order { id number } b: order { total { amount } lines { title } customer { displayName } } none: replayed } }`)
	id, _ := dig(got, "placeOrder.a.id")
	want := w.data(t, fmt.Sprintf(`{ a: order(by: {id: "%s"}) { id number } b: order(by: {id: "%s"}) { total { amount } lines { title } customer { displayName } } }`, id, id))
	for _, at := range []string{"a", "b"} {
		one, _ := dig(got, "placeOrder."+at)
		if other, there := dig(want, at); !there || fmt.Sprint(one) != fmt.Sprint(other) {
			t.Errorf("placeOrder.%s is %v, alone %v", at, one, other)
		}
	}
}
