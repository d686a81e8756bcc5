// Package hook asks addresses of the business by signed HTTP: a provider of
// SMS to send a text, the business itself whether somebody may register. What
// is sent is signed as Standard Webhooks 1.0 says; docs/hooks.md is the whole
// protocol. It knows no person, and puts no number and no text into an error.
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Sign signs a message: payment.Sign, or another of the same form.
type Sign func(h http.Header, secret []byte, id string, at time.Time, body []byte)

// Options say who is asked.
type Options struct {
	URL      string
	Secret   []byte
	Sign     Sign
	Patience time.Duration    // for an answer; 5 seconds
	Client   *http.Client     // nil: one of its own
	Now      func() time.Time // nil: time.Now
}

// Endpoint is one address that is asked.
type Endpoint struct {
	url    string
	secret []byte
	sign   Sign
	client *http.Client
	now    func() time.Time
}

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 16 << 10

// ErrRefused says that the other side understood and says no for good; asking
// again is of no use.
var ErrRefused = errors.New("hook: the message was refused")

// New checks the options. Its errors say which is wrong, without a secret.
func New(o Options) (*Endpoint, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Fragment != "" {
		return nil, errors.New("it is not an http or https address")
	}
	if len(o.Secret) == 0 || o.Sign == nil {
		return nil, errors.New("there is no secret to sign with")
	}
	e := &Endpoint{url: o.URL, secret: o.Secret, sign: o.Sign, now: o.Now}
	if e.now == nil {
		e.now = time.Now
	}
	client := http.Client{}
	if o.Client != nil {
		client = *o.Client
	}
	client.Timeout = o.Patience
	if client.Timeout <= 0 {
		client.Timeout = 5 * time.Second
	}
	// Where it leads elsewhere it is not the address that was configured.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	e.client = &client
	return e, nil
}

// post sends a message and gives the answer; id is the same when it is sent again.
func (e *Endpoint) post(ctx context.Context, id string, message any) ([]byte, error) {
	_, answer, err := e.exchange(ctx, id, message)
	return answer, err
}

// exchange is post that gives the status too; 0 where there was no answer.
func (e *Endpoint) exchange(ctx context.Context, id string, message any) (int, []byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return 0, nil, fmt.Errorf("hook: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, errors.New("hook: the address cannot be asked")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Idempotency-Key", id)
	e.sign(req.Header, e.secret, id, e.now(), body)
	resp, err := e.client.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("hook: ask: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	status, after := resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"), e.now())
	switch {
	case err != nil:
		return status, nil, fmt.Errorf("hook: read the answer: %w", err)
	case len(answer) > maxAnswer:
		return status, nil, errors.New("hook: the answer is too long")
	case status == http.StatusUnprocessableEntity || status == http.StatusBadRequest:
		return status, answer, said(status, after, ErrRefused)
	case status == http.StatusGone:
		return status, nil, said(status, after, ErrGone)
	case status < 200 || status > 299:
		return status, nil, said(status, after, nil)
	}
	return status, answer, nil
}

// SMS sends one text. to is E.164; id is the same on every try, and a provider
// that has sent it before does not send it again. ErrRefused is for good.
func (e *Endpoint) SMS(ctx context.Context, to, text, id string) error {
	_, err := e.TextMessage(ctx, to, text, id)
	return err
}

// Registration is what the business is asked before an account is made.
type Registration struct {
	Reference      string `json:"reference"`
	CardNumber     string `json:"cardNumber,omitempty"`
	ContractNumber string `json:"contractNumber,omitempty"`
	Email          string `json:"email,omitempty"`
	Phone          string `json:"phone,omitempty"`
	GivenName      string `json:"givenName,omitempty"`
	FamilyName     string `json:"familyName,omitempty"`
	BirthOn        string `json:"birthOn,omitempty"`
}

// Verdict is what the business says.
type Verdict struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason"` // a word for programs, such as CARD_UNKNOWN
}

// longestReason is in bytes.
const longestReason = 64

// Register asks whether somebody may register. An error means that nobody
// knows.
func (e *Endpoint) Register(ctx context.Context, r Registration) (Verdict, error) {
	answer, err := e.post(ctx, "registration_"+r.Reference, struct {
		Type string       `json:"type"`
		Data Registration `json:"data"`
	}{"registration.check", r})
	if err != nil {
		return Verdict{}, err
	}
	var v struct {
		Allowed *bool  `json:"allowed"`
		Reason  string `json:"reason"`
	}
	if json.Unmarshal(answer, &v) != nil || v.Allowed == nil {
		return Verdict{}, errors.New("hook: the answer is no verdict")
	}
	if !word(v.Reason) {
		v.Reason = ""
	}
	return Verdict{Allowed: *v.Allowed, Reason: v.Reason}, nil
}

// word says that a text is one for programs, which may be shown.
func word(s string) bool {
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' {
			return false
		}
	}
	return len(s) <= longestReason
}
