package bonus

import (
	"context"
	"errors"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// maxBulk bounds the rows of a bulk.
const maxBulk = 100

// RowResult is what became of one row of a bulk.
type RowResult struct {
	Index int
	Entry Entry
	Err   error // a refusal; its path begins at the row
}

// Bulk is what AccrueInBulk gives.
type Bulk struct {
	Results  []RowResult
	Done     int
	Replayed *bool
}

// bulkRow is a row while it is judged, and what an idempotency key keeps of it.
type bulkRow struct {
	Entry *uuid.UUID   `json:"entry,omitempty"`
	Fault *fault.Fault `json:"fault,omitempty"`

	g     grant
	prog  *ent.BonusProgram
	key   ledger.Key
	entry *ent.LedgerEntry
}

// bulkKey is the input that an idempotency key stands for.
type bulkKey struct {
	Rows   []*AccrueRowInput
	Policy BulkErrorPolicy
}

// errRejected rolls a bulk back of which a row was refused.
var errRejected = errors.New("bonus: a row of the bulk is refused")

// AccrueInBulk gives points to up to 100 customers in one transaction. A row
// that is refused stops all of them or only itself, as the policy says. Staff
// only; each row is put on record. Faults of the bulk: REQUIRED and TOO_LONG of
// the rows, those of store.Tx.Once, UNAUTHENTICATED, FORBIDDEN; of a row: as of
// Accrue.
func (p *Points) AccrueInBulk(ctx context.Context, in AccruePointsInBulkInput) (Bulk, error) {
	if err := Staff(ctx, "write"); err != nil {
		return Bulk{}, err
	}
	switch {
	case len(in.Rows) == 0:
		return Bulk{}, fault.ErrRequired.At("input", "rows")
	case len(in.Rows) > maxBulk:
		return Bulk{}, fault.ErrTooLong.At("input", "rows").With("limit", maxBulk)
	}
	var rows []*bulkRow
	var replayed bool
	err := p.Store.InDryTx(ctx, isDry(in.DryRun), func(ctx context.Context, tx *store.Tx) (err error) {
		rows = nil
		replayed, err = tx.Once(ctx, "accruePointsInBulk", in.IdempotencyKey, bulkKey{in.Rows, in.ErrorPolicy}, &rows, func() error {
			if rows, err = p.judgeRows(ctx, tx, in.Rows); err != nil {
				return err
			}
			if in.ErrorPolicy == BulkErrorPolicyRejectAll && anyRefused(rows) {
				return errRejected
			}
			if err := p.giveRows(ctx, tx, rows, in.IdempotencyKey); err != nil {
				return err
			}
			if in.ErrorPolicy == BulkErrorPolicyRejectAll && anyRefused(rows) {
				return errRejected
			}
			return nil
		})
		return err
	})
	rejected := errors.Is(err, errRejected)
	if err != nil && !rejected {
		return Bulk{}, err
	}
	out, err := p.bulkResults(ctx, rows, rejected, replayed)
	out.Replayed = &replayed
	return out, err
}

func anyRefused(rows []*bulkRow) bool {
	for _, r := range rows {
		if r.Fault != nil {
			return true
		}
	}
	return false
}

// judgeRows finds out which rows can be done.
func (p *Points) judgeRows(ctx context.Context, tx *store.Tx, in []*AccrueRowInput) ([]*bulkRow, error) {
	rows := make([]*bulkRow, len(in))
	for i, r := range in {
		rows[i] = &bulkRow{g: grant{r.UserID, r.Amount, r.ProgramID, r.Reason, r.ExpiresAt}}
		if err := rows[i].refuse(p.judgeRow(ctx, tx, rows[i])); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (p *Points) judgeRow(ctx context.Context, tx *store.Tx, r *bulkRow) error {
	if err := checkAmount(r.g.Amount); err != nil {
		return err
	}
	if err := p.checkGrant(ctx, &r.g); err != nil {
		return err
	}
	owner, err := Customer(ctx, tx, r.g.UserID)
	if err != nil {
		return err
	}
	if r.prog, err = p.ProgramIn(ctx, tx.Client, r.g.ProgramID); err != nil {
		return err
	}
	r.key = AccountOf(owner, r.prog)
	return checkAlone(r.prog, r.g.Amount)
}

// refuse keeps a refusal with the row; any other error stops the bulk.
func (r *bulkRow) refuse(err error) error {
	f, ok := fault.As(err)
	if err == nil || !ok {
		return err
	}
	switch f.Kind {
	case fault.Invalid, fault.Refused, fault.NotFound:
		if len(f.Path) > 0 {
			f = f.At(f.Path[1:]...) // without the argument's name
		}
		r.Fault = f
		return nil
	}
	return err
}

// giveRows writes the entries of the rows that stand, all accounts held at once.
func (p *Points) giveRows(ctx context.Context, tx *store.Tx, rows []*bulkRow, key string) error {
	var keys []ledger.Key
	var open []*bulkRow
	for _, r := range rows {
		if r.Fault == nil {
			keys, open = append(keys, r.key), append(open, r)
		}
	}
	if len(open) == 0 {
		return nil
	}
	books, err := p.openAll(ctx, tx, keys...)
	if err != nil {
		return err
	}
	n := 0
	for i, r := range rows {
		if r.Fault != nil {
			continue
		}
		if err := r.refuse(p.giveRow(ctx, tx, r, books[n], mutationCause(ctx, key)+":"+strconv.Itoa(i))); err != nil {
			return keyUsedUp(err)
		}
		n++
	}
	for _, b := range books {
		if err := b.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *Points) giveRow(ctx context.Context, tx *store.Tx, r *bulkRow, b *ledger.Book, cause string) error {
	due := r.g.ExpiresAt
	if due == nil {
		due = Expires(r.prog, tx.Now)
	}
	e, err := b.Give(ctx, ledger.Posting{
		Kind: ledgerentry.KindACCRUAL, Amount: r.g.Amount, Contra: ledger.Issued, Note: &r.g.Reason, Cause: cause, Explain: Decision(r.prog),
	}, due)
	if err != nil {
		return err
	}
	r.entry, r.Entry = e, &e.ID
	return tx.Audit(ctx, "bonus.accrue", r.key.Owner, e.GlobalID(), map[string]any{"amount": r.g.Amount, "unit": e.Unit, "reason": r.g.Reason})
}

// bulkResults shows the rows; of a replay the entries are read again.
func (p *Points) bulkResults(ctx context.Context, rows []*bulkRow, rejected, replayed bool) (Bulk, error) {
	out := Bulk{Results: make([]RowResult, len(rows))}
	var ids []uuid.UUID
	for _, r := range rows {
		if replayed && r.Entry != nil {
			ids = append(ids, *r.Entry)
		}
	}
	again := map[uuid.UUID]*ent.LedgerEntry{}
	if len(ids) > 0 {
		entries, err := p.Store.Client.LedgerEntry.Query().Where(ledgerentry.IDIn(ids...)).All(viewer.AsSystem(ctx, "bonus.replay"))
		if err != nil {
			return Bulk{}, store.Translate(err)
		}
		for _, e := range entries {
			again[e.ID] = e
		}
	}
	for i, r := range rows {
		out.Results[i].Index = i
		if r.Fault != nil {
			out.Results[i].Err = r.Fault
			continue
		}
		e := r.entry
		if replayed && r.Entry != nil {
			e = again[*r.Entry]
		}
		if e != nil && !rejected {
			out.Results[i].Entry = ViewEntry(e)
			out.Done++
		}
	}
	return out, nil
}
