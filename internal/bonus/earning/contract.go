package earning

import (
	"io"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/scalar"
)

// The inputs and views of schema/bonus_earning.graphqls, where they are
// described field by field.

// EarningTrigger is what makes a rule give.
type EarningTrigger string

// The triggers.
const (
	EarningTriggerOrder EarningTrigger = "ORDER"
	EarningTriggerAct   EarningTrigger = "ACT"
	EarningTriggerDate  EarningTrigger = "DATE"
)

// MarshalGQL writes it.
func (e EarningTrigger) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *EarningTrigger) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, EarningTriggerOrder, EarningTriggerAct, EarningTriggerDate)
	return err
}

// EarningPeriod is a stretch of the calendar.
type EarningPeriod string

// The periods.
const (
	EarningPeriodDay   EarningPeriod = "DAY"
	EarningPeriodWeek  EarningPeriod = "WEEK"
	EarningPeriodMonth EarningPeriod = "MONTH"
	EarningPeriodYear  EarningPeriod = "YEAR"
)

// MarshalGQL writes it.
func (e EarningPeriod) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *EarningPeriod) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, EarningPeriodDay, EarningPeriodWeek, EarningPeriodMonth, EarningPeriodYear)
	return err
}

// EarningBasis is what is worked out and rounded.
type EarningBasis string

// The bases.
const (
	EarningBasisLine  EarningBasis = "LINE"
	EarningBasisOrder EarningBasis = "ORDER"
)

// MarshalGQL writes it.
func (e EarningBasis) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *EarningBasis) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, EarningBasisLine, EarningBasisOrder)
	return err
}

// ProfilePart is a part of a profile that a rule can ask for.
type ProfilePart string

// The parts.
const (
	ProfilePartGivenName       ProfilePart = "GIVEN_NAME"
	ProfilePartFamilyName      ProfilePart = "FAMILY_NAME"
	ProfilePartBirthOn         ProfilePart = "BIRTH_ON"
	ProfilePartVerifiedContact ProfilePart = "VERIFIED_CONTACT"
	ProfilePartVerifiedEmail   ProfilePart = "VERIFIED_EMAIL"
	ProfilePartVerifiedPhone   ProfilePart = "VERIFIED_PHONE"
	ProfilePartAddress         ProfilePart = "ADDRESS"
)

// MarshalGQL writes it.
func (e ProfilePart) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *ProfilePart) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ProfilePartGivenName, ProfilePartFamilyName, ProfilePartBirthOn, ProfilePartVerifiedContact,
		ProfilePartVerifiedEmail, ProfilePartVerifiedPhone, ProfilePartAddress)
	return err
}

// EarningCap is which cap came in the way.
type EarningCap string

// The caps.
const (
	EarningCapOrder  EarningCap = "ORDER"
	EarningCapPeriod EarningCap = "PERIOD"
	EarningCapOwner  EarningCap = "OWNER"
)

// MarshalGQL writes it.
func (e EarningCap) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *EarningCap) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, EarningCapOrder, EarningCapPeriod, EarningCapOwner)
	return err
}

// EarningMiss is why a rule gave nothing.
type EarningMiss string

// The misses.
const (
	EarningMissCurrency   EarningMiss = "CURRENCY"
	EarningMissNotInForce EarningMiss = "NOT_IN_FORCE"
	EarningMissMinimum    EarningMiss = "MINIMUM"
	EarningMissTier       EarningMiss = "TIER"
	EarningMissCondition  EarningMiss = "CONDITION"
	EarningMissNoLine     EarningMiss = "NO_LINE"
	EarningMissLimit      EarningMiss = "LIMIT"
	EarningMissCap        EarningMiss = "CAP"
	EarningMissBetterRule EarningMiss = "BETTER_RULE"
	EarningMissProfile    EarningMiss = "PROFILE"
	EarningMissNothing    EarningMiss = "NOTHING"
	EarningMissFailed     EarningMiss = "FAILED"
)

// MarshalGQL writes it.
func (e EarningMiss) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *EarningMiss) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, EarningMissCurrency, EarningMissNotInForce, EarningMissMinimum, EarningMissTier, EarningMissCondition,
		EarningMissNoLine, EarningMissLimit, EarningMissCap, EarningMissBetterRule, EarningMissProfile, EarningMissNothing, EarningMissFailed)
	return err
}

// EarningRuleFilter narrows the earning rules.
type EarningRuleFilter struct {
	Trigger *EarningTrigger
	Act     *string
	InForce *bool
	Retired *bool
}

// EstimateLineInput is a line of a basket.
type EstimateLineInput struct {
	Sku      string
	Quantity int
}

// EstimatePointsInput is the input of estimatePoints.
type EstimatePointsInput struct {
	Lines     []*EstimateLineInput
	OrderID   *scalar.ID
	ProgramID *scalar.ID
}

// EarningLinesInput says which lines a rule looks at.
type EarningLinesInput struct {
	Categories       []string
	Skus             []string
	ExceptCategories []string
	ExceptSkus       []string
}

// EarningRuleInput is what a rule is made of.
type EarningRuleInput struct {
	Handle                string
	Texts                 []*scalar.Translation
	Trigger               EarningTrigger
	Act                   *string
	Condition             *string
	Expression            *string
	FixedPoints           *int64
	RatePoints            *int64
	RatePer               *scalar.MoneyInput
	MultiplierBasisPoints *int
	Currency              *string
	Selector              *EarningLinesInput
	Tiers                 []string
	StartsAt              *time.Time
	EndsAt                *time.Time
	Minimum               *scalar.MoneyInput
	CapPerOrder           *int64
	CapPerPeriod          *int64
	CapPerOwner           *int64
	PerOwner              *int
	PerPeriod             *int
	Period                *EarningPeriod
	Rounding              *bonus.PointsRounding
	Basis                 *EarningBasis
	Priority              *int
	Stackable             *bool
	PendingDays           *int
	Profile               []ProfilePart
}

// SaveEarningRuleInput is the input of saveEarningRule.
type SaveEarningRuleInput struct {
	ID             *scalar.ID
	Version        *int
	ProgramID      *scalar.ID
	Rule           EarningRuleInput
	IdempotencyKey string
	DryRun         *bool
}

// RetireEarningRuleInput is the input of retireEarningRule.
type RetireEarningRuleInput struct {
	ID scalar.ID
}

// TestEarningRuleInput is the input of testEarningRule.
type TestEarningRuleInput struct {
	ProgramID *scalar.ID
	Rule      *EarningRuleInput
	RuleID    *scalar.ID
	OrderID   *scalar.ID
	Lines     []*EstimateLineInput
	UserID    *scalar.ID
	Tier      *string
	At        *time.Time
	Data      map[string]any
}

// RecordVisitInput is the input of recordVisit.
type RecordVisitInput struct {
	IdempotencyKey string
	DryRun         *bool
}

// RecordActInput is the input of recordAct.
type RecordActInput struct {
	UserID         scalar.ID
	Handle         string
	Key            string
	Data           map[string]any
	OccurredAt     *time.Time
	IdempotencyKey string
	DryRun         *bool
}

// EarningRuleUse is what a rule gave.
type EarningRuleUse struct {
	Times  int
	Points int64
}

// EarningSample is what a rule alone would have given for the last orders.
type EarningSample struct {
	Looked int
	Gave   int
	Points int64
	Orders []*EarningSampleOrder
}

// EarningSampleOrder is what it would have given for one.
type EarningSampleOrder struct {
	OrderID scalar.ID
	Number  string
	Total   scalar.Money
	Points  int64
}

// RuleVariable is what expressions may name or call.
type RuleVariable struct {
	Name        string
	Type        string
	Description string
	IsFunction  bool
}

// BonusExplanation is why points are so many.
type BonusExplanation struct {
	Text           string
	Points         int64
	Rules          []*BonusExplainedRule
	Missed         []*BonusMissedRule
	Lines          []*BonusExplainedLine
	Tier           *string
	ProgramVersion *int64
}

// BonusExplainedRule is what gave points.
type BonusExplainedRule struct {
	Rule     *scalar.ID
	Version  *int64
	Name     string
	Points   int64
	Uncapped *int64
	Cap      *EarningCap
}

// BonusMissedRule is what might have given points.
type BonusMissedRule struct {
	Rule    *scalar.ID
	Version *int64
	Name    string
	Why     EarningMiss
	Text    string
}

// BonusExplainedLine is the points of one line.
type BonusExplainedLine struct {
	LineID *scalar.ID
	Sku    *string
	Points int64
}

// EarningEstimate is what an order, a basket or an act earns in one programme.
type EarningEstimate struct {
	Program     *ent.BonusProgram
	Points      int64
	Earned      bool
	ActiveAt    *time.Time
	Explanation *BonusExplanation
}
