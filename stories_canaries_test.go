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

// logBook is what a world logs.
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
	for where, text := range map[string]string{"the log": w.log.String(), "the metrics": rec.Body.String(), "an error": c.errors.String()} {
		for word := range c.words {
			if at := wholeWord(text, word); at >= 0 {
				t.Errorf("%s is in %s: %s", word, where, text[max(0, at-200):min(len(text), at+len(word)+100)])
			}
		}
	}
}

// wholeWord is where a word stands in a text by itself; -1 is nowhere.
func wholeWord(text, word string) int {
	part := func(at int) bool {
		return at >= 0 && at < len(text) && (text[at] == '_' || '0' <= text[at] && text[at] <= '9' || 'A' <= text[at]&^0x20 && text[at]&^0x20 <= 'Z')
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return -1
		}
		at := from + i
		if !part(at-1) && !part(at+len(word)) {
			return at
		}
		from = at + 1
	}
}
