package table_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kabinet/internal/adapter/table"
)

func file(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read gives the rows of columns a and b, a line each; what is wrong with a row
// stands in its place.
func read(t testing.TB, path string, o table.Options) string {
	t.Helper()
	r, err := table.Open(path, o)
	if err != nil {
		return "! " + err.Error()
	}
	defer r.Close()
	var out []string
	for {
		row, err := r.Next()
		var bad *table.Problem
		switch {
		case errors.Is(err, io.EOF):
			return strings.Join(out, "\n")
		case errors.As(err, &bad):
			out = append(out, fmt.Sprint(row.Line, " ! ", bad.Text))
			continue
		case err != nil:
			return strings.Join(append(out, "!! "+err.Error()), "\n")
		}
		a, _ := row.Cell("а")
		b, _ := row.Cell("b")
		out = append(out, fmt.Sprintf("%d %s|%s", row.Line, a.Text, b.Text))
	}
}

func TestCSVInEveryEncoding(t *testing.T) { // security J7 G13
	const text = "а;b\nЁж;\"x\n\"\"y\"\"\"\n\n№ 5;z\n"
	const want = "2 Ёж|x\n\"y\"\n5 № 5|z"
	cyrillic, err := charmap.Windows1251.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	little, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	big, _ := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	for name, c := range map[string]struct{ content, encoding string }{
		"plain": {text, ""}, "marked": {"\ufeff" + text, ""}, "windows": {cyrillic, "windows-1251"}, "utf-16 le": {little, "utf-16"}, "utf-16 be": {big, "utf-16"},
		"crlf": {strings.ReplaceAll(text, "\n", "\r\n"), "utf-8"},
	} {
		got := read(t, file(t, "x.csv", []byte(c.content)), table.Options{Encoding: c.encoding, Delimiter: ';'})
		if strings.ReplaceAll(got, "\r", "") != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestBadCSV(t *testing.T) { // security J7 G13
	for name, c := range map[string]struct{ content, want string }{
		"empty":          {"", "! the header is not one: the file is empty"},
		"no names":       {" , \n1,2\n", "! the header is not one: no column has a name"},
		"twice":          {"а,b,а\n", `! the header is not one: columns 1 and 3 are both called "а"`},
		"not UTF-8":      {"а,b\n1,2\n\xff,3\n4,5\n", "2 1|2\n3 ! cell 1 is not UTF-8; say the encoding in the mapping\n4 4|5"},
		"windows header": {"\xe0,b\n", "! the header is not one: it is not UTF-8; say the encoding in the mapping"},
		"ragged":         {"а,b\n1\n1,2,3\n1,2,\n", "2 1|\n3 ! the row has 3 cells, the header 2\n4 1|2"},
		"bare quote":     {"а,b\n1,x\"y\n3,4\n", "2 ! bare \" in non-quoted-field\n3 3|4"},
		"open quote":     {"а,b\n1,\"" + strings.Repeat("x\n", 2<<20), ""},
		"a huge cell":    {"а,b\n1," + strings.Repeat("x", 1<<20+1) + "\n3,4\n", "2 ! a row is longer than 1 MB; perhaps a quotation mark is not closed\n3 3|4"},
	} {
		got := read(t, file(t, "x.csv", []byte(c.content)), table.Options{})
		if name == "open quote" {
			if !strings.Contains(got, "a row is longer than 1 MB") {
				t.Errorf("%s: %.200q", name, got)
			}
		} else if got != c.want {
			t.Errorf("%s: %.300q", name, got)
		}
	}
	if got := read(t, file(t, "x.csv", []byte(strings.Repeat("name,", 1_000_000)+"\n")), table.Options{}); !strings.Contains(got, "a row is longer than 1 MB") {
		t.Errorf("a million columns: %.100q", got)
	}
	if got := read(t, file(t, "x.csv", []byte("a\n")), table.Options{Encoding: "koi8-r"}); !strings.Contains(got, table.ErrEncoding.Error()) {
		t.Error(got)
	}
	if got := read(t, file(t, "x.dat", []byte("a\n")), table.Options{}); !strings.Contains(got, table.ErrFormat.Error()) {
		t.Error(got)
	}
}

func TestNDJSON(t *testing.T) { // security J7 G13
	content := "\ufeff" + `{"а":"Ёж","b":1.50}` + "\n\n" + `{"а":null,"b":["x","y"]}` + "\n" + `{"а":1,"а":2}` + "\n" + `{"а":` + "\n" + `[1]` + "\n" +
		`{"b":[{"c":1}]}` + "\n" + `{"а":"` + "\xff" + `"}` + "\n" + `{"b":"` + strings.Repeat("x", 1<<20) + `"}` + "\n" + `{"а":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":1}}}}}}}}}` + "\n" + `{"а":true} x` + "\n" + `{"а":"last"}`
	want := "1 Ёж|1.50\n3 |x\ny\n4 ! \"а\" stands twice\n5 ! the line is not JSON: EOF\n6 ! the line is not a JSON object\n" +
		"7 ! \"b\": lists hold texts and numbers here, nothing else\n8 ! the line is not UTF-8\n9 ! the line is longer than 1 MB\n" +
		"10 ! objects lie in each other more than 8 deep\n11 ! something stands behind the object\n12 last|"
	if got := read(t, file(t, "x.ndjson", []byte(content)), table.Options{}); got != want {
		t.Errorf("%s", got)
	}
}

func workbook(t testing.TB, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		at, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", at, &row); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "x.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestXLSX(t *testing.T) {
	path := workbook(t, []any{nil}, []any{"а", "b"}, []any{"Ёж", 19.989999999999998}, []any{nil, nil}, []any{"=1+1", 5})
	if got := read(t, path, table.Options{}); got != "3 Ёж|19.99\n5 =1+1|5" {
		t.Error(got)
	}
	if got := read(t, path, table.Options{Sheet: "Лист"}); !strings.Contains(got, `no such sheet: "Лист"; it has Sheet1`) {
		t.Error(got)
	}
	if got := read(t, file(t, "x.xlsx", []byte("not a workbook")), table.Options{}); !strings.HasPrefix(got, "! ") {
		t.Error(got)
	}
}

// A workbook that unpacks to gigabytes is refused before it is unpacked, and so
// is one whose directory says that it is small.
//
// security J3
func TestZipBomb(t *testing.T) {
	var honest bytes.Buffer
	z := zip.NewWriter(&honest)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range table.MaxUnpacked>>20 + 1 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, file(t, "x.xlsx", honest.Bytes()), table.Options{}); got != "! "+table.ErrTooLarge.Error() {
		t.Error(got)
	}
	// The same bytes with another size in the directory: 1 KB.
	lying := bytes.Clone(honest.Bytes())
	at := bytes.LastIndex(lying, []byte("PK\x01\x02"))
	copy(lying[at+24:], []byte{0, 4, 0, 0})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := read(t, file(t, "x.xlsx", lying), table.Options{}); !strings.HasPrefix(got, "! ") {
		t.Error(got)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 64<<20 {
		t.Errorf("%d MB were taken for it", (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

func TestLinesAreRead(t *testing.T) {
	var out bytes.Buffer
	l, err := table.NewLines(&out, []string{"а", "b"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]any{{"=1+1", int64(5)}, {"x\n\"y\"", nil}} {
		if err := l.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, file(t, "x.ndjson", out.Bytes()), table.Options{}); got != "1 =1+1|5\n2 x\n\"y\"|" {
		t.Error(got)
	}
}
