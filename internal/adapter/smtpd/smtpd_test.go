package smtpd_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kabinet/internal/adapter/smtpd"
)

type taken struct {
	mu   sync.Mutex
	all  []smtpd.Envelope
	says error
}

func (k *taken) take(_ context.Context, e smtpd.Envelope) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.says == nil {
		k.all = append(k.all, e)
	}
	return k.says
}

func (k *taken) say(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.says = err
}

func serve(t *testing.T, o smtpd.Options) (addr string, k *taken, s *smtpd.Server) {
	t.Helper()
	k = &taken{}
	o.Domain, o.Take, o.Log = "mx.shop.example", k.take, slog.New(slog.NewTextHandler(io.Discard, nil))
	o.Ours = func(address string) bool {
		return strings.HasSuffix(strings.ToLower(address), "@shop.example") && strings.HasPrefix(address, "support")
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 20
	}
	s = smtpd.New(o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
		<-done
	})
	return l.Addr().String(), k, s
}

const body = "From: a@example.com\r\nSubject: x\r\n\r\nhello\r\n.dot\r\n"

func deliver(addr, from string, to []string, raw string) error {
	c, err := smtp.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail(from, to, strings.NewReader(raw))
}

func code(err error) int {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestTake(t *testing.T) {
	t.Parallel()
	addr, k, _ := serve(t, smtpd.Options{})
	if err := deliver(addr, "a@example.com", []string{"support@shop.example", "support+x@Shop.example"}, body); err != nil {
		t.Fatal(err)
	}
	if err := deliver(addr, "", []string{"support@shop.example"}, body); err != nil {
		t.Fatalf("a bounce: %v", err)
	}
	if len(k.all) != 2 || k.all[0].From != "a@example.com" || len(k.all[0].To) != 2 || string(k.all[0].Raw) != body || k.all[1].From != "" {
		t.Errorf("%+v", k.all)
	}
}

func TestNoRelay(t *testing.T) {
	t.Parallel()
	addr, k, _ := serve(t, smtpd.Options{})
	for _, to := range []string{"bob@example.com", "support@shop.example.evil.example", "support%example.com@other.example", "postmaster@shop.example", "support@shop.example@evil.example"} {
		if err := deliver(addr, "a@example.com", []string{to}, body); code(err) < 500 {
			t.Errorf("%s: %v", to, err)
		}
	}
	if len(k.all) != 0 {
		t.Errorf("%+v", k.all)
	}
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Hello("x"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AUTH", "STARTTLS"} {
		if ok, _ := c.Extension(name); ok {
			t.Errorf("%s is offered", name)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	addr, k, _ := serve(t, smtpd.Options{})
	for _, c := range []struct {
		says error
		want int
	}{
		{smtpd.ErrLater, 451}, {errors.New("database"), 451}, {fmt.Errorf("x: %w", smtpd.ErrTooMany), 450}, {smtpd.ErrRefused, 554}, {nil, 0},
	} {
		k.say(c.says)
		if got := code(deliver(addr, "a@example.com", []string{"support@shop.example"}, body)); got != c.want {
			t.Errorf("%v: %d, want %d", c.says, got, c.want)
		}
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	addr, k, _ := serve(t, smtpd.Options{MaxBytes: 1000})
	large := body + strings.Repeat("x\r\n", 1000)
	if got := code(deliver(addr, "a@example.com", []string{"support@shop.example"}, large)); got != 552 {
		t.Errorf("%d", got)
	}
	if len(k.all) != 0 {
		t.Errorf("%+v", k.all)
	}
	many := make([]string, 30)
	for i := range many {
		many[i] = fmt.Sprintf("support+%d@shop.example", i)
	}
	if got := code(deliver(addr, "a@example.com", many, body)); got != 452 {
		t.Errorf("30 recipients: %d", got)
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	addr, _, _ := serve(t, smtpd.Options{PerAddress: 2})
	greet := func() (net.Conn, string) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		line, _ := bufio.NewReader(c).ReadString('\n')
		return c, line
	}
	first, hello := greet()
	_, again := greet()
	if !strings.HasPrefix(hello, "220") || !strings.HasPrefix(again, "220") {
		t.Fatal(hello, again)
	}
	if _, third := greet(); !strings.HasPrefix(third, "421") {
		t.Errorf("the third connection: %q", third)
	}
	_ = first.Close()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, next := greet(); strings.HasPrefix(next, "220") {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("a place is not free again: %q", next)
		}
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	addr, k, _ := serve(t, smtpd.Options{Patience: 200 * time.Millisecond})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = fmt.Fprintf(c, "EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\nFrom: a\r\n")
	go func() {
		for range 100 {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	began := time.Now()
	_, _ = io.Copy(io.Discard, c)
	if time.Since(began) > 3*time.Second || len(k.all) != 0 {
		t.Errorf("a drop now and then kept the connection for %s, taken %d", time.Since(began), len(k.all))
	}
}

func TestSTARTTLS(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	addr, k, _ := serve(t, smtpd.Options{TLS: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}})
	c, err := smtp.DialStartTLS(addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a certificate of the test's own
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail("a@example.com", []string{"support@shop.example"}, strings.NewReader(body)); err != nil || len(k.all) != 1 {
		t.Errorf("%v, %d", err, len(k.all))
	}
}
