package table

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// comma reads CSV.
type comma struct {
	file    *os.File
	leash   *leash
	csv     *csv.Reader
	columns []string
}

func newCSV(f *os.File, o Options) (*comma, error) {
	c := &comma{file: f, leash: &leash{r: f, left: 2 * MaxRow}}
	var in io.Reader = c.leash
	switch o.Encoding {
	case "", "utf-8":
		plain := bufio.NewReaderSize(in, 64<<10)
		if mark, err := plain.Peek(3); err == nil && string(mark) == "\ufeff" {
			_, _ = plain.Discard(3)
		}
		in = plain
	case "utf-16":
		in = transform.NewReader(in, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case "windows-1251":
		in = transform.NewReader(in, charmap.Windows1251.NewDecoder())
	default:
		return nil, ErrEncoding
	}
	c.csv = csv.NewReader(in)
	c.csv.FieldsPerRecord = -1
	if o.Delimiter != 0 {
		c.csv.Comma = o.Delimiter
	}
	head, err := c.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: the file is empty", ErrHeader)
	case err != nil:
		return nil, err
	}
	if c.columns, err = heads(head); err != nil {
		return nil, err
	}
	for _, name := range c.columns {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("%w: it is not UTF-8; say the encoding in the mapping", ErrHeader)
		}
	}
	return c, nil
}

func (c *comma) Columns() []string { return c.columns }
func (c *comma) Offset() int64     { return c.leash.read }
func (c *comma) Close() error      { return c.file.Close() }

// Next gives the next row that has anything in it.
func (c *comma) Next() (Row, error) {
	for {
		c.leash.left = 2 * MaxRow // what is buffered counts for the row that it belongs to
		began := c.csv.InputOffset()
		cells, err := c.csv.Read()
		var bad *csv.ParseError
		switch {
		case errors.As(err, &bad) && !errors.Is(err, errRow):
			return Row{Line: bad.StartLine}, &Problem{bad.Err.Error()}
		case err != nil:
			return Row{}, err
		}
		line, _ := c.csv.FieldPos(0)
		row := Row{Line: line}
		if c.csv.InputOffset()-began > MaxRow {
			return row, &Problem{errRow.Error()}
		}
		if blank(cells) {
			continue
		}
		for i, cell := range cells {
			if !utf8.ValidString(cell) {
				return row, &Problem{fmt.Sprintf("cell %d is not UTF-8; say the encoding in the mapping", i+1)}
			}
		}
		row.cells, err = keyed(c.columns, cells, nil)
		return row, err
	}
}
