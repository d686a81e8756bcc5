package table

import (
	"archive/zip"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// book reads one sheet of a workbook.
type book struct {
	file    *excelize.File
	rows    *excelize.Rows
	columns []string
	line    int
}

func openBook(path string, o Options) (*book, error) {
	if err := weigh(path); err != nil {
		return nil, err
	}
	f, err := excelize.OpenFile(path, excelize.Options{UnzipSizeLimit: MaxUnpacked, UnzipXMLSizeLimit: 8 << 20, RawCellValue: true})
	if err != nil {
		return nil, err
	}
	b := &book{file: f}
	if err := b.begin(o.Sheet); err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}

// weigh reads a workbook's parts to their ends and refuses one that unpacks to
// more than it may, whatever its directory says of their sizes.
func weigh(path string) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	left := int64(MaxUnpacked)
	for _, part := range z.File {
		if part.UncompressedSize64 > uint64(left) {
			return ErrTooLarge
		}
		r, err := part.Open()
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, io.LimitReader(r, left+1))
		_ = r.Close()
		if left -= n; left < 0 {
			return ErrTooLarge
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *book) begin(sheet string) (err error) {
	names := b.file.GetSheetList()
	if sheet == "" && len(names) > 0 {
		sheet = names[0]
	}
	if !slices.Contains(names, sheet) {
		return fmt.Errorf("%w: %q; it has %s", ErrNoSheet, sheet, strings.Join(names, ", "))
	}
	if b.rows, err = b.file.Rows(sheet); err != nil {
		return err
	}
	for b.rows.Next() {
		b.line++
		cells, err := b.rows.Columns()
		if err != nil {
			return err
		}
		if !blank(cells) {
			b.columns, err = heads(cells)
			return err
		}
	}
	return fmt.Errorf("%w: the sheet is empty", ErrHeader)
}

func (b *book) Columns() []string { return b.columns }
func (b *book) Offset() int64     { return int64(b.line) }

// Close ends reading and takes the unpacked parts away.
func (b *book) Close() error {
	if b.rows != nil {
		_ = b.rows.Close()
	}
	return b.file.Close()
}

// Next gives the next row that has anything in it.
func (b *book) Next() (Row, error) {
	for b.rows.Next() {
		b.line++
		cells, err := b.rows.Columns()
		if err != nil {
			return Row{Line: b.line}, err
		}
		size := 0
		for i, cell := range cells {
			size += len(cell)
			cells[i] = exact(cell)
		}
		row := Row{Line: b.line}
		switch {
		case blank(cells):
			continue
		case size > MaxRow:
			return row, &Problem{errRow.Error()}
		}
		row.cells, err = keyed(b.columns, cells, func(int) bool { return true })
		return row, err
	}
	if err := b.rows.Error(); err != nil {
		return Row{}, err
	}
	return Row{}, io.EOF
}

// exact takes off a number what binary fractions add to it: workbooks keep 15
// digits that count, and some write 17.
func exact(cell string) string {
	if len(cell) < 16 || !strings.ContainsAny(cell, ".Ee") || strings.Trim(cell, "0123456789.Ee+-") != "" {
		return cell
	}
	f, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return cell
	}
	short, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	return strconv.FormatFloat(short, 'f', -1, 64)
}
