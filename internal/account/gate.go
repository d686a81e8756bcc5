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
	Via      string       // of a code or a link: the way it came over, EMAIL or PHONE
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
	Via      string       `json:"via,omitempty"`
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
	UserID       uuid.UUID
	Session      *ent.Session // nil while a challenge is due
	Challenge    *Challenge   // the second factor that is due
	MustChangeBy *time.Time   // a password issued by staff, until then

	token, refresh string // nowhere else
	device         string // the name given to a browser that had none
}

// Welcome is a session just made and whose it is, or the challenge to answer
// before there is one.
type Welcome struct {
	Session      *IssuedSession
	Challenge    *Challenge
	User         *ent.User
	MustChangeBy *time.Time // a password issued by staff, until then
}

// Admit is the one door: every way of signing in ends here (security C6). It
// asks whether the person may come in at all and whether a second factor is
// due, and opens the session. Only a proof that is two factors by itself goes
// past the second factor.
//
// Faults: ACCOUNT_BLOCKED, INITIAL_PASSWORD_EXPIRED, INVALID_CREDENTIALS for
// who is no more or has not proven an address yet.
func (p *People) Admit(ctx context.Context, tx *store.Tx, f Proof) (*Entrance, error) {
	mustChange, err := p.mayEnter(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	due, err := p.secondDue(ctx, tx, f.UserID, f.Method, f.AAL)
	if err != nil {
		return nil, err
	}
	var e *Entrance
	if due {
		e, err = p.half(ctx, tx, f.UserID, nil, Half{Method: f.Method, Mode: f.Mode, Via: f.Via, Identity: f.Identity})
	} else {
		e, err = p.open(ctx, tx, f)
	}
	if err != nil {
		return nil, err
	}
	e.MustChangeBy = mustChange
	return e, nil
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

// half makes the challenge of the second factor, and puts on record that the
// first one was right: somebody knows it.
func (p *People) half(ctx context.Context, tx *store.Tx, user uuid.UUID, session *uuid.UUID, h Half) (*Entrance, error) {
	c, err := p.SecondFactor(ctx, tx, user, session, h)
	if err != nil {
		return nil, err
	}
	return &Entrance{UserID: user, Challenge: c}, tx.Audit(ctx, "account.first_factor", user, idOfUser(user), map[string]any{"method": h.Method})
}

// mayEnter says whether a person may come in at all, and until when he must
// change a password that staff gave him. He waits here for others who come in
// as the same person, so that the bound on sessions holds.
func (p *People) mayEnter(ctx context.Context, tx *store.Tx, f Proof) (mustChange *time.Time, err error) {
	if err := tx.Lock(ctx, "users", "id", f.UserID); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT u.status, i.must_change_by_at FROM users u
		LEFT JOIN identities i ON i.user_id = u.id AND i.kind = 'PASSWORD' WHERE u.id = ?`, f.UserID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	status := user.StatusERASED
	for rows.Next() {
		if err := rows.Scan(&status, &mustChange); err != nil {
			return nil, err
		}
	}
	switch {
	case rows.Err() != nil:
		return nil, rows.Err()
	case status == user.StatusBLOCKED:
		return nil, ErrAccountBlocked
	case status != user.StatusACTIVE && (status != user.StatusPENDING || f.Method != MethodRegistration):
		return nil, ErrInvalidCredentials
	case mustChange != nil && !mustChange.After(tx.Now) && f.Method != MethodActing:
		return nil, ErrInitialPasswordExpired.With("expiredAt", mustChange.UTC().Format(time.RFC3339))
	}
	return mustChange, nil
}

// Welcome shows what was made, after the commit: the token, once, or the
// cookie; and the person, as himself.
func (p *People) Welcome(ctx context.Context, e *Entrance) (*Welcome, error) {
	w := &Welcome{Challenge: e.Challenge, MustChangeBy: e.MustChangeBy}
	if e.Session == nil {
		return w, nil
	}
	w.Session = issued(ctx, e)
	var err error
	w.User, err = p.Person(As(ctx, e.UserID, e.Session.ID), e.UserID)
	return w, err
}

// Finish ends a sign-in whose second factor was proven: half is the challenge,
// consumed in this transaction. It opens the session at level 2, or steps up
// the session whose stepUp asked for the challenge.
//
// Faults: as Admit; INVALID_CODE where another session than the one to step
// up answers; UNAUTHENTICATED where it is over.
func (p *People) Finish(ctx context.Context, tx *store.Tx, half store.Challenge) (*Entrance, error) {
	var h Half
	if err := half.Read(&h); err != nil {
		return nil, err
	}
	if half.Purpose != ForSecondFactor || half.UserID == nil {
		return nil, ErrInvalidCode
	}
	if !h.StepUp {
		return p.Admit(ctx, tx, Proof{UserID: *half.UserID, Method: h.Method, AAL: 2, Mode: h.Mode, Identity: h.Identity})
	}
	v := viewer.From(ctx)
	if half.SessionID == nil || v.SessionID != *half.SessionID || v.UserID != *half.UserID {
		return nil, ErrInvalidCode
	}
	return p.steppedUp(ctx, tx, v, h.Method, 2)
}

// End ends those of a person's sessions that are in force and match, and tells
// it; it says which they were. For all of them there is EndAll.
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
// stepUp it counts as a fresh proof of all that is asked of the person: of two
// factors where he has a second one in this transaction. Show it by Welcome.
//
// Faults: UNAUTHENTICATED.
func (p *People) Rotate(ctx context.Context, tx *store.Tx, stepUp bool) (*Entrance, error) {
	aal := 0
	if stepUp {
		due, err := p.secondDue(ctx, tx, viewer.From(ctx).UserID, "", 1)
		if err != nil {
			return nil, err
		}
		aal = 1
		if due {
			aal = 2
		}
	}
	return p.RotateTo(ctx, tx, aal)
}

// RotateTo is Rotate where the caller has freshly proven himself at a level; 0
// for not.
//
// Faults: UNAUTHENTICATED.
func (p *People) RotateTo(ctx context.Context, tx *store.Tx, aal int) (*Entrance, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	return p.rotate(ctx, tx, v.UserID, v.SessionID, rotation{aal: aal})
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
		of = Network(v.IP)
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
