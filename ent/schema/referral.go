package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Referral is a friend whom a person brought; user_id is that person, the advocate.
type Referral struct{ ent.Schema }

// Mixin of the table.
func (Referral) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfUser{}} }

// Annotations of the table.
func (Referral) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ref"},
		Shows{
			Fields: map[string][]string{
				"statusLabel": {"status"}, "advocateId": {"user_id"}, "friendId": {"friend_id"}, "orderId": {"order_id"},
				"points": {"status", "advocate_points"}, "friendPoints": {"friend_points"}, "suspicions": {"suspicions"},
				"rejectReason": {"reject_reason"}, "note": {"note"},
			},
			Always: []string{"user_id", "status"},
		},
		entsql.Checks(map[string]string{
			"referrals_people": "user_id <> friend_id",
			"referrals_points": "advocate_points >= 0 AND friend_points >= 0",
		}),
	}
}

// Fields of the table.
func (Referral) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("friend_id", uuid.UUID{}).Unique().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("A friend has one advocate at most."),
		field.String("friend_name").Comment("Masked, as the advocate sees it."),
		field.Enum("status").Values("INVITED", "REGISTERED", "ORDERED", "REWARDED", "REJECTED", "EXPIRED").Default("INVITED"),
		field.Enum("origin").Values("REGISTRATION", "CLAIM").Immutable(),
		field.JSON("suspicions", []string{}).Optional().Comment("What staff should look at: SAME_DEVICE."),
		field.Time("expires_at").Comment("The first paid order must come before."),
		field.Time("registered_at").Optional().Nillable(),
		field.UUID("order_id", uuid.UUID{}).Optional().Nillable().Comment("The friend's first paid order."),
		field.Time("ordered_at").Optional().Nillable().Comment("When it was paid."),
		field.Time("due_at").Optional().Nillable().Comment("Of ORDERED: when the return window ends and the points are given."),
		field.UUID("program_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The bonus programme's key_id."),
		field.Int64("advocate_points").Default(0).Comment("Promised with the order, given with the reward."),
		field.Int64("friend_points").Default(0),
		field.UUID("advocate_entry_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.UUID("friend_entry_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.Time("rewarded_at").Optional().Nillable(),
		field.Enum("reject_reason").Values("SELF_REFERRAL", "LIMIT_REACHED", "NOT_NEW", "ORDER_CANCELLED", "BY_STAFF").Optional().Nillable(),
		field.String("note").Optional().Nillable().Comment("Why staff rejected it."),
		field.Time("ended_at").Optional().Nillable().Comment("When it was rejected or expired."),
	}
}

// Indexes of the table.
func (Referral) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "id"),
		index.Fields("user_id", "status", "ordered_at"),
		index.Fields("status", "due_at"),
		index.Fields("status", "expires_at"),
		index.Fields("order_id"),
	}
}
