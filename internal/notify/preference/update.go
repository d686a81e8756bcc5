package preference

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Bounds of what a person chooses.
const (
	mostAtOnce  = 200 // choices in one call
	mostChoices = 1000
	mostDigests = 100
	mostRanges  = 28
	leastOpen   = 60 // minutes of the week at a stretch
)

// Update takes choices of the caller, all or none; those on other types and
// channels stay as they are.
//
// Faults: REQUIRED, TOO_LONG, INVALID_VALUE, NOT_FOUND of a type,
// DUPLICATE_KEY, NOTIFICATION_REQUIRED, TOO_MANY_ITEMS; UNAUTHENTICATED.
func (p *Preferences) Update(ctx context.Context, in UpdateNotificationPreferencesInput) (*NotificationPreferences, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	err := p.change(ctx, v.UserID, v.Staff, func(s []Setting, chosen *schema.NotifyPreferences) error {
		return choose(s, chosen, in.Choices)
	})
	if err != nil {
		return nil, err
	}
	return p.mine(ctx)
}

// SetQuietHours says when the caller is left alone; null takes it back.
//
// Faults: REQUIRED, TOO_LONG, INVALID_VALUE, QUIET_HOURS_ENDLESS;
// UNAUTHENTICATED.
func (p *Preferences) SetQuietHours(ctx context.Context, in SetQuietHoursInput) (*NotificationPreferences, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	given, set := in.QuietHours.ValueOK()
	if !set {
		return nil, fault.ErrRequired.At("input", "quietHours")
	}
	var quiet *schema.QuietHours
	if given != nil {
		var err error
		if quiet, err = given.read(); err != nil {
			return nil, err
		}
	}
	err := p.change(ctx, v.UserID, v.Staff, func(_ []Setting, chosen *schema.NotifyPreferences) error {
		chosen.Quiet = quiet
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p.mine(ctx)
}

// SetDigest gathers notifications of a channel for the caller.
//
// Faults: INVALID_VALUE, NOT_FOUND of a type, NOTIFICATION_REQUIRED,
// TOO_MANY_ITEMS; UNAUTHENTICATED.
func (p *Preferences) SetDigest(ctx context.Context, in SetNotificationDigestInput) (*NotificationPreferences, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	err := p.change(ctx, v.UserID, v.Staff, in.put)
	if err != nil {
		return nil, err
	}
	return p.mine(ctx)
}

// mine are the caller's own, read anew.
func (p *Preferences) mine(ctx context.Context) (*NotificationPreferences, error) {
	u, err := p.Store.Client.User.Get(ctx, viewer.From(ctx).UserID)
	if err != nil {
		return nil, store.Translate(err)
	}
	return p.Of(ctx, u)
}

// change applies fn to what a person has chosen, one change after the other, and
// tells his stream where that became another thing. Faults: NOT_FOUND of a
// person who is not there, and those of fn.
func (p *Preferences) change(ctx context.Context, user uuid.UUID, staff bool, fn func(all []Setting, chosen *schema.NotifyPreferences) error) error {
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := p.apply(ctx, tx, user, staff, fn)
		return err
	})
}

// apply is change in a transaction; it says what became another thing.
func (p *Preferences) apply(ctx context.Context, tx *store.Tx, user uuid.UUID, staff bool, fn func(all []Setting, chosen *schema.NotifyPreferences) error) (changed []string, err error) {
	u, err := tx.User.Query().Where(entuser.ID(user), entuser.StatusNEQ(entuser.StatusERASED), tx.Locking()).
		Select(entuser.FieldID, entuser.FieldNotify).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	all, err := p.Settings.All(ctx, tx.Client)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(s Setting) bool { return s.Staff && !staff })
	was, now := copied(u.Notify), copied(u.Notify)
	if err := fn(all, now); err != nil {
		return nil, err
	}
	if changed = changes(was, now); len(changed) == 0 {
		return nil, nil
	}
	set := tx.User.Update().Where(entuser.ID(user)).SetNotify(now)
	if len(now.Choices) == 0 && len(now.Digests) == 0 && now.Quiet == nil {
		set = tx.User.Update().Where(entuser.ID(user)).ClearNotify()
	}
	if err := set.Exec(ctx); err != nil {
		return nil, err
	}
	tx.Tell(event.NotificationPreferencesChanged{UserID: user, Changed: changed}, store.ToUser(user))
	return changed, nil
}

// copied is what a person has chosen, to be changed.
func copied(p *schema.NotifyPreferences) *schema.NotifyPreferences {
	if p == nil {
		return &schema.NotifyPreferences{}
	}
	return &schema.NotifyPreferences{Choices: slices.Clone(p.Choices), Digests: slices.Clone(p.Digests), Quiet: p.Quiet}
}

// changes says what differs, for devices that show it.
func changes(was, now *schema.NotifyPreferences) (all []string) {
	if !slices.Equal(was.Choices, now.Choices) {
		all = append(all, "choices")
	}
	if !sameQuiet(was.Quiet, now.Quiet) {
		all = append(all, "quietHours")
	}
	if !slices.Equal(was.Digests, now.Digests) {
		all = append(all, "digests")
	}
	return all
}

func sameQuiet(a, b *schema.QuietHours) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.TimeZone == b.TimeZone && slices.EqualFunc(a.Ranges, b.Ranges, func(a, b schema.QuietRange) bool {
		return a.From == b.From && a.To == b.To && slices.Equal(a.Days, b.Days)
	})
}

// choose puts choices in.
func choose(all []Setting, chosen *schema.NotifyPreferences, in []*NotificationChoiceInput) error {
	switch {
	case len(in) == 0:
		return fault.ErrRequired.At("input", "choices")
	case len(in) > mostAtOnce:
		return fault.ErrTooLong.At("input", "choices").With("limit", mostAtOnce)
	}
	seen := make([]schema.NotifyChoice, 0, len(in))
	for i, c := range in {
		at := []string{"input", "choices", strconv.Itoa(i)}
		topic, typ, err := about(all, c.Topic, c.Type, at)
		if err != nil {
			return err
		}
		channel := string(c.Channel)
		if indexOf(seen, topic, typ, channel) >= 0 {
			return ErrTwice.At(at...)
		}
		one := schema.NotifyChoice{Topic: topic, Type: typ, Channel: channel, Wanted: c.Wanted != nil && *c.Wanted}
		if seen = append(seen, one); c.Wanted != nil && !*c.Wanted {
			if err := dispensable(all, one, append(at, "wanted")); err != nil {
				return err
			}
		}
		put(chosen, one, c.Wanted == nil)
	}
	if len(chosen.Choices) > mostChoices {
		return ErrTooManyChoices.At("input", "choices").With("limit", mostChoices)
	}
	return nil
}

// put puts a choice in the place of what was chosen for exactly that, or takes
// that back.
func put(chosen *schema.NotifyPreferences, c schema.NotifyChoice, takeBack bool) {
	i := indexOf(chosen.Choices, c.Topic, c.Type, c.Channel)
	switch {
	case takeBack && i >= 0:
		chosen.Choices = slices.Delete(chosen.Choices, i, i+1)
	case takeBack:
	case i >= 0:
		chosen.Choices[i] = c
	default:
		chosen.Choices = append(chosen.Choices, c)
		slices.SortFunc(chosen.Choices, func(a, b schema.NotifyChoice) int {
			return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Channel, b.Channel))
		})
	}
}

// about is what a choice or a digest is of: a topic, a type, or all. A type that
// is nobody's, or not for the person, is NOT_FOUND.
func about(all []Setting, topic *entnotification.Topic, typ *string, at []string) (ofTopic, ofType string, err error) {
	at = slices.Clone(at)
	switch {
	case topic != nil && typ != nil:
		return "", "", fault.ErrInvalidValue.At(append(at, "topic")...)
	case topic != nil:
		return string(*topic), "", nil
	case typ == nil:
		return "", "", nil
	case !slices.ContainsFunc(all, func(s Setting) bool { return s.Type == *typ }):
		return "", "", fault.ErrNotFound.At(append(at, "type")...)
	}
	return "", *typ, nil
}

// dispensable refuses to turn off what is required: a type on a channel, or a
// topic all of which is.
func dispensable(all []Setting, c schema.NotifyChoice, at []string) error {
	some, left := false, false
	for _, s := range all {
		if s.Active && (s.Type == c.Type || c.Topic != "" && string(s.Topic) == c.Topic) {
			some = true
			left = left || !s.RequiredOn(c.Channel)
		}
	}
	switch {
	case !some || left:
		return nil
	case c.Type != "":
		return ErrNotificationRequired.At(at...).With("type", c.Type).With("channel", c.Channel)
	}
	return ErrNotificationRequired.At(at...).With("topic", c.Topic).With("channel", c.Channel)
}
