package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// hot has a hundred writers spend from one account, beside a hundred who do no
// more than the conditional UPDATE of one row, in a transaction.
func (w *world) hot(ctx context.Context, o options, r *strings.Builder) error {
	const writers = 100
	alice, bob := w.owner[0], w.owner[1]
	bare, err := w.hand.Prepare(`UPDATE ledger_accounts SET active = active - 1, seq = seq + 1, updated_at = $1 WHERE id = $2 AND active - 1 >= 0 AND (next_due_at IS NULL OR next_due_at > $1)`)
	if err != nil {
		return err
	}
	before, err := w.active(ctx, alice)
	if err != nil {
		return err
	}
	kept, err := w.row(ctx, bob)
	if err != nil {
		return err
	}
	var spent atomic.Int64
	redeem := func(ctx context.Context) error {
		err := w.redeem(ctx, alice, uuid.NewString())
		if err == nil {
			spent.Add(1)
		}
		return err
	}
	var books, hand, ratios []float64
	for range o.rounds {
		a, err := turn(ctx, writers, o.slice, redeem)
		if err != nil {
			return fmt.Errorf("hot, books: %w", err)
		}
		b, err := turn(ctx, writers, o.slice, func(ctx context.Context) error { return update(ctx, w.hand, bare, bob) })
		if err != nil {
			return fmt.Errorf("hot, bare: %w", err)
		}
		books, hand, ratios = append(books, a), append(hand, b), append(ratios, a/b)
	}
	after, err := w.active(ctx, alice)
	if err != nil {
		return err
	}
	if before-after != spent.Load() {
		return fmt.Errorf("%d were spent, %d are gone", spent.Load(), before-after)
	}
	if _, err := w.hand.Exec(`UPDATE ledger_accounts SET active = $1, seq = $2 WHERE id = $3`, kept[0], kept[1], bob.account); err != nil {
		return err
	}
	fmt.Fprintf(r, "\n## One account, %d writers\n\n| | a second, median |\n|---|---|\n| the ledger, whole redemptions | %.0f |\n| the bare conditional UPDATE in a transaction | %.0f |\n\nRatio, median of the turns: **%.2f** (aim: 0.5 or more). %d redemptions, none lost.\n",
		writers, median(books), median(hand), median(ratios), spent.Load())
	return nil
}

// update is the bare conditional UPDATE.
func update(ctx context.Context, db *sql.DB, bare *sql.Stmt, p person) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Stmt(bare).ExecContext(ctx, time.Now().UTC(), p.account); err != nil {
		return err
	}
	return tx.Commit()
}

func (w *world) active(ctx context.Context, p person) (int64, error) {
	row, err := w.row(ctx, p)
	return row[0], err
}

func (w *world) row(ctx context.Context, p person) (row [2]int64, err error) {
	err = w.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT active, seq FROM ledger_accounts WHERE id = ?`, p.account).Scan(&row[0], &row[1])
	})
	return row, err
}
