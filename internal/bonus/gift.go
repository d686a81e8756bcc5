package bonus

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Gift is points that another domain gives, in its own transaction.
type Gift struct {
	Owner   uuid.UUID
	Program *uuid.UUID // the programme's key_id; nil: the default one
	Amount  int64      // positive
	Cause   string     // once for ever in the account
	Explain map[string]any
	Order   *uuid.UUID
	Due     *time.Time    // when they expire; nil: by the programme's rule
	Pending time.Duration // for how long they cannot be spent yet
}

// Price is points that another domain takes, in its own transaction.
type Price struct {
	Owner   uuid.UUID
	Program *uuid.UUID
	Amount  int64
	Cause   string
	Explain map[string]any
	Order   *uuid.UUID // whose row the caller holds locked
}

// GiveFor gives points, once for ever for a cause: nil where they were given
// before. It locks the account: business rows are locked before it.
// Faults: POINTS_NOT_POSITIVE, OUT_OF_RANGE, PROGRAM_NOT_FOUND.
func (p *Points) GiveFor(ctx context.Context, tx *store.Tx, g Gift) (*ent.LedgerEntry, error) {
	prog, err := p.pricedIn(ctx, tx, g.Program, g.Amount)
	if err != nil {
		return nil, err
	}
	b, err := p.Books().Open(ctx, tx, AccountOf(g.Owner, prog), viewer.From(ctx).Actor())
	if err != nil {
		return nil, err
	}
	before, err := causedBefore(ctx, tx, b.Account().ID, g.Cause)
	if err != nil {
		return nil, err
	}
	if before != uuid.Nil {
		return nil, b.Close(ctx)
	}
	in := ledger.Posting{
		Kind: ledgerentry.KindACCRUAL, Amount: g.Amount, Contra: ledger.Issued, Order: g.Order, Cause: g.Cause, Explain: explained(prog, g.Explain),
	}
	due := g.Due
	switch {
	case g.Pending > 0:
		until := tx.Now.Add(g.Pending)
		in.Bucket, due = ledgerentry.BucketPENDING, &until
	case due == nil:
		due = Expires(prog, tx.Now)
	}
	return b.GiveAndClose(ctx, in, due)
}

// SpendFor takes points, once for ever for a cause: done again it gives the
// entry of the first time. Faults: POINTS_NOT_POSITIVE, OUT_OF_RANGE,
// PROGRAM_NOT_FOUND, TOO_FEW_POINTS.
func (p *Points) SpendFor(ctx context.Context, tx *store.Tx, s Price) (*ent.LedgerEntry, error) {
	prog, err := p.pricedIn(ctx, tx, s.Program, s.Amount)
	if err != nil {
		return nil, err
	}
	b, err := p.Books().LockKey(ctx, tx, AccountOf(s.Owner, prog), viewer.From(ctx).Actor())
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, ledger.TooFew(prog.Unit, 0)
	}
	before, err := causedBefore(ctx, tx, b.Account().ID, s.Cause)
	if err != nil {
		return nil, err
	}
	if before != uuid.Nil {
		e, err := tx.LedgerEntry.Get(viewer.AsSystem(ctx, "bonus.price"), before)
		return e, errors.Join(err, b.Close(ctx))
	}
	if s.Order != nil && p.Spent != nil {
		if err := p.Spent(ctx, tx, *s.Order, s.Amount); err != nil {
			return nil, err
		}
	}
	return b.TakeAndClose(ctx, ledger.Posting{
		Kind: ledgerentry.KindREDEMPTION, Amount: s.Amount, Contra: ledger.Spent, Order: s.Order, Cause: s.Cause, Explain: explained(prog, s.Explain),
	})
}

// GiveBack refunds what is left of a spending, into the lots it came from: nil
// where it was given back before.
func (p *Points) GiveBack(ctx context.Context, tx *store.Tx, spending uuid.UUID, cause string) (*ent.LedgerEntry, error) {
	var account uuid.UUID
	if err := tx.QueryRow(ctx, `SELECT account_id FROM ledger_entries WHERE id = ?`, spending).Scan(&account); err != nil {
		return nil, err
	}
	b, err := p.Books().Lock(ctx, tx, account, viewer.From(ctx).Actor())
	if err != nil {
		return nil, err
	}
	e, err := b.Refund(ctx, spending, 0, ledger.Posting{Cause: cause})
	if err == nil && e != nil {
		err = p.noteOnOrder(ctx, tx, b, e)
	}
	if err != nil {
		return nil, err
	}
	return e, b.Close(ctx)
}

// TakeBack takes back what GiveFor gave, at most once, as the programme's return
// policy says: what was spent of it meanwhile refuses nothing. Taken back before,
// by whomever, it does nothing.
func (p *Points) TakeBack(ctx context.Context, tx *store.Tx, entry uuid.UUID, cause string) error {
	var account uuid.UUID
	var explain []byte
	if err := tx.QueryRow(ctx, `SELECT account_id, explain FROM ledger_entries WHERE id = ?`, entry).Scan(&account, &explain); err != nil {
		return err
	}
	b, err := p.Books().Lock(ctx, tx, account, viewer.From(ctx).Actor())
	if err != nil {
		return err
	}
	prog, err := p.decidedBy(ctx, tx, b.Account(), explain)
	if err != nil {
		return err
	}
	_, err = b.Reverse(ctx, entry, ledger.Posting{Cause: cause, Short: short(prog)})
	if err != nil && !errors.Is(err, ledger.ErrAlreadyReversed) {
		return err
	}
	return b.Close(ctx)
}

// pricedIn is the programme of a gift or a price. Faults: POINTS_NOT_POSITIVE,
// OUT_OF_RANGE, PROGRAM_NOT_FOUND.
func (p *Points) pricedIn(ctx context.Context, tx *store.Tx, program *uuid.UUID, n int64) (*ent.BonusProgram, error) {
	if err := checkAmount(n); err != nil {
		return nil, err
	}
	var id *scalar.ID
	if program != nil {
		id = &scalar.ID{Prefix: "prog", UUID: *program}
	}
	return p.ProgramIn(ctx, tx.Client, id)
}

// explained adds to what another domain says by which version the points live.
func explained(prog *ent.BonusProgram, more map[string]any) map[string]any {
	all := Decision(prog)
	for k, v := range more {
		all[k] = v
	}
	return all
}

// causedBefore is asked under the account's lock.
func causedBefore(ctx context.Context, tx *store.Tx, account uuid.UUID, cause string) (entry uuid.UUID, err error) {
	err = tx.QueryRow(ctx, `SELECT id FROM ledger_entries WHERE account_id = ? AND cause_key = ?`, account, cause).Scan(&entry)
	if errors.Is(err, sql.ErrNoRows) {
		return uuid.Nil, nil
	}
	return entry, err
}
