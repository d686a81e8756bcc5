package config

import (
	"errors"
	"net"
	"strings"
)

// Passkeys says to whom passkeys belong.
type Passkeys struct {
	Domain string // worked out from the public address when not given
	Name   string
}

var passkeySettings = []setting{
	{env: "KABINET_PASSKEY_DOMAIN", group: groupSession,
		meaning: "The domain that passkeys belong to: the host of the pages that ask for them, or a domain above it; the host of KABINET_PUBLIC_URL when not given. Changing it makes all passkeys worthless", example: "shop.example",
		set:   func(c *Config, v string) (err error) { c.Passkeys.Domain, err = parsePasskeyDomain(v); return err },
		shown: func(c *Config) (string, bool) { return c.PasskeyDomain(), true }},
	{env: "KABINET_PASSKEY_NAME", group: groupSession,
		meaning: "The name of the business in authenticator apps and passkeys; the domain when not given", example: "Shop",
		set:   func(c *Config, v string) error { c.Passkeys.Name = strings.TrimSpace(v); return nil },
		shown: func(c *Config) (string, bool) { return c.Passkeys.Name, true }},
}

func parsePasskeyDomain(v string) (string, error) {
	v = strings.ToLower(strings.TrimSpace(v))
	if v == "" || strings.ContainsAny(v, "/:@ \x00") || net.ParseIP(v) != nil {
		return "", errors.New("it is a domain without scheme and port, and no IP address")
	}
	return v, nil
}

// PasskeyDomain is the domain that passkeys belong to; empty where nothing
// says it: then there are none.
func (c *Config) PasskeyDomain() string {
	if c.Passkeys.Domain != "" {
		return c.Passkeys.Domain
	}
	if c.PublicURL == nil {
		return ""
	}
	return c.PublicURL.Hostname()
}

// PasskeyOrigins are the pages that may ask for passkeys.
func (c *Config) PasskeyOrigins() []string {
	list := append([]string(nil), c.Origins...)
	if c.PublicURL != nil {
		list = append(list, c.PublicURL.Scheme+"://"+c.PublicURL.Host)
	}
	return list
}
