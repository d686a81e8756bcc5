package event

import "github.com/google/uuid"

// ReturnChanged is told when a return is asked for, and at every step after.
type ReturnChanged struct {
	ReturnID     uuid.UUID  `json:"returnId"`
	OrderID      uuid.UUID  `json:"orderId"`
	OwnerID      uuid.UUID  `json:"ownerId"`
	UserID       *uuid.UUID `json:"userId,omitempty"`
	Number       string     `json:"number"`
	OrderNumber  string     `json:"orderNumber"`
	From         string     `json:"from,omitempty"` // empty: it was asked for now
	Status       string     `json:"status"`
	Partial      bool       `json:"partial,omitempty"` // less was allowed than was asked for
	AmountMinor  int64      `json:"amountMinor"`
	Currency     string     `json:"currency"`
	ByStaff      bool       `json:"byStaff,omitempty"`
	ToWallet     bool       `json:"toWallet,omitempty"`
	ExchangeMade *uuid.UUID `json:"exchangeOrderId,omitempty"`
}

// Kind implements Fact.
func (ReturnChanged) Kind() string { return "return.changed" }

// Subject implements Fact.
func (f ReturnChanged) Subject() (string, uuid.UUID) { return "ret", f.ReturnID }
