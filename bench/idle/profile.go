package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// profiler is laid over Kabinet's sources by -profile, and nowhere else.
const profiler = `package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
)

func init() {
	if addr := os.Getenv("KABINET_PROFILE_LISTEN"); addr != "" && len(os.Args) > 1 && os.Args[1] == "serve" {
		go func() { panic(http.ListenAndServe(addr, nil)) }()
	}
}
`

func profileOverlay(o options) (string, error) {
	source := filepath.Join(o.dir, "profile.go")
	if err := os.WriteFile(source, []byte(profiler), 0o600); err != nil {
		return "", err
	}
	over, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(o.root, "idle_profile.go"): source}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(o.dir, "overlay.json")
	return path, os.WriteFile(path, over, 0o600)
}

// saveProfiles keeps what an idle server is made of.
func (k *kabinet) saveProfiles(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for file, path := range map[string]string{
		"heap.pb.gz": "heap?gc=1", "goroutine.pb.gz": "goroutine", "goroutine.txt": "goroutine?debug=1", "cpu.pb.gz": "profile?seconds=10",
	} {
		if err := save(ctx, filepath.Join(dir, file), "http://"+k.profiles+"/debug/pprof/"+path); err != nil {
			return err
		}
	}
	return nil
}

func save(ctx context.Context, file, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, resp.Body); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
