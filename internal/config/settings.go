package config

import (
	"slices"
	"strings"
	"time"
)

// setting is one row of the table below. Its flag is its variable without
// KABINET_, in lower case with hyphens, so the two can never drift.
type setting struct {
	env     string
	group   string
	def     string
	meaning string
	example string
	secret  bool                         // never shown at all
	url     bool                         // shown without its password
	set     func(*Config, string) error  // the error says what is wrong, without the value
	shown   func(*Config) (string, bool) // what a default worked out from other settings became
}

func (s setting) flag() string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(s.env, "KABINET_")), "_", "-")
}

func (s setting) help() string {
	def := s.def
	if def == "" {
		def = "none"
	}
	return s.meaning + ". Variable: " + s.env + ". Default: " + def + ". Example: " + s.example
}

const (
	groupServer  = "Server settings:"
	groupMail    = "Mail settings:"
	groupSession = "Session settings:"
	groupLimits  = "Limits:"
)

// settings is the only list of settings there is.
var settings = slices.Concat(serverSettings, mailSettings, mailInSettings, paymentSettings, fileSettings, sellerSettings, botSettings, privacySettings, sessionSettings, passkeySettings, registrationSettings, messageSettings, channelSettings, limitSettings)

var serverSettings = []setting{
	{env: "KABINET_DATABASE_URL", group: groupServer, def: "sqlite://./data/kabinet.db", url: true,
		meaning: "Where the data lives: an SQLite file (sqlite:///absolute or sqlite://./relative) or PostgreSQL",
		example: "postgres://kabinet:password@db.example.com/kabinet?sslmode=verify-full",
		set:     func(c *Config, v string) (err error) { c.Database, err = parseDatabase(v); return err }},
	{env: "KABINET_LISTEN", group: groupServer, def: "127.0.0.1:8080",
		meaning: "Address HTTP is served on", example: "0.0.0.0:8080",
		set: func(c *Config, v string) (err error) { c.Listen, err = parseListen(v); return err }},
	{env: "KABINET_METRICS_LISTEN", group: groupServer,
		meaning: "Address of a listener for /metrics alone; in production mode the only place that serves it", example: "127.0.0.1:9090",
		set: func(c *Config, v string) (err error) { c.MetricsListen, err = parseListen(v); return err }},
	{env: "KABINET_MODE", group: groupServer, def: string(Production),
		meaning: "What the server shows of itself: production, or development (GraphiQL, introspection, open /metrics)", example: string(Development),
		set: func(c *Config, v string) (err error) {
			c.Mode, err = oneOf(v, Production, Development)
			return err
		}},
	{env: "KABINET_SECRET_KEY", group: groupServer, secret: true,
		meaning: "Seals what must be read back (second factors, challenges): 32 random bytes or more in base64 or hex; required to serve in production mode, else made and kept beside the SQLite file; better given as a variable than as a flag. To change it, put the new one in front, new,old, restart, run kabinet rotate-key, and leave the old one out when that says so",
		example: "the output of: openssl rand -base64 32",
		set: func(c *Config, v string) error {
			keys, err := parseKeys(v)
			if err == nil {
				c.secretKey, c.olderKeys = keys[0], keys[1:]
			}
			return err
		}},
	{env: "KABINET_PUBLIC_URL", group: groupServer,
		meaning: "Address customers reach the server at; links in letters begin with it; worked out from KABINET_LISTEN when not given", example: "https://account.example.com",
		set:   func(c *Config, v string) (err error) { c.PublicURL, err = parsePublicURL(v); return err },
		shown: func(c *Config) (string, bool) { return urlText(c.PublicURL) }},
	{env: "KABINET_ORIGINS", group: groupServer,
		meaning: "Origins of other sites whose pages may call the server, exact, with commas between", example: "https://shop.example.com,https://partner.example.com",
		set: func(c *Config, v string) (err error) { c.Origins, err = parseOrigins(v); return err }},
	{env: "KABINET_TRUSTED_PROXIES", group: groupServer,
		meaning: "Networks of the proxies in front, whose X-Forwarded-For is believed, with commas between", example: "10.0.0.0/8,192.168.1.4",
		set: func(c *Config, v string) (err error) { c.TrustedProxies, err = parsePrefixes(v); return err }},
	{env: "KABINET_WEBHOOK_ALLOW", group: groupServer,
		meaning: "Networks that webhooks may go to although they are not public, by http too and on any port, with commas between", example: "10.20.0.0/16",
		set: func(c *Config, v string) (err error) { c.WebhookAllow, err = parsePrefixes(v); return err }},
	{env: "KABINET_PUSH_ALLOW", group: groupServer,
		meaning: "Networks of a push service of your own, with commas between. Every customer can have anything there called, by http too and on any port", example: "10.30.7.9/32",
		set: func(c *Config, v string) (err error) { c.PushAllow, err = parsePrefixes(v); return err }},
	{env: "KABINET_LOCALE", group: groupServer, def: "en",
		meaning: "Language of those who have not chosen one: en or ru, with a region if wanted", example: "ru",
		set: func(c *Config, v string) (err error) { c.Locale, err = parseLocale(v); return err }},
	{env: "KABINET_TIME_ZONE", group: groupServer, def: "UTC",
		meaning: "Time zone of those who have not chosen one, by its IANA name", example: "Europe/Moscow",
		set: func(c *Config, v string) (err error) { c.TimeZone, err = parseTimeZone(v); return err }},
	{env: "KABINET_NATS_URL", group: groupServer, url: true,
		meaning: "Outside NATS servers that wake the other instances, with commas between; without it the bus is inside the process", example: "nats://nats-1:4222,nats://nats-2:4222",
		set: func(c *Config, v string) (err error) { c.NATSURL, err = parseNATS(v); return err }},
	{env: "KABINET_LOG_LEVEL", group: groupServer, def: "info",
		meaning: "Least grave message that is logged: debug, info, warn or error", example: "debug",
		set: func(c *Config, v string) (err error) { c.LogLevel, err = parseLevel(v); return err }},
	{env: "KABINET_TRUSTED_DOCUMENTS", group: groupServer,
		meaning: "Manifests of the documents your own front ends send, as graphql-codegen or Apollo write them, with commas between; each is checked at the start, may have 4,000 tokens, and is named by its hash", example: "web/src/gql/persisted-documents.json",
		set: func(c *Config, v string) error { c.TrustedDocuments = commaList(v); return nil }},
	yesNo("KABINET_TRUSTED_DOCUMENTS_ONLY", groupServer, "false", "Whether documents of KABINET_TRUSTED_DOCUMENTS are taken and no others", "true",
		func(c *Config) *bool { return &c.TrustedOnly }),
	yesNo("KABINET_COMPILED_READS", groupServer, "true", "Whether queries of stored fields are answered by one SQL statement; the answers are the same either way", "false",
		func(c *Config) *bool { return &c.CompiledReads }),
	yesNo("KABINET_ORDER_CANCEL", groupServer, "true", "Whether customers cancel their orders themselves, before they leave the warehouse; staff does either way", "false",
		func(c *Config) *bool { return &c.OrderCancel }),
	span("KABINET_EVENT_RETENTION", groupServer, "30d", "How long a client can be away and still resume its stream", "720h",
		time.Hour, 3650*day, func(c *Config) *time.Duration { return &c.EventRetention }),
	span("KABINET_NOTIFICATION_RETENTION", groupServer, "365d", "How long notifications stay in people's feeds", "180d",
		day, 3650*day, func(c *Config) *time.Duration { return &c.Notifications }),
	span("KABINET_DRAIN", groupServer, "30s", "How long requests in flight may take to end after SIGTERM", "10s",
		0, time.Hour, func(c *Config) *time.Duration { return &c.Drain }),
}

var mailSettings = []setting{
	{env: "KABINET_SMTP_URL", group: groupMail, url: true,
		meaning: "Server that letters are handed to: smtp:// (STARTTLS, demanded when a user is given; ?tls=none or ?tls=required decides otherwise) or smtps://; ?from= is the sender; without it letters are shown at /demo/outbox in demo mode and not sent at all otherwise",
		example: "smtp://user:password@smtp.example.com:587?from=account@example.com",
		set:     func(c *Config, v string) (err error) { c.Mail, err = parseSMTP(c.Mail, v); return err }},
	{env: "KABINET_MAIL_FROM", group: groupMail,
		meaning: "Sender of letters; goes before the ?from= of KABINET_SMTP_URL", example: "Example Shop <account@example.com>",
		set: func(c *Config, v string) (err error) { c.Mail.From, err = parseAddress(v); return err }},
}

var sessionSettings = []setting{
	span("KABINET_SESSION_LOCK", groupSession, "15m", "How long without an operation of the client until a session is locked and its holder proves himself again; 0 is never", "30m",
		0, 365*day, func(c *Config) *time.Duration { return &c.Session.Lock }),
	span("KABINET_SESSION_IDLE", groupSession, "14d", "How long without use until a session ends", "7d",
		time.Minute, 365*day, func(c *Config) *time.Duration { return &c.Session.Idle }),
	span("KABINET_SESSION_ABSOLUTE", groupSession, "90d", "How long a session lasts at most", "30d",
		time.Minute, 3650*day, func(c *Config) *time.Duration { return &c.Session.Absolute }),
	span("KABINET_STAFF_SESSION_IDLE", groupSession, "30m", "The same without use for staff", "15m",
		time.Minute, 365*day, func(c *Config) *time.Duration { return &c.Session.StaffIdle }),
	span("KABINET_STAFF_SESSION_ABSOLUTE", groupSession, "12h", "The same at most for staff", "8h",
		time.Minute, 365*day, func(c *Config) *time.Duration { return &c.Session.StaffAbsolute }),
	span("KABINET_ACCESS_TTL", groupSession, "15m", "How long the token of a session is good that is renewed by a refresh token", "5m",
		time.Minute, day, func(c *Config) *time.Duration { return &c.Session.Access }),
	span("KABINET_REFRESH_GRACE", groupSession, "10s", "How long a refresh token is taken once more after it was used, so that no answer lost on the way signs anybody out", "30s",
		0, 5*time.Minute, func(c *Config) *time.Duration { return &c.Session.Grace }),
	{env: "KABINET_PLACE_HEADER", group: groupSession,
		meaning: "Header in which a proxy in front says where a request comes from, shown in the list of sessions; believed of KABINET_TRUSTED_PROXIES alone", example: "CF-IPCountry",
		set: func(c *Config, v string) error { c.Session.PlaceHeader = v; return nil }},
	span("KABINET_STEP_UP", groupSession, "10m", "How long a fresh proof of identity allows grave acts", "5m",
		time.Minute, day, func(c *Config) *time.Duration { return &c.Session.StepUp }),
	span("KABINET_INITIAL_PASSWORD_TTL", groupSession, "30d", "How long a temporary password issued by staff is good", "14d",
		time.Hour, 365*day, func(c *Config) *time.Duration { return &c.Session.InitialPassword }),
	span("KABINET_CODE_TTL", groupSession, "10m", "How long a code sent by mail is good", "5m",
		time.Minute, 10*time.Minute, func(c *Config) *time.Duration { return &c.Session.CodeTTL }),
	number("KABINET_CODE_TRIES", groupSession, "5", "Wrong tries until a code is dead", "3",
		1, 5, func(c *Config) *int { return &c.Session.CodeTries }),
}

var limitSettings = []setting{
	size("KABINET_BODY_LIMIT", "128KiB", "Bytes of one request", "256KiB", 1<<10, 64<<20, func(c *Config) *int64 { return &c.Limits.Body }),
	size("KABINET_INTEGRATION_BODY_LIMIT", "8MiB", "Bytes of one request of an integration", "16MiB", 1<<10, 1<<30, func(c *Config) *int64 { return &c.Limits.IntegrationBody }),
	span("KABINET_QUERY_TIME", groupLimits, "5s", "How long one operation may take", "10s",
		100*time.Millisecond, 10*time.Minute, func(c *Config) *time.Duration { return &c.Limits.QueryTime }),
	span("KABINET_INTEGRATION_TIME", groupLimits, "60s", "How long one operation of an integration may take", "2m",
		100*time.Millisecond, time.Hour, func(c *Config) *time.Duration { return &c.Limits.IntegrationTime }),
	limit("KABINET_QUERY_TOKENS", "1000", "Tokens of one document", 100, 15000, func(c *Config) *int { return &c.Limits.Tokens }),
	limit("KABINET_QUERY_DEPTH", "10", "Levels of one document, edges and node not counted", 3, 100, func(c *Config) *int { return &c.Limits.Depth }),
	limit("KABINET_QUERY_ALIASES", "15", "Aliases in one document", 0, 1000, func(c *Config) *int { return &c.Limits.Aliases }),
	limit("KABINET_QUERY_ROOT_FIELDS", "10", "Root fields of one document", 1, 100, func(c *Config) *int { return &c.Limits.RootFields }),
	limit("KABINET_QUERY_SAME_KEY", "20", "Times the same response key may stand in one selection set", 1, 1000, func(c *Config) *int { return &c.Limits.SameKey }),
	limit("KABINET_QUERY_DIRECTIVES", "20", "Directives in one document", 0, 1000, func(c *Config) *int { return &c.Limits.Directives }),
	limit("KABINET_QUERY_PAGE", "100", "The most that first or last of a list may ask", 1, 1000, func(c *Config) *int { return &c.Limits.Page }),
	limit("KABINET_QUERY_NODES", "10000", "Objects one document may come to", 100, 1000000, func(c *Config) *int { return &c.Limits.Nodes }),
	limit("KABINET_RATE_NODES", "2000", "Nodes a second for one person, a quarter for the address of callers not signed in, ten times as many for an integration; 0 is no limit", 0, 1000000, func(c *Config) *int { return &c.Limits.RateNodes }),
	limit("KABINET_RATE_BURST", "20000", "Nodes of KABINET_RATE_NODES that can be saved up", 100, 10000000, func(c *Config) *int { return &c.Limits.RateBurst }),
	span("KABINET_SOCKET_INIT", groupLimits, "3s", "How long a WebSocket may stay silent before connection_init", "5s",
		100*time.Millisecond, time.Minute, func(c *Config) *time.Duration { return &c.Limits.SocketInit }),
	size("KABINET_SOCKET_MESSAGE", "64KiB", "Bytes of one WebSocket message", "128KiB", 1<<10, 8<<20, func(c *Config) *int64 { return &c.Limits.SocketMessage }),
	limit("KABINET_SOCKETS_PER_USER", "10", "WebSockets and event streams of one user at a time", 1, 10000, func(c *Config) *int { return &c.Limits.SocketsPerUser }),
	limit("KABINET_SOCKET_OPERATIONS", "50", "Operations on one WebSocket at a time", 1, 1000, func(c *Config) *int { return &c.Limits.SocketOperations }),
	{env: "KABINET_PASSWORD_HASHES", group: groupLimits, def: "auto",
		meaning: "Passwords checked at a time, 19 MiB each; auto is one for each processor", example: "4",
		set:   setPasswordHashes,
		shown: func(c *Config) (string, bool) { return countText(c.Limits.PasswordHashes) }},
	span("KABINET_IDEMPOTENCY", groupLimits, "24h", "How long an idempotency key is remembered at least", "48h",
		day, 365*day, func(c *Config) *time.Duration { return &c.Limits.Idempotency }),
}
