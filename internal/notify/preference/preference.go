// Package preference owns what people want to be told, where and when, and what
// the House says about each type of notifications: the catalogue of types, the
// choices of a person, quiet hours, digests, and the links by which somebody
// who is not signed in stops letters. It writes notification_settings and the
// column notify of users. It sends nothing and makes no notification.
package preference

import "kabinet/internal/store"

// Preferences is the service of this room.
type Preferences struct {
	Store  *store.Store
	Sealer *store.Sealer // of links
	Public string        // the address customers reach us at, without a slash at the end
}
