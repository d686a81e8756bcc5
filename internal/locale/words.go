package locale

import "strings"

// noun is a word for things that are counted. In English few is not used; in
// Russian one is for 1, 21, 31 …, few for 2 to 4, 22 …, many for all else.
type noun struct {
	one, few, many string
	female         bool // одна, две
}

// tender is how a currency and its hundredth part (or what it has) are called.
type tender struct{ whole, part noun }

// AmountInWords spells an amount in minor units out, as papers have it, from
// a capital letter on: "Two hundred one pounds and five pence", «Двести один
// рубль две копейки». Of a currency whose words it does not know the code
// stands for them, and the minor units are a fraction: "Two hundred one XTS and
// 05/100".
func AmountInWords(lang string, minor int64, code string) string {
	russian := Match(lang) == Russian
	digits := currencyDigits(code)
	unit := uint64(1)
	for range digits {
		unit *= 10
	}
	size, sign := uint64(minor), ""
	if minor < 0 {
		size, sign = -size, "minus "
		if russian {
			sign = "минус "
		}
	}
	whole, part := size/unit, size%unit
	spell, tenders, and := english, englishTenders, " and "
	if russian {
		spell, tenders, and = inRussian, russianTenders, " "
	}
	t, known := tenders[code]
	var text string
	switch {
	case !known && digits == 0:
		text = spell(whole, false) + " " + code
	case !known:
		text = spell(whole, false) + " " + code + and + fraction(part, unit, digits)
	case digits == 0:
		text = counted(spell, russian, whole, t.whole)
	default:
		text = counted(spell, russian, whole, t.whole) + and + counted(spell, russian, part, t.part)
	}
	return capital(sign + text)
}

// counted is a number with its noun in the form that it asks for.
func counted(spell func(uint64, bool) string, russian bool, n uint64, of noun) string {
	return spell(n, of.female) + " " + of.form(n, russian)
}

func (w noun) form(n uint64, russian bool) string {
	if !russian {
		if n == 1 {
			return w.one
		}
		return w.many
	}
	switch ten, one := n/10%10, n%10; {
	case ten == 1:
		return w.many
	case one == 1:
		return w.one
	case one >= 2 && one <= 4:
		return w.few
	}
	return w.many
}

func fraction(part, unit uint64, digits int) string {
	text := decimal(part)
	return strings.Repeat("0", max(0, digits-len(text))) + text + "/" + decimal(unit)
}

func capital(text string) string {
	first, rest := "", text
	for i := range text {
		if i > 0 {
			first, rest = text[:i], text[i:]
			break
		}
	}
	return strings.ToUpper(first) + rest
}
