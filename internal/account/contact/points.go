package contact

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// addDay bounds how many addresses a person tries to add: each sends a letter
// to somebody.
var addDay = store.Limit{Name: "contact.add", Free: 20, Forget: 24 * time.Hour, Window: true}

// Add sends a code to an address or number that the caller wants to be reached
// at; ConfirmContact takes it. Where somebody else has proven it, its owner is
// told instead and the answer is the same (security A6).
//
// Faults: UNAUTHENTICATED, REQUIRED, INVALID_EMAIL, INVALID_PHONE,
// INVALID_VALUE for one that is the caller's already, TOO_MANY_ITEMS,
// TOO_MANY_ATTEMPTS, CODE_SENT_RECENTLY.
func (c *Contacts) Add(ctx context.Context, in AddContactPointInput) (made *account.Challenge, err error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	to, key, err := c.People.Reached(in.Email, in.Phone)
	if err != nil {
		return nil, err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := dueAfter(ctx, tx, store.Use{Limit: addDay, Of: v.UserID.String()}); err != nil {
			return err
		}
		if err := c.People.RoomForContact(ctx, tx, v.UserID); err != nil {
			return err
		}
		mine, known, err := held(ctx, tx, v.UserID, to, key)
		if err != nil {
			return err
		}
		if mine {
			return fault.ErrInvalidValue.At("input", field(to))
		}
		letter := account.CodeLetter{Purpose: account.ForContact, UserID: &v.UserID, SessionID: &v.SessionID, Kind: to.Kind, To: to.To, Key: key,
			Template: account.LetterCode, Data: account.AddedContact{Known: known}}
		if known {
			letter.Template = account.LetterTaken
		}
		made, err = c.People.SendCode(ctx, tx, letter)
		return err
	})
	return made, err
}

// Remove takes an address or number away; it is told, with all that are left.
// Codes under way are worthless from then on (security D1).
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, LAST_CONTACT_POINT.
func (c *Contacts) Remove(ctx context.Context, in RemoveContactPointInput) (*Changed, error) {
	out := &Changed{}
	v, err := me(ctx)
	if err != nil {
		return out, err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := lock(ctx, tx, v.UserID); err != nil {
			return err
		}
		row, err := own(ctx, tx, v.UserID, in.ContactPointID, "contactPointId")
		if err != nil {
			return err
		}
		left, err := tx.ContactPoint.Query().Where(contactpoint.UserID(v.UserID), contactpoint.VerifiedAtNotNil(), contactpoint.IDNEQ(row.ID)).
			Order(contactpoint.ByCreatedAt(), contactpoint.ByID()).All(ctx)
		if err != nil {
			return err
		}
		if row.VerifiedAt != nil && len(left) == 0 {
			return account.ErrLastContactPoint.At("input", "contactPointId")
		}
		if err := tx.ContactPoint.DeleteOneID(row.ID).Exec(asSystem(ctx)); err != nil {
			return err
		}
		if row.IsPrimary {
			if err := promote(ctx, tx, left, row.Kind); err != nil {
				return err
			}
		}
		if err := tx.DropChallenges(ctx, v.UserID); err != nil {
			return err
		}
		var also []account.SentTo
		if row.VerifiedAt != nil {
			also = append(also, sentTo(row))
		}
		return c.People.NewsTo(ctx, tx, v.UserID, account.ChangeContactRemoved, idOf(row), map[string]any{"kind": row.Kind}, also...)
	})
	if err != nil {
		return out, err
	}
	out.Removed = &in.ContactPointID
	out.User, err = c.People.Person(ctx, v.UserID)
	return out, err
}

// promote makes the oldest of a kind that is left the first of it.
func promote(ctx context.Context, tx *store.Tx, left []*ent.ContactPoint, kind contactpoint.Kind) error {
	for _, one := range left {
		if one.Kind == kind {
			return tx.ContactPoint.UpdateOneID(one.ID).SetIsPrimary(true).Exec(asSystem(ctx))
		}
	}
	return nil
}

// lock takes the person's row: what he does with his addresses goes one after
// the other.
func lock(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	_, err := tx.User.Query().Where(user.ID(id), tx.Locking()).Select(user.FieldID).Only(asSystem(ctx))
	return err
}

// SetPrimary makes an address or number the first of its kind.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, also for one that is not proven.
func (c *Contacts) SetPrimary(ctx context.Context, in SetPrimaryContactPointInput) (*Changed, error) {
	out := &Changed{}
	v, err := me(ctx)
	if err != nil {
		return out, err
	}
	var id uuid.UUID
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := lock(ctx, tx, v.UserID); err != nil {
			return err
		}
		row, err := own(ctx, tx, v.UserID, in.ContactPointID, "contactPointId")
		if err != nil {
			return err
		}
		if id = row.ID; row.VerifiedAt == nil {
			return fault.ErrNotFound.At("input", "contactPointId")
		}
		if row.IsPrimary {
			return nil
		}
		err = tx.ContactPoint.Update().Where(contactpoint.UserID(v.UserID), contactpoint.KindEQ(row.Kind), contactpoint.IsPrimary(true)).SetIsPrimary(false).Exec(asSystem(ctx))
		if err != nil {
			return err
		}
		if err := tx.ContactPoint.UpdateOneID(row.ID).SetIsPrimary(true).Exec(asSystem(ctx)); err != nil {
			return err
		}
		return c.People.News(ctx, tx, v.UserID, account.ChangeContactPrimary, idOf(row), map[string]any{"kind": row.Kind})
	})
	if err != nil {
		return out, err
	}
	return out, c.show(ctx, out, v.UserID, id)
}

// show loads what a payload shows of a change: the person and the contact point.
func (c *Contacts) show(ctx context.Context, out *Changed, who, point uuid.UUID) (err error) {
	if out.User, err = c.People.Person(ctx, who); err != nil {
		return err
	}
	out.Contact, err = c.People.ContactPoint(ctx, scalar.ID{Prefix: "cpt", UUID: point})
	return err
}
