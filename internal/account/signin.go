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
	user     uuid.UUID
	identity uuid.UUID
	secret   string // the password's hash; empty when there is none
	device   bool   // a session was opened on this device before
}

// SignIn checks a login and a password and opens a session, or gives the
// challenge of the second factor. Whether the login is not known, the password
// is wrong or there is none: the same answer, after the same work (security
// A6, A7).
//
// Faults: INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, RATE_LIMITED when too many
// passwords are being checked; to whoever knows the password ACCOUNT_BLOCKED
// and INITIAL_PASSWORD_EXPIRED.
func (p *People) SignIn(ctx context.Context, in SignInInput) (*Welcome, error) {
	v := viewer.From(ctx)
	l := p.readLogin(in.Login)
	a, err := p.lookUp(ctx, l, v)
	if err != nil {
		return nil, err
	}
	uses := signInUses(l.of, a.device, a.user, v)
	hash, err := p.prove(ctx, uses, in.Password, a.secret, func(ctx context.Context, tx *store.Tx) error {
		return p.auditFailure(ctx, tx, a.user)
	})
	if err != nil {
		return nil, err
	}
	return p.enterByPassword(ctx, a, in.Mode, hash, uses)
}

// login is what somebody typed to be known by.
type login struct {
	kind string // EMAIL, PHONE or LOGIN; empty for nobody's
	key  string // how it is found
	of   string // what its failures are counted by
}

// readLogin tells an address, a phone number and a login name apart. What is
// none of them is nobody's, found by nothing.
func (p *People) readLogin(text string) login {
	if address, ok := credential.ParseEmail(text); ok {
		return login{"EMAIL", address.Key, address.Key}
	}
	if number, ok := credential.ParsePhone(text, p.o.Country); ok {
		return login{"PHONE", number, number}
	}
	if name, ok := credential.ParseLogin(text); ok {
		return login{"LOGIN", name.Key, name.Key}
	}
	return login{of: strings.ToLower(strings.TrimSpace(text))}
}

const (
	byContact = `FROM contact_points c JOIN users u ON u.id = c.user_id
		LEFT JOIN identities i ON i.user_id = u.id AND i.kind = 'PASSWORD'
		WHERE c.kind = ? AND c.value_key = ? AND c.verified_at IS NOT NULL`
	byName = `FROM identities i JOIN users u ON u.id = i.user_id
		WHERE i.kind = 'PASSWORD' AND ? = 'LOGIN' AND i.login_key = ?`
)

// lookUp finds the person of a login, in one statement whatever it is. An
// address or number that nobody proved signs nobody in.
func (p *People) lookUp(ctx context.Context, l login, v viewer.Viewer) (a account, err error) {
	from := byContact
	if l.kind == "LOGIN" {
		from = byName
	}
	known, args := knownDevice(v)
	rows, err := p.Store.Query(ctx, `SELECT u.id, i.id, i.secret, EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND `+known+`) `+from,
		append(args, l.kind, l.key)...)
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		var secret []byte
		var identity uuid.NullUUID
		if err := rows.Scan(&a.user, &identity, &secret, &a.device); err != nil {
			return a, store.Translate(err)
		}
		a.secret, a.identity = string(secret), identity.UUID
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
		// Who hangs up while his guess is looked at is counted too.
		err = p.Store.InTx(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
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

// enterByPassword brings in a person whose password was right.
func (p *People) enterByPassword(ctx context.Context, a account, mode *SessionMode, newHash string, uses []store.Use) (*Welcome, error) {
	var e *Entrance
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		u := tx.Identity.Update().Where(identity.ID(a.identity), identity.Secret([]byte(a.secret))).SetLastUsedAt(tx.Now)
		if newHash != "" {
			u.SetSecret([]byte(newHash))
		}
		if n, err := u.Save(asSystem(ctx)); err != nil {
			return err
		} else if n == 0 { // changed in this moment
			return ErrInvalidCredentials
		}
		e, err = p.Admit(ctx, tx, Proof{UserID: a.user, Method: MethodPassword, AAL: 1, Mode: mode})
		if err != nil {
			return err
		}
		return tx.Clear(ctx, uses[0])
	})
	if err != nil {
		return nil, err
	}
	return p.Welcome(ctx, e)
}

// As is the context of a person who has just proven who he is.
func As(ctx context.Context, user, session uuid.UUID) context.Context {
	v := viewer.From(ctx)
	v.UserID, v.OwnerID, v.SessionID, v.Staff, v.Grants, v.System = user, user, session, false, nil, ""
	v.Pending, v.ActingStaff = false, uuid.Nil
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
