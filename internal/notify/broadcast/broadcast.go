// Package broadcast owns what is told to many at once: segments of customers,
// broadcasts to them in lots, and announcements to everybody, which are one row
// and one stream. It writes segments, broadcasts, announcements and
// announcement_marks; notifications are made by internal/notify.
package broadcast

import (
	"kabinet/internal/live"
	"kabinet/internal/notify"
	"kabinet/internal/store"
)

// Broadcasts is the service of this room.
type Broadcasts struct {
	Store   *store.Store
	Streams *live.Streams
	Inbox   *notify.Inbox
}
