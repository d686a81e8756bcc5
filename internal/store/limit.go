package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Limit is one rule of how often something may be done or may fail. Count it
// in a transaction of its own, before or after the verb's: what is counted
// inside a verb is rolled back with it, and guessing is free (security S7).
type Limit struct {
	Name   string
	Free   int64         // this many are not delayed
	First  time.Duration // the delay after them; it doubles each time …
	Most   time.Duration // … up to this
	Forget time.Duration // the count begins anew after so long without one

	// Window makes it "Free in each Forget" instead: the count begins anew
	// Forget after the first one, and nothing more is let through until then.
	Window bool
}

// Use is one thing counted by a limit: an account, an address, an operation.
// Only a hash of it is stored.
type Use struct {
	Limit Limit
	Of    string
}

func (u Use) key() string {
	sum := sha256.Sum256([]byte(u.Limit.Name + "\x00" + u.Of))
	return hex.EncodeToString(sum[:])
}

// delay is how long nothing is let through after the count came to n.
func (l Limit) delay(n int64, sinceFirst time.Duration) time.Duration {
	if n < l.Free {
		return 0
	}
	if l.Window {
		return max(0, l.Forget-sinceFirst)
	}
	d := l.First
	for i := l.Free; i < n && d < l.Most; i++ {
		d *= 2
	}
	return min(d, l.Most)
}

// Blocked says how long to wait until all of the uses are let through; 0 is now.
func (s *Store) Blocked(ctx context.Context, uses ...Use) (time.Duration, error) {
	marks, args := "", make([]any, 0, len(uses)+1)
	for i, u := range uses {
		if i > 0 {
			marks += ","
		}
		marks += "?"
		args = append(args, u.key())
	}
	now := s.Now()
	rows, err := s.Query(ctx, `SELECT blocked_until_at FROM rate_limits WHERE key IN (`+marks+`) AND blocked_until_at > ?`, append(args, now)...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var wait time.Duration
	for rows.Next() {
		var until time.Time
		if err := rows.Scan(&until); err != nil {
			return 0, translate(err)
		}
		wait = max(wait, until.Sub(now))
	}
	return wait, translate(rows.Err())
}

// Strike counts one of each use, blocked or not.
func (tx *Tx) Strike(ctx context.Context, uses ...Use) error {
	for _, u := range inOrder(uses) {
		if _, err := tx.count(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// Reserve counts one of each use where all of them are let through; else it
// says how long to wait and the caller rolls back. Twins at the same moment
// wait for each other: never more than allowed pass.
func (tx *Tx) Reserve(ctx context.Context, uses ...Use) (wait time.Duration, err error) {
	for _, u := range inOrder(uses) {
		w, err := tx.count(ctx, u)
		if err != nil {
			return 0, err
		}
		wait = max(wait, w)
	}
	return wait, nil
}

// Clear forgets what was counted of the uses.
func (tx *Tx) Clear(ctx context.Context, uses ...Use) error {
	for _, u := range inOrder(uses) {
		if _, err := tx.Exec(ctx, `DELETE FROM rate_limits WHERE key = ?`, u.key()); err != nil {
			return err
		}
	}
	return nil
}

// count raises the count by one and says how long the use was still blocked
// before that.
func (tx *Tx) count(ctx context.Context, u Use) (was time.Duration, err error) {
	key, now := u.key(), tx.Now
	var n int64
	var first time.Time
	var until *time.Time
	// The statement locks the row, so twins go one after the other.
	moves := "?"
	if u.Limit.Window {
		moves = "CASE WHEN rate_limits.window_at < ? THEN excluded.window_at ELSE rate_limits.window_at END"
	}
	stale := now.Add(-u.Limit.Forget)
	args := []any{key, now, stale, stale}
	if !u.Limit.Window {
		args[3] = now
	}
	err = tx.QueryRow(ctx, `INSERT INTO rate_limits (key, count, window_at) VALUES (?, 1, ?)
		ON CONFLICT (key) DO UPDATE SET count = CASE WHEN rate_limits.window_at < ? THEN 1 ELSE rate_limits.count + 1 END, window_at = `+moves+`
		RETURNING count, window_at, blocked_until_at`, args...).Scan(&n, &first, &until)
	if err != nil {
		return 0, fmt.Errorf("limit %s: %w", u.Limit.Name, err)
	}
	if until != nil && until.After(now) {
		was = until.Sub(now)
	}
	if d := u.Limit.delay(n, now.Sub(first)); d > 0 {
		if _, err := tx.Exec(ctx, `UPDATE rate_limits SET blocked_until_at = ? WHERE key = ?`, now.Add(d), key); err != nil {
			return 0, fmt.Errorf("limit %s: %w", u.Limit.Name, err)
		}
	}
	return was, nil
}

// inOrder sorts by key, so that two transactions never wait for each other.
func inOrder(uses []Use) []Use {
	uses = slices.Clone(uses)
	slices.SortFunc(uses, func(a, b Use) int { return bytes.Compare([]byte(a.key()), []byte(b.key())) })
	return uses
}

// ForgetLimits deletes counts that no rule can still need.
func (s *Store) ForgetLimits(ctx context.Context) error {
	now := s.Now()
	return s.Sweep(ctx, "rate_limits", "key", `window_at < ? AND (blocked_until_at IS NULL OR blocked_until_at < ?)`, now.Add(-24*time.Hour), now)
}

// sweepAtOnce is how many rows a transaction of Sweep deletes: long enough to
// be worth one, short enough that nobody waits for SQLite's only writer.
const sweepAtOnce = 1000

// Sweep deletes the rows of a table that fulfil a condition, some at a time,
// each time in a transaction of its own. key names the columns of a unique
// index. What changes meanwhile is judged anew.
func (s *Store) Sweep(ctx context.Context, table, key, where string, args ...any) error {
	query := `DELETE FROM ` + table + ` WHERE (` + key + `) IN (SELECT ` + key + ` FROM ` + table + ` WHERE ` + where + ` LIMIT ` + strconv.Itoa(sweepAtOnce) + `) AND (` + where + `)`
	args = slices.Concat(args, args)
	for {
		var n int64
		err := s.InTx(ctx, func(ctx context.Context, tx *Tx) (err error) {
			n, err = tx.Exec(ctx, query, args...)
			return err
		})
		if err != nil || n < sweepAtOnce {
			return err
		}
	}
}
