package onlineretail

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"
)

const (
	// MaxLines an invoice may have; rows beyond it are Problems.
	MaxLines = 5_000
	// Window is how many invoices are open at once: an invoice is given when
	// the fourth number after its own begins. The real set needs two.
	Window = 4
	// Memory is how many closed invoice numbers are remembered, so that a
	// number that comes back late is a Problem and not a second invoice.
	Memory = 1 << 15
)

// Reader yields invoices in the order of their first rows. It holds no more
// than Window invoices, Memory numbers and one row, whatever the file. It is
// used by one goroutine.
type Reader struct {
	stored   *counter
	rows     *rows
	header   header
	problems func(Problem)
	open     []*Invoice
	closed   closed
	given    int
	seen     int
	err      error // io.EOF when the rows are through
}

// NewReader reads from src, gzip or plain, told apart by its first bytes. Each
// row that is not taken goes to problems (which may be nil) with its line and
// reason, during Next and SkipTo; rows of one invoice in order, those of
// neighbouring invoices perhaps mixed. Errors: *HeaderError when src is not in
// the format, else what reading src gave.
func NewReader(src io.Reader, problems func(Problem)) (*Reader, error) {
	if problems == nil {
		problems = func(Problem) {}
	}
	r := &Reader{stored: &counter{src: src}, problems: problems, closed: newClosed()}
	text, err := plain(r.stored)
	if err != nil {
		return nil, err
	}
	r.rows = newRows(text)
	if r.header, err = readHeader(r.rows); err != nil {
		return nil, err
	}
	return r, nil
}

// Position is the number of invoices given or skipped so far.
func (r *Reader) Position() int { return r.given }

// Rows is the number of rows read so far: the header and empty lines are none.
func (r *Reader) Rows() int { return r.seen }

// Offset is the number of bytes taken so far from the file as stored.
func (r *Reader) Offset() int64 { return r.stored.n }

// Next gives the next invoice, io.EOF after the last. Any other error is of
// reading (a gzip cut short, a disk): it stays, and the invoices still open
// are not given, since rows of theirs may be missing.
func (r *Reader) Next() (Invoice, error) {
	for r.err == nil && len(r.open) <= Window {
		r.err = r.step()
	}
	if r.err != nil && r.err != io.EOF {
		return Invoice{}, r.err
	}
	if len(r.open) == 0 {
		return Invoice{}, io.EOF
	}
	first := r.open[0]
	r.open = slices.Delete(r.open, 0, 1)
	return r.finish(first), nil
}

// SkipTo reads on until position invoices have been given or skipped: a gzip
// cannot be sought in, and reading is cheap. Problems of what is skipped are
// told again, so that the report of a resumed import is whole. A file with
// fewer invoices gives io.ErrUnexpectedEOF: it is not the one that was left.
func (r *Reader) SkipTo(position int) error {
	if position < r.given {
		return fmt.Errorf("online-retail: cannot go back from invoice %d to %d", r.given, position)
	}
	for r.given < position {
		if _, err := r.Next(); err == io.EOF {
			return fmt.Errorf("online-retail: %d invoices, %d were to be skipped: %w", r.given, position, io.ErrUnexpectedEOF)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// step takes one line of the file.
func (r *Reader) step() error {
	line, long, err := r.rows.line()
	if err == io.EOF {
		return err
	}
	if err != nil {
		return fmt.Errorf("online-retail: after line %d: %w", r.rows.number, err)
	}
	if len(bytes.TrimSpace(line)) == 0 && !long {
		return nil
	}
	r.seen++
	if long {
		r.report("", trouble{RowTooLong, fmt.Sprintf("more than %d bytes: %q", MaxRowBytes, quoteable(line, 80))})
		return nil
	}
	r.take(r.rows.split(line))
	return nil
}

// take puts the row now in r.rows.fields into its invoice, or reports it. A
// bad row still opens its invoice when it has a number, so that every number
// of the file is accounted for.
func (r *Reader) take(bad trouble) {
	fields := r.rows.fields
	if !bad.bad() && len(fields) != r.header.width {
		bad = trouble{WrongColumnCount, fmt.Sprintf("%d columns, the header has %d", len(fields), r.header.width)}
	}
	number := r.header.field(fields, colNumber)
	if !parseNumber(number) {
		if !bad.bad() && r.header.repeated(fields) {
			bad = trouble{HeaderRepeated, "the header once more"}
		} else if !bad.bad() {
			bad = badField(BadInvoiceNumber, "InvoiceNo", number, "digits, with C or A before them or nothing")
		}
		r.report("", bad)
		return
	}
	invoice := r.invoice(number)
	if invoice == nil {
		if !bad.bad() {
			bad = trouble{InvoiceReopened, fmt.Sprintf("invoice %s ended more than %d invoices before", number, Window)}
		}
		r.report(string(number), bad)
		return
	}
	invoice.LastLine = r.rows.number
	invoice.Rows++
	if !bad.bad() {
		bad = r.add(invoice, fields)
	}
	if bad.bad() {
		r.report(invoice.Number, bad)
	}
}

// invoice finds the open invoice of the number or begins it; nil when it was
// closed before.
func (r *Reader) invoice(number []byte) *Invoice {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].Number == string(number) {
			return r.open[i]
		}
	}
	if r.closed.has(number) {
		return nil
	}
	invoice := &Invoice{Number: string(number), FirstLine: r.rows.number}
	r.open = append(r.open, invoice)
	return invoice
}

// add parses a row of the right width and appends it. The first good row says
// whose the invoice is; a row that says otherwise must not end up there.
func (r *Reader) add(invoice *Invoice, fields [][]byte) (bad trouble) {
	line, bad := r.parseLine(fields)
	if bad.bad() {
		return bad
	}
	at, bad := parseDate(r.header.field(fields, colDate))
	if bad.bad() {
		return bad
	}
	customer, bad := customerDigits(r.header.field(fields, colCustomer))
	if bad.bad() {
		return bad
	}
	country := r.header.field(fields, colCountry)
	switch {
	case len(invoice.Lines) == 0:
		invoice.CustomerID, invoice.Country, invoice.At = string(customer), string(country), at
	case invoice.CustomerID != string(customer):
		return trouble{CustomerDiffers, fmt.Sprintf("customer %q in an invoice of %q", customer, invoice.CustomerID)}
	case invoice.Country != string(country):
		return trouble{CountryDiffers, fmt.Sprintf("country %q in an invoice to %q", quoteable(country, 40), quoteable([]byte(invoice.Country), 40))}
	case len(invoice.Lines) == MaxLines:
		return trouble{TooManyLines, fmt.Sprintf("more than %d lines", MaxLines)}
	}
	invoice.At = earlier(invoice.At, at)
	invoice.Lines = append(invoice.Lines, line)
	return trouble{}
}

func (r *Reader) parseLine(fields [][]byte) (line Line, bad trouble) {
	line.LineNumber = r.rows.number
	line.StockCode = string(r.header.field(fields, colCode))
	if line.StockCode == "" {
		return line, trouble{BadStockCode, "StockCode is empty"}
	}
	line.Class = classOf(line.StockCode)
	line.Description = string(r.header.field(fields, colDescription))
	if line.Quantity, bad = parseQuantity(r.header.field(fields, colQuantity)); bad.bad() {
		return line, bad
	}
	if line.UnitPriceMinor, bad = parsePrice(r.header.field(fields, colPrice)); bad.bad() {
		return line, bad
	}
	if q := max(line.Quantity, -line.Quantity); q > 0 && max(line.UnitPriceMinor, -line.UnitPriceMinor) > MaxAmount/q {
		return line, trouble{AmountTooLarge, "quantity times price is more than this importer holds: " + line.String()}
	}
	return line, trouble{}
}

// finish closes an invoice: decides what it is, and reports the rows that
// cannot stay in it.
func (r *Reader) finish(invoice *Invoice) Invoice {
	r.closed.add(invoice.Number)
	r.given++
	invoice.Position = r.given
	invoice.Kind = kindOf(invoice.Number, invoice.Guest(), invoice.Lines)
	kept := invoice.Lines[:0]
	for _, line := range invoice.Lines {
		if reason := refusal(invoice.Kind, line); reason != "" {
			r.problems(Problem{line.LineNumber, invoice.Number, reason, line.String()})
			continue
		}
		kept = append(kept, line)
	}
	invoice.Lines = kept
	return *invoice
}

// report tells of the row just read.
func (r *Reader) report(number string, bad trouble) {
	r.problems(Problem{r.rows.number, number, bad.reason, bad.text})
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// closed remembers the last Memory invoice numbers that were closed.
type closed struct {
	set  map[string]struct{}
	ring []string
	next int
}

func newClosed() closed {
	return closed{set: map[string]struct{}{}}
}

func (c *closed) has(number []byte) bool {
	_, ok := c.set[string(number)]
	return ok
}

func (c *closed) add(number string) {
	if len(c.ring) < Memory {
		c.ring = append(c.ring, number)
	} else {
		delete(c.set, c.ring[c.next])
		c.ring[c.next] = number
		c.next = (c.next + 1) % Memory
	}
	c.set[number] = struct{}{}
}
