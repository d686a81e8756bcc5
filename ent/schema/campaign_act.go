package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// CampaignAct is something a customer did that achievements and goals count
// and no other table keeps: a visit, a review.
type CampaignAct struct{ ent.Schema }

// Mixin of the table.
func (CampaignAct) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, OfOwner{}} }

// Annotations of the table.
func (CampaignAct) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "cma"}}
}

// Fields of the table.
func (CampaignAct) Fields() []ent.Field {
	return []ent.Field{
		field.String("handle").Immutable().Comment("visit, review, referral or another."),
		field.String("key").Immutable().Comment("What makes it once: a day, a product."),
		field.Time("happened_at").Immutable(),
	}
}

// Indexes of the table.
func (CampaignAct) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "handle", "key").Unique(),
		index.Fields("owner_id", "happened_at"),
	}
}
