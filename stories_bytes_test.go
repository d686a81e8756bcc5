package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// With KABINET_STORY_RECORD a run of TestStories keeps every answer as it came
// over the wire; with KABINET_STORY_COMPARE it wants the same bytes again. That
// is how tools/equality.sh holds the code that graph/generate has worked over
// against gqlgen's own: order of fields, escapes and errors too.

// passing is what differs from run to run.
var passing = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}\b`), "<$1>"},
	{regexp.MustCompile(`"(number|token|refreshToken|cursor|startCursor|endCursor|streamPosition|requestId|authorizationUrl|binding|secret|uri|temporaryPassword|challenge|replyAddress)":"[^"]*"`), `"$1":"<>"`},
	{regexp.MustCompile(`"vapidPublicKey":"B[\w-]{86}"`), `"vapidPublicKey":"<>"`},
	{regexp.MustCompile(`("startCode":"|\?start=)[a-z2-7]{26}"`), `$1<>"`},
	{regexp.MustCompile(`"recoveryCodes":\["[^\]]*\]`), `"recoveryCodes":["<>"]`},
	{regexp.MustCompile(`"id":"[A-Za-z0-9_-]{20,}"`), `"id":"<>"`}, // of people and keys, as WebAuthn has them
	{uuids, "<uuid>"},
	{orderNumbers, "<number>"},
}

// inBytes says whether this is such a run. It does not count statements: there
// are more without compiled reads.
func inBytes() bool {
	return os.Getenv("KABINET_STORY_RECORD")+os.Getenv("KABINET_STORY_COMPARE") != ""
}

// sameBytes keeps or compares the answer of a step of a story.
func sameBytes(t testing.TB, s step, answer []byte) {
	t.Helper()
	story, ok := strings.CutPrefix(t.Name(), "TestStories/")
	record, compare := os.Getenv("KABINET_STORY_RECORD"), os.Getenv("KABINET_STORY_COMPARE")
	if !ok || s.name == "sign-in" || !inBytes() {
		return
	}
	for _, p := range passing {
		answer = p.what.ReplaceAll(answer, []byte(p.with))
	}
	path := filepath.Join(filepath.FromSlash(story), s.name+".json")
	if record != "" {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(record, path)), 0o755))
		check(t, os.WriteFile(filepath.Join(record, path), answer, 0o644))
	}
	if compare != "" {
		want, err := os.ReadFile(filepath.Join(compare, path))
		check(t, err)
		if string(want) != string(answer) {
			t.Errorf("%s: other bytes\n--- recorded\n%s\n--- now\n%s", s.name, want, answer)
		}
	}
}
