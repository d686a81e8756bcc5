package config

import (
	"net/netip"
	"net/url"
	"slices"
)

// Bot says who answers questions of customers before people do.
type Bot struct {
	Kind    BotKind
	URL     *url.URL // of BotHook
	Secrets [][]byte // the first signs
}

// BotKind is who answers.
type BotKind string

// The kinds of bots.
const (
	BotOff      BotKind = "off"
	BotArticles BotKind = "articles" // the built-in one, by search
	BotHook     BotKind = "hook"     // the business's own
)

const groupBot = "Bot settings:"

var botSettings = []setting{
	{env: "KABINET_BOT", group: groupBot, def: string(BotOff),
		meaning: "Who answers questions of customers before people do: off (nobody), articles (articles that fit, by search), or hook (a bot of yours at KABINET_BOT_URL, as docs/hooks.md says)", example: string(BotArticles),
		set: func(c *Config, v string) (err error) {
			c.Bot.Kind, err = oneOf(v, BotOff, BotArticles, BotHook)
			return err
		}},
	{env: "KABINET_BOT_URL", group: groupBot,
		meaning: "Address of your bot, as docs/hooks.md says: https on port 443 or 8443 of a public address, or within KABINET_WEBHOOK_ALLOW", example: "https://bot.example.com/kabinet",
		set: func(c *Config, v string) (err error) { c.Bot.URL, err = parsePublicURL(v); return err }},
	{env: "KABINET_BOT_SECRET", group: groupBot, secret: true,
		meaning: "Signs what is sent to KABINET_BOT_URL: whsec_ and 24 to 64 bytes in base64; a former one, by which it is signed as well, follows with a comma between; better given as a variable than as a flag",
		example: "whsec_ and the output of: openssl rand -base64 32",
		set:     func(c *Config, v string) (err error) { c.Bot.Secrets, err = parseWebhookSecrets(v); return err }},
}

// checkBot refuses a bot that could not be asked.
func (c *Config) checkBot(refuse func(env, why string)) {
	if c.Bot.Kind != BotHook {
		return
	}
	switch u := c.Bot.URL; {
	case u == nil:
		refuse("KABINET_BOT_URL", "with KABINET_BOT=hook it is required")
	case !c.mayAsk(u):
		refuse("KABINET_BOT_URL", "it could never be asked: it must be https on port 443 or 8443 of a public address, or within KABINET_WEBHOOK_ALLOW")
	}
	if len(c.Bot.Secrets) == 0 {
		refuse("KABINET_BOT_SECRET", "with KABINET_BOT=hook it is required")
	}
}

// mayAsk says whether an address may be one that is asked. What a name stands
// for is seen at the socket alone, each time.
func (c *Config) mayAsk(u *url.URL) bool {
	usual := u.Scheme == "https" && slices.Contains([]string{"", "443", "8443"}, u.Port())
	at, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return usual || len(c.WebhookAllow) > 0
	}
	at = at.Unmap()
	if slices.ContainsFunc(c.WebhookAllow, func(p netip.Prefix) bool { return p.Contains(at) }) {
		return true
	}
	return usual && at.IsGlobalUnicast() && !at.IsPrivate()
}
