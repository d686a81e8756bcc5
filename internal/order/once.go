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
func (s *Orders) once(ctx context.Context, operation, key string, dry *bool, input any, id uuid.UUID, verb func(context.Context, *store.Tx) (*ent.Order, error)) (out Outcome, err error) {
	show := dry != nil && *dry
	var kept struct{ OrderID uuid.UUID }
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
	switch {
	case o.OwnerID == viewer.House:
		return []store.Stream{store.ToHouse()}, nil
	case o.UserID == nil:
		return []store.Stream{store.ToCompany(o.OwnerID)}, nil
	case *o.UserID == o.OwnerID:
		return []store.Stream{store.ToUser(o.OwnerID)}, nil
	}
	member, err := tx.Membership.Query().
		Where(membership.UserID(*o.UserID), membership.OwnerID(o.OwnerID), membership.StatusEQ(membership.StatusACTIVE),
			membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now))).
		Exist(viewer.AsSystem(ctx, "order.audience"))
	if err != nil || !member {
		return []store.Stream{store.ToCompany(o.OwnerID)}, err
	}
	return []store.Stream{store.ToCompany(o.OwnerID), store.ToUser(*o.UserID)}, nil
}

// byStaff says whether the viewer acts on an order that is not his own.
func byStaff(ctx context.Context, o *ent.Order) bool {
	v := viewer.From(ctx)
	return v.Staff && o.OwnerID != v.UserID && (o.OwnerID != v.OwnerID || o.OwnerID == viewer.House)
}
