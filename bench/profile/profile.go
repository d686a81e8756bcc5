// Package profile builds kabinet with Go's profiler laid over it, since
// kabinet itself has no such door, and reads what the profiler saw as text.
package profile

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed pprof.go.txt
var source []byte

// Build makes a kabinet at binary out of the sources in root.
func Build(ctx context.Context, root, binary string) error {
	dir, err := os.MkdirTemp("", "kabinet-bench-profile-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file, overlay := filepath.Join(dir, "pprof.go"), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, "bench_pprof.go"): file}})
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(file, source, 0o644), os.WriteFile(overlay, list, 0o644)); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-C", root, "-overlay", overlay, "-o", binary, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build kabinet with the profiler: %w\n%s", err, out)
	}
	return nil
}

// Take profiles the process behind address for a time, into a file.
func Take(ctx context.Context, address, file string, d time.Duration) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", address, max(1, int(d.Seconds())))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: %s: %s", res.Status, body)
	}
	return os.WriteFile(file, body, 0o644)
}

// Text is the functions that hold most of a profile, by themselves and with
// what they call.
func Text(ctx context.Context, binary, file string) (string, error) {
	var all bytes.Buffer
	for _, by := range []string{"-flat", "-cum"} {
		out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", by, "-nodecount=40", binary, file).Output()
		if err != nil {
			return "", fmt.Errorf("go tool pprof: %w", err)
		}
		_, rest, ok := bytes.Cut(out, []byte("\nType: cpu\n")) // above it are paths of this machine
		if !ok {
			rest = out
		}
		fmt.Fprintf(&all, "== top 40 by %s ==\n%s\n", by[1:], rest)
	}
	return all.String(), nil
}
