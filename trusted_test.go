package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kabinet/internal/config"
	"kabinet/internal/store/storetest"
)

func trustedConfig(t *testing.T, paths string) *config.Config {
	t.Helper()
	env := map[string]string{"KABINET_MODE": "development", "KABINET_TRUSTED_DOCUMENTS": paths, "KABINET_TRUSTED_DOCUMENTS_ONLY": "true"}
	cfg, _, err := config.Parse([]string{"serve"}, func(k string) (string, bool) { v, ok := env[k]; return v, ok }, io.Discard)
	check(t, err)
	return cfg
}

const manifests = "graph/testdata/trusted/codegen.json,graph/testdata/trusted/apollo.json"

// What graphql-codegen and Apollo wrote is taken as it stands, against the SDL.
func TestTrustedManifests(t *testing.T) {
	docs, err := trusted(trustedConfig(t, manifests), testLog(), true)
	check(t, err)
	if docs.Len() != 6 || !docs.Only {
		t.Errorf("%d documents, only %v", docs.Len(), docs.Only)
	}
	if docs, err := trusted(trustedConfig(t, "none.json"), testLog(), false); docs != nil || err != nil {
		t.Errorf("a command that does not serve reads a manifest: %v", err)
	}
}

// A manifest of another schema stops the start, and all that is wrong is said.
func TestTrustedManifestsOfAnotherSchema(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	old := file("old.json", `{"abc":"query Old { me { hobby } }","def":"query Older { us { id } }","ghi":"{ me { id } }"}`)
	_, err := trusted(trustedConfig(t, old), testLog(), true)
	for _, says := range []string{"KABINET_TRUSTED_DOCUMENTS", "abc (query Old): ", `"hobby"`, "def (query Older): ", `"us"`} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("no %q in: %v", says, err)
		}
	}
	_, err = trusted(trustedConfig(t, file("bad.json", "no json")+","+filepath.Join(dir, "none.json")), testLog(), true)
	for _, says := range []string{"bad.json: it is no JSON object", "none.json: "} {
		if err == nil || !strings.Contains(err.Error(), "KABINET_TRUSTED_DOCUMENTS="+filepath.Join(dir, says)) {
			t.Errorf("no %q in: %v", says, err)
		}
	}
}

// A front end made by either tool lives with a server that takes nothing else.
func TestTrustedFrontEnd(t *testing.T) {
	w := newWorld(t, storetest.Open(t))
	cfg := trustedConfig(t, manifests)
	secret, err := w.app.cfg.SecretKey() // the world's, which sealed what is there
	check(t, err)
	p := parts{cfg: cfg, log: slog.New(slog.DiscardHandler), secret: secret}
	p.trusted, err = trusted(cfg, p.log, true)
	check(t, err)
	app, err := assemble(t.Context(), w.db.Store, p)
	check(t, err)
	t.Cleanup(app.close)
	srv := httptest.NewServer(app.edge.Handler())
	t.Cleanup(srv.Close)
	for name, body := range map[string]string{
		"codegen": `{"documentId":"` + idOf(t, "codegen.json") + `","variables":{"orders":1}}`,
		"apollo":  `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + idOf(t, "apollo.json") + `"}},"operationName":"Dashboard"}`,
	} {
		req, err := http.NewRequest(http.MethodPost, srv.URL+"/graphql", strings.NewReader(body))
		check(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+w.token(t, "alice"))
		resp, err := http.DefaultClient.Do(req)
		check(t, err)
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		check(t, err)
		if !bytes.Contains(answer, []byte(`"displayName":"Alice"`)) || bytes.Contains(answer, []byte(`"errors"`)) {
			t.Errorf("%s: %s", name, answer)
		}
	}
}

// idOf is what the manifest calls the query Dashboard.
func idOf(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("graph", "testdata", "trusted", file))
	check(t, err)
	var plain map[string]any
	check(t, json.Unmarshal(data, &plain))
	if rows, ok := plain["operations"].([]any); ok {
		for _, row := range rows {
			if op := row.(map[string]any); op["name"] == "Dashboard" {
				return op["id"].(string)
			}
		}
	}
	for id, text := range plain {
		if s, ok := text.(string); ok && strings.Contains(s, "query Dashboard") {
			return id
		}
	}
	t.Fatalf("%s has no Dashboard", file)
	return ""
}
