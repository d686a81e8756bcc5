package onlineretail

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reason is a stable code that says why a row was not taken. Reports and
// their readers rely on the codes: new ones may come, none changes meaning.
type Reason string

// Rows that cannot be read.
const (
	RowTooLong       Reason = "ROW_TOO_LONG"       // longer than MaxRowBytes
	TooManyColumns   Reason = "TOO_MANY_COLUMNS"   // more than MaxColumns
	WrongColumnCount Reason = "WRONG_COLUMN_COUNT" // not as many as the header has
	FieldTooLong     Reason = "FIELD_TOO_LONG"     // longer than MaxFieldBytes
	BadQuotes        Reason = "BAD_QUOTES"         // a quote left open or out of place
	BadUTF8          Reason = "BAD_UTF8"
	ControlCharacter Reason = "CONTROL_CHARACTER" // NUL, escape and the like
	HeaderRepeated   Reason = "HEADER_REPEATED"
	BadInvoiceNumber Reason = "BAD_INVOICE_NUMBER"
	BadStockCode     Reason = "BAD_STOCK_CODE"
	BadQuantity      Reason = "BAD_QUANTITY"
	BadDate          Reason = "BAD_DATE"
	BadPrice         Reason = "BAD_PRICE"
	BadCustomer      Reason = "BAD_CUSTOMER"
)

// Rows that read well but cannot become a line of their invoice.
const (
	PriceNotInPence  Reason = "PRICE_NOT_IN_PENCE" // a part of a penny, as 0.001
	AmountTooLarge   Reason = "AMOUNT_TOO_LARGE"   // beyond MaxAmount or MaxQuantity
	ZeroQuantity     Reason = "ZERO_QUANTITY"
	NegativeQuantity Reason = "NEGATIVE_QUANTITY" // in a purchase
	PositiveQuantity Reason = "POSITIVE_QUANTITY" // in a cancellation
	NegativePrice    Reason = "NEGATIVE_PRICE"
	CustomerDiffers  Reason = "CUSTOMER_DIFFERS" // from the invoice's first good row
	CountryDiffers   Reason = "COUNTRY_DIFFERS"  // from the invoice's first good row
	InvoiceReopened  Reason = "INVOICE_REOPENED" // its number came back too late
	TooManyLines     Reason = "TOO_MANY_LINES"   // beyond MaxLines
)

// Rows of invoices that are no business with a customer.
const (
	RowOfWriteOff   Reason = "WRITE_OFF"
	RowOfStockEntry Reason = "STOCK_ENTRY"
	RowOfBadDebt    Reason = "BAD_DEBT"
)

// Problem is one row that was not taken. Line is its line in the file, the
// header being line 1. Invoice is the number it carries, empty when none could
// be read. Text says in English what was found; it is one line of valid UTF-8,
// but it quotes the file: who writes it to CSV or HTML must escape it.
type Problem struct {
	Line    int
	Invoice string
	Reason  Reason
	Text    string
}

// HeaderError says that the file is not in this format. It is the only
// complaint about content that stops a reader.
type HeaderError struct {
	Missing   []string // columns the format needs and the file has not
	Duplicate []string // columns the file names twice
	Found     []string // what the file has, cut to what one can read
	Detail    string   // set when the header could not be split at all
}

func (e *HeaderError) Error() string {
	var why []string
	if e.Detail != "" {
		why = append(why, e.Detail)
	}
	if len(e.Missing) > 0 {
		why = append(why, "missing "+strings.Join(e.Missing, ", "))
	}
	if len(e.Duplicate) > 0 {
		why = append(why, "twice "+strings.Join(e.Duplicate, ", "))
	}
	found := "nothing"
	if len(e.Found) > 0 {
		found = strings.Join(e.Found, ", ")
	}
	return fmt.Sprintf("not an online-retail file: %s (the first line has %s)", strings.Join(why, "; "), found)
}

// trouble is a reason on its way to becoming a Problem.
type trouble struct {
	reason Reason
	text   string
}

func (t trouble) bad() bool { return t.reason != "" }

func badField(reason Reason, column string, value []byte, want string) trouble {
	return trouble{reason, fmt.Sprintf("%s is %q, not %s", column, quoteable(value, 80), want)}
}

// quoteable makes text of the file fit to be shown: cut to limit bytes, valid
// UTF-8, without control characters (a report must not carry escapes or line
// breaks of the file's maker).
func quoteable(b []byte, limit int) string {
	cut := false
	if len(b) > limit {
		b, cut = b[:limit], true
		for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) {
			b = b[:len(b)-1]
		}
		if len(b) > 0 && b[len(b)-1] >= utf8.RuneSelf {
			b = b[:len(b)-1]
		}
	}
	s := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(b), "\uFFFD"))
	if cut {
		s += "…"
	}
	return s
}
