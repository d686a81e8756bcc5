package config

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// Seller is the business as it stands on the papers that it issues.
type Seller struct {
	Name, Address         string
	TaxID, RegistrationID string
	Bank, Account         string
	Contact, Signatory    string
	Series                string // before the series of every paper
}

const groupSeller = "Settings of the seller, as papers name it:"

var sellerSettings = []setting{
	line("KABINET_SELLER_NAME", "Full name of the business; no paper is issued without it", "Romashka LLC", func(c *Config) *string { return &c.Seller.Name }),
	line("KABINET_SELLER_ADDRESS", "Its address; every paper but statements and certificates needs it", "1 Lesnaya St, Moscow, 125047", func(c *Config) *string { return &c.Seller.Address }),
	line("KABINET_SELLER_TAX_ID", "Its tax number, in Russia the INN; every paper but statements and certificates needs it", "7707083893", func(c *Config) *string { return &c.Seller.TaxID }),
	line("KABINET_SELLER_REGISTRATION_ID", "Another number that it must name, with what it is", "OGRN 1027700132195", func(c *Config) *string { return &c.Seller.RegistrationID }),
	line("KABINET_SELLER_BANK", "Its bank, as somebody who pays must name it; invoices need it", "Bank Example, BIC 044525225", func(c *Config) *string { return &c.Seller.Bank }),
	line("KABINET_SELLER_ACCOUNT", "Its account at that bank; invoices need it", "40702810900000000001", func(c *Config) *string { return &c.Seller.Account }),
	line("KABINET_SELLER_CONTACT", "How it is reached", "+7 495 000-00-00, shop@example.com", func(c *Config) *string { return &c.Seller.Contact }),
	line("KABINET_SELLER_SIGNATORY", "Who signs for it", "Ivan Petrov, director", func(c *Config) *string { return &c.Seller.Signatory }),
	{env: "KABINET_SELLER_SERIES", group: groupSeller,
		meaning: "Letters before the series of every paper, where several businesses number theirs: RM makes RM-INV-2026", example: "RM",
		set: func(c *Config, v string) error {
			if !seriesForm.MatchString(v) {
				return errors.New("it is 1 to 8 capital letters and digits")
			}
			c.Seller.Series = v
			return nil
		}},
}

var seriesForm = regexp.MustCompile(`^[A-Z0-9]{1,8}$`)

// line is a setting of one line of text.
func line(env, meaning, example string, field func(*Config) *string) setting {
	return setting{env: env, group: groupSeller, meaning: meaning, example: example, set: func(c *Config, v string) error {
		v = strings.TrimSpace(v)
		if len(v) > 300 || strings.ContainsFunc(v, unicode.IsControl) {
			return errors.New("it is one line of at most 300 bytes")
		}
		*field(c) = v
		return nil
	}}
}
