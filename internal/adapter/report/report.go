// Package report writes a CSV file for people and their spreadsheets: every
// cell is guarded against being taken for a formula, and the file appears
// whole or not at all. It knows nothing of what it reports and writes no table.
package report

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is a report being written. A nil *File takes rows and keeps none, so
// that callers need not ask whether one was wanted. One goroutine uses it.
type File struct {
	path string
	temp *os.File
	out  *bufio.Writer
	err  error
}

// errTaken is what becomes of the first of two who write one report.
var errTaken = errors.New("somebody else writes this report too; run the command again")

// Create begins the report that is to stand at path, with a head. Until Commit
// it lives in a temporary file beside it, readable by its owner alone, and what
// stood at path stays. The temporary file has a fixed name, so that a process
// that was killed leaves one at most, which the next one takes away.
func Create(path string, head ...string) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("report: %s is not a regular file", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("report: %w", err)
	}
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("report: %w", err)
	}
	temp, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	f := &File{path: path, temp: temp, out: bufio.NewWriter(temp)}
	f.Row(head...)
	return f, nil
}

// Row adds a row. Its first failure is kept for Commit.
func (f *File) Row(cells ...string) {
	if f == nil || f.err != nil {
		return
	}
	for i, cell := range cells {
		cells[i] = quote(Guard(cell))
	}
	_, f.err = f.out.WriteString(strings.Join(cells, ",") + "\r\n")
}

// Commit puts the report in its place. The error is that of the first write
// that failed; then nothing is put there.
func (f *File) Commit() error {
	if f == nil {
		return nil
	}
	if f.err == nil {
		f.err = f.out.Flush()
	}
	if f.err == nil {
		f.err = f.temp.Sync()
	}
	if f.err == nil && !f.ours() {
		f.err = errTaken
	}
	if f.err == nil {
		f.err = f.temp.Close()
	}
	if f.err == nil {
		f.err = os.Rename(f.temp.Name(), f.path)
	}
	if f.err != nil {
		f.Discard()
		return f.err
	}
	f.temp = nil
	return nil
}

// Discard gives the report up; after Commit it does nothing.
func (f *File) Discard() {
	if f == nil || f.temp == nil {
		return
	}
	ours := f.ours()
	_ = f.temp.Close()
	if ours {
		_ = os.Remove(f.temp.Name())
	}
	f.temp = nil
}

// ours says that the temporary file is still the one that was opened.
func (f *File) ours() bool {
	there, err := os.Stat(f.temp.Name())
	if err != nil {
		return false
	}
	opened, err := f.temp.Stat()
	return err == nil && os.SameFile(there, opened)
}

// formula begins what a spreadsheet would run: the signs, the blanks it drops
// before looking, and the wide forms it takes for the signs.
const formula = "=+-@\t\r\n＝＋－＠"

// Guard makes a cell plain text for spreadsheets. Unguard takes it back.
func Guard(cell string) string {
	rest := strings.TrimLeft(cell, " '")
	if rest != "" && strings.ContainsRune(formula, []rune(rest)[0]) {
		return "'" + cell
	}
	return cell
}

// Unguard gives what Guard was given.
func Unguard(cell string) string {
	inner, guarded := strings.CutPrefix(cell, "'")
	if guarded && Guard(inner) == cell {
		return inner
	}
	return cell
}

func quote(cell string) string {
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}
