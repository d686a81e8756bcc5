package bonus

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// Entry is one entry of a bonus account's book, seen as one of the kinds below.
type Entry interface {
	IsNode()
	IsBonusEntry()
}

// row is what all kinds share.
type row struct {
	*ent.LedgerEntry
	about *about
}

// IsBonusEntry marks the kinds of Entry.
func (row) IsBonusEntry() {}

// Label says what it was, in the caller's language.
func (r row) Label(ctx context.Context) string { return Label(viewer.From(ctx).Locale, r.LedgerEntry) }

// Label says what an entry was, by its kind, amount, bucket and explanation, in
// a language (BCP 47).
func Label(lang string, e *ent.LedgerEntry) string {
	what := string(e.Kind)
	switch {
	case e.Kind == ledgerentry.KindACCRUAL && e.Explain[ledger.Kept] != true && e.Bucket == ledgerentry.BucketPENDING:
		what = "PENDING"
	case e.Explain[ledger.Forgiven] == true:
		what = "FORGIVEN"
	case e.Kind == ledgerentry.KindACCRUAL && e.Explain[ledger.Kept] == true:
		what = "KEPT"
	case e.Kind == ledgerentry.KindTRANSFER && e.Explain[exchanged] == true:
		what = "EXCHANGE"
	case e.Kind == ledgerentry.KindTRANSFER && e.Amount > 0:
		what = "RECEIVED"
	}
	return locale.Text(lang, "bonus.entry."+what, nil)
}

// OrderID is the edge id of the order it is about.
func (r row) OrderID() *scalar.ID {
	if r.LedgerEntry.OrderID == nil {
		return nil
	}
	return &scalar.ID{Prefix: "order", UUID: *r.LedgerEntry.OrderID}
}

// The kinds of Entry.
type (
	// Accrual is ACCRUAL or ACTIVATION.
	Accrual struct{ row }
	// Redemption is REDEMPTION.
	Redemption struct{ row }
	// Hold is HOLD, CAPTURE or RELEASE.
	Hold struct{ row }
	// Expiry is EXPIRY.
	Expiry struct{ row }
	// Reversal is REVERSAL or REFUND.
	Reversal struct{ row }
	// Adjustment is ADJUSTMENT.
	Adjustment struct{ row }
	// Transfer is TRANSFER and the rest.
	Transfer struct{ row }
)

// ViewEntry sees a row as one of the kinds of Entry.
func ViewEntry(e *ent.LedgerEntry) Entry {
	return viewEntry(e, newAbout(e))
}

func viewEntry(e *ent.LedgerEntry, page *about) Entry {
	r := row{e, page}
	switch e.Kind {
	case ledgerentry.KindACCRUAL, ledgerentry.KindACTIVATION:
		return &Accrual{r}
	case ledgerentry.KindREDEMPTION:
		return &Redemption{r}
	case ledgerentry.KindHOLD, ledgerentry.KindCAPTURE, ledgerentry.KindRELEASE:
		return &Hold{r}
	case ledgerentry.KindEXPIRY:
		return &Expiry{r}
	case ledgerentry.KindREFUND, ledgerentry.KindREVERSAL:
		return &Reversal{r}
	case ledgerentry.KindADJUSTMENT:
		return &Adjustment{r}
	}
	return &Transfer{r}
}

// EntryConnection is a page of a book.
type EntryConnection struct {
	Edges      []*EntryEdge
	PageInfo   ent.PageInfo
	TotalCount int
}

// EntryEdge is an entry and its place in the book.
type EntryEdge struct {
	Node   Entry
	Cursor scalar.Cursor
}

// Nodes are the entries of the page without their cursors.
func (c *EntryConnection) Nodes() []Entry {
	nodes := make([]Entry, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// Account is one owner's points in one programme.
type Account struct{ *ent.LedgerAccount }

// Balance is the points owned: those that can be spent and those held.
func (a *Account) Balance() int64 { return a.Active + a.LedgerAccount.Held }

// Available is the points that can be spent now.
func (a *Account) Available() int64 { return a.Active }
