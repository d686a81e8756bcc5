// Package profile owns what a person says of himself: names and the like,
// preferences, addresses, recipients, the details of a business, and how the
// addresses of each country are written. It writes of users the columns of the
// profile, of companies their details, and the table addresses; in payment*.go
// the table payment_methods. It never changes how somebody signs in or is
// reached: that is internal/account's.
//
// addresses.json is made of: the formats of localized-address-format 1.3.3 (MIT,
// © 2020-2022 Ben Scholzen), which has them of Google's libaddressinput; the
// patterns of postal codes of postcode-validator 3.10.22 (MIT, © 2019 Melwyn
// Furtado); codes and English names of regions of the Unicode CLDR 48.2
// (Unicode-3.0, © 1991-2026 Unicode, Inc.), names in the countries' own
// languages and what is required beside them by hand.
package profile

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// Profiles is the service of this domain.
type Profiles struct {
	Store *store.Store

	// Rewarded says what a profile gives once it is complete, and for which of
	// its items; nil, or none: nothing, or it was given. bonus/earning knows.
	Rewarded func(ctx context.Context, user uuid.UUID) (*Reward, error)
}

// Reward is what a complete profile gives.
type Reward struct {
	Items  []ProfileItem
	Points int64
}
