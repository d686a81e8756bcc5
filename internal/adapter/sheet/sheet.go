// Package sheet writes rows as CSV and as XLSX, one at a time with flat memory.
// No text of a customer can become a formula: in CSV one that a spreadsheet
// would take for such gets an apostrophe before it, in XLSX texts are cells of
// text. It knows nothing of what the rows mean.
package sheet

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"kabinet/internal/scalar"
)

// Table takes rows. A cell is a string, an int64, a scalar.Money, a time.Time
// or nil; Close ends the file and not the writer below it.
type Table interface {
	Row(cells []any) error
	Close() error
}

// CSV begins a file by RFC 4180: commas, CRLF, UTF-8 with a byte order mark, by
// which Excel knows it. Amounts and times stand as programs read them: 1234.56
// and 2026-11-21 09:30:00, UTC.
func CSV(w io.Writer, heads []string) (Table, error) {
	buffer := bufio.NewWriterSize(w, 64<<10)
	if _, err := buffer.WriteString("\ufeff"); err != nil {
		return nil, err
	}
	out := csv.NewWriter(buffer)
	out.UseCRLF = true
	t := &comma{buffer: buffer, out: out}
	cells := make([]any, len(heads))
	for i, h := range heads {
		cells[i] = h
	}
	return t, t.Row(cells)
}

type comma struct {
	buffer *bufio.Writer
	out    *csv.Writer
	row    []string
}

// Row writes one row.
func (t *comma) Row(cells []any) error {
	t.row = t.row[:0]
	for _, c := range cells {
		text, err := written(c)
		if err != nil {
			return err
		}
		t.row = append(t.row, text)
	}
	return t.out.Write(t.row)
}

// Close writes what is left.
func (t *comma) Close() error {
	t.out.Flush()
	if err := t.out.Error(); err != nil {
		return err
	}
	return t.buffer.Flush()
}

// written is a cell of CSV. Numbers are ours and stay numbers, also below zero.
func written(c any) (string, error) {
	switch c := c.(type) {
	case nil:
		return "", nil
	case string:
		return harmless(c), nil
	case int64:
		return strconv.FormatInt(c, 10), nil
	case scalar.Money:
		return c.Amount(), nil
	case time.Time:
		return c.UTC().Format(time.DateTime), nil
	}
	return "", fmt.Errorf("sheet: a cell cannot be %T", c)
}

// harmless puts an apostrophe before what a spreadsheet would calculate, also
// where it would drop what stands before it.
func harmless(text string) string {
	first := strings.TrimLeft(text, " \u00a0\u200b\ufeff")
	if first == "" {
		return text
	}
	if strings.ContainsAny(first[:1], "=+-@\t\r\n") {
		return "'" + text
	}
	for _, wide := range []string{"＝", "＋", "－", "＠"} { // which some turn into the narrow ones
		if strings.HasPrefix(first, wide) {
			return "'" + text
		}
	}
	return text
}
