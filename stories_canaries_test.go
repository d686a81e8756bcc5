package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// logged is what all worlds of the tests log.
var logged = &logBook{}

type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps a line, and shows it with KABINET_TEST_LOG.
func (b *logBook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if os.Getenv("KABINET_TEST_LOG") != "" {
		_, _ = os.Stderr.Write(line)
	}
	return b.text.Write(line)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// canaries are what the people of a story type and nobody else may read:
// passwords, codes, tokens, addresses, numbers, cards.
type canaries struct {
	words  map[string]bool
	errors strings.Builder
}

var typed = regexp.MustCompile(`\b(?:password|newPassword|currentPassword|code|token|refreshToken|email|login|phone|providerToken|cardToken)\s*:\s*"([^"\\]{6,})"`)

func (c *canaries) note(query string, answer map[string]any) {
	if c.words == nil {
		c.words = map[string]bool{password: true}
	}
	for _, m := range typed.FindAllStringSubmatch(query, -1) {
		c.words[m[1]] = true
	}
	if errs := answer["errors"]; errs != nil {
		fmt.Fprintln(&c.errors, errs)
	}
}

// areNowhere looks for them, and for the tokens that the story got, in the log,
// in the metrics and in errors, which clients write into logs of their own.
//
// security J9
func (c *canaries) areNowhere(t *testing.T, w *world) {
	t.Helper()
	rec := httptest.NewRecorder()
	w.app.edge.MetricsHandler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK || rec.Body.Len() == 0 {
		t.Errorf("metrics: %d", rec.Code)
	}
	for _, token := range w.tokens {
		c.words[token] = true
	}
	for where, text := range map[string]string{"the log": logged.String(), "the metrics": rec.Body.String(), "an error": c.errors.String()} {
		for word := range c.words {
			if found := regexp.MustCompile(`(?:^|\W)` + regexp.QuoteMeta(word) + `(?:$|\W)`).FindStringIndex(text); found != nil {
				t.Errorf("%s is in %s: %s", word, where, text[max(0, found[0]-200):min(len(text), found[1]+100)])
			}
		}
	}
}
