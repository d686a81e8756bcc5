package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/internal/scalar"
)

// dueLot is an open lot whose time came, with what its entry says.
type dueLot struct {
	id, entry uuid.UUID
	bucket    ledgerlot.Bucket
	remaining int64
	due       time.Time
	order     *uuid.UUID
	explain   []byte
}

// isDue says whether a lot of the account fell due.
func (b *Book) isDue() bool { return b.acc.NextDueAt != nil && !b.acc.NextDueAt.After(b.tx.Now) }

// settle lets the due lots of an open book take effect: pending ones become
// active, active ones expire, what was held is released. It goes round again
// for lots that became active so long ago that they expire too. What it does
// depends on due times alone, never on when it is done. It stops after about
// most lots, all of them where that is 0, and says how many it settled.
func (b *Book) settle(ctx context.Context, most int) (done int, err error) {
	for most == 0 || done < most {
		lots, err := b.dueLots(ctx)
		if err != nil || len(lots) == 0 {
			return done, err
		}
		if lots[0].bucket == ledgerlot.BucketHELD { // it fills other lots up again: these are read anew
			if err := b.expireHold(ctx, lots[0]); err != nil {
				return done, err
			}
			done++
			continue
		}
		n := len(lots)
		if i := slices.IndexFunc(lots, func(l dueLot) bool { return l.bucket == ledgerlot.BucketHELD }); i >= 0 {
			n = i
		}
		for some := range slices.Chunk(lots[:n], settledAtOnce) {
			if err := b.settleSome(ctx, some); err != nil {
				return done, err
			}
			done += len(some)
		}
	}
	return done, nil
}

// settledAtOnce is how many lots' writes go to PostgreSQL as one statement.
const settledAtOnce = 25

// settleSome activates and expires lots, none of which touches another one.
func (b *Book) settleSome(ctx context.Context, lots []dueLot) error {
	_, err := b.tx.AtOnce(ctx, func(ctx context.Context) (err error) {
		for _, l := range lots {
			if l.bucket == ledgerlot.BucketPENDING {
				err = b.activate(ctx, l)
			} else {
				err = b.expire(ctx, l)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func (b *Book) dueLots(ctx context.Context) ([]dueLot, error) {
	rows, err := b.tx.Query(ctx, `SELECT l.id, l.entry_id, l.bucket, l.remaining, l.due_at, e.order_id, e.explain FROM ledger_lots l
		JOIN ledger_entries e ON e.id = l.entry_id WHERE l.account_id = ? AND l.remaining > 0 AND l.due_at <= ? ORDER BY l.due_at, l.id LIMIT ?`,
		b.acc.ID, b.tx.Now, lotsAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var lots []dueLot
	for rows.Next() {
		var l dueLot
		if err := rows.Scan(&l.id, &l.entry, &l.bucket, &l.remaining, dbTime{&l.due}, &l.order, &l.explain); err != nil {
			return nil, err
		}
		lots = append(lots, l)
	}
	return lots, rows.Err()
}

// activate moves a pending lot's points to the active bucket; they live as
// long as the terms say by which they were earned.
func (b *Book) activate(ctx context.Context, l dueLot) error {
	t, err := b.books.terms(ctx, b.tx, b.acc, l.explain)
	if err != nil {
		return err
	}
	e, lots, err := b.post(ctx, Posting{
		Kind: ledgerentry.KindACTIVATION, Amount: l.remaining, contraBucket: ledgerentry.ContraBucketPENDING,
		Parent: &l.entry, Order: l.order, Cause: fmt.Sprintf("lot:%s:activate:%d", l.id, b.acc.Seq+1), Clock: true,
	})
	if err != nil {
		return err
	}
	if err := b.emptyLot(ctx, e, l); err != nil {
		return err
	}
	return b.fill(ctx, e, lots, t.expires(l.due), &l.id)
}

// expire takes what remains of a lot; once more when a refund filled it again.
func (b *Book) expire(ctx context.Context, l dueLot) error {
	e, _, err := b.post(ctx, Posting{
		Kind: ledgerentry.KindEXPIRY, Amount: -l.remaining, Contra: Expired,
		Parent: &l.entry, Order: l.order, Cause: fmt.Sprintf("lot:%s:expire:%d", l.id, b.acc.Seq+1), Clock: true,
		Explain: map[string]any{"lotId": scalar.ID{Prefix: "lot", UUID: l.id}.String()},
	})
	if err != nil {
		return err
	}
	return b.emptyLot(ctx, e, l)
}

func (b *Book) emptyLot(ctx context.Context, e *ent.LedgerEntry, l dueLot) error {
	out := []move{{lot: l.id, amount: -l.remaining, empty: true}}
	if err := b.changeLots(ctx, out); err != nil {
		return err
	}
	return b.record(ctx, e.ID, out)
}
