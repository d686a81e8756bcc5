package order

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Outcome is what a verb did to one order.
type Outcome struct {
	Order    *ent.Order // after it, as the payload selects it
	Replayed *bool      // whether it is the first answer again; nil where nothing was done
}

// errNumberTaken asks for another random number.
var errNumberTaken = errors.New("order: the number is taken")

// once runs a verb that makes or changes one order once per idempotency key,
// or for show when dry. The order of the answer is read after the commit, a
// dry run's before its rollback: the same fields either way. id is the order's.
// A verb that gives the order as it is stored saves the reading where nothing
// but its own fields is selected.
func (s *Orders) once(ctx context.Context, operation, key string, dry *bool, input any, id uuid.UUID, verb func(context.Context, *store.Tx) (*ent.Order, error)) (Outcome, error) {
	return s.onceWith(ctx, operation, key, dry, input, id, nil, verb)
}

// onceWith is once that keeps more of its answer with the key; also points to
// what verb sets, and is what it set then when the answer is given again.
func (s *Orders) onceWith(ctx context.Context, operation, key string, dry *bool, input any, id uuid.UUID, also any, verb func(context.Context, *store.Tx) (*ent.Order, error)) (out Outcome, err error) {
	show := dry != nil && *dry
	kept := struct {
		OrderID uuid.UUID
		Also    any `json:",omitempty"`
	}{Also: also}
	var replayed bool
	said := struct { // the same for another owner is something else
		Owner uuid.UUID
		Input any
	}{viewer.From(ctx).OwnerID, input}
	for range 5 {
		err = s.Store.InDryTx(ctx, show, func(ctx context.Context, tx *store.Tx) (err error) {
			kept.OrderID = id
			replayed, err = tx.Once(ctx, operation, key, said, &kept, func() (err error) {
				out.Order, err = verb(ctx, tx)
				return err
			})
			if err != nil || !show {
				return err
			}
			if out.Order, err = selected(ctx, tx.Client, kept.OrderID); err == nil {
				out.Order.Unwrap() // what was not selected loads from the store
			}
			return err
		})
		if !errors.Is(err, errNumberTaken) {
			break
		}
	}
	if err != nil {
		return Outcome{}, err
	}
	out.Replayed = &replayed
	if show {
		return out, nil
	}
	if out.Order != nil && !replayed && ownFields(ctx) {
		out.Order.Unwrap()
	} else {
		out.Order, err = selected(ctx, s.Store.Client, kept.OrderID)
	}
	return out, store.Translate(err)
}

// Once is once for the verbs of what follows a purchase.
func (s *Orders) Once(ctx context.Context, operation, key string, dry *bool, input any, id uuid.UUID, verb func(context.Context, *store.Tx) error) (Outcome, error) {
	return s.OnceWith(ctx, operation, key, dry, input, id, nil, verb)
}

// OnceWith is Once that keeps more of its answer with the key: also points to
// what verb sets, and holds it too where the answer is given again.
func (s *Orders) OnceWith(ctx context.Context, operation, key string, dry *bool, input any, id uuid.UUID, also any, verb func(context.Context, *store.Tx) error) (Outcome, error) {
	return s.onceWith(ctx, operation, key, dry, input, id, also, func(ctx context.Context, tx *store.Tx) (*ent.Order, error) {
		return nil, verb(ctx, tx)
	})
}

// StreamsOf is who is told of an order.
func StreamsOf(ctx context.Context, tx *store.Tx, o *ent.Order) ([]store.Stream, error) {
	return audience(ctx, tx, o)
}

// MayWrite says whether the viewer may act on an order that he reads, as the
// fence says of its rows.
func MayWrite(ctx context.Context, o *ent.Order) bool {
	v := viewer.From(ctx)
	switch reach := v.Reach("order", "write"); {
	case v.IsSystem(), v.Staff && reach == viewer.ReachAll:
		return true
	case !v.SignedIn():
		return false
	case o.OwnerID == v.UserID:
		return true
	case o.OwnerID != v.OwnerID || v.OwnerID == viewer.House:
		return false
	default:
		return reach >= viewer.ReachOwner || reach == viewer.ReachOwn && o.UserID != nil && *o.UserID == v.UserID
	}
}

// ByStaff says whether the viewer acts on an order that is not his own.
func ByStaff(ctx context.Context, o *ent.Order) bool { return byStaff(ctx, o) }

// ownFields says whether the payload selects fields of the order itself alone,
// which any stored order has at hand.
func ownFields(ctx context.Context) bool {
	payload := graphql.GetFieldContext(ctx)
	if payload == nil || payload.Field.Field == nil {
		return false
	}
	op := graphql.GetOperationContext(ctx)
	for _, order := range graphql.CollectFields(op, payload.Field.Selections, []string{payload.Field.Definition.Type.Name()}) {
		if order.Name != "order" {
			continue
		}
		for _, f := range graphql.CollectFields(op, order.Selections, []string{order.Definition.Type.Name()}) {
			if len(f.Selections) > 0 && f.Definition.Type.Name() != "Money" {
				return false
			}
		}
	}
	return true
}

// selected reads an order with the edges that the payload's field order asks for.
func selected(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.Order, error) {
	q, err := c.Order.Query().Where(entorder.ID(id)).CollectUnder(ctx, "order")
	if err != nil {
		return nil, err
	}
	return q.Only(ctx)
}

// Selected reads an order for another domain's payload, with what its field
// order asks for. Fault: NOT_FOUND.
func (s *Orders) Selected(ctx context.Context, id uuid.UUID) (*ent.Order, error) {
	o, err := selected(ctx, s.Store.Client, id)
	return o, store.Translate(err)
}

// Shown is Selected inside a transaction, for a dry run.
func Shown(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Order, error) {
	o, err := selected(ctx, tx.Client, id)
	if err != nil {
		return nil, err
	}
	return o.Unwrap(), nil // what was not selected loads from the store
}

// audience is who is told of an order: its owner and, of a company's order,
// the person who bought it while he is a member. A guest's is for hearers only.
func audience(ctx context.Context, tx *store.Tx, o *ent.Order) ([]store.Stream, error) {
	to, err := audiences(ctx, tx, []*ent.Order{o})
	if err != nil {
		return nil, err
	}
	return to(o), nil
}

// audiences is audience of many orders, in one statement where there are any of
// companies.
func audiences(ctx context.Context, tx *store.Tx, orders []*ent.Order) (func(*ent.Order) []store.Stream, error) {
	var people, companies []uuid.UUID
	for _, o := range orders {
		if o.OwnerID != viewer.House && o.UserID != nil && *o.UserID != o.OwnerID {
			people, companies = append(people, *o.UserID), append(companies, o.OwnerID)
		}
	}
	members := map[[2]uuid.UUID]bool{}
	if len(people) > 0 {
		rows, err := tx.Membership.Query().
			Where(membership.UserIDIn(people...), membership.OwnerIDIn(companies...), membership.StatusEQ(membership.StatusACTIVE),
				membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now))).
			Select(membership.FieldUserID, membership.FieldOwnerID).All(viewer.AsSystem(ctx, "order.audience"))
		if err != nil {
			return nil, err
		}
		for _, m := range rows {
			members[[2]uuid.UUID{m.UserID, m.OwnerID}] = true
		}
	}
	return func(o *ent.Order) []store.Stream {
		switch {
		case o.OwnerID == viewer.House:
			return []store.Stream{store.ToHouse()}
		case o.UserID == nil:
			return []store.Stream{store.ToCompany(o.OwnerID)}
		case *o.UserID == o.OwnerID:
			return []store.Stream{store.ToUser(o.OwnerID)}
		case members[[2]uuid.UUID{*o.UserID, o.OwnerID}]:
			return []store.Stream{store.ToCompany(o.OwnerID), store.ToUser(*o.UserID)}
		}
		return []store.Stream{store.ToCompany(o.OwnerID)}
	}, nil
}

// ending is the end of what was done to orders: points, then the news.
type ending struct {
	*Orders
	tx     *store.Tx
	to     func(*ent.Order) []store.Stream
	earned []*ent.Order // whose points are to be stored
}

// ending ends what do names: who is told of the orders is asked for once, and
// what they earned is stored together.
func (s *Orders) ending(ctx context.Context, tx *store.Tx, orders []*ent.Order, do func(*ending) error) error {
	to, err := audiences(ctx, tx, orders)
	if err != nil {
		return err
	}
	e := &ending{Orders: s, tx: tx, to: to}
	if err := do(e); err != nil {
		return err
	}
	return e.keepEarned(ctx)
}

// byStaff says whether the viewer acts on an order that is not his own.
func byStaff(ctx context.Context, o *ent.Order) bool {
	v := viewer.From(ctx)
	return v.Staff && o.OwnerID != v.UserID && (o.OwnerID != v.OwnerID || o.OwnerID == viewer.House)
}
