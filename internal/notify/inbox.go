package notify

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"

	"entgo.io/contrib/entgql"
)

// Inbox is the service of this domain.
type Inbox struct {
	Store   *store.Store
	Streams *live.Streams
	// Wants says whether a person wants a type in the feed; nil: everybody
	// wants all.
	Wants func(ctx context.Context, tx *store.Tx, w Wish) (bool, error)
	// Off says whether the House turned a type off, of which none is made then;
	// nil: it turned none off.
	Off func(ctx context.Context, tx *store.Tx, typ string) (bool, error)
	// Words gives the House's own text in place of the one compiled in; nil:
	// there is none.
	Words func(ctx context.Context, tx *store.Tx, w Wording) (title, body string)
	// Retention is how long items are kept; 0: for ever.
	Retention time.Duration
}

// Page is the arguments of a connection.
type Page struct {
	After  *scalar.Cursor
	First  *int
	Before *scalar.Cursor
	Last   *int
}

// Of lists a person's feed, newest first; archived and snoozed ones only when
// asked for. Faults: TOO_LONG at a filter.
func (i *Inbox) Of(ctx context.Context, user uuid.UUID, filter *NotificationFilter, p Page) (*ent.NotificationConnection, error) {
	where, err := filter.Predicates("filter")
	if err != nil {
		return nil, err
	}
	at, err := i.positionOf(ctx, user)
	if err != nil {
		return nil, err
	}
	c, err := i.Store.Client.Notification.Query().Where(entnotification.UserID(user)).Where(where...).
		Paginate(ctx, p.After, p.First, p.Before, p.Last, newestFirst)
	if err != nil {
		return nil, store.Translate(err)
	}
	c.StreamPosition = at
	return c, nil
}

var newestFirst = ent.WithNotificationOrder(&ent.NotificationOrder{Direction: entgql.OrderDirectionDesc})

// shown reads one notification with what the field notification of a payload
// or message shows of it; errors are the database's.
func (i *Inbox) shown(ctx context.Context, id, of uuid.UUID) (*ent.Notification, error) {
	q, err := i.Store.Client.Notification.Query().Where(entnotification.ID(id), entnotification.UserID(of)).CollectUnder(ctx, "notification")
	if err != nil {
		return nil, err
	}
	return q.Only(ctx)
}

// SubjectID is the id at the edge of what a notification is about.
func (i *Inbox) SubjectID(n *ent.Notification) *scalar.ID {
	if n.SubjectKind == nil || n.SubjectID == nil {
		return nil
	}
	return &scalar.ID{Prefix: *n.SubjectKind, UUID: *n.SubjectID}
}

// Drift is a person whose unread count is not the count of his unread rows.
type Drift struct {
	UserID  uuid.UUID
	Stored  int64
	Counted int64
}

// CheckCounts finds drifts; there must be none. It reads everybody's rows, for
// kabinet check and tests.
func (i *Inbox) CheckCounts(ctx context.Context) (drifts []Drift, err error) {
	err = i.Store.InSnapshot(viewer.AsSystem(ctx, "notify.check"), func(ctx context.Context, snap *store.Snapshot) error {
		rows, err := snap.Query(ctx, `SELECT u.id, u.unread_count, coalesce(n.unread, 0) FROM users u
			LEFT JOIN (SELECT user_id, count(*) AS unread FROM notifications WHERE read_at IS NULL AND archived_at IS NULL AND snoozed_until_at IS NULL GROUP BY user_id) n ON n.user_id = u.id
			WHERE u.unread_count <> coalesce(n.unread, 0) ORDER BY u.id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d Drift
			if err := rows.Scan(&d.UserID, &d.Stored, &d.Counted); err != nil {
				return err
			}
			drifts = append(drifts, d)
		}
		return rows.Err()
	})
	return drifts, err
}
