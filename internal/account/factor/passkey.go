package factor

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/session"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	forEnrolment = "enroll_passkey" // the purpose of the challenge of a passkey to be added
	passkeyLife  = 5 * time.Minute
	mostPasskeys = 10
	longestLabel = 100 // characters
)

// StartPasskeyEnrollment begins to add a passkey.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, TOO_MANY_ITEMS,
// PASSKEYS_NOT_CONFIGURED.
func (f *Factors) StartPasskeyEnrollment(ctx context.Context) (*Enrolment, error) {
	if f.web == nil {
		return &Enrolment{}, ErrNotConfigured
	}
	out := &Enrolment{}
	err := f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		v, s, err := f.fresh(ctx, tx)
		if err != nil {
			return err
		}
		if len(s.passkeys) >= mostPasskeys {
			return errTooManyItems.With("limit", mostPasskeys)
		}
		h := &holder{id: v.UserID, passkeys: s.passkeys}
		if h.name, h.display, err = f.nameOf(ctx, tx, v.UserID); err != nil {
			return err
		}
		var known []protocol.CredentialDescriptor
		for _, c := range h.WebAuthnCredentials() {
			known = append(known, c.Descriptor())
		}
		creation, begun, err := f.web.BeginRegistration(h, webauthn.WithExclusions(known))
		if err != nil {
			return err
		}
		if out.Options, err = object(creation.Response); err != nil {
			return err
		}
		c, err := tx.MakeChallenge(ctx, f.sealer, store.NewChallenge{Purpose: forEnrolment, UserID: &v.UserID, SessionID: &v.SessionID,
			Data: begun, Tries: 1, Life: passkeyLife})
		out.Challenge = shown(c, account.ChallengeKindPasskey)
		return err
	})
	if err != nil {
		return &Enrolment{}, err
	}
	return out, nil
}

// FinishPasskeyEnrollment adds the passkey that the browser has made, in the
// session that asked for it. The session is of level 2 from then on: the
// passkey asked for finger or PIN.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, INVALID_ID, NOT_FOUND,
// PASSKEY_REFUSED, TOO_MANY_ITEMS, TOO_LONG, INVALID_VALUE.
func (f *Factors) FinishPasskeyEnrollment(ctx context.Context, in FinishPasskeyEnrollmentInput) (*Change, error) {
	v, err := me(ctx)
	if err != nil {
		return noChange(), err
	}
	label, err := f.label(in.Label)
	if err != nil {
		return noChange(), err
	}
	c, err := f.begun(ctx, in.ChallengeID, forEnrolment, sessionOf{v.UserID, v.SessionID})
	if err != nil {
		return noChange(), err
	}
	made, err := f.attested(ctx, c, in.Credential)
	if err != nil {
		return noChange(), err
	}
	return f.change(ctx, func(ctx context.Context, tx *store.Tx, out *changing) error {
		if _, err := tx.SpendChallenge(ctx, f.sealer, c.ID, forEnrolment); err != nil {
			return errChallengeNotFound
		}
		_, was, err := f.level(ctx, tx)
		if err != nil {
			return err
		}
		if len(was.passkeys) >= mostPasskeys {
			return errTooManyItems.With("limit", mostPasskeys)
		}
		second := in.SecondFactor != nil && *in.SecondFactor
		i, err := f.keep(ctx, tx, v.UserID, made, label, second)
		if err != nil {
			return err
		}
		if second {
			if out.RecoveryCodes, err = f.firstCodes(ctx, tx, was); err != nil {
				return err
			}
		}
		out.Passkey, out.raise = passkeyView(i), true
		return f.People.News(ctx, tx, v.UserID, account.ChangePasskeyAdded, i.GlobalID(), map[string]any{"secondFactor": second})
	})
}

// attested judges what the browser has made. The challenge is worthless after
// it, good or bad.
func (f *Factors) attested(ctx context.Context, c store.Challenge, credential map[string]any) (*webauthn.Credential, error) {
	if left, err := f.Store.CountTry(ctx, c.ID, forEnrolment); err != nil {
		return nil, err
	} else if !left {
		return nil, errChallengeNotFound
	}
	var begun webauthn.SessionData
	if err := c.Read(&begun); err != nil {
		return nil, err
	}
	bad := func(err error) error { return ErrPasskeyRefused.At("input", "credential").Because(err) }
	parsed, err := protocol.ParseCredentialCreationResponseBytes(bytesOf(credential))
	if err != nil {
		return nil, bad(err)
	}
	made, err := f.web.CreateCredential(&holder{id: *c.UserID}, begun, parsed)
	if err != nil {
		return nil, bad(err)
	}
	if !made.Flags.UserVerified {
		return nil, bad(nil)
	}
	return made, nil
}

// keep writes the row of a passkey.
func (f *Factors) keep(ctx context.Context, tx *store.Tx, user uuid.UUID, made *webauthn.Credential, label string, second bool) (*ent.Identity, error) {
	transports := []any{}
	for _, t := range made.Transport {
		if len(transports) < 8 && len(t) <= 32 {
			transports = append(transports, string(t))
		}
	}
	model := ""
	if id, err := uuid.FromBytes(made.Authenticator.AAGUID); err == nil {
		model = id.String()
	}
	params := map[string]any{paramFlags: float64(made.Flags.ProtocolValue()), paramModel: model, paramTransports: transports, paramSecond: second}
	i, err := tx.Identity.Create().SetUserID(user).SetKind(identity.KindPASSKEY).SetSubject(subjectOf(made.ID)).
		SetSecret(made.PublicKey).SetCounter(int64(made.Authenticator.SignCount)).SetParams(params).SetLabel(label).Save(asSystem(ctx))
	if store.IsUnique(err) { // somebody has it already
		return nil, ErrPasskeyRefused.At("input", "credential")
	}
	return i, err
}

// label checks the name of a passkey; the day makes one up.
func (f *Factors) label(text *string) (string, error) {
	if text == nil || strings.TrimSpace(*text) == "" {
		return f.Store.Now().Format(time.DateOnly), nil
	}
	s := strings.TrimSpace(*text)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fault.ErrInvalidValue.At("input", "label")
	}
	if utf8.RuneCountInString(s) > longestLabel {
		return "", fault.ErrTooLong.With("limit", longestLabel).At("input", "label")
	}
	return s, nil
}

// RemovePasskey removes one of the caller's passkeys and ends his other
// sessions that a passkey has opened: it may be lost.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, INVALID_ID, NOT_FOUND,
// LAST_SIGN_IN_METHOD.
func (f *Factors) RemovePasskey(ctx context.Context, in RemovePasskeyInput) (*scalar.ID, *TwoFactor, error) {
	id, err := in.ID.As("idn")
	if err != nil {
		return nil, nil, fault.ErrInvalidID.At("input", "id")
	}
	var left *TwoFactor
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		v, s, err := f.fresh(ctx, tx)
		if err != nil {
			return err
		}
		i := (&holder{passkeys: s.passkeys}).byRow(id)
		if i == nil {
			return fault.ErrNotFound.At("input", "id")
		}
		if _, err := tx.Identity.Delete().Where(identity.ID(id)).Exec(asSystem(ctx)); err != nil {
			return err
		}
		if err := f.People.KeepsAWay(ctx, tx, v.UserID); err != nil {
			return err
		}
		if left, err = f.lastGone(ctx, tx, v.UserID); err != nil {
			return err
		}
		if _, err := f.People.End(ctx, tx, v.UserID, session.IDNEQ(v.SessionID), session.MethodEQ(account.MethodPasskey)); err != nil {
			return err
		}
		return f.People.News(ctx, tx, v.UserID, account.ChangePasskeyRemoved, i.GlobalID(), nil)
	})
	if err != nil {
		return nil, nil, err
	}
	return &in.ID, left, nil
}

func (h *holder) byRow(id uuid.UUID) *ent.Identity {
	for _, i := range h.passkeys {
		if i.ID == id {
			return i
		}
	}
	return nil
}

// StartPasskeySignIn begins a sign-in by passkey; who it is, the passkey says.
// In a session, a locked one too, the answer is good there alone.
//
// Faults: PASSKEYS_NOT_CONFIGURED, RATE_LIMITED.
func (f *Factors) StartPasskeySignIn(ctx context.Context) (*account.Challenge, error) {
	if f.web == nil {
		return nil, ErrNotConfigured
	}
	assertion, begun, err := f.web.BeginDiscoverableLogin()
	if err != nil {
		return nil, err
	}
	options, err := object(assertion.Response)
	if err != nil {
		return nil, err
	}
	n := store.NewChallenge{Purpose: forPasskey, Data: begun, Tries: 1, Life: passkeyLife}
	if s := sessionIn(ctx); s != uuid.Nil {
		n.SessionID = &s
	}
	var out *account.Challenge
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := f.beginOften(ctx, tx); err != nil {
			return err
		}
		c, err := tx.MakeChallenge(ctx, f.sealer, n)
		out = shown(c, account.ChallengeKindPasskey)
		out.PasskeyOptions = options
		return err
	})
	return out, err
}

// beginOften bounds how many sign-ins by passkey one network begins: each is a
// row. Whoever has no address is not counted.
func (f *Factors) beginOften(ctx context.Context, tx *store.Tx) error {
	of := account.Network(viewer.From(ctx).IP)
	if of == "" {
		return nil
	}
	wait, err := tx.Reserve(ctx, store.Use{Limit: passkeyHour, Of: of})
	if err == nil && wait > 0 {
		err = fault.ErrRateLimited.After(wait)
	}
	return err
}

// FinishPasskeySignIn signs in by what a passkey has signed. It asked for
// finger, face or PIN: that is both factors.
//
// Faults: INVALID_ID, INVALID_CREDENTIALS, those of account.Admit.
func (f *Factors) FinishPasskeySignIn(ctx context.Context, in FinishPasskeySignInInput) (*account.Welcome, error) {
	begun, err := f.spent(ctx, in.ChallengeID)
	if err != nil {
		return &account.Welcome{}, err
	}
	p, err := f.check(ctx, begun, in.Credential, nil)
	if err != nil {
		return &account.Welcome{}, f.refused(ctx, p, err)
	}
	var e *account.Entrance
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := f.use(ctx, tx, p); err != nil {
			return err
		}
		e, err = f.People.Admit(ctx, tx, account.Proof{UserID: p.passkey.UserID, Method: account.MethodPasskey, AAL: 2, Mode: in.Mode, Identity: &p.passkey.ID})
		return err
	})
	if err != nil {
		return &account.Welcome{}, err
	}
	return f.People.Welcome(ctx, e)
}

// CheckPasskey proves that whoever calls has a passkey of the person, to unlock
// a session or to step it up. It is level 2.
//
// Faults: INVALID_ID, INVALID_CREDENTIALS.
func (f *Factors) CheckPasskey(ctx context.Context, user uuid.UUID, answer account.PasskeyAnswer) (aal int, id uuid.UUID, err error) {
	begun, err := f.spent(ctx, answer.ChallengeID)
	if err != nil {
		return 0, uuid.Nil, err
	}
	p, err := f.check(ctx, begun, answer.Credential, nil)
	if err != nil {
		return 0, uuid.Nil, f.refused(ctx, p, err)
	}
	if p.passkey.UserID != user {
		return 0, uuid.Nil, errInvalidPasskey
	}
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return f.use(ctx, tx, p) })
	if err != nil {
		return 0, uuid.Nil, err
	}
	return 2, p.passkey.ID, nil
}
