package config

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyBytes is the least a secret key holds.
const keyBytes = 32

// parseKey takes base64 of either alphabet, padded or not, or hex.
func parseKey(v string) ([]byte, error) {
	key, err := hex.DecodeString(v)
	if err != nil {
		plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(v), "=")
		if key, err = base64.RawStdEncoding.DecodeString(plain); err != nil {
			return nil, errors.New("it is neither base64 nor hex")
		}
	}
	if len(key) < keyBytes {
		return nil, fmt.Errorf("it holds %d bytes and must hold %d", len(key), keyBytes)
	}
	// 32 random bytes hold about 30 different ones; a key typed by hand does not.
	seen := map[byte]bool{}
	for _, b := range key {
		seen[b] = true
	}
	if len(seen) < keyBytes/2 {
		return nil, errors.New("it is not random")
	}
	return key, nil
}

// parseKeys takes keys with commas between, the one in use first.
func parseKeys(v string) (keys [][]byte, err error) {
	for i, part := range strings.Split(v, ",") {
		key, err := parseKey(strings.TrimSpace(part))
		if err != nil && i > 0 {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// OlderKeys are the keys that stand behind the one in use: what they sealed is
// still read.
func (c *Config) OlderKeys() [][]byte { return c.olderKeys }

// SecretKey is the configured key or, in development mode, the one kept in
// KeyFile, which is made at the first call. In production mode only serve is
// sure to have one. The error is meant for the person who runs the server.
func (c *Config) SecretKey() ([]byte, error) {
	if c.secretKey != nil {
		return c.secretKey, nil
	}
	if !c.Development() {
		return nil, errors.New("KABINET_SECRET_KEY is required in production mode")
	}
	path := c.KeyFile()
	keys, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(path); err == nil {
			keys, err = readKey(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	c.secretKey, c.olderKeys = keys[0], keys[1:]
	return c.secretKey, nil
}

// KeyFile is where the generated key is kept: beside the SQLite file, or in
// ./data when the database is elsewhere.
func (c *Config) KeyFile() string {
	if c.Database.Dialect == SQLite {
		return c.Database.Path + ".key"
	}
	return filepath.Join("data", "kabinet.key")
}

func readKey(path string) ([][]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others than its owner: chmod 600 %s", path, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := parseKeys(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

// makeKey links a finished file into place, so that of two processes that
// start together both end with the key of one, and neither reads half a key.
func makeKey(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // CreateTemp makes it 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // the link stays
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails: it ends the process instead
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
