package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

var (
	addedKind   = (event.NotificationAdded{}).Kind()
	changedKind = (event.NotificationsChanged{}).Kind()
)

// told is what the facts of the feed hold.
type told struct {
	event.NotificationsChanged
	Silent bool
}

// Added follows new notifications, with the unread count after each; not those
// that the person does not want in the feed. With progress, other events are
// told as messages that hold the cursor and the last known count. Faults at
// the start: UNAUTHENTICATED, INVALID_CURSOR, CURSOR_EXPIRED.
func (i *Inbox) Added(ctx context.Context, after *string, progress *bool) (<-chan *NotificationAdded, error) {
	return follow(ctx, i, after, progress, func(ctx context.Context, e event.Stored, f told, me uuid.UUID) (*NotificationAdded, error) {
		if e.Kind != addedKind || f.Silent {
			return nil, nil
		}
		n, err := i.there(ctx, f.NotificationID, me)
		if err != nil || n == nil {
			return nil, err
		}
		return &NotificationAdded{Notification: n}, nil
	}, func(m *NotificationAdded, cursor string, unread int) *NotificationAdded {
		if m == nil {
			m = &NotificationAdded{}
		}
		m.Cursor, m.UnreadCount = cursor, unread
		return m
	})
}

// Changed follows what becomes of notifications, with the unread count after
// each. The notification is as it is now, null where it is gone since. Progress
// and faults: as Added.
func (i *Inbox) Changed(ctx context.Context, after *string, progress *bool) (<-chan *NotificationChanged, error) {
	return follow(ctx, i, after, progress, func(ctx context.Context, e event.Stored, f told, me uuid.UUID) (*NotificationChanged, error) {
		if e.Kind != changedKind {
			return nil, nil
		}
		what, id := NotificationChange(strings.ToUpper(f.Change)), &scalar.ID{Prefix: "ntf", UUID: f.NotificationID}
		m := &NotificationChanged{Change: &what}
		for _, t := range f.Topics {
			m.Topics = append(m.Topics, entnotification.Topic(t))
		}
		switch what {
		case ChangeSeen, ChangeAllRead, ChangeReadArchived, ChangeWithdrawn:
			m.UpToID = id
			return m, nil
		case ChangeCompleted, ChangeReverted:
			m.Action = &f.Action
		}
		var err error
		m.NotificationID = id
		m.Notification, err = i.there(ctx, f.NotificationID, me)
		return m, err
	}, func(m *NotificationChanged, cursor string, unread int) *NotificationChanged {
		if m == nil {
			m = &NotificationChanged{}
		}
		m.Cursor, m.UnreadCount = cursor, unread
		return m
	})
}

// follow tells what each makes of the facts of the caller's feed, and with
// progress of all other events too; with puts the place and the unread count
// as it is then into a message, nil for one that tells nothing else. Facts of
// the feed bring the count themselves. For the messages before them it is read
// once there is one, which is after the place in the stream: what it does not
// count yet comes later, with its own count.
func follow[T any](ctx context.Context, i *Inbox, after *string, progress *bool,
	each func(ctx context.Context, e event.Stored, f told, me uuid.UUID) (*T, error), with func(m *T, cursor string, unread int) *T) (<-chan *T, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	all := progress != nil && *progress
	unread := -1 // not known yet
	return live.Follow(ctx, i.Streams, after, v.Streams(), func(err error) { viewer.EndStream(ctx, err) },
		func(ctx context.Context, e event.Stored, cursor string) (m *T, err error) {
			if e.StreamID == v.UserID && (e.Kind == addedKind || e.Kind == changedKind) {
				var f told
				if err := json.Unmarshal(e.Payload, &f); err != nil {
					return nil, fmt.Errorf("notify: read %s: %w", e.Kind, err)
				}
				unread = int(f.UnreadCount)
				if m, err = each(ctx, e, f, v.UserID); err != nil {
					return nil, err
				}
			}
			if m == nil && !all {
				return nil, nil
			}
			if unread < 0 {
				if unread, err = i.unread(ctx, v.UserID); err != nil {
					unread = -1
					return nil, err
				}
			}
			return with(m, cursor, unread), nil
		})
}

// there is a notification as a message shows it; nil for one that is gone since.
func (i *Inbox) there(ctx context.Context, id, me uuid.UUID) (*ent.Notification, error) {
	n, err := i.shown(ctx, id, me)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return n, store.Translate(err)
}
