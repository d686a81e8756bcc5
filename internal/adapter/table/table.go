// Package table reads rows of cells out of CSV, XLSX and NDJSON, one at a time
// with flat memory, whatever the file: a cell, a row and an unpacked workbook
// are bounded. It knows nothing of what the rows mean.
package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The bounds of a file.
const (
	MaxRow      = 1 << 20 // bytes of one row
	MaxColumns  = 1_000
	MaxUnpacked = 512 << 20 // bytes of a workbook, unpacked
)

// What is wrong with a file as a whole, beside what the disk says.
var (
	ErrFormat   = errors.New("the format is none of csv, xlsx and ndjson")
	ErrEncoding = errors.New("the encoding is none of utf-8, utf-16 and windows-1251")
	ErrTooLarge = errors.New("the workbook is larger than 512 MB when unpacked")
	ErrNoSheet  = errors.New("the workbook has no such sheet")
	ErrHeader   = errors.New("the header is not one")
)

// Problem is what is wrong with one row; reading goes on after it.
type Problem struct{ Text string }

// Error says it.
func (p *Problem) Error() string { return p.Text }

// Options say how a file is read.
type Options struct {
	Format    string // csv, xlsx or ndjson; by the file's name when empty
	Encoding  string // of csv: utf-8, utf-16 or windows-1251; utf-8 when empty
	Delimiter rune   // of csv; a comma when zero
	Sheet     string // of xlsx; the first when empty
}

// Cell is one value. Null says that the file says there is none, which ndjson
// alone can; Number that the file wrote it as a number, which csv cannot.
type Cell struct {
	Text   string
	List   []string // of an array of ndjson
	Null   bool
	Number bool
}

// Row is one row: its line in the file, from 1, and its cells by column.
type Row struct {
	Line  int
	cells map[string]Cell
}

// Cell is the cell of a column; false where the row has none.
func (r Row) Cell(column string) (Cell, bool) {
	c, there := r.cells[column]
	return c, there
}

// Reader gives the rows of a file.
type Reader interface {
	// Columns are the names in the header; nil for ndjson, whose rows name
	// their own.
	Columns() []string
	// Next gives the next row, io.EOF after the last. A *Problem concerns the
	// row alone, whose line is given; any other error ends the file.
	Next() (Row, error)
	// Offset is how many bytes of the file are behind us, of xlsx rows.
	Offset() int64
	// Close ends reading.
	Close() error
}

// FormatOf is the format that a file's name says; empty where it says none.
func FormatOf(name string) string {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".csv", ".xlsx", ".ndjson":
		return ext[1:]
	case ".jsonl":
		return "ndjson"
	}
	return ""
}

// Open begins to read a file.
func Open(path string, o Options) (Reader, error) {
	if o.Format == "" {
		o.Format = FormatOf(path)
	}
	if o.Format == "xlsx" {
		return openBook(path, o)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var r Reader
	switch o.Format {
	case "csv":
		r, err = newCSV(f, o)
	case "ndjson":
		r = newLines(f)
	default:
		err = ErrFormat
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return r, nil
}

// heads checks a header: every column has a name, and no two the same.
func heads(cells []string) ([]string, error) {
	if len(cells) == 0 || len(cells) > MaxColumns {
		return nil, fmt.Errorf("%w: it has %d columns", ErrHeader, len(cells))
	}
	seen := map[string]int{}
	names := make([]string, len(cells))
	for i, c := range cells {
		name := strings.TrimSpace(strings.TrimPrefix(c, "\ufeff"))
		if name == "" {
			continue // a column without a name cannot be asked for
		}
		if first, twice := seen[name]; twice {
			return nil, fmt.Errorf("%w: columns %d and %d are both called %q", ErrHeader, first+1, i+1, name)
		}
		seen[name] = i
		names[i] = name
	}
	if len(seen) == 0 {
		return nil, fmt.Errorf("%w: no column has a name", ErrHeader)
	}
	return names, nil
}

// blank says that a row has nothing in it.
func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// keyed hangs cells under their columns. Cells past the header are a problem,
// unless they are empty.
func keyed(columns, cells []string, number func(int) bool) (map[string]Cell, error) {
	if len(cells) > len(columns) && !blank(cells[len(columns):]) {
		return nil, &Problem{fmt.Sprintf("the row has %d cells, the header %d", len(cells), len(columns))}
	}
	row := make(map[string]Cell, len(columns))
	for i, name := range columns {
		if name == "" {
			continue
		}
		var c Cell
		if i < len(cells) {
			c.Text = cells[i]
			c.Number = number != nil && number(i)
		}
		row[name] = c
	}
	return row, nil
}

// errRow is told by what reads a row's bytes once there are too many of them.
var errRow = errors.New("a row is longer than 1 MB; perhaps a quotation mark is not closed")

// leash ends reading when a row does not end.
type leash struct {
	r    io.Reader
	left int
	read int64
}

func (l *leash) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errRow
	}
	if len(p) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= n
	l.read += int64(n)
	return n, err
}
