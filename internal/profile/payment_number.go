package profile

import (
	"slices"
	"unicode"
)

// LooksLikeCard says whether the number of a card stands in a text: 13 to 19
// digits of any script, whatever stands between their groups, that begin as
// cards do and whose last digit checks the others. Such a text is refused
// wherever somebody may have put it by mistake.
func LooksLikeCard(s string) bool {
	var digits []byte
	var starts []int // of groups
	var ends []int
	apart := true
	check := func() bool {
		return slices.ContainsFunc(starts, func(from int) bool { return fromHere(digits, from, ends) })
	}
	for _, r := range s {
		switch d, ok := digitOf(r); {
		case ok:
			if apart {
				starts = append(starts, len(digits))
			} else {
				ends = ends[:len(ends)-1]
			}
			digits = append(digits, d)
			ends = append(ends, len(digits))
			apart = false
		case unicode.IsSpace(r) || r == '-' || r == '.' || r == '_' || r == '–' || r == '\u200b':
			apart = true
		default:
			if check() {
				return true
			}
			digits, starts, ends, apart = nil, nil, nil, true
		}
	}
	return check()
}

// fromHere tries what begins at a group and ends with one.
func fromHere(digits []byte, from int, ends []int) bool {
	const least, most = 13, 19
	for _, end := range ends {
		if n := end - from; n >= least && n <= most && digits[from] >= 2 && digits[from] <= 6 && luhn(digits[from:end]) {
			return true
		}
	}
	return false
}

// luhn is the check of ISO/IEC 7812-1.
func luhn(digits []byte) bool {
	sum := 0
	for i, d := range digits {
		n := int(d)
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// digitOf is the value of a decimal digit of any script: they stand in rows of
// ten, from nought on.
func digitOf(r rune) (byte, bool) {
	if r >= '0' && r <= '9' {
		return byte(r - '0'), true
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	from := r
	for unicode.Is(unicode.Nd, from-1) {
		from--
	}
	return byte((r - from) % 10), true
}
