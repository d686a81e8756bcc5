// Package delivery owns messages on their way to a person over mail, SMS,
// messengers and push: which are made of a notification, when they are sent, by
// whom, what is tried next, and the log of it. It writes deliveries, asks
// providers that it is handed, and knows none of their protocols.
package delivery

import (
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/template"
	"kabinet/internal/store"
)

// Deliveries is the service of this room.
type Deliveries struct {
	Store       *store.Store
	Preferences *preference.Preferences
	Templates   *template.Templates
	Endpoints   *endpoint.Endpoints
}
