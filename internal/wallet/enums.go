package wallet

import (
	"io"

	"kabinet/internal/scalar"
)

// WalletEntryKind is what an entry of a wallet is.
type WalletEntryKind string

// The kinds, as the ledger calls them.
const (
	KindTopUp      WalletEntryKind = "TOPUP"
	KindGiftCard   WalletEntryKind = "GIFT_CARD"
	KindPayment    WalletEntryKind = "PAYMENT"
	KindTransfer   WalletEntryKind = "TRANSFER"
	KindFee        WalletEntryKind = "FEE"
	KindRefund     WalletEntryKind = "REFUND"
	KindAdjustment WalletEntryKind = "ADJUSTMENT"
	KindHold       WalletEntryKind = "HOLD"
	KindCapture    WalletEntryKind = "CAPTURE"
	KindRelease    WalletEntryKind = "RELEASE"
	KindReversal   WalletEntryKind = "REVERSAL"
	KindPayout     WalletEntryKind = "PAYOUT"
)

// MarshalGQL writes the kind.
func (e WalletEntryKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a kind.
func (e *WalletEntryKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, KindTopUp, KindGiftCard, KindPayment, KindTransfer, KindFee, KindRefund,
		KindAdjustment, KindHold, KindCapture, KindRelease, KindReversal, KindPayout)
	return err
}

// FeeOperation is what may cost a fee.
type FeeOperation string

// The operations.
const (
	OperationTransfer       FeeOperation = "TRANSFER"        // to another owner
	OperationInvoicePayment FeeOperation = "INVOICE_PAYMENT" // an invoice from a wallet
)

// MarshalGQL writes the operation.
func (e FeeOperation) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads an operation.
func (e *FeeOperation) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, OperationTransfer, OperationInvoicePayment)
	return err
}

// FeePeriod is in which period so much is free.
type FeePeriod string

// The periods.
const (
	CalendarMonth FeePeriod = "CALENDAR_MONTH"
	Rolling30Days FeePeriod = "ROLLING_30_DAYS"
)

// MarshalGQL writes the period.
func (e FeePeriod) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a period.
func (e *FeePeriod) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, CalendarMonth, Rolling30Days)
	return err
}

// FeeCapPer is in what the cap of a fee holds.
type FeeCapPer string

// The bounds.
const (
	CapPerTransfer FeeCapPer = "TRANSFER"
	CapPerPeriod   FeeCapPer = "PERIOD"
)

// MarshalGQL writes it.
func (e FeeCapPer) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads it.
func (e *FeeCapPer) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, CapPerTransfer, CapPerPeriod)
	return err
}

// FeeRounding is what becomes of fractions of a minor unit.
type FeeRounding string

// The roundings.
const (
	RoundDown     FeeRounding = "DOWN"
	RoundHalfUp   FeeRounding = "HALF_UP"
	RoundHalfEven FeeRounding = "HALF_EVEN"
	RoundUp       FeeRounding = "UP"
)

// MarshalGQL writes the rounding.
func (e FeeRounding) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a rounding.
func (e *FeeRounding) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, RoundDown, RoundHalfUp, RoundHalfEven, RoundUp)
	return err
}

// GiftCardStatus is where a gift card stands, in a filter.
type GiftCardStatus string

// MarshalGQL writes the status.
func (e GiftCardStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a status.
func (e *GiftCardStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[GiftCardStatus](v, "ISSUED", "ACTIVE", "REDEEMED", "VOID", "EXPIRED")
	return err
}

// PaymentNoticeOutcome is what became of a message of the provider, in a filter.
type PaymentNoticeOutcome string

// MarshalGQL writes the outcome.
func (e PaymentNoticeOutcome) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads an outcome.
func (e *PaymentNoticeOutcome) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[PaymentNoticeOutcome](v, "APPLIED", "STALE", "MISMATCH", "UNKNOWN", "IGNORED")
	return err
}

// WalletAdjustmentStatus is how a correction stands that waits, or waited.
type WalletAdjustmentStatus string

// The states.
const (
	AdjustmentWaiting  WalletAdjustmentStatus = "WAITING"
	AdjustmentApproved WalletAdjustmentStatus = "APPROVED"
	AdjustmentRejected WalletAdjustmentStatus = "REJECTED"
)

// MarshalGQL writes the status.
func (e WalletAdjustmentStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a status.
func (e *WalletAdjustmentStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, AdjustmentWaiting, AdjustmentApproved, AdjustmentRejected)
	return err
}
