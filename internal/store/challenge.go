package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
)

// Challenge is something to prove before going on: a code sent, a link, a
// ceremony begun. Its secret is stored as a keyed hash, its data sealed.
type Challenge struct {
	ID        uuid.UUID
	Purpose   string // what it may be used for, and nothing else
	UserID    *uuid.UUID
	SessionID *uuid.UUID
	ExpiresAt time.Time
	data      []byte
}

// NewChallenge describes a challenge. Data is kept as sealed JSON.
type NewChallenge struct {
	Purpose           string
	UserID, SessionID *uuid.UUID
	Secret            string // empty: proven by something else, no secret is right
	Data              any
	Tries             int
	Life              time.Duration
}

func (c Challenge) place() string { return "challenge/" + c.Purpose + "/" + c.ID.String() }

// Read gives the data.
func (c Challenge) Read(into any) error { return json.Unmarshal(c.data, into) }

// MakeChallenge writes a challenge.
func (tx *Tx) MakeChallenge(ctx context.Context, sealer *Sealer, n NewChallenge) (Challenge, error) {
	c := Challenge{ID: uuid.Must(uuid.NewV7()), Purpose: n.Purpose, UserID: n.UserID, SessionID: n.SessionID, ExpiresAt: tx.Now.Add(n.Life)}
	var err error
	if c.data, err = json.Marshal(n.Data); err != nil {
		return Challenge{}, fmt.Errorf("challenge %s: %w", n.Purpose, err)
	}
	hash := make([]byte, sha256.Size)
	if n.Secret != "" {
		hash = sealer.MAC(n.Secret, c.place())
	} else if _, err := rand.Read(hash); err != nil { // the hash of nothing that somebody could say
		return Challenge{}, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO challenges (id, purpose, user_id, session_id, secret_hash, data, attempts, max_attempts, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`,
		c.ID, c.Purpose, c.UserID, c.SessionID, hash, sealer.Seal(c.data, c.place()), n.Tries, tx.Now, c.ExpiresAt)
	return c, err
}

// TryChallenge takes one of the tries and says whether the secret is right. It
// is a transaction of its own, before the verb's, so that a wrong try stays
// counted whatever becomes of the verb (security S7, D5). Unknown, used,
// expired, exhausted and no secret at all are false.
func (s *Store) TryChallenge(ctx context.Context, sealer *Sealer, id uuid.UUID, purpose, secret string) (bool, error) {
	var kept []byte
	err := s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		kept = nil
		err := tx.QueryRow(ctx, `UPDATE challenges SET attempts = attempts + 1
			WHERE id = ? AND purpose = ? AND consumed_at IS NULL AND expires_at > ? AND attempts < max_attempts RETURNING secret_hash`,
			id, purpose, tx.Now).Scan(&kept)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil || kept == nil {
		return false, err
	}
	return secret != "" && sealer.Matches(kept, secret, Challenge{ID: id, Purpose: purpose}.place()), nil
}

// UseChallenge consumes a challenge whose secret was tried and is right, in
// the verb's transaction: of any number at once one succeeds. The others, and
// everything that does not fit, are NOT_FOUND.
func (tx *Tx) UseChallenge(ctx context.Context, sealer *Sealer, id uuid.UUID, purpose, secret string) (Challenge, error) {
	c := Challenge{ID: id, Purpose: purpose}
	if secret == "" {
		return Challenge{}, fault.ErrNotFound
	}
	var args []any
	for _, mac := range sealer.MACs(secret, c.place()) {
		args = append(args, mac)
	}
	return tx.consume(ctx, sealer, c, `secret_hash IN (?`+strings.Repeat(`, ?`, len(args)-1)+`) AND expires_at > ?`, append(args, tx.Now)...)
}

// TakeChallenge consumes a challenge without its secret, to put another one in
// its place: the old one is dead from then on. It may have expired up to a day
// ago. NOT_FOUND as UseChallenge.
func (tx *Tx) TakeChallenge(ctx context.Context, sealer *Sealer, id uuid.UUID, purpose string) (Challenge, error) {
	return tx.consume(ctx, sealer, Challenge{ID: id, Purpose: purpose}, `expires_at > ?`, tx.Now.Add(-afterlife))
}

func (tx *Tx) consume(ctx context.Context, sealer *Sealer, c Challenge, where string, args ...any) (Challenge, error) {
	var sealed []byte
	err := tx.QueryRow(ctx, `UPDATE challenges SET consumed_at = ?
		WHERE id = ? AND purpose = ? AND consumed_at IS NULL AND `+where+` RETURNING user_id, session_id, data, expires_at`,
		append([]any{tx.Now, c.ID, c.Purpose}, args...)...).Scan(&c.UserID, &c.SessionID, &sealed, &c.ExpiresAt)
	if errors.Is(err, sql.ErrNoRows) {
		return Challenge{}, fault.ErrNotFound
	}
	if err != nil {
		return Challenge{}, err
	}
	c.data, err = sealer.Open(sealed, c.place())
	return c, err
}

// TakeAnyChallenge is TakeChallenge whatever the purpose, which the caller
// judges by what it reads.
func (tx *Tx) TakeAnyChallenge(ctx context.Context, sealer *Sealer, id uuid.UUID) (Challenge, error) {
	var purpose string
	err := tx.QueryRow(ctx, `SELECT purpose FROM challenges WHERE id = ?`, id).Scan(&purpose)
	if errors.Is(err, sql.ErrNoRows) {
		return Challenge{}, fault.ErrNotFound
	}
	if err != nil {
		return Challenge{}, err
	}
	return tx.TakeChallenge(ctx, sealer, id, purpose)
}

// ChallengePurpose says what a challenge is for; empty for one that is not there.
func (s *Store) ChallengePurpose(ctx context.Context, id uuid.UUID) (purpose string, err error) {
	rows, err := s.Query(ctx, `SELECT purpose FROM challenges WHERE id = ?`, id)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&purpose); err != nil {
			return "", translate(err)
		}
	}
	return purpose, translate(rows.Err())
}

// OpenChallenge reads a challenge that can still be answered, for the letter
// that tells its secret; NOT_FOUND when it cannot.
func (s *Store) OpenChallenge(ctx context.Context, sealer *Sealer, id uuid.UUID) (Challenge, error) {
	rows, err := s.Query(ctx, `SELECT purpose, user_id, session_id, data, expires_at FROM challenges
		WHERE id = ? AND consumed_at IS NULL AND expires_at > ? AND attempts < max_attempts`, id, s.Now())
	if err != nil {
		return Challenge{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		return Challenge{}, errors.Join(fault.ErrNotFound, translate(rows.Err()))
	}
	c := Challenge{ID: id}
	var sealed []byte
	if err := rows.Scan(&c.Purpose, &c.UserID, &c.SessionID, &sealed, &c.ExpiresAt); err != nil {
		return Challenge{}, translate(err)
	}
	c.data, err = sealer.Open(sealed, c.place())
	return c, err
}

// DropChallenges makes all challenges of a person worthless, as after a change
// of password or address (security D1).
func (tx *Tx) DropChallenges(ctx context.Context, user uuid.UUID) error {
	_, err := tx.Exec(ctx, `DELETE FROM challenges WHERE user_id = ?`, user)
	return err
}

// ChallengesBefore counts the challenges that only an older key opens, and says
// until when the last of them can be answered: they are not sealed anew, for
// their secrets are not known, and are over within days.
func (s *Store) ChallengesBefore(ctx context.Context, sealer *Sealer) (n int, until time.Time, err error) {
	rows, err := s.Query(ctx, `SELECT id, purpose, data, expires_at FROM challenges WHERE consumed_at IS NULL AND expires_at > ?`, s.Now())
	if err != nil {
		return 0, until, err
	}
	defer rows.Close()
	for rows.Next() {
		var c Challenge
		var sealed []byte
		if err := rows.Scan(&c.ID, &c.Purpose, &sealed, &c.ExpiresAt); err != nil {
			return 0, until, translate(err)
		}
		if anew, err := sealer.Reseal(sealed, c.place()); err != nil || anew != nil {
			if n++; c.ExpiresAt.After(until) {
				until = c.ExpiresAt
			}
		}
	}
	return n, until, translate(rows.Err())
}

// afterlife is how long an expired challenge is kept, so that a new code can
// be asked for in its place.
const afterlife = 24 * time.Hour

// ForgetChallenges deletes what can no longer be answered or replaced.
func (s *Store) ForgetChallenges(ctx context.Context) error {
	return s.Sweep(ctx, "challenges", "id", `expires_at < ?`, s.Now().Add(-afterlife))
}
