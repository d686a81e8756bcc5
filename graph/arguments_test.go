package graph

import (
	"reflect"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	stored "kabinet/ent/generated/order"
	gql "kabinet/graph/generated"
	"kabinet/internal/order"
)

// The door for compiled reads parses as the generated resolvers do.
func TestArguments(t *testing.T) {
	t.Parallel()
	es := gql.NewExecutableSchema(gql.Config{})
	ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{})
	got, err := gql.Arguments(ctx, es, "User", "orders", map[string]any{"first": int64(3), "sort": "TOTAL_DESC", "filter": map[string]any{"channel": "ONLINE"}})
	if err != nil {
		t.Fatal(err)
	}
	web := []stored.Channel{stored.ChannelONLINE}
	if filter, ok := got["filter"].(*order.OrderFilter); !ok || !reflect.DeepEqual(filter, &order.OrderFilter{Channel: web}) {
		t.Errorf("filter is %#v", got["filter"])
	}
	if first, ok := got["first"].(*int); !ok || *first != 3 {
		t.Errorf("first is %#v", got["first"])
	}
	if after, ok := got["after"]; !ok || !reflect.ValueOf(after).IsNil() {
		t.Errorf("after is %#v, want a typed nil", after)
	}
	for _, bad := range []struct {
		es            graphql.ExecutableSchema
		object, field string
		raw           map[string]any
		want          string
	}{
		{es, "User", "orders", map[string]any{"sort": "BY_MOON"}, "input: sort BY_MOON is not one of [NEWEST OLDEST TOTAL_DESC TOTAL_ASC]"},
		{es, "User", "displayName", nil, "gql: User.displayName takes no arguments"},
		{nil, "User", "orders", nil, "gql: <nil> is no schema of NewExecutableSchema"},
	} {
		if _, err := gql.Arguments(ctx, bad.es, bad.object, bad.field, bad.raw); err == nil || strings.Join(strings.Fields(err.Error()), " ") != bad.want {
			t.Errorf("%s.%s %v: %v, want %s", bad.object, bad.field, bad.raw, err, bad.want)
		}
	}
}
