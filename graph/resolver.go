// Package graph is the GraphQL edge: thin resolvers over the domains, the one
// mapping from faults to errors, and the access directive. It holds no rule.
package graph

import (
	ent "kabinet/ent/generated"
	"kabinet/internal/account"
	"kabinet/internal/account/arrival"
	"kabinet/internal/account/contact"
	"kabinet/internal/account/desk"
	"kabinet/internal/account/factor"
	"kabinet/internal/account/social"
	"kabinet/internal/article"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/campaign"
	"kabinet/internal/document"
	"kabinet/internal/list"
	"kabinet/internal/notify"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/send"
	"kabinet/internal/notify/template"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/order/goods"
	"kabinet/internal/order/history"
	"kabinet/internal/order/invoice"
	"kabinet/internal/paper"
	"kabinet/internal/privacy"
	"kabinet/internal/profile"
	"kabinet/internal/promotion"
	"kabinet/internal/recommend"
	"kabinet/internal/referral"
	"kabinet/internal/reward"
	"kabinet/internal/support"
	"kabinet/internal/support/bot"
	"kabinet/internal/support/card"
	"kabinet/internal/support/clock"
	queue "kabinet/internal/support/desk"
	"kabinet/internal/support/post"
	"kabinet/internal/support/survey"
	"kabinet/internal/tier"
	"kabinet/internal/wallet"
	"kabinet/internal/webhook"
)

// Resolver holds the domains; server.go fills it in.
type Resolver struct {
	Client          *ent.Client // for node and nodes only
	People          *account.People
	Factors         *factor.Factors
	Social          *social.Social
	Contacts        *contact.Contacts
	Desk            *desk.Desk
	Profiles        *profile.Profiles
	PaymentMethods  *profile.PaymentMethods
	Documents       *document.Documents
	Papers          *paper.Papers
	Privacy         *privacy.Privacy
	Orders          *order.Orders
	History         *history.History
	Goods           *goods.Goods
	Arrivals        *arrival.Arrivals
	After           *after.Acts
	Invoices        *invoice.Bills
	Lists           *list.Lists
	Recommendations *recommend.Recommendations
	Webhooks        *webhook.Webhooks
	KnowledgeBase   *article.Articles
	Points          *bonus.Points
	Earnings        *earning.Earnings
	Tiers           *tier.Tiers
	Promotions      *promotion.Promotions
	Rewards         *reward.Rewards
	Referrals       *referral.Referrals
	Campaigns       *campaign.Campaigns
	Wallets         *wallet.Wallets
	Tickets         *support.Tickets
	Queue           *queue.Queue
	Post            *post.Post
	Bot             *bot.Bot
	Surveys         *survey.Surveys
	Cards           *card.Cards
	Clocks          *clock.Clocks
	Inbox           *notify.Inbox
	Preferences     *preference.Preferences
	Templates       *template.Templates
	Endpoints       *endpoint.Endpoints
	Deliveries      *delivery.Deliveries
	Sending         *send.Sending
	Broadcasts      *broadcast.Broadcasts
}
