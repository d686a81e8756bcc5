package profile

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"kabinet/internal/locale"
)

// What is embedded must hold together: every country can be asked for, in
// every language, and its own examples pass its own rules.
func TestEveryCountryHasAForm(t *testing.T) {
	p := &Profiles{}
	codes := p.AddressCountries()
	if len(codes) != 249 || !slices.IsSorted(codes) {
		t.Fatalf("%d countries", len(codes))
	}
	withCode, withRegions := 0, 0
	for _, code := range codes {
		c := countries()[code]
		for _, lang := range locale.Supported() {
			f, err := p.AddressForm(lang, strings.ToLower(code))
			if err != nil || f.Country != code {
				t.Fatalf("%s: %v", code, err)
			}
			names := map[string]bool{}
			for _, x := range f.Fields {
				if x.Label == "" || strings.HasPrefix(x.Label, "profile.") || names[x.Name] {
					t.Errorf("%s %s: %s is called %q", code, lang, x.Name, x.Label)
				}
				names[x.Name] = true
				if x.Pattern == nil {
					continue
				}
				re, err := regexp.Compile(`(?i)^(?:` + *x.Pattern + `)$`)
				if err != nil || len(x.Examples) == 0 || !re.MatchString(x.Examples[0]) {
					t.Errorf("%s: pattern %s, examples %v: %v", code, *x.Pattern, x.Examples, err)
				}
			}
			for _, must := range []byte(c.Require) {
				if !names[formFields[must].name] {
					t.Errorf("%s asks for %c, which is not in its form", code, must)
				}
			}
		}
		if c.ZipEx != "" {
			withCode++
			if got, ok := c.postalCode(" " + strings.ToLower(bare(c.ZipEx)) + " "); !ok || got != c.ZipEx {
				t.Errorf("%s: %s becomes %s", code, c.ZipEx, got)
			}
		}
		if len(c.Regions) > 0 {
			withRegions++
		}
		seen := map[string]bool{}
		for _, r := range c.Regions {
			w := c.written(r)
			if got, ok := c.region(strings.ToUpper(w)); !ok || got != w || seen[w] {
				t.Errorf("%s: region %s is found as %s", code, w, got)
			}
			seen[w] = true
		}
	}
	if withCode < 150 || withRegions < 25 {
		t.Errorf("%d countries with postal codes, %d with regions", withCode, withRegions)
	}
	if _, err := p.AddressForm("en", "ZZ"); told(err) != "INVALID_VALUE country" {
		t.Errorf("ZZ: %v", err)
	}
}

func TestPlacesByTheirCountry(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     place
		faults string
		want   string // the lines
	}{
		{"of Russia", place{Country: "RU", Name: "Анна Каренина", Lines: []string{"ул. Тверская, д. 1"}, City: "Москва", PostalCode: "125009"}, "",
			"Анна Каренина|ул. Тверская, д. 1|Москва|Москва|125009"},
		{"of Russia, region by its English name", place{Country: "RU", Lines: []string{"ул. Ленина, 5"}, City: "Тула", Region: "tula", PostalCode: "300041"}, "",
			"ул. Ленина, 5|Тула|Тульская область|300041"},
		{"of the United States", place{Country: "US", Lines: []string{"1 Main St", "Apt 2"}, City: "Springfield", Region: "illinois", PostalCode: "62701"}, "",
			"1 Main St|Apt 2|Springfield, IL 62701"},
		{"of Canada, code written together", place{Country: "CA", Lines: []string{"1 Main St"}, City: "Ottawa", Region: "on", PostalCode: "k1a0b1"}, "",
			"1 Main St|Ottawa ON K1A 0B1"},
		{"of Great Britain", place{Country: "GB", Lines: []string{"10 Downing Street"}, City: "London", PostalCode: "sw1a2aa"}, "",
			"10 Downing Street|London|SW1A 2AA"},
		{"of Japan", place{Country: "JP", Name: "山田 太郎", Lines: []string{"千代田1-1"}, Region: "Tokyo", PostalCode: "1000001"}, "",
			"〒100-0001|東京都|千代田1-1|山田 太郎"},
		{"of Germany", place{Country: "DE", Lines: []string{"Unter den Linden 1"}, City: "Berlin", PostalCode: "10117"}, "",
			"Unter den Linden 1|10117 Berlin"},
		{"of Hong Kong, which has no codes", place{Country: "HK", Lines: []string{"1 Queen's Road"}, Region: "Hong Kong Island"}, "", ""},
		{"everything at once", place{Country: "US", PostalCode: "ABC", Region: "Bavaria"},
			"REQUIRED input.lines, REQUIRED input.city, INVALID_VALUE input.region, INVALID_POSTAL_CODE input.postalCode", ""},
		{"too little for Germany", place{Country: "DE", Lines: []string{"Unter den Linden 1"}}, "REQUIRED input.city, REQUIRED input.postalCode", ""},
		{"a code of another country", place{Country: "DE", Lines: []string{"x"}, City: "Berlin", PostalCode: "SW1A 2AA"}, "INVALID_POSTAL_CODE input.postalCode", ""},
		{"no country", place{Lines: []string{"Somewhere 1"}, City: "Atlantis", PostalCode: "?"}, "", "Somewhere 1|? Atlantis"},
		{"nothing", place{}, "REQUIRED input.lines", ""},
	} {
		if got := told(c.in.check()); got != c.faults {
			t.Errorf("%s: %s, want %s", c.name, got, c.faults)
			continue
		}
		if got := strings.Join(c.in.formatted(), "|"); c.want != "" && got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What is not there leaves no comma behind.
func TestFormattedWithoutSome(t *testing.T) {
	p := place{Country: "US", Lines: []string{"1 Main St"}, City: "Springfield", PostalCode: "62701"}
	if got := strings.Join(p.formatted(), "|"); got != "1 Main St|Springfield 62701" {
		t.Error(got)
	}
	p = place{Country: "FI", City: "Helsinki"}
	if got := strings.Join(p.formatted(), "|"); got != "Helsinki" {
		t.Error(got)
	}
}
