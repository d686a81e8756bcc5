package desk

import (
	"context"
	"unicode/utf8"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// shortestName is how much of a name must be typed: less would find everybody.
const shortestName = 2

// Users lists people, newest first; registrations that nobody confirmed are
// left out unless asked for. Every condition given must hold, and each has an
// index.
//
// Faults: INVALID_EMAIL, INVALID_PHONE, OUT_OF_RANGE of a name too short.
func (d *Desk) Users(ctx context.Context, f *UserFilter, page account.Page) (*ent.UserConnection, error) {
	where, err := f.predicates()
	if err != nil {
		return nil, err
	}
	c, err := d.Store.Client.User.Query().Where(where...).Paginate(ctx, page.After, page.First, page.Before, page.Last,
		ent.WithUserOrder(&ent.UserOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultUserOrder.Field}))
	return c, store.Translate(err)
}

func (f *UserFilter) predicates() (where []predicate.User, err error) {
	if f == nil || len(f.Status) == 0 {
		where = append(where, user.StatusNEQ(user.StatusPENDING))
	} else {
		where = append(where, user.StatusIn(f.Status...))
	}
	if f == nil {
		return where, nil
	}
	if f.Email != nil {
		address, ok := credential.ParseEmail(*f.Email)
		if !ok {
			return nil, account.ErrInvalidEmail.At("filter", "email")
		}
		where = append(where, hasContact(contactpoint.KindEMAIL, address.Key))
	}
	if f.Phone != nil {
		number, ok := credential.ParsePhone(*f.Phone, "")
		if !ok {
			return nil, account.ErrInvalidPhone.At("filter", "phone")
		}
		where = append(where, hasContact(contactpoint.KindPHONE, number))
	}
	if f.Login != nil {
		where = append(where, hasLogin(*f.Login))
	}
	if f.Name != nil {
		name := store.Fold(*f.Name)
		if utf8.RuneCountInString(name) < shortestName {
			return nil, fault.ErrOutOfRange.At("filter", "name").With("min", shortestName)
		}
		where = append(where, user.Or(begins(user.FieldNameKey, name), begins(user.FieldFamilyKey, name)))
	}
	if k := f.ExternalKey; k != nil {
		where = append(where, user.Source(k.Source), user.ExternalID(k.ID))
	}
	return where, nil
}

func hasContact(kind contactpoint.Kind, key string) predicate.User {
	return user.HasContactPointsWith(contactpoint.KindEQ(kind), contactpoint.ValueKey(key))
}

// hasLogin finds by a login name alone, whatever its letter case; no edge
// leads to identities, which staff does not read. What is no login name is
// nobody's.
func hasLogin(text string) predicate.User {
	l, ok := credential.ParseLogin(text)
	if !ok {
		return user.IDIn()
	}
	return func(s *sql.Selector) {
		t := sql.Table(identity.Table)
		s.Where(sql.In(s.C(user.FieldID), sql.Select(t.C(identity.FieldUserID)).From(t).Where(sql.EQ(t.C(identity.FieldLoginKey), l.Key))))
	}
}

// begins finds by the beginning of a folded column, by its index: SQLite's
// LIKE does not use one, PostgreSQL's order of a language's letters does not
// either.
func begins(column, prefix string) predicate.User {
	return func(s *sql.Selector) {
		if s.Dialect() == dialect.Postgres {
			s.Where(sql.HasPrefix(s.C(column), prefix))
			return
		}
		s.Where(sql.And(sql.GTE(s.C(column), prefix), sql.LT(s.C(column), prefix+string(utf8.MaxRune))))
	}
}

// User is a person for staff, whatever his status.
//
// Faults: INVALID_ID, NOT_FOUND.
func (d *Desk) User(ctx context.Context, id scalar.ID) (*ent.User, error) {
	key, err := id.As("usr")
	if err != nil {
		return nil, fault.ErrInvalidID.At("id")
	}
	return d.one(ctx, key)
}

// one loads a person within the fence, as a single node: each list under it is
// a plain LIMIT.
func (d *Desk) one(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	n, err := d.Store.Client.Noder(ctx, id, ent.WithFixedNodeType(user.Table))
	if err != nil {
		return nil, store.Translate(err)
	}
	u, _ := n.(*ent.User)
	return u, nil
}

// FoldDue folds the names of people from before they were searched by, some at
// a time, and says of how many. The hook of internal/store folds all others.
func (d *Desk) FoldDue(ctx context.Context, limit int) (int, error) {
	n := 0
	err := d.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) error {
		people, err := tx.User.Query().Where(user.NameKeyIsNil()).Order(user.ByID()).Limit(limit).
			Select(user.FieldID, user.FieldDisplayName, user.FieldFamilyName).All(ctx)
		if err != nil {
			return err
		}
		for _, u := range people {
			family := ""
			if u.FamilyName != nil {
				family = *u.FamilyName
			}
			if _, err := tx.Exec(ctx, `UPDATE users SET name_key = ?, family_key = ? WHERE id = ? AND display_name = ?`,
				store.Fold(u.DisplayName), store.Fold(family), u.ID, u.DisplayName); err != nil {
				return err
			}
		}
		n = len(people)
		return nil
	})
	return n, err
}
