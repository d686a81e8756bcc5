// Package broadcast owns what is told to many at once: segments of customers,
// broadcasts to them in lots, and announcements to everybody, which are one row
// and one stream. It writes segments, broadcasts, announcements and
// announcement_marks; notifications are made by internal/notify.
package broadcast

import (
	"context"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/live"
	"kabinet/internal/notify"
	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Broadcasts is the service of this room.
type Broadcasts struct {
	Store    *store.Store
	Streams  *live.Streams
	Inbox    *notify.Inbox
	Settings *preference.Settings
	// Going is a condition over sessions s: that it goes on. A browser or an app
	// is reached while its session does. nil: it was not ended.
	Going func(at time.Time) (text string, args []any)

	// Between is called in a lot after its notifications and before its progress;
	// a test dies there. nil: nothing is.
	Between func() error

	shared once[uuid.UUID, *news]      // by the event that tells it
	reads  once[place, []event.Stored] // of their stream
	marks  gather.Loader[uuid.UUID, *ent.AnnouncementMark]

	partners gather.Loader[uuid.UUID, bool]               // by the person, of all who follow
	results  gather.Loader[uuid.UUID, []*BroadcastResult] // by the broadcast
	segments gather.Loader[uuid.UUID, *ent.Segment]
}

// The kinds of ids.
const (
	segmentPrefix      = "seg"
	broadcastPrefix    = "brc"
	announcementPrefix = "ann"
)

// needStaff is nil for members of staff whose role has the permission.
func needStaff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case isStaff(v, operation):
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

func isStaff(v viewer.Viewer, operation string) bool {
	return v.Staff && v.Reach("messaging", operation) == viewer.ReachAll
}

// asSystem is for what happens by the clock, and for what everybody is shown of
// rows that are the business's.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "notify.broadcast") }

func keyOf(id scalar.ID, prefix string, path ...string) (uuid.UUID, error) {
	key, err := id.As(prefix)
	if err != nil {
		return uuid.Nil, fault.ErrInvalidID.At(path...)
	}
	return key, nil
}

func idOf(prefix string, id uuid.UUID) scalar.ID { return scalar.ID{Prefix: prefix, UUID: id} }

// SavedBy is the member of staff who saved a row last; nil where nobody did.
func SavedBy(id *uuid.UUID) *scalar.ID { return idOrNil("usr", id) }

// idOrNil is the id at the edge of what may be nobody.
func idOrNil(prefix string, id *uuid.UUID) *scalar.ID {
	if id == nil {
		return nil
	}
	one := idOf(prefix, *id)
	return &one
}

// under puts a path before that of a fault.
func under(err error, path ...string) error {
	if f, ok := fault.As(err); ok && len(path) > 0 {
		return f.At(append(append([]string{}, path...), f.Path...)...)
	}
	return err
}

// descending is the newest first: ids begin with their time.
const descending = entgql.OrderDirectionDesc
