package referral

import (
	"context"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entreferral "kabinet/ent/generated/referral"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Standing is a person's side of bringing friends; nil for anybody but himself
// and staff.
func (r *Referrals) Standing(ctx context.Context, user uuid.UUID) *ReferralStanding {
	if user != viewer.From(ctx).UserID && !staff(ctx, "read") {
		return nil
	}
	return &ReferralStanding{UserID: user}
}

// Statistics are what came of a person's link, in one statement.
func (r *Referrals) Statistics(ctx context.Context, s *ReferralStanding) (*ReferralStatistics, error) {
	rows, err := r.Store.Query(ctx, `SELECT count(*), count(registered_at), count(ordered_at), count(CASE WHEN status = 'REWARDED' THEN 1 END),
		CAST(coalesce(sum(CASE WHEN status = 'REWARDED' AND advocate_entry_id IS NOT NULL THEN advocate_points ELSE 0 END), 0) AS bigint)
		FROM referrals WHERE user_id = ?`, s.UserID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var n ReferralStatistics
	for rows.Next() {
		if err := rows.Scan(&n.Invited, &n.Registered, &n.Ordered, &n.Rewarded, &n.PointsEarned); err != nil {
			return nil, store.Translate(err)
		}
	}
	return &n, store.Translate(rows.Err())
}

// newest is the order of the lists.
var newest = ent.WithReferralOrder(&ent.ReferralOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultReferralOrder.Field})

// Friends is a page of the friends that a person brought.
func (r *Referrals) Friends(ctx context.Context, s *ReferralStanding, filter *ReferralFilter, p Page) (*ent.ReferralConnection, error) {
	where, err := filter.predicates(staff(ctx, "read"))
	if err != nil {
		return nil, err
	}
	page, err := r.Store.Client.Referral.Query().Where(entreferral.UserID(s.UserID)).Where(where...).Paginate(ctx, p.After, p.First, p.Before, p.Last, newest)
	return page, store.Translate(err)
}

// All is a page of everybody's friends, for staff. Faults: INVALID_ID; FORBIDDEN.
func (r *Referrals) All(ctx context.Context, filter *ReferralFilter, p Page) (*ent.ReferralConnection, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	where, err := filter.predicates(true)
	if err != nil {
		return nil, err
	}
	page, err := r.Store.Client.Referral.Query().Where(where...).Paginate(ctx, p.After, p.First, p.Before, p.Last, newest)
	return page, store.Translate(err)
}

func (f *ReferralFilter) predicates(byStaff bool) (where []predicateOf, err error) {
	if f == nil {
		return nil, nil
	}
	if len(f.Status) > 0 {
		in := make([]entreferral.Status, len(f.Status))
		for i, s := range f.Status {
			in[i] = entreferral.Status(s)
		}
		where = append(where, entreferral.StatusIn(in...))
	}
	if f.AdvocateID != nil && byStaff {
		id, err := f.AdvocateID.As("usr")
		if err != nil {
			return nil, fault.ErrInvalidID.At("filter", "advocateId")
		}
		where = append(where, entreferral.UserID(id))
	}
	if f.Suspicious != nil && *f.Suspicious && byStaff {
		where = append(where, suspicious)
	}
	return where, nil
}

func suspicious(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString("CAST(").Ident(s.C(entreferral.FieldSuspicions)).WriteString(" AS text) LIKE ").Arg(`%"%`)
	}))
}

// Invitation is the invitation that a person came by; nil where nobody brought
// him. A rejected one is not shown to him.
func (r *Referrals) Invitation(ctx context.Context, s *ReferralStanding) (*ReferralInvitation, error) {
	row, err := r.Store.Client.Referral.Query().Where(entreferral.FriendID(s.UserID), entreferral.StatusNEQ(entreferral.StatusREJECTED)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	u, err := r.Store.Client.User.Query().Where(entuser.ID(row.UserID)).Select(entuser.FieldDisplayName).Only(asSystem(ctx))
	if err != nil && !ent.IsNotFound(err) {
		return nil, store.Translate(err)
	}
	return invited(row, u), nil
}

func invitation(ctx context.Context, tx *store.Tx, row *ent.Referral) (*ReferralInvitation, error) {
	u, err := tx.User.Query().Where(entuser.ID(row.UserID)).Select(entuser.FieldDisplayName).Only(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	return invited(row, u), nil
}

func invited(row *ent.Referral, advocate *ent.User) *ReferralInvitation {
	name := ""
	if advocate != nil {
		name = advocate.DisplayName
	}
	return &ReferralInvitation{AdvocateName: mask(name), Status: ReferralStatus(row.Status), Points: row.FriendPoints, ExpiresAt: row.ExpiresAt}
}

// Label says where bringing a friend stands, in the caller's language.
func Label(ctx context.Context, row *ent.Referral) string {
	return locale.Text(viewer.From(ctx).Locale, "referral.status."+string(row.Status), nil)
}

// Points are the advocate's: given, or to come.
func Points(row *ent.Referral) int64 {
	if row.Status == entreferral.StatusREJECTED || row.Status == entreferral.StatusEXPIRED {
		return 0
	}
	return row.AdvocatePoints
}

// ForStaff gives what only staff see; nil for anybody else.
func ForStaff[T any](ctx context.Context, v *T) *T {
	if !staff(ctx, "read") {
		return nil
	}
	return v
}

// EdgeID is an id at the edge; nil for none.
func EdgeID(prefix string, id *uuid.UUID) *scalar.ID {
	if id == nil {
		return nil
	}
	return &scalar.ID{Prefix: prefix, UUID: *id}
}

// Suspicions are what staff should look at; none for anybody else.
func Suspicions(ctx context.Context, row *ent.Referral) []ReferralSuspicion {
	all := []ReferralSuspicion{}
	if staff(ctx, "read") {
		for _, s := range row.Suspicions {
			all = append(all, ReferralSuspicion(strings.TrimSpace(s)))
		}
	}
	return all
}
