package event

import "github.com/google/uuid"

// CampaignEntered is told when a person takes part in a campaign.
type CampaignEntered struct {
	EntryID    uuid.UUID `json:"entryId"`
	CampaignID uuid.UUID `json:"campaignId"`
	OwnerID    uuid.UUID `json:"ownerId"`
	Status     string    `json:"status"`
}

// CampaignEntryChanged is told when an entry is decided about, drawn or taken back.
type CampaignEntryChanged struct {
	EntryID    uuid.UUID `json:"entryId"`
	CampaignID uuid.UUID `json:"campaignId"`
	OwnerID    uuid.UUID `json:"ownerId"`
	Status     string    `json:"status"`
	Reason     string    `json:"reason,omitempty"`
	Place      int       `json:"place,omitempty"`
}

// AchievementEarned is told when a person has reached what an achievement asks for.
type AchievementEarned struct {
	AchievementID uuid.UUID `json:"achievementId"`
	CampaignID    uuid.UUID `json:"campaignId"`
	OwnerID       uuid.UUID `json:"ownerId"`
	Period        string    `json:"period"`
	Points        int64     `json:"points,omitempty"`
}

// GoalReached is told when a person has reached a goal of his own in a period.
type GoalReached struct {
	GoalID  uuid.UUID `json:"goalId"`
	UserID  uuid.UUID `json:"userId"`
	Counter string    `json:"counter"`
	Period  string    `json:"period"`
	Target  int64     `json:"target"`
}

// ActNoted is told when a customer did something that is counted: a visit, a review.
type ActNoted struct {
	OwnerID uuid.UUID `json:"ownerId"`
	Handle  string    `json:"handle"`
}

// CampaignStatusChanged is told to the House when a campaign opens, closes and the like.
type CampaignStatusChanged struct {
	CampaignID uuid.UUID `json:"campaignId"`
	What       string    `json:"campaignKind"`
	Status     string    `json:"status"`
}

// RaffleDrawDue is told to the House when a raffle waits to be drawn.
type RaffleDrawDue struct {
	CampaignID uuid.UUID `json:"campaignId"`
	Handle     string    `json:"handle"`
}

// RaffleDrawn is told to the House when a raffle was drawn.
type RaffleDrawn struct {
	CampaignID uuid.UUID `json:"campaignId"`
	Entries    int       `json:"entries"`
	Winners    int       `json:"winners"`
}

// Kind implements Fact.
func (CampaignEntered) Kind() string { return "campaign.entered" }

// Kind implements Fact.
func (CampaignEntryChanged) Kind() string { return "campaign.entry_changed" }

// Kind implements Fact.
func (AchievementEarned) Kind() string { return "achievement.earned" }

// Kind implements Fact.
func (GoalReached) Kind() string { return "goal.reached" }

// Kind implements Fact.
func (ActNoted) Kind() string { return "campaign.act_noted" }

// Kind implements Fact.
func (CampaignStatusChanged) Kind() string { return "campaign.status_changed" }

// Kind implements Fact.
func (RaffleDrawDue) Kind() string { return "raffle.draw_due" }

// Kind implements Fact.
func (RaffleDrawn) Kind() string { return "raffle.drawn" }

// Subject implements Fact.
func (f CampaignEntered) Subject() (string, uuid.UUID) { return "cme", f.EntryID }

// Subject implements Fact.
func (f CampaignEntryChanged) Subject() (string, uuid.UUID) { return "cme", f.EntryID }

// Subject implements Fact.
func (f AchievementEarned) Subject() (string, uuid.UUID) { return "ach", f.AchievementID }

// Subject implements Fact.
func (f GoalReached) Subject() (string, uuid.UUID) { return "goal", f.GoalID }

// Subject implements Fact.
func (f ActNoted) Subject() (string, uuid.UUID) { return "usr", f.OwnerID }

// Subject implements Fact.
func (f CampaignStatusChanged) Subject() (string, uuid.UUID) { return "cmp", f.CampaignID }

// Subject implements Fact.
func (f RaffleDrawDue) Subject() (string, uuid.UUID) { return "cmp", f.CampaignID }

// Subject implements Fact.
func (f RaffleDrawn) Subject() (string, uuid.UUID) { return "cmp", f.CampaignID }
