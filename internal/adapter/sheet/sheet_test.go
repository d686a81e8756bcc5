package sheet

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"kabinet/internal/scalar"
)

// formulas are what customers type to have somebody else's spreadsheet
// calculate it.
var formulas = []string{
	"=1+1", "=HYPERLINK(\"http://evil.example\",\"click\")", "+7 900 000", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1",
	"  =1+1", "\u00a0=1+1", "\ufeff=1+1", "＝1+1", "＠SUM(1)",
}

var heads = []string{"Number", "Note", "Total", "At", "Count"}

var moment = time.Date(2026, 11, 21, 9, 30, 5, 0, time.UTC)

func TestCSV(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	out, err := CSV(&b, heads)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]any{
		{"A;1", "say \"hi\", you\nthere", scalar.Money{Minor: -123456, Currency: "RUB"}, moment, int64(-3)},
		{"Ёж №", nil, scalar.Money{Minor: 5, Currency: "JPY"}, nil, int64(0)},
	}
	for _, r := range rows {
		if err := out.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffNumber,Note,Total,At,Count\r\nA;1,\"say \"\"hi\"\", you\r\nthere\",-1234.56,2026-11-21 09:30:05,-3\r\nЁж №,,5,,0\r\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	if err := out.Row([]any{3.5}); err == nil {
		t.Error("a cell of no known kind was taken")
	}
}

// TestCSVHasNoFormulas reads the file as a spreadsheet does and looks at how
// each cell begins.
func TestCSVHasNoFormulas(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	out, err := CSV(&b, heads)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range formulas {
		if err := out.Row([]any{f, "plain " + f}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff")))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil || len(all) != len(formulas)+1 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	for i, row := range all[1:] {
		if !strings.HasPrefix(row[0], "'") {
			t.Errorf("%q became %q", formulas[i], row[0])
		}
		if strings.HasPrefix(row[1], "'") {
			t.Errorf("a text that is harmless became %q", row[1])
		}
	}
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	out, err := XLSX(&b, "Заказы", heads)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range formulas {
		if err := out.Row([]any{f, nil, scalar.Money{Minor: -123456, Currency: "RUB"}, moment, int64(7)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Row([]any{"big", "\x00\x07 ok", scalar.Money{Minor: math.MaxInt64, Currency: "JPY"}, nil, int64(0)}); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for i := range formulas {
		at := fmt.Sprintf("A%d", i+2)
		formula, err := f.GetCellFormula("Заказы", at)
		if kind, _ := f.GetCellType("Заказы", at); err != nil || formula != "" || kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString {
			t.Errorf("%q: formula %q, type %v, %v", formulas[i], formula, kind, err)
		}
	}
	text, _ := f.GetCellValue("Заказы", "A2")
	raw, _ := f.GetCellValue("Заказы", "C2", excelize.Options{RawCellValue: true})
	shown, _ := f.GetCellValue("Заказы", "C2")
	at, _ := f.GetCellValue("Заказы", "D2")
	if text != "=1+1" || raw != "-1234.56" || shown != "-1234.56" || at != "2026-11-21 09:30:05" {
		t.Errorf("%q %q %q %q", text, raw, shown, at)
	}
	if big, _ := f.GetCellValue("Заказы", fmt.Sprintf("C%d", len(formulas)+2)); big != "9223372036854775807" {
		t.Errorf("a sum that is no double became %q", big)
	}
}

// TestXLSXGoesOn: rows that a worksheet does not hold are on the next one.
func TestXLSXGoesOn(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	out, err := XLSX(&b, "Orders", []string{"N"})
	if err != nil {
		t.Fatal(err)
	}
	out.(*workbook).most = 11
	for i := range 25 {
		if err := out.Row([]any{int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	seen := 0
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil || rows[0][0] != "N" {
			t.Fatalf("%s: %v %v", name, rows, err)
		}
		for _, r := range rows[1:] {
			if r[0] != fmt.Sprint(seen) {
				t.Fatalf("%s: %s instead of %d", name, r[0], seen)
			}
			seen++
		}
	}
	if seen != 25 || len(f.GetSheetList()) != 3 {
		t.Errorf("%d rows in %v", seen, f.GetSheetList())
	}
}

// TestMemoryIsFlat: a hundred thousand rows take hardly more than ten thousand.
func TestMemoryIsFlat(t *testing.T) { // not parallel: it measures
	for name, begin := range map[string]func(io.Writer) (Table, error){
		"CSV":  func(w io.Writer) (Table, error) { return CSV(w, heads) },
		"XLSX": func(w io.Writer) (Table, error) { return XLSX(w, "Orders", heads) },
	} {
		small, large := held(t, begin, 10_000), held(t, begin, 100_000)
		t.Logf("%s: %d KiB of 10,000 rows, %d KiB of 100,000", name, small>>10, large>>10)
		if most := small + 40<<20; large > most {
			t.Errorf("%s: %d bytes are held of 100,000 rows, %d of 10,000", name, large, small)
		}
	}
}

// held is how much more memory is in use when the last row was written.
func held(t *testing.T, begin func(io.Writer) (Table, error), rows int) int64 {
	t.Helper()
	used := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := used()
	out, err := begin(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := out.Row(row(i)); err != nil {
			t.Fatal(err)
		}
	}
	n := used() - before
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

func row(i int) []any {
	return []any{fmt.Sprintf("261121-%08d", i), "Ёлочная игрушка, синяя, стекло, 8 см", scalar.Money{Minor: int64(i), Currency: "RUB"}, moment, int64(i)}
}

func BenchmarkCSV(b *testing.B) {
	benchmark(b, func() (Table, error) { return CSV(io.Discard, heads) })
}

func BenchmarkXLSX(b *testing.B) {
	benchmark(b, func() (Table, error) { return XLSX(io.Discard, "Orders", heads) })
}

// benchmark writes a file of 100,000 rows each time.
func benchmark(b *testing.B, begin func() (Table, error)) {
	const rows = 100_000
	b.ReportAllocs()
	for b.Loop() {
		out, err := begin()
		for i := 0; i < rows && err == nil; i++ {
			err = out.Row(row(i))
		}
		if err == nil {
			err = out.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
