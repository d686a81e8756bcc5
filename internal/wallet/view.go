package wallet

import (
	"context"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// WalletAccount is money of one owner in one currency.
type WalletAccount struct{ *ent.LedgerAccount }

// ViewAccount gives the SDL's WalletAccount over a row.
func ViewAccount(a *ent.LedgerAccount) *WalletAccount { return &WalletAccount{a} }

// Currency is its unit, ISO 4217.
func (a *WalletAccount) Currency() string { return a.Unit }

// Balance is what is owned: available and held.
func (a *WalletAccount) Balance() scalar.Money { return a.money(a.Active + a.LedgerAccount.Held) }

// Available is what can be spent now.
func (a *WalletAccount) Available() scalar.Money { return a.money(max(a.Active, 0)) }

// Held is what is reserved.
func (a *WalletAccount) Held() scalar.Money { return a.money(a.LedgerAccount.Held) }

func (a *WalletAccount) money(minor int64) scalar.Money {
	return scalar.Money{Minor: minor, Currency: a.Unit}
}

// WalletEntry is one entry of a wallet's book.
type WalletEntry struct {
	*ent.LedgerEntry
	peers *peers
}

// ViewEntry gives the SDL's WalletEntry over a row.
func ViewEntry(e *ent.LedgerEntry) *WalletEntry { return &WalletEntry{LedgerEntry: e} }

// Kind is what it is.
func (e *WalletEntry) Kind() WalletEntryKind { return WalletEntryKind(e.LedgerEntry.Kind) }

// Label says what it was, in the caller's language.
func (e *WalletEntry) Label(ctx context.Context) string {
	what := string(e.LedgerEntry.Kind)
	if what == string(KindTransfer) {
		what = "TRANSFER_OUT"
		if e.LedgerEntry.Amount > 0 {
			what = "TRANSFER_IN"
		}
	}
	return locale.Text(viewer.From(ctx).Locale, "wallet.entry."+what, nil)
}

// Amount is what the balance gains; negative where it loses.
func (e *WalletEntry) Amount() scalar.Money {
	return scalar.Money{Minor: e.LedgerEntry.Amount, Currency: e.Unit}
}

// BalanceAfter is the balance after it.
func (e *WalletEntry) BalanceAfter() scalar.Money {
	return scalar.Money{Minor: e.LedgerEntry.BalanceAfter, Currency: e.Unit}
}

// OrderID is the edge id of the order it is about.
func (e *WalletEntry) OrderID() *scalar.ID {
	if e.LedgerEntry.OrderID == nil {
		return nil
	}
	return &scalar.ID{Prefix: "order", UUID: *e.LedgerEntry.OrderID}
}

// TransferID is the edge id of the transfer it is part of.
func (e *WalletEntry) TransferID() *scalar.ID {
	if e.LedgerEntry.TransferID == nil {
		return nil
	}
	return &scalar.ID{Prefix: "trf", UUID: *e.LedgerEntry.TransferID}
}

// Reason is why staff corrected the wallet.
func (e *WalletEntry) Reason() *string { return e.Note }

// WalletEntryConnection is a page of a wallet's book.
type WalletEntryConnection struct {
	Edges      []*WalletEntryEdge
	PageInfo   ent.PageInfo
	TotalCount int
}

// WalletEntryEdge is an entry and its place in the book.
type WalletEntryEdge struct {
	Node   *WalletEntry
	Cursor scalar.Cursor
}

// Nodes are the entries of the page without their cursors.
func (c *WalletEntryConnection) Nodes() []*WalletEntry {
	nodes := make([]*WalletEntry, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// WalletStatement is a wallet over a period.
type WalletStatement struct {
	From, To                                   time.Time
	Opening, Incoming, Outgoing, Fees, Closing scalar.Money
	Count                                      int
}

// TransferQuote is what a transfer would cost and whom it would reach.
type TransferQuote struct {
	ID                 scalar.ID
	Amount, Fee, Total scalar.Money
	FreeLeft           *scalar.Money
	RecipientName      string
	Own                bool
	ExpiresAt          time.Time
	Explanation        string
}

// InvoicePaymentQuote is what paying an invoice from a wallet costs.
type InvoicePaymentQuote struct {
	ID, InvoiceID, WalletID scalar.ID
	Amount, Fee, Total      scalar.Money
	FreeLeft                *scalar.Money
	ExpiresAt               time.Time
	Explanation             string
}

// WalletTransfer is money that went from one wallet to another.
type WalletTransfer struct {
	ID                 scalar.ID
	Amount, Fee, Total scalar.Money
	RecipientName      string
	CompletedAt        time.Time
}

// PendingWalletAdjustment is a correction that waits for another member of
// staff, or waited.
type PendingWalletAdjustment struct {
	ID             scalar.ID
	Wallet         *WalletAccount
	Amount         scalar.Money
	Reason         string
	Status         WalletAdjustmentStatus
	RequestedByID  *scalar.ID
	RequestedAt    time.Time
	DecidedByID    *scalar.ID
	DecidedAt      *time.Time
	DecisionReason *string
}

// PendingWalletAdjustmentConnection is a page of corrections.
type PendingWalletAdjustmentConnection struct {
	Edges      []*PendingWalletAdjustmentEdge
	PageInfo   ent.PageInfo
	TotalCount int
}

// PendingWalletAdjustmentEdge is a correction and its place in the list.
type PendingWalletAdjustmentEdge struct {
	Node   *PendingWalletAdjustment
	Cursor scalar.Cursor
}

// Nodes are the corrections of the page without their cursors.
func (c *PendingWalletAdjustmentConnection) Nodes() []*PendingWalletAdjustment {
	nodes := make([]*PendingWalletAdjustment, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// WalletBalanceChange is a message of walletBalanceChanged.
type WalletBalanceChange struct {
	Cursor                     string
	Cause                      WalletEntryKind
	Amount, Balance, Available scalar.Money
	Wallet                     *WalletAccount
	Entry                      *WalletEntry
}
