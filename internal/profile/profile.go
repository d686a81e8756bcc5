// Package profile owns what a person says of himself: names and the like,
// preferences, addresses, recipients, the details of a business, and how the
// addresses of each country are written. It writes of users the columns of the
// profile, of companies their details, and the table addresses; in payment*.go
// the table payment_methods. It never changes how somebody signs in or is
// reached: that is internal/account's.
//
// The rules of addresses in addresses.json are taken from Google's
// libaddressinput (https://chromium-i18n.appspot.com/ssl-address), data CC BY
// 4.0, code Apache 2.0.
package profile

import (
	"context"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// Profiles is the service of this domain.
type Profiles struct {
	Store *store.Store

	// Locales are the languages that can be chosen; nil: those of internal/locale.
	Locales []string

	// Rewarded says for which parts of a profile how many points are given to a
	// person once it is complete; nil or none: for nothing. bonus/earning knows.
	Rewarded func(ctx context.Context, user uuid.UUID, now time.Time) (*Reward, error)
}

// Reward is what a complete profile gives.
type Reward struct {
	Fields []ProfileField
	Points int64
}
