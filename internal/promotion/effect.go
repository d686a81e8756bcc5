package promotion

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// The bounds of an effect; the SDL says the same.
const (
	maxSteps      = 20
	maxSkus       = 200
	maxCategories = 100
	maxWord       = 100
	maxShare      = 10_000
	maxMultiplier = 1_000_000
)

// effectReader reads the amounts of an effect, all of one currency.
type effectReader struct {
	effect schema.Effect
	err    error
}

func (r *effectReader) fail(f *fault.Fault, path ...string) {
	if r.err == nil {
		r.err = f.At(append([]string{"input", "effect"}, path...)...)
	}
}

// money reads an amount; zero is one only where it may be.
func (r *effectReader) money(in *scalar.MoneyInput, zero bool, path ...string) int64 {
	if in == nil {
		return 0
	}
	m, err := in.Money()
	switch {
	case err != nil:
		r.fail(fault.ErrInvalidValue, path...)
	case m.Minor < 0 || m.Minor == 0 && !zero:
		r.fail(fault.ErrOutOfRange.With("min", 0), path...)
	case r.effect.Currency != "" && r.effect.Currency != m.Currency:
		r.fail(fault.New(fault.Refused, "CURRENCY_MISMATCH"), path...)
	}
	r.effect.Currency = m.Currency
	return m.Minor
}

func (r *effectReader) number(n *int, most int, path ...string) int64 {
	if n == nil {
		return 0
	}
	if *n < 1 || *n > most {
		r.fail(fault.ErrOutOfRange.With("min", 1).With("max", most), path...)
	}
	return int64(*n)
}

func (r *effectReader) words(in []string, most int, path string) []string {
	if len(in) > most {
		r.fail(fault.ErrTooLong.With("limit", most), path)
		return nil
	}
	for i, w := range in {
		if f := checkWord(w); f != nil {
			r.fail(f, path, strconv.Itoa(i))
		}
	}
	return in
}

func checkWord(w string) *fault.Fault {
	switch {
	case strings.TrimSpace(w) == "":
		return fault.ErrRequired
	case strings.ContainsRune(w, 0) || !utf8.ValidString(w):
		return fault.ErrInvalidValue
	case utf8.RuneCountInString(w) > maxWord:
		return fault.ErrTooLong.With("limit", maxWord)
	}
	return nil
}

// readEffect reads what a promotion of a kind does. Faults: OUT_OF_RANGE,
// INVALID_VALUE, TOO_LONG, REQUIRED, CURRENCY_MISMATCH, PROMOTION_EFFECT_EMPTY.
func readEffect(kind PromotionKind, in PromotionEffectInput) (schema.Effect, error) {
	r := &effectReader{}
	e := &r.effect
	e.DiscountBasisPoints = r.number(in.DiscountBasisPoints, maxShare, "discountBasisPoints")
	e.AmountOffMinor = r.money(in.AmountOff, false, "amountOff")
	if in.FixedPrice != nil {
		e.FixedPriceMinor = new(r.money(in.FixedPrice, true, "fixedPrice"))
	}
	if len(in.Steps) > maxSteps {
		r.fail(fault.ErrTooLong.With("limit", maxSteps), "steps")
	}
	for i, s := range in.Steps {
		at := strconv.Itoa(i)
		step := schema.EffectStep{
			SpentMinor:          r.money(&s.Spent, true, "steps", at, "spent"),
			DiscountBasisPoints: r.number(&s.DiscountBasisPoints, maxShare, "steps", at, "discountBasisPoints"),
		}
		if i > 0 && step.SpentMinor <= e.Steps[i-1].SpentMinor {
			r.fail(fault.ErrInvalidValue, "steps", at, "spent") // each begins above the one before
		}
		e.Steps = append(e.Steps, step)
	}
	e.FreeDelivery = in.FreeDelivery != nil && *in.FreeDelivery
	if in.GiftSku != nil {
		if f := checkWord(*in.GiftSku); f != nil {
			r.fail(f, "giftSku")
		}
		e.GiftSku = *in.GiftSku
	}
	if in.Points != nil {
		if *in.Points < 1 || *in.Points > scalar.MaxPoints {
			r.fail(fault.ErrOutOfRange.With("min", 1).With("max", int64(scalar.MaxPoints)), "points")
		}
		e.Points = *in.Points
	}
	e.MultiplierBasisPoints = r.number(in.MultiplierBasisPoints, maxMultiplier, "multiplierBasisPoints")
	e.Skus, e.Categories = r.words(in.Skus, maxSkus, "skus"), r.words(in.Categories, maxCategories, "categories")
	e.MinimumMinor = r.money(in.Minimum, false, "minimum")
	e.MaximumReductionMinor = r.money(in.MaximumReduction, false, "maximumReduction")
	if r.err != nil {
		return schema.Effect{}, r.err
	}
	return *e, checkEffect(kind, *e)
}

// checkEffect says whether a kind of promotion can do it: one way of taking
// money off at most, and something at all.
func checkEffect(kind PromotionKind, e schema.Effect) error {
	ways := 0
	for _, is := range []bool{e.DiscountBasisPoints > 0, e.AmountOffMinor > 0, e.FixedPriceMinor != nil, len(e.Steps) > 0} {
		if is {
			ways++
		}
	}
	more := e.FreeDelivery || e.GiftSku != "" || e.Points > 0 || e.MultiplierBasisPoints > 10_000
	switch {
	case ways > 1:
		return fault.ErrInvalidValue.At("input", "effect")
	case kind == KindPrice && (e.FixedPriceMinor == nil || more || len(e.Skus)+len(e.Categories) == 0):
		return ErrEffectEmpty.At("input", "effect", "fixedPrice")
	case kind == KindDiscount && (ways == 0 || e.Points > 0 || e.GiftSku != ""): // these would come with every order
		return ErrEffectEmpty.At("input", "effect")
	case len(e.Steps) > 0 && kind != KindDiscount:
		return ErrEffectEmpty.At("input", "effect", "steps")
	case e.MultiplierBasisPoints > 0 && e.MultiplierBasisPoints <= 10_000:
		return fault.ErrOutOfRange.With("min", 10_001).With("max", maxMultiplier).At("input", "effect", "multiplierBasisPoints")
	case ways == 0 && !more:
		return ErrEffectEmpty.At("input", "effect")
	}
	return nil
}
