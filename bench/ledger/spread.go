package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const unit = "PTS:bench"

// person has one account.
type person struct{ id, account uuid.UUID }

func (p person) key() ledger.Key {
	return ledger.Key{Owner: p.id, Unit: unit, Kind: ledgeraccount.KindBONUS}
}

// people have more points than any run spends, in three lots each.
func (w *world) people(ctx context.Context, n int) error {
	for len(w.owner) < n {
		made, err := w.some(ctx, min(200, n-len(w.owner)))
		if err != nil {
			return err
		}
		w.owner = append(w.owner, made...)
	}
	_, err := w.hand.Exec(`VACUUM ANALYZE`)
	return err
}

func (w *world) some(ctx context.Context, n int) (made []person, err error) {
	err = w.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		made = nil
		if err := ledger.MakeSystemAccounts(ctx, tx, unit, nil); err != nil {
			return err
		}
		for range n {
			u, err := tx.User.Create().SetDisplayName("somebody").Save(ctx)
			if err != nil {
				return err
			}
			p := person{id: u.ID}
			b, err := w.books.Open(ctx, tx, p.key(), nil)
			if err != nil {
				return err
			}
			for i := range 3 {
				due := tx.Now.Add(time.Duration(i+100) * 24 * time.Hour)
				if _, err := b.Give(ctx, ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: 1_000_000, Contra: ledger.Issued, Cause: fmt.Sprint("bench ", i)}, &due); err != nil {
					return err
				}
			}
			if err := b.Close(ctx); err != nil {
				return err
			}
			p.account = b.Account().ID
			made = append(made, p)
		}
		return nil
	})
	return made, err
}

// redeem is what the verb does: a key, the points, its lots, the entry, the event.
func (w *world) redeem(ctx context.Context, p person, key string) error {
	ctx = viewer.With(ctx, viewer.Viewer{UserID: p.id, OwnerID: p.id})
	return w.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Once(ctx, "redeemPoints", key, p.id, &struct{}{}, func() error {
			b, err := w.books.Spend(ctx, tx, p.key(), 1, &p.id)
			if err != nil {
				return err
			}
			_, err = b.TakeLast(ctx, ledger.Posting{Kind: ledgerentry.KindREDEMPTION, Amount: 1, Contra: ledger.Spent, Cause: "mutation:" + p.id.String() + ":" + key})
			return err
		})
		return err
	})
}

// The same statements, as one would write them by hand.
const (
	handKey    = `INSERT INTO idempotencies (actor_id, key, operation, input_hash, result, expires_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (actor_id, key) DO UPDATE SET operation = excluded.operation, input_hash = excluded.input_hash, result = excluded.result, expires_at = excluded.expires_at WHERE idempotencies.expires_at < $7`
	handSpend  = `UPDATE ledger_accounts SET active = active - $1, seq = seq + 1, updated_at = $2 WHERE owner_id = $3 AND unit = $4 AND kind = $5 AND name = $6 AND active - $1 >= 0 AND (next_due_at IS NULL OR next_due_at > $2) RETURNING id, active, seq, head_hash`
	handLots   = `SELECT id, remaining, due_at FROM ledger_lots WHERE account_id = $1 AND bucket = 'ACTIVE' AND remaining > 0 ORDER BY due_at NULLS LAST, id LIMIT 200`
	handWrites = `WITH w0 AS (INSERT INTO ledger_entries (id, created_at, owner_id, account_id, seq, kind, amount, bucket, contra_id, contra_bucket, unit, balance_after, cause_key, actor_id, hash)
		VALUES ($1, $2, $3, $4, $5, 'REDEMPTION', $6, 'ACTIVE', $7, 'ACTIVE', $8, $9, $10, $3, $11)), w1 AS (UPDATE ledger_lots SET remaining = remaining + $6, updated_at = $2 WHERE id = $12),
		w2 AS (INSERT INTO ledger_lot_moves (entry_id, lot_id, amount) VALUES ($1, $12, $6)) UPDATE ledger_accounts SET head_hash = $11, updated_at = $2 WHERE id = $4`
	handEvent = `WITH raised AS (UPDATE users SET stream_seq = stream_seq + 1, unread_count = unread_count + 0 WHERE id = $1 RETURNING stream_seq)
		INSERT INTO account_events (stream_id, seq, event_id, kind, subject_kind, subject_id, actor_id, visibility, payload, created_at, relayed, heard)
		SELECT CAST($1 AS uuid), stream_seq, CAST($2 AS uuid), 'points.redeemed', 'acc', CAST($3 AS uuid), CAST($1 AS uuid), 'ALL', CAST($4 AS jsonb), CAST($5 AS timestamptz), false, true FROM raised`
)

// handmade keeps the statements prepared.
type handmade struct {
	db                              *sql.DB
	key, spend, lots, writes, event *sql.Stmt
}

func prepare(db *sql.DB) (h handmade, err error) {
	h.db = db
	for text, to := range map[string]**sql.Stmt{handKey: &h.key, handSpend: &h.spend, handLots: &h.lots, handWrites: &h.writes, handEvent: &h.event} {
		if *to, err = db.Prepare(text); err != nil {
			return h, err
		}
	}
	return h, nil
}

// redeem does not hash the row: nobody proves what a hand wrote.
func (h handmade) redeem(ctx context.Context, p person, key string) error {
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	now := time.Now().UTC().Truncate(time.Microsecond)
	input := sha256.Sum256([]byte(key))
	if _, err := tx.Stmt(h.key).ExecContext(ctx, p.id, key, "redeemPoints", hex.EncodeToString(input[:]), "{}", now.Add(24*time.Hour), now); err != nil {
		return err
	}
	var account, lot uuid.UUID
	var active, seq, remaining int64
	var head []byte
	if err := tx.Stmt(h.spend).QueryRowContext(ctx, 1, now, p.id, unit, "BONUS", "").Scan(&account, &active, &seq, &head); err != nil {
		return err
	}
	rows, err := tx.Stmt(h.lots).QueryContext(ctx, account)
	if err != nil {
		return err
	}
	for rows.Next() {
		var id uuid.UUID
		var due *time.Time
		if err := rows.Scan(&id, &remaining, &due); err != nil {
			return err
		}
		if lot == uuid.Nil {
			lot = id
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	entry := uuid.Must(uuid.NewV7())
	hash := sha256.Sum256(head)
	_, err = tx.Stmt(h.writes).ExecContext(ctx, entry, now, p.id, account, seq, -1, viewer.House, unit, active, "mutation:"+key, hash[:], lot)
	if err != nil {
		return err
	}
	payload, _ := json.Marshal(map[string]any{"accountId": account, "ownerId": p.id, "entryId": entry, "unit": unit, "amount": -1, "bucket": "ACTIVE", "balance": active})
	if _, err := tx.Stmt(h.event).ExecContext(ctx, p.id, uuid.Must(uuid.NewV7()), account, payload, now); err != nil {
		return err
	}
	return tx.Commit()
}

// turn has writers do something for a while, and says how often a second.
func turn(ctx context.Context, writers int, slice time.Duration, do func(ctx context.Context) error) (float64, error) {
	var n atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	start := time.Now()
	for range writers {
		wg.Go(func() {
			for time.Since(start) < slice && failed.Load() == nil {
				if err := do(ctx); err != nil {
					failed.Store(&err)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(n.Load()) / time.Since(start).Seconds(), nil
}

// spread redeems from random accounts: one half of them is the books', the
// other one is written by hand, so that the books can be proven.
func (w *world) spread(ctx context.Context, o options, r *strings.Builder) error {
	h, err := prepare(w.hand)
	if err != nil {
		return err
	}
	half := len(w.owner) / 2
	ours, theirs := w.owner[:half], w.owner[half:]
	var books, hand, ratios []float64
	for range o.rounds {
		a, err := turn(ctx, o.writers, o.slice, func(ctx context.Context) error {
			return w.redeem(ctx, ours[rand.IntN(half)], uuid.NewString())
		})
		if err != nil {
			return fmt.Errorf("books: %w", err)
		}
		b, err := turn(ctx, o.writers, o.slice, func(ctx context.Context) error {
			return h.redeem(ctx, theirs[rand.IntN(len(theirs))], uuid.NewString())
		})
		if err != nil {
			return fmt.Errorf("by hand: %w", err)
		}
		books, hand, ratios = append(books, a), append(hand, b), append(ratios, a/b)
	}
	fmt.Fprintf(r, "\n## Redemptions over %d accounts, %d writers\n\n| | a second, median |\n|---|---|\n| the ledger | %.0f |\n| the same statements by hand, without hashes | %.0f |\n\nRatio, median of the turns: **%.2f** (aim: 0.6 or more).\n",
		len(w.owner), o.writers, median(books), median(hand), median(ratios))
	return w.forget(ctx, theirs)
}

// forget removes what was written by hand: no hash of it is right.
func (w *world) forget(ctx context.Context, people []person) error {
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = p.account.String()
	}
	list := "{" + strings.Join(ids, ",") + "}"
	for _, q := range []string{
		`ALTER TABLE ledger_entries DISABLE TRIGGER ALL`, `ALTER TABLE ledger_lot_moves DISABLE TRIGGER ALL`,
		`DELETE FROM ledger_lot_moves WHERE lot_id IN (SELECT id FROM ledger_lots WHERE account_id = ANY (CAST($1 AS uuid[])))`,
		`DELETE FROM ledger_lots WHERE account_id = ANY (CAST($1 AS uuid[]))`,
		`DELETE FROM ledger_entries WHERE account_id = ANY (CAST($1 AS uuid[]))`, `DELETE FROM ledger_accounts WHERE id = ANY (CAST($1 AS uuid[]))`,
	} {
		var args []any
		if strings.Contains(q, "$1") {
			args = []any{list}
		}
		if _, err := w.hand.ExecContext(ctx, q, args...); err != nil {
			return err
		}
	}
	w.owner = w.owner[:len(w.owner)-len(people)]
	return nil
}
