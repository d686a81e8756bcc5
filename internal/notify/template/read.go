package template

import (
	"context"
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/notificationtemplate"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const templatePrefix = "tpl"

// may is nil for members of staff whose role has the permission.
func may(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.Staff && v.Reach("messaging", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// Templates are those in force, the oldest first.
//
// Faults: UNAUTHENTICATED, FORBIDDEN.
func (t *Templates) Templates(ctx context.Context, f *NotificationTemplateFilter, p Page) (*ent.NotificationTemplateConnection, error) {
	if err := may(ctx, "read"); err != nil {
		return nil, err
	}
	q := t.Store.Client.NotificationTemplate.Query().Where(notificationtemplate.RetiredAtIsNil())
	if f != nil {
		if f.Types != nil {
			q.Where(notificationtemplate.TypeIn(f.Types...))
		}
		if f.Channels != nil {
			channels := make([]notificationtemplate.Channel, len(f.Channels))
			for i, c := range f.Channels {
				channels[i] = notificationtemplate.Channel(c)
			}
			q.Where(notificationtemplate.ChannelIn(channels...))
		}
		if f.Locales != nil {
			q.Where(notificationtemplate.LocaleIn(f.Locales...))
		}
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last)
	return c, store.Translate(err)
}

// Versions are all versions of a template, the newest first.
//
// Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (t *Templates) Versions(ctx context.Context, id scalar.ID, p Page) (*ent.NotificationTemplateConnection, error) {
	if err := may(ctx, "read"); err != nil {
		return nil, err
	}
	key, err := id.As(templatePrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("id")
	}
	q := t.Store.Client.NotificationTemplate.Query().Where(notificationtemplate.KeyID(key))
	there, err := q.Clone().Exist(ctx)
	switch {
	case err != nil:
		return nil, store.Translate(err)
	case !there:
		return nil, fault.ErrNotFound.At("id")
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithNotificationTemplateOrder(newest))
	return c, store.Translate(err)
}

var newest = &ent.NotificationTemplateOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultNotificationTemplateOrder.Field}

// Node is the version in force of a template, for node(id:); else the last one.
//
// Faults: NOT_FOUND, for others than staff always.
func (t *Templates) Node(ctx context.Context, key uuid.UUID) (*ent.NotificationTemplate, error) {
	if may(ctx, "read") != nil {
		return nil, fault.ErrNotFound
	}
	row, err := t.Store.Client.NotificationTemplate.Query().Where(notificationtemplate.KeyID(key)).Order(notificationtemplate.ByVersion(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound
	}
	return row, store.Translate(err)
}

func viewerID(user uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: user} }

// SavedByID is who saved a version.
func SavedByID(row *ent.NotificationTemplate) *scalar.ID {
	if row.SavedByID == nil {
		return nil
	}
	return &scalar.ID{Prefix: "usr", UUID: *row.SavedByID}
}

// Wording is how notifications of a type read; nil for a type that there is not.
//
// Faults: INVALID_VALUE; UNAUTHENTICATED, FORBIDDEN.
func (t *Templates) Wording(ctx context.Context, typ string, channel preference.NotificationChannel, lang string) (*NotificationWording, error) {
	if err := may(ctx, "read"); err != nil {
		return nil, err
	}
	if err := checkPlace(place{typ, string(channel), lang}); err != nil {
		return nil, err
	}
	known, found, err := t.known(ctx, t.Store.Client, typ)
	if err != nil || !found {
		return nil, err
	}
	row, err := t.Store.Client.NotificationTemplate.Query().Where(notificationtemplate.Type(typ), notificationtemplate.ChannelEQ(notificationtemplate.Channel(channel)),
		notificationtemplate.Locale(lang), notificationtemplate.RetiredAtIsNil()).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, store.Translate(err)
	}
	at := place{typ, string(channel), lang}
	example, err := t.example(ctx, at)
	if err != nil {
		return nil, err
	}
	w := &NotificationWording{Template: row, Compiled: shown(compiled(typ, string(channel), lang)), Example: example, Variables: []*NotificationVariable{}}
	for _, name := range known {
		w.Variables = append(w.Variables, &NotificationVariable{Name: name, Sample: sampleOf(name, lang)})
	}
	return w, nil
}

// known are the variables of a type; found is false where there is none.
func (t *Templates) known(ctx context.Context, client *ent.Client, typ string) (all []string, found bool, err error) {
	if typ == LayoutType {
		return ofLayout, true, nil
	}
	s, found, err := t.Preferences.Settings.Of(ctx, client, typ)
	if err != nil || !found {
		return nil, false, err
	}
	all = slices.Clone(common)
	if !s.Own {
		all = append(all, "date")
	}
	for _, name := range s.Variables {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all, true, nil
}

// checkPlace refuses languages that nothing is said in, and channels that the
// layout has not.
func checkPlace(at place, path ...string) error {
	if !slices.Contains(locale.Supported(), at.lang) {
		return fault.ErrInvalidValue.At(append(path, "locale")...).With("value", at.lang)
	}
	if at.typ == LayoutType && at.channel != Email {
		return fault.ErrInvalidValue.At(append(path, "channel")...).With("value", at.channel)
	}
	return nil
}

// shown is a template as the API gives it.
func shown(s source) *NotificationText {
	n := &NotificationText{Text: s.text}
	if s.title != "" {
		n.Title = &s.title
	}
	if s.html != "" {
		n.HTML = &s.html
	}
	return n
}
