package account

import (
	"context"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/auditentry"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/session"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Me loads the caller with what is selected of him.
//
// Faults: UNAUTHENTICATED.
func (p *People) Me(ctx context.Context) (*ent.User, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	// As a single node, so that each list under it is a plain LIMIT.
	n, err := p.Store.Client.Noder(ctx, v.UserID, ent.WithFixedNodeType(user.Table))
	if err != nil {
		return nil, store.Translate(err)
	}
	u, _ := n.(*ent.User)
	return u, nil
}

// Page is where a page of a list begins and how long it is.
type Page struct {
	After  *ent.Cursor
	First  *int
	Before *ent.Cursor
	Last   *int
}

// AuditEntries lists what was done, newest first.
//
// Faults: INVALID_ID for an actor that is no person.
func (p *People) AuditEntries(ctx context.Context, f *AuditEntryFilter, page Page) (*ent.AuditEntryConnection, error) {
	q := p.Store.Client.AuditEntry.Query()
	if f != nil && f.ActorID != nil {
		id, err := f.ActorID.As("usr")
		if err != nil {
			return nil, fault.ErrInvalidID.At("filter", "actorId")
		}
		q.Where(auditentry.ActorID(id))
	}
	if f != nil && f.SubjectID != nil {
		q.Where(auditentry.SubjectID(f.SubjectID.UUID), auditentry.SubjectKind(f.SubjectID.Prefix))
	}
	c, err := q.Paginate(ctx, page.After, page.First, page.Before, page.Last,
		ent.WithAuditEntryOrder(&ent.AuditEntryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultAuditEntryOrder.Field}))
	return c, store.Translate(err)
}

// The lists of a person are capped when they are written; this is the cap.
const mostOfOne = 100

// mayRead says whether the caller sees rows of another person's, which the
// fence would hide after a read for each of them.
func mayRead(ctx context.Context, of uuid.UUID, resource string) bool {
	v := viewer.From(ctx)
	return v.UserID == of || v.Reach(resource, "read") == viewer.ReachAll
}

// Identities are the ways in which a person signs in, without their secrets;
// the ten recovery codes are a number in twoFactor.
func (p *People) Identities(ctx context.Context, of uuid.UUID) ([]*ent.Identity, error) {
	if !mayRead(ctx, of, "identity") {
		return []*ent.Identity{}, nil
	}
	q, err := p.Store.Client.Identity.Query().Where(identity.UserID(of), identity.KindNEQ(identity.KindRECOVERY_CODE)).Order(identity.ByID()).Limit(mostOfOne).CollectFields(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	list, err := q.All(ctx)
	return list, store.Translate(err)
}

// Sessions are those in force, last used first.
func (p *People) Sessions(ctx context.Context, of uuid.UUID) ([]*ent.Session, error) {
	if !mayRead(ctx, of, "session") {
		return []*ent.Session{}, nil
	}
	now, idle := p.Store.Now(), p.o.Sessions.Idle
	staff, err := p.staffNow(ctx, of, now)
	if err != nil {
		return nil, err
	}
	if staff {
		idle = p.o.Sessions.StaffIdle
	}
	q, err := p.Store.Client.Session.Query().
		Where(session.UserID(of), session.RevokedAtIsNil(), session.ExpiresAtGT(now), session.LastUsedAtGT(now.Add(-idle))).
		Order(session.ByLastUsedAt(sql.OrderDesc()), session.ByID(sql.OrderDesc())).Limit(mostOfOne).CollectFields(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	list, err := q.All(ctx)
	return list, store.Translate(err)
}

// staffNow says whether a person is staff, whoever asks.
func (p *People) staffNow(ctx context.Context, of uuid.UUID, now time.Time) (bool, error) {
	if v := viewer.From(ctx); v.UserID == of {
		return v.Staff, nil
	}
	is, err := p.Store.Client.Membership.Query().Where(membership.UserID(of), membership.OwnerID(viewer.House), membership.KindEQ(membership.KindSTAFF),
		membership.StatusEQ(membership.StatusACTIVE), membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(now))).Exist(asSystem(ctx))
	return is, store.Translate(err)
}

// Memberships are those in force, invited or suspended, with their companies,
// which the person sees by name before he acts for one.
func (p *People) Memberships(ctx context.Context, of uuid.UUID) ([]*ent.Membership, error) {
	if !mayRead(ctx, of, "company") {
		return []*ent.Membership{}, nil
	}
	if viewer.From(ctx).UserID == of {
		rows, err := p.membershipsOf(ctx, []uuid.UUID{of})
		return rows[of], err
	}
	return p.seats.load(ctx, of)
}

// membershipsOf reads those of many people in two statements.
func (p *People) membershipsOf(ctx context.Context, of []uuid.UUID) (map[uuid.UUID][]*ent.Membership, error) {
	// Several fields may ask at once, each for something else: all that is shown.
	q := p.Store.Client.Membership.Query().
		Where(membership.UserIDIn(of...), membership.StatusNEQ(membership.StatusENDED)).
		Order(membership.ByID()).Limit(mostOfOne * len(of))
	q.Select(append(ent.Stored["Membership"].Shown(), membership.FieldUserID)...)
	list, err := q.All(ctx)
	if err != nil || len(list) == 0 {
		return nil, store.Translate(err)
	}
	owners := make([]uuid.UUID, len(list))
	for i, m := range list {
		owners[i] = m.OwnerID
	}
	qc := p.Store.Client.Company.Query().Where(company.IDIn(owners...))
	qc.Select(ent.Stored["Company"].Shown()...)
	companies, err := qc.All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	byID := make(map[uuid.UUID]*ent.Company, len(companies))
	for _, c := range companies {
		byID[c.ID] = c
	}
	rows := map[uuid.UUID][]*ent.Membership{}
	for _, m := range list {
		m.Edges.Company = byID[m.OwnerID]
		rows[m.UserID] = append(rows[m.UserID], m)
	}
	return rows, nil
}

// CompanyOf is the company of a membership that the caller may see.
func (p *People) CompanyOf(ctx context.Context, m *ent.Membership) (*ent.Company, error) {
	if m.Edges.Company != nil {
		return m.Edges.Company, nil
	}
	q, err := p.Store.Client.Company.Query().Where(company.ID(m.OwnerID)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	c, err := q.Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return c, store.Translate(err)
}

// Company gives a company that the caller has an active membership in, or, to
// staff, any.
//
// Faults: INVALID_ID, NOT_FOUND.
func (p *People) Company(ctx context.Context, id scalar.ID) (*ent.Company, error) {
	key, err := id.As("com")
	if err != nil {
		return nil, fault.ErrInvalidID.At("id")
	}
	v := viewer.From(ctx)
	if !v.Staff || v.Reach("company", "read") != viewer.ReachAll {
		now := p.Store.Now()
		may, err := p.Store.Client.Membership.Query().
			Where(membership.UserID(v.UserID), membership.OwnerID(key), membership.StatusEQ(membership.StatusACTIVE),
				membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(now))).Exist(ctx)
		if err != nil {
			return nil, store.Translate(err)
		}
		if !may {
			return nil, fault.ErrNotFound
		}
	}
	q, err := p.Store.Client.Company.Query().Where(company.ID(key)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	c, err := q.Only(asSystem(ctx))
	return c, store.Translate(err)
}

// Count says how many people there are.
func (p *People) Count(ctx context.Context) (int, error) {
	n, err := p.Store.Client.User.Query().Count(ctx)
	return n, store.Translate(err)
}
