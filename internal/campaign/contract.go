package campaign

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/audience"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this domain takes; field by field they are
// described in schema/.

// CampaignAchievementInput is what an achievement or challenge asks for.
type CampaignAchievementInput struct {
	// How progress is counted: an expression (CEL, int) over orders, items, spent, reviews, visits, referrals, points, categories and acts.
	ProgressRule string
	// So many, 1 or more.
	Target int64
	// What must hold too: an expression (CEL, bool) over the same.
	Condition *string
	// What is counted: orders, points, visits, or a currency; up to 30 characters.
	Unit string
	// The currency of spent; the default programme's when absent.
	Currency *string
	// In which time; a challenge always counts while it runs.
	Period *AchievementPeriod
	// Whether it can be earned in each period anew.
	Repeats *bool
	// The points that it gives.
	Points *int64
	// The programme of the points; the default one when absent.
	ProgramID *scalar.ID
}

// CampaignAnswerInput is an answer to a question.
type CampaignAnswerInput struct {
	// The key of the question.
	QuestionKey string
	// The keys of the options chosen.
	OptionKeys []string
	// The text.
	Text *string
	// The number.
	Number *int64
}

// CampaignEntryFilter narrows a person's entries.
type CampaignEntryFilter struct {
	// In this campaign.
	CampaignID *scalar.ID
	// Standing at one of these.
	Status []CampaignEntryStatus
}

// CampaignEntryModerationFilter narrows the entries to decide about.
type CampaignEntryModerationFilter struct {
	// In this campaign.
	CampaignID *scalar.ID
	// Standing at one of these; SUBMITTED when nothing is said.
	Status []CampaignEntryStatus
	// Of this customer.
	CustomerID *scalar.ID
}

// CampaignEntryRulesInput is how one takes part.
type CampaignEntryRulesInput struct {
	// Entries of a person in all, 1 to 10,000; null: any number, and for a survey one.
	PerPerson *int
	// Entries of a person on a day of UTC, 1 to 1,000; null: any number.
	PerDay *int
	// Points for each entry that is approved.
	Points *int64
	// The programme of the points; the default one when absent.
	ProgramID *scalar.ID
	// Whether an entry counts at once; otherwise staff decides.
	AutoApprove *bool
	// Photos asked for, at least; of a contest 1 at least.
	MinPhotos *int
	// Photos taken, at most 5.
	MaxPhotos *int
	// The least sum of a receipt; its currency is the only one taken.
	MinReceipt *scalar.MoneyInput
	// The first day of a receipt.
	ReceiptFrom *string
	// How many codes of the pack there are, up to 100,000,000; needed for a campaign of codes.
	Codes *int
	// Whether a person may win more than one prize.
	ManyPrizes *bool
	// A public source whose value after the end is mixed into the draw, such as a lottery's numbers of a day to come.
	EntropySource *string
}

// CampaignFilter narrows the list of campaigns.
type CampaignFilter struct {
	// Of these kinds.
	Kinds []CampaignKind
	// Standing at one of these.
	Status []CampaignStatus
}

// CampaignOptionInput is an answer to choose.
type CampaignOptionInput struct {
	// Its key within the question: a-z, 0-9 and hyphens, up to 64 characters.
	Key string
	// The answer, as name.
	Texts []*scalar.Translation
}

// CampaignPrizeInput is one kind of prize.
type CampaignPrizeInput struct {
	// Names and descriptions.
	Texts []*scalar.Translation
	// How many there are, 1 to 1,000.
	Count int
	// The points that it gives.
	Points *int64
	// A code shown to who won it, up to 100 characters.
	Code *string
}

// CampaignQuestionInput is a question of a survey.
type CampaignQuestionInput struct {
	// Its key within the campaign: a-z, 0-9 and hyphens, up to 64 characters.
	Key string
	// What sort of answer it takes.
	Kind CampaignQuestionKind
	// The question, as name, and more about it, as description.
	Texts []*scalar.Translation
	// Whether it must be answered.
	Required *bool
	// The answers to choose from, at most 50.
	Options []*CampaignOptionInput
	// The least number, or so many choices at least.
	Min *int
	// The greatest number, so many choices or characters at most.
	Max *int
}

// CampaignReceiptInput is a receipt to enter.
type CampaignReceiptInput struct {
	// Its number, 1 to 64 characters.
	Number string
	// Its day.
	Date string
	// Its sum.
	Sum scalar.MoneyInput
}

// DeleteGoalInput is the input of deleteGoal.
type DeleteGoalInput struct {
	// The goal.
	GoalID scalar.ID
}

// DrawRaffleInput is the input of drawRaffle.
type DrawRaffleInput struct {
	// The raffle.
	CampaignID scalar.ID
	// The value of the public source that was named before; needed where one was.
	PublicEntropy *string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Says how many entries and prizes there are; draws nothing.
	DryRun *bool
}

// EnterCampaignInput is the input of enterCampaign.
type EnterCampaignInput struct {
	// The campaign.
	CampaignID scalar.ID
	// The receipt, where one is asked for.
	Receipt *CampaignReceiptInput
	// The code, where one is asked for; case, spaces and hyphens do not matter.
	Code *string
	// The answers, where questions are asked.
	Answers []*CampaignAnswerInput
	// Photos sent before by uploadCampaignPhoto, at most 5.
	PhotoIDs []*scalar.ID
	// A word to it, up to 1,000 characters.
	Text *string
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// ModerateCampaignEntriesInput is the input of moderateCampaignEntries.
type ModerateCampaignEntriesInput struct {
	// The entries, 1 to 100.
	EntryIDs []*scalar.ID
	// The decision about all of them.
	Decision CampaignDecision
	// What the customers are told, up to 500 characters; needed to refuse.
	Reason *string
	// Which prize, from 1; needed to award where there are several.
	Prize *int
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// ModerateCampaignEntryInput is the input of moderateCampaignEntry.
type ModerateCampaignEntryInput struct {
	// The entry.
	EntryID scalar.ID
	// The decision.
	Decision CampaignDecision
	// What the customer is told, up to 500 characters; needed to refuse.
	Reason *string
	// Which prize, from 1; needed to award where there are several.
	Prize *int
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
	// 1 to 255 characters; the same key and input give the first answer again.
	IdempotencyKey string
	// Same answer, nothing kept.
	DryRun *bool
}

// SaveCampaignInput is the input of saveCampaign. An absent field of one that exists is unchanged.
type SaveCampaignInput struct {
	// The campaign to change; a new one when absent.
	ID *scalar.ID
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
	// What kind it is; needed for a new one, and never changed.
	Kind *CampaignKind
	// How the business calls it: a-z, 0-9 and hyphens, up to 64 characters; needed for a new one.
	Handle *string
	// Names, descriptions and terms; needed for a new one.
	Texts []*scalar.Translation
	// A picture.
	ImageURL graphql.Omittable[*string]
	// For whom it is; everybody when absent.
	Audience graphql.Omittable[*audience.Input]
	// When it opens; when staff says when absent.
	StartsAt graphql.Omittable[*time.Time]
	// When it closes; needed for a raffle.
	EndsAt graphql.Omittable[*time.Time]
	// How one takes part.
	EntryRules *CampaignEntryRulesInput
	// What one can win, first prizes first; at most 20 kinds and 1,000 prizes.
	Prizes []*CampaignPrizeInput
	// The questions of a survey, at most 50.
	Questions []*CampaignQuestionInput
	// What an achievement or challenge asks for.
	Achievement *CampaignAchievementInput
}

// SaveGoalInput is the input of saveGoal.
type SaveGoalInput struct {
	// What is counted.
	Counter GoalCounter
	// In each what.
	Period *GoalPeriod
	// So many, 1 to 1,000,000. A goal of the same counter and period is changed.
	Target int64
	// What to call it, up to 100 characters.
	Name *string
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}

// SetCampaignStatusInput is the input of setCampaignStatus.
type SetCampaignStatusInput struct {
	// The campaign.
	CampaignID scalar.ID
	// Where it shall stand. OPEN before its start is SCHEDULED.
	Status CampaignStatus
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}

// UploadCampaignPhotoInput is the input of uploadCampaignPhoto.
type UploadCampaignPhotoInput struct {
	// The campaign it is for.
	CampaignID scalar.ID
	// The photo that the part belongs to; absent with the first part.
	PhotoID *scalar.ID
	// So many bytes were sent before; a part that came already is not taken twice.
	Offset int
	// The bytes in base64, at most 64 KiB of them.
	Data string
	// Whether it is the last part.
	Last bool
}

// WithdrawCampaignEntryInput is the input of withdrawCampaignEntry.
type WithdrawCampaignEntryInput struct {
	// The entry.
	EntryID scalar.ID
	// The revision that was read; another one is STALE_OBJECT.
	Revision *int
}
