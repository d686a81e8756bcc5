package profile

import (
	"context"
	"slices"
	"strings"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// UpdateProfile changes the caller's own profile: what is absent stays, null
// clears (display name and kind cannot be cleared).
//
// Faults: UNAUTHENTICATED, STALE_OBJECT, REQUIRED, TOO_LONG, INVALID_VALUE,
// OUT_OF_RANGE, NOT_FOR_THIS_KIND for details that do not fit a new kind.
func (p *Profiles) UpdateProfile(ctx context.Context, in UpdateProfileInput) (*ent.User, error) {
	return p.updateMe(ctx, in.Revision, func(_ context.Context, tx *store.Tx, was *ent.User, u *ent.UserUpdate) ([]string, error) {
		c := changes{}
		if name, set := in.DisplayName.ValueOK(); set {
			text, err := credential.Line(name, 100, "input", "displayName")
			if err == nil && text == nil {
				err = fault.ErrRequired.At("input", "displayName")
			}
			if err != nil {
				return nil, err
			}
			u.SetDisplayName(*text)
			c.add("displayName")
		}
		c.text(in.GivenName, "givenName", 100, u.SetGivenName, u.ClearGivenName)
		c.text(in.FamilyName, "familyName", 100, u.SetFamilyName, u.ClearFamilyName)
		c.text(in.MiddleName, "middleName", 100, u.SetMiddleName, u.ClearMiddleName)
		c.text(in.Nickname, "nickname", 50, u.SetNickname, u.ClearNickname)
		c.text(in.JobTitle, "jobTitle", 100, u.SetJobTitle, u.ClearJobTitle)
		c.text(in.Region, "region", 100, u.SetRegion, u.ClearRegion)
		if day, set := in.BirthOn.ValueOK(); set && c.err == nil {
			if c.err = credential.CheckBirth(day, tx.Now); day == nil {
				u.ClearBirthOn()
			} else {
				u.SetBirthOn(*day)
			}
			c.add("birthOn")
		}
		if sex, set := in.Sex.ValueOK(); set {
			if c.add("sex"); sex == nil {
				u.ClearSex()
			} else {
				u.SetSex(user.Sex(*sex))
			}
		}
		c.interests(in, u)
		c.kind(in, was, u)
		return c.names, c.err
	})
}

// mostInterests is how many a person has, each of so many characters.
const (
	mostInterests = 50
	longInterest  = 50
)

// interests sets the list: without blanks, doubles in any case and empty ones.
func (c *changes) interests(in UpdateProfileInput, u *ent.UserUpdate) {
	given, set := in.Interests.ValueOK()
	if !set || c.err != nil {
		return
	}
	c.add("interests")
	var list []string
	for _, s := range given {
		text, err := credential.Line(&s, longInterest, "input", "interests")
		if err != nil {
			c.err = err
			return
		}
		if text == nil || slices.ContainsFunc(list, func(had string) bool { return strings.EqualFold(had, *text) }) {
			continue
		}
		if list = append(list, *text); len(list) > mostInterests {
			c.err = fault.ErrTooLong.At("input", "interests").With("limit", mostInterests)
			return
		}
	}
	if list == nil {
		u.ClearInterests()
	} else {
		u.SetInterests(list)
	}
}

// kind changes between a person and a business, which must have no details
// that only the other one has.
func (c *changes) kind(in UpdateProfileInput, was *ent.User, u *ent.UserUpdate) {
	kind, set := in.Kind.ValueOK()
	if !set || c.err != nil {
		return
	}
	if kind == nil {
		c.err = fault.ErrRequired.At("input", "kind")
		return
	}
	details := was.Requisites
	if details == nil {
		details = &schema.Requisites{}
	}
	if checkRequisites(*kind, details) != nil {
		c.err = ErrNotForThisKind.At("input", "kind").With("kind", string(*kind))
		return
	}
	u.SetKind(*kind)
	c.add("kind")
}
