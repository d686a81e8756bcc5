package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// TierChange is one change of an account's tier, and why.
type TierChange struct{ ent.Schema }

// Mixin of the table.
func (TierChange) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, InOwner{}} }

// Annotations of the table.
func (TierChange) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "tch"},
		Shows{Fields: map[string][]string{
			"from": {"from_id", "from_version"}, "to": {"to_id", "to_version"}, "label": {"kind"}, "reason": {"note"},
		}},
	}
}

// Fields of the table.
func (TierChange) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.Int64("seq").Immutable().Comment("Its number in the account, from 1 without holes."),
		field.Enum("kind").Values("JOINED", "UPGRADED", "DOWNGRADED", "PROLONGED", "SET").Immutable(),
		field.UUID("from_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The tier's key_id before; null: none."),
		field.Int64("from_version").Optional().Nillable().Immutable(),
		field.UUID("to_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The tier's key_id after; null: none."),
		field.Int64("to_version").Optional().Nillable().Immutable(),
		field.Time("until_at").Optional().Nillable().Immutable().Comment("Until when it is kept; null: without end."),
		field.String("note").Optional().Nillable().Immutable().Comment("Why staff set it."),
		field.JSON("explain", map[string]any{}).Optional().Immutable().Comment("What was counted, and what was asked for."),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Who acted; null: the clock, or the account's own deeds."),
	}
}

// Indexes of the table.
func (TierChange) Indexes() []ent.Index {
	return []ent.Index{index.Fields("account_id", "seq").Unique(), index.Fields("account_id", "id"), index.Fields("owner_id", "id")}
}
