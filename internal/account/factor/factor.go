// Package factor owns second factors and passkeys: authenticator apps, codes
// sent, recovery codes, and the ceremonies of WebAuthn. It writes those rows of
// identities whose kind is TOTP, RECOVERY_CODE, CODE or PASSKEY. It opens no
// session itself: every way in ends at the gate of account.
package factor

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"kabinet/internal/account"
	"kabinet/internal/store"
)

// Factors is the service of this domain; New makes it.
type Factors struct {
	Store  *store.Store
	People *account.People

	sealer *store.Sealer
	web    *webauthn.WebAuthn // nil: no passkeys here
	issuer string             // by which authenticator apps list the account
}

// Options are what server.go hands to New.
type Options struct {
	Store  *store.Store
	People *account.People
	Sealer *store.Sealer // of the secrets of authenticator apps, and of challenges

	Domain  string   // the relying party: the domain that passkeys belong to; empty: no passkeys
	Origins []string // of pages that may ask for them, such as https://shop.example
	Name    string   // of the business, in authenticator apps; the domain when empty
}

// New checks the options and makes the service; Attach ties it to the gate.
func New(o Options) (*Factors, error) {
	if o.Store == nil || o.People == nil || o.Sealer == nil {
		return nil, errors.New("factor: Store, People and Sealer are required")
	}
	if o.Name == "" {
		o.Name = o.Domain
	}
	if o.Name == "" {
		o.Name = "Kabinet"
	}
	f := &Factors{Store: o.Store, People: o.People, sealer: o.Sealer, issuer: strings.ReplaceAll(o.Name, ":", " ")}
	if o.Domain == "" || net.ParseIP(o.Domain) != nil { // browsers make no passkeys for an IP address
		return f, nil
	}
	var err error
	f.web, err = webauthn.New(&webauthn.Config{
		RPID: o.Domain, RPDisplayName: o.Name, RPOrigins: o.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("factor: %w", err)
	}
	return f, nil
}

// Attach hands the service to account, whose gate asks it for second factors.
func (f *Factors) Attach() {
	f.People.Factors, f.People.SecondFactor, f.People.CheckPasskey = f.Of, f.Challenge, f.CheckPasskey
}
