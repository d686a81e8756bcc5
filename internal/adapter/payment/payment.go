// Package payment speaks with a payment provider over HTTP: it begins payments,
// has cards saved there, and reads what the provider tells later. Both ways are signed as Standard
// Webhooks 1.0 says (webhook-id, webhook-timestamp, webhook-signature;
// HMAC-SHA256). docs/payments.md is the whole protocol. It knows no wallet.
package payment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Options say where the provider is.
type Options struct {
	URL     string           // such as https://pay.example.com/v1; /payments is added
	Secrets [][]byte         // the first signs, all are believed
	Client  *http.Client     // nil: one of its own
	Now     func() time.Time // nil: time.Now
}

// Provider is one payment provider.
type Provider struct {
	base    string // without a slash at the end
	secrets [][]byte
	client  *http.Client
	now     func() time.Time
}

// The numbers of the protocol.
const (
	Patience   = 10 * time.Second // for an answer of the provider
	Tolerance  = 5 * time.Minute  // between a message's time and ours
	MaxMessage = 20 << 10         // bytes of a message of the provider
	maxAnswer  = 64 << 10         // bytes of an answer of the provider
)

// New checks the options. Its errors say which is wrong, without a secret.
func New(o Options) (*Provider, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the address of the payment provider is not an http or https address without a query")
	}
	if len(o.Secrets) == 0 {
		return nil, errors.New("there is no secret to sign with")
	}
	p := &Provider{base: strings.TrimSuffix(o.URL, "/"), secrets: o.Secrets, now: o.Now}
	if p.now == nil {
		p.now = time.Now
	}
	client := http.Client{}
	if o.Client != nil {
		client = *o.Client
	}
	client.Timeout = Patience
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.client = &client
	return p, nil
}

// Request begins a payment.
type Request struct {
	Reference   string    `json:"reference"` // ours; the same one is the same payment
	Amount      string    `json:"amount"`    // in major units, exact: "19.90"
	Currency    string    `json:"currency"`  // ISO 4217
	Description string    `json:"description,omitempty"`
	Locale      string    `json:"locale,omitempty"` // BCP 47
	ReturnURL   string    `json:"returnUrl,omitempty"`
	Token       string    `json:"token,omitempty"` // of a saved method to charge at once
	ExpiresAt   time.Time `json:"expiresAt"`
}

// Created is a payment begun.
type Created struct {
	ID  string `json:"id"`            // the provider's
	URL string `json:"url,omitempty"` // where the person pays; with a token, where he confirms it, if he has to
}

// Create begins a payment, or gives the one that the reference began before:
// the reference is its idempotency key. Any error means that nobody knows
// whether it began; asking again is safe.
func (p *Provider) Create(ctx context.Context, r Request) (Created, error) {
	var c Created
	if err := p.ask(ctx, "/payments", "create", r.Reference, r, &c); err != nil {
		return Created{}, err
	}
	if c.ID == "" || len(c.ID) > 255 {
		return Created{}, errors.New("payment: the provider's answer is not one")
	}
	if r.Token != "" && c.URL == "" { // nothing to confirm
		return c, nil
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(c.URL) > 2048 {
		return Created{}, errors.New("payment: the provider's answer has no address to pay at")
	}
	return c, nil
}

// Message is what the provider tells.
type Message struct {
	ID     string    // the same when it is sent again
	SentAt time.Time // by the provider's clock
	Type   string
	Data   Data
	Body   []byte // all of it
}

// Data is what a message is about, as the provider says it.
type Data struct {
	ID        string `json:"id"`        // the provider's, of the payment
	Reference string `json:"reference"` // ours
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Reason    string `json:"reason"` // of a failure, for people

	// Of a saved method.
	Token    string `json:"token,omitempty"`    // the provider's name for it
	Brand    string `json:"brand,omitempty"`    // visa, mir …
	Last4    string `json:"last4,omitempty"`    // digits
	ExpMonth int    `json:"expMonth,omitempty"` // 1 to 12
	ExpYear  int    `json:"expYear,omitempty"`  // four digits
}

// What is wrong with a message.
var (
	ErrUnsigned  = errors.New("payment: the message is not signed by the provider")
	ErrStale     = errors.New("payment: the message is too old or of the future")
	ErrMalformed = errors.New("payment: the message cannot be read")
)

// Open reads a message that the provider has sent: ErrUnsigned, ErrStale or
// ErrMalformed where it is not one. That it comes once is for the caller.
func (p *Provider) Open(h http.Header, body []byte) (Message, error) {
	at, err := Verify(h, p.secrets, p.now(), body)
	if err != nil {
		return Message{}, err
	}
	var m struct {
		Type string `json:"type"`
		Data Data   `json:"data"`
	}
	// What a database would not keep as JSON is nothing that it says.
	if !utf8.Valid(body) || bytes.Contains(body, []byte(`\u0000`)) {
		return Message{}, ErrMalformed
	}
	if err := json.Unmarshal(body, &m); err != nil || m.Type == "" {
		return Message{}, ErrMalformed
	}
	for _, s := range []string{m.Type, m.Data.ID, m.Data.Reference, m.Data.Amount, m.Data.Currency} {
		if len(s) > 255 {
			return Message{}, ErrMalformed
		}
	}
	if err := m.Data.check(); err != nil {
		return Message{}, err
	}
	return Message{ID: h.Get(headerID), SentAt: at, Type: m.Type, Data: m.Data, Body: body}, nil
}
