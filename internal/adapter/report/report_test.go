package report_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kabinet/internal/adapter/report"
)

// nasty are cells that a spreadsheet would run, and some that only look so.
var nasty = []string{
	"=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x",
	" =1", "  \t@x", "'=1", "''=1", "' =1", // blanks are dropped before looking; the guard itself must come back
	`"quoted"`, `a,b;c`, "two\r\nlines", "", " ", "'", "'tis plain", "plain", "12", "Größe ☂",
}

func TestReportIsPlainTextForSpreadsheets(t *testing.T) { // security J6
	path := filepath.Join(t.TempDir(), "report.csv")
	f, err := report.Create(path, "cell", "again")
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range nasty {
		f.Row(cell, cell)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(nasty)+1 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, row := range rows[1:] {
		for _, cell := range row {
			if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first(strings.TrimLeft(cell, " "))) {
				t.Errorf("%q is written as %q and would be run", nasty[i], cell)
			}
			// encoding/csv reads a line break inside quotes as \n
			if got, want := report.Unguard(cell), strings.ReplaceAll(nasty[i], "\r\n", "\n"); got != want {
				t.Errorf("%q comes back as %q", want, got)
			}
		}
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\r\n"), "\r\n") {
		if !strings.HasSuffix(line, `"`) && !strings.Contains(line, "two") {
			t.Errorf("%q is not quoted", line)
		}
	}
}

func first(s string) rune {
	for _, r := range s {
		return r
	}
	return 'x'
}

func FuzzGuardComesBack(f *testing.F) {
	for _, cell := range nasty {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		if got := report.Unguard(report.Guard(cell)); got != cell {
			t.Errorf("%q comes back as %q", cell, got)
		}
	})
}

func TestReportIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.csv")
	if err := os.WriteFile(path, []byte("of the run before"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := report.Create(path, "line")
	if err != nil {
		t.Fatal(err)
	}
	f.Row("1")
	if b, _ := os.ReadFile(path); string(b) != "of the run before" {
		t.Errorf("before Commit the report is %q", b)
	}
	f.Discard()
	if left := names(t, dir); !slices.Equal(left, []string{"report.csv"}) {
		t.Errorf("Discard left %v", left)
	}
	f, err = report.Create(path, "line")
	if err != nil {
		t.Fatal(err)
	}
	f.Row("2")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Discard()
	if b, _ := os.ReadFile(path); string(b) != "\"line\"\r\n\"2\"\r\n" {
		t.Errorf("after Commit the report is %q", b)
	}
	if left := names(t, dir); !slices.Equal(left, []string{"report.csv"}) {
		t.Errorf("Commit left %v", left)
	}
}

func TestReportOfTwoIsTheSecondOnes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.csv")
	var both [2]*report.File
	for i := range both {
		f, err := report.Create(path, "line")
		if err != nil {
			t.Fatal(err)
		}
		both[i] = f
		f.Row(string(rune('1' + i)))
	}
	if err := both[0].Commit(); err == nil {
		t.Error("the first put the other's half in its place")
	}
	if err := both[1].Commit(); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "\"line\"\r\n\"2\"\r\n" {
		t.Errorf("the report is %q", b)
	}
	if left := names(t, dir); !slices.Equal(left, []string{"report.csv"}) {
		t.Errorf("left %v", left)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestReportGoesToFilesOnly(t *testing.T) {
	for _, path := range []string{t.TempDir(), os.DevNull, filepath.Join(t.TempDir(), "nowhere", "report.csv")} {
		if f, err := report.Create(path, "line"); err == nil {
			f.Discard()
			t.Errorf("%s was taken", path)
		}
	}
	var none *report.File
	none.Row("kept nowhere")
	none.Discard()
	if err := none.Commit(); err != nil {
		t.Error(err)
	}
}
