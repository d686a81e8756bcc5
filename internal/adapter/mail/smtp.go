package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// sendTime bounds one letter, from the connection to the server's last answer.
const sendTime = 15 * time.Second

// Option changes how SMTP sends.
type Option func(*smtpSender)

// WithTimeout bounds one letter; 15 s when not given.
func WithTimeout(d time.Duration) Option { return func(s *smtpSender) { s.timeout = d } }

// WithRootCAs trusts these authorities in place of the system's.
func WithRootCAs(roots *x509.CertPool) Option { return func(s *smtpSender) { s.roots = roots } }

// smtpSender connects anew for each letter: letters are rare, and a kept
// connection is dead when it is wanted.
type smtpSender struct {
	host       string
	port       int
	ssl        bool
	policy     gomail.TLSPolicy
	user, pass string
	from       string
	domain     string // of from
	timeout    time.Duration
	roots      *x509.CertPool
}

// SMTP sends through smtp://user:password@host:port or smtps://…, as
// KABINET_SMTP_URL says. The port is 587 or 465 when not given. smtp:// uses
// STARTTLS when the server offers it, and demands it when there is a user;
// ?tls=none, opportunistic or required decides otherwise. ?from= is for the
// caller, who passes it as from.
//
// While it connects it heeds ctx; after that, its deadline and the timeout.
func SMTP(rawURL, from string, opts ...Option) (Sender, error) {
	s := &smtpSender{timeout: sendTime}
	if err := s.readURL(rawURL); err != nil {
		return nil, err
	}
	address, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("the sender is not an e-mail address")
	}
	s.from = from
	s.domain = address.Address[strings.LastIndex(address.Address, "@")+1:]
	for _, opt := range opts {
		opt(s)
	}
	if _, err := s.client(s.timeout); err != nil {
		return nil, err
	}
	return s.send, nil
}

// readURL never puts the URL into an error: it holds a password.
func (s *smtpSender) readURL(rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return errors.New("the SMTP URL does not begin with smtp://host or smtps://host")
	}
	s.host, s.user, s.ssl = u.Hostname(), u.User.Username(), u.Scheme == "smtps"
	s.pass, _ = u.User.Password()
	s.port = 587
	if s.ssl {
		s.port = 465
	}
	if port := u.Port(); port != "" {
		if s.port, err = strconv.Atoi(port); err != nil {
			return errors.New("the port of the SMTP URL is not a number")
		}
	}
	switch mode := u.Query().Get("tls"); mode {
	case "none":
		s.policy = gomail.NoTLS
	case "required":
		s.policy = gomail.TLSMandatory
	case "opportunistic":
		s.policy = gomail.TLSOpportunistic
	case "":
		s.policy = gomail.TLSOpportunistic
		if s.user != "" {
			s.policy = gomail.TLSMandatory
		}
	default:
		return errors.New("tls of the SMTP URL is not none, opportunistic or required")
	}
	return nil
}

func (s *smtpSender) client(timeout time.Duration) (*gomail.Client, error) {
	opts := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(timeout), gomail.WithTLSPolicy(s.policy),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}),
		gomail.WithoutNoop(),
	}
	if s.ssl {
		opts = append(opts, gomail.WithSSL())
	}
	if s.user != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.user), gomail.WithPassword(s.pass))
	}
	return gomail.NewClient(s.host, opts...)
}

func (s *smtpSender) send(ctx context.Context, m Message) error {
	m, err := m.checked()
	if err != nil {
		return err
	}
	letter, err := s.letter(m)
	if err != nil {
		return refusal(ErrPermanent, err, m.To)
	}
	timeout := s.timeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	}
	if timeout <= 0 {
		return fmt.Errorf("%w: %w", ErrTemporary, context.DeadlineExceeded)
	}
	client, err := s.client(timeout)
	if err != nil {
		return refusal(ErrTemporary, err, m.To)
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		// No server, no TLS, a wrong password: the operator's to mend, and
		// never the fault of the letter.
		return refusal(ErrTemporary, err, m.To)
	}
	defer func() { _ = client.CloseWithSMTPClient(connection) }() // the letter has been answered for
	return s.outcome(client.SendWithSMTPClient(connection, letter), letter, m.To)
}

// letter builds the text with its HTML alternative.
func (s *smtpSender) letter(m Message) (*gomail.Msg, error) {
	letter := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(letter.From(s.from), letter.To(m.To)); err != nil {
		return nil, err
	}
	letter.Subject(m.Subject)
	letter.SetDate()
	if !m.ByPerson {
		letter.SetGenHeader("Auto-Submitted", "auto-generated") // no answers from holidays
		letter.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange
	}
	if m.Unsubscribe != "" {
		letter.SetGenHeader("List-Unsubscribe", "<"+m.Unsubscribe+">")
		letter.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	if err := s.talk(letter, m); err != nil {
		return nil, err
	}
	if m.ID != "" {
		letter.SetMessageIDWithValue(m.ID + "@" + s.domain)
	}
	letter.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		letter.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, f := range m.Files {
		letter.AttachReadSeeker(f.Name, bytes.NewReader(f.Bytes), gomail.WithFileContentType(gomail.ContentType(f.Mime)))
	}
	return letter, nil
}

// talk says what a letter answers, and where to answer it.
func (s *smtpSender) talk(letter *gomail.Msg, m Message) error {
	if m.ReplyTo != "" {
		if err := letter.ReplyTo(m.ReplyTo); err != nil {
			return err
		}
	}
	if m.ReturnTo != "" {
		if err := letter.EnvelopeFrom(m.ReturnTo); err != nil {
			return err
		}
	}
	if m.Loop != "" {
		letter.SetGenHeader("X-Loop", m.Loop)
	}
	if m.InReplyTo != "" {
		letter.SetGenHeader(gomail.HeaderInReplyTo, s.bracketed(m.InReplyTo))
	}
	if len(m.References) > 0 {
		all := make([]string, len(m.References))
		for i, id := range m.References {
			all[i] = s.bracketed(id)
		}
		letter.SetGenHeader(gomail.HeaderReferences, strings.Join(all, " "))
	}
	return nil
}

func (s *smtpSender) bracketed(id string) string {
	if !strings.Contains(id, "@") {
		id += "@" + s.domain
	}
	return "<" + id + ">"
}

// outcome sorts what the server said. Once it has taken the letter, a failure
// to say goodbye is none: another try would deliver it twice.
func (s *smtpSender) outcome(err error, letter *gomail.Msg, to string) error {
	if err == nil || letter.IsDelivered() {
		return nil
	}
	var sendErr *gomail.SendError
	if !errors.As(err, &sendErr) || sendErr.ErrorCode() == 0 {
		return refusal(ErrTemporary, err, to)
	}
	r := Refused{Status: sendErr.ErrorCode(), Recipient: sendErr.Reason == gomail.ErrSMTPRcptTo}
	r.Gone = r.Recipient && r.Status >= 500 && strings.HasPrefix(sendErr.EnhancedStatusCode(), "5.1.")
	r.Err = refusal(ErrTemporary, err, to)
	if r.Status >= 500 {
		r.Err = refusal(ErrPermanent, err, to)
	}
	return r
}

// Refused is an error with what a server said. It wraps ErrPermanent or
// ErrTemporary: of this letter at this server.
type Refused struct {
	Status    int
	Recipient bool // it is about the address, and so would be at any other server
	Gone      bool // there is no such mailbox
	Err       error
}

// Error implements error.
func (r Refused) Error() string { return r.Err.Error() }

// Unwrap gives the error itself.
func (r Refused) Unwrap() error { return r.Err }

// refusal keeps the server's words and takes the recipient's address out of
// them, in whatever case it is written. The address has been checked, so it is
// valid UTF-8 and its quoted form a valid expression.
func refusal(kind, err error, to string) error {
	address := regexp.MustCompile("(?i)" + regexp.QuoteMeta(to))
	return fmt.Errorf("%w: %s", kind, address.ReplaceAllLiteralString(err.Error(), "(recipient)"))
}
