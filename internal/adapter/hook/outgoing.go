package hook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Outgoing sends messages to addresses that members of staff typed in: what
// Guard lets through, signed, once; whether and when it is tried again others
// decide. Nothing that the other side says comes back but its status.
type Outgoing struct {
	client *http.Client
	sign   Sign
	now    func() time.Time
}

// OutgoingOptions configure an Outgoing.
type OutgoingOptions struct {
	Guard    *Guard
	Sign     Sign
	Patience time.Duration    // for the whole of an answer; 15 seconds
	Now      func() time.Time // nil: time.Now
	Roots    *x509.CertPool   // nil: the system's
}

// Message is what is sent.
type Message struct {
	URL     string
	ID      string   // the same when it is sent again
	Secrets [][]byte // each signs: the new one and, while it holds, the former
	Body    []byte   // JSON
}

// Reply is what became of a try.
type Reply struct {
	Status     int // 0 where there was no answer
	Failure    string
	RetryAfter time.Duration // as the other side asks; at most a day
	Took       time.Duration
}

// What Failure says, words for programs; empty where the message was taken.
const (
	FailureAddress    = "ADDRESS_REFUSED" // the guard's no
	FailureTimeout    = "TIMEOUT"
	FailureTLS        = "TLS"
	FailureConnection = "CONNECTION"
	FailureRedirect   = "REDIRECT" // never followed
	FailureStatus     = "STATUS"   // any other answer than 200 to 299
)

const (
	patience   = 15 * time.Second
	headerSize = 16 << 10
	drained    = 64 << 10 // so much of an answer is read, and thrown away
	longestAsk = 24 * time.Hour
)

// NewOutgoing makes a sender. It goes through no proxy: a proxy would dial past
// the guard.
func NewOutgoing(o OutgoingOptions) *Outgoing {
	if o.Patience <= 0 {
		o.Patience = patience
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Outgoing{sign: o.Sign, now: o.Now, client: o.Guard.Client(o.Patience, o.Roots)}
}

// Client follows nothing, and dials what the guard lets through; what it does
// not is ErrAddress. Without roots it trusts the system's.
func (g *Guard) Client(patience time.Duration, roots *x509.CertPool) *http.Client {
	through := func(d *net.Dialer) *http.Transport {
		return &http.Transport{
			Proxy:                  nil,
			DialContext:            d.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // what is packed stays packed
			MaxResponseHeaderBytes: headerSize,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        30 * time.Second,
		}
	}
	return &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     byScheme{secure: through(g.Dialer()), plain: through(g.PlainDialer())},
	}
}

// byScheme dials what goes in the clear by a stricter rule.
type byScheme struct{ secure, plain *http.Transport }

// RoundTrip implements http.RoundTripper.
func (b byScheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return b.secure.RoundTrip(r)
	}
	return b.plain.RoundTrip(r)
}

// Send tries once.
func (o *Outgoing) Send(ctx context.Context, m Message) Reply {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Reply{Failure: FailureAddress}
	}
	req.GetBody = nil // a try is one try
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Kabinet")
	req.Header.Set("Idempotency-Key", m.ID)
	o.signAll(req.Header, m)
	began := time.Now()
	resp, err := o.client.Do(req)
	if err != nil {
		return Reply{Failure: failure(err), Took: time.Since(began)}
	}
	_, _ = io.CopyN(io.Discard, resp.Body, drained)
	_ = resp.Body.Close()
	r := Reply{Status: resp.StatusCode, Took: time.Since(began), RetryAfter: o.asked(resp.Header.Get("Retry-After"))}
	switch {
	case r.Status >= 300 && r.Status <= 399:
		r.Failure = FailureRedirect
	case r.Status < 200 || r.Status > 299:
		r.Failure = FailureStatus
	}
	return r
}

// signAll signs with each secret, so that the other side can change over.
func (o *Outgoing) signAll(h http.Header, m Message) {
	const signature = "webhook-signature"
	at, all := o.now(), make([]string, 0, len(m.Secrets))
	for _, secret := range m.Secrets {
		o.sign(h, secret, m.ID, at, m.Body)
		all = append(all, h.Get(signature))
	}
	h.Set(signature, strings.Join(all, " "))
}

// failure is the word for an error; its text may hold an address.
func failure(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var bad x509.CertificateInvalidError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ErrAddress):
		return FailureAddress
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return FailureTimeout
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &verification), errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &bad), errors.As(err, &alert), errors.As(err, &record):
		return FailureTLS
	}
	return FailureConnection
}

// asked reads Retry-After.
func (o *Outgoing) asked(text string) time.Duration { return retryAfter(text, o.now()) }

// retryAfter reads the header of that name: seconds, or a time.
func retryAfter(text string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), longestAsk)
}
