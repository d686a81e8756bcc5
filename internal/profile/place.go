package profile

import (
	"errors"
	"strings"

	"kabinet/internal/fault"
)

// place is what of an address the rules of a country look at.
type place struct {
	Country, Name, Organization                 string
	Lines                                       []string
	District, City, Region, PostalCode, Sorting string
}

// ErrInvalidPostalCode says that no postal code of the country looks like it.
var ErrInvalidPostalCode = fault.New(fault.Invalid, "INVALID_POSTAL_CODE")

func (p *place) of(letter byte) string {
	switch letter {
	case 'N':
		return p.Name
	case 'O':
		return p.Organization
	case 'A':
		return strings.Join(p.Lines, "\n")
	case 'D':
		return p.District
	case 'C':
		return p.City
	case 'S':
		return p.Region
	case 'Z':
		return p.PostalCode
	case 'X':
		return p.Sorting
	}
	return ""
}

// check brings a place into the form its country writes and says of every
// field that does not fit why, all at once. Without a country only the lines
// are asked for.
//
// Faults: REQUIRED, INVALID_VALUE, INVALID_POSTAL_CODE, joined.
func (p *place) check() error {
	c := countries()[p.Country]
	if c == nil {
		if len(p.Lines) == 0 {
			return fault.ErrRequired.At("input", "lines")
		}
		return nil
	}
	var faults []error
	if p.Region == "" && strings.Contains(c.Require, "S") {
		// Some cities are their own region.
		p.Region, _ = c.region(p.City)
	}
	for i := range len(c.Require) {
		if p.of(c.Require[i]) == "" {
			faults = append(faults, fault.ErrRequired.At("input", formFields[c.Require[i]].name))
		}
	}
	if p.Region != "" && len(c.Regions) > 0 {
		region, ok := c.region(p.Region)
		if !ok {
			faults = append(faults, fault.ErrInvalidValue.At("input", "region"))
		}
		p.Region = region
	}
	if p.PostalCode != "" {
		code, ok := c.postalCode(p.PostalCode)
		if !ok {
			faults = append(faults, ErrInvalidPostalCode.At("input", "postalCode").With("example", c.ZipEx))
		}
		p.PostalCode = code
	}
	return errors.Join(faults...)
}

// formatted are the lines of a place as its country writes them; what stands
// beside a field that is empty goes with it.
func (p *place) formatted() []string {
	layout := plainFmt
	if c := countries()[p.Country]; c != nil {
		layout = c.Fmt
	} else if p.Country == "" {
		layout = "%N%n%O%n%A%n%D%n%Z %C%n%S"
	}
	lines := []string{}
	for _, row := range strings.Split(layout, "%n") {
		for _, line := range strings.Split(p.row(row), "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// row fills one line of a layout. What stands before a field that is empty goes
// with it, and so does what stood before the first one that is not.
func (p *place) row(layout string) string {
	var b strings.Builder
	literal, asked, filled := "", false, false
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' || i+1 == len(layout) {
			literal += layout[i : i+1]
			continue
		}
		i++
		v := p.of(layout[i])
		if v != "" {
			if filled || !asked {
				b.WriteString(literal)
			}
			b.WriteString(v)
			filled = true
		}
		literal, asked = "", true
	}
	if filled || !asked {
		b.WriteString(literal)
	}
	return b.String()
}
