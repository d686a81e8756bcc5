package config

import (
	"errors"
	"net/url"
	"strings"
)

// Dialect is the kind of database.
type Dialect string

// The two databases every line of kabinet runs on.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Database is a checked KABINET_DATABASE_URL.
type Database struct {
	Dialect Dialect
	Path    string // of the SQLite file, as given: absolute or relative
	URL     string // for lib/pq, with its password; empty for SQLite
}

// parseDatabase reads sqlite:///abs.db, sqlite://./rel.db and postgres://….
// An SQLite URL is not read as a URL, for its relative path would become a host.
func parseDatabase(v string) (Database, error) {
	if path, ok := strings.CutPrefix(v, "sqlite://"); ok {
		return parseSQLite(path)
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return Database{}, errors.New("it begins with neither sqlite:// nor postgres://")
	}
	if u.Hostname() == "" && u.Query().Get("host") == "" {
		return Database{}, errors.New("it names no host")
	}
	if strings.Trim(u.Path, "/") == "" {
		return Database{}, errors.New("it names no database after the host")
	}
	return Database{Dialect: Postgres, URL: v}, nil
}

func parseSQLite(path string) (Database, error) {
	if strings.ContainsAny(path, "?#") {
		return Database{}, errors.New("an SQLite file takes no options")
	}
	path, err := url.PathUnescape(path)
	if err != nil || strings.ContainsRune(path, 0) {
		return Database{}, errors.New("its path is not well escaped")
	}
	if path == "" || strings.HasSuffix(path, "/") || strings.Contains(path, ":memory:") {
		return Database{}, errors.New("it names no file")
	}
	return Database{Dialect: SQLite, Path: path}, nil
}
