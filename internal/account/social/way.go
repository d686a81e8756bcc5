package social

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The purposes of challenges of this room.
const (
	forSignIn = "social.sign_in"     // on the way to a provider, to sign in
	forLink   = "social.link"        // the same, to link
	forClaim  = "social.claim"       // an account with the address is there: prove that it is yours
	forEmail  = "social.prove_email" // the code sent to an address that the provider has not proven
)

// wayLife is how long a person may take at the provider.
const wayLife = 10 * time.Minute

// started bounds how many ways one network begins.
var started = store.Limit{Name: "social.start", Free: 100, Forget: time.Hour, Window: true}

// way waits, sealed, in its challenge while the person is at the provider.
type way struct {
	Provider string               `json:"provider"`
	State    string               `json:"state"`
	Nonce    string               `json:"nonce"`
	Verifier string               `json:"verifier"`
	Mode     *account.SessionMode `json:"mode,omitempty"`
}

// back is what the state says to the door that the provider sends browsers to.
type back struct {
	To string `json:"to"`
}

func statePlace(provider string) string { return "social.state/" + provider }

// begin makes a way to a provider. The state holds, sealed, where the browser
// goes in the end; the challenge holds the state, and the binding ties both to
// the browser that began (security E4).
func (s *Social) begin(ctx context.Context, n store.NewChallenge, provider string, returnTo *string, mode *account.SessionMode) (*Begun, error) {
	p, err := s.provider(provider)
	if err != nil {
		return nil, err
	}
	text := ""
	if returnTo != nil {
		text = *returnTo
	}
	to, err := s.returns.Allowed(text)
	if err != nil {
		return nil, at(err, "input", "returnTo")
	}
	if err := s.countStart(ctx); err != nil {
		return nil, err
	}
	b, err := json.Marshal(back{to})
	if err != nil {
		return nil, err
	}
	w := way{
		Provider: p.Name, State: base64.RawURLEncoding.EncodeToString(s.sealer.Seal(b, statePlace(p.Name))),
		Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Mode: mode,
	}
	address, err := p.Start(ctx, w.State, w.Nonce, w.Verifier)
	if err != nil {
		return nil, s.unavailable(ctx, p, err)
	}
	binding := rand.Text()
	n.Secret, n.Data, n.Tries, n.Life = binding, w, 1, wayLife
	var made store.Challenge
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = tx.MakeChallenge(ctx, s.sealer, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Begun{AuthorizationURL: address, ChallengeID: scalar.ID{Prefix: "chl", UUID: made.ID}, Binding: binding}, nil
}

// countStart bounds beginnings in a transaction of its own.
func (s *Social) countStart(ctx context.Context) error {
	of := account.Network(viewer.From(ctx).IP)
	if of == "" {
		return nil
	}
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, store.Use{Limit: started, Of: of})
		if err == nil && wait > 0 {
			err = fault.ErrRateLimited.After(wait)
		}
		return err
	})
}

// Return says where the browser goes that a provider sends back with a state.
// It reads and changes nothing.
//
// Faults: PROVIDER_SIGN_IN_FAILED for a state of another provider or of
// nobody; RETURN_NOT_ALLOWED where the place is no longer allowed.
func (s *Social) Return(provider, state string) (string, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(state)
	if err != nil {
		return "", ErrProviderSignInFailed
	}
	b, err := s.sealer.Open(sealed, statePlace(provider))
	var to back
	if err != nil || json.Unmarshal(b, &to) != nil {
		return "", ErrProviderSignInFailed
	}
	return s.returns.Allowed(to.To)
}

// answer is what a client finishes a way with.
type answer struct {
	challenge            scalar.ID
	binding, code, state string
	issuer               *string
}

// walk ends a way: it uses the challenge up, once whatever comes of it, and
// lets the provider say who came. mine says whether the challenge is the
// caller's.
func (s *Social) walk(ctx context.Context, purpose string, a answer, mine func(store.Challenge) bool) (w way, p Provider, c Claims, err error) {
	id, err := a.challenge.As("chl")
	if err != nil {
		return w, p, c, fault.ErrInvalidID.At("input", "challengeId")
	}
	right, err := s.Store.TryChallenge(ctx, s.sealer, id, purpose, a.binding)
	if err != nil {
		return w, p, c, err
	}
	if !right {
		return w, p, c, ErrProviderSignInFailed
	}
	var ch store.Challenge
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		ch, err = tx.UseChallenge(ctx, s.sealer, id, purpose, a.binding)
		return err
	})
	if errors.Is(err, fault.ErrNotFound) {
		err = ErrProviderSignInFailed
	}
	if err != nil {
		return w, p, c, err
	}
	if err := ch.Read(&w); err != nil {
		return w, p, c, err
	}
	p, err = s.provider(w.Provider)
	if err != nil || !mine(ch) || subtle.ConstantTimeCompare([]byte(w.State), []byte(a.state)) != 1 {
		return w, p, c, ErrProviderSignInFailed
	}
	said := Answer{Code: a.code, Verifier: w.Verifier, Nonce: w.Nonce}
	if a.issuer != nil {
		said.Issuer = *a.issuer
	}
	c, err = p.Finish(ctx, said)
	switch {
	case errors.Is(err, ErrForged):
		s.log.WarnContext(ctx, "a provider's answer was not believed", "provider", p.Name, "requestId", viewer.From(ctx).RequestID, "error", err)
		return w, p, c, ErrProviderSignInFailed
	case err != nil:
		return w, p, c, s.unavailable(ctx, p, err)
	case c.Issuer != p.Issuer || c.Subject == "":
		return w, p, c, ErrProviderSignInFailed
	}
	return w, p, c, nil
}

// unavailable logs why and tells the person that another way is better now.
func (s *Social) unavailable(ctx context.Context, p Provider, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.log.WarnContext(ctx, "a provider cannot be used", "provider", p.Name, "requestId", viewer.From(ctx).RequestID, "error", err)
	return ErrProviderUnavailable.With("provider", p.Name)
}

// anybody is for ways that belong to no session.
func anybody(store.Challenge) bool { return true }

// asSystem steps past the fence where somebody who is nobody yet is looked
// for, and where identities are written, which people see but do not write.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "social") }

// at names the field of a refusal.
func at(err error, path ...string) error {
	if f, ok := fault.As(err); ok && len(f.Path) == 0 {
		return f.At(path...)
	}
	return err
}

func userID(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: id} }
