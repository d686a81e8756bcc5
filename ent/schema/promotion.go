package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Promotion is a reduction that a customer can have: by a code, as an offer to
// him, as a discount of his, as a price of his.
type Promotion struct{ ent.Schema }

// Mixin of the table.
func (Promotion) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, Annotated{}} }

// Annotations of the table.
func (Promotion) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "prm"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "handle"}, "description": {"texts"}, "translations": {"texts"}, "audience": {"audience"}, "effect": {"effect"}, "statistics": {"id"},
		}},
		entsql.Checks(map[string]string{
			"promotions_kind":   "kind IN ('CODE','OFFER','DISCOUNT','PERSONAL_PRICE')",
			"promotions_status": "status IN ('DRAFT','ACTIVE','PAUSED','ENDED')",
			"promotions_uses":   "taken >= 0 AND issued >= 0 AND (max_uses IS NULL OR taken <= max_uses) AND (per_owner IS NULL OR per_owner > 0)",
		}),
	}
}

// Effect is what a promotion does; kept as JSON. Amounts are minor units of
// Currency, shares are basis points: 500 is 5 %.
type Effect struct {
	Currency              string       `json:"currency,omitempty"` // ISO 4217, of every amount here
	DiscountBasisPoints   int64        `json:"discountBasisPoints,omitempty"`
	AmountOffMinor        int64        `json:"amountOffMinor,omitempty"`
	FixedPriceMinor       *int64       `json:"fixedPriceMinor,omitempty"` // of one unit
	Steps                 []EffectStep `json:"steps,omitempty"`           // by the sum spent; ascending
	FreeDelivery          bool         `json:"freeDelivery,omitempty"`
	GiftSku               string       `json:"giftSku,omitempty"`
	Points                int64        `json:"points,omitempty"`
	MultiplierBasisPoints int64        `json:"multiplierBasisPoints,omitempty"` // of the order's points: 20000 is twice as many
	Skus                  []string     `json:"skus,omitempty"`                  // what it reduces; with no categories and no skus all
	Categories            []string     `json:"categories,omitempty"`
	MinimumMinor          int64        `json:"minimumMinor,omitempty"`
	MaximumReductionMinor int64        `json:"maximumReductionMinor,omitempty"`
}

// EffectStep is one step of a cumulative discount.
type EffectStep struct {
	SpentMinor          int64 `json:"spentMinor"`
	DiscountBasisPoints int64 `json:"discountBasisPoints"`
}

// Fields of the table.
func (Promotion) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("CODE", "OFFER", "DISCOUNT", "PERSONAL_PRICE").Immutable(),
		field.String("handle").Unique().Immutable(),
		field.JSON("texts", map[string]map[string]string{}).Comment("locale -> name, description, terms."),
		field.JSON("audience", Audience{}).Comment("Who may have it."),
		field.String("condition").Optional().Nillable().Comment("CEL over customer.… and basket.…, a bool."),
		field.JSON("effect", Effect{}).Comment("What it does."),
		field.Bool("stackable").Default(true).Comment("Goes together with others."),
		field.String("stack_group").Optional().Nillable().Comment("Of one group the best applies alone."),
		field.Int("priority").Default(0).Comment("The higher is applied first, within its kind."),
		field.Int64("max_uses").Optional().Nillable().Comment("Of everybody together."),
		field.Int64("taken").Default(0).Comment("Uses and reservations; counted where max_uses says so."),
		field.Int("per_owner").Optional().Nillable().Comment("Uses of one owner."),
		field.Int("valid_days").Optional().Nillable().Comment("Days an activated offer or an assigned code lives."),
		field.Int64("issued").Default(0).Comment("Codes made and offers activated."),
		field.Enum("status").Values("DRAFT", "ACTIVE", "PAUSED", "ENDED").Default("DRAFT"),
		field.Time("starts_at").Optional().Nillable(),
		field.Time("ends_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (Promotion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("kind", "status", "ends_at"), index.Fields("status", "id"), index.Fields("kind", "id")}
}
