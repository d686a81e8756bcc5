package account

import (
	"context"
	"slices"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/credential"
	"kabinet/internal/locale"
)

// AskedField is one field that the business asks for at registration, by its
// name of RegistrationForm.
type AskedField struct {
	Name     string
	Required bool
}

// The numbers that can be checked before an account is made.
const (
	askCard     = "precondition.cardNumber"
	askContract = "precondition.contractNumber"
)

// askable says how each field that can be asked for is shown.
var askable = map[string]struct {
	kind         RegistrationFieldKind
	most         int
	autocomplete string
}{
	"email":       {RegistrationFieldKindEmail, 254, "email"},
	"phone":       {RegistrationFieldKindPhone, 40, "tel"},
	"displayName": {RegistrationFieldKindText, 100, "nickname"},
	"givenName":   {RegistrationFieldKindText, 100, "given-name"},
	"familyName":  {RegistrationFieldKindText, 100, "family-name"},
	"middleName":  {RegistrationFieldKindText, 100, "additional-name"},
	"birthOn":     {RegistrationFieldKindDate, 0, "bday"},
	askCard:       {RegistrationFieldKindNumber, 64, ""},
	askContract:   {RegistrationFieldKindNumber, 64, ""},
}

// codeLength is how many digits a code has.
const codeLength = 6

// RegistrationForm is what Register asks for here, in the caller's language.
func (p *People) RegistrationForm(ctx context.Context) *RegistrationForm {
	lang := p.language(ctx, nil)
	form := &RegistrationForm{CodeLength: codeLength}
	if p.o.Country != "" {
		form.PhoneCountry = &p.o.Country
	}
	fields := slices.DeleteFunc(slices.Clone(p.o.Registration), func(f AskedField) bool { return f.Name == "phone" && !p.o.SMS })
	for _, f := range fields {
		form.Fields = append(form.Fields, fieldOf(lang, f))
		switch f.Name {
		case "email":
			form.Contacts = append(form.Contacts, contactpoint.KindEMAIL)
			form.Fields = append(form.Fields, passwordField(lang, fields, f))
		case "phone":
			form.Contacts = append(form.Contacts, contactpoint.KindPHONE)
			form.Fields = append(form.Fields, passwordField(lang, fields, f))
		case askCard, askContract:
			form.Checked = true
		}
	}
	form.Fields = slices.DeleteFunc(form.Fields, func(f *RegistrationField) bool { return f == nil })
	if len(form.Contacts) > 1 { // exactly one of them is given
		for _, f := range form.Fields {
			f.Required = f.Required && f.Kind != RegistrationFieldKindEmail && f.Kind != RegistrationFieldKindPhone
		}
	}
	return form
}

func fieldOf(lang string, f AskedField) *RegistrationField {
	shown := askable[f.Name]
	out := &RegistrationField{Name: f.Name, Kind: shown.kind, Required: f.Required, Label: locale.Text(lang, "account.form."+f.Name, nil)}
	if shown.most > 0 {
		out.MaxLength = &shown.most
	}
	if shown.autocomplete != "" {
		out.Autocomplete = &shown.autocomplete
	}
	return out
}

// passwordField stands after the last of the ways to be reached.
func passwordField(lang string, fields []AskedField, after AskedField) *RegistrationField {
	last := after
	for _, f := range fields {
		if f.Name == "email" || f.Name == "phone" {
			last = f
		}
	}
	if last.Name != after.Name {
		return nil
	}
	least, most, auto, hint := credential.ShortestPassword, credential.LongestPassword, "new-password", locale.Text(lang, "account.form.password.hint", nil)
	return &RegistrationField{Name: "password", Kind: RegistrationFieldKindPassword, Required: true, MinLength: &least, MaxLength: &most,
		Label: locale.Text(lang, "account.form.password", nil), Hint: &hint, Autocomplete: &auto}
}

// PasswordStrength judges a password of which nothing is kept.
func (p *People) PasswordStrength(password string, login *string) credential.Strength {
	var of credential.Email
	if login != nil {
		of, _ = credential.ParseEmail(*login)
	}
	return credential.Judge(password, of)
}

// HashPassword makes the stored form of a new password, in the bounded queue
// that all of them share.
//
// Faults: those of a new password, RATE_LIMITED when too many wait.
func (p *People) HashPassword(ctx context.Context, password string, of credential.Email) (string, error) {
	if err := credential.CheckPassword(password, of); err != nil {
		return "", err
	}
	return p.hashes.Hash(ctx, password)
}
