package blob_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/blob"
	"kabinet/internal/fault"
)

// Both places do the same.
func TestBucket(t *testing.T) {
	t.Parallel()
	dir := filepath.ToSlash(filepath.Join(t.TempDir(), "a b", "files"))
	for _, address := range []string{"mem://", "file://" + strings.ReplaceAll(dir, " ", "%20")} {
		b, err := blob.Open(address)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		if err := b.Write(ctx, "2026/11/21/one", "text/plain", strings.NewReader("hello, world")); err != nil {
			t.Fatal(err)
		}
		r, err := b.Open(ctx, "2026/11/21/one")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Seek(7, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != "world" {
			t.Errorf("%s: %q %v", address, got, err)
		}
		_ = r.Close()

		// What breaks off is not kept, and what was there before stays.
		broken := io.MultiReader(strings.NewReader("half"), failing{})
		if err := b.Write(ctx, "2026/11/21/two", "text/plain", broken); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := b.Open(ctx, "2026/11/21/two"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%s: half a file is kept: %v", address, err)
		}
		var old []string
		if err := b.Older(ctx, "2026/11/21/", time.Now().Add(time.Hour), func(key string) error {
			old = append(old, key)
			return nil
		}); err != nil || len(old) != 1 || old[0] != "2026/11/21/one" {
			t.Errorf("%s: %v %v", address, old, err)
		}
		if err := b.Older(ctx, "", time.Now().Add(-time.Hour), func(key string) error { return errBroken }); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		for range 2 {
			if err := b.Delete(ctx, "2026/11/21/one"); err != nil {
				t.Errorf("%s: %v", address, err)
			}
		}
		if _, err := b.Open(ctx, "2026/11/21/one"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%s: %v", address, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(filepath.FromSlash(dir)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v: others read it", info, err)
	}
	for _, bad := range []string{"", "s3://bucket", "file://", "files"} {
		if _, err := blob.Open(bad); err == nil {
			t.Errorf("took %q", bad)
		}
	}
}

var errBroken = errors.New("the line broke")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }
