package config

import (
	"errors"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
)

// Channels say how people are told beside letters and texts.
type Channels struct {
	PushContact string // mailto:… or https://…
	Telegram    Telegram
}

// Telegram says who speaks there; nobody without a token.
type Telegram struct {
	Token   string
	URL     *url.URL // nil: Telegram's own
	Webhook bool     // Telegram calls us; else we ask
}

const groupChannels = "Channel settings:"

var channelSettings = []setting{
	{env: "KABINET_PUSH_CONTACT", group: groupChannels,
		meaning: "Whom a push service can write to about the push messages of this server: an e-mail address or an https address; the address of KABINET_MAIL_FROM, or KABINET_PUBLIC_URL, when not given", example: "ops@example.com",
		set: func(c *Config, v string) (err error) { c.Channels.PushContact, err = parseContact(v); return err }},
	{env: "KABINET_TELEGRAM_TOKEN", group: groupChannels, secret: true,
		meaning: "Token of the bot of Telegram that people link their chats to, as @BotFather gives it; without it no chat is linked; better given as a variable than as a flag", example: "123456789:AAF…",
		set: func(c *Config, v string) (err error) { c.Channels.Telegram.Token, err = parseBotToken(v); return err }},
	{env: "KABINET_TELEGRAM_URL", group: groupChannels,
		meaning: "Address of the Bot API; Telegram's own when not given", example: "https://telegram-bot-api.example.com",
		set: func(c *Config, v string) (err error) { c.Channels.Telegram.URL, err = parsePublicURL(v); return err }},
	yesNo("KABINET_TELEGRAM_WEBHOOK", groupChannels, "false", "Whether Telegram calls POST /hooks/telegram of KABINET_PUBLIC_URL with what people say to the bot; else one instance asks Telegram", "true",
		func(c *Config) *bool { return &c.Channels.Telegram.Webhook }),
}

func parseContact(v string) (string, error) {
	v = strings.TrimSpace(v)
	if u, err := url.Parse(v); err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil {
		return v, nil
	}
	address, err := mail.ParseAddress(strings.TrimPrefix(v, "mailto:"))
	if err != nil || address.Name != "" {
		return "", errors.New("it is an e-mail address, or an address that begins with https://")
	}
	return "mailto:" + address.Address, nil
}

var botTokens = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{10,100}$`)

func parseBotToken(v string) (string, error) {
	if !botTokens.MatchString(v) {
		return "", errors.New("it is a number, a colon and a word, as @BotFather gives it")
	}
	return v, nil
}

// checkChannels refuses what cannot work together.
func (c *Config) checkChannels(refuse func(env, why string)) {
	t := c.Channels.Telegram
	if t.Webhook && t.Token == "" {
		refuse("KABINET_TELEGRAM_TOKEN", "with KABINET_TELEGRAM_WEBHOOK it is required")
	}
	if c.Mode == Production && t.URL != nil && t.URL.Scheme == "http" && !loopback(t.URL.Hostname()) {
		refuse("KABINET_TELEGRAM_URL", "production mode needs https, for the token stands in the address")
	}
}

// PushSubject is whom a push service can write to.
func (c *Config) PushSubject() string {
	switch {
	case c.Channels.PushContact != "":
		return c.Channels.PushContact
	case c.Mail.From != "":
		if address, err := mail.ParseAddress(c.Mail.From); err == nil {
			return "mailto:" + address.Address
		}
	case c.PublicURL != nil && c.PublicURL.Scheme == "https":
		return c.PublicURL.String()
	}
	host := "localhost"
	if c.PublicURL != nil {
		host = c.PublicURL.Hostname()
	}
	return "mailto:postmaster@" + host
}
