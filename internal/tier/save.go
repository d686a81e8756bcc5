package tier

import (
	"cmp"
	"context"
	"regexp"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	enttier "kabinet/ent/generated/tier"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Limits of a tier's terms.
const (
	maxRank  = 1000
	maxDays  = 3660
	maxGrace = 366
	maxPerks = 20
)

var handles = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// Save makes a tier, or puts new terms of one in force: the old row is retired.
// Accounts of the programme are looked at again by the clock. Staff only; it is
// put on record. Faults: INVALID_ID, NOT_FOUND, PROGRAM_NOT_FOUND, those of the
// terms (REQUIRED, INVALID_VALUE, OUT_OF_RANGE, TOO_LONG, DUPLICATE_KEY),
// ALREADY_TAKEN of rank and handle; UNAUTHENTICATED, FORBIDDEN.
func (t *Tiers) Save(ctx context.Context, in SaveTierInput) (*ent.Tier, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	w, err := readTerms(in)
	if err != nil {
		return nil, err
	}
	var made *ent.Tier
	err = t.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c := tx.Tier.Create().SetMarkedTo(uuid.Nil)
		program, handle, err := t.placed(ctx, tx, in, c)
		if err != nil {
			return err
		}
		if err := free(ctx, tx, program, handle, in.Rank); err != nil {
			return err
		}
		w.fill(c)
		row, err := c.SetProgramID(program).SetHandle(handle).Save(ctx)
		if err != nil {
			return err
		}
		made = row.Unwrap()
		return tx.Audit(ctx, "tier.save", uuid.Nil, made.GlobalID(), map[string]any{"handle": handle, "version": row.Version, "rank": row.Rank})
	})
	t.cache.held.Store(nil)
	if store.IsUnique(err) { // another one was quicker
		err = fault.ErrConflict
	}
	return made, err
}

// placed says of which programme a tier is and how it is called, and retires
// the row whose place it takes.
func (t *Tiers) placed(ctx context.Context, tx *store.Tx, in SaveTierInput, c *ent.TierCreate) (program uuid.UUID, handle string, err error) {
	if in.ID == nil {
		p, err := t.program(ctx, tx.Client, in.ProgramID)
		switch {
		case err != nil:
			return program, "", err
		case in.Handle == nil:
			return program, "", fault.ErrRequired.At("input", "handle")
		case !handles.MatchString(*in.Handle):
			return program, "", fault.ErrInvalidValue.At("input", "handle")
		}
		return p.KeyID, *in.Handle, nil
	}
	old, err := inForceOf(ctx, tx, *in.ID)
	if err != nil {
		return program, "", err
	}
	if in.Handle != nil && *in.Handle != old.Handle {
		return program, "", fault.ErrInvalidValue.At("input", "handle").With("value", old.Handle)
	}
	c.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
	return old.ProgramID, old.Handle, retire(ctx, tx, old)
}

// inForceOf finds and holds the row in force of a tier.
func inForceOf(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.Tier, error) {
	key, err := id.As("tier")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	if err := tx.Lock(ctx, "tiers", "key_id", key); err != nil {
		return nil, err
	}
	old, err := tx.Tier.Query().Where(enttier.KeyID(key), enttier.RetiredAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return old, err
}

func retire(ctx context.Context, tx *store.Tx, old *ent.Tier) error {
	_, err := tx.Exec(ctx, `UPDATE tiers SET retired_at = ?, marked_to = NULL WHERE id = ? AND retired_at IS NULL`, tx.Now, old.ID)
	return err
}

// free refuses a rank or a handle that another tier of the programme has.
func free(ctx context.Context, tx *store.Tx, program uuid.UUID, handle string, rank int) error {
	taken, err := tx.Tier.Query().Where(enttier.ProgramID(program), enttier.RetiredAtIsNil(), enttier.Or(enttier.Handle(handle), enttier.Rank(rank))).First(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case taken.Handle == handle:
		return ErrAlreadyTaken.At("input", "handle").With("value", handle)
	}
	return ErrAlreadyTaken.At("input", "rank").With("value", rank)
}

// Retire takes a tier out of force. The clock gives those who have it the tier
// that their numbers reach. Staff only; it is put on record. Faults:
// INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (t *Tiers) Retire(ctx context.Context, in RetireTierInput) (*ent.Tier, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	var old *ent.Tier
	err := t.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := inForceOf(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if err := retire(ctx, tx, row); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE tiers SET marked_to = ? WHERE id = ?`, uuid.Nil, row.ID); err != nil {
			return err
		}
		old = row.Unwrap()
		return tx.Audit(ctx, "tier.retire", uuid.Nil, old.GlobalID(), map[string]any{"handle": old.Handle})
	})
	t.cache.held.Store(nil)
	return old, err
}

// terms are what saveTier says, checked.
type terms struct {
	in       SaveTierInput
	texts    map[string]map[string]string
	basis    enttier.Basis
	spent    scalar.Money
	window   enttier.Window
	keep     enttier.Keep
	fall     enttier.Downgrade
	grace    int
	onReturn bool
	perks    []schema.TierPerk
}

func readTerms(in SaveTierInput) (w terms, err error) {
	w = terms{in: in, basis: enttier.BasisEARNED, window: enttier.WindowROLLING, keep: enttier.KeepNEXT_YEAR_END, fall: enttier.DowngradeBY_BALANCE}
	or(&w.basis, in.Basis)
	or(&w.window, in.Window)
	or(&w.keep, in.Keep)
	or(&w.fall, in.Downgrade)
	if in.GraceDays != nil {
		w.grace = *in.GraceDays
	}
	w.onReturn = in.FallsOnReturn != nil && *in.FallsOnReturn
	for _, c := range []struct {
		name     string
		n        *int
		min, max int
	}{{"rank", &in.Rank, 0, maxRank}, {"windowDays", in.WindowDays, 1, maxDays}, {"keepDays", in.KeepDays, 1, maxDays}, {"graceDays", in.GraceDays, 0, maxGrace}} {
		if c.n != nil && (*c.n < c.min || *c.n > c.max) {
			return w, fault.ErrOutOfRange.At("input", c.name).With("min", c.min).With("max", c.max)
		}
	}
	if w.texts, err = texts(in.Texts, "input", "texts"); err != nil {
		return w, err
	}
	if err = w.thresholds(); err != nil {
		return w, err
	}
	w.perks, err = readPerks(in.Perks)
	return w, err
}

func or[T, S ~string](to *T, from *S) {
	if from != nil {
		*to = T(*from)
	}
}

func (w *terms) thresholds() error {
	if w.basis != enttier.BasisSPENT {
		switch n := w.in.EarnedThreshold; {
		case n == nil:
			return fault.ErrRequired.At("input", "earnedThreshold")
		case *n < 0 || *n > scalar.MaxPoints:
			return fault.ErrOutOfRange.At("input", "earnedThreshold").With("min", 0).With("max", scalar.MaxPoints)
		}
	} else if w.in.EarnedThreshold != nil {
		return fault.ErrInvalidValue.At("input", "earnedThreshold")
	}
	if w.basis == enttier.BasisEARNED {
		if w.in.SpentThreshold != nil {
			return fault.ErrInvalidValue.At("input", "spentThreshold")
		}
		return nil
	}
	if w.in.SpentThreshold == nil {
		return fault.ErrRequired.At("input", "spentThreshold")
	}
	var err error
	if w.spent, err = w.in.SpentThreshold.Money(); err != nil {
		return fault.ErrInvalidValue.At("input", "spentThreshold").Because(err)
	}
	if w.spent.Minor < 0 {
		return fault.ErrOutOfRange.At("input", "spentThreshold").With("min", 0)
	}
	return nil
}

func texts(in []*scalar.Translation, path ...string) (map[string]map[string]string, error) {
	list := make([]scalar.Translation, len(in))
	for i, t := range in {
		list[i] = *t
	}
	all, bad := scalar.Texts(list, locale.Supported(), path...)
	if bad == nil {
		return all, nil
	}
	return nil, badText(bad)
}

// badText is what a text is refused with.
func badText(bad *scalar.BadText) error {
	f := map[string]*fault.Fault{"REQUIRED": fault.ErrRequired, "TOO_LONG": fault.ErrTooLong, "INVALID_VALUE": fault.ErrInvalidValue, "DUPLICATE_KEY": errDuplicateKey}[bad.Code].At(bad.Path...)
	if bad.Limit > 0 {
		f = f.With("limit", bad.Limit)
	}
	return f
}

// readPerks checks what a tier gives.
func readPerks(in []*TierPerkInput) ([]schema.TierPerk, error) {
	if len(in) > maxPerks {
		return nil, fault.ErrTooLong.At("input", "perks").With("limit", maxPerks)
	}
	all := []schema.TierPerk{}
	for i, p := range in {
		path := []string{"input", "perks", strconv.Itoa(i)}
		made := schema.TierPerk{Kind: string(p.Kind)}
		var err error
		if made.DiscountBasisPoints, err = basisPoints(p.DiscountBasisPoints, p.Kind == TierPerkKindDiscount, 1, 10_000, append(path, "discountBasisPoints")...); err != nil {
			return nil, err
		}
		if made.MultiplierBasisPoints, err = basisPoints(p.MultiplierBasisPoints, p.Kind == TierPerkKindMultiplier, 10_001, 1_000_000, append(path, "multiplierBasisPoints")...); err != nil {
			return nil, err
		}
		if len(p.Texts) > 0 || p.Kind == TierPerkKindOther {
			if made.Texts, err = texts(p.Texts, append(path, "texts")...); err != nil {
				return nil, err
			}
		}
		all = append(all, made)
	}
	return all, nil
}

// basisPoints wants a number where the kind of perk is the one that has it,
// and none elsewhere.
func basisPoints(n *int, wanted bool, least, most int, path ...string) (*int, error) {
	switch {
	case wanted && n == nil:
		return nil, fault.ErrRequired.At(path...)
	case !wanted && n != nil:
		return nil, fault.ErrInvalidValue.At(path...)
	case n != nil && (*n < least || *n > most):
		return nil, fault.ErrOutOfRange.At(path...).With("min", least).With("max", most)
	}
	return n, nil
}

func (w *terms) fill(c *ent.TierCreate) {
	c.SetRank(w.in.Rank).SetTexts(w.texts).SetBasis(w.basis).SetNillableEarnedThreshold(w.in.EarnedThreshold).
		SetSpentThresholdMinor(w.spent.Minor).SetCurrency(w.spent.Currency).SetWindow(w.window).SetKeep(w.keep).
		SetGraceDays(w.grace).SetDowngrade(w.fall).SetFallsOnReturn(w.onReturn).SetPerks(w.perks)
	days := defaultDays
	if w.window == enttier.WindowROLLING {
		c.SetNillableWindowDays(cmp.Or(w.in.WindowDays, &days))
	}
	if w.keep == enttier.KeepDAYS {
		c.SetNillableKeepDays(cmp.Or(w.in.KeepDays, &days))
	}
}
