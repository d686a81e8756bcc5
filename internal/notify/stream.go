package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// maxKinds bounds a filter; there are not so many.
const maxKinds = 100

// streams are what a person listens to: himself and the company he acts for.
// All subscriptions of an account follow the same ones, so that one cursor is
// good for each of them. No id comes from the client.
func streams(v viewer.Viewer) []uuid.UUID {
	if v.OwnerID == uuid.Nil || v.OwnerID == v.UserID || v.OwnerID == viewer.House {
		return []uuid.UUID{v.UserID}
	}
	return []uuid.UUID{v.UserID, v.OwnerID}
}

// StreamPosition is where the caller's streams stand now. Faults: FORBIDDEN
// for another person's.
func (i *Inbox) StreamPosition(ctx context.Context, user *ent.User) (string, error) {
	v := viewer.From(ctx)
	if user.ID != v.UserID {
		return "", fault.ErrForbidden
	}
	return i.Streams.Position(ctx, streams(v)...)
}

// Events follows everything that happens to the caller and the company he acts
// for. Events of other kinds than those asked for are skipped, or with
// progress told as messages that hold the cursor alone. Faults at the start:
// UNAUTHENTICATED, TOO_LONG and INVALID_VALUE at kinds, INVALID_CURSOR,
// CURSOR_EXPIRED.
func (i *Inbox) Events(ctx context.Context, after *string, kinds []string, progress *bool) (<-chan *AccountEvent, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	wanted, err := checkKinds(kinds)
	if err != nil {
		return nil, err
	}
	return live.Follow(ctx, i.Streams, after, streams(v), func(err error) { viewer.EndStream(ctx, err) },
		func(ctx context.Context, e event.Stored, cursor string) (*AccountEvent, error) {
			skipped := skippedEvent(cursor, progress)
			if len(wanted) > 0 && !wanted[e.Kind] {
				return skipped, nil
			}
			visible, err := i.visible(ctx, v, e)
			if err != nil || !visible {
				return skipped, err
			}
			return accountEvent(e, cursor, v.UserID)
		})
}

func skippedEvent(cursor string, progress *bool) *AccountEvent {
	if progress == nil || !*progress {
		return nil
	}
	return &AccountEvent{Cursor: cursor}
}

// checkKinds refuses a kind that no event has: it would be silent for ever.
func checkKinds(kinds []string) (map[string]bool, error) {
	if len(kinds) > maxKinds {
		return nil, fault.ErrTooLong.At("kinds").With("limit", maxKinds)
	}
	wanted := make(map[string]bool, len(kinds))
	for _, k := range kinds {
		if !event.IsPersonal(k) {
			return nil, fault.ErrInvalidValue.At("kinds").With("kind", k)
		}
		wanted[k] = true
	}
	return wanted, nil
}

func accountEvent(e event.Stored, cursor string, me uuid.UUID) (*AccountEvent, error) {
	payload, err := edgePayload(e.Payload, me)
	if err != nil {
		return nil, err
	}
	var counted struct{ UnreadCount *int }
	if err := json.Unmarshal(e.Payload, &counted); err != nil {
		return nil, fmt.Errorf("notify: read %s: %w", e.Kind, err)
	}
	return &AccountEvent{
		Cursor: cursor, Kind: &e.Kind, SubjectID: &scalar.ID{Prefix: e.SubjectKind, UUID: e.SubjectID},
		OccurredAt: &e.CreatedAt, Payload: payload, UnreadCount: counted.UnreadCount,
	}, nil
}

// Added follows new notifications, with the unread count after each. With
// progress, other events are told as messages that hold the cursor and the
// last known count. Faults at the start: UNAUTHENTICATED, INVALID_CURSOR,
// CURSOR_EXPIRED.
func (i *Inbox) Added(ctx context.Context, after *string, progress *bool) (<-chan *NotificationAdded, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	all := progress != nil && *progress
	unread := 0
	if all { // a notification brings the count itself; messages before it do not
		var err error
		if unread, err = i.unread(ctx, v.UserID); err != nil {
			return nil, err
		}
	}
	return live.Follow(ctx, i.Streams, after, streams(v), func(err error) { viewer.EndStream(ctx, err) },
		func(ctx context.Context, e event.Stored, cursor string) (*NotificationAdded, error) {
			n, err := i.added(ctx, e, v.UserID, &unread)
			if err != nil || n == nil && !all {
				return nil, err
			}
			return &NotificationAdded{Cursor: cursor, UnreadCount: unread, Notification: n}, nil
		})
}

// added is the notification of an event; nil for events of other kinds and
// for a notification that is gone since. It keeps the unread count up to date.
func (i *Inbox) added(ctx context.Context, e event.Stored, me uuid.UUID, unread *int) (*ent.Notification, error) {
	if e.StreamID != me || e.Kind != (event.NotificationAdded{}).Kind() && e.Kind != (event.NotificationsChanged{}).Kind() {
		return nil, nil
	}
	var f struct {
		NotificationID uuid.UUID
		UnreadCount    int
	}
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return nil, fmt.Errorf("notify: read %s: %w", e.Kind, err)
	}
	*unread = f.UnreadCount
	if e.Kind != (event.NotificationAdded{}).Kind() {
		return nil, nil
	}
	n, err := i.shown(ctx, f.NotificationID, me)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return n, store.Translate(err)
}
