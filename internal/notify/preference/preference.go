// Package preference owns what people want to be told, where and when, and what
// the House says about each type of notifications: the catalogue of types, the
// choices of a person, quiet hours, digests, and the links by which somebody
// who is not signed in stops letters. It writes notification_settings and the
// column notify of users. It sends nothing and makes no notification.
package preference

import "kabinet/internal/store"

// Preferences is the service of this room.
type Preferences struct {
	Store    *store.Store
	Settings *Settings
	Sealer   *store.Sealer // of links
	Public   string        // the address customers reach us at, without a slash at the end; empty: no links

	// Network is the network of an address, by which tokens that are no links are
	// counted; nil: they are not.
	Network func(ip string) string
}

// The channels. What is not IN_APP leaves the house.
const (
	InApp      = "IN_APP"
	Email      = "EMAIL"
	SMS        = "SMS"
	Telegram   = "TELEGRAM"
	WhatsApp   = "WHATSAPP"
	WebPush    = "WEB_PUSH"
	MobilePush = "MOBILE_PUSH"
)

// Channels are all of them, in the order in which they are shown.
func Channels() []string {
	return []string{InApp, Email, SMS, Telegram, WhatsApp, WebPush, MobilePush}
}
