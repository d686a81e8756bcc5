package account

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
)

// UpdateProfile changes the caller's own profile: what is absent stays, null
// clears (the display name cannot be cleared).
//
// Faults: UNAUTHENTICATED, STALE_OBJECT, REQUIRED, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE.
func (p *People) UpdateProfile(ctx context.Context, in UpdateProfileInput) (*ent.User, error) {
	return p.updateMe(ctx, in.Revision, func(u *ent.UserUpdate, now time.Time) ([]string, error) {
		var c changes
		if name, set := in.DisplayName.ValueOK(); set {
			text, err := line(name, 100, "input", "displayName")
			if err != nil {
				return nil, err
			}
			if text == nil {
				return nil, fault.ErrRequired.At("input", "displayName")
			}
			u.SetDisplayName(*text)
			c.add("displayName")
		}
		c.text(in.GivenName, "givenName", u.SetGivenName, u.ClearGivenName)
		c.text(in.FamilyName, "familyName", u.SetFamilyName, u.ClearFamilyName)
		c.text(in.MiddleName, "middleName", u.SetMiddleName, u.ClearMiddleName)
		if day, set := in.BirthOn.ValueOK(); set {
			if err := checkBirth(day, now); err != nil {
				return nil, err
			}
			if c.add("birthOn"); day == nil {
				u.ClearBirthOn()
			} else {
				u.SetBirthOn(*day)
			}
		}
		return c.names, c.err
	})
}

// UpdatePreferences changes language and time zone; what is absent stays, and
// so does what is null, for everybody has one of each.
//
// Faults: UNAUTHENTICATED, INVALID_VALUE for a language that Kabinet does not speak.
func (p *People) UpdatePreferences(ctx context.Context, in UpdatePreferencesInput) (*ent.User, error) {
	return p.updateMe(ctx, nil, func(u *ent.UserUpdate, _ time.Time) ([]string, error) {
		var c changes
		if lang, set := in.Locale.ValueOK(); set && lang != nil {
			if *lang != locale.English && *lang != locale.Russian {
				return nil, fault.ErrInvalidValue.At("input", "locale").With("allowed", locale.Supported())
			}
			u.SetLocale(*lang)
			c.add("locale")
		}
		if zone, set := in.TimeZone.ValueOK(); set && zone != nil {
			u.SetTimeZone(*zone)
			c.add("timeZone")
		}
		return c.names, nil
	})
}

// updateMe raises the revision of the caller's row with what change sets on it.
func (p *People) updateMe(ctx context.Context, revision *int, change func(u *ent.UserUpdate, now time.Time) ([]string, error)) (*ent.User, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u := tx.User.Update().Where(user.ID(v.UserID))
		names, err := change(u, tx.Now)
		if err != nil || len(names) == 0 && revision == nil {
			return err
		}
		if err := checkRevision(ctx, tx, v.UserID, revision); err != nil || len(names) == 0 {
			return err
		}
		if _, err := u.AddRevision(1).Save(ctx); err != nil {
			return err
		}
		tx.Tell(event.ProfileUpdated{UserID: v.UserID, Changed: names}, store.ToUser(v.UserID))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p.Person(ctx, v.UserID)
}

// checkRevision locks the person's row and compares.
func checkRevision(ctx context.Context, tx *store.Tx, id uuid.UUID, revision *int) error {
	if err := tx.Lock(ctx, "users", "id", id); err != nil || revision == nil {
		return err
	}
	now, err := tx.User.Query().Where(user.ID(id)).Select(user.FieldRevision).Int(ctx)
	if err != nil {
		return err
	}
	if now != *revision {
		return fault.ErrStaleObject.At("input", "revision").With("revision", int64(now))
	}
	return nil
}

// changes collects what an update sets; the first refusal stops it.
type changes struct {
	names []string
	err   error
}

func (c *changes) add(name string) { c.names = append(c.names, name) }

// text sets or clears a line of up to 100 characters.
func (c *changes) text(v graphql.Omittable[*string], name string, set func(string) *ent.UserUpdate, clear func() *ent.UserUpdate) {
	given, there := v.ValueOK()
	if !there || c.err != nil {
		return
	}
	text, err := line(given, 100, "input", name)
	switch {
	case err != nil:
		c.err = err
	case text == nil:
		clear()
	default:
		set(*text)
	}
	c.add(name)
}

// line is one line of text without blanks around it; nil for null and for
// nothing but blanks.
//
// Faults: TOO_LONG, INVALID_VALUE for control characters.
func line(v *string, limit int, path ...string) (*string, error) {
	if v == nil {
		return nil, nil
	}
	s := strings.TrimSpace(*v)
	if utf8.RuneCountInString(s) > limit {
		return nil, fault.ErrTooLong.At(path...).With("limit", limit)
	}
	if strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) {
		return nil, fault.ErrInvalidValue.At(path...)
	}
	if s == "" {
		return nil, nil
	}
	return &s, nil
}

// checkBirth takes a day that a living person was born on.
func checkBirth(day *string, now time.Time) error {
	const first = "1900-01-01"
	// The day of birth has come in every time zone when it has in the first.
	if last := now.Add(14 * time.Hour).Format(time.DateOnly); day != nil && (*day < first || *day >= last) {
		return fault.ErrOutOfRange.At("input", "birthOn").With("min", first).With("max", last)
	}
	return nil
}
