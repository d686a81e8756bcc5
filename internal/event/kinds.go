package event

// personal are the facts that the streams of people and companies carry; the
// staff's queue has its own.
var personal = []Fact{
	ContactConfirmed{}, SignedIn{}, SessionsEnded{}, SecurityChanged{}, ProfileUpdated{}, ManagerChanged{},
	OrderPlaced{}, OrderStatusChanged{}, OrderEdited{}, OrderCancelled{}, ShipmentChanged{}, ReturnChanged{},
	PointsAccrued{}, PointsRedeemed{}, PointsExpired{}, PointsReversed{}, PointsAdjusted{},
	PointsHeld{}, PointsReleased{}, PointsTransferred{}, PointsExpiring{}, WalletChanged{},
	TicketOpened{}, TicketReplied{}, TicketChanged{}, SurveyAsked{}, TicketRated{}, TicketMerged{}, TicketMessageChanged{},
	InvoiceIssued{}, InvoicePaid{}, InvoiceOverdue{},
	TierChanged{}, TierWillDowngrade{},
	FamilyInvited{}, FamilyJoined{}, FamilyRoleChanged{}, FamilyLeft{},
	CampaignEntered{}, CampaignEntryChanged{}, AchievementEarned{}, GoalReached{}, ActNoted{},
	RewardExchanged{}, RewardRedemptionChanged{}, ReferralChanged{},
	PromoCodesAssigned{}, OfferActivated{}, ClubJoined{}, ClubLeft{},
	WishPriceDropped{}, WishBackInStock{}, ReviewModerated{}, FileReady{},
	AnnouncementMarked{}, NotificationAdded{}, NotificationsChanged{}, NotificationPreferencesChanged{},
}

var personalKinds = func() map[string]bool {
	kinds := make(map[string]bool, len(personal))
	for _, f := range personal {
		kinds[f.Kind()] = true
	}
	return kinds
}()

// IsPersonal says whether kind is one that a person's stream may carry, so
// that a filter by a misspelt kind is refused and not silent.
func IsPersonal(kind string) bool { return personalKinds[kind] }
