package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/store"
)

// Book is one account while entries are written to it: its row is locked until
// the end of the transaction. Lots change only under this lock. A transaction
// that opens several opens them by ascending id, after all business rows: see
// LockAll. Whoever wrote into a book closes it.
type Book struct {
	books *Books
	tx    *store.Tx
	acc   *ent.LedgerAccount // as it will be written by Close
	actor *uuid.UUID         // who acts; nobody where the clock does
	dirty bool

	dueMoved bool       // a lot was made, filled up or emptied: another one may be the next due
	sliding  *time.Time // until when the active lots live on from now
}

// Key names an account.
type Key struct {
	Owner   uuid.UUID
	Unit    string // PTS:<programme> or an ISO 4217 currency
	Kind    ledgeraccount.Kind
	Name    string     // of several of one owner, kind and unit; empty for the first
	Program *uuid.UUID // the programme's key_id, of points
	Label   string     // the name that its owner gives it, when it is made
}

// where finds the account of a key.
const keyed = `owner_id = ? AND unit = ? AND kind = ? AND name = ?`

func (k Key) args() []any { return []any{k.Owner, k.Unit, string(k.Kind), k.Name} }

const accountColumns = `id, created_at, owner_id, user_id, unit, kind, name, label, visible, program_id, tier_id, active, pending, held, floor, seq, head_hash, next_due_at`

func scanAccount(row interface{ Scan(...any) error }) (*ent.LedgerAccount, error) {
	a := &ent.LedgerAccount{Lotted: true}
	var head []byte
	var kind string
	err := row.Scan(&a.ID, dbTime{&a.CreatedAt}, &a.OwnerID, &a.UserID, &a.Unit, &kind, &a.Name, &a.Label, &a.Visible, &a.ProgramID, &a.TierID,
		&a.Active, &a.Pending, &a.Held, &a.Floor, &a.Seq, &head, dbTimeOrNull{&a.NextDueAt})
	a.Kind, a.HeadHash = ledgeraccount.Kind(kind), head
	return a, err
}

// Account is the account as Close will write it.
func (b *Book) Account() *ent.LedgerAccount { return b.acc }

// Available is what may be taken now.
func (b *Book) Available() int64 { return spendable(b.acc) }

// Changed says whether entries were written that Close has not closed.
func (b *Book) Changed() bool { return b.dirty }

// Open locks the account of a key, making it at first need, and settles what
// fell due.
func (l *Books) Open(ctx context.Context, tx *store.Tx, key Key, actor *uuid.UUID) (*Book, error) {
	b, err := l.lock(ctx, tx, actor, keyed, key.args()...)
	if b == nil && err == nil {
		if err := Make(ctx, tx, key); err != nil {
			return nil, err
		}
		if b, err = l.lock(ctx, tx, actor, keyed, key.args()...); b == nil && err == nil {
			err = fmt.Errorf("ledger: the account of %s in %s is not there though it was made", key.Owner, key.Unit)
		}
	}
	return b, err
}

// Make makes the account of a key where there is none; many may at once, one
// wins. Its user_id says that the owner is a person, who is told of each entry;
// else it is a company or a family.
func Make(ctx context.Context, tx *store.Tx, k Key) error {
	if !IsPoints(k.Unit) { // a programme made those of points
		if err := MakeSystemAccounts(ctx, tx, k.Unit, nil); err != nil {
			return err
		}
	}
	var label *string
	if k.Label != "" {
		label = &k.Label
	}
	_, err := tx.Exec(ctx, `INSERT INTO ledger_accounts (id, created_at, updated_at, owner_id, user_id, unit, kind, name, label, program_id, lotted, active, pending, held, floor, seq)
		VALUES (?, ?, ?, ?, (SELECT id FROM users WHERE id = ?), ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING`,
		uuid.Must(uuid.NewV7()), tx.Now, tx.Now, k.Owner, k.Owner, k.Unit, string(k.Kind), k.Name, label, k.Program, true)
	return err
}

// Lock locks an account and settles what fell due; nil where there is none.
func (l *Books) Lock(ctx context.Context, tx *store.Tx, account uuid.UUID, actor *uuid.UUID) (*Book, error) {
	return l.lock(ctx, tx, actor, `id = ?`, account)
}

// LockKey is Lock by what names the account.
func (l *Books) LockKey(ctx context.Context, tx *store.Tx, key Key, actor *uuid.UUID) (*Book, error) {
	return l.lock(ctx, tx, actor, keyed, key.args()...)
}

// LockAll locks several accounts in the order that all transactions keep, by
// ascending id, so that two that meet wait and do not stop each other for good.
// Those that are not there are left out.
func (l *Books) LockAll(ctx context.Context, tx *store.Tx, actor *uuid.UUID, accounts ...uuid.UUID) (map[uuid.UUID]*Book, error) {
	ids := slices.Clone(accounts)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	books := make(map[uuid.UUID]*Book, len(ids))
	for _, id := range slices.Compact(ids) {
		b, err := l.Lock(ctx, tx, id, actor)
		if err != nil {
			return nil, err
		}
		if b != nil {
			books[id] = b
		}
	}
	return books, nil
}

func (l *Books) lock(ctx context.Context, tx *store.Tx, actor *uuid.UUID, where string, args ...any) (*Book, error) {
	b, err := l.lockUnsettled(ctx, tx, actor, where, args...)
	if b != nil && err == nil && b.isDue() {
		_, err = b.settle(ctx, 0)
	}
	return b, err
}

func (l *Books) lockUnsettled(ctx context.Context, tx *store.Tx, actor *uuid.UUID, where string, args ...any) (*Book, error) {
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
	return &Book{books: l, tx: tx, acc: a, actor: actor}, nil
}

// Spend opens a book from which n is to be taken next, by Take or Hold. The
// quick way is one statement that takes the lock and the points where the
// account has them and nothing is due; else it settles what fell due first.
// Faults: TOO_FEW_POINTS, INSUFFICIENT_FUNDS.
func (l *Books) Spend(ctx context.Context, tx *store.Tx, key Key, n int64, actor *uuid.UUID) (*Book, error) {
	a, err := scanAccount(tx.QueryRow(ctx, `UPDATE ledger_accounts SET active = active - ?, seq = seq + 1, updated_at = ?
		WHERE `+keyed+` AND active - ? >= CASE WHEN kind = 'CREDIT' THEN floor ELSE 0 END AND (next_due_at IS NULL OR next_due_at > ?) RETURNING `+accountColumns,
		append(append([]any{n, tx.Now}, key.args()...), n, tx.Now)...))
	switch {
	case err == nil:
		a.Active, a.Seq = a.Active+n, a.Seq-1 // the entry that follows takes them
		return &Book{books: l, tx: tx, acc: a, actor: actor, dirty: true}, nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, err
	}
	b, err := l.lock(ctx, tx, actor, keyed, key.args()...)
	switch {
	case err != nil:
		return nil, err
	case b == nil:
		return nil, TooFew(key.Unit, 0)
	case b.Available() < n:
		return nil, TooFew(key.Unit, b.Available())
	}
	return b, nil
}

// Close writes the account's counters and when its next lot falls due.
func (b *Book) Close(ctx context.Context) error {
	if !b.dirty {
		return nil
	}
	if err := b.slide(ctx); err != nil {
		return err
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
