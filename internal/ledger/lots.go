package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
)

// The open lots of a bucket hold together what the bucket holds above zero.
// Each change of a lot is a row of ledger_lot_moves under the entry that made
// it; a lot's remaining is their sum.

// lotsAtOnce bounds what is read of a customer's lots in one go.
const lotsAtOnce = 200

// lotID names a lot.
type lotID = uuid.UUID

// take takes n points out of open lots of the entry's bucket: those of first,
// in their order, if they are open, then by due_at, never due last, then by id.
func (b *Book) take(ctx context.Context, e *ent.LedgerEntry, n int64, first ...lotID) error {
	_, err := b.takeMoves(ctx, e, n, first...)
	return err
}

// takeMoves is take that says what it took.
func (b *Book) takeMoves(ctx context.Context, e *ent.LedgerEntry, n int64, first ...lotID) (moves []move, err error) {
	for n > 0 { // nobody else changes them meanwhile
		lots, err := b.openLots(ctx, string(e.Bucket), first, len(moves))
		if err != nil {
			return nil, err
		}
		some, wanted := allot(lots, n)
		if len(some) == 0 {
			return nil, fmt.Errorf("ledger: the lots of account %s hold %d less than its %s bucket", b.acc.ID, n, e.Bucket)
		}
		moves, n = append(moves, some...), wanted
	}
	if err := b.changeLots(ctx, moves); err != nil {
		return nil, err
	}
	return moves, b.record(ctx, e.ID, moves)
}

// openLots reads open lots after those that are taken already.
func (b *Book) openLots(ctx context.Context, bucket string, first []lotID, taken int) ([]lot, error) {
	order, args := `due_at NULLS LAST, id`, []any{b.acc.ID, bucket}
	if len(first) > 0 {
		rank := `CASE id`
		for i, id := range first {
			rank += fmt.Sprintf(` WHEN ? THEN %d`, i)
			args = append(args, id)
		}
		order = rank + fmt.Sprintf(` ELSE %d END, `, len(first)) + order
	}
	rows, err := b.tx.Query(ctx, `SELECT id, remaining, due_at FROM ledger_lots WHERE account_id = ? AND bucket = ? AND remaining > 0 ORDER BY `+order+` LIMIT ? OFFSET ?`,
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
		if err := rows.Scan(&l.id, &l.remaining, dbTimeOrNull{&l.due}); err != nil {
			return nil, err
		}
		lots = append(lots, l)
	}
	return lots, rows.Err()
}

// changeLots applies moves: all that are emptied at once, the others one by one.
func (b *Book) changeLots(ctx context.Context, moves []move) error {
	var emptied []any
	for _, m := range moves {
		if m.empty {
			emptied = append(emptied, m.lot)
			continue
		}
		b.dueMoved = b.dueMoved || m.amount > 0
		n, err := b.tx.Exec(ctx, `UPDATE ledger_lots SET remaining = remaining + ?, updated_at = ? WHERE id = ?`, m.amount, b.tx.Now, m.lot)
		if err == nil && n != 1 && !b.tx.Gathering() {
			err = fmt.Errorf("ledger: lot %s is not there", m.lot)
		}
		if err != nil {
			return err
		}
	}
	for len(emptied) > 0 {
		n := min(len(emptied), lotsAtOnce)
		changed, err := b.tx.Exec(ctx, `UPDATE ledger_lots SET remaining = 0, updated_at = ? WHERE id IN (?`+strings.Repeat(", ?", n-1)+`)`, append([]any{b.tx.Now}, emptied[:n]...)...)
		if err == nil && changed != int64(n) && !b.tx.Gathering() {
			err = fmt.Errorf("ledger: %d of %d lots are not there", int64(n)-changed, n)
		}
		if err != nil {
			return err
		}
		b.dueMoved, emptied = true, emptied[n:]
	}
	return nil
}

// record keeps what an entry did to the lots.
func (b *Book) record(ctx context.Context, entry uuid.UUID, moves []move) error {
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

// newLot is a lot that an entry makes.
type newLot struct {
	amount int64
	due    *time.Time
	origin *uuid.UUID
}

// fill makes a lot of what an entry brought above zero; none where a debt took
// all of it.
func (b *Book) fill(ctx context.Context, e *ent.LedgerEntry, n int64, due *time.Time, origin *uuid.UUID) error {
	_, err := b.fillOne(ctx, e, n, due, origin)
	return err
}

// fillOne is fill that says which lot it made.
func (b *Book) fillOne(ctx context.Context, e *ent.LedgerEntry, n int64, due *time.Time, origin *uuid.UUID) (lotID, error) {
	if n <= 0 {
		return uuid.Nil, nil
	}
	ids, err := b.makeLots(ctx, e, string(e.Bucket), []newLot{{n, due, origin}})
	if err != nil {
		return uuid.Nil, err
	}
	return ids[0], nil
}

// fillLots makes lots in a bucket of what an entry brought there.
func (b *Book) fillLots(ctx context.Context, e *ent.LedgerEntry, bucket string, lots []newLot) error {
	for len(lots) > 0 {
		n := min(len(lots), lotsAtOnce)
		if _, err := b.makeLots(ctx, e, bucket, lots[:n]); err != nil {
			return err
		}
		lots = lots[n:]
	}
	return nil
}

func (b *Book) makeLots(ctx context.Context, e *ent.LedgerEntry, bucket string, lots []newLot) (ids []lotID, err error) {
	const row = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	var args []any
	var moves []move
	for _, l := range lots {
		if l.due != nil {
			at := cut(*l.due)
			l.due = &at
		}
		id := uuid.Must(uuid.NewV7())
		ids, moves = append(ids, id), append(moves, move{lot: id, amount: l.amount})
		args = append(args, id, b.tx.Now, b.tx.Now, b.acc.OwnerID, b.acc.ID, e.ID, bucket, l.amount, l.amount, l.due, l.origin)
	}
	b.dueMoved = true
	_, err = b.tx.Exec(ctx, `INSERT INTO ledger_lots (id, created_at, updated_at, owner_id, account_id, entry_id, bucket, amount, remaining, due_at, origin_id)
		VALUES `+row+strings.Repeat(", "+row, len(lots)-1), args...)
	if err != nil {
		return nil, err
	}
	return ids, b.record(ctx, e.ID, moves)
}
