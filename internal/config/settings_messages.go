package config

import "net/url"

// Messages say how notifications leave beside the first mail server and SMS.
type Messages struct {
	FallbackSMTPURL string // asked where the first server is of no use; empty for none
	WhatsApp        SignedAddress
	MobilePush      SignedAddress
	Secrets         [][]byte // of POST /deliveries/{channel}; none: there is no such door
}

// SignedAddress is an address that messages are handed to by signed requests.
// URL is nil where there is none.
type SignedAddress struct {
	URL     *url.URL
	Secrets [][]byte
}

const groupMessages = "Settings of notifications:"

var messageSettings = []setting{
	{env: "KABINET_SMTP_FALLBACK_URL", group: groupMessages, url: true,
		meaning: "Second server for letters of notifications, asked where KABINET_SMTP_URL does not take one; of the same form, and with the same sender", example: "smtp://user:password@smtp2.example.com:587",
		set: func(c *Config, v string) error {
			m, err := parseSMTP(Mail{}, v)
			c.Messages.FallbackSMTPURL = m.SMTPURL
			return err
		}},
	{env: "KABINET_WHATSAPP_URL", group: groupMessages,
		meaning: "Address that notifications for WhatsApp are handed to, as docs/hooks.md says; without it there is no such channel", example: "https://messages.example.com/v1/whatsapp",
		set: func(c *Config, v string) (err error) { c.Messages.WhatsApp.URL, err = parsePublicURL(v); return err }},
	secretOf("KABINET_WHATSAPP_SECRET", "KABINET_WHATSAPP_URL", func(c *Config) *[][]byte { return &c.Messages.WhatsApp.Secrets }),
	{env: "KABINET_MOBILE_PUSH_URL", group: groupMessages,
		meaning: "Address that notifications for apps are handed to, as docs/hooks.md says; without it there is no such channel", example: "https://messages.example.com/v1/push",
		set: func(c *Config, v string) (err error) { c.Messages.MobilePush.URL, err = parsePublicURL(v); return err }},
	secretOf("KABINET_MOBILE_PUSH_SECRET", "KABINET_MOBILE_PUSH_URL", func(c *Config) *[][]byte { return &c.Messages.MobilePush.Secrets }),
	{env: "KABINET_DELIVERY_SECRET", group: groupMessages, secret: true,
		meaning: "Proves what providers say at POST /deliveries/{channel} of messages that they took: whsec_ and 24 to 64 bytes in base64; older ones, still believed, follow with commas between; better given as a variable than as a flag",
		example: "whsec_ and the output of: openssl rand -base64 32",
		set:     func(c *Config, v string) (err error) { c.Messages.Secrets, err = parseWebhookSecrets(v); return err }},
}

// secretOf is the secret that signs what is sent to an address.
func secretOf(env, to string, at func(*Config) *[][]byte) setting {
	return setting{env: env, group: groupMessages, secret: true,
		meaning: "Signs what is sent to " + to + ": whsec_ and 24 to 64 bytes in base64; better given as a variable than as a flag", example: "whsec_ and the output of: openssl rand -base64 32",
		set: func(c *Config, v string) (err error) { *at(c), err = parseWebhookSecrets(v); return err }}
}

// checkMessages refuses what cannot work together.
func (c *Config) checkMessages(refuse func(env, why string)) {
	if c.Messages.FallbackSMTPURL != "" && c.Mail.SMTPURL == "" {
		refuse("KABINET_SMTP_URL", "with KABINET_SMTP_FALLBACK_URL it is required")
	}
	for _, a := range []struct {
		env, secret string
		to          SignedAddress
	}{
		{"KABINET_WHATSAPP_URL", "KABINET_WHATSAPP_SECRET", c.Messages.WhatsApp},
		{"KABINET_MOBILE_PUSH_URL", "KABINET_MOBILE_PUSH_SECRET", c.Messages.MobilePush},
	} {
		switch {
		case a.to.URL == nil && len(a.to.Secrets) > 0:
			refuse(a.env, "with "+a.secret+" it is required")
		case a.to.URL == nil:
		case len(a.to.Secrets) == 0:
			refuse(a.secret, "with "+a.env+" it is required")
		case c.Mode == Production && a.to.URL.Scheme == "http" && !loopback(a.to.URL.Hostname()):
			refuse(a.env, "production mode needs https")
		}
	}
}
