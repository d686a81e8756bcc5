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

// manager is a member of staff as customers see him. The caller's right to know
// who it is was asked before.
func (c *Cards) manager(ctx context.Context, id *uuid.UUID) (*PersonalManager, error) {
	if id == nil {
		return nil, nil
	}
	return c.managers.Load(ctx, *id, c.managersBy)
}

// managersBy reads members of staff as customers see them.
func (c *Cards) managersBy(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*PersonalManager, error) {
	q := c.Store.Client.User.Query().Where(entuser.IDIn(ids...), entuser.StatusEQ(entuser.StatusACTIVE), isStaff(c.Store.Now())).
		WithContactPoints(func(q *ent.ContactPointQuery) {
			q.Where(contactpoint.VerifiedAtNotNil()).Order(contactpoint.ByID()).Select(contactpoint.FieldKind, contactpoint.FieldValue)
		})
	q.Select(entuser.FieldDisplayName, entuser.FieldAvatarID, entuser.FieldAvatarWidth, entuser.FieldAvatarHeight, entuser.FieldManagerContacts)
	people, err := q.All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	by := make(map[uuid.UUID]*PersonalManager, len(people))
	for _, u := range people {
		m := &PersonalManager{ID: u.GlobalID(), Name: u.DisplayName, Contacts: []*ManagerContact{}, User: u}
		for _, p := range u.Edges.ContactPoints {
			if slices.Contains(u.ManagerContacts, p.ID) {
				m.Contacts = append(m.Contacts, &ManagerContact{Kind: p.Kind, Value: p.Value})
			}
		}
		by[u.ID] = m
	}
	return by, nil
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

// SetPersonalManager gives a customer to a member of staff, or to nobody. The
// tickets that he opened, and those that are his own, go with him where they are
// not closed and were the former manager's or nobody's; messages and records
// stay. The same manager again changes nothing.
//
// Faults: INVALID_ID, NOT_FOUND of the customer or of the member of staff,
// NOT_ON_ONESELF; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) SetPersonalManager(ctx context.Context, in SetPersonalManagerInput) (SetManager, error) {
	if err := need(ctx, "ticket", "write"); err != nil {
		return SetManager{}, err
	}
	var h handing
	err := c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		h, err = c.setManager(ctx, tx, in)
		return err
	})
	// Who has more tickets than one transaction should hold: a lot at a time.
	for err == nil && h.more {
		next := h
		err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			next = h
			return c.handOn(ctx, tx, &next)
		})
		h = next
	}
	if err != nil {
		return SetManager{}, err
	}
	m, err := c.manager(ctx, h.to)
	return SetManager{Manager: m, Moved: &h.moved}, err
}

func (c *Cards) setManager(ctx context.Context, tx *store.Tx, in SetPersonalManagerInput) (h handing, err error) {
	if key, err := in.UserID.As("usr"); err == nil {
		if err := tx.Lock(ctx, "users", "id", key); err != nil {
			return h, err
		}
	}
	u, err := c.customer(ctx, tx.Client, in.UserID, "input", "userId")
	if err != nil {
		return h, err
	}
	h.customer, h.former = u.ID, u.ManagerID
	if in.ManagerID != nil {
		m, err := c.staffMember(ctx, tx, *in.ManagerID)
		if err != nil {
			return h, err
		}
		if m.ID == u.ID {
			return h, ErrNotOnOneself.At("input", "managerId")
		}
		h.to = &m.ID
	}
	if same(u.ManagerID, h.to) {
		return h, nil
	}
	set := tx.User.UpdateOneID(u.ID).AddRevision(1)
	if h.to == nil {
		set.ClearManagerID()
	} else {
		set.SetManagerID(*h.to)
	}
	if err := set.Exec(asSystem(ctx)); err != nil {
		return h, err
	}
	if err := c.hand(ctx, tx, &h); err != nil {
		return h, err
	}
	tx.Tell(event.ManagerChanged{UserID: u.ID, FormerID: h.former, ManagerID: h.to}, store.ToUser(u.ID))
	return h, tx.Audit(ctx, "customer.set_manager", u.ID, u.GlobalID(), map[string]any{"from": shownID(h.former), "to": shownID(h.to), "tickets": h.moved})
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
