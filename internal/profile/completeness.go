package profile

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/locale"
	"kabinet/internal/viewer"
)

// Completeness says how much of a person's profile is filled in: each thing
// that may be missing counts the same.
func (p *Profiles) Completeness(ctx context.Context, u *ent.User) (*ProfileCompleteness, error) {
	if !mayRead(ctx, u.ID) {
		return &ProfileCompleteness{Missing: []*ProfileGap{}}, nil
	}
	has, err := p.has(ctx, u)
	if err != nil {
		return nil, err
	}
	c := complete(u.Kind, has)
	for _, gap := range c.Missing {
		gap.Reason = locale.Text(viewer.From(ctx).Locale, "profile.gap."+strings.ToLower(string(gap.Field)), nil)
	}
	if p.Rewarded == nil || len(c.Missing) == 0 {
		return c, nil
	}
	reward, err := p.Rewarded(ctx, u.ID)
	if err != nil || reward == nil {
		return c, err
	}
	for _, gap := range c.Missing {
		if slices.Contains(reward.Items, gap.Field) {
			gap.Points = &reward.Points
		}
	}
	return c, nil
}

// items are what a profile of a kind has when it is full, what matters most first.
func items(kind entuser.Kind) []ProfileItem {
	all := []ProfileItem{ProfileItemGivenName, ProfileItemFamilyName, ProfileItemVerifiedEmail, ProfileItemVerifiedPhone, ProfileItemBirthOn,
		ProfileItemAddress, ProfileItemContactChannel, ProfileItemInterests}
	if kind != entuser.KindPERSON {
		all = append(all, ProfileItemLegalName, ProfileItemTaxNumber)
	}
	return all
}

func complete(kind entuser.Kind, has map[ProfileItem]bool) *ProfileCompleteness {
	all, c := items(kind), &ProfileCompleteness{Missing: []*ProfileGap{}}
	for _, item := range all {
		if !has[item] {
			c.Missing = append(c.Missing, &ProfileGap{Field: item})
		}
	}
	c.Percent = 100 * (len(all) - len(c.Missing)) / len(all)
	return c
}

// has says what a profile has: what does not stand in the row of the person by
// one statement.
func (p *Profiles) has(ctx context.Context, u *ent.User) (map[ProfileItem]bool, error) {
	mail, phone, place, err := p.reachable(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	has := map[ProfileItem]bool{
		ProfileItemGivenName: u.GivenName != nil, ProfileItemFamilyName: u.FamilyName != nil, ProfileItemBirthOn: u.BirthOn != nil,
		ProfileItemVerifiedEmail: mail, ProfileItemVerifiedPhone: phone, ProfileItemAddress: place,
		ProfileItemContactChannel: u.ContactChannel != nil, ProfileItemInterests: len(u.Interests) > 0,
	}
	if r := u.Requisites; r != nil {
		has[ProfileItemLegalName], has[ProfileItemTaxNumber] = r.LegalName != "", taxNumber(r) != ""
	}
	return has, nil
}

func (p *Profiles) reachable(ctx context.Context, id uuid.UUID) (mail, phone, place bool, err error) {
	rows, err := p.Store.Query(ctx, `SELECT
		EXISTS (SELECT 1 FROM contact_points WHERE user_id = ? AND kind = 'EMAIL' AND verified_at IS NOT NULL),
		EXISTS (SELECT 1 FROM contact_points WHERE user_id = ? AND kind = 'PHONE' AND verified_at IS NOT NULL),
		EXISTS (SELECT 1 FROM addresses WHERE owner_id = ? AND kind = 'ADDRESS')`, id, id, id)
	if err != nil {
		return false, false, false, err
	}
	defer rows.Close()
	for rows.Next() {
		err = rows.Scan(&mail, &phone, &place)
	}
	if err == nil {
		err = rows.Err()
	}
	return mail, phone, place, err
}
