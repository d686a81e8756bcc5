package bonus

import (
	"context"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// grant is what accruePoints and adjustPoints have in common; it is also the
// input that their idempotency keys stand for.
type grant struct {
	UserID    scalar.ID
	Amount    int64
	ProgramID *scalar.ID
	Reason    string
	ExpiresAt *time.Time
}

// Accrue gives points to a customer, which he can spend at once. Staff only,
// not to himself, and at most as many as the programme lets one member of staff
// correct: more is a correction, which waits for another one.
// Faults: POINTS_NOT_POSITIVE, OUT_OF_RANGE, REQUIRED, TOO_LONG and
// INVALID_VALUE of the inputs, NOT_FOUND of the customer, PROGRAM_NOT_FOUND,
// SELF_APPROVAL,
// those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (p *Points) Accrue(ctx context.Context, in AccruePointsInput) (Done, error) {
	if err := checkAmount(in.Amount); err != nil {
		return Done{}, err
	}
	g := grant{in.UserID, in.Amount, in.ProgramID, in.Reason, in.ExpiresAt}
	return p.grant(ctx, "accruePoints", in.IdempotencyKey, isDry(in.DryRun), g)
}

func (p *Points) grant(ctx context.Context, operation, key string, dry bool, g grant) (Done, error) {
	if err := p.checkGrant(ctx, &g); err != nil {
		return Done{}, err
	}
	return p.once(ctx, operation, key, dry, g.UserID.UUID, g, func(ctx context.Context, tx *store.Tx) (*ledger.Book, *ent.LedgerEntry, error) {
		return p.give(ctx, tx, operation, key, g)
	})
}

// checkGrant is what both ask first; it cleans the reason.
func (p *Points) checkGrant(ctx context.Context, g *grant) (err error) {
	if err := Staff(ctx, "write"); err != nil {
		return err
	}
	if actor := viewer.From(ctx).Actor(); actor != nil && *actor == g.UserID.UUID {
		return ErrSelfApproval.At("input", "userId")
	}
	if g.Reason, err = checkReason(g.Reason); err != nil {
		return err
	}
	if g.ExpiresAt != nil && !g.ExpiresAt.After(p.Store.Now()) {
		return fault.ErrInvalidValue.At("input", "expiresAt")
	}
	return nil
}

// checkAlone: what has to wait for another member of staff as a correction is
// not given without one either. Faults: OUT_OF_RANGE.
func checkAlone(prog *ent.BonusProgram, n int64) error {
	if !needsTwo(prog, n) {
		return nil
	}
	return fault.ErrOutOfRange.At("input", "amount").With("max", *prog.AdjustmentLimit)
}

// needsTwo says whether so many points need two members of staff.
func needsTwo(prog *ent.BonusProgram, n int64) bool {
	return prog.AdjustmentLimit != nil && max(n, -n) > *prog.AdjustmentLimit
}

// give writes the entry of a staff act and puts the act on record.
func (p *Points) give(ctx context.Context, tx *store.Tx, operation, key string, g grant) (*ledger.Book, *ent.LedgerEntry, error) {
	owner, err := Customer(ctx, tx, g.UserID)
	if err != nil {
		return nil, nil, err
	}
	prog, err := p.ProgramIn(ctx, tx.Client, g.ProgramID)
	if err != nil {
		return nil, nil, err
	}
	if operation == "accruePoints" {
		if err := checkAlone(prog, g.Amount); err != nil {
			return nil, nil, err
		}
	}
	b, err := p.Books().Open(ctx, tx, AccountOf(owner, prog), viewer.From(ctx).Actor())
	if err != nil {
		return nil, nil, err
	}
	in, act := ledger.Posting{Kind: ledgerentry.KindACCRUAL, Contra: ledger.Issued}, "bonus.accrue"
	if operation == "adjustPoints" {
		in.Kind, in.Contra, act = ledgerentry.KindADJUSTMENT, ledger.Adjusted, "bonus.adjust"
	}
	in.Amount, in.Note, in.Cause, in.Explain = g.Amount, &g.Reason, mutationCause(ctx, key), Decision(prog)
	due := g.ExpiresAt
	if due == nil {
		due = Expires(prog, tx.Now)
	}
	e, err := correct(ctx, b, in, due)
	if err != nil {
		return nil, nil, keyUsedUp(err)
	}
	err = tx.Audit(ctx, act, owner, e.GlobalID(), map[string]any{"amount": g.Amount, "unit": e.Unit, "reason": g.Reason})
	if err != nil {
		return nil, nil, err
	}
	return b, e, b.Close(ctx)
}

// correct writes an entry either way; what it gives lives until due.
func correct(ctx context.Context, b *ledger.Book, in ledger.Posting, due *time.Time) (*ent.LedgerEntry, error) {
	if in.Amount < 0 {
		return b.Take(ctx, in)
	}
	return b.Give(ctx, in, due)
}

// Decision is what explain says of the rule that decided: the programme and
// its version, by which the points live on.
func Decision(prog *ent.BonusProgram) map[string]any {
	return map[string]any{"programId": prog.GlobalID().String(), "version": prog.Version}
}
