// Package send owns notifications that no hearer of the program makes: by rules
// that staff keep as data, by staff and systems one by one, and by reminders
// that people ask for. It writes notification_rules and reminders; the
// notifications themselves are made by internal/notify.
package send

import (
	"kabinet/internal/notify"
	"kabinet/internal/store"
)

// Sending is the service of this room.
type Sending struct {
	Store *store.Store
	Inbox *notify.Inbox
}
