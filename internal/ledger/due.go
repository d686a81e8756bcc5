package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// SettleDue settles up to limit accounts whose lots fell due and says how many
// it did. Each account is a transaction of its own; one that fails is passed
// over, so that it does not stop the others, and its error comes back with the
// rest. Several instances share the work. It is called by the clock.
func (l *Books) SettleDue(ctx context.Context, limit int) (int, error) {
	var done int
	var failed []error
	at, last := time.Time{}, uuid.Nil
	for done < limit {
		due, err := l.dueAccounts(ctx, at, last, limit-done)
		if err != nil || len(due) == 0 {
			return done, errors.Join(append(failed, err)...)
		}
		for _, a := range due {
			at, last = a.at, a.id
			settled, err := l.settleAccount(ctx, a.id, true)
			switch {
			case ctx.Err() != nil:
				return done, ctx.Err()
			case err != nil:
				failed = append(failed, fmt.Errorf("settle account %s: %w", a.id, err))
			case settled:
				done++
			}
		}
	}
	return done, errors.Join(failed...)
}

type dueAccount struct {
	id uuid.UUID
	at time.Time
}

// dueAccounts reads on from (at, last) without locks: an idle poll takes no writer.
func (l *Books) dueAccounts(ctx context.Context, at time.Time, last uuid.UUID, limit int) ([]dueAccount, error) {
	rows, err := l.Store.Query(ctx, `SELECT id, next_due_at FROM ledger_accounts WHERE next_due_at <= ? AND (next_due_at > ? OR next_due_at = ? AND id > ?)
		ORDER BY next_due_at, id LIMIT ?`, l.Store.Now(), at, at, last, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var due []dueAccount
	for rows.Next() {
		var a dueAccount
		if err := rows.Scan(&a.id, dbTime{&a.at}); err != nil {
			return nil, err
		}
		due = append(due, a)
	}
	return due, store.Translate(rows.Err())
}

// Settle settles an account in transactions of its own, by the clock and not by
// whoever reads it.
func (l *Books) Settle(ctx context.Context, account uuid.UUID) error {
	_, err := l.settleAccount(ctx, account, false)
	return err
}

// lotsInTx bounds how long one transaction of the clock keeps an account.
const lotsInTx = 500

// settleAccount settles one account, so many lots a transaction. With skip it
// leaves an account alone that another one works on.
func (l *Books) settleAccount(ctx context.Context, id uuid.UUID, skip bool) (settled bool, err error) {
	for more := true; more && err == nil && ctx.Err() == nil; {
		err = l.Store.InTx(viewer.AsSystem(ctx, "ledger.settle"), func(ctx context.Context, tx *store.Tx) error {
			more = false
			if skip {
				free, err := isFree(ctx, tx, id)
				if err != nil || !free {
					return err
				}
			}
			b, err := l.lockUnsettled(ctx, tx, nil, `id = ?`, id)
			if b == nil || err != nil || !b.isDue() {
				return err
			}
			n, err := b.settle(ctx, lotsInTx)
			if err != nil {
				return err
			}
			more, settled = n >= lotsInTx, true
			return b.Close(ctx)
		})
	}
	return settled, err
}

// isFree locks an account for the transaction unless another one holds it.
func isFree(ctx context.Context, tx *store.Tx, id uuid.UUID) (bool, error) {
	if tx.Store().Dialect() != dialect.Postgres {
		return true, nil // one writer
	}
	err := tx.QueryRow(ctx, `SELECT id FROM ledger_accounts WHERE id = ? FOR UPDATE SKIP LOCKED`, id).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
