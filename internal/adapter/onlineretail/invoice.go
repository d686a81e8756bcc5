package onlineretail

import (
	"fmt"
	"strings"
	"time"
)

// Kind is what an invoice of the file really is.
type Kind string

// Kinds. Only the first two are business with a customer.
const (
	Purchase     Kind = "purchase"
	Cancellation Kind = "cancellation" // number begins with C
	WriteOff     Kind = "write-off"    // goods gone: all quantities negative, all prices zero
	StockEntry   Kind = "stock-entry"  // goods found or moved: no customer, all prices zero
	BadDebt      Kind = "bad-debt"     // number begins with A
)

// Class is what a line is about, by its stock code.
type Class string

// Classes, with the codes they stand for.
const (
	Goods    Class = "goods"    // all others, PADS and DCGS… among them
	Carriage Class = "carriage" // POST, DOT, C2
	Discount Class = "discount" // D
	Manual   Class = "manual"   // M, m
	Sample   Class = "sample"   // S
	Voucher  Class = "voucher"  // gift_0001_…
	Charge   Class = "charge"   // BANK CHARGES, AMAZONFEE, CRUK, B
)

// Invoice is all rows of one invoice number. It shares no memory with the
// reader, so it may be kept.
type Invoice struct {
	Number     string // as in the file: 536365, C536379, A563185
	Kind       Kind
	CustomerID string // digits; empty for a guest
	Country    string // as in the file, so EIRE and Unspecified too
	At         time.Time
	// Lines that may become lines of an order or of a return, in file order,
	// repeated stock codes apart as they are. Empty when the invoice is
	// reported instead: each of its rows then is a Problem.
	Lines []Line
	// Rows is how many rows carry the number; Rows - len(Lines) are Problems.
	Rows                int
	FirstLine, LastLine int // in the file, the header being 1
	// Position is the number of invoices read with this one: what to store,
	// in the transaction that writes the invoice, and to give SkipTo later.
	Position int
}

// Reported says that the invoice is no order and no return: a write-off, a
// stock entry, a bad debt, or nothing of it could be taken. Its rows were all
// given as Problems before Next gave the invoice.
func (i Invoice) Reported() bool { return len(i.Lines) == 0 }

// Guest says that the invoice names no customer.
func (i Invoice) Guest() bool { return i.CustomerID == "" }

// TotalMinor is the sum of the lines in minor units: zero or more for a
// purchase, zero or less for a cancellation.
func (i Invoice) TotalMinor() int64 {
	var sum int64 // MaxLines * MaxAmount fits
	for _, line := range i.Lines {
		sum += line.AmountMinor()
	}
	return sum
}

// Line is one row that was taken.
type Line struct {
	LineNumber  int // in the file, the header being 1
	StockCode   string
	Class       Class
	Description string // without blanks around it; may be empty, see Title
	// Quantity has the sign of the file: more than zero in a purchase, less
	// than zero in a cancellation.
	Quantity       int64
	UnitPriceMinor int64 // pence, zero or more
}

// AmountMinor is quantity times price, in minor units, with the quantity's sign.
func (l Line) AmountMinor() int64 { return l.Quantity * l.UnitPriceMinor }

// Title is the description, or the stock code where there is none.
func (l Line) Title() string {
	if l.Description == "" {
		return l.StockCode
	}
	return l.Description
}

func (l Line) String() string {
	return fmt.Sprintf("stock code %q, %q, quantity %d, price %s",
		quoteable([]byte(l.StockCode), 40), quoteable([]byte(l.Description), 60), l.Quantity, pence(l.UnitPriceMinor))
}

func classOf(code string) Class {
	switch strings.ToUpper(code) {
	case "POST", "DOT", "C2":
		return Carriage
	case "D":
		return Discount
	case "M":
		return Manual
	case "S":
		return Sample
	case "BANK CHARGES", "AMAZONFEE", "CRUK", "B":
		return Charge
	}
	if strings.HasPrefix(code, "gift_") {
		return Voucher
	}
	return Goods
}

// kindOf looks at all rows of an invoice that could be read.
func kindOf(number string, guest bool, lines []Line) Kind {
	switch number[0] {
	case 'C':
		return Cancellation
	case 'A':
		return BadDebt
	}
	if len(lines) == 0 {
		return Purchase
	}
	free, gone := true, true
	for _, line := range lines {
		free = free && line.UnitPriceMinor == 0
		gone = gone && line.Quantity < 0
	}
	switch {
	case free && gone:
		return WriteOff
	case free && guest:
		return StockEntry
	}
	return Purchase
}

// refusal says why a line cannot stay in an invoice of the kind.
func refusal(kind Kind, line Line) Reason {
	switch kind {
	case WriteOff:
		return RowOfWriteOff
	case StockEntry:
		return RowOfStockEntry
	case BadDebt:
		return RowOfBadDebt
	}
	switch {
	case line.Quantity == 0:
		return ZeroQuantity
	case line.UnitPriceMinor < 0:
		return NegativePrice
	case kind == Purchase && line.Quantity < 0:
		return NegativeQuantity
	case kind == Cancellation && line.Quantity > 0:
		return PositiveQuantity
	}
	return ""
}
