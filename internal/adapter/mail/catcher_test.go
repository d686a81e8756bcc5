package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kabinet/internal/adapter/mail"
)

// catcher keeps what it is given, or refuses it.
type catcher struct {
	addr string

	mu      sync.Mutex
	letters []mail.Caught
}

func (c *catcher) all() []mail.Caught {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]mail.Caught(nil), c.letters...)
}

// catch starts a server; cert may be nil, and implicit then has no meaning.
// Steps are MAIL, RCPT and DATA.
func catch(t *testing.T, cert *tls.Certificate, implicit bool, refuse map[string]*smtp.SMTPError) *catcher {
	t.Helper()
	c := &catcher{}
	server, err := mail.Catch(mail.CatcherOptions{
		Took: func(l mail.Caught) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.letters = append(c.letters, l)
		},
		Refuse: func(step string) error {
			if err := refuse[step]; err != nil {
				return err
			}
			return nil
		},
		Password: "right", Cert: cert, Implicit: implicit,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.addr = server.Addr
	t.Cleanup(server.Close)
	return c
}

// A letter is read again as it was given, whatever alphabet it is in and
// however long its lines are; what is no letter is said to be none.
func TestOpenCaught(t *testing.T) {
	t.Parallel()
	c := catch(t, nil, false, nil)
	m := letter
	m.Files = []mail.File{{Name: "счёт.pdf", Mime: "application/pdf", Bytes: []byte("%PDF-1.4")}}
	if err := sender(t, "smtp://"+c.addr)(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got, err := c.all()[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	want := mail.Opened{Subject: m.Subject, Text: "Ваш код: 123456\r\n.\r\nконец", HTML: m.HTML, Files: []string{"счёт.pdf"}}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, raw := range []string{"no letter", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "Content-Type: multipart/mixed\r\n\r\nx"} {
		if _, err := (mail.Caught{Data: []byte(raw)}).Open(); err == nil {
			t.Errorf("%q was read", raw)
		}
	}
}

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
