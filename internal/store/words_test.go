package store_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kabinet/internal/store"
)

func TestWordsAreFoundInEveryForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kept, sought string }{
		{"Чайник ЗЕЛЁНЫЙ, эмалированный", "зеленого чайника"},
		{"Счета за ёлки", "счёт ЕЛКА"},
		{"WHITE HANGING HEART T-LIGHT HOLDERS", "hearts holder"},
		{"20261122-ABC123", "20261122-abc123"},
		{"20261122-ABC123", "2026"},
		{"85123A", "85123a"},
		{"85123A", "8512"},
		{"Ｗｉｄｅ ①２３４５", "wide 1234"},
	} {
		kept, sought := store.KeepWords(c.kept), store.SeekWords(c.sought)
		if len(sought) == 0 {
			t.Errorf("%q: nothing to look for", c.sought)
		}
		for _, w := range sought {
			if !slices.Contains(kept, w) {
				t.Errorf("%q is not found in %q: %q not among %q", c.sought, c.kept, w, kept)
			}
		}
	}
	for _, c := range []struct{ kept, sought string }{
		{"Чайник", "чайка"}, {"85123A", "851"}, {"85123A", "123a"}, {"Зелёный чай", "зеленый чайник"},
	} {
		kept := store.KeepWords(c.kept)
		if !slices.ContainsFunc(store.SeekWords(c.sought), func(w string) bool { return !slices.Contains(kept, w) }) {
			t.Errorf("%q is found in %q", c.sought, c.kept)
		}
	}
	if got := store.SeekWords(" —%_*\"' "); len(got) != 0 {
		t.Errorf("words of signs alone: %q", got)
	}
}

// A word holds no sign that either database could read as more than a word,
// and a text is found by itself.
func TestWordsNeedNoQuoting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[а-яёА-ЯЁa-zA-Z0-9 .-]{0,40}`)).Draw(t, "text")
		kept := store.KeepWords(text)
		for _, w := range append(kept, store.SeekWords(text)...) {
			if w == "" || len(w) > 64 || strings.ContainsAny(w, " \t\n\x00\"'*():&|!<>-+^\\") {
				t.Fatalf("%q gives the word %q", text, w)
			}
		}
		for _, w := range store.SeekWords(text) {
			if !slices.Contains(kept, w) {
				t.Fatalf("%q does not find itself: %q not among %q", text, w, kept)
			}
		}
	})
}
