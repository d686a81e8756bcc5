package campaign

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPackCodes(t *testing.T) {
	key, other := []byte("0123456789abcdef0123456789abcdef"), []byte("x123456789abcdef0123456789abcdef")
	seen := map[string]bool{}
	for n := uint32(1); n <= 20_000; n++ {
		code := packCode(key, n)
		if seen[code] || len(code) != 19 {
			t.Fatalf("%d: %s", n, code)
		}
		seen[code] = true
		if got := packNumber(key, code); got != n {
			t.Fatalf("%s: %d, want %d", code, got, n)
		}
		if packNumber(other, code) != 0 {
			t.Fatalf("%s is one of another key's", code)
		}
	}
	code := packCode(key, 7)
	for _, same := range []string{strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + " ", strings.ReplaceAll(strings.ReplaceAll(code, "0", "O"), "1", "l")} {
		if packNumber(key, same) != 7 {
			t.Errorf("%q is not read as %s", same, code)
		}
	}
}

// No text but a code of the pack is one, and none makes it panic.
func TestPackGuesses(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	rapid.Check(t, func(t *rapid.T) {
		if n := packNumber(key, rapid.String().Draw(t, "code")); n != 0 {
			t.Fatal(n)
		}
		code := []byte(packCode(key, rapid.Uint32Range(1, 1000).Draw(t, "number")))
		i := rapid.IntRange(0, len(code)-1).Draw(t, "at")
		c := packDigits[rapid.IntRange(0, 31).Draw(t, "digit")]
		if code[i] == '-' || code[i] == c {
			return
		}
		code[i] = c
		if n := packNumber(key, string(code)); n != 0 {
			t.Fatalf("%s with another character at %d is %d", code, i, n)
		}
	})
}
