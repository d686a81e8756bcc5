package scalar_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/scalar"
)

func TestMoneyIsExact(t *testing.T) { // security K7
	for _, c := range []struct {
		amount, currency string
		minor            int64
		ok               bool
	}{
		{"19.90", "GBP", 1990, true}, {"19.9", "GBP", 1990, true}, {"0.05", "EUR", 5, true}, {"-3", "GBP", -300, true},
		{"-0.05", "GBP", -5, true}, {"19.900", "GBP", 1990, true}, {"100", "JPY", 100, true}, {"1.234", "BHD", 1234, true},
		{"1.005", "GBP", 0, false}, {"1.5", "JPY", 0, false}, {"1", "XXY", 0, false}, {"NaN", "GBP", 0, false},
		{"Infinity", "GBP", 0, false}, {"1e3", "GBP", 0, false}, {"1,00", "GBP", 0, false}, {"١٢", "GBP", 0, false},
		{"", "GBP", 0, false}, {".5", "GBP", 0, false}, {"99999999999999999999", "GBP", 0, false}, {"999999999999999", "GBP", 0, false},
	} {
		m, err := scalar.ParseMoney(c.amount, c.currency)
		if (err == nil) != c.ok || c.ok && m.Minor != c.minor {
			t.Errorf("%s %s: %+v %v", c.amount, c.currency, m, err)
		}
		if c.ok {
			if again, err := scalar.ParseMoney(m.Amount(), c.currency); err != nil || again != m {
				t.Errorf("%s does not round-trip: %s, %v", c.amount, m.Amount(), err)
			}
		}
	}
}

func FuzzMoney(f *testing.F) {
	f.Add(int64(0))
	f.Add(int64(-1))
	f.Add(int64(scalar.MaxPoints))
	f.Fuzz(func(t *testing.T, minor int64) {
		if minor > scalar.MaxPoints || minor < -scalar.MaxPoints {
			return
		}
		for _, code := range []string{"GBP", "JPY", "BHD"} {
			m := scalar.Money{Minor: minor, Currency: code}
			if again, err := scalar.ParseMoney(m.Amount(), code); err != nil || again != m {
				t.Fatalf("%d %s as %s: %+v %v", minor, code, m.Amount(), again, err)
			}
		}
	})
}

func TestCheckedArithmetic(t *testing.T) {
	if _, ok := scalar.AddMinor(1<<62, 1<<62); ok {
		t.Error("the sum overflowed without a word")
	}
	if _, ok := scalar.MulMinor(1<<40, 1<<40); ok {
		t.Error("the product overflowed without a word")
	}
	if n, ok := scalar.MulMinor(-7, 6); !ok || n != -42 {
		t.Error(n, ok)
	}
	if n, ok := scalar.AddMinor(-7, 6); !ok || n != -1 {
		t.Error(n, ok)
	}
}

func TestIDs(t *testing.T) { // security F1
	id := scalar.ID{Prefix: "order", UUID: uuid.Must(uuid.NewV7())}
	again, err := scalar.ParseID(id.String())
	if err != nil || again != id {
		t.Fatal(again, err)
	}
	if _, err := again.As("usr", "tkt"); err == nil {
		t.Error("an order's id was taken for a person's")
	}
	for _, bad := range []string{"", "0", "-1", "order", "order_", "order_1", "_01h455vb4pex5vsknk084sn02q", "order_81h455vb4pex5vsknk084sn02q",
		"ORDER_01h455vb4pex5vsknk084sn02q", id.String() + "x", id.UUID.String(), strings.Repeat("a", 4096)} {
		if got, err := scalar.ParseID(bad); err == nil {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
	if _, err := scalar.UnmarshalID(7); err == nil {
		t.Error("a number was read as an id")
	}
}

func TestCursorsAreOfOneListAndSort(t *testing.T) { // security S8
	at := time.Date(2026, 11, 21, 12, 0, 0, 1000, time.UTC)
	for _, value := range []any{nil, "x", "", int64(5), int64(0), at} {
		c := scalar.Cursor{ID: uuid.Must(uuid.NewV7()), Value: value}
		s := scalar.EncodeCursor("User.orders", "NEWEST", c)
		list, sort, got, err := scalar.DecodeCursor(s)
		if err != nil || list != "User.orders" || sort != "NEWEST" || got.ID != c.ID {
			t.Fatal(list, sort, got, err)
		}
		if value != nil && got.Value == nil {
			t.Errorf("the value %#v is lost", value)
		}
		if moment, ok := got.Value.(time.Time); ok && (!moment.Equal(at) || moment.Location() != time.UTC) {
			t.Errorf("the moment became %v", moment)
		}
		if err := scalar.CheckCursor("User.orders", s); err != nil {
			t.Error(err)
		}
		if err := scalar.CheckCursor("User.tickets", s); err == nil {
			t.Error("a cursor of another list was taken")
		}
	}
}

// A cursor in the right list and sort may still hold what the client put there.
func TestForgedPlacesAreRefused(t *testing.T) { // security S8
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		kind  string
		value any
		good  bool
	}{
		{"uuid", nil, true}, {"uuid", "x", false}, {"uuid", int64(7), false}, {"uuid", at, false},
		{"time", at, true}, {"time", nil, false}, {"time", int64(7), false}, {"time", "x", false}, {"time", true, false},
		{"int", int64(7), true}, {"int", int8(7), true}, {"int", nil, false}, {"int", at, false}, {"int", "x", false},
		{"string", "x", true}, {"string", nil, false}, {"enum", "X", true}, {"enum", int8(1), false}, {"bool", true, true},
	} {
		cursor := &scalar.Cursor{ID: uuid.Must(uuid.NewV7()), Value: c.value}
		if err := scalar.CheckPlaces(c.kind, nil, cursor); (err == nil) != c.good {
			t.Errorf("%#v as a place by %s: %v", c.value, c.kind, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(scalar.EncodeCursor("User.orders", "", scalar.Cursor{ID: uuid.Must(uuid.NewV7()), Value: int64(1)}))
	f.Add("")
	f.Add("gaFpwA")
	f.Fuzz(func(t *testing.T, s string) {
		list, _, c, err := scalar.DecodeCursor(s)
		if err == nil && (c.ID == uuid.Nil || list == "") {
			t.Fatalf("%q is no cursor", s)
		}
	})
}

func TestPointsAreWholeNumbers(t *testing.T) { // security K7
	for _, good := range []any{json.Number("9007199254740991"), json.Number("-1"), int64(0)} {
		if _, err := scalar.UnmarshalPoints(good); err != nil {
			t.Error(good, err)
		}
	}
	for _, bad := range []any{json.Number("9007199254740992"), json.Number("1.5"), json.Number("1e3"), "5", 1.5, nil, json.Number("9223372036854775808")} {
		if n, err := scalar.UnmarshalPoints(bad); err == nil {
			t.Errorf("%v was read as %d", bad, n)
		}
	}
}

func TestJSONIsAnObject(t *testing.T) {
	if got, err := scalar.UnmarshalJSON(map[string]any{"a": 1}); err != nil || got["a"] != 1 {
		t.Error(got, err)
	}
	for _, v := range []any{nil, []any{}, "x", true, 1, json.Number("1")} {
		_, err := scalar.UnmarshalJSON(v)
		var e *gqlerror.Error
		if !errors.As(err, &e) || e.Extensions["code"] != "INVALID_REQUEST" {
			t.Errorf("%#v: %v", v, err)
		}
	}
}

func TestTextScalars(t *testing.T) {
	for name, c := range map[string]struct {
		read      func(any) error
		good, bad []string
	}{
		"DateTime":     {func(v any) error { _, err := scalar.UnmarshalDateTime(v); return err }, []string{"2026-11-21T09:30:00Z", "2026-11-21T09:30:00.123456+03:00"}, []string{"2026-11-21", "now", "2026-13-01T00:00:00Z"}},
		"Date":         {func(v any) error { _, err := scalar.UnmarshalDate(v); return err }, []string{"1990-05-17"}, []string{"17.05.1990", "1990-02-30"}},
		"Decimal":      {func(v any) error { _, err := scalar.UnmarshalDecimal(v); return err }, []string{"19.90", "-1"}, []string{"1e9", "NaN", "1,5", ""}},
		"CurrencyCode": {func(v any) error { _, err := scalar.UnmarshalCurrencyCode(v); return err }, []string{"GBP", "RUB"}, []string{"gbp", "XXY", ""}},
		"URL":          {func(v any) error { _, err := scalar.UnmarshalURL(v); return err }, []string{"https://example.com/a"}, []string{"javascript:alert(1)", "ftp://x", "https://a b", "http://", "https://:80/x", "https://a\x00"}},
		"TimeZone":     {func(v any) error { _, err := scalar.UnmarshalTimeZone(v); return err }, []string{"Europe/Berlin", "UTC"}, []string{"Local", "", "Mars/Base", "../etc/passwd"}},
		"Locale":       {func(v any) error { _, err := scalar.UnmarshalLocale(v); return err }, []string{"en", "ru-RU"}, []string{"", "e", "en_US", "x y"}},
		"EmailAddress": {func(v any) error { _, err := scalar.UnmarshalEmailAddress(v); return err }, []string{"a@example.com"}, []string{"a@example.com\r\nBcc: b@example.com", strings.Repeat("a", 300)}},
		"StreamCursor": {func(v any) error { _, err := scalar.UnmarshalStreamCursor(v); return err }, []string{"AQ"}, []string{strings.Repeat("a", 5000)}},
	} {
		for _, v := range c.good {
			if err := c.read(v); err != nil {
				t.Errorf("%s %q: %v", name, v, err)
			}
		}
		for _, v := range c.bad {
			if err := c.read(v); err == nil {
				t.Errorf("%s took %q", name, v)
			}
		}
		if err := c.read(5); err == nil {
			t.Errorf("%s took a number", name)
		}
	}
}
