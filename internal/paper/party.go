package paper

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/user"
	"kabinet/internal/locale"
	"kabinet/internal/viewer"
)

// needs are the requisites of the seller that a kind of paper cannot do without.
var needs = map[string][]string{
	"INVOICE": {"NAME", "ADDRESS", "TAX_ID", "BANK", "ACCOUNT"}, "RECEIPT": {"NAME", "ADDRESS", "TAX_ID"}, "ACT": {"NAME", "ADDRESS", "TAX_ID"},
	"WAYBILL": {"NAME", "ADDRESS", "TAX_ID"}, "CONTRACT": {"NAME", "ADDRESS", "TAX_ID"}, "STATEMENT": {"NAME"}, "CERTIFICATE": {"NAME"},
}

// examples are what a setting that is missing may look like.
var examples = map[string]string{
	"NAME": "Romashka LLC", "ADDRESS": "1 Lesnaya St, Moscow, 125047", "TAX_ID": "7707083893",
	"BANK": "Bank Example, BIC 044525225", "ACCOUNT": "40702810900000000001",
}

// check says which requisite a kind of paper lacks. Fault: SELLER_NOT_CONFIGURED.
func (s Seller) check(kind string) error {
	said := map[string]string{"NAME": s.Name, "ADDRESS": s.Address, "TAX_ID": s.TaxID, "BANK": s.Bank, "ACCOUNT": s.Account}
	for _, name := range needs[kind] {
		if said[name] == "" {
			return ErrSellerNotConfigured.With("variable", "KABINET_SELLER_"+name).With("example", examples[name])
		}
	}
	return nil
}

// lines are the seller on a paper; how it is paid on invoices alone.
func (s Seller) lines(lang, kind string) []string {
	all := []string{s.Name}
	add := func(value, as string) {
		if value != "" && as != "" {
			value = say(lang, as, "value", value)
		}
		if value != "" {
			all = append(all, value)
		}
	}
	add(s.Address, "")
	add(s.TaxID, "line.taxId")
	add(s.RegistrationID, "")
	if kind == "INVOICE" {
		add(s.Bank, "")
		add(s.Account, "line.account")
	}
	add(s.Contact, "")
	return all
}

// customer is the other side of a paper.
type customer struct {
	Name  string
	Lines []string
}

// customerOf names an owner as he stands: a company by its requisites, a person
// by the name. Whether the viewer may see what the paper is about was asked.
func customerOf(ctx context.Context, c *ent.Client, owner uuid.UUID, lang string) (customer, error) {
	ctx = viewer.AsSystem(ctx, "paper")
	u, err := c.User.Query().Where(user.ID(owner)).Only(ctx)
	if err == nil {
		name := nameOf(lang, u)
		return customer{name, []string{name}}, nil
	}
	if !ent.IsNotFound(err) {
		return customer{}, err
	}
	o, err := c.Company.Query().Where(company.ID(owner)).Only(ctx)
	if err != nil {
		return customer{}, err
	}
	name := o.Name
	if o.LegalName != nil && *o.LegalName != "" {
		name = *o.LegalName
	}
	lines := []string{name}
	add := func(id, value string) {
		if value != "" {
			lines = append(lines, say(lang, id, "value", value))
		}
	}
	if o.TaxID != nil {
		add("line.taxId", *o.TaxID)
	}
	if r := o.Requisites; r != nil {
		add("line.kpp", r.KPP)
		add("line.registration", firstOf(r.OGRN, r.OGRNIP, r.RegistrationNumber))
		add("line.account", firstOf(r.IBAN, r.Account))
		if r.BankName != "" {
			lines = append(lines, strings.TrimSpace(r.BankName+" "+r.BIC))
		}
	}
	return customer{name, lines}, nil
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// nameOf is a person's full name as the language writes it, or how he is called.
func nameOf(lang string, u *ent.User) string {
	if u.GivenName == nil || u.FamilyName == nil || *u.GivenName == "" || *u.FamilyName == "" {
		return u.DisplayName
	}
	parts := []string{*u.GivenName}
	if u.MiddleName != nil && *u.MiddleName != "" {
		parts = append(parts, *u.MiddleName)
	}
	if locale.Match(lang) == locale.Russian {
		return strings.Join(append([]string{*u.FamilyName}, parts...), " ")
	}
	return strings.Join(append(parts, *u.FamilyName), " ")
}
