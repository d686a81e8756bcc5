package cluster

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[^\s]*)`)

// locate finds the newest server of this machine; tools/bench.sh has pgtest
// install one where there is none.
func locate(ctx context.Context) (dir, version string, err error) {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", "", err
	}
	best := 0
	for _, d := range append(dirs, found...) {
		if _, err := os.Stat(filepath.Join(d, "initdb")); err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, filepath.Join(d, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		if m := versionPattern.FindStringSubmatch(string(out)); m != nil {
			if major, _ := strconv.Atoi(m[2]); major > best { // digits, by the pattern
				best, dir, version = major, d, m[1]
			}
		}
	}
	if best == 0 {
		return "", "", errors.New("no PostgreSQL found; run make bench, which installs one, or put its bin directory in PATH")
	}
	return dir, version, nil
}
