package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// ReferralCode is the code of a person's link, one a person.
type ReferralCode struct{ ent.Schema }

// Mixin of the table.
func (ReferralCode) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (ReferralCode) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "rfc"}}
}

// Fields of the table.
func (ReferralCode) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Immutable(),
		field.String("code_key").Unique().Immutable().Comment("The code folded: what people type finds it."),
	}
}

// Indexes of the table.
func (ReferralCode) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id").Unique().StorageKey("referral_code_one")}
}
