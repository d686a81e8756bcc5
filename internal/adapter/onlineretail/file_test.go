package onlineretail

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "named-wrongly.csv") // it is a gzip
	if err := os.WriteFile(path, []byte(excerpt), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(excerpt))
	want := hex.EncodeToString(sum[:])
	if got, err := Hash(path); err != nil || got != want || ExcerptHash() != want {
		t.Errorf("Hash = %s, %v; ExcerptHash = %s; want %s", got, err, ExcerptHash(), want)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Size() != int64(len(excerpt)) || f.Version() != Version {
		t.Errorf("size %d, version %s", f.Size(), f.Version())
	}
	for range 2 { // a reader may be asked for again
		r, err := f.Reader(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.SkipTo(407); err != nil {
			t.Error(err)
		}
		if _, err := r.Next(); err != io.EOF || r.Offset() != f.Size() || r.Rows() != 4433 {
			t.Errorf("end %v, offset %d of %d, rows %d", err, r.Offset(), f.Size(), r.Rows())
		}
		if got, err := f.Hash(); err != nil || got != want {
			t.Errorf("Hash after reading = %s, %v", got, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none"), os.DevNull} {
		if f, err := Open(path); err == nil {
			f.Close()
			t.Errorf("Open(%s) gave a file", path)
		}
		if _, err := Hash(path); err == nil {
			t.Errorf("Hash(%s) gave a hash", path)
		}
	}
}
