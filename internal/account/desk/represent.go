package desk

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostRepresentatives bounds how many people act for one, and for how many one acts.
const mostRepresentatives = 20

// SaveRepresentation notes that a person represents another one who is under
// 14, by a document that the caller has seen. It is in force at once and ends
// on the 14th birthday, by the viewer's own rule (valid_until_at).
//
// Faults: FORBIDDEN, INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG, INVALID_VALUE,
// USER_NOT_ACTIVE, NOT_ON_ONESELF, NOT_A_MINOR, REPRESENTATIVE_TOO_YOUNG,
// TOO_MANY_ITEMS.
func (d *Desk) SaveRepresentation(ctx context.Context, in SaveRepresentationInput) (*Representation, error) {
	v, err := staff(ctx, "write")
	if err != nil {
		return nil, err
	}
	note, err := reason(in.DocumentNote, longestReason, "input", "documentNote")
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		child, err := active(ctx, tx, in.RepresentedID, "input", "representedId")
		if err != nil {
			return err
		}
		adult, err := active(ctx, tx, in.RepresentativeID, "input", "representativeId")
		if err != nil {
			return err
		}
		if adult.ID == child.ID || adult.ID == v.UserID || child.ID == v.UserID {
			return ErrNotOnOneself.At("input", "representativeId")
		}
		until, err := ages(child, adult, tx.Now)
		if err != nil {
			return err
		}
		m, err := d.seat(ctx, tx, child.ID, adult.ID, in.Basis, note, until)
		if err != nil {
			return err
		}
		id = m.ID
		details := map[string]any{"basis": string(in.Basis), "validUntil": until}
		if err := d.People.News(ctx, tx, child.ID, account.ChangeRepresentativeAdded, m.GlobalID(), details); err != nil {
			return err
		}
		return d.People.News(ctx, tx, adult.ID, account.ChangeRepresentationGiven, m.GlobalID(), details)
	})
	if store.IsUnique(err) {
		err = fault.ErrConflict.Because(err)
	}
	if err != nil {
		return nil, err
	}
	list, err := d.representations(ctx, membership.ID(id))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// ages checks who may represent whom, and says until when.
func ages(child, adult *ent.User, now time.Time) (time.Time, error) {
	until, known := birthday(child.BirthOn, child.TimeZone, ageOfOwnActs)
	if !known || !until.After(now) {
		return until, ErrNotAMinor.At("input", "representedId").With("years", ageOfOwnActs)
	}
	if grown, known := birthday(adult.BirthOn, adult.TimeZone, ageOfActingFor); known && grown.After(now) {
		return until, ErrRepresentativeTooYoung.At("input", "representativeId").With("years", ageOfActingFor)
	}
	return until, nil
}

// seat makes or renews the membership.
func (d *Desk) seat(ctx context.Context, tx *store.Tx, child, adult uuid.UUID, basis RepresentationBasis, note string, until time.Time) (*ent.Membership, error) {
	ctx = asSystem(ctx)
	r, err := tx.Role.Query().Where(role.OwnerID(viewer.House), role.Name(account.RoleRepresentative), role.RetiredAtIsNil()).Only(ctx)
	if err != nil {
		return nil, err
	}
	old, err := tx.Membership.Query().Where(membership.UserID(adult), membership.OwnerID(child)).Only(ctx)
	if err == nil {
		return tx.Membership.UpdateOneID(old.ID).SetRoleID(r.KeyID).SetStatus(membership.StatusACTIVE).SetValidUntilAt(until).
			SetBasis(membership.Basis(basis)).SetDocumentNote(note).AddRevision(1).Save(ctx)
	}
	if !ent.IsNotFound(err) {
		return nil, err
	}
	for _, of := range []func() (int, error){
		func() (int, error) {
			return tx.Membership.Query().Where(inForce(tx.Now), membership.OwnerID(child)).Count(ctx)
		},
		func() (int, error) {
			return tx.Membership.Query().Where(inForce(tx.Now), membership.UserID(adult)).Count(ctx)
		},
	} {
		n, err := of()
		if err != nil {
			return nil, err
		}
		if n >= mostRepresentatives {
			return nil, account.ErrTooManyItems.At("input", "representativeId").With("limit", mostRepresentatives)
		}
	}
	return tx.Membership.Create().SetOwnerID(child).SetUserID(adult).SetKind(membership.KindREPRESENTATIVE).SetRoleID(r.KeyID).
		SetValidUntilAt(until).SetBasis(membership.Basis(basis)).SetDocumentNote(note).Save(ctx)
}

// EndRepresentation ends a representation; one that is over is NOT_FOUND.
//
// Faults: FORBIDDEN, INVALID_ID, NOT_FOUND, TOO_LONG, INVALID_VALUE.
func (d *Desk) EndRepresentation(ctx context.Context, in EndRepresentationInput) (*scalar.ID, error) {
	if _, err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := in.RepresentationID.As("mbr")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "representationId")
	}
	why, err := account.Text(in.Reason, longestReason, false, "input", "reason")
	if err != nil {
		return nil, err
	}
	details := map[string]any{}
	if why != nil {
		details["staffNote"] = *why
	}
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		m, err := tx.Membership.Query().Where(membership.ID(id), membership.KindEQ(membership.KindREPRESENTATIVE), membership.StatusEQ(membership.StatusACTIVE)).Only(asSystem(ctx))
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "representationId")
		}
		if err != nil {
			return err
		}
		return d.end(ctx, tx, m, details)
	})
	if err != nil {
		return nil, err
	}
	return &in.RepresentationID, nil
}

// end ends a representation and tells both; one ended by somebody else in this
// moment stays as it is.
func (d *Desk) end(ctx context.Context, tx *store.Tx, m *ent.Membership, details map[string]any) error {
	n, err := tx.Membership.Update().Where(membership.ID(m.ID), membership.StatusEQ(membership.StatusACTIVE)).
		SetStatus(membership.StatusENDED).AddRevision(1).Save(asSystem(ctx))
	if err != nil || n == 0 {
		return err
	}
	if err := d.People.News(ctx, tx, m.OwnerID, account.ChangeRepresentativeRemoved, m.GlobalID(), details); err != nil {
		return err
	}
	return d.People.News(ctx, tx, m.UserID, account.ChangeRepresentationOver, m.GlobalID(), details)
}

// Represents are those whom a person represents, to himself and to staff who
// read people; first come first.
func (d *Desk) Represents(ctx context.Context, u *ent.User) ([]*Representation, error) {
	if !sees(ctx, u.ID) {
		return []*Representation{}, nil
	}
	return d.representations(ctx, inForce(d.Store.Now()), membership.UserID(u.ID))
}

// Representatives are those who represent a person, to himself and to staff
// who read people; first come first.
func (d *Desk) Representatives(ctx context.Context, u *ent.User) ([]*Representation, error) {
	if !sees(ctx, u.ID) {
		return []*Representation{}, nil
	}
	return d.representations(ctx, inForce(d.Store.Now()), membership.OwnerID(u.ID))
}

// RepresentedUser is the person whom the caller represents in this call; nil
// where he acts for himself or for a company.
//
// Faults: UNAUTHENTICATED.
func (d *Desk) RepresentedUser(ctx context.Context) (*ent.User, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	if v.OwnerID == v.UserID {
		return nil, nil
	}
	// As a single node, so that each list under it is a plain LIMIT. The fence
	// shows the row to whom the header was granted; a company is no person.
	return d.one(ctx, v.OwnerID)
}

// inForce are representations that are.
func inForce(now time.Time) predicate.Membership {
	return membership.And(membership.KindEQ(membership.KindREPRESENTATIVE), membership.StatusEQ(membership.StatusACTIVE), membership.ValidUntilAtGT(now))
}

func sees(ctx context.Context, of uuid.UUID) bool {
	v := viewer.From(ctx)
	return v.UserID == of || v.Staff && v.Reach("user", "read") == viewer.ReachAll
}

// representations reads some with the names of both sides, in two statements.
func (d *Desk) representations(ctx context.Context, where ...predicate.Membership) ([]*Representation, error) {
	v := viewer.From(ctx)
	rows, err := d.Store.Client.Membership.Query().Where(membership.KindEQ(membership.KindREPRESENTATIVE)).Where(where...).
		Order(membership.ByID()).Limit(2 * mostRepresentatives).All(asSystem(ctx))
	if err != nil || len(rows) == 0 {
		return []*Representation{}, store.Translate(err)
	}
	var ids []uuid.UUID
	for _, m := range rows {
		ids = append(ids, m.UserID, m.OwnerID)
	}
	names, err := d.names(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]*Representation, len(rows))
	for i, m := range rows {
		r := &Representation{ID: m.GlobalID(), Representative: names[m.UserID], Represented: names[m.OwnerID], Since: m.CreatedAt}
		if m.Basis != nil {
			r.Basis, r.BasisLabel = RepresentationBasis(*m.Basis), locale.Text(v.Locale, "desk.basis."+string(*m.Basis), nil)
		}
		if m.ValidUntilAt != nil {
			r.ValidUntil = *m.ValidUntilAt
		}
		if v.Staff {
			r.DocumentNote = m.DocumentNote
		}
		list[i] = r
	}
	return list, nil
}

// names are people by name alone, in one statement; who is gone has none.
func (d *Desk) names(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*PersonName, error) {
	names := map[uuid.UUID]*PersonName{}
	for _, id := range ids {
		names[id] = &PersonName{ID: scalar.ID{Prefix: "usr", UUID: id}}
	}
	people, err := d.Store.Client.User.Query().Where(user.IDIn(ids...)).Select(user.FieldID, user.FieldDisplayName).All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, u := range people {
		names[u.ID].DisplayName = u.DisplayName
	}
	return names, nil
}
