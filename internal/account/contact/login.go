package contact

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// loginDay bounds how often a person asks: each tells all his addresses.
var loginDay = store.Limit{Name: "contact.login", Free: 10, Forget: 24 * time.Hour, Window: true}

// loginChange waits until the new address is proven.
type loginChange struct {
	Known    bool       `json:"known"`
	Replaces *uuid.UUID `json:"replaces,omitempty"`
}

// RequestLoginChange sends a code to the address or number with which the
// caller wants to sign in from now on, and tells those he has. Where somebody
// else has proven the new one, its owner is told instead and the answer is the
// same (security A6).
//
// Faults: UNAUTHENTICATED, REQUIRED, INVALID_EMAIL, INVALID_PHONE,
// INVALID_VALUE for one that is the caller's already, INVALID_ID and NOT_FOUND
// at replaces, TOO_MANY_ATTEMPTS, CODE_SENT_RECENTLY.
func (c *Contacts) RequestLoginChange(ctx context.Context, in RequestLoginChangeInput) (made *account.Challenge, err error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	to, key, err := c.People.Reached(in.Email, in.Phone)
	if err != nil {
		return nil, err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := dueAfter(ctx, tx, store.Use{Limit: loginDay, Of: v.UserID.String()}); err != nil {
			return err
		}
		mine, known, err := held(ctx, tx, v.UserID, to, key)
		if err != nil {
			return err
		}
		if mine {
			return fault.ErrInvalidValue.At("input", field(to))
		}
		old, err := c.replaced(ctx, tx, v.UserID, in.Replaces, to.Kind)
		if err != nil {
			return err
		}
		letter := account.CodeLetter{Purpose: forLogin, UserID: &v.UserID, SessionID: &v.SessionID, Kind: to.Kind, To: to.To, Key: key,
			Template: account.LetterCode, Data: loginChange{Known: known, Replaces: old}}
		if known {
			letter.Template = account.LetterTaken
		}
		if made, err = c.People.SendCode(ctx, tx, letter); err != nil {
			return err
		}
		return c.People.News(ctx, tx, v.UserID, account.ChangeLoginRequested, scalar.ID{Prefix: "usr", UUID: v.UserID}, map[string]any{"kind": to.Kind})
	})
	return made, err
}

// replaced is what a new login takes the place of: the one that is named, else
// the first of its kind, else the first of the other; nothing where there is none.
func (c *Contacts) replaced(ctx context.Context, tx *store.Tx, id uuid.UUID, named *scalar.ID, kind contactpoint.Kind) (*uuid.UUID, error) {
	if named != nil {
		row, err := own(ctx, tx, id, *named, "replaces")
		if err != nil {
			return nil, err
		}
		return &row.ID, nil
	}
	rows, err := tx.ContactPoint.Query().Where(contactpoint.UserID(id), contactpoint.IsPrimary(true), contactpoint.VerifiedAtNotNil()).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	chosen := rows[0]
	for _, row := range rows {
		if row.Kind == kind {
			chosen = row
		}
	}
	return &chosen.ID, nil
}

// undo is what brings an old login back.
type undo struct {
	UserID uuid.UUID      `json:"userId"`
	Old    account.SentTo `json:"old"`
	At     time.Time      `json:"at"`               // when it was replaced
	Second bool           `json:"second,omitempty"` // whether a second factor was on then
}

// ConfirmLoginChange puts the new address in the place of the old one, which
// is told how to undo it. All other sessions end and codes under way are
// worthless (security A12, D1).
//
// Faults: UNAUTHENTICATED, INVALID_ID, INVALID_CODE.
func (c *Contacts) ConfirmLoginChange(ctx context.Context, in ConfirmLoginChangeInput) (*Changed, error) {
	out := &Changed{}
	v, err := me(ctx)
	if err != nil {
		return out, err
	}
	id, err := c.People.TryCode(ctx, in.ChallengeID, forLogin, in.Code)
	if err != nil {
		return out, err
	}
	var made *account.Entrance
	var point uuid.UUID
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var l loginChange
		ch, to, err := c.People.UseCode(ctx, tx, id, forLogin, in.Code, &l)
		if err != nil {
			return err
		}
		if l.Known || ch.UserID == nil || *ch.UserID != v.UserID || ch.SessionID == nil || *ch.SessionID != v.SessionID {
			return errCode()
		}
		if point, err = c.change(ctx, tx, v, l, to); err != nil {
			return err
		}
		if made, err = c.People.Rotate(ctx, tx, false); err != nil {
			return err
		}
		_, err = c.People.EndAll(ctx, tx, v.UserID, v.SessionID)
		return err
	})
	if store.IsUnique(err) { // a twin proved the same address in this moment
		return out, errCode()
	}
	if err != nil {
		return out, err
	}
	w, err := c.People.Welcome(ctx, made)
	if err != nil {
		return out, err
	}
	out.Session = w.Session
	return out, c.show(ctx, out, v.UserID, point)
}

func errCode() error { return account.ErrInvalidCode.At("input", "code") }

// change puts one address in the place of another.
func (c *Contacts) change(ctx context.Context, tx *store.Tx, v viewer.Viewer, l loginChange, to account.SentTo) (point uuid.UUID, err error) {
	if err := lock(ctx, tx, v.UserID); err != nil {
		return point, err
	}
	var old *ent.ContactPoint
	if l.Replaces != nil {
		old, err = tx.ContactPoint.Query().Where(contactpoint.ID(*l.Replaces), contactpoint.UserID(v.UserID)).Only(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return point, err
		}
	}
	if old != nil {
		if err := tx.ContactPoint.DeleteOneID(old.ID).Exec(asSystem(ctx)); err != nil {
			return point, err
		}
	}
	if point, err = c.People.Claim(ctx, tx, v.UserID, to.Kind, to.To); err != nil {
		return point, err
	}
	if err := tx.DropChallenges(ctx, v.UserID); err != nil {
		return point, err
	}
	if old != nil && old.VerifiedAt != nil {
		if err := c.tellOld(ctx, tx, v.UserID, old); err != nil {
			return point, err
		}
	}
	tx.Tell(event.ContactConfirmed{UserID: v.UserID, ContactPointID: point}, store.ToUser(v.UserID))
	return point, c.People.News(ctx, tx, v.UserID, account.ChangeLogin, scalar.ID{Prefix: "cpt", UUID: point}, map[string]any{"kind": to.Kind})
}

// tellOld tells the address that was replaced how to undo it. The challenge
// belongs to nobody: changing the password does not take it from the owner.
func (c *Contacts) tellOld(ctx context.Context, tx *store.Tx, id uuid.UUID, old *ent.ContactPoint) error {
	u, err := tx.User.Query().Where(user.ID(id)).Select(user.FieldLocale, user.FieldTimeZone).Only(asSystem(ctx))
	if err != nil {
		return err
	}
	factors, err := c.factors(ctx, tx, id)
	if err != nil {
		return err
	}
	_, _, err = c.People.SendLink(ctx, tx, account.LinkLetter{Purpose: forUndo, To: []account.SentTo{sentTo(old)}, Template: account.LetterUndo,
		Locale: u.Locale, TimeZone: u.TimeZone, Page: c.Page, Life: c.UndoTTL, Data: undo{UserID: id, Old: sentTo(old), At: tx.Now, Second: len(factors) > 0}})
	return err
}

// factors are the second factors of a person; none where none is due.
func (c *Contacts) factors(ctx context.Context, tx *store.Tx, id uuid.UUID) ([]account.Factor, error) {
	if c.People.Factors == nil {
		return nil, nil
	}
	return c.People.Factors(ctx, tx, id)
}

// UndoLoginChange brings the old login back by what its owner was sent. What
// was added since is gone: addresses and ways of signing in; all sessions end,
// and the password is worthless, for whoever changed the login may know it. It
// opens no session, and who had a second factor keeps being asked for one: the
// old mailbox alone is one factor (security C6).
//
// Faults: INVALID_ID, INVALID_CODE.
func (c *Contacts) UndoLoginChange(ctx context.Context, in UndoLoginChangeInput) (bool, error) {
	id, err := c.People.TryCode(ctx, in.ChallengeID, forUndo, in.Code)
	if err != nil {
		return false, err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var u undo
		if _, _, err := c.People.UseCode(ctx, tx, id, forUndo, in.Code, &u); err != nil {
			return err
		}
		return c.undo(account.As(ctx, u.UserID, uuid.Nil), tx, u)
	})
	if store.IsUnique(err) { // somebody has proven the old address since
		err = errCode()
	}
	return err == nil, err
}

func (c *Contacts) undo(ctx context.Context, tx *store.Tx, u undo) error {
	if err := lock(ctx, tx, u.UserID); err != nil {
		return err
	}
	// A later change, which was undone with an earlier one, is not brought
	// back by its own letter: that went to whoever made it.
	var undone bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM audit_entries WHERE owner_id = ? AND action = ? AND created_at >= ?)`,
		u.UserID, "account."+string(account.ChangeLoginUndone), u.At).Scan(&undone); err != nil {
		return err
	}
	active, err := tx.User.Query().Where(user.ID(u.UserID), user.StatusIn(user.StatusACTIVE, user.StatusBLOCKED)).Exist(asSystem(ctx))
	if err != nil {
		return err
	}
	if undone || !active {
		return errCode()
	}
	if _, err := tx.ContactPoint.Delete().Where(contactpoint.UserID(u.UserID), contactpoint.Or(contactpoint.VerifiedAtGTE(u.At), contactpoint.CreatedAtGTE(u.At))).Exec(asSystem(ctx)); err != nil {
		return err
	}
	if err := c.takeBack(ctx, tx, u); err != nil {
		return err
	}
	if err := tx.Identity.Update().Where(identity.UserID(u.UserID), identity.KindEQ(identity.KindPASSWORD)).ClearSecret().Exec(asSystem(ctx)); err != nil {
		return err
	}
	point, err := c.People.Claim(ctx, tx, u.UserID, u.Old.Kind, u.Old.To)
	if err != nil {
		return err
	}
	if err := tx.DropChallenges(ctx, u.UserID); err != nil {
		return err
	}
	if _, err := c.People.EndAll(ctx, tx, u.UserID, uuid.Nil); err != nil {
		return err
	}
	return c.People.News(ctx, tx, u.UserID, account.ChangeLoginUndone, scalar.ID{Prefix: "cpt", UUID: point}, map[string]any{"kind": u.Old.Kind})
}

// takeBack takes away the ways of signing in that were added since. Of who had
// a second factor those of now stay, and whoever lost his goes to the desk; but
// a passkey signs in by itself, and stays only where nothing else is asked for.
func (c *Contacts) takeBack(ctx context.Context, tx *store.Tx, u undo) error {
	d := tx.Identity.Delete().Where(identity.UserID(u.UserID), identity.CreatedAtGTE(u.At))
	if u.Second {
		stay := []identity.Kind{identity.KindTOTP, identity.KindCODE, identity.KindRECOVERY_CODE}
		factors, err := c.factors(ctx, tx, u.UserID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(factors, func(f account.Factor) bool { return f.Kind != account.ChallengeKindPasskey }) {
			stay = append(stay, identity.KindPASSKEY)
		}
		d.Where(identity.KindNotIn(stay...))
	}
	_, err := d.Exec(asSystem(ctx))
	return err
}
