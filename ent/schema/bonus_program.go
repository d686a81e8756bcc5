package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// BonusProgram is a points programme: its unit, how points are earned on
// orders and how long they live.
type BonusProgram struct{ ent.Schema }

// Mixin of the table.
func (BonusProgram) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (BonusProgram) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "prog", Column: "KeyID"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "name"}, "unitName": {"texts", "name"}, "terms": {"texts", "name"},
		}},
		entsql.Checks(map[string]string{"bonus_programs_terms": "earn_points >= 0 AND earn_per_minor > 0 AND pending_days >= 0 AND (lot_days IS NULL OR lot_days > 0)"}),
	}
}

// Fields of the table.
func (BonusProgram) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable(),
		field.String("unit").Immutable().Comment("The ledger unit, PTS:<handle>."),
		field.JSON("texts", map[string]map[string]string{}).Immutable().Comment("locale -> name, unit, terms."),
		field.Enum("lot_policy").Values("ROLLING", "CALENDAR", "SLIDING", "NEVER").Default("ROLLING").Immutable(),
		field.Int("lot_days").Optional().Nillable().Immutable().Comment("Days a lot lives after it became active."),
		field.Int("pending_days").Default(0).Immutable().Comment("Days a lot waits before it can be spent."),
		field.Enum("earn_on").Values("PLACED", "DELIVERED").Default("DELIVERED").Immutable(),
		field.Int64("earn_points").Default(0).Immutable().Comment("Points for every earn_per_minor spent on a line, rounded down."),
		field.Int64("earn_per_minor").Default(100).Immutable().Comment("Minor units of earn_currency."),
		field.String("earn_currency").Default("GBP").Immutable(),
		field.Enum("return_policy").Values("PENDING_ONLY", "UP_TO_BALANCE", "ALLOW_NEGATIVE").Default("UP_TO_BALANCE").Immutable(),
		field.Bool("is_default").Default(false).Immutable(),
	}
}

// Indexes of the table.
func (BonusProgram) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name").Unique().StorageKey("bonus_program_name_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
		index.Fields("is_default").Unique().StorageKey("bonus_program_one_default").Annotations(entsql.IndexWhere("is_default and retired_at is null")),
	}
}
