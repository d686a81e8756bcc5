package campaign

import (
	"io"

	"kabinet/internal/scalar"
)

// CampaignKind is what kind of campaign it is.
type CampaignKind string

// The values of CampaignKind.
const (
	KindRaffle      CampaignKind = "RAFFLE"
	KindContest     CampaignKind = "CONTEST"
	KindReceipt     CampaignKind = "RECEIPT"
	KindSurvey      CampaignKind = "SURVEY"
	KindCode        CampaignKind = "CODE"
	KindChallenge   CampaignKind = "CHALLENGE"
	KindAchievement CampaignKind = "ACHIEVEMENT"
)

// MarshalGQL writes the value.
func (e CampaignKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *CampaignKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, KindRaffle, KindContest, KindReceipt, KindSurvey, KindCode, KindChallenge, KindAchievement)
	return err
}

// CampaignStatus is where a campaign stands.
type CampaignStatus string

// The values of CampaignStatus.
const (
	StatusDraft     CampaignStatus = "DRAFT"
	StatusScheduled CampaignStatus = "SCHEDULED"
	StatusOpen      CampaignStatus = "OPEN"
	StatusClosed    CampaignStatus = "CLOSED"
	StatusFinished  CampaignStatus = "FINISHED"
	StatusCancelled CampaignStatus = "CANCELLED"
)

// MarshalGQL writes the value.
func (e CampaignStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *CampaignStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, StatusDraft, StatusScheduled, StatusOpen, StatusClosed, StatusFinished, StatusCancelled)
	return err
}

// CampaignEntryStatus is where an entry stands.
type CampaignEntryStatus string

// The values of CampaignEntryStatus.
const (
	EntrySubmitted CampaignEntryStatus = "SUBMITTED"
	EntryApproved  CampaignEntryStatus = "APPROVED"
	EntryRejected  CampaignEntryStatus = "REJECTED"
	EntryWithdrawn CampaignEntryStatus = "WITHDRAWN"
	EntryWinner    CampaignEntryStatus = "WINNER"
	EntryPrizeSent CampaignEntryStatus = "PRIZE_SENT"
)

// MarshalGQL writes the value.
func (e CampaignEntryStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *CampaignEntryStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, EntrySubmitted, EntryApproved, EntryRejected, EntryWithdrawn, EntryWinner, EntryPrizeSent)
	return err
}

// CampaignEntryAction is what can be done with an entry.
type CampaignEntryAction string

// The values of CampaignEntryAction.
const (
	ActionWithdraw  CampaignEntryAction = "WITHDRAW"
	ActionApprove   CampaignEntryAction = "APPROVE"
	ActionReject    CampaignEntryAction = "REJECT"
	ActionAward     CampaignEntryAction = "AWARD"
	ActionSendPrize CampaignEntryAction = "SEND_PRIZE"
)

// MarshalGQL writes the value.
func (e CampaignEntryAction) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *CampaignEntryAction) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ActionWithdraw, ActionApprove, ActionReject, ActionAward, ActionSendPrize)
	return err
}

// CampaignDecision is a decision about an entry.
type CampaignDecision string

// The values of CampaignDecision.
const (
	DecideApprove   CampaignDecision = "APPROVE"
	DecideReject    CampaignDecision = "REJECT"
	DecideAward     CampaignDecision = "AWARD"
	DecideSendPrize CampaignDecision = "SEND_PRIZE"
)

// MarshalGQL writes the value.
func (e CampaignDecision) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *CampaignDecision) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, DecideApprove, DecideReject, DecideAward, DecideSendPrize)
	return err
}

// CampaignQuestionKind is what sort of answer a question takes.
type CampaignQuestionKind string

// The values of CampaignQuestionKind.
const (
	QuestionSingle   CampaignQuestionKind = "SINGLE"
	QuestionMultiple CampaignQuestionKind = "MULTIPLE"
	QuestionText     CampaignQuestionKind = "TEXT"
	QuestionNumber   CampaignQuestionKind = "NUMBER"
)

// MarshalGQL writes the value.
func (e CampaignQuestionKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *CampaignQuestionKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, QuestionSingle, QuestionMultiple, QuestionText, QuestionNumber)
	return err
}

// AchievementPeriod is in which time an achievement counts.
type AchievementPeriod string

// The values of AchievementPeriod.
const (
	PeriodCampaign AchievementPeriod = "CAMPAIGN"
	PeriodDay      AchievementPeriod = "DAY"
	PeriodWeek     AchievementPeriod = "WEEK"
	PeriodMonth    AchievementPeriod = "MONTH"
	PeriodQuarter  AchievementPeriod = "QUARTER"
	PeriodYear     AchievementPeriod = "YEAR"
)

// MarshalGQL writes the value.
func (e AchievementPeriod) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *AchievementPeriod) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, PeriodCampaign, PeriodDay, PeriodWeek, PeriodMonth, PeriodQuarter, PeriodYear)
	return err
}

// GoalCounter is what a goal counts.
type GoalCounter string

// The values of GoalCounter.
const (
	GoalVisits GoalCounter = "VISITS"
	GoalOrders GoalCounter = "ORDERS"
	GoalPoints GoalCounter = "POINTS"
)

// MarshalGQL writes the value.
func (e GoalCounter) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *GoalCounter) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, GoalVisits, GoalOrders, GoalPoints)
	return err
}

// GoalPeriod is how often a goal begins anew.
type GoalPeriod string

// The values of GoalPeriod.
const (
	GoalEachWeek  GoalPeriod = "WEEK"
	GoalEachMonth GoalPeriod = "MONTH"
)

// MarshalGQL writes the value.
func (e GoalPeriod) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *GoalPeriod) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, GoalEachWeek, GoalEachMonth)
	return err
}

// ProgressKind is what a step of progress is about.
type ProgressKind string

// The values of ProgressKind.
const (
	ProgressPromo       ProgressKind = "PROMO"
	ProgressTier        ProgressKind = "TIER"
	ProgressProfile     ProgressKind = "PROFILE"
	ProgressGoal        ProgressKind = "GOAL"
	ProgressAchievement ProgressKind = "ACHIEVEMENT"
)

// MarshalGQL writes the value.
func (e ProgressKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ProgressKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ProgressPromo, ProgressTier, ProgressProfile, ProgressGoal, ProgressAchievement)
	return err
}

// ProfileField is a field of the profile that counts.
type ProfileField string

// The values of ProfileField.
const (
	ProfileGivenName  ProfileField = "GIVEN_NAME"
	ProfileFamilyName ProfileField = "FAMILY_NAME"
	ProfileBirthOn    ProfileField = "BIRTH_ON"
	ProfileEmail      ProfileField = "EMAIL"
	ProfilePhone      ProfileField = "PHONE"
	ProfileAddress    ProfileField = "ADDRESS"
)

// MarshalGQL writes the value.
func (e ProfileField) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ProfileField) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ProfileGivenName, ProfileFamilyName, ProfileBirthOn, ProfileEmail, ProfilePhone, ProfileAddress)
	return err
}
