package earning

import (
	"slices"
	"strconv"
	"strings"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/earningrule"
	"kabinet/ent/schema"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
)

// The bounds of a rule.
const (
	maxSelected     = 100 // values in each list of a selector, and tiers
	maxSelectedText = 100 // characters of each
	maxPriority     = 1000
	maxMultiplier   = 1_000_000
	maxTimes        = 1_000_000
	maxRuleWait     = 3660 // days
)

// checkEarningRule reads a rule as it would be kept. Faults: REQUIRED,
// TOO_LONG, OUT_OF_RANGE, INVALID_VALUE, RULE_INVALID, below path.
func checkEarningRule(in EarningRuleInput, prog *ent.BonusProgram, path ...string) (*ent.EarningRule, error) {
	d := &ent.EarningRule{
		ProgramID: prog.KeyID, Handle: in.Handle, Trigger: earningrule.Trigger(in.Trigger), Act: in.Act, Tiers: in.Tiers,
		StartsAt: in.StartsAt, EndsAt: in.EndsAt, FixedPoints: in.FixedPoints, Multiplier: in.MultiplierBasisPoints,
		CapPerOrder: in.CapPerOrder, CapPerPeriod: in.CapPerPeriod, CapPerOwner: in.CapPerOwner, PerOwner: in.PerOwner, PerPeriod: in.PerPeriod,
		PendingDays: in.PendingDays, Period: earningrule.PeriodYEAR, Basis: earningrule.BasisLINE, Stackable: true,
		Rounding: earningrule.Rounding(prog.Rounding),
	}
	if in.Period != nil {
		d.Period = earningrule.Period(*in.Period)
	}
	if in.Basis != nil {
		d.Basis = earningrule.Basis(*in.Basis)
	}
	if in.Rounding != nil {
		d.Rounding = earningrule.Rounding(*in.Rounding)
	}
	set(&d.Priority, in.Priority)
	set(&d.Stackable, in.Stackable)
	d.Condition, d.PointsExpression = filled(in.Condition), filled(in.Expression)
	for _, part := range in.Profile {
		d.Profile = append(d.Profile, string(part))
	}
	for _, check := range []func(EarningRuleInput, *ent.EarningRule) error{
		checkRuleName, checkRuleAct, checkRuleMoney, checkRuleAmount, checkRuleNumbers, checkRuleLists, checkRuleTimes, checkRuleExpressions,
	} {
		if err := check(in, d); err != nil {
			return nil, below(err, path...)
		}
	}
	return d, nil
}

// below puts a path before that of a fault.
func below(err error, path ...string) error {
	if f, ok := fault.As(err); ok {
		return f.At(append(slices.Clone(path), f.Path...)...)
	}
	return err
}

func filled(s *string) *string {
	if s == nil || strings.TrimSpace(*s) == "" {
		return nil
	}
	return s
}

func checkRuleName(in EarningRuleInput, d *ent.EarningRule) error {
	switch {
	case in.Handle == "":
		return fault.ErrRequired.At("handle")
	case !actHandles.MatchString(in.Handle):
		return fault.ErrInvalidValue.At("handle")
	}
	plain := make([]scalar.Translation, len(in.Texts))
	for i, t := range in.Texts {
		plain[i] = *t
	}
	texts, bad := scalar.Texts(plain, locale.Supported(), "texts")
	if bad != nil {
		return bonus.BadText(bad)
	}
	d.Texts = texts
	return nil
}

// checkRuleAct: acts and dates have a name, orders none; what is of orders alone
// stands only there.
func checkRuleAct(in EarningRuleInput, d *ent.EarningRule) error {
	switch {
	case d.Trigger == earningrule.TriggerORDER && in.Act != nil:
		return fault.ErrInvalidValue.At("act")
	case d.Trigger == earningrule.TriggerORDER && len(in.Profile) > 0:
		return fault.ErrInvalidValue.At("profile")
	case d.Trigger == earningrule.TriggerORDER:
		return nil
	case in.Act == nil:
		return fault.ErrRequired.At("act")
	case !actHandles.MatchString(*in.Act), (*in.Act == ActBirthday) != (d.Trigger == earningrule.TriggerDATE):
		return fault.ErrInvalidValue.At("act")
	case len(in.Profile) > 0 && *in.Act != ActProfileCompleted:
		return fault.ErrInvalidValue.At("profile")
	}
	for _, only := range []struct {
		field string
		said  bool
	}{
		{"ratePoints", in.RatePoints != nil}, {"ratePer", in.RatePer != nil}, {"multiplierBasisPoints", in.MultiplierBasisPoints != nil},
		{"currency", in.Currency != nil}, {"selector", in.Selector != nil}, {"minimum", in.Minimum != nil}, {"capPerOrder", in.CapPerOrder != nil},
	} {
		if only.said {
			return fault.ErrInvalidValue.At(only.field)
		}
	}
	return nil
}

// checkRuleMoney: rate and minimum are of one currency, which is the rule's.
func checkRuleMoney(in EarningRuleInput, d *ent.EarningRule) error {
	if in.Currency != nil {
		d.Currency = *in.Currency
	}
	for _, m := range []struct {
		field string
		in    *scalar.MoneyInput
		into  *int64
	}{{"ratePer", in.RatePer, &d.RatePerMinor}, {"minimum", in.Minimum, &d.MinimumMinor}} {
		if m.in == nil {
			continue
		}
		amount, err := m.in.Money()
		if err != nil || amount.Minor <= 0 {
			return fault.ErrInvalidValue.At(m.field)
		}
		if d.Currency != "" && d.Currency != amount.Currency {
			return fault.ErrInvalidValue.At(m.field, "currency")
		}
		*m.into, d.Currency = amount.Minor, amount.Currency
	}
	return nil
}

// checkRuleAmount: exactly one form says how many points.
func checkRuleAmount(in EarningRuleInput, d *ent.EarningRule) error {
	forms := 0
	for _, said := range []bool{d.PointsExpression != nil, in.FixedPoints != nil, in.RatePoints != nil, in.MultiplierBasisPoints != nil} {
		if said {
			forms++
		}
	}
	switch {
	case forms == 0:
		return fault.ErrRequired.At("fixedPoints")
	case forms > 1:
		return fault.ErrInvalidValue
	case in.RatePoints != nil && in.RatePer == nil:
		return fault.ErrRequired.At("ratePer")
	case in.RatePoints == nil && in.RatePer != nil:
		return fault.ErrRequired.At("ratePoints")
	}
	set(&d.RatePoints, in.RatePoints)
	return nil
}

func checkRuleNumbers(in EarningRuleInput, d *ent.EarningRule) error {
	for _, n := range []struct {
		field       string
		value       *int64
		least, most int64
	}{
		{"fixedPoints", in.FixedPoints, 1, maxEarned},
		{"ratePoints", in.RatePoints, 1, maxEarned},
		{"multiplierBasisPoints", wide(in.MultiplierBasisPoints), wholeMultiplier + 1, maxMultiplier},
		{"capPerOrder", in.CapPerOrder, 1, maxEarned},
		{"capPerPeriod", in.CapPerPeriod, 1, maxEarned},
		{"capPerOwner", in.CapPerOwner, 1, maxEarned},
		{"perOwner", wide(in.PerOwner), 1, maxTimes},
		{"perPeriod", wide(in.PerPeriod), 1, maxTimes},
		{"priority", wide(&d.Priority), -maxPriority, maxPriority},
		{"pendingDays", wide(in.PendingDays), 0, maxRuleWait},
	} {
		if n.value != nil && (*n.value < n.least || *n.value > n.most) {
			return fault.ErrOutOfRange.At(n.field).With("min", n.least).With("max", n.most)
		}
	}
	return nil
}

func wide(n *int) *int64 {
	if n == nil {
		return nil
	}
	w := int64(*n)
	return &w
}

func checkRuleLists(in EarningRuleInput, d *ent.EarningRule) error {
	lists := map[string][]string{"tiers": in.Tiers}
	if s := in.Selector; s != nil {
		lists["categories"], lists["skus"], lists["exceptCategories"], lists["exceptSkus"] = s.Categories, s.Skus, s.ExceptCategories, s.ExceptSkus
		d.Selector = &schema.EarningLines{Categories: s.Categories, Skus: s.Skus, ExceptCategories: s.ExceptCategories, ExceptSkus: s.ExceptSkus}
	}
	for _, name := range []string{"tiers", "categories", "skus", "exceptCategories", "exceptSkus"} {
		at := []string{"selector", name}
		if name == "tiers" {
			at = at[1:]
		}
		if len(lists[name]) > maxSelected {
			return fault.ErrTooLong.At(at...).With("limit", maxSelected)
		}
		for i, s := range lists[name] {
			text, bad := scalar.CleanText(s, maxSelectedText)
			if bad == nil && text == "" {
				bad = &scalar.BadText{Code: fault.ErrRequired.Code}
			}
			if bad != nil {
				bad.Path = append(slices.Clone(at), strconv.Itoa(i))
				return bonus.BadText(bad)
			}
		}
	}
	return nil
}

func checkRuleTimes(in EarningRuleInput, _ *ent.EarningRule) error {
	if in.StartsAt != nil && in.EndsAt != nil && !in.EndsAt.After(*in.StartsAt) {
		return fault.ErrInvalidValue.At("endsAt")
	}
	return nil
}

func checkRuleExpressions(_ EarningRuleInput, d *ent.EarningRule) error {
	envs, err := earningEnvs()
	if err != nil {
		return err
	}
	if d.Condition != nil {
		if _, err := envs.condition(d.Trigger).Compile(*d.Condition, "bool"); err != nil {
			return below(err, "condition")
		}
	}
	if d.PointsExpression != nil {
		if _, err := envs.points(d.Trigger, d.Basis).Compile(*d.PointsExpression, "int"); err != nil {
			return below(err, "expression")
		}
	}
	return nil
}
