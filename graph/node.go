package graph

import (
	"context"
	"reflect"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	gql "kabinet/graph/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/list"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/order"
	"kabinet/internal/profile"
	"kabinet/internal/scalar"
	"kabinet/internal/wallet"
)

// node finds an object of any kind; null where it does not exist, is not the
// caller's, or has no type in the SDL.
func (r *Resolver) node(ctx context.Context, id scalar.ID) (ent.Noder, error) {
	table, known := ent.Tables[id.Prefix]
	switch {
	case id.Prefix == "rwd":
		return r.rewardNode(ctx, id)
	case id.Prefix == "cmp":
		return r.campaignNode(ctx, id)
	case id.Prefix == "bill":
		return r.invoiceNode(ctx, id)
	case !known:
		return r.versioned(ctx, id)
	}
	n, err := r.Client.Noder(ctx, id.UUID, ent.WithFixedNodeType(table))
	if ent.IsNotFound(err) || fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.show(ctx, n, id.Prefix)
}

// versioned finds the row in force of a table whose edge id names all versions.
func (r *Resolver) versioned(ctx context.Context, id scalar.ID) (ent.Noder, error) {
	switch id.Prefix {
	case "prog":
		return noder(r.Points.Program(ctx, &id))
	case "rule":
		return noder(r.Earnings.RuleNode(ctx, id))
	case "rsn":
		return noder(r.After.Reason(ctx, id.UUID))
	case "sla":
		return noder(r.Clocks.Level(ctx, id.UUID))
	case "cal":
		return noder(r.Clocks.Calendar(ctx, id.UUID))
	case "tpl":
		return noder(r.Templates.Node(ctx, id.UUID))
	case "nrl":
		return noder(r.Sending.RuleNode(ctx, id.UUID))
	case "art":
		return noder(r.KnowledgeBase.Node(ctx, id.UUID))
	case "fee":
		return noder(r.Wallets.FeeRule(ctx, id.UUID))
	}
	return nil, nil
}

// noder is a row as a Node, nil where it was not found: a nil pointer would be a
// Node that is not nil.
func noder[T any, P interface {
	*T
	ent.Noder
}](v *T, err error) (ent.Noder, error) {
	v, err = found(v, err)
	if v == nil || err != nil {
		return nil, err
	}
	return P(v), nil
}

// show is view, with an account's points as they are now: what fell due is
// settled first.
func (r *Resolver) show(ctx context.Context, n ent.Noder, prefix string) (ent.Noder, error) {
	v := view(n, prefix)
	switch v := v.(type) {
	case *bonus.Account:
		return r.Points.Settled(ctx, v.LedgerAccount)
	case *wallet.WalletAccount, *wallet.WalletEntry:
		return r.showWallet(ctx, v)
	case *ent.Delivery:
		if !delivery.Reads(ctx) { // its person has Notification.deliveries
			return nil, nil
		}
	}
	return v, nil
}

// view gives the SDL's object over a row, nil where the SDL has none or where
// the prefix is not the row's own.
func view(n ent.Noder, prefix string) ent.Noder {
	if g, ok := n.(interface{ GlobalID() scalar.ID }); !ok || g.GlobalID().Prefix != prefix {
		return nil
	}
	switch n := n.(type) {
	case *ent.LedgerAccount:
		switch n.Kind {
		case ledgeraccount.KindBONUS:
			return bonus.ViewAccount(n)
		case ledgeraccount.KindWALLET:
			return wallet.ViewAccount(n)
		}
		return nil
	case *ent.LedgerEntry:
		if !strings.HasPrefix(n.Unit, "PTS:") {
			return wallet.ViewEntry(n)
		}
		e, _ := bonus.ViewEntry(n).(ent.Noder)
		return e
	case *ent.Payment:
		if prefix == "rfd" {
			return &order.Refund{Payment: n}
		}
	case *ent.Address:
		if prefix == "rcp" {
			return &profile.Recipient{Address: n}
		}
	case *ent.ShoppingList:
		if prefix == "cart" {
			return &list.Cart{ShoppingList: n}
		}
	case *ent.LedgerLot:
		return n // BonusLot
	}
	if !nodeTypes()[reflect.TypeOf(n).Elem().Name()] {
		return nil
	}
	return n
}

// nodeTypes are the types of the SDL that are a Node. A row that is shown as it
// is has the name of its type.
var nodeTypes = sync.OnceValue(func() map[string]bool {
	types := map[string]bool{}
	for _, def := range gql.NewExecutableSchema(gql.Config{}).Schema().PossibleTypes["Node"] {
		types[def.Name] = true
	}
	return types
})

// nodesAsked is nodes for whoever asks by ids: so many at once.
func (r *Resolver) nodesAsked(ctx context.Context, ids []*scalar.ID) ([]ent.Noder, error) {
	const most = 100
	if len(ids) > most {
		return nil, fault.ErrTooLong.At("ids").With("limit", most)
	}
	return r.nodes(ctx, ids)
}

// nodes finds objects in the order asked for, one statement a kind.
func (r *Resolver) nodes(ctx context.Context, ids []*scalar.ID) ([]ent.Noder, error) {
	byTable := map[string][]uuid.UUID{}
	var rewards []uuid.UUID
	out := make([]ent.Noder, len(ids))
	for i, id := range ids {
		switch table, known := ent.Tables[id.Prefix]; {
		case id.Prefix == "rwd":
			rewards = append(rewards, id.UUID)
		case id.Prefix == "cmp":
			n, err := r.campaignNode(ctx, *id)
			if err != nil {
				return nil, err
			}
			out[i] = n
		case id.Prefix == "bill":
			n, err := r.invoiceNode(ctx, *id)
			if err != nil {
				return nil, err
			}
			out[i] = n
		case known:
			byTable[table] = append(byTable[table], id.UUID)
		default:
			n, err := r.versioned(ctx, *id)
			if err != nil {
				return nil, err
			}
			out[i] = n
		}
	}
	rows, err := r.rewardNodes(ctx, rewards)
	if err != nil {
		return nil, err
	}
	if err := r.plainNodes(ctx, byTable, rows); err != nil {
		return nil, err
	}
	for i, id := range ids {
		if n := rows[id.UUID]; n != nil {
			if out[i], err = r.show(ctx, n, id.Prefix); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// plainNodes puts the rows of tables into rows, one statement a table.
func (r *Resolver) plainNodes(ctx context.Context, byTable map[string][]uuid.UUID, rows map[uuid.UUID]ent.Noder) error {
	for table, wanted := range byTable {
		found, err := r.Client.Noders(quiet(ctx), wanted, ent.WithFixedNodeType(table))
		if ent.IsNotFound(err) || fault.KindOf(err) == fault.NotFound {
			continue // one alone that is missing comes back as an error
		}
		if err != nil {
			return err
		}
		for i, n := range found {
			if n != nil {
				rows[wanted[i]] = n
			}
		}
	}
	return nil
}

// quiet keeps the errors that Noders puts into the response out of it: they
// tell raw ids, and that something exists.
func quiet(ctx context.Context) context.Context {
	return graphql.WithFreshResponseContext(ctx)
}
