package locale_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"kabinet/internal/locale"
)

func TestAmountInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang  string
		minor int64
		code  string
		want  string
	}{
		{"ru", 0, "RUB", "Ноль рублей ноль копеек"},
		{"ru", 1_00, "RUB", "Один рубль ноль копеек"},
		{"ru", 2_02, "RUB", "Два рубля две копейки"},
		{"ru", 21_01, "RUB", "Двадцать один рубль одна копейка"},
		{"ru", 11_11, "RUB", "Одиннадцать рублей одиннадцать копеек"},
		{"ru", 14_14, "RUB", "Четырнадцать рублей четырнадцать копеек"},
		{"ru", 112_22, "RUB", "Сто двенадцать рублей двадцать две копейки"},
		{"ru", 1000_00, "RUB", "Одна тысяча рублей ноль копеек"},
		{"ru", 2_001_050, "RUB", "Двадцать тысяч десять рублей пятьдесят копеек"},
		{"ru", 1_000_000_00, "RUB", "Один миллион рублей ноль копеек"},
		{"ru", 2_321_005_44, "RUB", "Два миллиона триста двадцать одна тысяча пять рублей сорок четыре копейки"},
		{"ru", 1_000_000_000_000_000_00, "RUB", "Один квадриллион рублей ноль копеек"},
		{"ru", -5_05, "RUB", "Минус пять рублей пять копеек"},
		{"ru", 3_05, "USD", "Три доллара США пять центов"},
		{"ru", 22_00, "EUR", "Двадцать два евро ноль центов"},
		{"ru", 2_02, "UAH", "Две гривны две копейки"},
		{"ru", 2_02, "KZT", "Два тенге два тиына"},
		{"ru", 2_05, "BYN", "Два белорусских рубля пять копеек"},
		{"ru", 4_00, "GBP", "Четыре фунта стерлингов ноль пенсов"},
		{"ru", 5_11, "CNY", "Пять юаней одиннадцать фэней"},
		{"ru", 1_000_002, "JPY", "Один миллион две иены"},
		{"ru", 121_05, "MXN", "Сто двадцать один MXN 05/100"},
		{"ru", 121_005, "KWD", "Сто двадцать один KWD 005/1000"},
		{"ru", 5, "XAF", "Пять XAF"},
		{"en", 0, "GBP", "Zero pounds and zero pence"},
		{"en", 1_01, "GBP", "One pound and one penny"},
		{"en", 201_05, "GBP", "Two hundred one pounds and five pence"},
		{"en", 1_234_56, "USD", "One thousand two hundred thirty-four US dollars and fifty-six cents"},
		{"en", 1_000_000_000_000_000_00, "EUR", "One quadrillion euros and zero cents"},
		{"en", 21, "JPY", "Twenty-one yen"},
		{"en", 121_05, "MXN", "One hundred twenty-one MXN and 05/100"},
		{"en", -19_90, "RUB", "Minus nineteen Russian roubles and ninety kopecks"},
		{"en", math.MinInt64, "JPY", "Minus nine quintillion two hundred twenty-three quadrillion three hundred seventy-two trillion thirty-six billion eight hundred fifty-four million seven hundred seventy-five thousand eight hundred eight yen"},
	} {
		if got := locale.AmountInWords(c.lang, c.minor, c.code); got != c.want {
			t.Errorf("%s %d %s: %q, want %q", c.lang, c.minor, c.code, got, c.want)
		}
	}
}

// worth is what each word of a number stands for, written anew here and in
// other forms than the product's tables: it reads, and does not write.
var worth = func() map[string]uint64 {
	all := map[string]uint64{}
	for text, from := range map[string][]uint64{
		"ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать": {0, 1},
		"двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто":                                                                                             {20, 10},
		"сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот":                                                                                                 {100, 100},
		"zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen":                                        {0, 1},
		"twenty thirty forty fifty sixty seventy eighty ninety": {20, 10},
	} {
		n := from[0]
		for _, word := range strings.Fields(text) {
			all[word] = n
			n += from[1]
		}
	}
	all["одна"], all["две"] = 1, 2
	return all
}()

// scales are known by how they begin.
var scales = map[string]uint64{"тысяч": 1e3, "миллион": 1e6, "миллиард": 1e9, "триллион": 1e12, "квадриллион": 1e15,
	"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "quadrillion": 1e15}

// read is the number at the beginning of a text and what follows it.
func read(words []string) (n uint64, rest []string) {
	var group uint64
	for i, word := range words {
		value, small := worth[word]
		switch {
		case small:
			group += value
			continue
		case word == "hundred":
			group *= 100
			continue
		}
		known := false
		for begins, scale := range scales {
			if ends, ok := strings.CutPrefix(word, begins); ok && len([]rune(ends)) <= 2 {
				n, group, known = n+group*scale, 0, true
				break
			}
		}
		if !known {
			return n + group, words[i:]
		}
	}
	return n + group, nil
}

// TestAmountInWordsIsReadBack spells random amounts and reads them again; of
// Russian the noun must be the one that the last digits ask for.
func TestAmountInWordsIsReadBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 22))
	form := func(n uint64, one, few, many string) string {
		if n%100 >= 11 && n%100 <= 14 {
			return many
		}
		return []string{many, one, few, few, few, many, many, many, many, many}[n%10]
	}
	for range 20_000 {
		minor := random.Int64N(int64(math.Pow10(1 + random.IntN(17))))
		whole, part := uint64(minor/100), uint64(minor%100)
		text := locale.AmountInWords("ru", minor, "RUB")
		n, rest := read(strings.Fields(strings.ToLower(text)))
		if n != whole || len(rest) == 0 || rest[0] != form(whole, "рубль", "рубля", "рублей") {
			t.Fatalf("%d: %q reads %d, then %v", minor, text, n, rest)
		}
		if n, rest = read(rest[1:]); n != part || len(rest) != 1 || rest[0] != form(part, "копейка", "копейки", "копеек") {
			t.Fatalf("%d: %q reads %d in the end, then %v", minor, text, n, rest)
		}
		text = locale.AmountInWords("en", minor, "EUR")
		n, rest = read(strings.Fields(strings.ReplaceAll(strings.ToLower(text), "-", " ")))
		if n != whole || len(rest) < 3 || rest[1] != "and" {
			t.Fatalf("%d: %q reads %d, then %v", minor, text, n, rest)
		}
		if n, rest = read(rest[2:]); n != part || len(rest) != 1 {
			t.Fatalf("%d: %q reads %d in the end, then %v", minor, text, n, rest)
		}
	}
}

// TestAmountInWordsGenders: what is counted says which one and two it is.
func TestAmountInWordsGenders(t *testing.T) {
	t.Parallel()
	for code, she := range map[string]bool{"RUB": false, "USD": false, "UAH": true, "TRY": true, "INR": true, "GBP": false} {
		for n, words := range map[int64][2]string{1: {"Один ", "Одна "}, 2: {"Два ", "Две "}, 42: {"Сорок два ", "Сорок две "}, 1001: {"Одна тысяча один ", "Одна тысяча одна "}} {
			want := words[0]
			if she {
				want = words[1]
			}
			if got := locale.AmountInWords("ru", n*100, code); !strings.HasPrefix(got, want) {
				t.Errorf("%d %s: %q does not begin with %q", n, code, got, want)
			}
		}
	}
}
