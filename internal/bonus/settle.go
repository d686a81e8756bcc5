package bonus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
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

// settle lets the due lots of an open book take effect: pending ones become
// active, active ones expire. It goes round again for lots that became active
// so long ago that they expire too. What it does depends on due times alone,
// never on when it is done.
func (p *Points) settle(ctx context.Context, b *book) error {
	for {
		lots, err := b.dueLots(ctx)
		if err != nil || len(lots) == 0 {
			return err
		}
		for _, l := range lots {
			switch l.bucket {
			case ledgerlot.BucketPENDING:
				err = p.activate(ctx, b, l)
			case ledgerlot.BucketACTIVE:
				err = b.expire(ctx, l)
			default:
				err = fmt.Errorf("bonus: lot %s: points in the bucket %s do not fall due", l.id, l.bucket)
			}
			if err != nil {
				return err
			}
		}
	}
}

func (b *book) dueLots(ctx context.Context) ([]dueLot, error) {
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
// long as the version of the programme says by which they were earned.
func (p *Points) activate(ctx context.Context, b *book, l dueLot) error {
	prog, err := p.decidedBy(ctx, b, l.explain)
	if err != nil {
		return err
	}
	e, lots, err := b.post(ctx, posting{
		kind: ledgerentry.KindACTIVATION, amount: l.remaining, bucket: ledgerentry.BucketACTIVE, contraBucket: ledgerentry.ContraBucketPENDING,
		parent: &l.entry, order: l.order, cause: fmt.Sprintf("lot:%s:activate:%d", l.id, b.acc.Seq+1), clock: true,
	})
	if err != nil {
		return err
	}
	out := []move{{lot: l.id, amount: -l.remaining, empty: true}}
	if err := b.changeLots(ctx, out); err != nil {
		return err
	}
	if err := b.record(ctx, e.ID, out); err != nil {
		return err
	}
	return b.fill(ctx, e, lots, expires(prog, l.due), &l.id)
}

// expire takes what remains of a lot; once more when a refund filled it again.
func (b *book) expire(ctx context.Context, l dueLot) error {
	e, _, err := b.post(ctx, posting{
		kind: ledgerentry.KindEXPIRY, amount: -l.remaining, bucket: ledgerentry.BucketACTIVE, contra: expired,
		parent: &l.entry, order: l.order, cause: fmt.Sprintf("lot:%s:expire:%d", l.id, b.acc.Seq+1), clock: true,
		explain: map[string]any{"lotId": scalar.ID{Prefix: "lot", UUID: l.id}.String()},
	})
	if err != nil {
		return err
	}
	out := []move{{lot: l.id, amount: -l.remaining, empty: true}}
	if err := b.changeLots(ctx, out); err != nil {
		return err
	}
	return b.record(ctx, e.ID, out)
}

// decidedBy is the version of the account's programme that an entry names in
// its explain; the newest where it names none.
func (p *Points) decidedBy(ctx context.Context, b *book, explain []byte) (*ent.BonusProgram, error) {
	var said struct {
		Version int64 `json:"version"`
	}
	if len(explain) > 0 {
		if err := json.Unmarshal(explain, &said); err != nil {
			return nil, fmt.Errorf("bonus: read explain: %w", err)
		}
	}
	if b.acc.ProgramID == nil {
		return nil, fmt.Errorf("bonus: account %s has no programme", b.acc.ID)
	}
	return p.programVersion(ctx, b.tx.Client, *b.acc.ProgramID, said.Version)
}

// SettleDue settles up to limit accounts whose lots fell due and says how many
// it did. Each account is a transaction of its own; one that fails is passed
// over, so that it does not stop the others, and its error comes back with the
// rest. Several instances share the work. It is called by the clock.
func (p *Points) SettleDue(ctx context.Context, limit int) (int, error) {
	var done int
	var failed []error
	at, last := time.Time{}, uuid.Nil
	for done < limit {
		due, err := p.dueAccounts(ctx, at, last, limit-done)
		if err != nil || len(due) == 0 {
			return done, errors.Join(append(failed, err)...)
		}
		for _, a := range due {
			at, last = a.at, a.id
			settled, err := p.settleAccount(ctx, a.id, true)
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
func (p *Points) dueAccounts(ctx context.Context, at time.Time, last uuid.UUID, limit int) ([]dueAccount, error) {
	rows, err := p.Store.Query(ctx, `SELECT id, next_due_at FROM ledger_accounts WHERE next_due_at <= ? AND (next_due_at > ? OR next_due_at = ? AND id > ?)
		ORDER BY next_due_at, id LIMIT ?`, p.Store.Now(), at, at, last, limit)
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

// settleAccount settles one account in a transaction of its own, by the clock
// and not by whoever reads it. With skip it leaves an account alone that
// another one works on.
func (p *Points) settleAccount(ctx context.Context, id uuid.UUID, skip bool) (settled bool, err error) {
	err = p.Store.InTx(viewer.AsSystem(ctx, "bonus.settle"), func(ctx context.Context, tx *store.Tx) error {
		settled = false
		if skip {
			free, err := isFree(ctx, tx, id)
			if err != nil || !free {
				return err
			}
		}
		b, err := p.lockBook(ctx, tx, nil, `id = ?`, id)
		if b == nil || err != nil {
			return err
		}
		settled = b.dirty
		return b.close(ctx)
	})
	return settled, err
}
