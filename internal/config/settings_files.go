package config

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
)

// Files says where the bytes of documents lie, and how many there may be.
type Files struct {
	URL   string // file:// and a path; worked out beside the SQLite file when not given
	Quota int64  // bytes of one person's uploads
}

const groupFiles = "File settings:"

var fileSettings = []setting{
	{env: "KABINET_FILES_URL", group: groupFiles,
		meaning: "Where the bytes of documents and pictures lie: a directory (file:///absolute or file://./relative); files beside the SQLite file, or file://./data/files, when not given", example: "file:///var/lib/kabinet/files",
		set:   func(c *Config, v string) (err error) { c.Files.URL, err = parseFilesURL(v); return err },
		shown: func(c *Config) (string, bool) { return c.FilesURL(), true }},
	filesQuota(),
}

func filesQuota() setting {
	s := size("KABINET_FILES_QUOTA", "200MiB", "Bytes of uploads that one person may keep", "1GiB", 1<<20, 1<<50, func(c *Config) *int64 { return &c.Files.Quota })
	s.group = groupFiles
	return s
}

// parseFilesURL takes file:// and a path, absolute or from ./ on.
func parseFilesURL(v string) (string, error) {
	path, ok := strings.CutPrefix(v, "file://")
	if !ok || path == "" || strings.ContainsAny(path, "?#\x00") {
		return "", errors.New("it is file:// and a directory, such as file:///var/lib/kabinet/files")
	}
	if u, err := url.PathUnescape(path); err != nil || !strings.HasPrefix(u, "/") && !strings.HasPrefix(u, "./") {
		return "", errors.New("after file:// comes an absolute path, or one that begins with ./")
	}
	return v, nil
}

// FilesURL is where the bytes of documents lie.
func (c *Config) FilesURL() string {
	if c.Files.URL != "" {
		return c.Files.URL
	}
	dir := "./data"
	if c.Database.Dialect == SQLite && c.Database.Path != "" {
		dir = filepath.ToSlash(filepath.Dir(c.Database.Path))
	}
	if !strings.HasPrefix(dir, "/") && !strings.HasPrefix(dir, "./") {
		dir = "./" + dir
	}
	return "file://" + (&url.URL{Path: strings.TrimSuffix(dir, "/") + "/files"}).EscapedPath()
}
