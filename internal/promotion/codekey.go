package promotion

import (
	"crypto/rand"
	"slices"
	"strings"
	"unicode"
)

// alphabet is what random codes are made of when nothing is said: digits and
// capitals of which none looks like another.
const alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// lookalikes are read as one, whichever was meant: letters of the other
// alphabet that look the same, and O and 0, I, L and 1.
var lookalikes = strings.NewReplacer(
	"O", "0", "I", "1", "L", "1",
	"А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "0", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Х", "X", "І", "1",
)

// key is how a code is known, however it was typed: without spaces and
// hyphens, in capitals, of look-alikes always the same one.
func key(code string) string {
	code = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' || r == '_' || r == '‑' || r == '–' {
			return -1
		}
		return unicode.ToUpper(r)
	}, code)
	return lookalikes.Replace(code)
}

// recipe is how random codes are made; kept as the task's input.
type recipe struct {
	Prefix   string
	Length   int
	Alphabet string
	Checksum bool
}

// random is one code. Every character is equally likely.
func (r recipe) random() string {
	letters := []rune(r.Alphabet)
	picked := make([]rune, 0, r.Length+1)
	limit := byte(256 / len(letters) * len(letters) % 256) // 0: all fit
	var buf [32]byte
	for len(picked) < r.Length {
		_, _ = rand.Read(buf[:]) // never fails
		for _, b := range buf {
			if (limit == 0 || b < limit) && len(picked) < r.Length {
				picked = append(picked, letters[int(b)%len(letters)])
			}
		}
	}
	if r.Checksum {
		picked = append(picked, letters[luhn(picked, letters)])
	}
	return r.Prefix + string(picked)
}

// luhn is the index of the check character of Luhn mod N.
func luhn(of, letters []rune) int {
	sum, n, factor := 0, len(letters), 2
	for _, c := range slices.Backward(of) {
		addend := factor * slices.Index(letters, c)
		sum += addend/n + addend%n
		factor = 3 - factor
	}
	return (n - sum%n) % n
}

// space says whether so many different codes can be made that one guess in a
// thousand or less would hit one of count.
func (r recipe) space(count int) bool {
	letters := map[rune]bool{}
	for _, c := range key(r.Alphabet) {
		letters[c] = true
	}
	n := 1.0
	for range r.Length {
		n *= float64(len(letters))
	}
	return n >= 1000*float64(count)
}
