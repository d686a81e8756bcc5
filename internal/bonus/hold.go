package bonus

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// holdKey is the input that an idempotency key stands for.
type holdKey struct {
	Owner     uuid.UUID
	Amount    int64
	ProgramID *scalar.ID
	OrderID   *scalar.ID
	Reference *string
	Until     *time.Time
}

// maxReference is the longest reference of a hold, in characters.
const maxReference = 500

// Hold reserves points of the acting owner, those that expire first.
// Faults: as of Redeem; OUT_OF_RANGE of until, TOO_LONG and INVALID_VALUE of
// the reference.
func (p *Points) Hold(ctx context.Context, in HoldPointsInput) (Done, error) {
	owner, err := spender(ctx)
	if err != nil {
		return Done{}, err
	}
	if err := checkAmount(in.Amount); err != nil {
		return Done{}, err
	}
	if in.Reference, err = optionalText(in.Reference, maxReference, "input", "reference"); err != nil {
		return Done{}, err
	}
	now := p.Store.Now()
	if most := now.Add(maxHoldMinutes * time.Minute); in.Until != nil && (!in.Until.After(now) || in.Until.After(most)) {
		return Done{}, fault.ErrOutOfRange.At("input", "until").With("min", now.Format(time.RFC3339Nano)).With("max", most.Format(time.RFC3339Nano))
	}
	input := holdKey{owner, in.Amount, in.ProgramID, in.OrderID, in.Reference, in.Until}
	return p.once(ctx, "holdPoints", in.IdempotencyKey, isDry(in.DryRun), owner, input, func(ctx context.Context, tx *store.Tx) (*ledger.Book, *ent.LedgerEntry, error) {
		return p.hold(ctx, tx, owner, in)
	})
}

func (p *Points) hold(ctx context.Context, tx *store.Tx, owner uuid.UUID, in HoldPointsInput) (*ledger.Book, *ent.LedgerEntry, error) {
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
	until := tx.Now.Add(time.Duration(prog.HoldMinutes) * time.Minute)
	set(&until, in.Until)
	b, err := p.Books().Spend(ctx, tx, AccountOf(owner, prog), in.Amount, viewer.From(ctx).Actor())
	if err != nil {
		return nil, nil, err
	}
	e, err := b.Hold(ctx, ledger.Posting{Amount: in.Amount, Order: order, Cause: mutationCause(ctx, in.IdempotencyKey), Note: in.Reference}, &until)
	if err != nil {
		return nil, nil, keyUsedUp(err)
	}
	return b, e, b.Close(ctx)
}

// heldBy is a hold that the caller may spend or give free.
type heldBy struct {
	id, account, owner uuid.UUID
	order              *uuid.UUID
	note               *string
}

// findHold finds a hold of the acting owner, or anybody's for staff who may
// write points. Faults: INVALID_ID, NOT_FOUND.
func (p *Points) findHold(ctx context.Context, id scalar.ID) (h heldBy, err error) {
	if id.Prefix != "ent" {
		return h, fault.ErrInvalidID.At("input", "holdId")
	}
	h.id = id.UUID
	rows, err := p.Store.Query(ctx, `SELECT e.account_id, e.owner_id, e.order_id, e.note FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
		WHERE e.id = ? AND e.kind = 'HOLD' AND a.kind = 'BONUS'`, id.UUID)
	if err != nil {
		return h, err
	}
	defer rows.Close()
	there := rows.Next()
	if there {
		if err := rows.Scan(&h.account, &h.owner, &h.order, &h.note); err != nil {
			return h, err
		}
	}
	if err := rows.Err(); err != nil {
		return h, store.Translate(err)
	}
	mine, err := spender(ctx)
	if Staff(ctx, "write") == nil {
		return h, foundAt(there, "input", "holdId")
	}
	if err != nil {
		return h, err
	}
	return h, foundAt(there && h.owner == mine, "input", "holdId")
}

func foundAt(there bool, path ...string) error {
	if there {
		return nil
	}
	return fault.ErrNotFound.At(path...)
}

// holdAct is what captureHold and releaseHold have in common; it is also the
// input that their idempotency keys stand for.
type holdAct struct {
	HoldID scalar.ID
	Amount *int64
}

// Capture spends reserved points. Faults: POINTS_NOT_POSITIVE, OUT_OF_RANGE,
// NOT_FOUND, INVALID_ID, HOLD_TOO_SMALL, ORDER_ALREADY_CANCELLED, those of
// store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (p *Points) Capture(ctx context.Context, in CaptureHoldInput) (Done, error) {
	return p.onHold(ctx, "captureHold", in.IdempotencyKey, isDry(in.DryRun), holdAct{in.HoldID, in.Amount})
}

// Release gives reserved points free again. Faults: as of Capture.
func (p *Points) Release(ctx context.Context, in ReleaseHoldInput) (Done, error) {
	return p.onHold(ctx, "releaseHold", in.IdempotencyKey, isDry(in.DryRun), holdAct{in.HoldID, in.Amount})
}

func (p *Points) onHold(ctx context.Context, operation, key string, dry bool, in holdAct) (Done, error) {
	if !viewer.From(ctx).SignedIn() && !viewer.From(ctx).IsSystem() {
		return Done{}, fault.ErrUnauthenticated
	}
	var n int64 // all that is left
	if in.Amount != nil {
		n = *in.Amount
		if err := checkAmount(n); err != nil {
			return Done{}, err
		}
	}
	h, err := p.findHold(ctx, in.HoldID)
	if err != nil {
		return Done{}, err
	}
	return p.once(ctx, operation, key, dry, h.owner, in, func(ctx context.Context, tx *store.Tx) (*ledger.Book, *ent.LedgerEntry, error) {
		posting := ledger.Posting{Cause: mutationCause(ctx, key), Note: h.note}
		if operation == "captureHold" {
			return p.capture(ctx, tx, h, n, posting)
		}
		return p.release(ctx, tx, h, n, posting)
	})
}

func (p *Points) capture(ctx context.Context, tx *store.Tx, h heldBy, n int64, in ledger.Posting) (*ledger.Book, *ent.LedgerEntry, error) {
	if h.order != nil {
		if _, err := lockOrder(ctx, tx, h.owner, scalar.ID{Prefix: "order", UUID: *h.order}); err != nil {
			return nil, nil, err
		}
	}
	b, err := p.Books().Lock(ctx, tx, h.account, viewer.From(ctx).Actor())
	if err != nil {
		return nil, nil, err
	}
	e, err := b.Capture(ctx, h.id, n, in)
	if err != nil {
		return nil, nil, keyUsedUp(err)
	}
	if h.order != nil && p.Spent != nil {
		if err := p.Spent(ctx, tx, *h.order, -e.Amount); err != nil {
			return nil, nil, err
		}
	}
	return b, e, b.Close(ctx)
}

func (p *Points) release(ctx context.Context, tx *store.Tx, h heldBy, n int64, in ledger.Posting) (*ledger.Book, *ent.LedgerEntry, error) {
	b, err := p.Books().Lock(ctx, tx, h.account, viewer.From(ctx).Actor())
	if err != nil {
		return nil, nil, err
	}
	e, err := b.Release(ctx, h.id, n, in)
	if err != nil {
		return nil, nil, keyUsedUp(err)
	}
	return b, e, b.Close(ctx)
}

// optionalText is a text that may be left out. Faults: TOO_LONG, INVALID_VALUE.
func optionalText(s *string, limit int, path ...string) (*string, error) {
	if s == nil {
		return nil, nil
	}
	text, bad := scalar.CleanText(*s, limit)
	if bad != nil {
		bad.Path = path
		return nil, BadText(bad)
	}
	if text == "" {
		return nil, nil
	}
	return &text, nil
}
