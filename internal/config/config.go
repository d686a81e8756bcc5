// Package config owns every setting of kabinet: its flag, its environment
// variable, its default, its meaning and its check. Parse turns arguments and
// environment into one validated Config and one Command, and never ends the
// process, opens a database or writes a table. A setting that is not in the
// table of settings.go does not exist.
package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"time"
)

// Mode decides what the server shows of itself.
type Mode string

// The two modes. Production is what an unset KABINET_MODE means.
const (
	Production  Mode = "production"
	Development Mode = "development"
)

// Config is everything the server was told, checked.
type Config struct {
	Database         Database
	Listen           string // host:port
	MetricsListen    string // host:port, empty when metrics have no listener of their own
	Mode             Mode
	Demo             bool
	PublicURL        *url.URL       // without a trailing slash
	Origins          []string       // exact, scheme://host[:port], besides PublicURL's own
	TrustedProxies   []netip.Prefix // whose X-Forwarded-For is believed
	WebhookAllow     []netip.Prefix // networks that webhooks may go to though they are not public
	PushAllow        []netip.Prefix // networks that customers' push services may be in though they are not public
	Locale           string         // BCP 47, canonical
	TimeZone         *time.Location
	EventRetention   time.Duration // how long an event can be resumed from
	Notifications    time.Duration // how long notifications are kept
	NATSURL          string        // comma list, empty for the embedded bus
	TrustedDocuments []string      // paths of manifests; not read here
	TrustedOnly      bool          // no other documents are taken
	CompiledReads    bool          // queries of stored fields take the short way
	LogLevel         slog.Level
	Drain            time.Duration // after SIGTERM, until what is left is cut
	Mail             Mail
	MailIn           MailIn
	Payment          Payment
	Providers        []Provider // of sign-in, by name
	Files            Files
	Seller           Seller
	Passkeys         Passkeys
	OrderCancel      bool          // customers cancel orders themselves
	DeletionDelay    time.Duration // between a confirmed deletion of an account and its end
	Session          Session
	Registration     Registration
	SMS              SMS
	Messages         Messages
	Channels         Channels
	Bot              Bot
	Limits           Limits
	Memory           Memory

	secretKey []byte
	olderKeys [][]byte
}

// Mail says how letters leave. SMTPURL is empty when they cannot.
type Mail struct {
	SMTPURL string
	From    string
}

// Session holds the lifetimes of sign-ins and of the codes that prove an address.
type Session struct {
	Lock            time.Duration // without an operation, until it must be unlocked
	Idle            time.Duration
	Absolute        time.Duration
	InitialPassword time.Duration // of a temporary password from staff
	StaffIdle       time.Duration
	StaffAbsolute   time.Duration
	Access          time.Duration // of the token of a session with a refresh token
	Grace           time.Duration // a refresh token is taken once more
	PlaceHeader     string        // in which a trusted proxy says from where; empty for none
	StepUp          time.Duration // how long a fresh proof of identity counts
	CodeTTL         time.Duration // of a code sent by mail
	CodeTries       int
}

// Limits bounds what one caller may ask for.
type Limits struct {
	Body             int64 // bytes of a request
	IntegrationBody  int64 // the same for integration callers
	QueryTime        time.Duration
	IntegrationTime  time.Duration
	Tokens           int
	Depth            int
	Aliases          int
	RootFields       int
	SameKey          int // the same response key in one selection set
	Directives       int
	Page             int // the most `first` or `last` may ask
	Nodes            int
	RateNodes        int // one person gets each second; 0: no rates
	RateBurst        int // one person can save up
	SocketInit       time.Duration
	SocketMessage    int64 // bytes
	SocketsPerUser   int
	SocketOperations int
	PasswordHashes   int           // at a time
	Idempotency      time.Duration // how long a key is remembered
}

// Development reports whether the mode is development, where GraphiQL,
// introspection and /metrics are open to whoever reaches the address.
func (c *Config) Development() bool { return c.Mode == Development }

// Exit is the error that asks the caller to leave with Code and say nothing:
// help or the effective settings have been printed.
type Exit struct{ Code int }

// Error is for callers that print it all the same.
func (e Exit) Error() string { return fmt.Sprintf("exit with code %d", e.Code) }

// Parse reads args (without the program's name) and the environment, and
// returns the checked settings with the command to run. Help and
// --print-config are written to stdout and answered by Exit. Settings that are
// wrong come back all at once as Problems, a wrong command line as *UsageError.
// env of the empty name gives the names of all that is set, see Environ.
func Parse(args []string, env func(string) (string, bool), stdout io.Writer) (*Config, Command, error) {
	table, problems := tableFor(args, env)
	line, err := parseLine(args, table, stdout)
	if err != nil {
		return nil, nil, err
	}
	given := gather(table, line, env)
	cfg := &Config{Memory: memory(machine(), env)}
	problems = append(problems, given.apply(cfg)...)
	command := complete(line.command, cfg, env)
	problems = append(problems, cfg.check(command, given)...)
	if line.printConfig {
		given.print(stdout, cfg)
		if len(problems) == 0 {
			return nil, nil, Exit{}
		}
	}
	if len(problems) > 0 {
		return nil, nil, problems
	}
	return cfg, command, nil
}

// complete gives the command what comes from the environment, and lets no
// command but serve be a demonstration.
func complete(cmd Command, cfg *Config, env func(string) (string, bool)) Command {
	switch c := cmd.(type) {
	case Serve:
		return Serve{Demo: cfg.Demo}
	case UserCreate:
		c.password, _ = env("KABINET_PASSWORD")
		cmd = c
	}
	cfg.Demo = false
	return cmd
}

// check holds the rules that need more than one setting; apply has checked
// each alone and filled in what was right.
func (c *Config) check(cmd Command, given settingValues) Problems {
	var problems Problems
	refuse := func(env, why string) { problems = append(problems, given.problem(env, why)) }
	_, serving := cmd.(Serve)
	if c.Demo {
		if given.explicit("KABINET_MODE") && c.Mode == Production {
			refuse("KABINET_MODE", "--demo makes sign-ins whose password everybody knows and cannot run in production mode")
		}
		c.Mode = Development
	}
	if serving && c.Mode == Production && !given.explicit("KABINET_SECRET_KEY") {
		refuse("KABINET_SECRET_KEY", "it is required to serve in production mode")
	}
	if c.PublicURL == nil && c.Listen != "" {
		c.PublicURL = publicURLOf(c.Listen)
	}
	if c.Mode == Production && c.PublicURL != nil && c.PublicURL.Scheme == "http" && !loopback(c.PublicURL.Hostname()) {
		refuse("KABINET_PUBLIC_URL", "production mode needs https, for its cookie is only sent over https")
	}
	if c.Mail.SMTPURL != "" && c.Mail.From == "" {
		refuse("KABINET_MAIL_FROM", "with KABINET_SMTP_URL a sender is needed, here or as ?from= of that URL")
	}
	if c.Payment.URL != nil && len(c.Payment.Secrets) == 0 {
		refuse("KABINET_PAYMENT_SECRET", "with KABINET_PAYMENT_URL it is required")
	}
	if c.Mode == Production && c.Payment.URL != nil && c.Payment.URL.Scheme == "http" && !loopback(c.Payment.URL.Hostname()) {
		refuse("KABINET_PAYMENT_URL", "production mode needs https")
	}
	c.checkMailIn(refuse)
	c.checkProviders(given, refuse)
	c.checkRegistration(refuse)
	c.checkBot(refuse)
	c.checkMessages(refuse)
	c.checkChannels(refuse)
	if c.MetricsListen != "" && c.MetricsListen == c.Listen {
		refuse("KABINET_METRICS_LISTEN", "it must differ from KABINET_LISTEN")
	}
	if c.TrustedOnly && len(c.TrustedDocuments) == 0 {
		refuse("KABINET_TRUSTED_DOCUMENTS", "with KABINET_TRUSTED_DOCUMENTS_ONLY it is required, or nothing could be asked")
	}
	atMost := func(shortEnv string, short time.Duration, longEnv string, long time.Duration) {
		if short > long && long > 0 {
			refuse(shortEnv, "it must not be longer than "+longEnv)
		}
	}
	atMost("KABINET_SESSION_LOCK", c.Session.Lock, "KABINET_SESSION_IDLE", c.Session.Idle)
	atMost("KABINET_SESSION_IDLE", c.Session.Idle, "KABINET_SESSION_ABSOLUTE", c.Session.Absolute)
	atMost("KABINET_STAFF_SESSION_IDLE", c.Session.StaffIdle, "KABINET_STAFF_SESSION_ABSOLUTE", c.Session.StaffAbsolute)
	return problems
}
