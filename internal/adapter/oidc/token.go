package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// skew is how far the provider's clock may be ahead.
const skew = 5 * time.Minute

// longestSubject is in bytes; the protocol allows no more.
const longestSubject = 255

// said is what an ID token or the userinfo endpoint says.
type said struct {
	Subject       string          `json:"sub"`
	Party         *string         `json:"azp"`
	Email         string          `json:"email"`
	EmailVerified json.RawMessage `json:"email_verified"`
	Name          string          `json:"name"`
	GivenName     string          `json:"given_name"`
	FamilyName    string          `json:"family_name"`
	Locale        string          `json:"locale"`
}

// verified is true of the JSON value true; some write "true" and mean
// something else.
func (s said) verified() bool { return s.Email != "" && string(s.EmailVerified) == "true" }

// believe checks an ID token in full.
func (p *Provider) believe(ctx context.Context, m *metadata, raw, access, nonce string) (Claims, error) {
	if err := isToken(raw); err != nil {
		return Claims{}, err
	}
	// Signature by RS256 or ES256 and a key of jwks_uri, issuer, audience,
	// expiry and not-before.
	t, err := m.verifier.Verify(ctx, raw)
	if err != nil {
		if strings.Contains(err.Error(), "fetching keys") {
			return Claims{}, fmt.Errorf("oidc: %w", brief(err))
		}
		return Claims{}, forged(brief(err).Error())
	}
	var s said
	if err := t.Claims(&s); err != nil {
		return Claims{}, forged("the claims cannot be read")
	}
	switch {
	case t.Nonce == "" || !same(t.Nonce, nonce):
		return Claims{}, forged("the nonce is another one")
	case s.Party != nil && *s.Party != p.o.ClientID, s.Party == nil && len(t.Audience) > 1:
		return Claims{}, forged("the token was made for somebody else")
	case t.IssuedAt.IsZero() || t.IssuedAt.After(p.o.Now().Add(skew)):
		return Claims{}, forged("the token is of a time to come")
	case t.Subject == "" || len(t.Subject) > longestSubject || strings.ContainsFunc(t.Subject, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Claims{}, forged("the token names nobody")
	case t.AccessTokenHash != "" && t.VerifyAccessToken(access) != nil:
		return Claims{}, forged("the access token is another one")
	}
	s.Subject = t.Subject
	return p.claims(s), nil
}

// isToken refuses by the header what is another kind of token: an access token
// is no ID token, whoever signed it.
func isToken(raw string) error {
	first, _, _ := strings.Cut(raw, ".")
	b, err := base64.RawURLEncoding.DecodeString(first)
	var header struct {
		Type *string `json:"typ"`
	}
	if err != nil || json.Unmarshal(b, &header) != nil || header.Type != nil && !strings.EqualFold(*header.Type, "JWT") {
		return forged("it is no ID token")
	}
	return nil
}

func (p *Provider) claims(s said) Claims {
	return Claims{
		Issuer: p.o.Issuer, Subject: s.Subject, Email: s.Email, EmailVerified: s.verified(),
		Name: s.Name, GivenName: s.GivenName, FamilyName: s.FamilyName, Locale: s.Locale,
	}
}

// askMore asks the userinfo endpoint where the ID token gives no proven
// address: many providers say it there alone.
func (p *Provider) askMore(ctx context.Context, m *metadata, token *oauth2.Token, c Claims) (Claims, error) {
	if c.EmailVerified || m.UserURL == "" || token.AccessToken == "" {
		return c, nil
	}
	s, err := p.userinfo(ctx, m.UserURL, token.AccessToken)
	switch {
	case err != nil && c.Email != "":
		return c, nil // what the ID token says is enough to go on with
	case err != nil:
		return Claims{}, err
	case s.Subject != c.Subject:
		return Claims{}, forged("userinfo tells of somebody else")
	}
	more := p.claims(s)
	if more.Email != "" {
		c.Email, c.EmailVerified = more.Email, more.EmailVerified
	}
	if c.Name == "" {
		c.Name, c.GivenName, c.FamilyName = more.Name, more.GivenName, more.FamilyName
	}
	if c.Locale == "" {
		c.Locale = more.Locale
	}
	return c, nil
}

func (p *Provider) userinfo(ctx context.Context, address, access string) (said, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return said{}, fmt.Errorf("oidc: userinfo: %w", brief(err))
	}
	request.Header.Set("Authorization", "Bearer "+access)
	request.Header.Set("Accept", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return said{}, fmt.Errorf("oidc: userinfo: %w", brief(err))
	}
	defer response.Body.Close()
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.StatusCode != http.StatusOK || kind != "application/json" {
		return said{}, fmt.Errorf("oidc: userinfo: status %d, content type %.40q", response.StatusCode, kind)
	}
	var s said
	if err := json.NewDecoder(response.Body).Decode(&s); err != nil {
		return said{}, errors.New("oidc: userinfo: it is no JSON")
	}
	return s, nil
}
