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

// RewardRedemption is a reward that somebody exchanged points for.
type RewardRedemption struct{ ent.Schema }

// Mixin of the table.
func (RewardRedemption) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfOwner{}} }

// Annotations of the table.
func (RewardRedemption) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "rdm"},
		Shows{
			Fields: map[string][]string{
				"title": {"texts"}, "statusLabel": {"status"}, "program": {"program_id"},
				"availableActions": {"status", "kind", "cancellable", "expires_at", "owner_id", "user_id"},
				"ownerId":          {"owner_id", "user_id"}, "entryId": {"entry_id"}, "refundEntryId": {"refund_entry_id"},
			},
			Always: []string{"owner_id", "user_id", "status", "expires_at", "reward_id"},
		},
		entsql.Checks(map[string]string{
			"reward_redemptions_amounts": "quantity > 0 AND cost > 0 AND points = quantity * cost",
			"reward_redemptions_refund":  "refund_entry_id IS NULL OR status IN ('CANCELLED','EXPIRED')",
		}),
	}
}

// Fields of the table.
func (RewardRedemption) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("reward_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values("GOODS", "COUPON", "DELIVERY", "GIFT").Immutable().Comment("Of the reward."),
		field.JSON("texts", map[string]map[string]string{}).Immutable().Comment("Of the reward, as they were."),
		field.UUID("program_id", uuid.UUID{}).Immutable().Comment("The bonus programme's key_id."),
		field.UUID("promotion_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Under which its coupons were issued."),
		field.Int64("quantity").Immutable(),
		field.Int64("cost").Immutable().Comment("Points for one, as it was."),
		field.Int64("points").Immutable().Comment("Points spent."),
		field.Enum("status").Values("ISSUED", "FULFILLED", "CANCELLED", "EXPIRED").Default("ISSUED"),
		field.String("code").Immutable().Comment("Shown at the till by its owner."),
		field.String("code_key").Unique().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The code folded: what people type finds it."),
		field.JSON("vouchers", []string{}).Optional().Comment("Codes of coupons and gifts, one for each."),
		field.Bool("cancellable").Default(true).Immutable().Comment("Of the reward, as it was."),
		field.Enum("on_expiry").Values("POINTS_LOST", "POINTS_BACK").Immutable().Comment("Of the reward, as it was."),
		field.Time("expires_at").Optional().Nillable().Immutable(),
		field.UUID("entry_id", uuid.UUID{}).Optional().Nillable().Comment("The ledger's entry that spent the points."),
		field.UUID("refund_entry_id", uuid.UUID{}).Optional().Nillable().Comment("The entry that gave them back."),
		field.Time("fulfilled_at").Optional().Nillable(),
		field.UUID("fulfilled_by", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The staff member; null where it was at once."),
		field.Time("ended_at").Optional().Nillable().Comment("When it was cancelled or expired."),
		field.Enum("cancelled_by").Values("OWNER", "STAFF").Optional().Nillable(),
		field.String("reason").Optional().Nillable().Comment("Why it was cancelled."),
		field.String("note").Optional().Nillable().Comment("By staff, for the owner: the parcel's number and the like."),
	}
}

// Edges of the table.
func (RewardRedemption) Edges() []ent.Edge {
	return []ent.Edge{edge.From("reward", Reward.Type).Ref("redemptions").Field("reward_id").Unique().Required().Immutable()}
}

// Indexes of the table.
func (RewardRedemption) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("reward_id", "owner_id", "created_at"),
		index.Fields("status", "expires_at"),
		index.Fields("status", "id"),
		index.Fields("entry_id").Unique(),
	}
}
