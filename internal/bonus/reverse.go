package bonus

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// subject is what an act of staff is about: an entry of a member's account.
type subject struct {
	entry, account, owner uuid.UUID
	kind                  ledgerentry.Kind
	order                 *uuid.UUID
}

// subjectOf reads the entry that an act of staff is about. by is a condition
// over ledger_entries e.
func (p *Points) subjectOf(ctx context.Context, by string, id uuid.UUID) (s subject, there bool, err error) {
	rows, err := p.Store.Query(ctx, `SELECT e.id, e.account_id, e.owner_id, e.kind, e.order_id FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
		WHERE a.kind = 'BONUS' AND `+by, id)
	if err != nil {
		return s, false, err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&s.entry, &s.account, &s.owner, &s.kind, &s.order); err != nil {
			return s, false, err
		}
		there = true
	}
	return s, there, store.Translate(rows.Err())
}

const (
	theEntry   = `e.id = ?`
	entryOfLot = `e.id = (SELECT entry_id FROM ledger_lots WHERE id = ?)`
)

// staffAct is what the acts of staff on one entry or lot have in common; it is
// also the input that their idempotency keys stand for.
type staffAct struct {
	ID     scalar.ID
	Reason string
}

// ReverseEntry takes an entry back by another one, once: what an accrual or a
// correction gave, as far as it is there; what a correction took; what a
// redemption or a capture spent, into the lots it came from. Staff only; it is
// put on record. Faults: INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG and
// INVALID_VALUE of the reason, ENTRY_ALREADY_REVERSED, ENTRY_NOT_REVERSIBLE,
// TOO_FEW_POINTS, those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (p *Points) ReverseEntry(ctx context.Context, in ReverseEntryInput) (Done, error) {
	return p.act(ctx, "reverseEntry", in.IdempotencyKey, in.DryRun, "entryId", staffAct{in.EntryID, in.Reason}, func(ctx context.Context, tx *store.Tx, b *ledger.Book, s subject, note ledger.Posting) (*ent.LedgerEntry, error) {
		switch s.kind {
		case ledgerentry.KindREDEMPTION, ledgerentry.KindCAPTURE:
			e, err := b.Refund(ctx, s.entry, 0, note)
			if err == nil && e == nil {
				err = ledger.ErrAlreadyReversed
			}
			return e, err
		case ledgerentry.KindACCRUAL, ledgerentry.KindADJUSTMENT:
			if s.kind == ledgerentry.KindADJUSTMENT && s.order != nil { // what a return forgave
				return nil, ledger.ErrNotReversible.With("kind", string(s.kind))
			}
			e, err := b.Reverse(ctx, s.entry, note)
			if err == nil && e == nil { // all of it has expired
				err = ledger.ErrNotReversible.With("kind", string(s.kind))
			}
			return e, err
		}
		return nil, ledger.ErrNotReversible.With("kind", string(s.kind))
	})
}

// ActivatePoints makes the points of a pending lot spendable at once. Staff
// only; it is put on record. Faults: INVALID_ID, NOT_FOUND where it is not
// there or waits no more, those of the reason, those of store.Tx.Once;
// UNAUTHENTICATED, FORBIDDEN.
func (p *Points) ActivatePoints(ctx context.Context, in ActivatePointsInput) (Done, error) {
	return p.act(ctx, "activatePoints", in.IdempotencyKey, in.DryRun, "lotId", staffAct{in.LotID, in.Reason}, func(ctx context.Context, _ *store.Tx, b *ledger.Book, _ subject, note ledger.Posting) (*ent.LedgerEntry, error) {
		return b.Activate(ctx, in.LotID.UUID, note)
	})
}

// CancelPending takes the points of a pending lot back. Faults: as of
// ActivatePoints.
func (p *Points) CancelPending(ctx context.Context, in CancelPendingInput) (Done, error) {
	return p.act(ctx, "cancelPending", in.IdempotencyKey, in.DryRun, "lotId", staffAct{in.LotID, in.Reason}, func(ctx context.Context, tx *store.Tx, b *ledger.Book, s subject, note ledger.Posting) (*ent.LedgerEntry, error) {
		var waits bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM ledger_lots WHERE id = ? AND bucket = 'PENDING' AND remaining > 0)`, in.LotID.UUID).Scan(&waits)
		if err == nil {
			err = foundAt(waits, "input", "lotId")
		}
		if err != nil {
			return nil, err
		}
		return b.Reverse(ctx, s.entry, note)
	})
}

// act runs an act of staff on the book that an entry or a lot is of, once per
// idempotency key: its order's row first, then its account.
func (p *Points) act(ctx context.Context, operation, key string, dry *bool, field string, in staffAct, do func(context.Context, *store.Tx, *ledger.Book, subject, ledger.Posting) (*ent.LedgerEntry, error)) (Done, error) {
	if err := Staff(ctx, "write"); err != nil {
		return Done{}, err
	}
	var err error
	if in.Reason, err = checkReason(in.Reason); err != nil {
		return Done{}, err
	}
	prefix, by := "ent", theEntry
	if field == "lotId" {
		prefix, by = "lot", entryOfLot
	}
	if in.ID.Prefix != prefix {
		return Done{}, fault.ErrInvalidID.At("input", field)
	}
	s, there, err := p.subjectOf(ctx, by, in.ID.UUID)
	if err == nil {
		err = foundAt(there, "input", field)
	}
	if err != nil {
		return Done{}, err
	}
	return p.once(ctx, operation, key, isDry(dry), s.owner, in, func(ctx context.Context, tx *store.Tx) (*ledger.Book, *ent.LedgerEntry, error) {
		if s.order != nil {
			if err := tx.Lock(ctx, "orders", "id", *s.order); err != nil {
				return nil, nil, err
			}
		}
		b, err := p.Books().Lock(ctx, tx, s.account, viewer.From(ctx).Actor())
		if err != nil {
			return nil, nil, err
		}
		e, err := do(ctx, tx, b, s, ledger.Posting{Cause: mutationCause(ctx, key), Note: &in.Reason})
		if err != nil {
			return nil, nil, at(keyUsedUp(err), "input", field)
		}
		if err := p.noteOnOrder(ctx, tx, b, e); err != nil {
			return nil, nil, err
		}
		err = tx.Audit(ctx, "bonus."+auditNames[operation], s.owner, e.GlobalID(), map[string]any{"amount": e.Amount, "unit": e.Unit, "reason": in.Reason})
		if err != nil {
			return nil, nil, err
		}
		return b, e, b.Close(ctx)
	})
}

var auditNames = map[string]string{"reverseEntry": "reverse_entry", "activatePoints": "activate", "cancelPending": "cancel_pending"}

// noteOnOrder keeps what an order says of its points true after an act of staff.
func (p *Points) noteOnOrder(ctx context.Context, tx *store.Tx, b *ledger.Book, e *ent.LedgerEntry) error {
	switch {
	case e.OrderID == nil:
	case e.Kind == ledgerentry.KindREVERSAL && p.Earned != nil:
		counted, err := p.isCounted(ctx, tx, b, e.ParentID)
		if err != nil || !counted {
			return err
		}
		return p.Earned(ctx, tx, *e.OrderID, e.Amount)
	case e.Kind == ledgerentry.KindREFUND && p.Spent != nil:
		return p.Spent(ctx, tx, *e.OrderID, -e.Amount)
	}
	return nil
}

// isCounted says whether an order's points_earned holds an accrual: one by the
// order itself, in the programme that was the default one.
func (p *Points) isCounted(ctx context.Context, tx *store.Tx, b *ledger.Book, accrual *uuid.UUID) (bool, error) {
	var cause string
	var explain []byte
	if err := tx.QueryRow(ctx, `SELECT cause_key, explain FROM ledger_entries WHERE id = ?`, accrual).Scan(&cause, &explain); err != nil {
		return false, err
	}
	prog, err := p.decidedBy(ctx, tx, b.Account(), explain)
	if err != nil {
		return false, err
	}
	return strings.HasPrefix(cause, "order:") && prog.IsDefault, nil
}

// ExtendLot lets the points of an active lot live longer. Staff only; it is put
// on record. Faults: INVALID_ID, NOT_FOUND, OUT_OF_RANGE, those of the reason;
// UNAUTHENTICATED, FORBIDDEN.
func (p *Points) ExtendLot(ctx context.Context, in ExtendLotInput) (*ent.LedgerLot, error) {
	if err := Staff(ctx, "write"); err != nil {
		return nil, err
	}
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	if in.LotID.Prefix != "lot" {
		return nil, fault.ErrInvalidID.At("input", "lotId")
	}
	s, there, err := p.subjectOf(ctx, entryOfLot, in.LotID.UUID)
	if err == nil {
		err = foundAt(there, "input", "lotId")
	}
	if err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := p.Books().Lock(ctx, tx, s.account, viewer.From(ctx).Actor())
		if err != nil {
			return err
		}
		if err := b.Prolong(ctx, in.LotID.UUID, in.Until); err != nil {
			if fault.KindOf(err) == fault.NotFound {
				err = at(err, "input", "lotId")
			}
			return err
		}
		if err := b.Close(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "bonus.extend_lot", s.owner, in.LotID, map[string]any{"until": in.Until, "reason": reason})
	})
	if err != nil {
		return nil, err
	}
	lot, err := p.Store.Client.LedgerLot.Query().Where(ledgerlot.ID(in.LotID.UUID)).Only(ctx)
	return lot, store.Translate(err)
}
