package graph

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	gql "kabinet/graph/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
)

// broken answers with what no store gives: elements that are missing, that
// panic and that no type of the SDL stands for.
type broken struct{ *Resolver }

func (b broken) Query() gql.QueryResolver               { return brokenQuery{&queryResolver{b.Resolver}} }
func (b broken) Order() gql.OrderResolver               { return brokenOrder{&orderResolver{b.Resolver}} }
func (b broken) BonusAccount() gql.BonusAccountResolver { return brokenAccount{} }

type brokenQuery struct{ gql.QueryResolver }

func (brokenQuery) Orders(context.Context, *order.OrderFilter, *order.OrderSort, *entgql.Cursor[uuid.UUID], *int, *entgql.Cursor[uuid.UUID], *int) (*ent.OrderConnection, error) {
	c := &ent.OrderConnection{}
	for _, number := range []string{"A", "", "C"} {
		edge := &ent.OrderEdge{}
		if number != "" {
			edge.Node = &ent.Order{Number: number, Currency: "GBP"}
		}
		c.Edges = append(c.Edges, edge)
	}
	return c, nil
}

func (brokenQuery) Order(context.Context, order.OrderRef) (*ent.Order, error) {
	return &ent.Order{Number: "A", Currency: "GBP"}, nil
}

func (brokenQuery) CustomerBonusAccount(context.Context, scalar.ID, *scalar.ID) (*bonus.Account, error) {
	return &bonus.Account{LedgerAccount: &ent.LedgerAccount{}}, nil
}

type brokenOrder struct{ gql.OrderResolver }

func (brokenOrder) StatusLabel(_ context.Context, o *ent.Order) (string, error) {
	if o.Number == "C" {
		panic("no label")
	}
	return "", errors.New("no words")
}

func (brokenOrder) Lines(context.Context, *ent.Order) ([]*ent.OrderLine, error) {
	return []*ent.OrderLine{{Sku: "TEA"}, nil}, nil
}

func (brokenOrder) AvailableActions(context.Context, *ent.Order) ([]order.OrderAction, error) {
	return []order.OrderAction{order.OrderActionCancel}, nil
}

type brokenAccount struct{ gql.BonusAccountResolver }

func (brokenAccount) Entries(context.Context, *bonus.Account, *bonus.BonusEntryFilter, *entgql.Cursor[uuid.UUID], *int, *entgql.Cursor[uuid.UUID], *int) (*bonus.EntryConnection, error) {
	return &bonus.EntryConnection{Edges: []*bonus.EntryEdge{{Node: foreign{}}, {Node: bonus.ViewEntry(&ent.LedgerEntry{Seq: 7})}}}, nil
}

type foreign struct{ bonus.Entry }

// What goes wrong in an element is told with its place and takes away as much
// as gqlgen's own code does: tools/equality.sh runs this with it too.
func TestBrokenElements(t *testing.T) {
	t.Parallel()
	run := executor.New(gql.NewExecutableSchema(gql.Config{
		Resolvers: broken{&Resolver{}},
		Directives: gql.DirectiveRoot{Access: func(ctx context.Context, _ any, next graphql.Resolver, _ []gql.Audience, _ *gql.StaffPermission, _ *gql.CompanyPermission, _, _, _, _ *bool) (any, error) {
			return next(ctx)
		}},
	}))
	run.SetRecoverFunc(func(context.Context, any) error { return errors.New("panic") })
	const missing = "the requested element is null which the schema does not allow"
	for _, c := range []struct {
		query, data string
		errors      []string
	}{
		{`{ orders { nodes { number } } }`, `{"orders":null}`, []string{"orders.nodes[1]: " + missing}},
		{`{ orders { edges { node { number total { amount } } } } }`, `{"orders":null}`, []string{"orders.edges[1].node: " + missing}},
		{`{ order(by: {number: "A"}) { number lines { sku } } }`, `{"order":null}`, []string{"order.lines[1]: " + missing}},
		{`{ order(by: {number: "A"}) { n: number availableActions availableActions total { amount __typename } } }`,
			`{"order":{"n":"A","availableActions":["CANCEL"],"total":{"amount":"0.00","__typename":"Money"}}}`, nil},
		{`{ orders { edges { node { statusLabel } } } }`, `{"orders":null}`,
			[]string{"orders.edges[0].node.statusLabel: no words", "orders.edges[1].node: " + missing, "orders.edges[2].node.statusLabel: panic"}},
		{`{ customerBonusAccount(userId: "usr_01h455vb4pex5vsknk084sn02q") { balance entries { nodes { seq } } } }`,
			`{"customerBonusAccount":{"balance":0,"entries":{"nodes":[]}}}`, []string{"customerBonusAccount.entries.nodes[0]: panic"}},
	} {
		data, got := ask(t, run, c.query)
		if slices.Sort(got); data != c.data || !slices.Equal(got, c.errors) {
			t.Errorf("%s\n%s %q\nwant\n%s %q", c.query, data, got, c.data, c.errors)
		}
	}
}

func ask(t *testing.T, run *executor.Executor, query string) (data string, errs []string) {
	t.Helper()
	ctx := graphql.StartOperationTrace(t.Context())
	op, refused := run.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if refused != nil {
		t.Fatal(refused)
	}
	respond, ctx := run.DispatchOperation(ctx, op)
	resp := respond(ctx)
	for _, err := range resp.Errors {
		errs = append(errs, err.Path.String()+": "+err.Message)
	}
	if !json.Valid(resp.Data) {
		t.Errorf("%s: no JSON: %s", query, resp.Data)
	}
	return strings.TrimSpace(string(resp.Data)), errs
}
