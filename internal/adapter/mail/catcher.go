package mail

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	reader "github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Caught is one letter as a Catcher took it.
type Caught struct {
	From, To string // of the envelope; To is the last of its recipients
	User     string // who signed in; empty for nobody
	TLS      bool
	Data     []byte
}

// CatcherOptions say how letters are caught. Only Took is needed.
type CatcherOptions struct {
	Took     func(Caught)            // hears of each letter, one after the other of a connection
	Refuse   func(step string) error // MAIL, RCPT or DATA; an *smtp.SMTPError names its code
	Password string                  // of whoever signs in; empty: nobody does
	Cert     *tls.Certificate        // STARTTLS is offered
	Implicit bool                    // TLS from the first byte, by Cert
}

// Catcher is an SMTP server on this machine which delivers nothing, for
// demonstrations and tests.
type Catcher struct {
	Addr string

	server *smtp.Server
	done   chan struct{}
}

const (
	largestCaught = 32 << 20 // bytes of a letter
	catchTime     = time.Minute
)

// Catch starts one on a free port of the loopback address.
func Catch(o CatcherOptions) (*Catcher, error) {
	if o.Refuse == nil {
		o.Refuse = func(string) error { return nil }
	}
	c := &Catcher{done: make(chan struct{})}
	c.server = smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &catching{o: o, conn: conn}, nil
	}))
	c.server.Domain, c.server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	c.server.MaxMessageBytes, c.server.ReadTimeout, c.server.WriteTimeout = largestCaught, catchTime, catchTime
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.Addr = ln.Addr().String()
	if o.Cert != nil {
		c.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*o.Cert}, MinVersion: tls.VersionTLS12}
		if o.Implicit {
			ln = tls.NewListener(ln, c.server.TLSConfig)
		}
	}
	go func() {
		defer close(c.done)
		_ = c.server.Serve(ln) // ends with Close
	}()
	return c, nil
}

// Close ends it.
func (c *Catcher) Close() {
	_ = c.server.Close()
	<-c.done
}

// catching is one connection.
type catching struct {
	o      CatcherOptions
	conn   *smtp.Conn
	letter Caught
}

// AuthMechanisms implements smtp.AuthSession.
func (s *catching) AuthMechanisms() []string {
	if s.o.Password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *catching) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.o.Password == "" || password != s.o.Password {
			return smtp.ErrAuthFailed
		}
		s.letter.User = user
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *catching) Mail(from string, _ *smtp.MailOptions) error {
	s.letter.From, s.letter.To = from, ""
	_, s.letter.TLS = s.conn.TLSConnectionState()
	return s.o.Refuse("MAIL")
}

// Rcpt implements smtp.Session.
func (s *catching) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.To = to
	return s.o.Refuse("RCPT")
}

// Data implements smtp.Session.
func (s *catching) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.o.Refuse("DATA"); err != nil {
		return err
	}
	letter := s.letter
	letter.Data = data
	s.o.Took(letter)
	return nil
}

// Reset implements smtp.Session.
func (s *catching) Reset() {}

// Logout implements smtp.Session.
func (s *catching) Logout() error { return nil }

// Opened is a letter as its reader sees it.
type Opened struct {
	Subject, Text, HTML string
	Files               []string // names of what is attached
}

// Open reads a letter that a Sender put together.
func (c Caught) Open() (o Opened, err error) {
	r, err := reader.CreateReader(bytes.NewReader(c.Data))
	if err != nil {
		return o, fmt.Errorf("mail: %w", err)
	}
	if o.Subject, err = r.Header.Subject(); err != nil {
		return o, fmt.Errorf("mail: %w", err)
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return o, nil
		}
		if err != nil {
			return o, fmt.Errorf("mail: %w", err)
		}
		if h, attached := part.Header.(*reader.AttachmentHeader); attached {
			name, _ := h.Filename() // one that cannot be read is empty
			o.Files = append(o.Files, name)
			continue
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return o, fmt.Errorf("mail: %w", err)
		}
		inline, _ := part.Header.(*reader.InlineHeader)
		switch kind, _, _ := inline.ContentType(); kind {
		case "text/html":
			o.HTML = string(body)
		case "text/plain":
			o.Text = string(body)
		}
	}
}
