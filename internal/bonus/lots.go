package bonus

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/internal/store"
)

// The open lots of a bucket hold together what the bucket holds above zero.
// Each change of a lot is a row of ledger_lot_moves under the entry that made
// it; a lot's remaining is their sum.

// lotsAtOnce bounds what is read of a customer's lots in one go.
const lotsAtOnce = 200

// take takes n points out of open lots: those of first, if it is open, then by
// due_at, never due last, then by id.
func (b *book) take(ctx context.Context, entry uuid.UUID, bucket ledgerlot.Bucket, n int64, first uuid.UUID) error {
	var moves []move
	for n > 0 { // nobody else changes them meanwhile
		lots, err := b.openLots(ctx, bucket, first, len(moves))
		if err != nil {
			return err
		}
		some, wanted := allot(lots, n)
		if len(some) == 0 {
			return fmt.Errorf("bonus: the lots of account %s hold %d fewer points than its %s bucket", b.acc.ID, n, bucket)
		}
		moves, n = append(moves, some...), wanted
	}
	if err := b.changeLots(ctx, moves); err != nil {
		return err
	}
	return b.record(ctx, entry, moves)
}

// openLots reads open lots after those that are taken already.
func (b *book) openLots(ctx context.Context, bucket ledgerlot.Bucket, first uuid.UUID, taken int) ([]lot, error) {
	order, args := `due_at NULLS LAST, id`, []any{b.acc.ID, string(bucket)}
	if first != uuid.Nil {
		order, args = `CASE WHEN id = ? THEN 0 ELSE 1 END, `+order, append(args, first)
	}
	rows, err := b.tx.Query(ctx, `SELECT id, remaining FROM ledger_lots WHERE account_id = ? AND bucket = ? AND remaining > 0 ORDER BY `+order+` LIMIT ? OFFSET ?`,
		append(args, lotsAtOnce, taken)...)
	if err != nil {
		return nil, err
	}
	return scanLots(rows)
}

func scanLots(rows *sql.Rows) (lots []lot, err error) {
	defer rows.Close()
	for rows.Next() {
		var l lot
		if err := rows.Scan(&l.id, &l.remaining); err != nil {
			return nil, err
		}
		lots = append(lots, l)
	}
	return lots, rows.Err()
}

// changeLots applies moves: all that are emptied at once, the others one by one.
func (b *book) changeLots(ctx context.Context, moves []move) error {
	var emptied []any
	for _, m := range moves {
		if m.empty {
			emptied = append(emptied, m.lot)
			continue
		}
		b.dueMoved = b.dueMoved || m.amount > 0
		n, err := b.tx.Exec(ctx, `UPDATE ledger_lots SET remaining = remaining + ?, updated_at = ? WHERE id = ?`, m.amount, b.tx.Now, m.lot)
		if err == nil && n != 1 && !b.tx.Gathering() {
			err = fmt.Errorf("bonus: lot %s is not there", m.lot)
		}
		if err != nil {
			return err
		}
	}
	for len(emptied) > 0 {
		n := min(len(emptied), lotsAtOnce)
		changed, err := b.tx.Exec(ctx, `UPDATE ledger_lots SET remaining = 0, updated_at = ? WHERE id IN (?`+strings.Repeat(", ?", n-1)+`)`, append([]any{b.tx.Now}, emptied[:n]...)...)
		if err == nil && changed != int64(n) && !b.tx.Gathering() {
			err = fmt.Errorf("bonus: %d of %d lots are not there", int64(n)-changed, n)
		}
		if err != nil {
			return err
		}
		b.dueMoved, emptied = true, emptied[n:]
	}
	return nil
}

// record keeps what an entry did to the lots.
func (b *book) record(ctx context.Context, entry uuid.UUID, moves []move) error {
	for len(moves) > 0 {
		n := min(len(moves), lotsAtOnce)
		args := make([]any, 0, 3*n)
		for _, m := range moves[:n] {
			args = append(args, entry, m.lot, m.amount)
		}
		_, err := b.tx.Exec(ctx, `INSERT INTO ledger_lot_moves (entry_id, lot_id, amount) VALUES (?, ?, ?)`+strings.Repeat(", (?, ?, ?)", n-1), args...)
		if err != nil {
			return err
		}
		moves = moves[n:]
	}
	return nil
}

// fill makes a lot of what an entry brought above zero; none where a debt took
// all of it.
func (b *book) fill(ctx context.Context, e *ent.LedgerEntry, n int64, due *time.Time, origin *uuid.UUID) error {
	if n <= 0 {
		return nil
	}
	if due != nil {
		at := cut(*due)
		due = &at
	}
	b.dueMoved = true
	id := uuid.Must(uuid.NewV7())
	_, err := b.tx.Exec(ctx, `INSERT INTO ledger_lots (id, created_at, updated_at, owner_id, account_id, entry_id, bucket, amount, remaining, due_at, origin_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, b.tx.Now, b.tx.Now, b.acc.OwnerID, b.acc.ID, e.ID, string(e.Bucket), n, n, due, origin)
	if err != nil {
		return err
	}
	return b.record(ctx, e.ID, []move{{lot: id, amount: n}})
}

// restore puts points back into the lots that a redemption took them from,
// last taken first, with the due times they had.
func (b *book) restore(ctx context.Context, e *ent.LedgerEntry, redemption uuid.UUID, n int64) error {
	if n <= 0 {
		return nil
	}
	taken, err := takenFrom(ctx, b.tx, redemption)
	if err != nil {
		return err
	}
	moves, wanted := allot(taken, n)
	if wanted > 0 {
		return fmt.Errorf("bonus: redemption %s took %d fewer points from lots than are given back", redemption, wanted)
	}
	for i := range moves {
		moves[i].amount, moves[i].empty = -moves[i].amount, false
	}
	if err := b.changeLots(ctx, moves); err != nil {
		return err
	}
	return b.record(ctx, e.ID, moves)
}

// takenFrom lists what a redemption and its refunds still hold of each lot, in
// the reverse of the order in which take took.
func takenFrom(ctx context.Context, tx *store.Tx, redemption uuid.UUID) ([]lot, error) {
	rows, err := tx.Query(ctx, `SELECT l.id, -sum(m.amount) FROM ledger_lot_moves m JOIN ledger_lots l ON l.id = m.lot_id
		WHERE m.entry_id = ? OR m.entry_id IN (SELECT r.id FROM ledger_entries r JOIN ledger_entries p ON p.order_id = r.order_id
			WHERE p.id = ? AND r.kind = 'REFUND' AND r.parent_id = p.id)
		GROUP BY l.id, l.due_at ORDER BY l.due_at DESC NULLS FIRST, l.id DESC`, redemption, redemption)
	if err != nil {
		return nil, err
	}
	return scanLots(rows)
}
