// Package social owns signing in by outside providers that speak OpenID
// Connect, and the links between them and people. It knows people only through
// internal/account: whoever proves himself here is let in by account.Admit and
// by nothing else. It never speaks the protocol itself (internal/adapter/oidc
// does), and never believes an address that the provider has not proven. It
// writes identities of kind OIDC, new people, and challenges.
package social

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// What this room refuses; the texts lie in locale/messages/<language>/fault.json.
var (
	// ErrProviderUnavailable: the provider does not answer, or not as the protocol says; params.provider.
	ErrProviderUnavailable = fault.New(fault.Refused, "PROVIDER_UNAVAILABLE")
	// ErrProviderSignInFailed is one answer for everything about a way that
	// cannot be believed: of another browser, used, expired, forged, mixed up.
	ErrProviderSignInFailed = fault.New(fault.Refused, "PROVIDER_SIGN_IN_FAILED")
	// ErrIdentityTaken: the provider's account signs in somebody else here.
	ErrIdentityTaken = fault.New(fault.Refused, "IDENTITY_TAKEN")
	// ErrLastSignInMethod: the person could not sign in any more.
	ErrLastSignInMethod = account.ErrLastSignInMethod
)

// Claims are what a provider says of a person, checked by the protocol's rules.
type Claims struct {
	Issuer, Subject       string
	Email                 string
	EmailVerified         bool // the provider said true, and nothing like it
	Name                  string
	GivenName, FamilyName string
	Locale                string // BCP 47, as it came
}

// Answer is what came back from a provider by the browser.
type Answer struct {
	Code, Verifier, Nonce string
	Issuer                string // of the fragment; empty where there was none
}

// Provider is one outside provider with its protocol behind it.
type Provider struct {
	Name, Label string
	Issuer      string
	TrustEmail  bool // an address that it has proven opens the account that has it

	// Start says where to send the browser. Faults of any kind: the provider
	// cannot be reached.
	Start func(ctx context.Context, state, nonce, verifier string) (url string, err error)
	// Finish turns an answer into claims. ErrForged of what cannot be believed.
	Finish func(ctx context.Context, a Answer) (Claims, error)
}

// ErrForged is what a Provider's Finish wraps where the answer is not to be
// believed; any other error means that the provider is not to be reached.
var ErrForged = errors.New("social: the provider's answer cannot be believed")

// Social is the service of this room; New makes it.
type Social struct {
	Store  *store.Store
	People *account.People

	sealer    *store.Sealer
	returns   credential.Returns
	providers []Provider
	log       *slog.Logger
}

// Options are what server.go hands to New.
type Options struct {
	Store     *store.Store
	People    *account.People
	Sealer    *store.Sealer      // of challenges and states
	Returns   credential.Returns // where a browser may be sent back to
	Providers []Provider         // in the order to show
	Log       *slog.Logger
}

// New makes the service.
func New(o Options) (*Social, error) {
	if o.Store == nil || o.People == nil || o.Sealer == nil {
		return nil, errors.New("social: Store, People and Sealer are required")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Social{Store: o.Store, People: o.People, sealer: o.Sealer, returns: o.Returns, providers: o.Providers, log: o.Log}
	s.People.Offered = func(issuer string) bool {
		return slices.ContainsFunc(s.providers, func(p Provider) bool { return p.Issuer == issuer })
	}
	return s, nil
}

func (s *Social) provider(name string) (Provider, error) {
	for _, p := range s.providers {
		if p.Name == name {
			return p, nil
		}
	}
	return Provider{}, fault.ErrNotFound.At("input", "provider")
}

// Providers are the outside providers in the order to show them.
func (s *Social) Providers() []*SignInProvider {
	out := make([]*SignInProvider, len(s.providers))
	for i, p := range s.providers {
		out[i] = view(p)
	}
	return out
}

func view(p Provider) *SignInProvider {
	return &SignInProvider{Name: p.Name, Label: p.Label, Icon: p.Name}
}
