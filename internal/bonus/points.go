package bonus

import (
	"kabinet/internal/live"
	"kabinet/internal/store"
)

// Points is the service of this domain.
type Points struct {
	Store   *store.Store
	Streams *live.Streams
}
