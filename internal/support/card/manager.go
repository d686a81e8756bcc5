package card

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// SetManager is what SetPersonalManager gives: all nil when it was refused.
type SetManager struct {
	Manager *PersonalManager
	Moved   *int
}

// ManagerOf is who looks after a person: to himself, and to staff who read
// tickets; nil for others. A manager who is no member of staff any more looks
// after nobody.
func (c *Cards) ManagerOf(ctx context.Context, u *ent.User) (*PersonalManager, error) {
	v := viewer.From(ctx)
	if u.ID != v.UserID && !may(v, "ticket", "read") {
		return nil, nil
	}
	return c.manager(ctx, u.ManagerID)
}

// manager reads a member of staff as customers see him. The caller's right to
// know who it is was asked before.
func (c *Cards) manager(ctx context.Context, id *uuid.UUID) (*PersonalManager, error) {
	if id == nil {
		return nil, nil
	}
	u, err := c.Store.Client.User.Query().Where(entuser.ID(*id), entuser.StatusEQ(entuser.StatusACTIVE), isStaff(c.Store.Now())).
		WithContactPoints(func(q *ent.ContactPointQuery) {
			q.Where(contactpoint.VerifiedAtNotNil()).Order(contactpoint.ByID())
		}).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	m := &PersonalManager{ID: u.GlobalID(), Name: u.DisplayName, Contacts: []*ManagerContact{}, User: u}
	for _, p := range u.Edges.ContactPoints {
		if slices.Contains(u.ManagerContacts, p.ID) {
			m.Contacts = append(m.Contacts, &ManagerContact{Kind: p.Kind, Value: p.Value})
		}
	}
	return m, nil
}

// isStaff narrows people to members of staff at a time.
func isStaff(now time.Time) predicate.User {
	return func(s *sql.Selector) {
		t := sql.Table(membership.Table)
		s.Where(sql.In(s.C(entuser.FieldID), sql.Select(t.C(membership.FieldUserID)).From(t).Where(sql.And(
			sql.EQ(t.C(membership.FieldOwnerID), viewer.House), sql.EQ(t.C(membership.FieldKind), string(membership.KindSTAFF)), sql.EQ(t.C(membership.FieldStatus), string(membership.StatusACTIVE)),
			sql.Or(sql.IsNull(t.C(membership.FieldValidUntilAt)), sql.GT(t.C(membership.FieldValidUntilAt), now))))))
	}
}

// SetPersonalManager gives a customer to a member of staff, or to nobody. His
// tickets that are not closed go with him where they were the former manager's
// or nobody's; messages and records stay. The same manager again changes
// nothing.
//
// Faults: INVALID_ID, NOT_FOUND of the customer or of the member of staff,
// NOT_ON_ONESELF; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) SetPersonalManager(ctx context.Context, in SetPersonalManagerInput) (SetManager, error) {
	if err := need(ctx, "ticket", "write"); err != nil {
		return SetManager{}, err
	}
	var moved int
	var to *uuid.UUID
	err := c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		moved, to, err = c.setManager(ctx, tx, in)
		return err
	})
	if err != nil {
		return SetManager{}, err
	}
	m, err := c.manager(ctx, to)
	return SetManager{Manager: m, Moved: &moved}, err
}

func (c *Cards) setManager(ctx context.Context, tx *store.Tx, in SetPersonalManagerInput) (moved int, to *uuid.UUID, err error) {
	if key, err := in.UserID.As("usr"); err == nil {
		if err := tx.Lock(ctx, "users", "id", key); err != nil {
			return 0, nil, err
		}
	}
	u, err := c.customer(ctx, tx.Client, in.UserID, "input", "userId")
	if err != nil {
		return 0, nil, err
	}
	f := event.ManagerChanged{UserID: u.ID, FormerID: u.ManagerID}
	if in.ManagerID != nil {
		m, err := c.staffMember(ctx, tx, *in.ManagerID)
		if err != nil {
			return 0, nil, err
		}
		if m.ID == u.ID {
			return 0, nil, ErrNotOnOneself.At("input", "managerId")
		}
		to, f.ManagerID = &m.ID, &m.ID
	}
	if same(u.ManagerID, to) {
		return 0, to, nil
	}
	set := tx.User.UpdateOneID(u.ID).AddRevision(1)
	if to == nil {
		set.ClearManagerID()
	} else {
		set.SetManagerID(*to)
	}
	if err := set.Exec(asSystem(ctx)); err != nil {
		return 0, nil, err
	}
	if moved, err = c.hand(ctx, tx, u, to); err != nil {
		return 0, nil, err
	}
	tx.Tell(f, store.ToUser(u.ID))
	return moved, to, tx.Audit(ctx, "customer.set_manager", u.ID, u.GlobalID(), map[string]any{"from": shownID(u.ManagerID), "to": shownID(to), "tickets": moved})
}

// hand gives the open tickets over. A customer has a few; the newest 200 go.
func (c *Cards) hand(ctx context.Context, tx *store.Tx, u *ent.User, to *uuid.UUID) (int, error) {
	if c.Reassign == nil {
		return 0, nil
	}
	whose := []predicate.Ticket{}
	if u.ManagerID != nil {
		whose = append(whose, ticket.AssigneeID(*u.ManagerID))
	}
	if to != nil {
		whose = append(whose, ticket.AssigneeIDIsNil())
	}
	ids, err := tx.Ticket.Query().Where(ticket.OwnerID(u.ID), ticket.StatusNEQ(ticket.StatusCLOSED), ticket.Or(whose...)).
		Order(ticket.ByID(sql.OrderDesc())).Limit(mostMoved).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return len(ids), c.Reassign(ctx, tx, ids, to)
}

// staffMember finds a member of staff in force; whoever else is nobody.
func (c *Cards) staffMember(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.User, error) {
	key, err := id.As("usr")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "managerId")
	}
	u, err := tx.User.Query().Where(entuser.ID(key), entuser.StatusEQ(entuser.StatusACTIVE), isStaff(tx.Now)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "managerId")
	}
	return u, err
}

// ShareContacts says which of the caller's own proven contact points his
// customers see. Faults: INVALID_ID, NOT_FOUND, TOO_LONG; UNAUTHENTICATED,
// FORBIDDEN.
func (c *Cards) ShareContacts(ctx context.Context, in ShareManagerContactsInput) (*PersonalManager, error) {
	if err := need(ctx, "ticket", "read"); err != nil {
		return nil, err
	}
	if len(in.ContactPointIds) > mostShared {
		return nil, fault.ErrTooLong.At("input", "contactPointIds").With("limit", mostShared)
	}
	keys := []uuid.UUID{}
	for _, id := range in.ContactPointIds {
		key, err := id.As("cpt")
		if err != nil {
			return nil, fault.ErrInvalidID.At("input", "contactPointIds")
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	me := viewer.From(ctx).UserID
	err := c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.ContactPoint.Query().Where(contactpoint.IDIn(keys...), contactpoint.UserID(me), contactpoint.VerifiedAtNotNil()).Count(ctx)
		if err != nil {
			return err
		}
		if n != len(keys) {
			return fault.ErrNotFound.At("input", "contactPointIds")
		}
		if err := tx.User.UpdateOneID(me).SetManagerContacts(keys).AddRevision(1).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "manager.share_contacts", me, idOf("usr", me), map[string]any{"contacts": len(keys)})
	})
	if err != nil {
		return nil, err
	}
	return c.manager(ctx, &me)
}

func same(a, b *uuid.UUID) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

func shownID(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return idOf("usr", *id).String()
}
