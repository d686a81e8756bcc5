package tier

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	enttier "kabinet/ent/generated/tier"
	"kabinet/ent/generated/tierchange"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// maxReason bounds why staff set a tier, in characters.
const maxReason = 500

// Set gives a customer a tier by hand until a date, or leaves him to the rules
// again. What he reaches above it still comes at once, but for a tier that is
// set below what he had reached already: that one stays until its date. Staff only; it is put on record. Faults: INVALID_ID, NOT_FOUND of customer
// and tier, PROGRAM_NOT_FOUND, REQUIRED, TOO_LONG, INVALID_VALUE;
// UNAUTHENTICATED, FORBIDDEN.
func (t *Tiers) Set(ctx context.Context, in SetCustomerTierInput) (done Done, err error) {
	if err := staff(ctx, "write"); err != nil {
		return done, err
	}
	owner, err := in.UserID.As("usr")
	if err != nil {
		return done, fault.ErrInvalidID.At("input", "userId")
	}
	reason, bad := scalar.CleanText(in.Reason, maxReason)
	if bad == nil && reason == "" {
		bad = &scalar.BadText{Code: "REQUIRED"}
	}
	if bad != nil {
		bad.Path = []string{"input", "reason"}
		return done, badText(bad)
	}
	if in.UntilAt != nil && (in.TierID == nil || !in.UntilAt.After(t.Store.Now())) {
		return done, fault.ErrInvalidValue.At("input", "untilAt")
	}
	var id uuid.UUID
	err = t.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		id, done.Change, err = t.set(ctx, tx, owner, in, reason)
		return err
	})
	if err != nil {
		return Done{}, err
	}
	if done.Change != nil {
		done.Change = done.Change.Unwrap()
	}
	done.Progress, err = t.ProgressOf(ctx, id)
	return done, err
}

// Done is what setting a tier came to.
type Done struct {
	Progress *TierProgress
	Change   *ent.TierChange // nil: there was nothing to change
}

func (t *Tiers) set(ctx context.Context, tx *store.Tx, owner uuid.UUID, in SetCustomerTierInput, reason string) (uuid.UUID, *ent.TierChange, error) {
	there, err := tx.User.Query().Where(user.ID(owner)).Exist(viewer.AsSystem(ctx, "tier.customer"))
	if err == nil && !there {
		err = fault.ErrNotFound.At("input", "userId")
	}
	if err != nil {
		return uuid.Nil, nil, err
	}
	p, err := t.program(ctx, tx.Client, in.ProgramID)
	if err != nil {
		return uuid.Nil, nil, err
	}
	all, err := tx.Tier.Query().Where(enttier.ProgramID(p.KeyID)).All(ctx)
	if err != nil {
		return uuid.Nil, nil, err
	}
	tiers := ofProgram(all, p.KeyID)
	id, err := t.Account(ctx, tx, owner, &p.KeyID)
	if err != nil {
		return uuid.Nil, nil, err
	}
	a, ok, err := lock(ctx, tx, id, false)
	if err == nil && !ok {
		err = fault.ErrNotFound.At("input", "userId")
	}
	if err != nil {
		return uuid.Nil, nil, err
	}
	top, err := newTally(tx, a, tx.Now).reached(ctx, tiers, -1, tx.Now, tx.Now)
	if err != nil {
		return uuid.Nil, nil, err
	}
	ch := &change{kind: tierchange.KindSET, from: inForce(all, a.tier), to: top}
	if in.TierID != nil {
		if ch.to, err = named(tiers, *in.TierID); err != nil {
			return uuid.Nil, nil, err
		}
		ch.held = top != nil && top.Rank > ch.to.Rank
	}
	if ch.until = in.UntilAt; ch.until == nil && ch.to != nil {
		ch.until = keptUntil(ch.to, tx.Now)
	}
	c, err := t.put(ctx, tx, a, ch, in, reason)
	return id, c, err
}

// put writes a tier set by hand, unless it stands so already.
func (t *Tiers) put(ctx context.Context, tx *store.Tx, a account, ch *change, in SetCustomerTierInput, reason string) (*ent.TierChange, error) {
	key := func(t *ent.Tier) *uuid.UUID {
		if t == nil {
			return nil
		}
		return &t.KeyID
	}
	if same(key(ch.to), a.tier) && (sameTime(ch.until, a.until) || in.UntilAt == nil && in.TierID == nil) {
		return nil, nil
	}
	row, err := write(ctx, tx, a, ch, &reason, viewer.From(ctx).Actor())
	if err != nil {
		return nil, err
	}
	if err := keep(ctx, tx, a, standing{tier: ch.to, until: ch.until}, nextLook(ch.to, ch.until, warnDays, tx.Now)); err != nil {
		return nil, err
	}
	changes := map[string]any{"reason": reason}
	if ch.to != nil {
		changes["tier"] = ch.to.Handle
	}
	if ch.until != nil {
		changes["untilAt"] = micros(*ch.until)
	}
	return row, tx.Audit(ctx, "tier.set", a.owner, row.GlobalID(), changes)
}

// named is the tier in force that an id means.
func named(tiers []*ent.Tier, id scalar.ID) (*ent.Tier, error) {
	key, err := id.As("tier")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "tierId")
	}
	for _, t := range tiers {
		if t.KeyID == key {
			return t, nil
		}
	}
	return nil, fault.ErrNotFound.At("input", "tierId")
}
