package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"kabinet/internal/account/social"
	"kabinet/internal/adapter/oidc"
	"kabinet/internal/config"
	"kabinet/internal/credential"
	"kabinet/internal/store"
	"kabinet/internal/web"
)

// signInProviders builds the service of sign-in by outside providers, each with
// the protocol behind it.
func (k *kabinet) signInProviders(sealer *store.Sealer) (*social.Social, error) {
	returns, err := credential.NewReturns(k.cfg.PublicURL.String(), k.cfg.Origins)
	if err != nil {
		return nil, err
	}
	o := social.Options{Store: k.store, People: k.people, Sealer: sealer, Returns: returns, Log: k.log}
	for _, c := range k.cfg.Providers {
		p, err := k.signInProvider(c, nil)
		if err != nil {
			return nil, fmt.Errorf("provider %s: %w", c.Name, err)
		}
		o.Providers = append(o.Providers, p)
	}
	if k.cfg.Demo && len(o.Providers) == 0 {
		p, err := k.pretendProvider()
		if err != nil {
			return nil, err
		}
		o.Providers = append(o.Providers, p)
	}
	return social.New(o)
}

// pretendProviderPages are where the provider is that only pretends.
const pretendProviderPages = "/demo/provider/"

// pretendProvider is the provider of a demonstration: whoever comes picks who he is.
func (k *kabinet) pretendProvider() (social.Provider, error) {
	const name = "demo"
	issuer := strings.TrimSuffix(k.cfg.PublicURL.JoinPath(pretendProviderPages).String(), "/")
	pretend, err := oidc.NewPretend(issuer, k.redirectURL(name), k.store.Now)
	if err != nil {
		return social.Provider{}, err
	}
	k.pretend = pretend
	return k.signInProvider(config.Provider{Name: name, Label: "Demo ID", Issuer: issuer, ClientID: pretend.ClientID}, pretend)
}

// redirectURL is where a provider sends browsers back: each has one of its own.
func (k *kabinet) redirectURL(name string) string {
	return k.cfg.PublicURL.JoinPath("auth", "callback", name).String()
}

func (k *kabinet) signInProvider(c config.Provider, transport http.RoundTripper) (social.Provider, error) {
	client, err := oidc.New(oidc.Options{
		Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Scopes: c.Scopes, Now: k.store.Now,
		RedirectURL: k.redirectURL(c.Name), Transport: transport,
	})
	if err != nil {
		return social.Provider{}, err
	}
	return social.Provider{
		Name: c.Name, Label: c.Label, Issuer: c.Issuer, TrustEmail: c.TrustEmail, Start: client.Start,
		Finish: func(ctx context.Context, a social.Answer) (social.Claims, error) {
			claims, err := client.Finish(ctx, oidc.Answer(a))
			if errors.Is(err, oidc.ErrForged) {
				err = fmt.Errorf("%w: %w", social.ErrForged, err)
			}
			return social.Claims(claims), err
		},
	}, nil
}

// callback is the door to which providers send browsers back, and the pages of
// the one that pretends.
func (k *kabinet) callback(routes map[string]http.Handler) map[string]http.Handler {
	if routes == nil {
		routes = map[string]http.Handler{}
	}
	if k.pretend != nil {
		routes[pretendProviderPages] = k.pretend
	}
	routes[web.CallbackPattern] = web.Callback(func(provider, state string) (string, bool) {
		to, err := k.social.Return(provider, state)
		return to, err == nil
	})
	return routes
}
