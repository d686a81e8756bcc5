package paper

import (
	"testing"
	"time"

	"kabinet/internal/fault"
)

func TestPeriodOf(t *testing.T) {
	t.Parallel()
	moscow, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC) // the 22nd in Moscow
	day := func(s string) *string { return &s }
	for _, c := range []struct {
		name   string
		from   *string
		to     string
		whole  bool
		code   string
		path   string
		begins string // UTC
		ends   string
	}{
		{"a month", day("2026-10-01"), "2026-10-31", true, "", "", "2026-09-30T21:00:00Z", "2026-10-31T21:00:00Z"},
		{"today, where it is tomorrow already", day("2026-11-22"), "2026-11-22", true, "", "", "2026-11-21T21:00:00Z", "2026-11-22T21:00:00Z"},
		{"the last day of February", day("2024-02-29"), "2024-02-29", true, "", "", "2024-02-28T21:00:00Z", "2024-02-29T21:00:00Z"},
		{"a day alone", nil, "2026-11-01", false, "", "", "0001-01-01T00:00:00Z", "2026-11-01T21:00:00Z"},
		{"no first day", nil, "2026-11-01", true, "REQUIRED", "from", "", ""},
		{"tomorrow", day("2026-11-01"), "2026-11-23", true, "OUT_OF_RANGE", "to", "", ""},
		{"the end of time", nil, "9999-12-31", false, "OUT_OF_RANGE", "to", "", ""},
		{"backwards", day("2026-11-02"), "2026-11-01", true, "INVALID_VALUE", "from", "", ""},
		{"60 months", day("2021-10-31"), "2026-10-31", true, "", "", "2021-10-30T21:00:00Z", "2026-10-31T21:00:00Z"},
		{"a day more", day("2021-10-30"), "2026-10-31", true, "OUT_OF_RANGE", "from", "", ""},
		{"since Christ", day("0001-01-01"), "2026-10-31", true, "OUT_OF_RANGE", "from", "", ""},
		{"no day", day("2026-02-30"), "2026-10-31", true, "INVALID_VALUE", "from", "", ""},
		{"no day either", day("2026-02-28"), "soon", true, "INVALID_VALUE", "to", "", ""},
	} {
		s, err := periodOf(DocumentPeriodInput{c.from, c.to}, now, moscow, c.whole)
		if c.code != "" {
			f, ok := fault.As(err)
			if !ok || f.Code != c.code || f.Path[len(f.Path)-1] != c.path {
				t.Errorf("%s: %v, want %s at %s", c.name, err, c.code, c.path)
			}
			continue
		}
		if err != nil || s.From.Format(time.RFC3339) != c.begins || s.Before.Format(time.RFC3339) != c.ends {
			t.Errorf("%s: %s to %s, %v", c.name, s.From.Format(time.RFC3339), s.Before.Format(time.RFC3339), err)
		}
	}
}

func TestWhole(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 100000: "100,000"} {
		if got := whole("en", n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if got := whole("ru", 1234567); got != "1\u00a0234\u00a0567" {
		t.Errorf("%q", got)
	}
}

// TestFingerprint: whatever a paper says is in it.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	d := draft{Kind: "INVOICE", Sheet: Sheet{Locale: "en", Words: []string{"One pound"}}}
	first, err := d.fingerprint()
	if err != nil || len(first) != 64 {
		t.Fatal(first, err)
	}
	for name, other := range map[string]draft{
		"words": {Kind: "INVOICE", Sheet: Sheet{Locale: "en", Words: []string{"Two pounds"}}}, "kind": {Kind: "ACT", Sheet: d.Sheet},
		"language": {Kind: "INVOICE", Sheet: Sheet{Locale: "ru", Words: []string{"One pound"}}}, "days": {Kind: "INVOICE", Sheet: d.Sheet, Last: new(string)},
	} {
		if again, _ := other.fingerprint(); again == first {
			t.Errorf("%s is not in it", name)
		}
	}
	if again, _ := (&draft{Kind: "INVOICE", Sheet: Sheet{Locale: "en", Words: []string{"One pound"}}}).fingerprint(); again != first {
		t.Error("the same is another one")
	}
}

func TestSellerSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := Seller{}
	for _, missing := range []struct {
		variable string
		say      func()
	}{
		{"KABINET_SELLER_NAME", func() { s.Name = "R" }}, {"KABINET_SELLER_ADDRESS", func() { s.Address = "R" }}, {"KABINET_SELLER_TAX_ID", func() { s.TaxID = "R" }},
		{"KABINET_SELLER_BANK", func() { s.Bank = "R" }}, {"KABINET_SELLER_ACCOUNT", func() { s.Account = "R" }},
	} {
		f, ok := fault.As(s.check("INVOICE"))
		if !ok || f.Code != "SELLER_NOT_CONFIGURED" || f.Params["variable"] != missing.variable || f.Params["example"] == "" {
			t.Errorf("%v, want %s", f, missing.variable)
		}
		missing.say()
	}
	if err := s.check("INVOICE"); err != nil {
		t.Error(err)
	}
	if err := (Seller{Name: "R"}).check("STATEMENT"); err != nil {
		t.Error(err)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	got := place(map[string]any{"lines": []any{"Lenina 1", 7, " "}, "city": "Ufa", "postalCode": "450000", "phone": "+7", "name": "Ann"})
	if got != "450000, Ufa, Lenina 1, Ann" {
		t.Errorf("%q", got)
	}
	if got := place(nil); got != "" {
		t.Errorf("%q", got)
	}
}

// A series is ours by its letters and a year, below the seller's own letters.
func TestOurs(t *testing.T) {
	for prefix, cases := range map[string]map[string]bool{
		"":  {"INV-2026": true, "RCP-1999": true, "CTR-2030": true, "INV": false, "INV-26": false, "inv-2026": false, "W": false, "": false, "2026": false, "K-INV-2026": false, "INV-2026-1": false},
		"K": {"K-INV-2026": true, "INV-2026": false, "K-2026": false},
	} {
		p := &Papers{Seller: Seller{Series: prefix}}
		for name, want := range cases {
			if got := p.Ours(name); got != want {
				t.Errorf("%q below %q: %v", name, prefix, got)
			}
		}
	}
}
