package locale

import (
	"strconv"
	"strings"
)

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// thousands cuts a number into groups of three digits, the lowest first.
func thousands(n uint64) (groups []uint64) {
	for ; n > 0; n /= 1000 {
		groups = append(groups, n%1000)
	}
	return groups
}

var (
	englishOnes = [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
		"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}
	englishTens   = [...]string{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
	englishScales = [...]string{"", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"}
)

// english spells a number; English knows no gender.
func english(n uint64, _ bool) string {
	if n == 0 {
		return englishOnes[0]
	}
	groups := thousands(n)
	var words []string
	for i := len(groups) - 1; i >= 0; i-- {
		g := groups[i]
		if g == 0 {
			continue
		}
		if g >= 100 {
			words = append(words, englishOnes[g/100], "hundred")
		}
		switch rest := g % 100; {
		case rest == 0:
		case rest < 20:
			words = append(words, englishOnes[rest])
		case rest%10 == 0:
			words = append(words, englishTens[rest/10])
		default:
			words = append(words, englishTens[rest/10]+"-"+englishOnes[rest%10])
		}
		if i > 0 {
			words = append(words, englishScales[i])
		}
	}
	return strings.Join(words, " ")
}

var (
	russianOnes = [...]string{"ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "одиннадцать", "двенадцать",
		"тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать", "девятнадцать"}
	russianTens     = [...]string{"", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"}
	russianHundreds = [...]string{"", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"}
	russianScales   = [...]noun{{}, {"тысяча", "тысячи", "тысяч", true}, {"миллион", "миллиона", "миллионов", false}, {"миллиард", "миллиарда", "миллиардов", false},
		{"триллион", "триллиона", "триллионов", false}, {"квадриллион", "квадриллиона", "квадриллионов", false}, {"квинтиллион", "квинтиллиона", "квинтиллионов", false}}
)

// inRussian spells a number of things of a gender.
func inRussian(n uint64, female bool) string {
	if n == 0 {
		return russianOnes[0]
	}
	groups := thousands(n)
	var words []string
	for i := len(groups) - 1; i >= 0; i-- {
		g := groups[i]
		if g == 0 {
			continue
		}
		if g >= 100 {
			words = append(words, russianHundreds[g/100])
		}
		words = append(words, russianRest(g%100, i == 0 && female || russianScales[i].female)...)
		if i > 0 {
			words = append(words, russianScales[i].form(g, true))
		}
	}
	return strings.Join(words, " ")
}

func russianRest(n uint64, female bool) (words []string) {
	if n >= 20 {
		words, n = append(words, russianTens[n/10]), n%10
	}
	switch {
	case n == 0:
		return words
	case female && n == 1:
		return append(words, "одна")
	case female && n == 2:
		return append(words, "две")
	}
	return append(words, russianOnes[n])
}
