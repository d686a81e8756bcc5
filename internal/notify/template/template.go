// Package template owns how notifications read: texts by type, channel and
// language, which staff edits in versions, over defaults that are compiled in.
// It writes notification_templates and sends nothing.
package template

import "kabinet/internal/store"

// Templates is the service of this room.
type Templates struct {
	Store *store.Store
}
