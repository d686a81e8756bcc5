// Package graph is the GraphQL edge: thin resolvers over the domains, the one
// mapping from faults to errors, and the access directive. It holds no rule.
package graph

import (
	ent "kabinet/ent/generated"
	"kabinet/internal/account"
	"kabinet/internal/account/contact"
	"kabinet/internal/account/desk"
	"kabinet/internal/account/factor"
	"kabinet/internal/account/social"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/campaign"
	"kabinet/internal/document"
	"kabinet/internal/notify"
	"kabinet/internal/order"
	"kabinet/internal/privacy"
	"kabinet/internal/profile"
	"kabinet/internal/promotion"
	"kabinet/internal/referral"
	"kabinet/internal/reward"
	"kabinet/internal/support"
	"kabinet/internal/tier"
	"kabinet/internal/wallet"
)

// Resolver holds the domains; server.go fills it in.
type Resolver struct {
	Client         *ent.Client // for node and nodes only
	People         *account.People
	Factors        *factor.Factors
	Social         *social.Social
	Contacts       *contact.Contacts
	Desk           *desk.Desk
	Profiles       *profile.Profiles
	PaymentMethods *profile.PaymentMethods
	Documents      *document.Documents
	Privacy        *privacy.Privacy
	Orders         *order.Orders
	Points         *bonus.Points
	Earnings       *earning.Earnings
	Tiers          *tier.Tiers
	Promotions     *promotion.Promotions
	Rewards        *reward.Rewards
	Referrals      *referral.Referrals
	Campaigns      *campaign.Campaigns
	Wallets        *wallet.Wallets
	Tickets        *support.Tickets
	Inbox          *notify.Inbox
}
