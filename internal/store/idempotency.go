package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// keyLife is how long an idempotency key is kept, at least.
const keyLife = 48 * time.Hour

// Once runs fn once for one key of one actor. Its result is kept as JSON: a
// repeat with the same input reads it into result and says replayed. The row
// is written first, so a concurrent twin waits on it and then replays; an
// error of fn rolls the row back with everything else, so refusals and dry
// runs do not use the key up. Input must not hold the key or dryRun. A result
// that holds before fn what it will hold after it saves a statement.
//
// Faults: REQUIRED, TOO_LONG or INVALID_VALUE at input.idempotencyKey, IDEMPOTENCY_KEY_REUSED.
func (tx *Tx) Once(ctx context.Context, operation, key string, input, result any, fn func() error) (replayed bool, err error) {
	if key == "" {
		return false, fault.ErrRequired.At("input", "idempotencyKey")
	}
	if len(key) > 255 {
		return false, fault.ErrTooLong.At("input", "idempotencyKey").With("limit", 255)
	}
	if strings.ContainsRune(key, 0) || !utf8.ValidString(key) { // PostgreSQL keeps no such text
		return false, fault.ErrInvalidValue.At("input", "idempotencyKey")
	}
	actor := viewer.From(ctx).UserID // of a system viewer: nil, its keys are its own
	hash, err := inputHash(input)
	if err != nil {
		return false, err
	}
	foreseen, err := keep(result)
	if err != nil {
		return false, err
	}
	// A key past its life is as good as new.
	n, err := tx.Exec(ctx, `INSERT INTO idempotencies (actor_id, key, operation, input_hash, result, expires_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (actor_id, key) DO UPDATE SET operation = excluded.operation, input_hash = excluded.input_hash, result = excluded.result, expires_at = excluded.expires_at
		WHERE idempotencies.expires_at < ?`, actor, key, operation, hash, foreseen, tx.Now.Add(keyLife), tx.Now)
	if err != nil {
		return false, err
	}
	if n == 0 {
		return true, tx.replay(ctx, actor, key, operation, hash, result)
	}
	if err := fn(); err != nil {
		return false, err
	}
	kept, err := keep(result)
	if err != nil || kept == foreseen {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE idempotencies SET result = ? WHERE actor_id = ? AND key = ?`, kept, actor, key)
	return false, err
}

func keep(result any) (string, error) {
	b, err := json.Marshal(result)
	if err != nil {
		return "", fmt.Errorf("idempotency: keep result: %w", err)
	}
	return string(b), nil
}

func (tx *Tx) replay(ctx context.Context, actor uuid.UUID, key, operation, hash string, result any) error {
	var op, kept string
	var keptHash string
	err := tx.QueryRow(ctx, `SELECT operation, input_hash, result FROM idempotencies WHERE actor_id = ? AND key = ?`, actor, key).
		Scan(&op, &keptHash, &kept)
	if err != nil {
		return err
	}
	if op != operation || keptHash != hash {
		return fault.ErrIdempotencyKeyReused.At("input", "idempotencyKey")
	}
	return json.Unmarshal([]byte(kept), result)
}

func inputHash(input any) (string, error) {
	b, err := json.Marshal(input)
	if err != nil {
		return "", fmt.Errorf("idempotency: hash input: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// ForgetKeys deletes idempotency keys past their life.
func (s *Store) ForgetKeys(ctx context.Context) error {
	return s.Sweep(ctx, "idempotencies", "actor_id, key", `expires_at < ?`, s.Now())
}
