package sheet

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/xuri/excelize/v2"

	"kabinet/internal/scalar"
)

// mostRows is how many rows a worksheet holds; what comes after goes on in
// another one.
const mostRows = excelize.TotalRows

// XLSX begins a file of Office Open XML with one worksheet of a name. Rows go
// through a temporary file, so that memory does not grow with them.
func XLSX(w io.Writer, name string, heads []string) (Table, error) {
	f := excelize.NewFile()
	t := &workbook{w: w, file: f, name: name, heads: heads, most: mostRows, amounts: map[int]int{}}
	format := "yyyy-mm-dd hh:mm:ss"
	var err error
	if t.bold, err = f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err == nil {
		t.moment, err = f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	}
	if err == nil {
		err = f.SetSheetName(f.GetSheetName(0), name)
	}
	if err == nil {
		err = t.begin(name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

type workbook struct {
	w            io.Writer
	file         *excelize.File
	out          *excelize.StreamWriter
	name         string
	heads        []string
	sheets, rows int // rows of this sheet
	most         int
	bold, moment int
	amounts      map[int]int // style by digits
}

// begin begins a worksheet.
func (t *workbook) begin(name string) (err error) {
	if t.out, err = t.file.NewStreamWriter(name); err != nil {
		return err
	}
	t.sheets, t.rows = t.sheets+1, 1
	cells := make([]any, len(t.heads))
	for i, h := range t.heads {
		cells[i] = excelize.Cell{StyleID: t.bold, Value: h}
	}
	if err := t.out.SetColWidth(1, max(1, len(t.heads)), 18); err != nil {
		return err
	}
	if err := t.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return t.out.SetRow("A1", cells)
}

// Row writes one row.
func (t *workbook) Row(cells []any) error {
	if t.rows == t.most {
		if err := t.out.Flush(); err != nil {
			return err
		}
		name := fmt.Sprintf("%s %d", t.name, t.sheets+1)
		if _, err := t.file.NewSheet(name); err != nil {
			return err
		}
		if err := t.begin(name); err != nil {
			return err
		}
	}
	t.rows++
	row := make([]any, len(cells))
	for i, c := range cells {
		var err error
		if row[i], err = t.cell(c); err != nil {
			return err
		}
	}
	return t.out.SetRow(fmt.Sprintf("A%d", t.rows), row)
}

func (t *workbook) cell(c any) (any, error) {
	switch c := c.(type) {
	case nil, string, int64:
		return c, nil
	case time.Time:
		return excelize.Cell{StyleID: t.moment, Value: c.UTC()}, nil
	case scalar.Money:
		return t.amount(c)
	}
	return nil, fmt.Errorf("sheet: a cell cannot be %T", c)
}

// amount is a number, so that it can be added up. The format knows none but
// doubles: what has more than 15 digits would not be exact and is a text.
func (t *workbook) amount(m scalar.Money) (any, error) {
	const exact = 999_999_999_999_999
	if m.Minor > exact || m.Minor < -exact {
		return m.Amount(), nil
	}
	digits := scalar.Digits(m.Currency)
	style, known := t.amounts[digits]
	if !known {
		format := "0"
		if digits > 0 {
			format += "." + "000000"[:min(digits, 6)]
		}
		var err error
		if style, err = t.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return nil, err
		}
		t.amounts[digits] = style
	}
	return excelize.Cell{StyleID: style, Value: float64(m.Minor) / math.Pow10(digits)}, nil
}

// Close writes the file; the temporary one is gone.
func (t *workbook) Close() error {
	err := t.out.Flush()
	if err == nil {
		err = t.file.Write(t.w)
	}
	return errors.Join(err, t.file.Close())
}
