package notify

import (
	"kabinet/internal/live"
	"kabinet/internal/store"
)

// Inbox is the service of this domain.
type Inbox struct {
	Store   *store.Store
	Streams *live.Streams
}
