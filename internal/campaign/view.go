package campaign

import (
	"time"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
)

// What the SDL shows of campaigns; field by field it is described in schema/.

// ProgressItem is how far somebody has come towards one thing.
type ProgressItem struct {
	Kind       ProgressKind
	Label      string
	Progress   *scalar.Progress
	Percent    int
	Done       bool
	Hint       *string
	Missing    []ProfileField
	Points     *int64
	CampaignID *scalar.ID
	GoalID     *scalar.ID
}

// CampaignEntryRules say how one takes part.
type CampaignEntryRules struct {
	PerPerson   *int
	PerDay      *int
	Points      *int64
	AutoApprove bool
	MinPhotos   int
	MaxPhotos   int
	MinReceipt  *scalar.Money
	ReceiptFrom *string
	ManyPrizes  bool
}

// CampaignPrize is one kind of prize.
type CampaignPrize struct {
	Name        string
	Description *string
	Count       int
	Points      *int64
}

// CampaignQuestion is a question of a survey.
type CampaignQuestion struct {
	Key      string
	Kind     CampaignQuestionKind
	Text     string
	Help     *string
	Required bool
	Options  []*CampaignOption
	Min      *int
	Max      *int
}

// CampaignOption is an answer to choose.
type CampaignOption struct {
	Key  string
	Text string
}

// CampaignAchievement is what an achievement or challenge asks for.
type CampaignAchievement struct {
	Target       int64
	Unit         string
	Period       AchievementPeriod
	Repeats      bool
	Points       *int64
	ProgressRule *string
	Condition    *string
}

// CampaignEntryCount is how many entries stand where.
type CampaignEntryCount struct {
	Status CampaignEntryStatus
	Count  int
}

// RaffleResult is a draw, laid open.
type RaffleResult struct {
	Algorithm     string
	Seed          string
	SeedHash      string
	PublicEntropy string
	EntriesHash   string
	EntriesCount  int
	DrawnAt       time.Time
	Winners       []*RaffleWinner

	campaign uuid.UUID
}

// RaffleEntry is an entry that took part in a draw.
type RaffleEntry struct {
	ID     scalar.ID
	Person string
}

// RaffleWinner is a prize drawn.
type RaffleWinner struct {
	Place   int
	EntryID scalar.ID
	Person  string
	Prize   *CampaignPrize
}

// CampaignReceipt is a receipt.
type CampaignReceipt struct {
	Number string
	Date   string
	Sum    *scalar.Money
}

// CampaignAnswer is the answer to a question.
type CampaignAnswer struct {
	QuestionKey string
	OptionKeys  []string
	Text        *string
	Number      *int64
}

// Standing says whether the caller can enter a campaign now.
type Standing struct {
	Err       error // why not
	NextAt    *time.Time
	Remaining *int
}

// Moderated is what became of one of many entries.
type Moderated struct {
	EntryID scalar.ID
	Changed bool
	Err     error
}
