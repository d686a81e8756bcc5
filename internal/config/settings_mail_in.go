package config

import (
	"errors"
	"net/mail"
	"net/netip"
	"strings"
)

// MailIn says how letters to support come in. Address is empty when they do
// not, and tickets are then not answered by mail.
type MailIn struct {
	Listen   string         // host:port of the SMTP listener; empty for none
	Address  string         // where people write
	Secrets  [][]byte       // of POST /hooks/mail; none: there is no such door
	Trusted  string         // the relay whose Authentication-Results are believed
	Relays   []netip.Prefix // from where they are, by SMTP
	CertFile string         // of STARTTLS, PEM; not read here
	KeyFile  string
}

const groupMailIn = "Settings of mail to support:"

var mailInSettings = []setting{
	{env: "KABINET_SUPPORT_ADDRESS", group: groupMailIn,
		meaning: "Address that customers write to, as docs/mail.md says; mail to it with + and a signature behind its first part must reach the same place. With it answers to tickets go out by mail too", example: "support@example.com",
		set: func(c *Config, v string) (err error) { c.MailIn.Address, err = parseSupportAddress(v); return err }},
	{env: "KABINET_SMTP_LISTEN", group: groupMailIn,
		meaning: "Address on which letters to KABINET_SUPPORT_ADDRESS are taken by SMTP, and nothing else", example: "0.0.0.0:2525",
		set: func(c *Config, v string) (err error) { c.MailIn.Listen, err = parseListen(v); return err }},
	{env: "KABINET_SMTP_CERT", group: groupMailIn,
		meaning: "File with the certificate chain of KABINET_SMTP_LISTEN, PEM; with it STARTTLS is offered", example: "/etc/kabinet/mx.pem",
		set: func(c *Config, v string) error { c.MailIn.CertFile = v; return nil }},
	{env: "KABINET_SMTP_KEY", group: groupMailIn,
		meaning: "File with the private key of KABINET_SMTP_CERT, PEM", example: "/etc/kabinet/mx.key",
		set: func(c *Config, v string) error { c.MailIn.KeyFile = v; return nil }},
	{env: "KABINET_MAIL_HOOK_SECRET", group: groupMailIn, secret: true,
		meaning: "Proves what is sent to POST /hooks/mail, the other way in for letters: whsec_ and 24 to 64 bytes in base64; older ones, still believed, follow with commas between; better given as a variable than as a flag",
		example: "whsec_ and the output of: openssl rand -base64 32",
		set:     func(c *Config, v string) (err error) { c.MailIn.Secrets, err = parseWebhookSecrets(v); return err }},
	{env: "KABINET_MAIL_TRUSTED_AUTHSERV", group: groupMailIn,
		meaning: "Name by which your own relay in front signs Authentication-Results (RFC 8601), whose DMARC result is believed; without it no letter is taken as a customer's but by a signed address", example: "mx.example.com",
		set: func(c *Config, v string) error {
			if v = strings.ToLower(strings.TrimSpace(v)); v == "" || strings.ContainsAny(v, " ;()\"") {
				return errors.New("it is not the name of a server")
			}
			c.MailIn.Trusted = v
			return nil
		}},
	{env: "KABINET_MAIL_TRUSTED_RELAYS", group: groupMailIn,
		meaning: "Networks from which that relay hands letters to KABINET_SMTP_LISTEN, with commas between; a letter from elsewhere went round it and is never taken as a customer's", example: "10.0.0.25,192.168.1.0/24",
		set: func(c *Config, v string) (err error) { c.MailIn.Relays, err = parsePrefixes(v); return err }},
}

// longestLocal leaves room for the signature: 64 characters may stand before the @.
const longestLocal = 26

func parseSupportAddress(v string) (string, error) {
	a, err := mail.ParseAddress(v)
	if err != nil || a.Name != "" || a.Address != v || strings.ContainsAny(v, "\"\r\n\t +") {
		return "", errors.New("it is not an e-mail address alone, without +")
	}
	local, domain, _ := strings.Cut(v, "@")
	if len(local) > longestLocal || !strings.Contains(domain, ".") {
		return "", errors.New("before the @ stand at most 26 characters, and after it a domain with a dot")
	}
	return strings.ToLower(v), nil
}

// checkMailIn refuses what cannot work together.
func (c *Config) checkMailIn(refuse func(env, why string)) {
	in := c.MailIn
	if in.Address == "" && (in.Listen != "" || len(in.Secrets) > 0) {
		refuse("KABINET_SUPPORT_ADDRESS", "with KABINET_SMTP_LISTEN or KABINET_MAIL_HOOK_SECRET it is required")
	}
	if (in.CertFile == "") != (in.KeyFile == "") {
		refuse("KABINET_SMTP_KEY", "KABINET_SMTP_CERT and KABINET_SMTP_KEY are given together or not at all")
	}
	if in.Listen != "" && in.Trusted != "" && len(in.Relays) == 0 {
		refuse("KABINET_MAIL_TRUSTED_RELAYS", "with KABINET_SMTP_LISTEN and KABINET_MAIL_TRUSTED_AUTHSERV it is required: whoever else reaches that port could sign in the relay's name")
	}
	if in.Listen != "" && (in.Listen == c.Listen || in.Listen == c.MetricsListen) {
		refuse("KABINET_SMTP_LISTEN", "it must differ from KABINET_LISTEN and KABINET_METRICS_LISTEN")
	}
}
