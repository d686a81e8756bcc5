package preference

import (
	"slices"
	"strings"

	entnotification "kabinet/ent/generated/notification"
)

// Kind is a type of notifications that is compiled in.
type Kind struct {
	Type       string // such as order.shipped
	Topic      entnotification.Topic
	Severity   entnotification.Severity // as most of the type are
	Required   bool                     // on its Channels, whatever the person says
	Commercial bool                     // outside the feed only for those who agreed to it
	Channels   []string                 // where it goes when nothing is said
	Variables  []string                 // what its words may name, beside date: see note.params in internal/notify

	// Staff says that it is about the work of the staff: it stands on nobody
	// else's page.
	Staff bool
	// LettersApart says that letters and text messages of it go out by
	// themselves (account.News): nothing is to be planned by mail and SMS.
	LettersApart bool
	// Sent says that no fact makes it: internal/notify/send and
	// internal/notify/broadcast do.
	Sent bool
}

// Where types go when nothing is said.
var (
	feed      = []string{InApp}
	pushed    = []string{InApp, WebPush, MobilePush}
	mailed    = []string{InApp, Email}
	messaged  = []string{InApp, Telegram, WebPush, MobilePush}
	toldMore  = []string{InApp, Email, WebPush, MobilePush}
	toldMost  = []string{InApp, Email, Telegram, WebPush, MobilePush}
	inTalk    = messaged // letters of answers are internal/support/post's, where support is on by mail
	ofAddress = mailed   // of who can get into the account
)

const (
	info     = entnotification.SeverityINFO
	success  = entnotification.SeveritySUCCESS
	warning  = entnotification.SeverityWARNING
	critical = entnotification.SeverityCRITICAL
)

// catalogue is every type compiled in, topic by topic.
var catalogue = slices.Concat(
	of(entnotification.TopicORDER, ofOrders),
	of(entnotification.TopicBONUS, ofBonuses),
	of(entnotification.TopicSUPPORT, ofSupport),
	of(entnotification.TopicPROMOTION, ofPromotion),
	of(entnotification.TopicSERVICE, ofService),
	of(entnotification.TopicREMINDER, ofReminders),
	of(entnotification.TopicSECURITY, ofSecurity()),
)

func of(topic entnotification.Topic, kinds []Kind) []Kind {
	all := slices.Clone(kinds)
	for i := range all {
		all[i].Topic = topic
	}
	return all
}

var byType = func() map[string]Kind {
	m := make(map[string]Kind, len(catalogue))
	for _, k := range catalogue {
		m[k.Type] = k
	}
	return m
}()

// Types are the types compiled in, topic by topic. Each that a hearer of
// internal/notify makes stands here, and each that stands here and is not Sent
// is made by one.
func Types() []Kind { return slices.Clone(catalogue) }

// TypeOf is a type that is compiled in.
func TypeOf(typ string) (Kind, bool) {
	k, found := byType[typ]
	return k, found
}

var ofOrders = []Kind{
	{Type: "order.placed", Severity: success, Channels: toldMost, Variables: []string{"number", "total"}},
	{Type: "order.paid", Severity: success, Channels: toldMost, Variables: []string{"number"}},
	{Type: "order.shipped", Severity: info, Channels: toldMost, Variables: []string{"number"}},
	{Type: "order.at_pickup_point", Severity: info, Channels: toldMost, Variables: []string{"number"}},
	{Type: "order.delivered", Severity: success, Channels: toldMost, Variables: []string{"number"}},
	{Type: "order.cancelled", Severity: info, Channels: toldMost, Variables: []string{"number"}},
	{Type: "return.approved", Severity: success, Channels: toldMost, Variables: ofReturn},
	{Type: "return.rejected", Severity: warning, Channels: toldMost, Variables: ofReturn},
	{Type: "return.received", Severity: info, Channels: toldMost, Variables: ofReturn},
	{Type: "return.refunded", Severity: success, Channels: toldMost, Variables: ofReturn},
	{Type: "invoice.issued", Severity: info, Channels: toldMost, Variables: []string{"number", "amount", "due"}},
	{Type: "invoice.paid", Severity: success, Channels: toldMost, Variables: []string{"number", "amount"}},
	{Type: "invoice.overdue", Severity: warning, Channels: toldMost, Variables: []string{"number", "open", "due"}},
}

// Variables that several types have.
var (
	ofReturn   = []string{"number", "order", "amount"}
	ofPoints   = []string{"count", "balance", "pending"}
	ofTicket   = []string{"number", "subject"}
	ofCampaign = []string{"campaign", "prize", "reason"}
	ofReward   = []string{"count", "reward"}
	ofWallet   = []string{"amount", "balance"}
)

var ofBonuses = []Kind{
	{Type: "points.accrued", Severity: success, Channels: pushed, Variables: ofPoints},
	{Type: "points.pending", Severity: info, Channels: feed, Variables: ofPoints},
	{Type: "points.redeemed", Severity: info, Channels: pushed, Variables: ofPoints},
	{Type: "points.expiring", Severity: warning, Channels: toldMore, Variables: []string{"count", "on"}},
	{Type: "points.expired", Severity: warning, Channels: feed, Variables: ofPoints},
	{Type: "points.taken_back", Severity: info, Channels: feed, Variables: ofPoints},
	{Type: "points.given_back", Severity: info, Channels: feed, Variables: ofPoints},
	{Type: "points.adjusted", Severity: info, Channels: pushed, Variables: ofPoints},
	{Type: "points.received", Severity: success, Channels: pushed, Variables: []string{"count", "balance", "pending", "note"}},
	{Type: "points.sent", Severity: info, Channels: pushed, Variables: []string{"count", "balance", "pending", "note"}},
	{Type: "tier.changed", Severity: success, Channels: toldMore, Variables: []string{"fromName", "toName", "until"}},
	{Type: "tier.will_downgrade", Severity: warning, Channels: toldMore, Variables: []string{"fromName", "toName", "at", "count"}},
	{Type: "family.invited", Severity: info, Channels: toldMore, Variables: []string{"family", "inviter"}},
	{Type: "family.joined", Severity: success, Channels: pushed, Variables: []string{"family", "member"}},
	{Type: "family.role_changed", Severity: info, Channels: feed, Variables: []string{"family"}},
	{Type: "family.removed", Severity: warning, Channels: mailed, Variables: []string{"family"}},
	{Type: "reward.exchanged", Severity: success, Channels: toldMore, Variables: []string{"count", "quantity", "reward"}},
	{Type: "reward.fulfilled", Severity: success, Channels: pushed, Variables: ofReward},
	{Type: "reward.cancelled", Severity: info, Channels: toldMore, Variables: ofReward},
	{Type: "reward.expired", Severity: warning, Channels: toldMore, Variables: ofReward},
	{Type: "referral.registered", Severity: info, Channels: pushed, Variables: []string{"count"}},
	{Type: "referral.ordered", Severity: info, Channels: pushed, Variables: []string{"count"}},
	{Type: "referral.rewarded", Severity: success, Channels: pushed, Variables: []string{"count"}},
}

var ofSupport = []Kind{
	{Type: "ticket.replied", Severity: info, Channels: inTalk, Variables: ofTicket},
	{Type: "ticket.closed", Severity: info, Channels: inTalk, Variables: ofTicket},
	{Type: "ticket.joined", Severity: info, Channels: inTalk, Variables: ofTicket},
	{Type: "ticket.merged", Severity: info, Channels: feed, Variables: []string{"number", "into", "subject"}},
	{Type: "survey.asked", Severity: info, Channels: pushed, Variables: []string{"number"}},
	{Type: "survey.reminded", Severity: info, Channels: pushed, Variables: []string{"number"}},
	{Type: "manager.assigned", Severity: info, Channels: mailed, Variables: []string{"name"}},
	{Type: "ticket.assigned", Severity: info, Channels: messaged, Variables: ofTicket, Staff: true},
	{Type: "ticket.due_soon", Severity: warning, Channels: messaged, Variables: ofTicket, Staff: true},
	{Type: "ticket.overdue", Severity: critical, Channels: toldMost, Variables: ofTicket, Staff: true},
}

var ofPromotion = []Kind{
	{Type: "promotion.news", Severity: info, Channels: toldMore, Commercial: true, Sent: true},
	{Type: "promo_codes.assigned", Severity: success, Channels: toldMore, Variables: []string{"count"}, Commercial: true},
	// Whoever wishes for a thing asks to be told of it.
	{Type: "wish.price_dropped", Severity: info, Channels: toldMore, Variables: []string{"title", "was", "now"}},
	{Type: "wish.back_in_stock", Severity: info, Channels: toldMore, Variables: []string{"title"}},
	{Type: "campaign.entered", Severity: info, Channels: feed, Variables: []string{"campaign"}},
	{Type: "campaign.approved", Severity: success, Channels: pushed, Variables: ofCampaign},
	{Type: "campaign.rejected", Severity: warning, Channels: pushed, Variables: ofCampaign},
	{Type: "campaign.winner", Severity: success, Channels: toldMost, Variables: ofCampaign},
	{Type: "campaign.prize_sent", Severity: success, Channels: toldMore, Variables: ofCampaign},
	{Type: "achievement.earned", Severity: success, Channels: pushed, Variables: []string{"campaign"}},
	{Type: "goal.reached", Severity: success, Channels: pushed},
}

var ofService = []Kind{
	{Type: "account.welcome", Severity: success, Channels: feed},
	{Type: "service.news", Severity: info, Channels: mailed, Sent: true},
	{Type: "wallet.topped_up", Severity: success, Channels: toldMore, Variables: ofWallet},
	{Type: "wallet.received", Severity: success, Channels: toldMore, Variables: ofWallet},
	{Type: "wallet.sent", Severity: info, Channels: toldMost, Variables: ofWallet},
	{Type: "wallet.gift_card", Severity: success, Channels: pushed, Variables: ofWallet},
	{Type: "wallet.refunded", Severity: info, Channels: toldMore, Variables: ofWallet},
	{Type: "wallet.adjusted", Severity: info, Channels: toldMore, Variables: ofWallet},
	{Type: "review.published", Severity: success, Channels: pushed, Variables: []string{"title"}},
	{Type: "review.rejected", Severity: info, Channels: pushed, Variables: []string{"title"}},
	{Type: "file.ready", Severity: success, Channels: toldMore, Variables: []string{"title"}},
	{Type: "campaign.draw_due", Severity: info, Channels: mailed, Variables: []string{"campaign"}, Staff: true},
}

var ofReminders = []Kind{
	{Type: "reminder.due", Severity: info, Channels: toldMost, Variables: []string{"title", "note"}, Sent: true},
}

// quietChanges are those of account.Changes of which no letter goes out: they
// are told in the feed alone.
var quietChanges = []string{"contact_primary", "signed_out_everywhere", "export_requested", "acted_for", "messenger_unlinked"}

// securityChanges are account.Changes: who can get into an account, and what
// became of it. A test holds the two together.
const securityChanges = `change_password reset_password new_device contact_added contact_removed contact_primary
	login_change_requested login_changed login_change_undone refresh_reused factor_added factor_removed
	recovery_codes_new recovery_code_used passkey_added passkey_removed passkey_copied identity_linked identity_unlinked
	blocked unblocked credentials_issued acted_for representative_added representative_removed representation_given
	representation_over sessions_ended second_factor_reset account_made initial_password_due initial_password_expired
	export_requested export_ready deletion_requested deletion_cancelled deletion_soon deletion_put_off deleted
	signed_out_everywhere payment_method_added payment_method_removed messenger_linked messenger_unlinked`

func ofSecurity() []Kind {
	var all []Kind
	for _, change := range strings.Fields(securityChanges) {
		k := Kind{Type: "security." + change, Severity: warning, Required: true, Channels: ofAddress, LettersApart: true, Variables: []string{"device", "place", "reason"}}
		if slices.Contains(quietChanges, change) {
			k.Channels = feed
		}
		all = append(all, k)
	}
	return all
}
