package profile

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"kabinet/internal/fault"
	"kabinet/internal/locale"
)

//go:embed addresses.json
var addressData []byte

// country is how addresses are written in a country.
type country struct {
	// Fmt has a line for each line of an address, %n between them, and a letter
	// for each field, see fieldOf.
	Fmt     string            `json:"fmt"`
	Require string            `json:"require"` // letters
	Types   map[string]string `json:"types"`   // what a field is called there, by letter
	Zip     string            `json:"zip"`     // the pattern of a postal code
	ZipEx   string            `json:"zipex"`
	Codes   bool              `json:"codes"`   // regions are written by their code
	Regions [][]string        `json:"regions"` // code of ISO 3166-2, name there, English name where it differs

	zip *regexp.Regexp
}

// plainFmt is how addresses are written where nothing else is known.
const plainFmt = "%N%n%O%n%A%n%C"

// countries are all of ISO 3166-1.
var countries = sync.OnceValue(func() map[string]*country {
	var all map[string]*country
	if err := json.Unmarshal(addressData, &all); err != nil {
		panic(err) // it is embedded
	}
	for _, c := range all {
		if c.Fmt == "" {
			c.Fmt = plainFmt
		}
		if c.Zip != "" {
			c.zip = regexp.MustCompile(`(?i)^(?:` + c.Zip + `)$`)
		}
	}
	return all
})

// formFields are the fields that formats know, by their letter.
var formFields = map[byte]struct {
	name, autocomplete string
	limit              int
}{
	'N': {"name", "name", 200},
	'O': {"organization", "organization", 200},
	'A': {"lines", "address-line1", 200},
	'D': {"district", "address-level3", 100},
	'C': {"city", "address-level2", 100},
	'S': {"region", "address-level1", 100},
	'Z': {"postalCode", "postal-code", 20},
	'X': {"sortingCode", "", 20},
}

// AddressCountries are the countries whose forms are known, by code.
func (p *Profiles) AddressCountries() []string {
	codes := make([]string, 0, len(countries()))
	for code := range countries() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// AddressForm is how an address is written in a country, with labels in a
// language. Faults: INVALID_VALUE for what is no country.
func (p *Profiles) AddressForm(lang, code string) (*AddressForm, error) {
	code, ok := countryCode(code)
	if !ok {
		return nil, fault.ErrInvalidValue.At("country")
	}
	c := countries()[code]
	f := &AddressForm{Country: code}
	sameLine := false
	for i := 0; i+1 < len(c.Fmt); i++ {
		if c.Fmt[i] != '%' {
			continue
		}
		i++
		letter := c.Fmt[i]
		d, known := formFields[letter]
		switch {
		case letter == 'n':
			sameLine = false
		case !known || slices.ContainsFunc(f.Fields, func(x *AddressField) bool { return x.Name == d.name }):
		default:
			f.Fields = append(f.Fields, &AddressField{
				Name: d.name, Label: c.label(lang, letter), Required: strings.IndexByte(c.Require, letter) >= 0, MaxLength: d.limit,
				Examples: []string{}, Options: []*AddressOption{}, Autocomplete: d.autocomplete, SameLine: sameLine,
			})
			c.describe(lang, letter, f.Fields[len(f.Fields)-1])
			sameLine = true
		}
	}
	return f, nil
}

func (c *country) describe(lang string, letter byte, f *AddressField) {
	switch letter {
	case 'Z':
		if c.Zip != "" {
			f.Pattern = &c.Zip
		}
		if c.ZipEx != "" {
			f.Examples = append(f.Examples, c.ZipEx)
		}
	case 'S':
		for _, r := range c.Regions {
			o := &AddressOption{Value: c.written(r), Label: r[1]}
			if len(r) > 2 && lang != locale.Russian {
				o.Label = r[2] + " (" + r[1] + ")"
			}
			f.Options = append(f.Options, o)
		}
	}
}

// label is what a field is called in a country.
func (c *country) label(lang string, letter byte) string {
	id := "profile.address." + formFields[letter].name
	if kind := c.Types[string(letter)]; kind != "" {
		id += "." + kind
	}
	return locale.Text(lang, id, nil)
}

// written is how a region stands in an address.
func (c *country) written(region []string) string {
	if c.Codes {
		return region[0]
	}
	return region[1]
}

// region finds a region by what is written, its name in either language or its
// code, in this order, whatever the case.
func (c *country) region(s string) (string, bool) {
	s = fold(s)
	for _, like := range []func(r []string) bool{
		func(r []string) bool { return fold(c.written(r)) == s },
		func(r []string) bool {
			return slices.ContainsFunc(r[1:], func(n string) bool { return fold(n) == s })
		},
		func(r []string) bool { return fold(r[0]) == s },
		func(r []string) bool { return len(r) > 2 && fold(r[2]+" ("+r[1]+")") == s },
	} {
		if i := slices.IndexFunc(c.Regions, like); i >= 0 {
			return c.written(c.Regions[i]), true
		}
	}
	return "", false
}

// fold makes small letters; those of Turkey have no pair elsewhere.
func fold(s string) string {
	return strings.ToLower(strings.NewReplacer("İ", "i", "ı", "i").Replace(s))
}

// postalCode gives a code as the country writes it: in capitals, with the
// blank or hyphen of its example where that is missing.
func (c *country) postalCode(s string) (string, bool) {
	s = strings.Join(strings.Fields(strings.ToUpper(s)), " ")
	if c.zip == nil {
		return s, true
	}
	bare := strings.NewReplacer(" ", "", "-", "").Replace(s)
	// Where the example is parted, parts are counted from the end: of the
	// British the first one differs in length.
	if i := strings.LastIndexAny(c.ZipEx, " -"); i >= 0 {
		tail := len(c.ZipEx) - i - 1
		if len(bare) > tail {
			if parted := bare[:len(bare)-tail] + c.ZipEx[i:i+1] + bare[len(bare)-tail:]; c.zip.MatchString(parted) {
				return parted, true
			}
		}
	}
	if c.zip.MatchString(s) {
		return s, true
	}
	return bare, c.zip.MatchString(bare)
}

// countryCode takes a code of ISO 3166-1 in any case.
func countryCode(s string) (string, bool) {
	code := strings.ToUpper(strings.TrimSpace(s))
	_, known := countries()[code]
	return code, known
}
