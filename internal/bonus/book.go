package bonus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/store"
)

// book is one account while entries are written to it: its row is locked until
// the end of the transaction. Lots change only under this lock. A transaction
// that opens several opens them by ascending id, after all business rows.
type book struct {
	tx    *store.Tx
	acc   *ent.LedgerAccount // as it will be written by close
	actor *uuid.UUID         // who acts; nobody where the clock does
	dirty bool

	dueMoved bool // a lot was made, filled up or emptied: another one may be the next due
}

const accountColumns = `id, created_at, owner_id, user_id, unit, program_id, active, pending, held, floor, seq, head_hash, next_due_at`

func scanAccount(row interface{ Scan(...any) error }) (*ent.LedgerAccount, error) {
	a := &ent.LedgerAccount{Kind: ledgeraccount.KindBONUS, Lotted: true}
	var head []byte
	err := row.Scan(&a.ID, dbTime{&a.CreatedAt}, &a.OwnerID, &a.UserID, &a.Unit, &a.ProgramID,
		&a.Active, &a.Pending, &a.Held, &a.Floor, &a.Seq, &head, dbTimeOrNull{&a.NextDueAt})
	a.HeadHash = head
	return a, err
}

// ownersAccount finds the bonus account of an owner.
const ownersAccount = `owner_id = ? AND unit = ? AND kind = 'BONUS' AND name = ''`

// openBook locks the owner's account of the programme's unit, making it at
// first need, and settles what fell due.
func (p *Points) openBook(ctx context.Context, tx *store.Tx, owner uuid.UUID, prog *ent.BonusProgram, actor *uuid.UUID) (*book, error) {
	b, err := p.lockBook(ctx, tx, actor, ownersAccount, owner, prog.Unit)
	if b == nil && err == nil {
		if err := makeAccount(ctx, tx, owner, prog); err != nil {
			return nil, err
		}
		if b, err = p.lockBook(ctx, tx, actor, ownersAccount, owner, prog.Unit); b == nil && err == nil {
			err = fmt.Errorf("bonus: the account of %s in %s is not there though it was made", owner, prog.Unit)
		}
	}
	return b, err
}

// makeAccount makes an owner's account; many may at once, one wins. Its
// user_id says that the owner is a person, who is told of each entry; else it
// is a company. The fence is passed: the caller says whose account it is.
func makeAccount(ctx context.Context, tx *store.Tx, owner uuid.UUID, prog *ent.BonusProgram) error {
	_, err := tx.Exec(ctx, `INSERT INTO ledger_accounts (id, created_at, updated_at, owner_id, user_id, unit, kind, name, program_id, lotted, active, pending, held, floor, seq)
		VALUES (?, ?, ?, ?, (SELECT id FROM users WHERE id = ?), ?, 'BONUS', '', ?, ?, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING`,
		uuid.Must(uuid.NewV7()), tx.Now, tx.Now, owner, owner, prog.Unit, prog.KeyID, true)
	return err
}

// lockBook locks one account and settles what fell due; nil where there is none.
func (p *Points) lockBook(ctx context.Context, tx *store.Tx, actor *uuid.UUID, where string, args ...any) (*book, error) {
	query := `SELECT ` + accountColumns + ` FROM ledger_accounts WHERE ` + where
	if tx.Store().Dialect() == dialect.Postgres {
		query += ` FOR UPDATE`
	}
	a, err := scanAccount(tx.QueryRow(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b := &book{tx: tx, acc: a, actor: actor}
	if a.NextDueAt != nil && !a.NextDueAt.After(tx.Now) {
		err = p.settle(ctx, b)
	}
	return b, err
}

// spend is the quick way to a book: one statement takes the lock and n points
// where the account has them and nothing is due. nil where it does not.
func spend(ctx context.Context, tx *store.Tx, owner uuid.UUID, unit string, n int64, actor *uuid.UUID) (*book, error) {
	a, err := scanAccount(tx.QueryRow(ctx, `UPDATE ledger_accounts SET active = active - ?, seq = seq + 1, updated_at = ?
		WHERE `+ownersAccount+` AND active - ? >= 0 AND (next_due_at IS NULL OR next_due_at > ?) RETURNING `+accountColumns,
		n, tx.Now, owner, unit, n, tx.Now))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a.Active, a.Seq = a.Active+n, a.Seq-1 // the entry that follows takes them
	return &book{tx: tx, acc: a, actor: actor, dirty: true}, nil
}

// close writes the account's counters and when its next lot falls due.
func (b *book) close(ctx context.Context) error {
	if !b.dirty {
		return nil
	}
	a := b.acc
	a.UpdatedAt = b.tx.Now
	const counters = `UPDATE ledger_accounts SET active = ?, pending = ?, held = ?, floor = ?, seq = ?, head_hash = ?, updated_at = ?`
	args := []any{a.Active, a.Pending, a.Held, a.Floor, a.Seq, a.HeadHash, a.UpdatedAt}
	var err error
	if b.dueMoved {
		err = b.tx.QueryRow(ctx, counters+`, next_due_at = (SELECT min(due_at) FROM ledger_lots WHERE account_id = ? AND remaining > 0) WHERE id = ? RETURNING next_due_at`,
			append(args, a.ID, a.ID)...).Scan(dbTimeOrNull{&a.NextDueAt})
	} else {
		_, err = b.tx.Exec(ctx, counters+` WHERE id = ?`, append(args, a.ID)...)
	}
	if err == nil {
		b.dirty, b.dueMoved = false, false
	}
	return err
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
