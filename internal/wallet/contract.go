package wallet

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/scalar"
)

// The inputs of the SDL that this domain takes; field by field they are
// described in schema/. Its enums are in enums.go.

// WalletEntryFilter narrows a wallet's book.
type WalletEntryFilter struct {
	Kinds   []WalletEntryKind
	OrderID *scalar.ID
	From    *time.Time
	Before  *time.Time
}

// GiftCardFilter narrows a list of gift cards.
type GiftCardFilter struct {
	Status []GiftCardStatus
	Code   *string
	UserID *scalar.ID
}

// PaymentNoticeFilter narrows a list of messages of the provider.
type PaymentNoticeFilter struct {
	Outcome []PaymentNoticeOutcome
	TopUpID *scalar.ID
}

// OpenWalletInput is the input of openWallet.
type OpenWalletInput struct {
	Currency       string
	Label          *string
	IdempotencyKey string
	DryRun         *bool
}

// UpdateWalletInput is the input of updateWallet.
type UpdateWalletInput struct {
	WalletID scalar.ID
	Label    graphql.Omittable[*string]
	Visible  *bool
}

// TopUpWalletInput is the input of topUpWallet.
type TopUpWalletInput struct {
	WalletID       scalar.ID
	Amount         scalar.MoneyInput
	ReturnURL      *string
	IdempotencyKey string
	DryRun         *bool
}

// ReceiveCashInput is the input of receiveCash.
type ReceiveCashInput struct {
	WalletID       *scalar.ID
	UserID         *scalar.ID
	Amount         scalar.MoneyInput
	ReceiptNumber  string
	IdempotencyKey string
	DryRun         *bool
}

// TransferRecipientInput says to whom a transfer goes: exactly one is said.
type TransferRecipientInput struct {
	WalletID *scalar.ID
	UserID   *scalar.ID
	Email    *string
	Phone    *string
	Number   *string
}

// QuoteTransferInput is the input of quoteTransfer.
type QuoteTransferInput struct {
	FromWalletID scalar.ID
	To           TransferRecipientInput
	Amount       scalar.MoneyInput
}

// ConfirmTransferInput is the input of confirmTransfer.
type ConfirmTransferInput struct {
	QuoteID        scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// MoveBetweenWalletsInput is the input of moveBetweenWallets.
type MoveBetweenWalletsInput struct {
	FromWalletID   scalar.ID
	ToWalletID     scalar.ID
	Amount         scalar.MoneyInput
	IdempotencyKey string
	DryRun         *bool
}

// SaveFeeRuleInput is the input of saveFeeRule.
type SaveFeeRuleInput struct {
	Operation   FeeOperation
	Free        scalar.MoneyInput
	Period      FeePeriod
	BasisPoints int
	Cap         *scalar.MoneyInput
	CapPer      *FeeCapPer
	Minimum     *scalar.MoneyInput
	Rounding    *FeeRounding
}

// PayOrderFromWalletInput is the input of payOrderFromWallet.
type PayOrderFromWalletInput struct {
	OrderID        scalar.ID
	WalletID       scalar.ID
	Amount         *scalar.MoneyInput
	IdempotencyKey string
	DryRun         *bool
}

// QuoteInvoicePaymentInput is the input of quoteInvoicePayment.
type QuoteInvoicePaymentInput struct {
	InvoiceID scalar.ID
	WalletID  scalar.ID
	Amount    *scalar.MoneyInput
}

// PayInvoiceInput is the input of payInvoice.
type PayInvoiceInput struct {
	QuoteID        scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// IssueGiftCardsInput is the input of issueGiftCards.
type IssueGiftCardsInput struct {
	Count          int
	Amount         scalar.MoneyInput
	ExpiresAt      *time.Time
	RecipientID    *scalar.ID
	BuyerID        *scalar.ID
	Active         *bool
	Note           *string
	IdempotencyKey string
	DryRun         *bool
}

// ActivateGiftCardInput is the input of activateGiftCard.
type ActivateGiftCardInput struct {
	GiftCardID scalar.ID
}

// VoidGiftCardInput is the input of voidGiftCard.
type VoidGiftCardInput struct {
	GiftCardID scalar.ID
	Reason     string
}

// RedeemGiftCardInput is the input of redeemGiftCard.
type RedeemGiftCardInput struct {
	Code           string
	WalletID       scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// AdjustWalletInput is the input of adjustWallet.
type AdjustWalletInput struct {
	WalletID       scalar.ID
	Amount         scalar.MoneyInput
	Reason         string
	IdempotencyKey string
	DryRun         *bool
}

// ApproveWalletAdjustmentInput is the input of approveWalletAdjustment.
type ApproveWalletAdjustmentInput struct {
	ID             scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// RejectWalletAdjustmentInput is the input of rejectWalletAdjustment.
type RejectWalletAdjustmentInput struct {
	ID     scalar.ID
	Reason string
}
