package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// caught is one letter as the server took it.
type caught struct {
	from, to, user string
	tls            bool
	data           []byte
}

// catcher is an SMTP server that keeps what it is given, or refuses it.
type catcher struct {
	addr string

	mu      sync.Mutex
	letters []caught
	refuse  map[string]*smtp.SMTPError // by step: MAIL, RCPT, DATA
}

func (c *catcher) refusal(step string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refuse[step]; err != nil {
		return err
	}
	return nil
}

func (c *catcher) all() []caught {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]caught(nil), c.letters...)
}

// catch starts a server; cert may be nil, and implicit then has no meaning.
func catch(t *testing.T, cert *tls.Certificate, implicit bool, refuse map[string]*smtp.SMTPError) *catcher {
	t.Helper()
	c := &catcher{refuse: refuse}
	server := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{catcher: c, conn: conn}, nil
	}))
	server.Domain = "localhost"
	server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.addr = listener.Addr().String()
	if cert != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}}
		if implicit {
			listener = tls.NewListener(listener, server.TLSConfig)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close
	}()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return c
}

type session struct {
	catcher *catcher
	conn    *smtp.Conn
	letter  caught
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if pass != "right" {
			return smtp.ErrAuthFailed
		}
		s.letter.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.letter.from = from
	_, s.letter.tls = s.conn.TLSConnectionState()
	return s.catcher.refusal("MAIL")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = to
	return s.catcher.refusal("RCPT")
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.catcher.refusal("DATA"); err != nil {
		return err
	}
	s.letter.data = data
	s.catcher.mu.Lock()
	defer s.catcher.mu.Unlock()
	s.catcher.letters = append(s.catcher.letters, s.letter)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// certificate makes one for 127.0.0.1 and the pool that trusts it.
func certificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "catcher"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
