package event

import "github.com/google/uuid"

// WalletChanged is told of each entry of an account of money: the entry and the
// account's counters after it, in minor units.
type WalletChanged struct {
	AccountID  uuid.UUID  `json:"accountId"`
	OwnerID    uuid.UUID  `json:"ownerId"`
	EntryID    uuid.UUID  `json:"entryId"`
	Currency   string     `json:"currency"`
	Cause      string     `json:"cause"`  // the entry's kind: TOPUP, PAYMENT, TRANSFER …
	Amount     int64      `json:"amount"` // signed, as on the entry
	Bucket     string     `json:"bucket"` // ACTIVE or HELD: which money moved
	Balance    int64      `json:"balance"`
	Available  int64      `json:"available"`
	OrderID    *uuid.UUID `json:"orderId,omitempty"`
	TransferID *uuid.UUID `json:"transferId,omitempty"`
}

// Kind implements Fact.
func (WalletChanged) Kind() string { return "wallet.changed" }

// Subject implements Fact.
func (w WalletChanged) Subject() (string, uuid.UUID) { return "acc", w.AccountID }
