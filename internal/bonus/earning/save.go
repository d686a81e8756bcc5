package earning

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/earningrule"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// SavedRule is what saving a rule gives.
type SavedRule struct {
	Rule     *ent.EarningRule
	Sample   *EarningSample
	Replayed *bool
}

// savedRule is what is kept of it under its idempotency key.
type savedRule struct {
	ID uuid.UUID `json:"id"` // of the version
}

// SaveEarningRule makes a rule, or a new version of one. Staff only; it is put
// on record. A dry run of a rule for orders comes with a sample. Faults: those
// of checkEarningRule, INVALID_ID, NOT_FOUND, PROGRAM_NOT_FOUND, STALE_OBJECT,
// HANDLE_TAKEN, CONFLICT, those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (p *Earnings) SaveEarningRule(ctx context.Context, in SaveEarningRuleInput) (SavedRule, error) {
	if err := bonus.Staff(ctx, "write"); err != nil {
		return SavedRule{}, err
	}
	dry, kept := isDry(in.DryRun), savedRule{}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	var saved *ent.EarningRule
	var replayed bool
	err := p.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		saved, kept = nil, savedRule{}
		replayed, err = tx.Once(ctx, "saveEarningRule", in.IdempotencyKey, input, &kept, func() error {
			if saved, err = p.saveRule(ctx, tx, in); err != nil {
				return err
			}
			kept.ID = saved.ID
			return nil
		})
		return err
	})
	if store.IsUnique(err) { // another one of the handle, or another edit at once
		err = fault.ErrConflict.Because(err)
		if in.ID == nil {
			err = bonus.ErrHandleTaken.At("input", "rule", "handle")
		}
	}
	if err != nil {
		return SavedRule{}, err
	}
	done := SavedRule{Replayed: &replayed}
	switch {
	case replayed:
		if done.Rule, err = p.Store.Client.EarningRule.Get(ctx, kept.ID); err != nil {
			return SavedRule{}, store.Translate(err)
		}
		return done, nil
	case dry:
		done.Rule = saved.Unwrap()
		done.Sample, err = p.sample(ctx, done.Rule)
		return done, err
	}
	p.rules.held.Store(nil)
	done.Rule = saved.Unwrap()
	return done, nil
}

// saveRule stores a version and retires the one before it.
func (p *Earnings) saveRule(ctx context.Context, tx *store.Tx, in SaveEarningRuleInput) (*ent.EarningRule, error) {
	key, version := uuid.Must(uuid.NewV7()), int64(1)
	programID := in.ProgramID
	if in.ID != nil {
		old, err := ruleInForce(ctx, tx, *in.ID)
		if err != nil {
			return nil, err
		}
		if in.Version != nil && int64(*in.Version) != old.Version {
			return nil, fault.ErrStaleObject.At("input", "version").With("version", old.Version)
		}
		if programID != nil && programID.UUID != old.ProgramID {
			return nil, fault.ErrInvalidValue.At("input", "programId")
		}
		if err := tx.EarningRule.UpdateOneID(old.ID).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
			return nil, err
		}
		key, version = old.KeyID, old.Version+1
		programID = &scalar.ID{Prefix: "prog", UUID: old.ProgramID}
	}
	prog, err := p.Points.ProgramIn(ctx, tx.Client, programID)
	if err != nil {
		return nil, err
	}
	d, err := checkEarningRule(in.Rule, prog, "input", "rule")
	if err != nil {
		return nil, err
	}
	c := tx.EarningRule.Create().SetKeyID(key).SetVersion(version).SetProgramID(prog.KeyID).SetHandle(d.Handle).SetTexts(d.Texts).
		SetTrigger(d.Trigger).SetNillableAct(d.Act).SetNillableCondition(d.Condition).SetNillablePointsExpression(d.PointsExpression).
		SetNillableFixedPoints(d.FixedPoints).SetRatePoints(d.RatePoints).SetRatePerMinor(d.RatePerMinor).SetNillableMultiplier(d.Multiplier).
		SetCurrency(d.Currency).SetTiers(d.Tiers).SetNillableStartsAt(d.StartsAt).SetNillableEndsAt(d.EndsAt).SetMinimumMinor(d.MinimumMinor).
		SetNillableCapPerOrder(d.CapPerOrder).SetNillableCapPerPeriod(d.CapPerPeriod).SetNillableCapPerOwner(d.CapPerOwner).
		SetNillablePerOwner(d.PerOwner).SetNillablePerPeriod(d.PerPeriod).SetPeriod(d.Period).SetRounding(d.Rounding).SetBasis(d.Basis).
		SetPriority(d.Priority).SetStackable(d.Stackable).SetNillablePendingDays(d.PendingDays).SetProfile(d.Profile)
	if d.Selector != nil {
		c.SetSelector(d.Selector)
	}
	saved, err := c.Save(ctx)
	if err != nil {
		return nil, err
	}
	return saved, tx.Audit(ctx, "bonus.save_rule", viewer.House, saved.GlobalID(), map[string]any{"handle": saved.Handle, "version": saved.Version})
}

// RetireEarningRule ends a rule. Staff only; it is put on record. Faults:
// INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (p *Earnings) RetireEarningRule(ctx context.Context, in RetireEarningRuleInput) (ended *ent.EarningRule, err error) {
	if err := bonus.Staff(ctx, "write"); err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := ruleInForce(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if ended, err = tx.EarningRule.UpdateOneID(old.ID).SetRetiredAt(tx.Now).Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "bonus.retire_rule", viewer.House, old.GlobalID(), map[string]any{"handle": old.Handle, "version": old.Version})
	})
	if err != nil {
		return nil, err
	}
	p.rules.held.Store(nil)
	return ended.Unwrap(), nil
}

// ruleInForce reads a rule's version in force, and holds it.
func ruleInForce(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.EarningRule, error) {
	if id.Prefix != "rule" {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	r, err := tx.EarningRule.Query().Where(earningrule.KeyID(id.UUID), earningrule.RetiredAtIsNil(), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return r, err
}
