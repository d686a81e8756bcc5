package promotion

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/schema"
	"kabinet/internal/audience"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// text is one of the texts of a thing in the caller's language; empty where it
// has none.
func text(ctx context.Context, texts map[string]map[string]string, which string) string {
	return scalar.Pick(texts, which, locale.Match(viewer.From(ctx).Locale), locale.Default)
}

// name is what a thing is called, its handle where nothing else is known.
func name(ctx context.Context, texts map[string]map[string]string, handle string) string {
	if s := text(ctx, texts, scalar.TextName); s != "" {
		return s
	}
	return handle
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func number(n *int64) *int {
	if n == nil {
		return nil
	}
	return new(int(*n))
}

func positive(n int64) *int {
	if n == 0 {
		return nil
	}
	return new(int(n))
}

// cut is how times are kept: UTC, whole microseconds.
func cut(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func show(ctx context.Context, p *ent.Promotion, stats *PromotionStatistics) *Promotion {
	return &Promotion{
		ID: p.GlobalID(), Kind: PromotionKind(p.Kind), Handle: p.Handle, Name: name(ctx, p.Texts, p.Handle),
		Description: optional(text(ctx, p.Texts, scalar.TextDescription)), Translations: scalar.Translations(p.Texts),
		Audience: audience.Show(p.Audience), Condition: p.Condition, Effect: showEffect(p.Effect),
		Stackable: p.Stackable, StackGroup: p.StackGroup, Priority: p.Priority, MaxUses: number(p.MaxUses),
		PerOwner: p.PerOwner, ValidDays: p.ValidDays, Status: PromotionStatus(p.Status), StartsAt: p.StartsAt, EndsAt: p.EndsAt,
		CreatedAt: p.CreatedAt, Revision: int(p.Revision), Statistics: stats,
	}
}

func showEffect(e schema.Effect) *PromotionEffect {
	money := func(minor int64) *scalar.Money {
		if minor == 0 {
			return nil
		}
		return &scalar.Money{Minor: minor, Currency: e.Currency}
	}
	v := &PromotionEffect{
		DiscountBasisPoints: positive(e.DiscountBasisPoints), AmountOff: money(e.AmountOffMinor), Steps: []*DiscountStep{}, FreeDelivery: e.FreeDelivery,
		GiftSku: optional(e.GiftSku), MultiplierBasisPoints: positive(e.MultiplierBasisPoints), Skus: e.Skus, Categories: e.Categories,
		Minimum: money(e.MinimumMinor), MaximumReduction: money(e.MaximumReductionMinor),
	}
	if e.FixedPriceMinor != nil {
		v.FixedPrice = &scalar.Money{Minor: *e.FixedPriceMinor, Currency: e.Currency}
	}
	if e.Points > 0 {
		v.Points = new(e.Points)
	}
	if v.Skus == nil {
		v.Skus = []string{}
	}
	if v.Categories == nil {
		v.Categories = []string{}
	}
	for _, s := range e.Steps {
		v.Steps = append(v.Steps, &DiscountStep{Spent: scalar.Money{Minor: s.SpentMinor, Currency: e.Currency}, DiscountBasisPoints: int(s.DiscountBasisPoints)})
	}
	return v
}

func showCode(c *ent.PromoCode, now time.Time) *PromoCode {
	v := &PromoCode{
		ID: c.GlobalID(), Code: optional(c.Code), PromotionID: promotionID(c.PromotionID), Status: PromoCodeStatus(c.Status),
		Uses: int(c.Uses), MaxUses: number(c.MaxUses), EndsAt: c.EndsAt, CreatedAt: c.CreatedAt,
	}
	if over(c.EndsAt, now) && (v.Status == CodeIssued || v.Status == CodeActive) {
		v.Status = CodeExpired
	}
	if c.OwnerID != viewer.House {
		prefix := "com"
		if c.UserID == nil || *c.UserID == c.OwnerID {
			prefix = "usr"
		}
		v.CustomerID = &scalar.ID{Prefix: prefix, UUID: c.OwnerID}
	}
	if c.BatchID != nil {
		v.BatchID = &scalar.ID{Prefix: "task", UUID: *c.BatchID}
	}
	return v
}

// over says whether a time is over.
func over(end *time.Time, now time.Time) bool { return end != nil && !end.After(now) }

// earlier is the earlier of two times of which each may be missing.
func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

func promotionID(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "prm", UUID: id} }
