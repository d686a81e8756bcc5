package tier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	enttier "kabinet/ent/generated/tier"
	"kabinet/internal/store"
)

// ReviewDue looks at the accounts whose next look is due, the longest waiting
// first, at most limit of them, each in a transaction of its own; and carries
// new terms of tiers to the accounts of their programmes. It says how many it
// looked at. Several instances may run at once: what one holds, another skips.
// One that cannot be looked at is in nobody's way. The caller acts as the
// system.
func (t *Tiers) ReviewDue(ctx context.Context, limit int) (int, error) {
	if err := t.mark(ctx, limit); err != nil {
		return 0, err
	}
	due, err := t.ids(ctx, `SELECT id FROM ledger_accounts WHERE tier_review_at <= ? ORDER BY tier_review_at, id LIMIT ?`, t.Store.Now(), limit)
	if err != nil {
		return 0, err
	}
	looked, failed := 0, []error{}
	for _, id := range due {
		did := false
		err := t.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			a, ok, err := lock(ctx, tx, id, true)
			if did = err == nil && ok && a.review != nil && !a.review.After(tx.Now); !did {
				return err
			}
			return t.review(ctx, tx, a)
		})
		switch {
		case ctx.Err() != nil:
			return looked, ctx.Err()
		case err != nil:
			failed = append(failed, fmt.Errorf("tier: review account %s: %w", id, err))
		case did:
			looked++
		}
	}
	return looked, errors.Join(failed...)
}

func (t *Tiers) ids(ctx context.Context, query string, args ...any) (ids []uuid.UUID, err error) {
	rows, err := t.Store.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, store.Translate(err)
		}
		ids = append(ids, id)
	}
	return ids, store.Translate(rows.Err())
}

// mark puts the next accounts of programmes whose tiers have changed down for
// a look, by ascending id, a batch a transaction. Where it got to stands on the
// tier, so that it goes on after a stop, and in whichever instance.
func (t *Tiers) mark(ctx context.Context, limit int) error {
	walks, err := t.Store.Client.Tier.Query().Where(enttier.MarkedToNotNil()).All(ctx)
	if err != nil {
		return store.Translate(err)
	}
	for _, w := range walks {
		if err := t.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return markSome(ctx, tx, w, limit) }); err != nil {
			return err
		}
	}
	return nil
}

func markSome(ctx context.Context, tx *store.Tx, w *ent.Tier, limit int) error {
	from := *w.MarkedTo
	var next []uuid.UUID
	rows, err := tx.Query(ctx, `SELECT id FROM ledger_accounts WHERE program_id = ? AND id > ? AND kind = 'BONUS' ORDER BY id LIMIT ?`, w.ProgramID, from, limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		next = append(next, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	var to *uuid.UUID
	if len(next) == limit {
		to = &next[len(next)-1]
	}
	n, err := tx.Exec(ctx, `UPDATE tiers SET marked_to = ? WHERE id = ? AND marked_to = ?`, to, w.ID, from)
	if err != nil || n == 0 { // another instance was first
		return err
	}
	slices.SortFunc(next, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range next {
		if _, err := tx.Exec(ctx, `UPDATE ledger_accounts SET tier_review_at = ? WHERE id = ? AND (tier_review_at IS NULL OR tier_review_at > ?)`, tx.Now, id, tx.Now); err != nil {
			return err
		}
	}
	return nil
}
