package account

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/invitation"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// inviteDay bounds how many invitations one person sends, and inviteTo how many
// come to one address, whoever sends them.
var (
	inviteDay = store.Limit{Name: "family.invite", Free: 30, Forget: 24 * time.Hour, Window: true}
	inviteTo  = store.Limit{Name: "family.invited", Free: 5, Forget: 24 * time.Hour, Window: true}
)

// whom is who is invited: an address or a person.
type whom struct {
	address *credential.Email
	user    *uuid.UUID
}

func readWhom(in InviteToFamilyInput) (w whom, err error) {
	switch {
	case (in.Email == nil) == (in.UserID == nil):
		return w, fault.ErrRequired.At("input", "email")
	case in.Email != nil:
		address, ok := credential.ParseEmail(*in.Email)
		if !ok {
			return w, ErrInvalidEmail.At("input", "email")
		}
		w.address = &address
		return w, nil
	}
	id, err := in.UserID.As("usr")
	if err != nil {
		return w, fault.ErrInvalidID.At("input", "userId")
	}
	w.user = &id
	return w, nil
}

// InviteToFamily invites whoever proves an address, or a person. The answer,
// the statements and the letter are the same whether anybody is behind it or
// not (security A6). One that is open already is given again. Holders only.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, REQUIRED, INVALID_EMAIL, INVALID_ID,
// NOT_FOUND of the family, TOO_MANY_ITEMS, TOO_MANY_ATTEMPTS.
func (p *People) InviteToFamily(ctx context.Context, in InviteToFamilyInput) (*FamilyInvitation, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	w, err := readWhom(in)
	if err != nil {
		return nil, err
	}
	offered := FamilyRoleMember
	if in.Role != nil {
		offered = *in.Role
	}
	var id uuid.UUID
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		f, _, err := heldFamily(ctx, tx, in.FamilyID, "input", "familyId")
		if err != nil {
			return err
		}
		open, err := openTo(ctx, tx, f.ID, w)
		if err != nil {
			return err
		}
		if open != nil {
			id = open.ID
			return nil
		}
		id, err = p.invite(ctx, tx, f, v, w, offered)
		return err
	})
	if err != nil {
		return nil, err
	}
	all, err := p.invitations(ctx, `i.id = ?`, p.Store.Now(), id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	all[0].Email = all[0].email
	return all[0], nil
}

// openTo finds the open invitation of somebody, and ends one that has expired.
func openTo(ctx context.Context, tx *store.Tx, family uuid.UUID, w whom) (*ent.Invitation, error) {
	q := tx.Invitation.Query().Where(invitation.OwnerID(family), invitation.StatusEQ(invitation.StatusOPEN))
	if w.address != nil {
		q.Where(invitation.EmailKey(w.address.Key))
	} else {
		q.Where(invitation.InvitedID(*w.user))
	}
	open, err := q.Only(asSystem(ctx))
	switch {
	case ent.IsNotFound(err):
		return nil, nil
	case err != nil || open.ExpiresAt.After(tx.Now):
		return open, err
	}
	return nil, tx.Invitation.UpdateOneID(open.ID).SetStatus(invitation.StatusWITHDRAWN).Exec(asSystem(ctx))
}

func (p *People) invite(ctx context.Context, tx *store.Tx, f *ent.Company, v viewer.Viewer, w whom, offered FamilyRole) (uuid.UUID, error) {
	if err := roomInFamily(ctx, tx, f.ID, true); err != nil {
		return uuid.Nil, err
	}
	uses := []store.Use{{Limit: inviteDay, Of: v.UserID.String()}}
	if w.address != nil {
		uses = append(uses, store.Use{Limit: inviteTo, Of: w.address.Key})
	}
	wait, err := tx.Reserve(ctx, uses...)
	if err == nil && wait > 0 {
		err = retryAfter(ErrTooManyAttempts, wait)
	}
	if err != nil {
		return uuid.Nil, err
	}
	key, err := familyRoleKey(ctx, tx, offered)
	if err != nil {
		return uuid.Nil, err
	}
	c := tx.Invitation.Create().SetOwnerID(f.ID).SetInviterID(v.UserID).SetRoleID(key).SetNillableInvitedID(w.user).SetExpiresAt(tx.Now.Add(invitationLife))
	if w.address != nil {
		c.SetEmail(w.address.Value).SetEmailKey(w.address.Key)
	}
	made, err := c.Save(asSystem(ctx))
	if err != nil {
		return uuid.Nil, err
	}
	if w.address != nil {
		if err := p.inviteByLetter(ctx, tx, *w.address, v); err != nil {
			return uuid.Nil, err
		}
	}
	return made.ID, tellInvited(ctx, tx, f, made, w, v)
}

// tellInvited tells the person who is behind an invitation, where one is.
func tellInvited(ctx context.Context, tx *store.Tx, f *ent.Company, made *ent.Invitation, w whom, v viewer.Viewer) error {
	inviter, err := tx.User.Query().Where(user.ID(v.UserID)).Select(user.FieldDisplayName).String(asSystem(ctx))
	if err != nil {
		return err
	}
	find := tx.User.Query().Where(user.StatusEQ(user.StatusACTIVE))
	if w.address != nil {
		find.Where(user.HasContactPointsWith(contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.ValueKey(w.address.Key), contactpoint.VerifiedAtNotNil()))
	} else {
		find.Where(user.ID(*w.user))
	}
	who, err := find.OnlyID(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil
	}
	if err == nil {
		tx.Tell(event.FamilyInvited{FamilyMove: move(f), InvitationID: made.ID, Inviter: inviter}, store.ToUser(who))
	}
	return err
}

// roomInFamily refuses one person too many. Open invitations keep a place
// where one more is made.
func roomInFamily(ctx context.Context, tx *store.Tx, family uuid.UUID, asked bool) error {
	n, err := tx.Membership.Query().Where(membership.OwnerID(family), membership.StatusEQ(membership.StatusACTIVE)).Count(asSystem(ctx))
	if err == nil && asked {
		var open int
		open, err = tx.Invitation.Query().Where(invitation.OwnerID(family), invitation.StatusEQ(invitation.StatusOPEN), invitation.ExpiresAtGT(tx.Now)).Count(asSystem(ctx))
		n += open
	}
	if err == nil && n >= mostInFamily {
		err = ErrTooManyItems.With("limit", mostInFamily)
	}
	return err
}

// forFamily is the purpose of the challenge in which the address of a letter
// of invitation waits.
const forFamily = "family"

// inviteByLetter sends a letter to an address. It says that somebody invites,
// and nothing that a stranger typed.
func (p *People) inviteByLetter(ctx context.Context, tx *store.Tx, to credential.Email, v viewer.Viewer) error {
	_, err := p.post(ctx, tx, store.NewChallenge{Purpose: forFamily, UserID: &v.UserID, Secret: credential.NewCode(), Tries: 1, Life: invitationLife}, nil,
		[]sent{{SentTo: SentTo{Kind: contactpoint.KindEMAIL, To: to.Value}, Template: letterFamily, Locale: p.language(ctx, nil)}})
	return err
}

// WithdrawFamilyInvitation takes an open invitation back. Holders only.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_ID, NOT_FOUND.
func (p *People) WithdrawFamilyInvitation(ctx context.Context, in WithdrawFamilyInvitationInput) (*Family, error) {
	i, _, err := p.answer(ctx, in.InvitationID, func(ctx context.Context, tx *store.Tx, i *ent.Invitation, _ *ent.Company) error {
		_, _, err := heldFamily(ctx, tx, scalar.ID{Prefix: "com", UUID: i.OwnerID}, "input", "invitationId")
		if err != nil {
			return err
		}
		return tx.Invitation.UpdateOneID(i.ID).SetStatus(invitation.StatusWITHDRAWN).Exec(asSystem(ctx))
	})
	if err != nil {
		return nil, err
	}
	return p.family(ctx, i.OwnerID)
}

// AcceptFamilyInvitation makes the caller a member by an invitation of his own.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, TOO_MANY_ITEMS.
func (p *People) AcceptFamilyInvitation(ctx context.Context, in AcceptFamilyInvitationInput) (*Family, error) {
	i, _, err := p.answer(ctx, in.InvitationID, func(ctx context.Context, tx *store.Tx, i *ent.Invitation, f *ent.Company) error {
		if err := p.forMe(ctx, tx, i); err != nil {
			return err
		}
		if err := p.join(ctx, tx, f, i, in.EarnToFamily != nil && *in.EarnToFamily); err != nil {
			return err
		}
		return tx.Invitation.UpdateOneID(i.ID).SetStatus(invitation.StatusACCEPTED).Exec(asSystem(ctx))
	})
	if err != nil {
		return nil, err
	}
	return p.family(ctx, i.OwnerID)
}

// DeclineFamilyInvitation says no to an invitation of the caller's own.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND.
func (p *People) DeclineFamilyInvitation(ctx context.Context, in DeclineFamilyInvitationInput) (*FamilyInvitation, error) {
	_, seen, err := p.answer(ctx, in.InvitationID, func(ctx context.Context, tx *store.Tx, i *ent.Invitation, _ *ent.Company) error {
		if err := p.forMe(ctx, tx, i); err != nil {
			return err
		}
		return tx.Invitation.UpdateOneID(i.ID).SetStatus(invitation.StatusDECLINED).Exec(asSystem(ctx))
	})
	return seen, err
}

// answer opens a transaction over an open invitation, with its family locked.
// seen is the invitation as it was shown before.
func (p *People) answer(ctx context.Context, id scalar.ID, do func(context.Context, *store.Tx, *ent.Invitation, *ent.Company) error) (i *ent.Invitation, seen *FamilyInvitation, err error) {
	if _, err := me(ctx); err != nil {
		return nil, nil, err
	}
	key, err := id.As("inv")
	if err != nil {
		return nil, nil, fault.ErrInvalidID.At("input", "invitationId")
	}
	before, err := p.invitations(ctx, `i.id = ?`, p.Store.Now(), key)
	if err != nil {
		return nil, nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if i, err = openOne(ctx, tx, key); err != nil {
			return err
		}
		if err := tx.Lock(ctx, "companies", "id", i.OwnerID); err != nil {
			return err
		}
		if i, err = openOne(ctx, tx, key); err != nil { // as it is under the lock
			return err
		}
		f, err := tx.Company.Query().Where(company.ID(i.OwnerID), company.StatusEQ(company.StatusACTIVE)).Only(asSystem(ctx))
		if ent.IsNotFound(err) {
			err = fault.ErrNotFound.At("input", "invitationId")
		}
		if err != nil {
			return err
		}
		return do(ctx, tx, i, f)
	})
	if err == nil && len(before) > 0 {
		seen = before[0]
	}
	return i, seen, err
}

// forMe refuses an invitation that is not the caller's, as one that is not there.
func (p *People) forMe(ctx context.Context, tx *store.Tx, i *ent.Invitation) error {
	user := viewer.From(ctx).UserID
	keys, err := p.provenKeys(ctx, tx, user)
	if err == nil && !mine(i, user, keys) {
		err = fault.ErrNotFound.At("input", "invitationId")
	}
	return err
}

// join makes the caller a member; who is one already stays what he is.
func (p *People) join(ctx context.Context, tx *store.Tx, f *ent.Company, i *ent.Invitation, earns bool) error {
	me := viewer.From(ctx).UserID
	there, err := tx.Membership.Query().Where(membership.OwnerID(f.ID), membership.UserID(me)).Exist(asSystem(ctx))
	if err != nil || there {
		return err
	}
	if err := roomInFamily(ctx, tx, f.ID, false); err != nil {
		return err
	}
	if err := roomForMe(ctx, tx, me); err != nil {
		return err
	}
	m, err := tx.Membership.Create().SetOwnerID(f.ID).SetUserID(me).SetKind(membership.KindFAMILY).SetRoleID(i.RoleID).Save(asSystem(ctx))
	if err != nil {
		return err
	}
	if earns {
		if err := earnTo(ctx, tx, me, m.ID, true); err != nil {
			return err
		}
	}
	name, err := tx.User.Query().Where(user.ID(me)).Select(user.FieldDisplayName).String(asSystem(ctx))
	if err != nil {
		return err
	}
	r, err := p.familyRole(ctx, i.RoleID)
	if err != nil {
		return err
	}
	tx.Tell(event.FamilyJoined{FamilyMove: move(f), UserID: me, Member: strings.TrimSpace(name), Role: string(r)}, store.ToUser(i.InviterID), store.ToCompany(f.ID))
	return nil
}
