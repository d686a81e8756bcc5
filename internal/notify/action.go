package notify

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Actions are what one can choose in a notification, in the caller's language.
func (i *Inbox) Actions(ctx context.Context, n *ent.Notification) []*NotificationAction {
	lang := locale.Match(viewer.From(ctx).Locale)
	all := make([]*NotificationAction, len(n.Actions))
	for at, a := range n.Actions {
		all[at] = &NotificationAction{Key: a.Key, Label: label(a, lang), Style: NotificationActionStyle(a.Style),
			IsCompleted: n.CompletedAction != nil && *n.CompletedAction == a.Key}
		if a.URL != "" {
			all[at].URL = &a.URL
		}
	}
	return all
}

// label is an action's text in a language: the default one where there is no
// such text, and the key where there is none at all.
func label(a schema.NotificationAction, lang string) string {
	for _, l := range []string{lang, locale.Default} {
		if text := a.Labels[l]; text != "" {
			return text
		}
	}
	return a.Key
}

// CompleteAction says which action the person has chosen, who has then read it
// and followed it too. Again changes nothing. Faults: INVALID_ID, NOT_FOUND,
// INVALID_VALUE at an action that it does not have, ILLEGAL_TRANSITION where
// another was chosen; UNAUTHENTICATED.
func (i *Inbox) CompleteAction(ctx context.Context, in CompleteNotificationActionInput) (Marked, error) {
	return i.markOne(ctx, in.ID, func(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (changed int, err error) {
		n, err := lockChosen(ctx, tx, me, key)
		if err != nil {
			return 0, err
		}
		switch {
		case !slices.ContainsFunc(n.Actions, func(a schema.NotificationAction) bool { return a.Key == in.Action }):
			return 0, fault.ErrInvalidValue.At("input", "action")
		case n.CompletedAction != nil && *n.CompletedAction == in.Action:
			return 0, nil
		case n.CompletedAction != nil:
			return 0, ErrIllegalTransition.At("input", "action").With("fromState", *n.CompletedAction).With("toState", in.Action)
		}
		if _, err := followed(ctx, tx, me, key); err != nil {
			return 0, err
		}
		tx.TellUnread(event.NotificationsChanged{NotificationID: key, Change: "completed", Action: in.Action}, me, 0)
		return tx.Notification.Update().Where(entnotification.ID(key), entnotification.UserID(me)).SetCompletedAction(in.Action).SetCompletedAt(tx.Now).Save(ctx)
	})
}

// RevertAction takes back what was chosen; where nothing was it changes
// nothing. Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED.
func (i *Inbox) RevertAction(ctx context.Context, in RevertNotificationActionInput) (Marked, error) {
	return i.markOne(ctx, in.ID, func(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (changed int, err error) {
		n, err := lockChosen(ctx, tx, me, key)
		if err != nil || n.CompletedAction == nil {
			return 0, err
		}
		tx.TellUnread(event.NotificationsChanged{NotificationID: key, Change: "reverted", Action: *n.CompletedAction}, me, 0)
		return tx.Notification.Update().Where(entnotification.ID(key), entnotification.UserID(me)).ClearCompletedAction().ClearCompletedAt().Save(ctx)
	})
}

// lockChosen holds one of the caller's, with what can be and was chosen in it.
func lockChosen(ctx context.Context, tx *store.Tx, me, key uuid.UUID) (*ent.Notification, error) {
	n, err := tx.Notification.Query().Where(entnotification.ID(key), entnotification.UserID(me), tx.Locking()).
		Select(entnotification.FieldActions, entnotification.FieldCompletedAction).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return n, err
}

// NotificationActionInput is something to choose in a notification, as staff says it.
type NotificationActionInput struct {
	Key    string
	Labels []*NotificationActionLabelInput
	URL    *string
	Style  *NotificationActionStyle
}

// NotificationActionLabelInput is what an action is called in a language.
type NotificationActionLabelInput struct{ Locale, Text string }

// The bounds of what staff says of actions; labels in characters, addresses in
// bytes.
const (
	mostActions  = 3
	longestLabel = 40
	longestLink  = 2_048
)

var actionKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// ReadActions checks what one can choose in a notification; path is where it
// stands in the input. Faults: TOO_MANY_ITEMS, REQUIRED, TOO_LONG,
// INVALID_VALUE, DUPLICATE_KEY.
func ReadActions(in []*NotificationActionInput, path ...string) (all []schema.NotificationAction, err error) {
	if len(in) > mostActions {
		return nil, ErrTooManyItems.At(path...).With("limit", mostActions)
	}
	for i, a := range in {
		at := func(more ...string) []string { return append(append(slices.Clone(path), strconv.Itoa(i)), more...) }
		made := schema.NotificationAction{Key: a.Key, Style: string(StyleSecondary)}
		if !actionKey.MatchString(a.Key) {
			return nil, fault.ErrInvalidValue.At(at("key")...)
		}
		if slices.ContainsFunc(all, func(b schema.NotificationAction) bool { return b.Key == a.Key }) {
			return nil, ErrDuplicateKey.At(at("key")...)
		}
		if made.Labels, err = readLabels(a.Labels, at("labels")...); err != nil {
			return nil, err
		}
		if a.URL != nil && *a.URL != "" {
			if made.URL = *a.URL; !Leads(made.URL) || len(made.URL) > longestLink {
				return nil, fault.ErrInvalidValue.At(at("url")...)
			}
		}
		if a.Style != nil {
			made.Style = string(*a.Style)
		}
		all = append(all, made)
	}
	return all, nil
}

// readLabels are an action's texts by language; English is among them.
func readLabels(in []*NotificationActionLabelInput, path ...string) (map[string]string, error) {
	labels := map[string]string{}
	for i, l := range in {
		at := append(slices.Clone(path), strconv.Itoa(i))
		text, bad := scalar.CleanText(l.Text, longestLabel)
		switch {
		case !slices.Contains(locale.Supported(), l.Locale):
			return nil, fault.ErrInvalidValue.At(append(at, "locale")...).With("value", l.Locale)
		case labels[l.Locale] != "":
			return nil, ErrDuplicateKey.At(append(at, "locale")...)
		case bad != nil && bad.Limit > 0:
			return nil, fault.ErrTooLong.At(append(at, "text")...).With("limit", bad.Limit)
		case bad != nil || strings.ContainsAny(text, "\r\n\t"):
			return nil, fault.ErrInvalidValue.At(append(at, "text")...)
		case text == "":
			return nil, fault.ErrRequired.At(append(at, "text")...)
		}
		labels[l.Locale] = text
	}
	if labels[locale.Default] == "" {
		return nil, fault.ErrRequired.At(path...)
	}
	return labels, nil
}

// Leads says whether a notification may lead to an address: https, or a path of
// the account.
func Leads(address string) bool {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, " \\\"<>") || u.User != nil {
		return false
	}
	if u.Scheme == "" && u.Host == "" {
		return strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//")
	}
	return u.Scheme == "https" && u.Hostname() != ""
}
