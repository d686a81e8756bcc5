package account

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// account is what a sign-in needs to know of the person behind a login; the
// zero one is nobody's.
type account struct {
	user    uuid.UUID
	status  string
	secret  string // the password's hash; empty when there is none
	device  bool   // a session was opened from this address by this program before
	address credential.Email
}

// SignIn checks a login and a password and opens a session. Whether the login
// is not known, the password is wrong or there is none: the same answer, after
// the same work (security A6, A7).
//
// Faults: INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, ACCOUNT_BLOCKED (to whoever
// knows the password), RATE_LIMITED when too many passwords are being checked.
func (p *People) SignIn(ctx context.Context, in SignInInput) (*Welcome, error) {
	v := viewer.From(ctx)
	address, _ := credential.ParseEmail(in.Login) // what is not an address is nobody's
	a, err := p.lookUp(ctx, address, v)
	if err != nil {
		return nil, err
	}
	uses := signInUses(loginKey(in.Login, address), a.device, a.user, v)
	hash, err := p.prove(ctx, uses, in.Password, a.secret, func(ctx context.Context, tx *store.Tx) error {
		return p.auditFailure(ctx, tx, a.user)
	})
	if err != nil {
		return nil, err
	}
	if a.status != "ACTIVE" {
		return nil, ErrAccountBlocked
	}
	return p.welcome(ctx, a, in.Mode, hash, uses)
}

// loginKey is what failures of a login are counted by, an address or not.
func loginKey(login string, address credential.Email) string {
	if address.Key != "" {
		return address.Key
	}
	return strings.ToLower(strings.TrimSpace(login))
}

// lookUp finds the person of a proven address. An address that nobody proved
// signs nobody in.
func (p *People) lookUp(ctx context.Context, address credential.Email, v viewer.Viewer) (a account, err error) {
	rows, err := p.Store.Query(ctx, `SELECT u.id, u.status, i.secret,
			EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.ip = ? AND s.user_agent = ?)
		FROM contact_points c JOIN users u ON u.id = c.user_id
		LEFT JOIN identities i ON i.user_id = u.id AND i.kind = 'PASSWORD'
		WHERE c.kind = 'EMAIL' AND c.value_key = ? AND c.verified_at IS NOT NULL`, v.IP, v.UserAgent, address.Key)
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		var secret []byte
		if err := rows.Scan(&a.user, &a.status, &secret, &a.device); err != nil {
			return a, store.Translate(err)
		}
		a.secret, a.address = string(secret), address
	}
	return a, store.Translate(rows.Err())
}

// prove checks a password against its hash, under the limits of guessing. The
// limits are read and a failure is counted while one of the few slots for
// hashing is held, so no more guesses than are free, and one for each slot,
// ever reach the hash (security A2). The count is a transaction of its own,
// which also does failed: the verb's would take it back (security S7). It
// gives the hash to store anew, empty when the old one stays.
//
// Faults: INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, RATE_LIMITED.
func (p *People) prove(ctx context.Context, uses []store.Use, password, hash string, failed func(context.Context, *store.Tx) error) (newHash string, err error) {
	if err := p.blocked(ctx, uses); err != nil { // before queueing for a slot
		return "", err
	}
	if len(password) > credential.LongestPassword { // no account has it, and no time is spent on it
		password, hash = "", ""
	}
	stale := false
	err = p.hashes.Hold(ctx, func() error {
		if err := p.blocked(ctx, uses); err != nil {
			return err
		}
		fits, old, err := p.hashes.Verify(password, hash)
		if err != nil {
			return err
		}
		stale = old
		if fits {
			return nil
		}
		err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Strike(ctx, uses...); err != nil {
				return err
			}
			return failed(ctx, tx)
		})
		if err != nil {
			return err
		}
		return ErrInvalidCredentials
	})
	if err != nil || !stale {
		return "", err
	}
	return p.hashes.Hash(ctx, password)
}

func (p *People) blocked(ctx context.Context, uses []store.Use) error {
	wait, err := p.Store.Blocked(ctx, uses...)
	if err != nil {
		return err
	}
	if wait > 0 {
		return retryAfter(ErrTooManyAttempts, wait)
	}
	return nil
}

// auditFailure puts a failed guess on record: no login, no password, for
// people type the one into the field of the other.
func (p *People) auditFailure(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	subject := scalar.ID{}
	if user != uuid.Nil {
		subject = scalar.ID{Prefix: "usr", UUID: user}
	}
	return tx.Audit(ctx, "account.sign_in_failed", user, subject, map[string]any{"known": user != uuid.Nil})
}

// welcome opens the session of a person whose password was right.
func (p *People) welcome(ctx context.Context, a account, mode *SessionMode, newHash string, uses []store.Use) (*Welcome, error) {
	var token string
	w := &Welcome{}
	var s *ent.Session
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		// The password's row is written first: sign-ins of one person queue
		// behind it, so that the bound on sessions holds.
		u := tx.Identity.Update().Where(identity.UserID(a.user), identity.KindEQ(identity.KindPASSWORD)).SetLastUsedAt(tx.Now)
		if newHash != "" {
			u.Where(identity.Secret([]byte(a.secret))).SetSecret([]byte(newHash))
		}
		if n, err := u.Save(asSystem(ctx)); err != nil {
			return err
		} else if n == 0 { // changed in this moment
			return ErrInvalidCredentials
		}
		if token, s, err = p.begin(ctx, tx, a.user, mode, !a.device); err != nil {
			return err
		}
		if err := tx.Clear(ctx, uses[0]); err != nil {
			return err
		}
		return tx.Audit(As(ctx, a.user, s.ID), "account.sign_in", a.user, s.GlobalID(), map[string]any{"kind": s.Kind, "newDevice": !a.device})
	})
	if err != nil {
		return nil, err
	}
	w.Session = issued(ctx, token, s)
	w.User, err = p.Person(As(ctx, a.user, s.ID), a.user)
	return w, err
}

// As is the context of a person who has just proven who he is.
func As(ctx context.Context, user, session uuid.UUID) context.Context {
	v := viewer.From(ctx)
	v.UserID, v.OwnerID, v.SessionID, v.Staff, v.Grants, v.System = user, user, session, false, nil, ""
	return viewer.With(ctx, v)
}

// Person loads one person within the caller's fence, with what a payload's
// field user shows of him.
//
// Faults: NOT_FOUND.
func (p *People) Person(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	q, err := p.Store.Client.User.Query().Where(user.ID(id)).CollectUnder(ctx, "user")
	if err != nil {
		return nil, err
	}
	u, err := q.Only(ctx)
	return u, store.Translate(err)
}
