package locale

import "github.com/bojanz/currency"

// currencyDigits is how many digits a currency's minor units have; 2 for one
// that nobody knows.
func currencyDigits(code string) int {
	if d, ok := currency.GetDigits(code); ok {
		return int(d)
	}
	return 2
}

// plain is a noun of English.
func plain(one, many string) noun { return noun{one: one, many: many} }

// he and she are nouns of Russian; stiff is one that is never declined.
func he(one, few, many string) noun  { return noun{one, few, many, false} }
func she(one, few, many string) noun { return noun{one, few, many, true} }
func stiff(word string) noun         { return noun{word, word, word, false} }

var (
	cent           = plain("cent", "cents")
	kopeck         = plain("kopeck", "kopecks")
	tsent          = he("цент", "цента", "центов")
	kopeyka        = she("копейка", "копейки", "копеек")
	englishTenders = map[string]tender{
		"RUB": {plain("Russian rouble", "Russian roubles"), kopeck},
		"USD": {plain("US dollar", "US dollars"), cent},
		"EUR": {plain("euro", "euros"), cent},
		"GBP": {plain("pound", "pounds"), plain("penny", "pence")},
		"KZT": {plain("tenge", "tenge"), plain("tiyn", "tiyn")},
		"BYN": {plain("Belarusian rouble", "Belarusian roubles"), kopeck},
		"CNY": {plain("yuan", "yuan"), plain("fen", "fen")},
		"UAH": {plain("hryvnia", "hryvnias"), kopeck},
		"AMD": {plain("dram", "drams"), plain("luma", "lumas")},
		"KGS": {plain("som", "som"), plain("tyiyn", "tyiyn")},
		"UZS": {plain("sum", "sum"), plain("tiyin", "tiyin")},
		"AZN": {plain("manat", "manats"), plain("qepik", "qepiks")},
		"GEL": {plain("lari", "lari"), plain("tetri", "tetri")},
		"TRY": {plain("Turkish lira", "Turkish liras"), plain("kurus", "kurus")},
		"JPY": {whole: plain("yen", "yen")},
		"CHF": {plain("Swiss franc", "Swiss francs"), plain("centime", "centimes")},
		"PLN": {plain("zloty", "zlotys"), plain("grosz", "groszy")},
		"INR": {plain("Indian rupee", "Indian rupees"), plain("paisa", "paise")},
		"AED": {plain("UAE dirham", "UAE dirhams"), plain("fils", "fils")},
	}
	russianTenders = map[string]tender{
		"RUB": {he("рубль", "рубля", "рублей"), kopeyka},
		"USD": {he("доллар США", "доллара США", "долларов США"), tsent},
		"EUR": {stiff("евро"), tsent},
		"GBP": {he("фунт стерлингов", "фунта стерлингов", "фунтов стерлингов"), he("пенс", "пенса", "пенсов")},
		"KZT": {stiff("тенге"), he("тиын", "тиына", "тиынов")},
		"BYN": {he("белорусский рубль", "белорусских рубля", "белорусских рублей"), kopeyka},
		"CNY": {he("юань", "юаня", "юаней"), he("фэнь", "фэня", "фэней")},
		"UAH": {she("гривна", "гривны", "гривен"), kopeyka},
		"AMD": {he("драм", "драма", "драмов"), she("лума", "лумы", "лум")},
		"KGS": {he("сом", "сома", "сомов"), he("тыйын", "тыйына", "тыйынов")},
		"UZS": {he("сум", "сума", "сумов"), he("тийин", "тийина", "тийинов")},
		"AZN": {he("манат", "маната", "манатов"), he("гяпик", "гяпика", "гяпиков")},
		"GEL": {stiff("лари"), stiff("тетри")},
		"TRY": {she("турецкая лира", "турецкие лиры", "турецких лир"), he("куруш", "куруша", "курушей")},
		"JPY": {whole: she("иена", "иены", "иен")},
		"CHF": {he("швейцарский франк", "швейцарских франка", "швейцарских франков"), he("сантим", "сантима", "сантимов")},
		"PLN": {he("злотый", "злотых", "злотых"), he("грош", "гроша", "грошей")},
		"INR": {she("индийская рупия", "индийские рупии", "индийских рупий"), she("пайса", "пайсы", "пайс")},
		"AED": {he("дирхам ОАЭ", "дирхама ОАЭ", "дирхамов ОАЭ"), he("филс", "филса", "филсов")},
	}
)
