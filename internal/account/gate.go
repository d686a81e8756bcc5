package account

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The ways in, as sessions and the audit log name them; a provider's is
// MethodOIDC and its name.
const (
	MethodPassword     = "PASSWORD"
	MethodOIDC         = "OIDC:"
	MethodPasskey      = "PASSKEY"
	MethodCode         = "CODE"
	MethodRegistration = "REGISTRATION"
	MethodReset        = "RESET"
	MethodActing       = "ACTING"
)

// ForSecondFactor is the purpose of the challenge of somebody half signed in.
// It opens nothing but completeSecondFactor and resendCode.
const ForSecondFactor = "second_factor"

// Proof is what somebody has just proven, before there is a session.
type Proof struct {
	UserID   uuid.UUID
	Method   string       // one of the ways in
	AAL      int          // 1; 2 where the proof alone is two factors, as a passkey that asked for finger or PIN
	Mode     *SessionMode // how the session travels
	Identity *uuid.UUID   // what was used, for its last_used_at; nil for none

	// Of MethodActing alone.
	Staff  uuid.UUID
	Reason string
	Life   time.Duration
}

// Half is what the challenge of a second factor holds: the first factor that
// was given, and for what. Whoever makes the challenge (SecondFactor) puts it
// into its data whole; Finish reads it.
type Half struct {
	Method   string       `json:"method"`
	Mode     *SessionMode `json:"mode,omitempty"`
	Identity *uuid.UUID   `json:"identity,omitempty"`
	StepUp   bool         `json:"stepUp,omitempty"` // of the session of the challenge, in place of a new one
}

// Factor is a second factor that a person has.
type Factor struct {
	ID    uuid.UUID // the identity; zero for codes sent
	Kind  ChallengeKind
	Label string
}

// Entrance is what Admit, Finish and Rotate have made in their transaction: a
// session with a new token, or a challenge to answer first. Welcome shows it
// after the commit.
type Entrance struct {
	UserID    uuid.UUID
	Session   *ent.Session // nil while a challenge is due
	Challenge *Challenge   // the second factor that is due

	token, refresh string // nowhere else
	device         string // the name given to a browser that had none
}

// Welcome is a session just made and whose it is, or the challenge to answer
// before there is one.
type Welcome struct {
	Session   *IssuedSession
	Challenge *Challenge
	User      *ent.User
}

// Admit is the one door: every way of signing in ends here (security C6). It
// asks whether the person may come in at all and whether a second factor is
// due, and opens the session. Only a proof that is two factors by itself goes
// past the second factor.
//
// Faults: ACCOUNT_BLOCKED, INITIAL_PASSWORD_EXPIRED, CONFIRMATION_REQUIRED,
// INVALID_CREDENTIALS for who is no more.
func (p *People) Admit(ctx context.Context, tx *store.Tx, f Proof) (*Entrance, error) {
	if err := p.mayEnter(ctx, tx, f); err != nil {
		return nil, err
	}
	due, err := p.secondDue(ctx, tx, f.UserID, f.Method, f.AAL)
	if err != nil {
		return nil, err
	}
	if due {
		c, err := p.SecondFactor(ctx, tx, f.UserID, nil, Half{Method: f.Method, Mode: f.Mode, Identity: f.Identity})
		if err != nil {
			return nil, err
		}
		return &Entrance{UserID: f.UserID, Challenge: c}, nil
	}
	return p.open(ctx, tx, f)
}

// secondDue says whether a second factor is to be given before the person is
// in: he has one, and what he gave is one factor.
func (p *People) secondDue(ctx context.Context, tx *store.Tx, user uuid.UUID, method string, aal int) (bool, error) {
	if aal >= 2 || method == MethodActing || p.Factors == nil {
		return false, nil
	}
	list, err := p.Factors(ctx, tx, user)
	return len(list) > 0, err
}

// mayEnter says whether a person may come in at all.
func (p *People) mayEnter(ctx context.Context, tx *store.Tx, f Proof) error {
	u, err := tx.User.Query().Where(user.ID(f.UserID)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return ErrInvalidCredentials
	}
	if err != nil {
		return err
	}
	switch {
	case u.Status == user.StatusBLOCKED:
		return ErrAccountBlocked
	case u.Status == user.StatusACTIVE, u.Status == user.StatusPENDING && f.Method == MethodRegistration:
		return nil
	}
	return ErrInvalidCredentials
}

// open makes the session.
func (p *People) open(ctx context.Context, tx *store.Tx, f Proof) (*Entrance, error) {
	token, s, err := p.begin(ctx, tx, f.UserID, f.Mode, true)
	if err != nil {
		return nil, err
	}
	return &Entrance{UserID: f.UserID, Session: s, token: token}, nil
}

// Welcome shows what was made, after the commit: the token, once, or the
// cookie; and the person, as himself.
func (p *People) Welcome(ctx context.Context, e *Entrance) (*Welcome, error) {
	if e.Session == nil {
		return &Welcome{Challenge: e.Challenge}, nil
	}
	w := &Welcome{Session: issued(ctx, e.token, e.Session)}
	var err error
	w.User, err = p.Person(As(ctx, e.UserID, e.Session.ID), e.UserID)
	return w, err
}

// Finish ends a sign-in whose second factor was proven: half is the challenge,
// consumed in this transaction. It opens the session at level 2, or steps up
// the session whose stepUp asked for the challenge.
//
// Faults: as Admit; UNAUTHENTICATED where the session to step up is over.
func (p *People) Finish(ctx context.Context, tx *store.Tx, half store.Challenge) (*Entrance, error) {
	var h Half
	if err := half.Read(&h); err != nil {
		return nil, err
	}
	if half.Purpose != ForSecondFactor || half.UserID == nil {
		return nil, ErrInvalidCode
	}
	return p.Admit(ctx, tx, Proof{UserID: *half.UserID, Method: h.Method, AAL: 2, Mode: h.Mode, Identity: h.Identity})
}

// End ends those of a person's sessions that are in force and match, and tells
// it; it says which they were.
func (p *People) End(ctx context.Context, tx *store.Tx, user uuid.UUID, which ...predicate.Session) ([]uuid.UUID, error) {
	return p.end(ctx, tx, user, which...)
}

// Disarm takes from a person all that he could sign in with: identities,
// challenges, sessions.
func (p *People) Disarm(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	return p.disarm(ctx, tx, user)
}

// Rotate gives the session of the call a new token, as every change of what
// its holder may do must (security B1); the id stays, and streams go on. With
// stepUp it counts as a fresh proof. Show it by Welcome.
//
// Faults: UNAUTHENTICATED.
func (p *People) Rotate(ctx context.Context, tx *store.Tx, stepUp bool) (*Entrance, error) {
	return nil, fault.ErrInternal
}

// errStepUp asks for a fresh proof of identity.
var errStepUp = fault.New(fault.Locked, "STEP_UP_REQUIRED")

// NeedStepUp refuses a grave act to who has not proven freshly who he is: the
// rule of @access(stepUp: true), for verbs that need it only at times.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED.
func (p *People) NeedStepUp(ctx context.Context) error {
	v, err := me(ctx)
	if err != nil {
		return err
	}
	if !v.SteppedUp {
		return errStepUp
	}
	return nil
}

// CheckPassword proves that whoever calls knows the password of a person,
// under the limits of guessing; a person without one has none that fits.
//
// Faults: INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, RATE_LIMITED.
func (p *People) CheckPassword(ctx context.Context, user uuid.UUID, password string) error {
	secret, err := p.passwordOf(ctx, user)
	if err != nil {
		return err
	}
	uses := recheckUses(user, viewer.From(ctx))
	_, err = p.prove(ctx, uses, password, secret, func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, "account.password_check_failed", user, idOfUser(user), nil)
	})
	if err != nil {
		return err
	}
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Clear(ctx, uses...) })
}

// recheckUses are what a failed check of one's own password counts against:
// each session, or network where there is none, by itself, so that a stolen
// one does not keep the owner out.
func recheckUses(user uuid.UUID, v viewer.Viewer) []store.Use {
	of := v.SessionID.String()
	if v.SessionID == uuid.Nil {
		of = addressClass(v.IP)
	}
	return []store.Use{{Limit: recheckFailures, Of: user.String() + " " + of}}
}

// passwordOf is the hash of a person's password; empty where he has none.
func (p *People) passwordOf(ctx context.Context, user uuid.UUID) (string, error) {
	i, err := p.Store.Client.Identity.Query().Where(identity.UserID(user), identity.KindEQ(identity.KindPASSWORD)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", store.Translate(err)
	}
	return string(i.Secret), nil
}

func idOfUser(user uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: user} }
