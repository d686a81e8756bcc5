package notify

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
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
