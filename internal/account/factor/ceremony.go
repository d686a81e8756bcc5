package factor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// What is kept of a passkey beside its key and counter, in identities.params.
const (
	paramFlags      = "flags" // the octet of WebAuthn; backup eligibility may never change
	paramModel      = "aaguid"
	paramTransports = "transports"
	paramSecond     = "secondFactor" // whether a password alone does not sign in any more
)

// holder is a person as WebAuthn sees him. The user handle is his id, which
// says nothing about him.
type holder struct {
	id            uuid.UUID
	name, display string
	passkeys      []*ent.Identity
}

var _ webauthn.User = (*holder)(nil)

func (h *holder) WebAuthnID() []byte          { return h.id[:] }
func (h *holder) WebAuthnName() string        { return h.name }
func (h *holder) WebAuthnDisplayName() string { return h.display }

func (h *holder) WebAuthnCredentials() []webauthn.Credential {
	list := make([]webauthn.Credential, 0, len(h.passkeys))
	for _, i := range h.passkeys {
		list = append(list, credentialOf(i))
	}
	return list
}

// passkey finds one by the id that its authenticator gave it.
func (h *holder) passkey(rawID []byte) *ent.Identity {
	for _, i := range h.passkeys {
		if i.Subject == subjectOf(rawID) {
			return i
		}
	}
	return nil
}

func subjectOf(rawID []byte) string { return base64.RawURLEncoding.EncodeToString(rawID) }

func credentialOf(i *ent.Identity) webauthn.Credential {
	c := webauthn.Credential{PublicKey: i.Secret, Authenticator: webauthn.Authenticator{SignCount: uint32(i.Counter)}}
	c.ID, _ = base64.RawURLEncoding.DecodeString(i.Subject)
	if flags, ok := i.Params[paramFlags].(float64); ok {
		c.Flags = webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(flags))
	}
	list, _ := i.Params[paramTransports].([]any)
	for _, t := range list {
		if name, ok := t.(string); ok {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(name))
		}
	}
	return c
}

func passkeyView(i *ent.Identity) *Passkey {
	p := &Passkey{ID: scalar.ID{Prefix: "idn", UUID: i.ID}, SecondFactor: isSecond(i), CreatedAt: i.CreatedAt, LastUsedAt: i.LastUsedAt,
		BackedUp: credentialOf(i).Flags.BackupState}
	if i.Label != nil {
		p.Label = *i.Label
	}
	return p
}

// object is a struct of WebAuthn as a JSON object.
func object(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("factor: %w", err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("factor: %w", err)
	}
	return out, nil
}

// mostCredential bounds what a browser gives, in bytes; real answers have some
// 2 kB.
const mostCredential = 32 << 10

// bytesOf is what a browser gave, as JSON; nil where it is too much.
func bytesOf(credential map[string]any) []byte {
	b, err := json.Marshal(credential)
	if err != nil || len(b) > mostCredential {
		return nil
	}
	return b
}

// proven is a passkey that has just signed a challenge.
type proven struct {
	passkey *ent.Identity
	counter uint32
	flags   protocol.AuthenticatorFlags
}

// errCloned says that the counter of a passkey went back: there is a copy.
var errCloned = errors.New("factor: the counter of a passkey went back")

// check judges what an authenticator has signed. known is whose passkey it
// must be; nil: the passkey says it. It reads and changes nothing else.
//
// Faults: INVALID_CREDENTIALS, whatever is wrong (security C8).
func (f *Factors) check(ctx context.Context, begun webauthn.SessionData, credential map[string]any, known *holder) (*proven, error) {
	if f.web == nil {
		return nil, ErrNotConfigured
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(bytesOf(credential))
	if err != nil {
		return nil, errInvalidPasskey.Because(err)
	}
	h := known
	var c *webauthn.Credential
	if known != nil {
		c, err = f.web.ValidateLogin(known, begun, parsed)
	} else {
		_, c, err = f.web.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
			id, err := uuid.FromBytes(handle)
			if err != nil {
				return nil, err
			}
			h, err = f.holder(ctx, id)
			return h, err
		}, begun, parsed)
	}
	if err != nil {
		return nil, errInvalidPasskey.Because(err)
	}
	i := h.passkey(c.ID)
	if i == nil {
		return nil, errInvalidPasskey
	}
	// The flag of this ceremony: the one stored says that of the enrolment.
	p := &proven{passkey: i, counter: parsed.Response.AuthenticatorData.Counter, flags: parsed.Response.AuthenticatorData.Flags}
	if !p.flags.HasUserVerified() {
		return nil, errInvalidPasskey
	}
	if c.Authenticator.CloneWarning {
		return p, errCloned
	}
	return p, nil
}

// holder loads a person's passkeys.
func (f *Factors) holder(ctx context.Context, user uuid.UUID) (*holder, error) {
	rows, err := f.Store.Client.Identity.Query().Where(identity.UserID(user), identity.KindEQ(identity.KindPASSKEY)).All(asSystem(ctx))
	return &holder{id: user, passkeys: rows}, store.Translate(err)
}

// use notes the use of a passkey, in the transaction of what it is used for:
// of two answers with the same counter one succeeds.
func (f *Factors) use(ctx context.Context, tx *store.Tx, p *proven) error {
	i := p.passkey
	params := map[string]any{}
	for k, v := range i.Params {
		params[k] = v
	}
	params[paramFlags] = float64(p.flags | protocol.FlagUserVerified)
	u := tx.Identity.Update().Where(identity.ID(i.ID)).SetCounter(int64(p.counter)).SetParams(params).SetLastUsedAt(tx.Now)
	if p.counter > 0 { // many keep none
		u.Where(identity.CounterLT(int64(p.counter)))
	}
	n, err := u.Save(asSystem(ctx))
	if err == nil && n == 0 {
		err = errInvalidPasskey
	}
	return err
}

// refused turns what check said into a refusal. Of a copy the owner is told,
// in a transaction of its own.
func (f *Factors) refused(ctx context.Context, p *proven, err error) error {
	if !errors.Is(err, errCloned) {
		return err
	}
	user := p.passkey.UserID
	told := f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return f.People.News(ctx, tx, user, account.ChangePasskeyCopied, scalar.ID{Prefix: "idn", UUID: p.passkey.ID}, nil)
	})
	if told != nil {
		return told
	}
	return errInvalidPasskey.Because(err)
}

// forPasskey is the purpose of the challenge of a sign-in by passkey, which
// also unlocks sessions and steps them up.
const forPasskey = "passkey_sign_in"

// spent reads a challenge of startPasskeySignIn and makes it worthless: an
// answer is good or bad once (security C8).
func (f *Factors) spent(ctx context.Context, id scalar.ID) (begun webauthn.SessionData, err error) {
	key, err := id.As("chl")
	if err != nil {
		return begun, fault.ErrInvalidID.At("input", "challengeId")
	}
	var c store.Challenge
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		c, err = tx.SpendChallenge(ctx, f.sealer, key, forPasskey)
		return err
	})
	if fault.KindOf(err) == fault.NotFound {
		return begun, errInvalidPasskey
	}
	if err != nil {
		return begun, err
	}
	if c.SessionID != nil && *c.SessionID != sessionIn(ctx) { // begun in another session
		return begun, errInvalidPasskey
	}
	return begun, c.Read(&begun)
}

// sessionIn is the session of the call, a locked one too.
func sessionIn(ctx context.Context) uuid.UUID {
	if v := viewer.LockedFrom(ctx); v != nil && v.SessionID != uuid.Nil {
		return v.SessionID
	}
	return viewer.From(ctx).SessionID
}
