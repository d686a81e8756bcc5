// Package smtpd takes letters in by SMTP, for addresses of our own alone: it
// relays nothing, sends nothing and asks nobody to sign in. A letter is
// answered with 2xx only when whoever it is handed to has kept it; what is down
// with us is 4xx, so that the sender's server tries again. It reads no letter
// and knows no ticket.
package smtpd

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// Envelope is one letter as it came in.
type Envelope struct {
	From string   // the return path; empty of bounces
	To   []string // those of ours that it is for, as they were written
	Raw  []byte
	Peer netip.Addr // who handed it over
}

// The ways in which a letter is not taken, for errors.Is; any other error is
// ErrLater.
var (
	ErrLater   = errors.New("smtpd: not now")           // 4xx: the sender tries again
	ErrTooMany = errors.New("smtpd: too many letters")  // 4xx
	ErrRefused = errors.New("smtpd: this is no letter") // 5xx: sending again helps nobody
)

// Options say what is taken.
type Options struct {
	Domain   string                                      // how we greet
	Ours     func(address string) bool                   // whether a recipient is one of ours
	Take     func(ctx context.Context, e Envelope) error // keeps a letter
	MaxBytes int64                                       // of one letter
	TLS      *tls.Config                                 // nil: no STARTTLS
	Log      *slog.Logger

	// Zero takes the default behind it.
	PerAddress int           // connections of one address at a time; 10
	AtOnce     int           // connections in all; 200
	Patience   time.Duration // for a command, and for a whole letter; 3 minutes
	Longest    time.Duration // of a connection, whatever is said on it; 15 minutes
	TakeTime   time.Duration // for Take; 1 minute
	HeldBytes  int64         // of all letters that are on their way in, beside one another; 128 MiB
}

const (
	maxRecipients = 20       // how many of our addresses one letter may be for
	maxLine       = 64 << 10 // longer than SMTP allows, for some write whole pages in one
)

// Server is one listener.
type Server struct {
	o      Options
	server *smtp.Server
	conns  *counted
	held   atomic.Int64    // bytes of letters on their way in
	ctx    context.Context // of what is being taken
	cancel context.CancelFunc
}

// New makes a server that does not listen yet.
func New(o Options) *Server {
	o.PerAddress, o.AtOnce = cmp.Or(o.PerAddress, 10), cmp.Or(o.AtOnce, 200)
	o.Patience, o.Longest = cmp.Or(o.Patience, 3*time.Minute), cmp.Or(o.Longest, 15*time.Minute)
	o.TakeTime, o.HeldBytes = cmp.Or(o.TakeTime, time.Minute), cmp.Or(o.HeldBytes, 128<<20)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Server{o: o}
	s.conns = &counted{most: o.AtOnce, each: o.PerAddress, longest: o.Longest, of: map[netip.Prefix]int{}, open: map[*countedConn]bool{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, peer: address(c.Conn().RemoteAddr())}, nil
	}))
	s.server.Domain, s.server.TLSConfig = o.Domain, o.TLS
	s.server.MaxMessageBytes, s.server.MaxRecipients, s.server.MaxLineLength = o.MaxBytes, maxRecipients, maxLine
	s.server.ReadTimeout, s.server.WriteTimeout = o.Patience, o.Patience
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = complaints{o.Log}
	return s
}

// Serve answers until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	return s.server.Serve(s.conns.over(l))
}

// patience is how long those who are connected may go on saying something while
// the server ends.
const patience = 2 * time.Second

// Shutdown takes no new connection. Who says nothing, or is still sending, is cut
// off soon; letters that are being kept are waited for until ctx ends. Whoever got
// no answer tries again.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.cancel()
	s.conns.hurry(time.Now().Add(patience))
	err := s.server.Shutdown(ctx)
	if ctx.Err() != nil {
		return s.server.Close()
	}
	return err
}

// session is one letter after another on one connection.
type session struct {
	server *Server
	peer   netip.Addr
	from   string
	to     []string
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.Reset()
	s.from = from
	return nil
}

// Rcpt takes nobody but us: this is no relay.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if len(to) > 254 || strings.ContainsAny(to, "\r\n\x00") || !s.server.o.Ours(to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Relaying is not allowed: that address is not ours"}
	}
	s.to = append(s.to, to)
	return nil
}

// Data reads a letter and hands it over.
func (s *session) Data(r io.Reader) error {
	held := &held{server: s.server}
	defer held.free()
	if _, err := io.Copy(held, r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.server.ctx, s.server.o.TakeTime)
	defer cancel()
	err := s.server.o.Take(ctx, Envelope{From: s.from, To: s.to, Raw: held.Bytes(), Peer: s.peer})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrRefused):
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "The letter cannot be taken: it is malformed, has too many parts, or From does not name exactly one sender"}
	case errors.Is(err, ErrTooMany):
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Too many letters, please try again later"}
	case !errors.Is(err, ErrLater):
		s.server.o.Log.Error("a letter could not be taken", "error", err.Error())
	}
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not now, please try again later"}
}

// held is a letter on its way in: of all of them no more is kept at a time than
// there is room for.
type held struct {
	bytes.Buffer
	server *Server
	n      int64
}

// ReadFrom hides that of the buffer, which counts nothing.
func (h *held) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{h}, r, make([]byte, 32<<10))
}

// Write implements io.Writer.
func (h *held) Write(p []byte) (int, error) {
	h.n += int64(len(p))
	if h.server.held.Add(int64(len(p))) > h.server.o.HeldBytes {
		return 0, &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "There is no room for now, please try again later"}
	}
	return h.Buffer.Write(p)
}

func (h *held) free() { h.server.held.Add(-h.n) }

// complaints are what the protocol's library says of broken connections; it may
// hold what a stranger sent, so its length is bounded (security J8).
type complaints struct{ log *slog.Logger }

// Printf implements smtp.Logger.
func (c complaints) Printf(format string, v ...any) {
	c.log.Debug("smtp in", "said", bounded(format, v...))
}

// Println implements smtp.Logger.
func (c complaints) Println(v ...any) { c.log.Debug("smtp in", "said", bounded("%v", v...)) }

// bounded is a text of at most 300 bytes.
func bounded(format string, v ...any) string {
	s := fmt.Sprintf(format, v...)
	return strings.ToValidUTF8(s[:min(len(s), 300)], "?")
}
