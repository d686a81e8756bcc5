package config

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Registration says what is asked of who registers, and how people are reached.
type Registration struct {
	Fields      []RegistrationField
	CheckURL    *url.URL // nil: nothing is checked before an account is made
	CheckSecret [][]byte
	Country     string // ISO 3166-1 alpha-2, of phone numbers without +; empty: all need it
	ResetPage   *url.URL
	LinkTTL     time.Duration // of a link to a new password
}

// RegistrationField is one field that is asked for.
type RegistrationField struct {
	Name     string
	Required bool
}

// SMS says how texts leave. URL is nil when they cannot.
type SMS struct {
	URL     *url.URL
	Secrets [][]byte
}

const groupRegistration = "Registration settings:"

// registrationFields are the names that KABINET_REGISTRATION_FIELDS may hold.
var registrationFields = []string{"email", "phone", "displayName", "givenName", "familyName", "middleName", "birthOn", "cardNumber", "contractNumber"}

var registrationSettings = []setting{
	{env: "KABINET_REGISTRATION_FIELDS", group: groupRegistration, def: "email,displayName?",
		meaning: "What is asked of who registers, in the order of the form, with commas between; ? marks what may stay empty: " + strings.Join(registrationFields, ", ") + ". With both email and phone a person gives one of them; phone needs KABINET_SMS_URL in production mode; cardNumber and contractNumber need KABINET_REGISTRATION_CHECK_URL",
		example: "phone,givenName,familyName,birthOn?,cardNumber",
		set: func(c *Config, v string) (err error) {
			c.Registration.Fields, err = parseRegistrationFields(v)
			return err
		}},
	{env: "KABINET_REGISTRATION_CHECK_URL", group: groupRegistration,
		meaning: "Address that is asked whether a card or contract number is known before an account is made, as docs/hooks.md says", example: "https://crm.example.com/kabinet/registration",
		set: func(c *Config, v string) (err error) { c.Registration.CheckURL, err = parsePublicURL(v); return err }},
	{env: "KABINET_REGISTRATION_CHECK_SECRET", group: groupRegistration, secret: true,
		meaning: "Signs what is sent to KABINET_REGISTRATION_CHECK_URL: whsec_ and 24 to 64 bytes in base64; better given as a variable than as a flag", example: "whsec_ and the output of: openssl rand -base64 32",
		set: func(c *Config, v string) (err error) {
			c.Registration.CheckSecret, err = parseWebhookSecrets(v)
			return err
		}},
	{env: "KABINET_SMS_URL", group: groupRegistration,
		meaning: "Address that texts are handed to, as docs/hooks.md says; without it codes by SMS are written to the log in development mode and not offered otherwise", example: "https://sms.example.com/v1/messages",
		set: func(c *Config, v string) (err error) { c.SMS.URL, err = parsePublicURL(v); return err }},
	{env: "KABINET_SMS_SECRET", group: groupRegistration, secret: true,
		meaning: "Signs what is sent to KABINET_SMS_URL: whsec_ and 24 to 64 bytes in base64; better given as a variable than as a flag", example: "whsec_ and the output of: openssl rand -base64 32",
		set: func(c *Config, v string) (err error) { c.SMS.Secrets, err = parseWebhookSecrets(v); return err }},
	{env: "KABINET_COUNTRY", group: groupRegistration,
		meaning: "Country whose phone numbers may be typed without +, and whose form of an address is offered first, ISO 3166-1 alpha-2", example: "GB",
		set: func(c *Config, v string) (err error) { c.Registration.Country, err = parseCountry(v); return err }},
	{env: "KABINET_RESET_PAGE", group: groupRegistration,
		meaning: "Page of yours that takes a new password and undoes a change of the login; links in letters lead there with #challenge=…&code=…; KABINET_PUBLIC_URL and /reset-password when not given", example: "https://shop.example.com/account/password",
		set: func(c *Config, v string) (err error) { c.Registration.ResetPage, err = parsePublicURL(v); return err }},
	span("KABINET_LINK_TTL", groupRegistration, "30m", "How long a link to a new password is good", "15m",
		time.Minute, day, func(c *Config) *time.Duration { return &c.Registration.LinkTTL }),
}

func parseRegistrationFields(v string) ([]RegistrationField, error) {
	var fields []RegistrationField
	reached := false
	for _, part := range commaList(v) {
		name, optional := strings.CutSuffix(part, "?")
		if !slices.Contains(registrationFields, name) {
			return nil, errors.New("it holds a name that is none of " + strings.Join(registrationFields, ", "))
		}
		if slices.ContainsFunc(fields, func(f RegistrationField) bool { return f.Name == name }) {
			return nil, errors.New(name + " is there twice")
		}
		reached = reached || name == "email" || name == "phone"
		fields = append(fields, RegistrationField{Name: name, Required: !optional})
	}
	if !reached {
		return nil, errors.New("one of email and phone must be asked for")
	}
	return fields, nil
}

func parseCountry(v string) (string, error) {
	v = strings.ToUpper(strings.TrimSpace(v))
	if len(v) != 2 || strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", errors.New("it is two letters, such as GB")
	}
	return v, nil
}

// checkRegistration refuses what cannot work together.
func (c *Config) checkRegistration(refuse func(env, why string)) {
	asks := func(name string) bool {
		return slices.ContainsFunc(c.Registration.Fields, func(f RegistrationField) bool { return f.Name == name })
	}
	if (asks("cardNumber") || asks("contractNumber")) && c.Registration.CheckURL == nil {
		refuse("KABINET_REGISTRATION_CHECK_URL", "it is required where KABINET_REGISTRATION_FIELDS asks for cardNumber or contractNumber")
	}
	if c.Mode == Production && asks("phone") && !asks("email") && c.SMS.URL == nil {
		refuse("KABINET_SMS_URL", "it is required in production mode where people register by phone alone")
	}
	for _, hook := range []struct {
		env     string
		url     *url.URL
		secrets [][]byte
		secret  string
	}{
		{"KABINET_SMS_URL", c.SMS.URL, c.SMS.Secrets, "KABINET_SMS_SECRET"},
		{"KABINET_REGISTRATION_CHECK_URL", c.Registration.CheckURL, c.Registration.CheckSecret, "KABINET_REGISTRATION_CHECK_SECRET"},
	} {
		if hook.url != nil && len(hook.secrets) == 0 {
			refuse(hook.secret, "with "+hook.env+" it is required")
		}
		if c.Mode == Production && hook.url != nil && hook.url.Scheme == "http" && !loopback(hook.url.Hostname()) {
			refuse(hook.env, "production mode needs https")
		}
	}
}
