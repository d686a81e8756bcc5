package webhook

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"kabinet/internal/fault"
)

var small = gqlparser.MustLoadSchema(&ast.Source{Name: "small", Input: `
	interface Node { id: ID! }
	type Order implements Node { id: ID! number: String! next: Order }
	type Query { node(id: ID!): Node me: Order orders(number: String): [Order!] }
	type Mutation { pay(id: ID!): Order }
	type Subscription { orderUpdated: Order }`})

func admitsAllButMe(_ context.Context, f *ast.FieldDefinition) bool { return f.Name != "me" }

func TestCheckSelection(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		return `query($id: ID!) { node(id: $id) { ... on Order { ` + strings.Repeat("next { ", n) + "number" + strings.Repeat(" }", n) + ` } } }`
	}
	for text, want := range map[string]error{
		`query($id: ID!) { node(id: $id) { id ... on Order { number } } }`:                                                                                            nil,
		`query Told($id: ID!, $kind: String!, $eventId: String!) { node(id: $id) { __typename id } orders(number: $kind) { id } b: orders(number: $eventId) { id } }`: nil,
		`{ orders { id } }`: nil, `{ ... { orders { id } } }`: nil, deep(9): nil,

		``: ErrSelectionInvalid, `{`: ErrSelectionInvalid, `order.placed`: ErrSelectionInvalid,
		`{ nothing }`: ErrSelectionInvalid, `{ orders }`: ErrSelectionInvalid, `{ orders(numbr: 1) { id } }`: ErrSelectionInvalid,
		`mutation { pay(id: "1") { id } }`: ErrSelectionInvalid, `subscription { orderUpdated { id } }`: ErrSelectionInvalid,
		`query A { orders { id } } query B { orders { id } }`: ErrSelectionInvalid,
		`{ orders { ...f } } fragment f on Order { id }`:      ErrSelectionInvalid,
		`{ me { id } }`: ErrSelectionInvalid, `{ ... { me { id } } }`: ErrSelectionInvalid, `{ ... on Query { ... { x: me { id } } } }`: ErrSelectionInvalid,
		`{ __schema { types { name } } }`: ErrSelectionInvalid, `{ ... { __type(name: "Order") { name } } }`: ErrSelectionInvalid,
		`query($id: String!) { orders(number: $id) { id } }`:          ErrSelectionInvalid,
		`query($number: String!) { orders(number: $number) { id } }`:  ErrSelectionInvalid,
		`query($kind: String = "x") { orders(number: $kind) { id } }`: ErrSelectionInvalid,
		deep(10): ErrSelectionInvalid, deep(900): ErrSelectionInvalid,
		`{ ` + strings.Repeat("orders { id } ", 300) + `}`: ErrSelectionInvalid,
		`{ ` + aliases(11) + `}`:                           ErrSelectionInvalid,
		strings.Repeat(" ", selectionBytes+1):              fault.ErrTooLong,
	} {
		err := checkSelection(t.Context(), small, admitsAllButMe, text)
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%.90q: %v", text, err)
		}
	}
	f, _ := fault.As(checkSelection(t.Context(), small, admitsAllButMe, "{\n  orders { nothing } }"))
	if f == nil || f.Params["line"] != 2 || f.Params["reason"] == "" {
		t.Errorf("%+v", f)
	}
}

func aliases(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(string(rune('a'+i)) + ": orders { id } ")
	}
	return b.String()
}
