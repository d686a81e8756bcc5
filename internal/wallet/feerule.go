package wallet

import (
	"context"
	"strings"

	"github.com/bojanz/currency"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/feerule"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

func tariffOf(r *ent.FeeRule) tariff {
	t := tariff{
		free: r.FreeMinor, basisPoints: r.BasisPoints, cap: -1, capPer: FeeCapPer(r.CapPer),
		minimum: r.MinimumMinor, rounding: FeeRounding(r.Rounding), period: FeePeriod(r.Period),
	}
	if r.FeeCap != nil {
		t.cap = *r.FeeCap
	}
	return t
}

// inForce is the rule of an operation in a currency; nil where it is free.
func inForce(ctx context.Context, c *ent.Client, operation FeeOperation, unit string) (*ent.FeeRule, error) {
	r, err := c.FeeRule.Query().Where(feerule.OperationEQ(feerule.Operation(operation)), feerule.Currency(unit), feerule.RetiredAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return r, err
}

// mostRules bounds the rules shown: one a currency and operation.
const mostRules = 800

// FeeRules are the rules in force, by currency.
func (s *Wallets) FeeRules(ctx context.Context, unit *string) ([]*ent.FeeRule, error) {
	q := s.Store.Client.FeeRule.Query().Where(feerule.RetiredAtIsNil()).Order(feerule.ByCurrency(), feerule.ByOperation(), feerule.ByID()).Limit(mostRules)
	if unit != nil {
		q.Where(feerule.Currency(*unit))
	}
	rules, err := q.All(ctx)
	return rules, store.Translate(err)
}

// FeeRule is the newest version of a rule. Fault: NOT_FOUND.
func (s *Wallets) FeeRule(ctx context.Context, key uuid.UUID) (*ent.FeeRule, error) {
	r, err := s.Store.Client.FeeRule.Query().Where(feerule.KeyID(key), feerule.RetiredAtIsNil()).Only(ctx)
	return r, store.Translate(err)
}

// SaveFeeRule puts a rule in force, as a new version of the one that was. Staff
// only; it is put on record. Faults: INVALID_VALUE, OUT_OF_RANGE,
// WRONG_CURRENCY; UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) SaveFeeRule(ctx context.Context, in SaveFeeRuleInput) (*ent.FeeRule, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	r, err := checkFeeRule(in)
	if err != nil {
		return nil, err
	}
	var out *ent.FeeRule
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// The unique index stops two who save at once; the second tries again.
		old, err := tx.FeeRule.Query().Where(feerule.OperationEQ(r.Operation), feerule.Currency(r.Currency), feerule.RetiredAtIsNil(), tx.Locking()).Only(ctx)
		c := tx.FeeRule.Create().SetOperation(r.Operation).SetCurrency(r.Currency).SetFreeMinor(r.FreeMinor).SetPeriod(r.Period).
			SetBasisPoints(r.BasisPoints).SetNillableFeeCap(r.FeeCap).SetCapPer(r.CapPer).SetMinimumMinor(r.MinimumMinor).SetRounding(r.Rounding)
		switch {
		case ent.IsNotFound(err):
		case err != nil:
			return err
		default:
			if err := tx.FeeRule.UpdateOne(old).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
				return err
			}
			c.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
		}
		if out, err = c.Save(ctx); err != nil {
			if store.IsUnique(err) {
				return fault.ErrConflict.At("input").Because(err)
			}
			return err
		}
		return tx.Audit(ctx, "wallet.save_fee_rule", viewer.House, out.GlobalID(), map[string]any{
			"version": out.Version, "operation": out.Operation, "currency": out.Currency, "free": out.Free().Amount(), "basisPoints": out.BasisPoints, "period": out.Period,
			"minimum": out.Minimum().Amount(), "cap": capText(out), "capPer": out.CapPer, "rounding": out.Rounding,
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func checkFeeRule(in SaveFeeRuleInput) (*ent.FeeRule, error) {
	if in.Free.Currency == "" || !currency.IsValid(in.Free.Currency) {
		return nil, fault.ErrInvalidValue.At("input", "free", "currency")
	}
	r := &ent.FeeRule{Operation: feerule.Operation(in.Operation), Currency: in.Free.Currency, Period: feerule.Period(in.Period),
		BasisPoints: int64(in.BasisPoints), CapPer: feerule.CapPerTRANSFER, Rounding: feerule.RoundingHALF_UP}
	if in.CapPer != nil {
		r.CapPer = feerule.CapPer(*in.CapPer)
	}
	if in.Rounding != nil {
		r.Rounding = feerule.Rounding(*in.Rounding)
	}
	if in.BasisPoints < 0 || in.BasisPoints > 10_000 {
		return nil, fault.ErrOutOfRange.At("input", "basisPoints").With("min", 0).With("max", 10_000)
	}
	var err error
	if r.FreeMinor, err = notNegative(in.Free, r.Currency, "input", "free"); err != nil {
		return nil, err
	}
	if in.Minimum != nil {
		if r.MinimumMinor, err = notNegative(*in.Minimum, r.Currency, "input", "minimum"); err != nil {
			return nil, err
		}
	}
	if in.Cap != nil {
		most, err := notNegative(*in.Cap, r.Currency, "input", "cap")
		if err != nil {
			return nil, err
		}
		if most < r.MinimumMinor {
			return nil, fault.ErrOutOfRange.At("input", "cap").With("min", r.Minimum().Amount())
		}
		r.FeeCap = &most
	}
	return r, nil
}

func notNegative(in scalar.MoneyInput, unit string, path ...string) (int64, error) {
	minor, err := amount(in, unit, path...)
	if err == nil && minor < 0 {
		err = fault.ErrOutOfRange.At(path...).With("min", "0")
	}
	return minor, err
}

// Cap is the most that a rule costs; nil: no bound.
func Cap(r *ent.FeeRule) *scalar.Money {
	if r.FeeCap == nil {
		return nil
	}
	return &scalar.Money{Minor: *r.FeeCap, Currency: r.Currency}
}

func capText(r *ent.FeeRule) any {
	if c := Cap(r); c != nil {
		return c.Amount()
	}
	return nil
}

// ExplainRule says a rule in words, in the caller's language.
func ExplainRule(ctx context.Context, r *ent.FeeRule) string {
	return locale.Text(lang(ctx), "wallet.fee.rule", ruleWords(lang(ctx), r))
}

func ruleWords(lang string, r *ent.FeeRule) map[string]any {
	words := map[string]any{
		"free": locale.Money(lang, r.FreeMinor, r.Currency), "percent": percent(lang, r.BasisPoints), "month": r.Period == feerule.PeriodCALENDAR_MONTH,
		"isFree": r.FreeMinor > 0, "each": r.CapPer == feerule.CapPerTRANSFER, "invoice": r.Operation == feerule.OperationINVOICE_PAYMENT,
	}
	if r.FeeCap != nil {
		words["cap"] = locale.Money(lang, *r.FeeCap, r.Currency)
	}
	if r.MinimumMinor > 0 {
		words["minimum"] = locale.Money(lang, r.MinimumMinor, r.Currency)
	}
	return words
}

// percent writes basis points as a percentage without needless digits.
func percent(lang string, basisPoints int64) string {
	s := strings.TrimSuffix(strings.TrimRight(scalar.Money{Minor: basisPoints, Currency: "EUR"}.Amount(), "0"), ".")
	if strings.HasPrefix(lang, "ru") {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}
