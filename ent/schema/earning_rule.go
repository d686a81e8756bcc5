package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// EarningRule says for what a programme gives points, and how many.
type EarningRule struct{ ent.Schema }

// Mixin of the table.
func (EarningRule) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (EarningRule) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "rule", Column: "KeyID"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "handle"}, "description": {"texts"}, "translations": {"texts"}, "program": {"program_id"},
			"expression": {"points_expression"}, "ratePer": {"rate_per_minor", "currency"}, "minimum": {"minimum_minor", "currency"},
			"multiplierBasisPoints": {"multiplier"}, "selector": {"selector"}, "inForce": {"starts_at", "ends_at", "retired_at"},
			"given": {"key_id"},
		}},
		entsql.Checks(map[string]string{
			"earning_rules_rate":   "rate_points >= 0 AND rate_per_minor >= 0 AND minimum_minor >= 0",
			"earning_rules_limits": "((cap_per_order IS NULL OR cap_per_order > 0) AND (cap_per_period IS NULL OR cap_per_period > 0) AND (cap_per_owner IS NULL OR cap_per_owner > 0) AND (per_owner IS NULL OR per_owner > 0) AND (per_period IS NULL OR per_period > 0))",
			"earning_rules_days":   "pending_days IS NULL OR pending_days >= 0",
		}),
	}
}

// EarningLines says which lines of an order a rule looks at: those whose
// category or sku is named, all where none is, but for the exceptions.
type EarningLines struct {
	Categories       []string `json:"categories,omitempty"`
	Skus             []string `json:"skus,omitempty"`
	ExceptCategories []string `json:"exceptCategories,omitempty"`
	ExceptSkus       []string `json:"exceptSkus,omitempty"`
}

// Fields of the table.
func (EarningRule) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("program_id", uuid.UUID{}).Immutable().Comment("The programme's key_id."),
		field.String("handle").Immutable().Comment("Its name for programs, one in a programme."),
		field.JSON("texts", map[string]map[string]string{}).Immutable().Comment("locale -> name, description."),
		field.Enum("trigger").Values("ORDER", "ACT", "DATE").Immutable(),
		field.String("act").Optional().Nillable().Immutable().Comment("Of ACT and DATE: registration, profile_completed, birthday, review, referral, visit or one's own."),
		field.String("condition").Optional().Nillable().Immutable().Comment("CEL, a bool."),
		field.String("points_expression").Optional().Nillable().Immutable().Comment("CEL, an int; one of this, fixed_points, the rate and the multiplier."),
		field.Int64("fixed_points").Optional().Nillable().Immutable(),
		field.Int64("rate_points").Default(0).Immutable().Comment("For every rate_per_minor; 0: no rate."),
		field.Int64("rate_per_minor").Default(0).Immutable(),
		field.Int("multiplier").Optional().Nillable().Immutable().Comment("Of what the terms and the other rules give on its lines: 20000 doubles."),
		field.String("currency").Default("").Immutable().Comment("ISO 4217 of rate and minimum; orders in others are passed over. Empty: any."),
		field.JSON("selector", &EarningLines{}).Optional().Immutable().Comment("Which lines it looks at."),
		field.JSON("tiers", []string{}).Optional().Immutable().Comment("Handles; none: everybody."),
		field.Time("starts_at").Optional().Nillable().Immutable(),
		field.Time("ends_at").Optional().Nillable().Immutable(),
		field.Int64("minimum_minor").Default(0).Immutable().Comment("Of the order."),
		field.Int64("cap_per_order").Optional().Nillable().Immutable(),
		field.Int64("cap_per_period").Optional().Nillable().Immutable(),
		field.Int64("cap_per_owner").Optional().Nillable().Immutable(),
		field.Int("per_owner").Optional().Nillable().Immutable().Comment("How many times in all."),
		field.Int("per_period").Optional().Nillable().Immutable().Comment("How many times in a period."),
		field.Enum("period").Values("DAY", "WEEK", "MONTH", "YEAR").Default("YEAR").Immutable().Comment("Of cap_per_period and per_period; by the calendar, UTC."),
		field.Enum("rounding").Values("DOWN", "UP", "HALF_UP", "HALF_EVEN").Default("DOWN").Immutable(),
		field.Enum("basis").Values("LINE", "ORDER").Default("LINE").Immutable().Comment("What is rounded: each line, or their sum."),
		field.Int("priority").Default(0).Immutable().Comment("The higher first; decides between exclusive rules that give the same."),
		field.Bool("stackable").Default(true).Immutable().Comment("Exclusive rules otherwise: the best of them counts."),
		field.Int("pending_days").Optional().Nillable().Immutable().Comment("Instead of the programme's."),
		field.JSON("profile", []string{}).Optional().Immutable().Comment("Of the act profile_completed: what must be there."),
	}
}

// Indexes of the table.
func (EarningRule) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("program_id", "handle").Unique().StorageKey("earning_rule_handle_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
		index.Fields("program_id", "trigger"),
	}
}
