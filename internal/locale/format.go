package locale

import (
	"fmt"
	"strconv"
	"sync"
	"time"
	_ "time/tzdata" // people's time zones, also where the machine knows none

	"github.com/bojanz/currency"
)

var formatters = sync.OnceValue(func() map[string]*currency.Formatter {
	all := map[string]*currency.Formatter{}
	for _, lang := range Supported() {
		all[lang] = currency.NewFormatter(currency.NewLocale(lang))
	}
	return all
})

// Money shows an amount in the currency's minor units (cents), such as
// "$1,234.50" or "1 234,50 ₽" (with no-break spaces). A currency that is not
// in ISO 4217 is shown as minor units and its code.
func Money(lang string, minor int64, code string) string {
	amount, err := currency.NewAmountFromInt64(minor, code)
	if err != nil {
		return strconv.FormatInt(minor, 10) + "\u00a0" + code
	}
	return formatters()[Match(lang)].Format(amount)
}

var russianMonths = [...]string{
	"января", "февраля", "марта", "апреля", "мая", "июня",
	"июля", "августа", "сентября", "октября", "ноября", "декабря",
}

// Date shows the day that t falls on in the time zone tz (IANA), such as
// "2 January 2026" or "2 января 2026 г."; an unknown zone is UTC.
func Date(lang string, t time.Time, tz string) string {
	return date(Match(lang), t.In(zone(tz)))
}

var russianMonthsAlone = [...]string{
	"январь", "февраль", "март", "апрель", "май", "июнь",
	"июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
}

// Month shows the month of t, as it stands in its zone, such as "January 2026"
// or "январь 2026 г.".
func Month(lang string, t time.Time) string {
	if Match(lang) == Russian {
		return fmt.Sprintf("%s %d\u00a0г.", russianMonthsAlone[t.Month()-1], t.Year())
	}
	return t.Format("January 2006")
}

// DateTime is Date with the minute, and the zone's name or offset.
func DateTime(lang string, t time.Time, tz string) string {
	t = t.In(zone(tz))
	return date(Match(lang), t) + ", " + t.Format("15:04 MST")
}

func date(lang string, t time.Time) string {
	if lang == Russian {
		return fmt.Sprintf("%d\u00a0%s %d\u00a0г.", t.Day(), russianMonths[t.Month()-1], t.Year())
	}
	return t.Format("2 January 2006")
}

var zones sync.Map // name to *time.Location; holds existing zones only

func zone(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	// "Local" would be the machine's zone, which is nobody's.
	z, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return time.UTC
	}
	zones.Store(name, z)
	return z
}
