package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// How long metadata and keys are believed: fresh ones without asking, old ones
// while the provider does not answer. After a failure the provider is left
// alone for a moment.
const (
	fresh  = time.Hour
	oldest = 24 * time.Hour
	rest   = 10 * time.Second
)

// metadata is what a provider says of itself.
type metadata struct {
	provider *gooidc.Provider
	verifier *gooidc.IDTokenVerifier
	at       time.Time

	Methods     []string `json:"token_endpoint_auth_methods_supported"`
	NamesItself bool     `json:"authorization_response_iss_parameter_supported"`
	AuthURL     string   `json:"authorization_endpoint"`
	TokenURL    string   `json:"token_endpoint"`
	KeysURL     string   `json:"jwks_uri"`
	UserURL     string   `json:"userinfo_endpoint"`
}

// asking is a question under way, for all who wait for it.
type asking struct {
	done chan struct{}
	m    *metadata
	err  error
}

// metadata gives what the provider says of itself, as known or asked anew.
func (p *Provider) metadata(ctx context.Context) (*metadata, error) {
	p.mu.Lock()
	now := p.o.Now()
	switch {
	case p.known != nil && now.Sub(p.known.at) < fresh:
		defer p.mu.Unlock()
		return p.known, nil
	case p.failed != nil && now.Sub(p.failedAt) < rest:
		defer p.mu.Unlock()
		return p.lastKnown(now, p.failed)
	}
	a := p.asking
	if a == nil {
		a = &asking{done: make(chan struct{})}
		p.asking = a
		go p.ask(context.WithoutCancel(ctx), a) // many wait for it: it does not end with the first of them
	}
	p.mu.Unlock()
	select {
	case <-a.done:
		return a.m, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *Provider) lastKnown(now time.Time, err error) (*metadata, error) {
	if p.known != nil && now.Sub(p.known.at) < oldest {
		return p.known, nil
	}
	return nil, err
}

func (p *Provider) ask(ctx context.Context, a *asking) {
	m, err := p.discover(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Now()
	if err == nil {
		m.at = now
		p.known, p.failed, a.m = m, nil, m
	} else {
		p.failed, p.failedAt = err, now
		a.m, a.err = p.lastKnown(now, err)
	}
	p.asking = nil
	close(a.done)
}

// discover reads the metadata and checks that they are the provider's own.
func (p *Provider) discover(ctx context.Context) (*metadata, error) {
	ctx = gooidc.ClientContext(ctx, p.client)
	provider, err := gooidc.NewProvider(ctx, p.o.Issuer) // compares the issuer
	if err != nil {
		return nil, fmt.Errorf("oidc: discovery: %w", brief(err))
	}
	m := &metadata{provider: provider}
	if err := provider.Claims(m); err != nil {
		return nil, fmt.Errorf("oidc: discovery: %w", brief(err))
	}
	for name, address := range map[string]string{"authorization_endpoint": m.AuthURL, "token_endpoint": m.TokenURL, "jwks_uri": m.KeysURL, "userinfo_endpoint": m.UserURL} {
		if address == "" && name == "userinfo_endpoint" {
			continue
		}
		if !usable(address, p.o.Issuer) {
			return nil, fmt.Errorf("oidc: discovery: its %s cannot be used", name)
		}
	}
	if len(m.Methods) > 0 && !slices.ContainsFunc(m.Methods, func(s string) bool {
		return s == "client_secret_basic" || s == "client_secret_post" || s == "none"
	}) {
		return nil, errors.New("oidc: discovery: it knows no way of proving who we are that we know")
	}
	m.verifier = provider.VerifierContext(ctx, &gooidc.Config{
		ClientID: p.o.ClientID, SupportedSigningAlgs: []string{gooidc.RS256, gooidc.ES256}, Now: p.o.Now,
	})
	return m, nil
}

// usable says whether an address of the metadata may be asked: a provider
// behind TLS does not lead out of it.
func usable(address, issuer string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return false
	}
	i, err := url.Parse(issuer)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" && i.Scheme == "http")
}

// style is how the client says who it is: by the header where it may.
func (m *metadata) style(secret bool) oauth2.AuthStyle {
	if !secret || len(m.Methods) > 0 && !slices.Contains(m.Methods, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}
