// Package oidc is the client's side of OpenID Connect for one provider: the
// code flow with PKCE (S256), state, nonce and the issuer in the answer (RFC
// 9207). It asks the provider's own addresses alone, over a client that waits
// little, reads little and follows no redirect, and believes ID tokens by RS256
// and ES256 alone. It knows no person and no domain, and keeps nothing but the
// provider's metadata and keys.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// ErrForged is wrapped by errors that say that an answer is not to be
// believed. All other errors say that the provider is not to be reached or does
// not keep to the protocol. No error holds a code, a token or a secret.
var ErrForged = errors.New("oidc: the answer cannot be believed")

// atOnce is how many calls to one provider may wait for it at a time: a slow
// one must not hold all that Kabinet can do for nobody.
const atOnce = 16

// Options describe one provider and this client of it.
type Options struct {
	Issuer       string // byte by byte as the provider calls itself
	ClientID     string
	ClientSecret string   // empty of a public client
	Scopes       []string // openid among them
	RedirectURL  string   // of this provider alone: the first defence against mix-ups

	Now       func() time.Time  // nil: time.Now
	Transport http.RoundTripper // nil: a plain one
	Timeout   time.Duration     // of one call to the provider; 10 s
}

// Claims are what the provider says of a person.
type Claims struct {
	Issuer, Subject       string // together the name of the person, and nothing else is
	Email                 string
	EmailVerified         bool // the JSON value true, and nothing like it
	Name                  string
	GivenName, FamilyName string
	Locale                string
}

// Answer is what came back by the browser, with what was kept of the question.
type Answer struct {
	Code, Verifier, Nonce string
	Issuer                string // iss of the answer; empty where there was none
}

// Provider is one provider. It is safe for use by many at once.
type Provider struct {
	o      Options
	client *http.Client
	slots  chan struct{}

	mu       sync.Mutex
	known    *metadata
	asking   *asking
	failed   error
	failedAt time.Time
}

// New makes a provider; nothing is asked of it yet.
func New(o Options) (*Provider, error) {
	if o.Issuer == "" || o.ClientID == "" || o.RedirectURL == "" {
		return nil, errors.New("oidc: Issuer, ClientID and RedirectURL are required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if !slices.Contains(o.Scopes, gooidc.ScopeOpenID) {
		o.Scopes = append([]string{gooidc.ScopeOpenID}, o.Scopes...)
	}
	return &Provider{o: o, client: newClient(o), slots: make(chan struct{}, atOnce)}, nil
}

// Verifier makes the secret of PKCE that is kept until Finish.
func Verifier() string { return oauth2.GenerateVerifier() }

// Start says where to send the browser.
func (p *Provider) Start(ctx context.Context, state, nonce, verifier string) (string, error) {
	m, err := p.metadata(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(m).AuthCodeURL(state, gooidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// Finish turns an answer into claims: the code into tokens, once, and the ID
// token into what it says.
func (p *Provider) Finish(ctx context.Context, a Answer) (Claims, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		return Claims{}, errors.New("oidc: too many answers wait for the provider")
	}
	m, err := p.metadata(ctx)
	if err != nil {
		return Claims{}, err
	}
	if a.Issuer == "" && m.NamesItself || a.Issuer != "" && a.Issuer != p.o.Issuer {
		return Claims{}, forged("the answer comes from another issuer")
	}
	if a.Code == "" || a.Verifier == "" || a.Nonce == "" {
		return Claims{}, forged("a part of the answer is missing")
	}
	ctx = gooidc.ClientContext(ctx, p.client)
	token, err := p.oauth(m).Exchange(ctx, a.Code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Claims{}, refusedCode(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Claims{}, errors.New("oidc: the provider gave no ID token")
	}
	c, err := p.believe(ctx, m, raw, token.AccessToken, a.Nonce)
	if err != nil {
		return Claims{}, err
	}
	return p.askMore(ctx, m, token, c)
}

// refusedCode tells a code that the provider does not know from a provider
// that cannot be used, and drops what the provider wrote.
func refusedCode(err error) error {
	var no *oauth2.RetrieveError
	if !errors.As(err, &no) {
		return fmt.Errorf("oidc: the code could not be exchanged: %w", brief(err))
	}
	if no.ErrorCode == "invalid_grant" {
		return forged("the provider does not know the code")
	}
	status := 0
	if no.Response != nil {
		status = no.Response.StatusCode
	}
	return fmt.Errorf("oidc: the provider refused the exchange with status %d, error %.40q", status, no.ErrorCode)
}

func (p *Provider) oauth(m *metadata) *oauth2.Config {
	endpoint := m.provider.Endpoint()
	endpoint.AuthStyle = m.style(p.o.ClientSecret != "")
	return &oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: endpoint, RedirectURL: p.o.RedirectURL, Scopes: p.o.Scopes}
}

func forged(why string) error { return fmt.Errorf("%w: %s", ErrForged, why) }

// brief keeps an error's text short and on one line: go-oidc puts whole
// answers of the provider into it.
func brief(err error) error {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, err.Error())
	const most = 200
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return errors.New(text)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
