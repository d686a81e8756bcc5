package support

import (
	"kabinet/internal/live"
	"kabinet/internal/store"
)

// Tickets is the service of this domain.
type Tickets struct {
	Store   *store.Store
	Streams *live.Streams
}
