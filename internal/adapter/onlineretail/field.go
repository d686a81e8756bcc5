package onlineretail

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// Bounds on numbers: with them no sum over an invoice leaves int64, and a
// quantity fits a GraphQL Int.
const (
	MaxQuantity = 1_000_000_000
	MaxAmount   = 100_000_000_000_000 // minor units, of a price and of a line
)

// parseNumber takes six digits or so, with C or A before them or nothing.
func parseNumber(b []byte) bool {
	if len(b) > 0 && (b[0] == 'C' || b[0] == 'A') {
		b = b[1:]
	}
	return len(b) <= 18 && allDigits(b)
}

// parseQuantity takes a whole number, nothing else: no sign but minus, no
// exponent, no digits of other scripts.
func parseQuantity(b []byte) (int64, trouble) {
	digits, negative := bytes.CutPrefix(b, []byte("-"))
	if !allDigits(digits) {
		return 0, badField(BadQuantity, "Quantity", b, "a whole number")
	}
	n, ok := atoi(digits)
	if !ok || n > MaxQuantity {
		return 0, badField(AmountTooLarge, "Quantity", b, "within a thousand millions")
	}
	if negative {
		n = -n
	}
	return n, trouble{}
}

// parsePrice reads pounds as written in decimal into pence, exactly.
func parsePrice(b []byte) (int64, trouble) {
	unsigned, negative := bytes.CutPrefix(b, []byte("-"))
	whole, part, point := bytes.Cut(unsigned, []byte("."))
	if !allDigits(whole) || (point && !allDigits(part)) {
		return 0, badField(BadPrice, "UnitPrice", b, "a decimal number")
	}
	part = bytes.TrimRight(part, "0")
	if len(part) > 2 {
		return 0, badField(PriceNotInPence, "UnitPrice", b, "a number of whole pence")
	}
	n, ok := atoi(whole)
	if !ok || n > MaxAmount/100 {
		return 0, badField(AmountTooLarge, "UnitPrice", b, "a price this importer holds")
	}
	n *= 100
	for i, c := range part {
		n += int64(c-'0') * []int64{10, 1}[i]
	}
	if n > MaxAmount {
		return 0, badField(AmountTooLarge, "UnitPrice", b, "a price this importer holds")
	}
	if negative {
		n = -n
	}
	return n, trouble{}
}

// parseDate reads the set's stamps as UTC; the package doc says why.
func parseDate(b []byte) (time.Time, trouble) {
	at, err := time.Parse(time.DateTime, string(b))
	if err != nil || len(b) != len(time.DateTime) || at.Year() < 1970 || at.Year() > 2199 {
		return time.Time{}, badField(BadDate, "InvoiceDate", b, "a time as 2010-12-01 08:26:00")
	}
	return at, trouble{}
}

// customerDigits undoes the float that some spreadsheet made of the number:
// 17850.0 is 17850; nothing is a guest.
func customerDigits(b []byte) ([]byte, trouble) {
	if len(b) == 0 {
		return nil, trouble{}
	}
	id, part, point := bytes.Cut(b, []byte("."))
	if len(id) > 18 || !allDigits(id) || (point && (len(part) == 0 || len(bytes.Trim(part, "0")) > 0)) {
		return nil, badField(BadCustomer, "CustomerID", b, "a number as 17850.0")
	}
	return id, trouble{}
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// atoi reads digits; false when they do not fit.
func atoi(digits []byte) (int64, bool) {
	var n int64
	for _, c := range digits {
		if n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// pence writes minor units as the file does, for texts of problems.
func pence(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	var b strings.Builder
	b.WriteString(sign)
	b.WriteString(strconv.FormatInt(minor/100, 10))
	b.WriteByte('.')
	b.WriteByte(byte('0' + minor%100/10))
	b.WriteByte(byte('0' + minor%10))
	return b.String()
}
