package tier

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	ent "kabinet/ent/generated"
	"kabinet/ent/schema"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// text is one of a tier's texts in a language; its handle where it has no
// name. Empty for no tier.
func text(t *ent.Tier, which, lang string) string {
	if t == nil {
		return ""
	}
	s := scalar.Pick(t.Texts, which, locale.Match(lang), locale.Default)
	if s == "" && which == scalar.TextName {
		return t.Handle
	}
	return s
}

// Name is what a tier is called, in the caller's language.
func Name(ctx context.Context, t *ent.Tier) string {
	return text(t, scalar.TextName, viewer.From(ctx).Locale)
}

// Description is what a tier is, in the caller's language; nil where nobody
// wrote it.
func Description(ctx context.Context, t *ent.Tier) *string {
	return orNil(text(t, scalar.TextDescription, viewer.From(ctx).Locale))
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// SpentThreshold is the money that a tier asks for; nil where it asks for none.
func SpentThreshold(t *ent.Tier) *scalar.Money {
	if !countsSpent(t) {
		return nil
	}
	return &scalar.Money{Minor: t.SpentThresholdMinor, Currency: t.Currency}
}

// Perks are what a tier gives, in the caller's language.
func Perks(ctx context.Context, t *ent.Tier) []*TierPerk {
	if t == nil {
		return []*TierPerk{}
	}
	return perks(t.Perks, viewer.From(ctx).Locale)
}

func perks(of []schema.TierPerk, lang string) []*TierPerk {
	all := make([]*TierPerk, len(of))
	for i, p := range of {
		all[i] = &TierPerk{
			Kind: TierPerkKind(p.Kind), DiscountBasisPoints: p.DiscountBasisPoints, MultiplierBasisPoints: p.MultiplierBasisPoints,
			Name:        scalar.Pick(p.Texts, scalar.TextName, locale.Match(lang), locale.Default),
			Description: orNil(scalar.Pick(p.Texts, scalar.TextDescription, locale.Match(lang), locale.Default)),
		}
		if all[i].Name == "" {
			all[i].Name = perkName(lang, p)
		}
	}
	return all
}

// perkName words a perk that staff did not name.
func perkName(lang string, p schema.TierPerk) string {
	params := map[string]any{}
	if p.DiscountBasisPoints != nil {
		params["percent"] = decimal(lang, *p.DiscountBasisPoints, 100)
	}
	if p.MultiplierBasisPoints != nil {
		params["times"] = decimal(lang, *p.MultiplierBasisPoints, 10_000)
	}
	return locale.Text(lang, "tier.perk."+p.Kind, params)
}

// decimal writes n/unit with as many decimals as it needs.
func decimal(lang string, n, unit int) string {
	whole, rest := n/unit, n%unit
	if rest == 0 {
		return strconv.Itoa(whole)
	}
	digits := fmt.Sprintf("%0*d", len(strconv.Itoa(unit))-1, rest)
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	point := "."
	if locale.Match(lang) == locale.Russian {
		point = ","
	}
	return strconv.Itoa(whole) + point + digits
}

// lost are the perks of a tier that another one does not give.
func lost(from, to *ent.Tier, lang string) []*TierPerk {
	kept := map[string]bool{}
	if to != nil {
		for _, p := range to.Perks {
			kept[fingerprint(p)] = true
		}
	}
	var gone []schema.TierPerk
	for _, p := range from.Perks {
		if !kept[fingerprint(p)] {
			gone = append(gone, p)
		}
	}
	return perks(gone, lang)
}

func fingerprint(p schema.TierPerk) string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // of strings and numbers
	}
	return string(b)
}

// ChangeLabel says what happened to a tier, in the caller's language.
func ChangeLabel(ctx context.Context, c *ent.TierChange) string {
	return locale.Text(viewer.From(ctx).Locale, "tier.change."+string(c.Kind), nil)
}
