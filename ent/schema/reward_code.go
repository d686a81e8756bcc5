package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// RewardCode is one voucher of somebody else's, given out by a GIFT.
type RewardCode struct{ ent.Schema }

// Mixin of the table.
func (RewardCode) Mixin() []ent.Mixin { return []ent.Mixin{Row{}} }

// Annotations of the table.
func (RewardCode) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "rwc"}}
}

// Fields of the table.
func (RewardCode) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("reward_id", uuid.UUID{}).Immutable(),
		field.String("code").Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("As its issuer wrote it; nobody sees it before it is given out."),
		field.UUID("redemption_id", uuid.UUID{}).Optional().Nillable().Comment("To which it was given; null: in stock."),
	}
}

// Edges of the table.
func (RewardCode) Edges() []ent.Edge {
	return []ent.Edge{edge.From("reward", Reward.Type).Ref("codes").Field("reward_id").Unique().Required().Immutable()}
}

// Indexes of the table.
func (RewardCode) Indexes() []ent.Index {
	return []ent.Index{index.Fields("reward_id", "code").Unique(), index.Fields("reward_id", "redemption_id", "id"), index.Fields("redemption_id")}
}
