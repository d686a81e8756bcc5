package onlineretail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

const (
	// Format is the name of the format, as `--format` takes it.
	Format = "online-retail"
	// Version changes when the same file would be read to other invoices; it
	// belongs into every key that says "this file was imported".
	Version = "online-retail/1"
	// Currency of every amount: the set has no such column, the shop is British.
	Currency = "GBP"
)

// File is a file on disk in this format. It is used by one goroutine.
type File struct {
	file *os.File
	size int64
}

// Open opens the file at path, gzip or plain. Nothing is read yet: what the
// content is worth shows Reader. Only a regular file will do, since it is read
// twice (hash, then rows).
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &File{file: file, size: info.Size()}, nil
}

// Hash gives the SHA-256, in hexadecimal, of the file at path as it is stored.
func Hash(path string) (string, error) {
	file, err := Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return file.Hash()
}

// Hash gives the SHA-256, in hexadecimal, of the content as stored (a gzip
// hashes otherwise than what it holds). It reads the file once and leaves it
// at its start, so call it before Reader.
func (f *File) Hash() (string, error) {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	sum, err := hash(f.file)
	if err != nil {
		return "", err
	}
	_, err = f.file.Seek(0, io.SeekStart)
	return sum, err
}

func hash(src io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, src); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Version of the format the file is read in.
func (f *File) Version() string { return Version }

// Size in bytes of the file as stored; Reader.Offset runs towards it.
func (f *File) Size() int64 { return f.size }

// Close closes the file; a Reader of it then fails.
func (f *File) Close() error { return f.file.Close() }

// Reader starts at the first invoice of the file. A second call starts anew
// and ends the use of the reader before. See NewReader for errors and problems.
func (f *File) Reader(problems func(Problem)) (*Reader, error) {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return NewReader(f.file, problems)
}

// counter counts the bytes taken from the stored file, for the progress bar.
type counter struct {
	src io.Reader
	n   int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n += int64(n)
	return n, err
}

// plain gives the text of src, unpacked when src begins as a gzip does.
// The name of a file says nothing here.
func plain(src io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(src, 32<<10)
	magic, err := buffered.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	unpacked, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("online-retail: broken gzip: %w", err)
	}
	return unpacked, nil
}
