package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Tier is a standing in a bonus programme, such as Standard or VIP: what
// reaches it, how long it is kept, and what it gives.
type Tier struct{ ent.Schema }

// Mixin of the table.
func (Tier) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (Tier) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "tier", Column: "KeyID"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "handle"}, "description": {"texts"}, "program": {"program_id"},
			"spentThreshold": {"basis", "spent_threshold_minor", "currency"},
		}},
		entsql.Checks(map[string]string{
			"tiers_rank":       "rank >= 0",
			"tiers_thresholds": "(earned_threshold IS NULL OR earned_threshold >= 0) AND spent_threshold_minor >= 0",
			"tiers_days":       "(window_days IS NULL OR window_days > 0) AND (keep_days IS NULL OR keep_days > 0) AND grace_days >= 0",
		}),
	}
}

// TierPerk is one thing that a tier gives. Which of the numbers it holds
// depends on its kind.
type TierPerk struct {
	Kind                  string                       `json:"kind"`                            // DISCOUNT, MULTIPLIER, FREE_DELIVERY or OTHER
	DiscountBasisPoints   *int                         `json:"discountBasisPoints,omitempty"`   // of DISCOUNT: 500 is 5 %
	MultiplierBasisPoints *int                         `json:"multiplierBasisPoints,omitempty"` // of MULTIPLIER: 15000 is one and a half times the points
	Texts                 map[string]map[string]string `json:"texts,omitempty"`                 // locale -> name, description
}

// Fields of the table.
func (Tier) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("program_id", uuid.UUID{}).Immutable().Comment("The programme's key_id."),
		field.Int("rank").Immutable().Comment("The order of the tiers, the lowest first."),
		field.String("handle").Immutable().Comment("How rules and audiences name it."),
		field.JSON("texts", map[string]map[string]string{}).Immutable().Comment("locale -> name, description."),
		field.Enum("basis").Values("EARNED", "SPENT", "EITHER", "BOTH").Default("EARNED").Immutable(),
		field.Int64("earned_threshold").Optional().Nillable().Immutable().Comment("Points earned in the window."),
		field.Int64("spent_threshold_minor").Default(0).Immutable().Comment("Of completed orders in the window, minor units of currency; of no use to basis EARNED."),
		field.String("currency").Default("").Immutable().Comment("ISO 4217; orders in others do not count. Empty with basis EARNED."),
		field.Enum("window").Values("ROLLING", "CALENDAR_YEAR", "EVER").Default("ROLLING").Immutable(),
		field.Int("window_days").Optional().Nillable().Immutable().Comment("Of a ROLLING window."),
		field.Enum("keep").Values("DAYS", "YEAR_END", "NEXT_YEAR_END", "FOREVER").Default("NEXT_YEAR_END").Immutable().Comment("How long the tier is kept once it is reached."),
		field.Int("keep_days").Optional().Nillable().Immutable().Comment("Of keep DAYS."),
		field.Int("grace_days").Default(0).Immutable().Comment("How long after the deadline a tier is still given, and can be kept."),
		field.Enum("downgrade").Values("ONE_DOWN", "BY_BALANCE", "NEVER").Default("BY_BALANCE").Immutable().Comment("Where one falls from it."),
		field.Bool("falls_on_return").Default(false).Immutable().Comment("A return that takes away what reached it takes it at once, without a deadline."),
		field.JSON("perks", []TierPerk{}).Immutable(),
		field.UUID("marked_to", uuid.UUID{}).Optional().Nillable().Comment("A change of tiers is carried to accounts by ascending id: those to here are marked; null when all are."),
	}
}

// Indexes of the table.
func (Tier) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("program_id", "rank").Unique().StorageKey("tier_rank_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
		index.Fields("program_id", "handle").Unique().StorageKey("tier_handle_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
