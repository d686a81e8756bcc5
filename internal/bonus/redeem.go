package bonus

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// redeemKey is the input that an idempotency key stands for.
type redeemKey struct {
	Owner     uuid.UUID
	Amount    int64
	ProgramID *scalar.ID
	OrderID   *scalar.ID
}

// Redeem spends points of the acting owner, those that expire first.
// Faults: POINTS_NOT_POSITIVE, OUT_OF_RANGE, TOO_FEW_POINTS, PROGRAM_NOT_FOUND,
// NOT_FOUND and ORDER_ALREADY_CANCELLED of the order, those of store.Tx.Once;
// UNAUTHENTICATED, FORBIDDEN.
func (p *Points) Redeem(ctx context.Context, in RedeemPointsInput) (Done, error) {
	owner, err := spender(ctx)
	if err != nil {
		return Done{}, err
	}
	if err := checkAmount(in.Amount); err != nil {
		return Done{}, err
	}
	input := redeemKey{owner, in.Amount, in.ProgramID, in.OrderID}
	return p.once(ctx, "redeemPoints", in.IdempotencyKey, isDry(in.DryRun), owner, input, func(ctx context.Context, tx *store.Tx) (*ledger.Book, *ent.LedgerEntry, error) {
		return p.redeem(ctx, tx, owner, in)
	})
}

func (p *Points) redeem(ctx context.Context, tx *store.Tx, owner uuid.UUID, in RedeemPointsInput) (*ledger.Book, *ent.LedgerEntry, error) {
	prog, err := p.ProgramIn(ctx, tx.Client, in.ProgramID)
	if err != nil {
		return nil, nil, err
	}
	var order *uuid.UUID
	if in.OrderID != nil {
		if order, err = lockOrder(ctx, tx, owner, *in.OrderID); err != nil {
			return nil, nil, err
		}
	}
	if order != nil && p.Spent != nil {
		if err := p.Spent(ctx, tx, *order, in.Amount); err != nil {
			return nil, nil, err
		}
	}
	b, err := p.Books().Spend(ctx, tx, AccountOf(owner, prog), in.Amount, viewer.From(ctx).Actor())
	if err != nil {
		return nil, nil, err
	}
	e, err := b.TakeLast(ctx, ledger.Posting{
		Kind: ledgerentry.KindREDEMPTION, Amount: in.Amount, Contra: ledger.Spent, Order: order, Cause: mutationCause(ctx, in.IdempotencyKey),
	})
	if err != nil {
		return nil, nil, keyUsedUp(err)
	}
	return b, e, nil
}

// lockOrder proves that the order is the owner's and not cancelled, and holds
// it so: a cancel that comes meanwhile waits and then gives these points back.
func lockOrder(ctx context.Context, tx *store.Tx, owner uuid.UUID, id scalar.ID) (*uuid.UUID, error) {
	if id.Prefix != "order" {
		return nil, fault.ErrInvalidID.At("input", "orderId")
	}
	if err := tx.Lock(ctx, "orders", "id", id.UUID); err != nil {
		return nil, err
	}
	var status string
	err := tx.QueryRow(ctx, `SELECT status FROM orders WHERE id = ? AND owner_id = ?`, id.UUID, owner).Scan(&status)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fault.ErrNotFound.At("input", "orderId")
	case err != nil:
		return nil, err
	case status == "CANCELLED":
		return nil, ErrOrderAlreadyCancelled.At("input", "orderId")
	}
	return &id.UUID, nil
}

// mutationCause is the cause of an entry that somebody asked for under a key.
func mutationCause(ctx context.Context, key string) string {
	who := "system"
	if actor := viewer.From(ctx).Actor(); actor != nil {
		who = actor.String()
	}
	return "mutation:" + who + ":" + key
}

// keyUsedUp: the ledger knows every key for ever, also when the row that kept
// its first answer is long deleted.
func keyUsedUp(err error) error {
	if store.IsUnique(err) {
		return fault.ErrIdempotencyKeyReused.At("input", "idempotencyKey").Because(err)
	}
	return err
}

func isDry(b *bool) bool { return b != nil && *b }
