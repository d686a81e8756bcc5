package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// FeeRule is what an operation on wallets costs in a currency: so much free in
// a period, then a share of what is above it.
type FeeRule struct{ ent.Schema }

// Mixin of the table.
func (FeeRule) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (FeeRule) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "fee", Column: "KeyID"},
		Shows{Fields: map[string][]string{
			"cap":         {"fee_cap", "currency"},
			"explanation": {"currency", "free_minor", "period", "basis_points", "fee_cap", "cap_per", "minimum_minor"},
		}},
		entsql.Checks(map[string]string{
			"fee_rules_terms": "free_minor >= 0 AND minimum_minor >= 0 AND basis_points >= 0 AND basis_points <= 10000 AND (fee_cap IS NULL OR fee_cap >= minimum_minor)",
		}),
	}
}

// Fields of the table.
func (FeeRule) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("operation").Values("TRANSFER", "INVOICE_PAYMENT").Immutable(),
		field.String("currency").Immutable().Comment("ISO 4217."),
		field.Int64("free_minor").Default(0).Immutable().Comment("Free in each period, of all wallets of an owner together."),
		field.Enum("period").Values("CALENDAR_MONTH", "ROLLING_30_DAYS").Immutable(),
		field.Int64("basis_points").Immutable().Comment("Hundredths of a percent of what is above it."),
		field.Int64("fee_cap").Optional().Nillable().Immutable().Comment("The most it costs, in minor units."),
		field.Enum("cap_per").Values("TRANSFER", "PERIOD").Default("TRANSFER").Immutable(),
		field.Int64("minimum_minor").Default(0).Immutable().Comment("The least a transfer costs that costs at all."),
		field.Enum("rounding").Values("DOWN", "HALF_UP", "HALF_EVEN", "UP").Default("HALF_UP").Immutable(),
	}
}

// Indexes of the table.
func (FeeRule) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("operation", "currency").Unique().StorageKey("fee_rule_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
