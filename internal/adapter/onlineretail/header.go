package onlineretail

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

var columnNames = [...]string{
	"InvoiceNo", "StockCode", "Description", "Quantity",
	"InvoiceDate", "UnitPrice", "CustomerID", "Country",
}

// Places in columnNames.
const (
	colNumber = iota
	colCode
	colDescription
	colQuantity
	colDate
	colPrice
	colCustomer
	colCountry
)

// header knows where the columns are: by name, in any order, letter case
// apart. Columns of other names may stand between them and are not read.
type header struct {
	place [len(columnNames)]int
	width int
}

func readHeader(r *rows) (header, error) {
	line, long, err := r.line()
	if err == io.EOF {
		return header{}, &HeaderError{Detail: "the file is empty"}
	}
	if err != nil {
		return header{}, err
	}
	line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	if long {
		return header{}, &HeaderError{Detail: fmt.Sprintf("the first line is longer than %d bytes", MaxRowBytes),
			Found: []string{quoteable(line, 80)}}
	}
	if bytes.HasPrefix(line, []byte("\xff\xfe")) || bytes.HasPrefix(line, []byte("\xfe\xff")) {
		return header{}, &HeaderError{Detail: "the text is UTF-16; save it as UTF-8"}
	}
	if t := r.split(line); t.bad() {
		return header{}, &HeaderError{Detail: t.text, Found: []string{quoteable(line, 80)}}
	}
	return matchHeader(r.fields)
}

func matchHeader(fields [][]byte) (header, error) {
	h := header{width: len(fields)}
	var wrong HeaderError
	names := make([]string, len(fields))
	for i, field := range fields {
		wrong.Found = append(wrong.Found, quoteable(bytes.TrimSpace(field), 40))
		names[i] = strings.ToLower(string(bytes.TrimSpace(field)))
	}
	for col, name := range columnNames {
		name = strings.ToLower(name)
		h.place[col] = slices.Index(names, name)
		switch {
		case h.place[col] < 0:
			wrong.Missing = append(wrong.Missing, columnNames[col])
		case slices.Contains(names[h.place[col]+1:], name):
			wrong.Duplicate = append(wrong.Duplicate, columnNames[col])
		}
	}
	if wrong.Missing != nil || wrong.Duplicate != nil {
		return header{}, &wrong
	}
	return h, nil
}

// field gives the named column of a row, nil when the row is too short.
func (h *header) field(fields [][]byte, col int) []byte {
	if place := h.place[col]; place < len(fields) {
		return bytes.TrimSpace(fields[place])
	}
	return nil
}

// repeated says that the row is the header once more, as files glued together
// have it.
func (h *header) repeated(fields [][]byte) bool {
	for col, name := range columnNames {
		if !strings.EqualFold(string(h.field(fields, col)), name) {
			return false
		}
	}
	return true
}
