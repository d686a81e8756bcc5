package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// BonusProgram is a points programme: its unit, how points are earned on
// orders and how long they live.
type BonusProgram struct{ ent.Schema }

// ExchangeRate is for how many points of a programme one gets points of another.
type ExchangeRate struct {
	ProgramID uuid.UUID `json:"programId"` // the other programme's key_id
	Give      int64     `json:"give"`
	Get       int64     `json:"get"`
}

// Mixin of the table.
func (BonusProgram) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (BonusProgram) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "prog", Column: "KeyID"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "name"}, "unitName": {"texts", "name"}, "terms": {"texts", "name"}, "handle": {"name"},
			"translations": {"texts"}, "exchangeRates": {"exchange_rates"}, "remindDays": {"remind_days"}, "adjustmentLimit": {"adjustment_limit"},
			"transferLimits": {"transfers", "transfer_min", "transfer_max", "transfer_daily"},
		}},
		entsql.Checks(map[string]string{
			"bonus_programs_terms":  "earn_points >= 0 AND earn_per_minor > 0 AND pending_days >= 0 AND (lot_days IS NULL OR lot_days > 0)",
			"bonus_programs_limits": "transfer_min > 0 AND (transfer_max IS NULL OR transfer_max >= transfer_min) AND (transfer_daily IS NULL OR transfer_daily > 0) AND (adjustment_limit IS NULL OR adjustment_limit >= 0) AND hold_minutes > 0 AND refund_grace_days >= 0",
		}),
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
		field.Enum("rounding").Values("DOWN", "HALF_UP", "HALF_EVEN", "UP").Default("DOWN").Immutable().Comment("Of what a line or an act earns in fractions."),
		field.Bool("transfers").Default(false).Immutable().Comment("Whether members may give points to each other."),
		field.Int64("transfer_min").Default(1).Immutable(),
		field.Int64("transfer_max").Optional().Nillable().Immutable().Comment("In one transfer."),
		field.Int64("transfer_daily").Optional().Nillable().Immutable().Comment("What one account gives within 24 hours."),
		field.Int64("adjustment_limit").Optional().Nillable().Immutable().Comment("A larger correction waits for another member of staff."),
		field.Int("hold_minutes").Default(60).Immutable().Comment("How long points are reserved where nobody says."),
		field.Int("refund_grace_days").Default(0).Immutable().Comment("Days that points given back live at least; 0: they keep their due times."),
		field.JSON("exchange_rates", []ExchangeRate{}).Optional().Immutable(),
		field.JSON("remind_days", []int{}).Optional().Immutable().Comment("How many days before points expire their owner is told; none said: 30, 7, 1."),
	}
}

// Indexes of the table.
func (BonusProgram) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name").Unique().StorageKey("bonus_program_name_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
		index.Fields("is_default").Unique().StorageKey("bonus_program_one_default").Annotations(entsql.IndexWhere("is_default and retired_at is null")),
	}
}
