// Package blob keeps bytes under keys: in a directory, or in memory for tests.
// It knows no document, and opens what gocloud.dev/blob opens behind one
// address.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"kabinet/internal/fault"
)

// Bucket is one place of bytes.
type Bucket struct{ b *blob.Bucket }

// Open opens file:// and a directory, which is made, or mem:// for tests.
func Open(address string) (*Bucket, error) {
	if address == "mem://" {
		return &Bucket{memblob.OpenBucket(nil)}, nil
	}
	path, ok := strings.CutPrefix(address, "file://")
	if !ok {
		return nil, errors.New("blob: the address begins with neither file:// nor mem://")
	}
	path, err := url.PathUnescape(path)
	if err != nil || path == "" {
		return nil, errors.New("blob: the address names no directory")
	}
	dir := filepath.FromSlash(path)
	// Only the server reads it: it holds people's papers.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	// Without a place of its own for what is being written, a file would be
	// moved into the directory from the temporary one, which may be another
	// file system. The types are kept in the database.
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite, DirFileMode: 0o700})
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Bucket{b}, nil
}

// Close lets go of it.
func (b *Bucket) Close() error { return b.b.Close() }

// Write keeps all of r under a key, or nothing at all. An error of r comes back
// as it is; of the place, such as a full disk, it is UNAVAILABLE.
func (b *Bucket) Write(ctx context.Context, key, mime string, r io.Reader) error {
	// Cancelled before it is closed, a writer keeps nothing.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.b.NewWriter(ctx, key, &blob.WriterOptions{ContentType: mime, DisableContentTypeDetection: true})
	if err != nil {
		return away(err)
	}
	from := &source{Reader: r}
	if _, err := io.Copy(w, from); err != nil {
		cancel()
		_ = w.Close()
		if from.err != nil {
			return from.err
		}
		return away(err)
	}
	if err := w.Close(); err != nil {
		return away(err)
	}
	return nil
}

// source remembers its own error.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// away is an error of the place of bytes.
func away(err error) error { return fault.ErrUnavailable.Because(fmt.Errorf("blob: %w", err)) }

// Open reads a key; fault.ErrNotFound where there is none. It can be sought.
func (b *Bucket) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	r, err := b.b.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, fs.ErrNotExist) {
		return nil, fault.ErrNotFound
	}
	if err != nil {
		return nil, away(err)
	}
	return r, nil
}

// Delete forgets a key; one that is not there is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	err := b.b.Delete(ctx, key)
	if err == nil || gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return away(err)
}

// Older calls back with each key below a prefix whose bytes were written
// before a moment; its first error ends it.
func (b *Bucket) Older(ctx context.Context, prefix string, before time.Time, each func(key string) error) error {
	list := b.b.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return away(err)
		}
		if !o.IsDir && o.ModTime.Before(before) {
			if err := each(o.Key); err != nil {
				return err
			}
		}
	}
}
