package preference

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entbroadcast "kabinet/ent/generated/broadcast"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/notificationrule"
	"kabinet/ent/generated/notificationsetting"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// needStaff is nil for members of staff whose role has the permission.
func needStaff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.Staff && v.Reach("messaging", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// Catalogue is every type with what the House says about it, read anew.
// Faults: UNAUTHENTICATED, FORBIDDEN.
func (p *Preferences) Catalogue(ctx context.Context) ([]*NotificationType, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	p.Settings.forget()
	settings, err := p.Settings.All(ctx, p.Store.Client)
	if err != nil {
		return nil, err
	}
	all := make([]*NotificationType, len(settings))
	for i, s := range settings {
		all[i] = s.view(viewer.From(ctx).Locale)
	}
	return all, nil
}

// UpdateType changes what the House says about a type.
//
// Faults: NOT_FOUND, STALE_OBJECT, INVALID_VALUE, OUT_OF_RANGE, REQUIRED,
// TOO_LONG, DUPLICATE_KEY, NOTIFICATION_REQUIRED; UNAUTHENTICATED, FORBIDDEN.
func (p *Preferences) UpdateType(ctx context.Context, in UpdateNotificationTypeInput) (*NotificationType, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	return p.save(ctx, in.Type, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.NotificationSetting.Query().Where(notificationsetting.Type(in.Type), tx.Locking()).Only(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return err
		}
		kind, compiledIn := TypeOf(in.Type)
		was := Setting{Kind: kind, Active: true}
		switch {
		case row == nil && !compiledIn:
			return fault.ErrNotFound.At("input", "type")
		case row != nil && !compiledIn:
			was = Setting{}.with(row)
		case row != nil:
			was = was.with(row)
		}
		if int64(in.Revision) != was.Revision {
			return fault.ErrStaleObject.At("input", "revision").With("revision", was.Revision)
		}
		d := draftOf(kind, was, row)
		if err := d.read(in); err != nil {
			return err
		}
		return d.write(ctx, tx, row)
	})
}

// save runs a change of a type and gives the type as it is after it.
func (p *Preferences) save(ctx context.Context, typ string, fn func(ctx context.Context, tx *store.Tx) error) (*NotificationType, error) {
	err := p.Store.InTx(ctx, fn)
	if store.IsUnique(err) { // a twin was first to say anything of the type: now there is a row to hold
		err = p.Store.InTx(ctx, fn)
	}
	p.Settings.forget()
	if err != nil {
		return nil, err
	}
	s, found, err := p.Settings.Of(ctx, p.Store.Client, typ)
	if err != nil || !found {
		return nil, err
	}
	return s.view(viewer.From(ctx).Locale), nil
}

// ownType is how the House's own types are written.
var ownType = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)

const longestType = 64

// CreateType makes a type of the House's own.
//
// Faults: REQUIRED, TOO_LONG, INVALID_VALUE, DUPLICATE_KEY, ALREADY_TAKEN,
// TOO_MANY_ITEMS; UNAUTHENTICATED, FORBIDDEN.
func (p *Preferences) CreateType(ctx context.Context, in CreateNotificationTypeInput) (*NotificationType, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	switch {
	case in.Type == "":
		return nil, fault.ErrRequired.At("input", "type")
	case len(in.Type) > longestType:
		return nil, fault.ErrTooLong.At("input", "type").With("limit", longestType)
	case !ownType.MatchString(in.Type):
		return nil, fault.ErrInvalidValue.At("input", "type")
	case in.Topic == entnotification.TopicSECURITY:
		return nil, fault.ErrInvalidValue.At("input", "topic")
	}
	d := draft{Setting: Setting{Own: true, Active: true, Kind: Kind{Type: in.Type, Topic: in.Topic, Severity: info, Channels: feed, Sent: true}}}
	if err := d.readNew(in); err != nil {
		return nil, err
	}
	return p.save(ctx, in.Type, func(ctx context.Context, tx *store.Tx) error {
		taken, err := tx.NotificationSetting.Query().Where(notificationsetting.Type(in.Type)).Exist(ctx)
		if err != nil {
			return err
		}
		if _, compiledIn := TypeOf(in.Type); taken || compiledIn {
			return ErrTypeTaken.At("input", "type").With("value", in.Type)
		}
		n, err := tx.NotificationSetting.Query().Where(notificationsetting.Own(true)).Count(ctx)
		if err != nil {
			return err
		}
		if n >= mostOwn {
			return ErrTooManyChoices.At("input").With("limit", mostOwn)
		}
		return d.write(ctx, tx, nil)
	})
}

// DeleteType takes a type of the House's own away.
//
// Faults: NOT_FOUND, NOTIFICATION_TYPE_BUILT_IN, NOTIFICATION_TYPE_IN_USE;
// UNAUTHENTICATED, FORBIDDEN.
func (p *Preferences) DeleteType(ctx context.Context, in DeleteNotificationTypeInput) (*string, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	_, err := p.save(ctx, in.Type, func(ctx context.Context, tx *store.Tx) error {
		if _, compiledIn := TypeOf(in.Type); compiledIn {
			return ErrNotificationTypeBuiltIn.At("input", "type").With("type", in.Type)
		}
		row, err := tx.NotificationSetting.Query().Where(notificationsetting.Type(in.Type), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "type")
		}
		if err != nil {
			return err
		}
		rules, err := tx.NotificationRule.Query().Where(notificationrule.Type(in.Type), notificationrule.RetiredAtIsNil()).Count(ctx)
		if err != nil {
			return err
		}
		broadcasts, err := tx.Broadcast.Query().Where(entbroadcast.Type(in.Type),
			entbroadcast.StatusNotIn(entbroadcast.StatusDONE, entbroadcast.StatusCANCELLED)).Count(ctx)
		if err != nil {
			return err
		}
		if rules+broadcasts > 0 {
			return ErrNotificationTypeInUse.At("input", "type").With("rules", rules).With("broadcasts", broadcasts)
		}
		if err := tx.NotificationSetting.DeleteOne(row).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "notification_type.delete", viewer.House, row.GlobalID(), map[string]any{"type": in.Type})
	})
	if err != nil {
		return nil, err
	}
	return &in.Type, nil
}

// view is a setting as staff reads it.
func (s Setting) view(lang string) *NotificationType {
	v := &NotificationType{
		Type: s.Type, Topic: s.Topic, Name: s.Name(locale.Match(lang)), Severity: s.Severity, Own: s.Own, ForStaff: s.Staff, LettersApart: s.LettersApart,
		Active: s.Active, Required: s.Required, Commercial: s.Commercial, Revision: int(s.Revision), UpdatedAt: s.UpdatedAt,
		Translations: []*scalar.Translation{}, Channels: []NotificationChannel{}, Variables: slices.Concat([]string{}, s.Variables), Escalation: []*NotificationEscalation{},
	}
	for _, lang := range locale.Supported() {
		if name := s.Names[lang]; name != "" {
			v.Translations = append(v.Translations, &scalar.Translation{Locale: lang, Name: name})
		}
	}
	for _, c := range s.Channels {
		v.Channels = append(v.Channels, NotificationChannel(c))
	}
	if t := s.Throttle; t != nil {
		v.Throttle = &NotificationThrottle{Limit: t.Limit, Seconds: t.Seconds}
	}
	if b := s.Batch; b != nil {
		v.Batch = &NotificationBatch{Kind: NotificationWindow(b.Kind), Seconds: b.Seconds, MaxItems: b.MaxItems, LeadImmediately: b.LeadImmediately}
		if b.LimitSeconds > 0 {
			v.Batch.LimitSeconds = &b.LimitSeconds
		}
	}
	for _, e := range s.Escalation {
		v.Escalation = append(v.Escalation, &NotificationEscalation{Channel: NotificationChannel(e.Channel), After: e.After, Unless: NotificationUse(e.Unless)})
	}
	if s.Expires > 0 {
		seconds := int(s.Expires / time.Second)
		v.ExpiresIn = &seconds
	}
	return v
}

func idOf(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "nst", UUID: id} }

func itoa(i int) string { return strconv.Itoa(i) }
