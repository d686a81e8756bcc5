package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// oldest is the first major version kabinet supports.
const oldest = 15

// binaries is a directory that holds initdb and postgres.
type binaries struct {
	dir     string
	version string // "15.18"
	major   int
}

var errNone = fmt.Errorf("no PostgreSQL %d or newer found; install it (Debian: apt-get install postgresql; macOS: brew install postgresql), "+
	"put its bin directory in PATH, or set %s to the URL of a server whose user may create databases", oldest, urlVariable)

// locate finds the newest server of this machine, and as root on Debian
// installs one when there is none.
func locate(ctx context.Context) (binaries, error) {
	if bin, ok := newest(ctx, directories(ctx)); ok {
		return bin, nil
	}
	if os.Geteuid() != 0 {
		return binaries{}, errNone
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return binaries{}, errNone
	}
	if err := installDebian(ctx); err != nil {
		return binaries{}, errors.Join(errNone, err)
	}
	if bin, ok := newest(ctx, directories(ctx)); ok {
		return bin, nil
	}
	return binaries{}, errNone
}

// directories lists where a server might be, the most likely first.
func directories(ctx context.Context) []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	} {
		found, _ := filepath.Glob(pattern) // fails on a bad pattern alone
		dirs = append(dirs, found...)
	}
	return dirs
}

// newest asks each directory for its version.
func newest(ctx context.Context, dirs []string) (binaries, bool) {
	var best binaries
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		version, major := parseVersion(string(out))
		if major >= oldest && major > best.major {
			best = binaries{dir: dir, version: version, major: major}
		}
	}
	return best, best.major > 0
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[^\s]*)`)

// parseVersion reads "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
func parseVersion(text string) (version string, major int) {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return "", 0
	}
	major, _ = strconv.Atoi(m[2])
	return m[1], major
}

// installDebian brings in the distribution's server without its service: the
// file it leaves tells the package to make no cluster of its own.
func installDebian(ctx context.Context) error {
	const conf = "/etc/postgresql-common/createcluster.conf"
	if _, err := os.Stat(conf); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(conf), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(conf, []byte("create_main_cluster = false\n"), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, "pgtest: no PostgreSQL here, installing Debian's package")
	for _, args := range [][]string{
		{"update", "-q"},
		{"install", "-q", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=120", "postgresql"},
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", args[0], err, tail(out, 2000))
		}
	}
	return nil
}

// tail is the end of a log, where the reason stands.
func tail(log []byte, most int) []byte { return log[max(0, len(log)-most):] }
