package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Reward is something that points are exchanged for.
type Reward struct{ ent.Schema }

// Mixin of the table.
func (Reward) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (Reward) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "rwd"},
		Shows{
			Fields: map[string][]string{
				"name": {"texts"}, "description": {"texts"}, "terms": {"texts"},
				"program": {"program_id"}, "availability": {"id"},
				"settings": {"id", "texts", "audience", "promotion_id", "teaser", "on_expiry", "cancellable", "taken"},
			},
			// What tells whether the caller may see it and have it.
			Always: []string{"kind", "status", "program_id", "cost", "stock", "per_owner", "period_limit", "period_days", "audience", "teaser", "starts_at", "ends_at"},
		},
		entsql.Checks(map[string]string{
			"rewards_amounts": "cost > 0 AND (stock IS NULL OR stock >= 0) AND taken >= 0",
			"rewards_limits":  "((per_owner IS NULL OR per_owner > 0) AND (period_limit IS NULL) = (period_days IS NULL) AND (period_limit IS NULL OR period_limit > 0) AND (period_days IS NULL OR period_days > 0))",
			"rewards_valid":   "((valid_days IS NULL OR valid_days > 0) AND (kind <> 'GOODS' OR sku IS NOT NULL) AND (kind <> 'COUPON' OR promotion_id IS NOT NULL))",
		}),
	}
}

// Fields of the table.
func (Reward) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("GOODS", "COUPON", "DELIVERY", "GIFT").Immutable(),
		field.Enum("status").Values("DRAFT", "ACTIVE", "PAUSED", "ENDED").Default("DRAFT"),
		field.UUID("program_id", uuid.UUID{}).Comment("The bonus programme's key_id."),
		field.Int64("cost").Annotations(entgql.OrderField("COST")).Comment("Points for one."),
		field.JSON("texts", map[string]map[string]string{}).Comment("locale -> name, description, terms."),
		field.String("image_url").Optional().Nillable(),
		field.String("sku").Optional().Nillable().Comment("Of GOODS."),
		field.UUID("promotion_id", uuid.UUID{}).Optional().Nillable().Comment("Of COUPON: under which a code is issued."),
		field.Int64("stock").Optional().Nillable().Comment("How many are left; null: not counted."),
		field.Int64("taken").Default(0).Comment("How many were exchanged and not given back."),
		field.Int("per_owner").Optional().Nillable().Comment("So many for one owner, ever."),
		field.Int("period_limit").Optional().Nillable().Comment("So many for one owner in period_days."),
		field.Int("period_days").Optional().Nillable(),
		field.JSON("audience", Audience{}).Comment("Who may have it."),
		field.Bool("teaser").Default(false).Comment("Shown to those who may not have it, too."),
		field.Time("starts_at").Optional().Nillable(),
		field.Time("ends_at").Optional().Nillable(),
		field.Int("valid_days").Optional().Nillable().Comment("Days for which an exchanged one can be used; null: for ever."),
		field.Enum("on_expiry").Values("POINTS_LOST", "POINTS_BACK").Default("POINTS_LOST").Comment("What becomes of the points of one that nobody used."),
		field.Bool("cancellable").Default(true).Comment("The owner may give an unused one back."),
	}
}

// Edges of the table.
func (Reward) Edges() []ent.Edge {
	return []ent.Edge{edge.To("redemptions", RewardRedemption.Type), edge.To("codes", RewardCode.Type)}
}

// Indexes of the table.
func (Reward) Indexes() []ent.Index {
	return []ent.Index{index.Fields("status", "id"), index.Fields("status", "cost", "id"), index.Fields("program_id", "status", "id")}
}
