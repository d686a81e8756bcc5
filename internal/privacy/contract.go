package privacy

import (
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
)

// The inputs, views and enums of the SDL that this domain takes and shows;
// field by field they are described in schema/privacy.graphqls.

// ConsentInput is a word on one document.
type ConsentInput struct {
	DocumentID scalar.ID
	Version    int
	Given      bool
}

// RecordConsentInput is the input of recordConsent.
type RecordConsentInput struct{ Consents []*ConsentInput }

// SaveConsentDocumentInput is the input of saveConsentDocument.
type SaveConsentDocumentInput struct {
	ID       *scalar.ID
	Version  *int
	Handle   *string
	Purpose  *ConsentPurpose
	Required *bool
	Texts    []*scalar.Translation
	URL      graphql.Omittable[*string]
}

// RetireConsentDocumentInput is the input of retireConsentDocument.
type RetireConsentDocumentInput struct {
	ID      scalar.ID
	Version int
}

// RequestAccountDeletionInput is the input of requestAccountDeletion.
type RequestAccountDeletionInput struct{ Reason *string }

// ConfirmAccountDeletionInput is the input of confirmAccountDeletion.
type ConfirmAccountDeletionInput struct {
	ChallengeID scalar.ID
	Code        string
}

// ConsentDocument is a text that people agree to.
type ConsentDocument struct {
	ID           scalar.ID
	Handle       string
	Purpose      ConsentPurpose
	Version      int
	Required     bool
	Name         string
	Description  *string
	Terms        *string
	URL          *string
	Translations []scalar.Translation
	InForceSince time.Time
}

// Consent is the newest word of a person on a document.
type Consent struct {
	Document  *ConsentDocument
	Version   int
	Given     bool
	IsCurrent bool
	DecidedAt time.Time
	Locale    string
}

// Accepted is what somebody ticks who registers: a document by its handle.
type Accepted struct {
	Handle  string
	Version int
}

// Asked is the challenge whose code confirms a deletion.
type Asked struct {
	ID        scalar.ID
	Kind      string // EMAIL_CODE or SMS_CODE
	SentTo    *string
	ExpiresAt time.Time
}

// Requested is what requestAccountDeletion did.
type Requested struct {
	Challenge *Asked
	Review    *DeletionReview
	Deletion  *AccountDeletion
}

// DataExport is a file with the data of a person, or one being made.
type DataExport struct {
	ID          scalar.ID
	Status      DataExportStatus
	Progress    *scalar.Progress
	RequestedAt time.Time
	ReadyAt     *time.Time
	ExpiresAt   *time.Time
	Document    *ent.Document
}

// AccountDeletion is a deletion under way.
type AccountDeletion struct {
	RequestedAt, DueAt time.Time
	Blockers           []*DeletionBlocker
	Losses             []*DeletionLoss
}

// DeletionReview is what a deletion would meet now.
type DeletionReview struct {
	DueAt    time.Time
	Blockers []*DeletionBlocker
	Losses   []*DeletionLoss
}

// DeletionBlocker must be settled first.
type DeletionBlocker struct {
	Reason     DeletionBlockReason
	Message    string
	Count      int
	Amount     *scalar.Money
	SubjectIds []scalar.ID
}

// DeletionLoss is gone with the account.
type DeletionLoss struct {
	Kind    DeletionLossKind
	Message string
	Count   int64
}

// ConsentPurpose is what a document is about.
type ConsentPurpose string

// The values of ConsentPurpose; they are those of the column.
const (
	PurposeTerms          ConsentPurpose = "TERMS"
	PurposePrivacy        ConsentPurpose = "PRIVACY"
	PurposeDataProcessing ConsentPurpose = "DATA_PROCESSING"
	PurposeCookies        ConsentPurpose = "COOKIES"
	PurposeEmailMarketing ConsentPurpose = "EMAIL_MARKETING"
	PurposeSmsMarketing   ConsentPurpose = "SMS_MARKETING"
	PurposePhoneCalls     ConsentPurpose = "PHONE_CALLS"
	PurposeProfiling      ConsentPurpose = "PROFILING"
	PurposeOther          ConsentPurpose = "OTHER"
)

// MarshalGQL writes the value.
func (e ConsentPurpose) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ConsentPurpose) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, PurposeTerms, PurposePrivacy, PurposeDataProcessing, PurposeCookies, PurposeEmailMarketing,
		PurposeSmsMarketing, PurposePhoneCalls, PurposeProfiling, PurposeOther)
	return err
}

// DataExportStatus is how far an export is.
type DataExportStatus string

// The values of DataExportStatus.
const (
	ExportWaiting DataExportStatus = "WAITING"
	ExportRunning DataExportStatus = "RUNNING"
	ExportReady   DataExportStatus = "READY"
	ExportExpired DataExportStatus = "EXPIRED"
	ExportFailed  DataExportStatus = "FAILED"
)

// MarshalGQL writes the value.
func (e DataExportStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *DataExportStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ExportWaiting, ExportRunning, ExportReady, ExportExpired, ExportFailed)
	return err
}

// DeletionBlockReason is why an account cannot be deleted.
type DeletionBlockReason string

// The values of DeletionBlockReason.
const (
	BlockWalletMoney       DeletionBlockReason = "WALLET_MONEY"
	BlockOpenTopUp         DeletionBlockReason = "OPEN_TOP_UP"
	BlockOpenOrder         DeletionBlockReason = "OPEN_ORDER"
	BlockOpenReturn        DeletionBlockReason = "OPEN_RETURN"
	BlockOpenRefund        DeletionBlockReason = "OPEN_REFUND"
	BlockPointsHeld        DeletionBlockReason = "POINTS_HELD"
	BlockLastHolder        DeletionBlockReason = "LAST_HOLDER"
	BlockLastOwner         DeletionBlockReason = "LAST_OWNER"
	BlockLastAdministrator DeletionBlockReason = "LAST_ADMINISTRATOR"
)

// MarshalGQL writes the value.
func (e DeletionBlockReason) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *DeletionBlockReason) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, BlockWalletMoney, BlockOpenTopUp, BlockOpenOrder, BlockOpenReturn, BlockOpenRefund,
		BlockPointsHeld, BlockLastHolder, BlockLastOwner, BlockLastAdministrator)
	return err
}

// DeletionLossKind is what is gone with an account.
type DeletionLossKind string

// The values of DeletionLossKind.
const (
	LossPoints      DeletionLossKind = "POINTS"
	LossRewards     DeletionLossKind = "REWARDS"
	LossGiftCards   DeletionLossKind = "GIFT_CARDS"
	LossTickets     DeletionLossKind = "TICKETS"
	LossMemberships DeletionLossKind = "MEMBERSHIPS"
)

// MarshalGQL writes the value.
func (e DeletionLossKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *DeletionLossKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, LossPoints, LossRewards, LossGiftCards, LossTickets, LossMemberships)
	return err
}
