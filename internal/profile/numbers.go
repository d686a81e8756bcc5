package profile

import (
	"regexp"
	"strings"
)

// The numbers of businesses and banks. Each check takes a number without
// blanks and says whether its shape is right, and whether its check digits are.

// verdict is what a check says.
type verdict uint8

const (
	fits       verdict = iota
	misshapen          // it is not such a number at all
	misfigured         // its check digits do not fit
)

func of(ok bool) verdict {
	if ok {
		return fits
	}
	return misfigured
}

var (
	digits10 = regexp.MustCompile(`^\d{10}$`)
	digits12 = regexp.MustCompile(`^\d{12}$`)
	digits13 = regexp.MustCompile(`^[15]\d{12}$`)
	digits15 = regexp.MustCompile(`^3\d{14}$`)
	digits20 = regexp.MustCompile(`^\d{20}$`)
	kppShape = regexp.MustCompile(`^\d{4}[0-9A-Z]{2}\d{3}$`)
	bikShape = regexp.MustCompile(`^0[14]\d{7}$`)
	bicShape = regexp.MustCompile(`^[A-Z]{4}([A-Z]{2})[A-Z0-9]{2}(?:[A-Z0-9]{3})?$`)
	ibShape  = regexp.MustCompile(`^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$`)
)

// weighted is the sum of digits, each times its weight.
func weighted(digits string, weights ...int) (sum int) {
	for i, w := range weights {
		sum += int(digits[i]-'0') * w
	}
	return sum
}

// remainder is a number of any length modulo m.
func remainder(digits string, m int) (r int) {
	for i := range len(digits) {
		r = (r*10 + int(digits[i]-'0')) % m
	}
	return r
}

func last(digits string) int { return int(digits[len(digits)-1] - '0') }

// checkINN checks the tax number: 10 digits of a legal entity, 12 of a person.
func checkINN(s string, person bool) verdict {
	if shape := map[bool]*regexp.Regexp{true: digits12, false: digits10}[person]; !shape.MatchString(s) || strings.HasPrefix(s, "00") {
		return misshapen
	}
	if !person {
		return of(weighted(s, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == last(s))
	}
	return of(weighted(s, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == int(s[10]-'0') && weighted(s, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == last(s))
}

// checkOGRN checks the number in the register of legal entities.
func checkOGRN(s string) verdict {
	if !digits13.MatchString(s) {
		return misshapen
	}
	return of(remainder(s[:12], 11)%10 == last(s))
}

// checkOGRNIP checks the number in the register of sole traders.
func checkOGRNIP(s string) verdict {
	if !digits15.MatchString(s) {
		return misshapen
	}
	return of(remainder(s[:14], 13)%10 == last(s))
}

// checkKPP checks the code of the reason for registration, which has no check digit.
func checkKPP(s string) verdict {
	if !kppShape.MatchString(s) || strings.HasPrefix(s, "00") {
		return misshapen
	}
	return fits
}

// russianBank says whether a BIC is the Russian code of 9 digits.
func russianBank(bic string) bool { return bikShape.MatchString(bic) }

// checkBIC checks the code of a bank: the Russian one, or that of ISO 9362.
func checkBIC(s string) verdict {
	if russianBank(s) {
		return fits
	}
	m := bicShape.FindStringSubmatch(s)
	if m == nil || countries()[m[1]] == nil && m[1] != "XK" {
		return misshapen
	}
	return fits
}

// checkAccount checks a Russian account at a Russian bank; correspondent is the
// bank's own account at the central bank.
func checkAccount(account, bic string, correspondent bool) verdict {
	if !digits20.MatchString(account) || correspondent && !strings.HasPrefix(account, "301") {
		return misshapen
	}
	if !russianBank(bic) {
		return misshapen
	}
	if strings.HasPrefix(bic, "01") {
		return fits // accounts at the treasury have no such key
	}
	// The bank by the last three digits of its code; an office of the central
	// bank, which has none of its own, by those of its place.
	bank := bic[6:]
	if correspondent || bank == "000" || bank == "001" || bank == "002" {
		bank = "0" + bic[4:6]
	}
	key := 0
	for i, d := range []byte(bank + account) {
		key += int(d-'0') * [3]int{7, 1, 3}[i%3]
	}
	return of(key%10 == 0)
}

// ibanLengths are those of the countries in the register of ISO 13616.
var ibanLengths = func() map[string]int {
	all := map[string]int{}
	for n, codes := range map[int]string{
		15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
		21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
		24: "AD CZ DZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
		28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
	} {
		for _, code := range strings.Fields(codes) {
			all[code] = n
		}
	}
	return all
}()

// checkIBAN checks an international account number: ISO 7064, modulo 97.
func checkIBAN(s string) verdict {
	if !ibShape.MatchString(s) || ibanLengths[s[:2]] != len(s) {
		return misshapen
	}
	r := 0
	for _, c := range []byte(s[4:] + s[:4]) {
		if c >= 'A' {
			r = (r*100 + int(c-'A') + 10) % 97
		} else {
			r = (r*10 + int(c-'0')) % 97
		}
	}
	return of(r == 1)
}

// bare is a number without what people write between its figures.
func bare(s string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "-", "").Replace(s))
}
